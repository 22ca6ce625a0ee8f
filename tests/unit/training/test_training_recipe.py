"""What a plan comes to in each epoch: open layers, learning rates, what the optimiser remembers, who is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training_data import CONFIG, make_manifest, plain

from curator.errors import TrainingError
from curator.manifest.files import Manifest, read_manifest
from curator.records import Event
from curator.training import checkpoint, loop, recipe, runs
from curator.training.backbones import build, card_named
from curator.training.config import TrainConfig
from curator.training.events import BatchDone, EpochDone, EpochMetrics, Finished, PhaseChanged
from curator.training.loop import fit
from curator.training.network import Network
from curator.training.work import Work


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    network: Network = build(card_named("mobilenet_v2"), 2, dropout=0.0)
    network.keep_statistics = True
    return network


def rows_of(manifest: Manifest, config: TrainConfig, run_dir: Path) -> list[EpochMetrics]:
    """The rows of a whole run."""
    return [event.metrics for event in fit(manifest, config, run_dir) if isinstance(event, EpochDone)]


def test_layers_open_one_group_after_another() -> None:
    config = replace(CONFIG, epochs=9, head_epochs=2, open_groups=3, open_every=2)
    opened = [recipe.groups_open(config, True, 3, epoch) for epoch in range(1, 10)]
    assert opened == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert recipe.last_opening(config, True, 3) == 7
    at_once = replace(config, open_every=0)
    assert [recipe.groups_open(at_once, True, 3, epoch) for epoch in (2, 3, 9)] == [0, 3, 3]
    assert recipe.last_opening(at_once, True, 3) == 3
    assert recipe.groups_open(config, False, 3, 1) == 3
    assert recipe.groups_open(replace(config, open_groups=0), True, 3, 9) == 0


@given(st.integers(0, 6), st.integers(0, 4), st.integers(0, 4), st.integers(1, 30))
def test_layers_once_open_stay_open(head: int, groups: int, every: int, epoch: int) -> None:
    config = replace(CONFIG, epochs=40, head_epochs=head, open_groups=groups, open_every=every)
    now, then = (recipe.groups_open(config, True, 3, e) for e in (epoch, epoch + 1))
    assert 0 <= now <= then <= min(groups, 3)
    since = recipe.opened_since(config, True, 3, epoch)
    assert recipe.groups_open(config, True, 3, since) == now
    assert since == 1 or recipe.groups_open(config, True, 3, since - 1) < now
    last = recipe.last_opening(config, True, 3)
    assert recipe.groups_open(config, True, 3, last) == min(groups, 3)


def test_biases_and_normalisation_are_not_decayed(network: Network) -> None:
    network.open(2)
    for name in ("adamw", "sgd"):
        optimiser = recipe.optimiser_of(
            network, replace(CONFIG, optimiser=name, weight_decay=0.1, momentum=0.8), True
        )
        decayed = {id(p) for g in optimiser.param_groups if g["weight_decay"] for p in g["params"]}
        plain = {id(p) for g in optimiser.param_groups if not g["weight_decay"] for p in g["params"]}
        learning = {n: p for n, p in network.named_parameters() if p.requires_grad}
        assert decayed | plain == {id(p) for p in learning.values()}
        assert decayed == {id(p) for n, p in learning.items() if p.ndim > 1}
        assert all(group["weight_decay"] in (0.0, 0.1) for group in optimiser.param_groups)
    assert optimiser.defaults["momentum"] == 0.8


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_opening_a_group_keeps_what_the_optimiser_knows(
    optimiser: str, manifest: Manifest, pretrained: Path, tmp_path: Path
) -> None:
    """The moments of the head and of the group that was open before are those of the epoch before."""
    config = replace(
        CONFIG,
        weights=str(pretrained),
        optimiser=optimiser,
        epochs=3,
        head_epochs=1,
        open_groups=2,
        open_every=1,
    )
    key = "exp_avg" if optimiser == "adamw" else "momentum_buffer"
    kept: list[tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]] = []
    opening = Work.open

    def moments(work: Work) -> dict[str, torch.Tensor]:
        return {
            name: work.optimiser.state[parameter][key].clone()
            for name, parameter in work.network.named_parameters()
            if parameter in work.optimiser.state
        }

    def watched(work: Work, opened: int) -> None:
        before = moments(work)
        opening(work, opened)
        kept.append((before, moments(work)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Work, "open", watched)
        for _ in fit(manifest, config, tmp_path / "run"):
            pass
    assert len(kept) == 2
    assert set(kept[0][0]) == {"head.weight", "head.bias"}
    assert any(name.startswith("features.18") for name in kept[1][0])
    for before, after in kept:
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_cosine_falls_over_each_phase_to_the_least_rate(network: Network) -> None:
    config = replace(
        CONFIG, epochs=10, head_epochs=4, open_groups=1, schedule="cosine", head_lr=1e-2, lr=1e-3, min_lr=1e-5
    )
    for opened, done, length, rate in ((0, 0, 4, 1e-2), (1, 4, 6, 1e-3)):
        network.open(opened)
        optimiser = recipe.optimiser_of(network, config, True)
        scheduler = recipe.scheduler_of(optimiser, config, True, done, opened)
        seen = []
        for _ in range(length + 1):
            seen.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            recipe.advance(scheduler, 1.0)
        expected = [
            1e-5 + (rate - 1e-5) * (1 + math.cos(math.pi * t / length)) / 2 for t in range(length + 1)
        ]
        assert seen == pytest.approx(expected)


def test_a_plateau_lowers_all_rates_and_an_opening_keeps_them_low(network: Network) -> None:
    config = replace(CONFIG, plateau_patience=0, plateau_factor=0.5, lr=1e-3, lower_rate=0.1, min_lr=1e-6)
    network.open(1)
    optimiser = recipe.optimiser_of(network, config, True)
    scheduler = recipe.scheduler_of(optimiser, config, True, 1, 1)
    for loss in (1.0, 1.0, 1.0):
        optimiser.step()
        recipe.advance(scheduler, loss)
    assert {group["lr"] for group in optimiser.param_groups} == {2.5e-4}
    network.open(2)
    second = recipe.optimiser_of(network, config, True)
    recipe.scheduler_of(second, config, True, 4, 2, recipe.lowered(optimiser, config))
    assert {round(group["lr"], 9) for group in second.param_groups} == {2.5e-4, 2.5e-5}


def test_a_constant_rate_stays(manifest: Manifest, tmp_path: Path) -> None:
    rows = rows_of(
        manifest, replace(CONFIG, epochs=3, schedule="constant", plateau_patience=0), tmp_path / "run"
    )
    assert [row.learning_rate for row in rows] == [CONFIG.lr] * 3


def test_sampling_draws_classes_alike() -> None:
    targets = torch.tensor([0] * 900 + [1] * 100)
    generator = torch.Generator().manual_seed(0)
    config = replace(CONFIG, balance="sampling")
    drawn = targets[recipe.order_of(targets, config, generator)]
    assert len(drawn) == 1000
    assert 430 < int((drawn == 1).sum()) < 570
    assert recipe.class_weights(targets, 2, config).tolist() == [1, 1]
    once = recipe.order_of(targets, replace(CONFIG, balance="none"), generator)
    assert sorted(once.tolist()) == list(range(1000))
    weights = recipe.class_weights(targets, 2, replace(CONFIG, balance="class-weights"))
    assert float(weights[targets].mean()) == pytest.approx(1)
    assert float(weights[1] / weights[0]) == pytest.approx(9)


def test_early_stopping_waits_until_all_layers_are_open(
    manifest: Manifest, pretrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no epoch is better than the first, it ends a patience after the last opening (in epoch 5)."""

    def undecided(work: Work, meter: object) -> Iterator[Event]:
        yield from ()
        return torch.full((len(work.val), 2), 0.5, dtype=torch.float64)

    monkeypatch.setattr(loop, "probabilities", undecided)
    config = replace(
        CONFIG,
        weights=str(pretrained),
        epochs=9,
        head_epochs=3,
        open_groups=2,
        open_every=1,
        early_stopping=2,
    )
    *_, last = fit(manifest, config, tmp_path / "run")
    assert isinstance(last, Finished)
    assert (last.stopped_early, last.best_epoch) == (True, 1)
    done = runs.load_run(tmp_path / "run")
    assert len(done.metrics) == 6
    with pytest.raises(TrainingError, match="complete after 6 epochs: give more epochs than 9"):
        list(fit(manifest, config, tmp_path / "run", resume=True))
    # Killed before it could say that it has ended, it ends there too.
    runs.write_config(replace(done, finished=False))
    *_, last = fit(manifest, config, tmp_path / "run", resume=True)
    assert isinstance(last, Finished)
    assert last.stopped_early
    assert len(runs.load_run(tmp_path / "run").metrics) == 6


