"""The training loop on a dataset of seconds: phases, frozen layers, losses, checkpoints, resuming, refusals."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional
from training_data import CONFIG, make_manifest, plain

from curator.dataset.split import Shares
from curator.errors import TrainingError, WeightsError
from curator.manifest.files import Manifest, read_manifest, write_manifest
from curator.records import Warned
from curator.training import checkpoint, runs
from curator.training.backbones import build, card_named
from curator.training.data import load_images
from curator.training.device import settings
from curator.training.events import BatchDone, CheckpointSaved, EpochDone, Finished, PhaseChanged, Started
from curator.training.inference import Predictor
from curator.training.loop import fit
from curator.training.network import Network
from curator.training.recipe import batches
from curator.training.weights import WeightsFound


def test_a_run_leaves_all_that_belongs_to_it(manifest: Manifest, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    events = list(fit(manifest, CONFIG, run_dir))
    started = next(event for event in events if isinstance(event, Started))
    assert dict(started.sizes) == {"train": 18, "val": 8, "test": 8}
    assert "scratch" in started.weights_message.lower()
    assert isinstance(events[-1], Finished)
    rows = [event.metrics for event in events if isinstance(event, EpochDone)]
    run = runs.load_run(run_dir)
    assert run.finished
    assert plain(run.metrics) == plain(tuple(rows))
    assert [row.epoch for row in rows] == [1, 2]
    # Whoever stops listening at a checkpoint has heard of the epoch that it holds.
    heard = 0
    for event in events:
        if isinstance(event, EpochDone):
            heard = event.metrics.epoch
        elif isinstance(event, CheckpointSaved):
            assert event.epoch == heard
    assert events[-1].best_epoch == min(rows, key=lambda row: row.val_loss).epoch
    state = checkpoint.load(run_dir / runs.BEST, "model", "epoch")
    assert state["epoch"] == events[-1].best_epoch
    assert (run_dir / "manifest.jsonl").read_bytes() == (manifest.folder / "manifest.jsonl").read_bytes()
    assert json.loads((run_dir / "config.json").read_text())["plan"]["epochs"] == 2
    assert not list(run_dir.glob(".*"))


def test_batches_of_an_epoch_count_every_image_once() -> None:
    for count, size, sizes in (
        (18, 4, [4, 4, 4, 4, 2]),
        (9, 4, [4, 5]),
        (3, 4, [3]),
        (1, 4, [1]),
        (8, 4, [4, 4]),
    ):
        assert batches(count, size) == sizes
    assert batches(18, 5, ranks=2) == [5, 5, 8]
    assert batches(19, 5, ranks=2) == [5, 5, 5, 4]


def test_the_training_loss_is_the_mean_over_images(manifest: Manifest, tmp_path: Path) -> None:
    """With a learning rate of nothing the weights stand still, so that the loss can be had by hand."""
    config = replace(CONFIG, backbone="vgg16", epochs=1, lr=1e-8, head_lr=1e-8, weight_decay=0.0, dropout=0.0)
    run_dir = tmp_path / "run"
    row = next(event.metrics for event in fit(manifest, config, run_dir) if isinstance(event, EpochDone))
    predictor = Predictor(run_dir, device="cpu")
    for split, found in (("train", row.train_loss), ("val", row.val_loss)):
        chosen = [one for one in manifest.rows if one.split == split]
        work = load_images(chosen, manifest.root, 32, "letterbox")
        while True:
            try:
                next(work)
            except StopIteration as done:
                loaded = done.value
                break
        targets = torch.tensor([predictor.classes.index(one.label) for one in loaded.rows])
        with torch.inference_mode():
            logits = predictor.network(predictor.tensor(loaded.images))
        assert found == pytest.approx(float(functional.cross_entropy(logits, targets)), abs=2e-4)


def test_parts_of_a_batch_give_the_gradient_of_the_whole() -> None:
    torch.manual_seed(0)
    network = build(card_named("vgg16"), 2, dropout=0.0).eval()
    images, targets = torch.randn(6, 3, 32, 32), torch.tensor([0, 1, 0, 1, 1, 0])
    functional.cross_entropy(network(images), targets).backward()
    whole = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    for start in range(0, 6, 2):
        losses = functional.cross_entropy(
            network(images[start : start + 2]), targets[start : start + 2], reduction="none"
        )
        (losses.sum() / 6).backward()
    for parameter, expected in zip(network.parameters(), whole, strict=True):
        assert torch.allclose(parameter.grad, expected, atol=1e-6)


def test_frozen_layers_stay_as_they_are(manifest: Manifest, pretrained: Path, tmp_path: Path) -> None:
    """Head first; then the top group alone learns, and BatchNorm keeps its statistics throughout."""
    config = replace(CONFIG, weights=str(pretrained), epochs=2, head_epochs=1, lr=1e-3)
    run_dir = tmp_path / "run"
    original = torch.load(pretrained, weights_only=True)
    phases = []
    after_head = None
    for event in fit(manifest, config, run_dir):
        if isinstance(event, PhaseChanged):
            phases.append((event.epoch, event.name))
        if isinstance(event, CheckpointSaved) and event.epoch == 1 and not event.best:
            after_head = checkpoint.load(event.path, "model")["model"]
    assert phases == [(2, "unfrozen")]
    assert after_head is not None
    for name, value in original.items():
        if name.startswith("features."):
            assert torch.equal(after_head[name], value), name
    final = checkpoint.load(run_dir / runs.LAST, "model")["model"]
    card = card_named("mobilenet_v2")
    changed = {
        name.split(".")[1]
        for name, value in original.items()
        if name in final and not torch.equal(final[name], value)
    }
    assert changed
    assert changed <= set(card.groups[0])
    statistics = [name for name in original if "running_" in name or "num_batches" in name]
    assert all(torch.equal(final[name], original[name]) for name in statistics)


def test_opened_layers_learn_slower_the_lower_they_are() -> None:
    network = build(card_named("mobilenet_v2"), 2, dropout=0.0)
    network.open(2)
    rates = [group["lr"] for group in network.parameter_groups(1e-3, 1e-4, 0.3)]
    assert rates == pytest.approx([1e-3, 1e-4, 3e-5])
    network.train()
    assert not network.features.get_submodule("3").training
    assert network.features.get_submodule("18").training


def test_stopped_in_the_middle_and_resumed_ends_in_the_same_numbers(
    manifest: Manifest, tmp_path: Path
) -> None:
    config = replace(CONFIG, epochs=4, augmentation="brain-mri", dropout=0.3, plateau_patience=0)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for _ in fit(manifest, config, whole):
        pass
    events = fit(manifest, config, cut)
    for event in events:
        if isinstance(event, BatchDone) and event.epoch == 3:
            events.close()  # type: ignore[attr-defined]
            break
    assert not runs.load_run(cut).finished
    assert (cut / runs.BEST).is_file()
    for _ in fit(read_manifest(cut), config, cut, resume=True):
        pass
    assert plain(runs.load_run(cut).metrics) == plain(runs.load_run(whole).metrics)
    first = checkpoint.load(whole / runs.LAST, "model")["model"]
    second = checkpoint.load(cut / runs.LAST, "model")["model"]
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_resuming_holds_to_plan_and_manifest(manifest: Manifest, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    for _ in fit(manifest, replace(CONFIG, epochs=1), run_dir):
        pass
    with pytest.raises(TrainingError, match=r"another plan \(lr\)"):
        list(fit(manifest, replace(CONFIG, epochs=2, lr=0.5), run_dir, resume=True))
    with pytest.raises(TrainingError, match="more epochs"):
        list(fit(manifest, replace(CONFIG, epochs=1), run_dir, resume=True))
    other = write_manifest(
        tmp_path / "other",
        manifest.rows[:-1],
        root=manifest.root,
        profile="general",
        classes=manifest.info.classes,
        seed=0,
        shares=Shares(),
    )
    with pytest.raises(TrainingError, match="another manifest"):
        list(fit(other, replace(CONFIG, epochs=2), run_dir, resume=True))
    with pytest.raises(TrainingError, match="holds a run already"):
        list(fit(manifest, CONFIG, run_dir))
    for _ in fit(manifest, replace(CONFIG, epochs=2), run_dir, resume=True):
        pass
    assert [row.epoch for row in runs.load_run(run_dir).metrics] == [1, 2]


def test_a_run_of_an_older_version_is_not_gone_on_with(manifest: Manifest, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    for _ in fit(manifest, replace(CONFIG, epochs=1), run_dir):
        pass
    state = torch.load(run_dir / runs.LAST, weights_only=True)
    del state["scaler"]
    torch.save(state, run_dir / runs.LAST)
    with pytest.raises(TrainingError, match=r"older version of Curator.* can be evaluated"):
        list(fit(manifest, replace(CONFIG, epochs=2), run_dir, resume=True))


def test_cut_off_before_its_last_word_a_run_ends_without_another_epoch(
    manifest: Manifest, tmp_path: Path
) -> None:
    run_dir = tmp_path / "run"
    for _ in fit(manifest, replace(CONFIG, epochs=1), run_dir):
        pass
    runs.write_config(replace(runs.load_run(run_dir), finished=False))
    *events, last = fit(manifest, replace(CONFIG, epochs=1), run_dir, resume=True)
    assert not any(isinstance(event, EpochDone) for event in events)
    assert isinstance(last, Finished)
    assert runs.load_run(run_dir).finished


@pytest.mark.parametrize("damage", [b"epoch,phase\n\0,head\n", b"\xff\xfe", b"epoch,phase\n1,head\n"])
def test_damaged_metrics_are_named(damage: bytes, manifest: Manifest, tmp_path: Path) -> None:
    for _ in fit(manifest, replace(CONFIG, epochs=1), tmp_path / "run"):
        pass
    (tmp_path / "run" / runs.METRICS).write_bytes(damage)
    with pytest.raises(TrainingError, match=r"metrics\.csv is damaged"):
        runs.load_run(tmp_path / "run")


def test_settings_of_one_thread_leave_a_deterministic_training_alone() -> None:
    with settings(0, deterministic=True):
        with settings(1, deterministic=False):
            assert torch.are_deterministic_algorithms_enabled()
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_changed_image_is_named_and_left_out(manifest: Manifest, tmp_path: Path) -> None:
    victim = manifest.root / "left" / "train00.png"
    victim.write_bytes((manifest.root / "left" / "train01.png").read_bytes())
    events = list(fit(manifest, replace(CONFIG, epochs=1), tmp_path / "run"))
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert len(warned) == 1
    assert "left/train00.png has changed" in warned[0]
    assert runs.load_run(tmp_path / "run").sizes["train"] == 17


@pytest.mark.parametrize(
    ("counts", "classes", "match"),
    [
        ({"train": 2, "val": 1}, ("only",), "only one class"),
        ({"train": 2, "test": 1}, ("a", "b"), "validation"),
        ({"val": 2, "test": 1}, ("a", "b"), "No kept training image"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(
    counts: dict[str, int], classes: tuple[str, ...], match: str, tmp_path: Path
) -> None:
    manifest = make_manifest(tmp_path, counts, classes)  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=match):
        list(fit(manifest, CONFIG, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_many_classes_need_no_path_of_their_own(tmp_path: Path) -> None:
    classes = tuple(f"class {number:03d}" for number in range(151))
    manifest = make_manifest(tmp_path, {"train": 1, "val": 1}, classes)
    events = list(fit(manifest, replace(CONFIG, epochs=1, batch_size=64), tmp_path / "run"))
    row = next(event.metrics for event in events if isinstance(event, EpochDone))
    assert row.val_auroc is not None
    assert row.val_loss == pytest.approx(5.017, abs=0.3)


class _Dangerous:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("run by a checkpoint",))


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for writer in (torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))):
        path = tmp_path / "bad.pt"
        writer({"version": 1, "model": _Dangerous()}, path)
        with pytest.raises(TrainingError, match="can't be read as a checkpoint"):
            checkpoint.load(path, "model")
    assert capsys.readouterr().out == ""


def test_looking_at_a_run_draws_no_random_numbers(manifest: Manifest, tmp_path: Path) -> None:
    """A training in another thread goes by the same ones."""
    for _ in fit(manifest, replace(CONFIG, epochs=1), tmp_path / "run"):
        pass
    before = torch.get_rng_state()
    predictor = Predictor(tmp_path / "run")
    assert torch.equal(torch.get_rng_state(), before)
    state = checkpoint.load(tmp_path / "run" / runs.BEST, "model")["model"]
    assert all(torch.equal(value, state[name]) for name, value in predictor.network.state_dict().items())
    assert predictor.probabilities(np.zeros((1, 32, 32, 3), np.uint8)).sum() == pytest.approx(1)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    card = card_named("mobilenet_v2")
    path = tmp_path / "w.pth"
    for content, match in (
        ({"features.0.0.weight": torch.zeros(1)}, "another network"),
        ({"other": torch.zeros(1)}, "lacks"),
        ({"other": "text"}, "no plain weights"),
    ):
        torch.save(content, path)
        with pytest.raises(WeightsError, match=match):
            build(card, 2, dropout=0.0, weights=WeightsFound("file", path, ""))


def test_a_frozen_network_gives_the_head_its_gradient_only() -> None:
    network: Network = build(card_named("resnet18"), 2, dropout=0.0)
    network.open(0)
    network.train()
    functional.cross_entropy(network(torch.randn(4, 3, 32, 32)), torch.tensor([0, 1, 0, 1])).backward()
    assert network.head.weight.grad is not None
    assert all(parameter.grad is None for parameter in network.features.parameters())
