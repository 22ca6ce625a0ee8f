"""A training killed where it hurts most, resumed: it ends in the numbers of one that was never cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision
from training_data import CONFIG, make_manifest, plain

from curator.manifest.files import Manifest, read_manifest
from curator.training import checkpoint, runs
from curator.training.config import TrainConfig
from curator.training.loop import fit

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, TrainConfig]:
    folder = tmp_path_factory.mktemp("killed")
    torch.manual_seed(3)
    weights = folder / "mobilenet_v2.pth"
    torch.save(torchvision.models.mobilenet_v2(weights=None).state_dict(), weights)
    config = replace(
        CONFIG,
        weights=str(weights),
        epochs=4,
        head_epochs=2,
        feature_views=2,
        open_groups=2,
        open_every=1,
        augmentation="brain-mri",
        dropout=0.3,
        schedule="cosine",
    )
    return make_manifest(folder, {"train": 6, "val": 3}), config


@pytest.fixture(scope="module")
def unbroken(data: tuple[Manifest, TrainConfig], tmp_path_factory: pytest.TempPathFactory) -> Path:
    manifest, config = data
    folder = tmp_path_factory.mktemp("unbroken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CURATOR_CACHE", str(folder / "cache"))
        for _ in fit(manifest, config, folder / "run"):
            pass
    return folder / "run"


@pytest.mark.parametrize(
    ("place", "epochs_done"),
    [
        ("first-epoch", 0),
        ("features", 1),
        ("write:last.pt:2", 0),
        ("write:best.pt:1", 0),
        ("write:metrics.csv:2", 1),
        ("write:last.pt:4", 2),
        ("phase", 2),
    ],
)
def test_killed_and_resumed_ends_in_the_same_numbers(
    place: str, epochs_done: int, data: tuple[Manifest, TrainConfig], unbroken: Path, tmp_path: Path
) -> None:
    manifest, config = data
    cut, plan = tmp_path / "run", tmp_path / "plan.json"
    plan.write_text(config.to_json())
    done = subprocess.run(
        [
            sys.executable,
            str(TESTS / "training_process.py"),
            str(manifest.folder),
            str(cut),
            str(plan),
            place,
        ],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert checkpoint.load(cut / runs.LAST, "epoch")["epoch"] == epochs_done
    assert not runs.load_run(cut).finished
    for _ in fit(read_manifest(cut), config, cut, resume=True):
        pass
    assert plain(runs.load_run(cut).metrics) == plain(runs.load_run(unbroken).metrics)
    assert runs.load_run(cut).finished
    for name in (runs.BEST, runs.LAST):
        first, second = (checkpoint.load(folder / name, "model")["model"] for folder in (cut, unbroken))
        assert all(torch.equal(first[key], second[key]) for key in second)
    assert not list(cut.glob(".*"))


def test_killed_before_there_is_a_run_begins_anew(
    data: tuple[Manifest, TrainConfig], unbroken: Path, tmp_path: Path
) -> None:
    manifest, config = data
    cut, plan = tmp_path / "run", tmp_path / "plan.json"
    plan.write_text(config.to_json())
    command = [sys.executable, str(TESTS / "training_process.py"), str(manifest.folder), str(cut), str(plan)]
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
    done = subprocess.run([*command, "write:config.json:1"], env=environment, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert runs.list_runs(tmp_path) == []
    for _ in fit(manifest, config, cut):
        pass
    assert plain(runs.load_run(cut).metrics) == plain(runs.load_run(unbroken).metrics)