def test_the_head_trains_on_features_as_it_would_on_images(
    manifest: Manifest, pretrained: Path, tmp_path: Path
) -> None:
    """Without augmentation a kept view is the image: the same losses as with a whole pass in every step."""
    config = replace(CONFIG, weights=str(pretrained), epochs=4, head_epochs=4, head_lr=1e-2, dropout=0.0)
    kept = rows_of(manifest, replace(config, feature_views=5), tmp_path / "kept")
    whole = rows_of(manifest, replace(config, feature_views=0), tmp_path / "whole")
    assert [row.phase for row in kept] == ["head"] * 4
    for one, other in zip(kept, whole, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, abs=1e-4)
        assert one.val_loss == pytest.approx(other.val_loss, abs=1e-4)
    assert kept[-1].train_loss < kept[0].train_loss


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images went through the convolutions, call by call."""
    seen: list[int] = []
    pooled = Network.pooled

    def counting(self: Network, images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return pooled(self, images)

    monkeypatch.setattr(Network, "pooled", counting)
    return seen


def test_frozen_convolutions_see_each_view_once(
    manifest: Manifest, pretrained: Path, tmp_path: Path, passes: list[int]
) -> None:
    config = replace(
        CONFIG, weights=str(pretrained), epochs=7, head_epochs=7, feature_views=3, augmentation="brain-mri"
    )
    events = list(fit(manifest, config, tmp_path / "run"))
    assert sum(passes) == 3 * 18 + 8
    batches = [event for event in events if isinstance(event, BatchDone)]
    worked_out = {event.epoch for event in batches if event.stage == "features"}
    assert worked_out == {1, 2, 3}
    assert all(event.loss is None for event in batches if event.stage != "training")
    for epoch in range(1, 8):
        positions = [event.position for event in batches if event.epoch == epoch]
        assert positions == sorted(positions)
        assert positions[-1] == pytest.approx(1)
    assert batches[-1].seconds_left == pytest.approx(0, abs=1e-6)
    losses = [event.metrics.train_loss for event in events if isinstance(event, EpochDone)]
    assert len(set(losses)) == 7


def test_a_head_stopped_among_its_views_goes_on_in_the_same_numbers(
    manifest: Manifest, pretrained: Path, tmp_path: Path
) -> None:
    config = replace(
        CONFIG,
        weights=str(pretrained),
        epochs=6,
        head_epochs=5,
        feature_views=3,
        augmentation="brain-mri",
        dropout=0.4,
        balance="sampling",
        label_smoothing=0.1,
    )
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for _ in fit(manifest, config, whole):
        pass
    events = fit(manifest, config, cut)
    for event in events:
        if isinstance(event, BatchDone) and event.epoch == 5 and event.stage == "training":
            events.close()  # type: ignore[attr-defined]
            break
    for _ in fit(read_manifest(cut), config, cut, resume=True):
        pass
    assert plain(runs.load_run(cut).metrics) == plain(runs.load_run(whole).metrics)


def test_what_is_left_open_is_settled_in_the_run(manifest: Manifest, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    config = replace(CONFIG, epochs=1, batch_size=0, precision="auto")
    for _ in fit(manifest, config, run_dir):
        pass
    settled = runs.load_run(run_dir).config
    assert (settled.batch_size, settled.precision) == (2, "float32")
    for _ in fit(manifest, replace(config, epochs=2), run_dir, resume=True):
        pass
    assert [row.epoch for row in runs.load_run(run_dir).metrics] == [1, 2]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_trains_and_resumes(precision: str, manifest: Manifest, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=2, precision=precision)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    rows = rows_of(manifest, config, whole)
    full = rows_of(manifest, replace(config, precision="float32"), tmp_path / "full")
    if precision == "bfloat16":  # float16 skips its first steps, until gradients are scaled to fit
        assert rows[0].train_loss == pytest.approx(full[0].train_loss, abs=0.1)
    assert rows[0].train_loss != full[0].train_loss
    rows_of(manifest, replace(config, epochs=1), cut)
    scaler = checkpoint.load(cut / runs.LAST, "scaler")["scaler"]
    assert bool(scaler) is (precision == "float16")
    for _ in fit(read_manifest(cut), config, cut, resume=True):
        pass
    assert plain(runs.load_run(cut).metrics) == plain(tuple(rows))


def test_phases_are_told_with_what_is_open(manifest: Manifest, pretrained: Path, tmp_path: Path) -> None:
    config = replace(CONFIG, weights=str(pretrained), epochs=4, head_epochs=1, open_groups=3, open_every=1)
    changes = [event for event in fit(manifest, config, tmp_path / "run") if isinstance(event, PhaseChanged)]
    assert [(change.epoch, change.open_groups) for change in changes] == [(2, 1), (3, 2), (4, 3)]


def test_many_classes_train_head_and_layers(pretrained: Path, tmp_path: Path) -> None:
    """151 classes go the whole way: head on features, an opened group, a resumption."""
    classes = tuple(f"class {number:03d}" for number in range(151))
    manifest = make_manifest(tmp_path / "data", {"train": 2, "val": 1}, classes)
    config = replace(CONFIG, weights=str(pretrained), epochs=1, head_epochs=1, batch_size=32, feature_views=2)
    rows_of(manifest, config, tmp_path / "run")
    for _ in fit(manifest, replace(config, epochs=2), tmp_path / "run", resume=True):
        pass
    assert [row.phase for row in runs.load_run(tmp_path / "run").metrics] == ["head", "unfrozen"]
