"""Several processes that train together: the same steps as one, one writer, one voice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training_data import CONFIG, make_manifest, plain

from curator.cli.main import run
from curator.dataset.split import Shares
from curator.manifest.files import Manifest, write_manifest
from curator.training import checkpoint, runs
from curator.training.loop import fit
from curator.training.ranks import Ranks

TESTS = Path(__file__).resolve().parents[2]


def torchrun(arguments: Sequence[str], processes: int = 2) -> subprocess.CompletedProcess[str]:
    """Runs a script or module on so many processes of this machine."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    return subprocess.run(
        [*command, str(processes), *arguments],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture
def uneven(tmp_path: Path) -> Manifest:
    """Nine training images of one class, four of the other: class weights matter, batches come out odd."""
    whole = make_manifest(tmp_path / "data", {"train": 9, "val": 4})
    rows = [
        row
        for row in whole.rows
        if row.label == "left" or row.split == "val" or row.file_name < "right/train04"
    ]
    return write_manifest(
        tmp_path / "uneven",
        rows,
        root=whole.root,
        profile="general",
        classes=whole.info.classes,
        seed=0,
        shares=Shares(),
    )


def test_two_processes_take_the_steps_of_one(uneven: Manifest, pretrained: Path, tmp_path: Path) -> None:
    """Head on features, then all layers; batches of 5, 5 and 3, so that shares and last batch are uneven."""
    config = replace(
        CONFIG,
        weights=str(pretrained),
        epochs=2,
        head_epochs=1,
        feature_views=1,
        open_groups=3,
        open_every=0,
        batch_size=5,
        dropout=0.0,
        head_lr=5e-2,
        lr=5e-2,
        optimiser="sgd",
    )
    plan = tmp_path / "plan.json"
    plan.write_text(config.to_json())
    one, two = tmp_path / "one", tmp_path / "two"
    for _ in fit(uneven, config, one):
        pass
    done = torchrun([str(TESTS / "training_process.py"), str(uneven.folder), str(two), str(plan)])
    assert done.returncode == 0, done.stderr
    assert runs.load_run(two).ranks == 2
    assert runs.load_run(one).ranks == 1
    first, second = (checkpoint.load(folder / runs.LAST, "model")["model"] for folder in (one, two))
    moved = 0.0
    before = torch.load(pretrained, weights_only=True)
    for name, value in first.items():
        assert torch.allclose(second[name], value, rtol=0, atol=1e-5), name
        if name in before:
            moved = max(moved, float((value - before[name]).abs().max()))
    assert moved > 1e-3
    for alone, together in zip(
        plain(runs.load_run(one).metrics), plain(runs.load_run(two).metrics), strict=True
    ):
        assert together.train_loss == pytest.approx(alone.train_loss, abs=1e-4)
        assert together.val_loss == pytest.approx(alone.val_loss, abs=1e-4)
        assert together.train_accuracy == alone.train_accuracy


def test_a_process_may_be_without_an_image_in_every_batch(
    uneven: Manifest, pretrained: Path, tmp_path: Path
) -> None:
    """Batches of two for three processes: the first has none, on kept features as on images."""
    config = replace(
        CONFIG, weights=str(pretrained), epochs=2, head_epochs=1, feature_views=1, batch_size=2, dropout=0.0
    )
    plan = tmp_path / "plan.json"
    plan.write_text(config.to_json())
    run_dir = tmp_path / "run"
    arguments = [str(TESTS / "training_process.py"), str(uneven.folder), str(run_dir), str(plan)]
    done = torchrun(arguments, processes=3)
    assert done.returncode == 0, done.stderr
    for _ in fit(uneven, config, tmp_path / "alone"):
        pass
    together, alone = runs.load_run(run_dir).metrics, runs.load_run(tmp_path / "alone").metrics
    assert together[0].train_loss == pytest.approx(alone[0].train_loss, abs=1e-4)
    assert [row.phase for row in together] == ["head", "unfrozen"]


def test_processes_that_cannot_meet_are_refused_in_a_sentence(
    uneven: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    options = ["--weights", "none", "--out", str(tmp_path / "run")]
    assert run(["train", str(uneven.folder), *options]) == 1
    assert "unset RANK and WORLD_SIZE" in capsys.readouterr().err


def test_only_a_single_training_is_for_several_processes(
    uneven: Manifest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    for option in ("--find-lr", "--ablation"):
        assert run(["train", str(uneven.folder), option]) == 1
        assert "without torchrun" in capsys.readouterr().err


def test_torchrun_trains_from_the_command_line(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, {"train": 10, "val": 4, "test": 4})
    run_dir = tmp_path / "run"
    options = ["--weights", "none", "--image-size", "32", "--epochs", "2", "--batch-size", "8", "--json"]
    options += ["--optimiser", "sgd", "--schedule", "cosine", "--balance", "sampling", "--cleaning", "raw"]
    options += ["--precision", "float32", "--augmentation", "digits", "--deterministic", "--threads", "1"]
    done = torchrun(["-m", "curator", "train", str(manifest.folder), *options, "--out", str(run_dir)])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == str(run_dir)
    assert done.stderr.count("mobilenet_v2 on 2 processes (cpu)") == 1
    assert done.stderr.count("epoch 1/2") == 1
    left = runs.load_run(run_dir)
    assert (left.ranks, left.finished) == (2, True)
    plan = left.config
    assert (plan.optimiser, plan.schedule, plan.balance, plan.cleaning) == (
        "sgd",
        "cosine",
        "sampling",
        "raw",
    )
    assert (plan.augmentation, plan.deterministic, plan.threads) == ("digits", True, 1)
    assert [row.epoch for row in left.metrics] == [1, 2]
    assert len((run_dir / runs.LOG).read_text().splitlines()) == 4


def test_what_is_wrong_is_said_once(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, {"train": 4, "val": 2})
    (manifest.root / "left" / "train00.png").write_bytes(b"something else")
    options = ["--weights", "none", "--image-size", "32", "--strict", "--out", str(tmp_path / "run")]
    done = torchrun(["-m", "curator", "train", str(manifest.folder), *options])
    assert done.returncode != 0
    assert done.stderr.count("left/train00.png has changed") == 1
    assert "curator/training/" not in done.stderr
    assert not (tmp_path / "run" / runs.CONFIG).exists()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shares_are_the_whole_in_order(count: int) -> None:
    for size in range(20):
        shares = [Ranks(rank, count).share(size) for rank in range(count)]
        assert [index for share in shares for index in range(size)[share]] == list(range(size))
        assert max(s.stop - s.start for s in shares) - min(s.stop - s.start for s in shares) <= 1
