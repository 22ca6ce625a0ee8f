"""A run whose batch size is to be found, and one whose memory runs out on the way: both end like plain ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from memory_fakes import MIB, FakeProbe, RunsOut
from training_data import CONFIG, make_manifest, plain

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.records import Event, Warned
from curator.training import checkpoint, runs, settle, work
from curator.training.config import TrainConfig
from curator.training.events import BatchSizeFound, BatchSizeTried, RateFound, RateTried, Started
from curator.training.loop import fit
from curator.training.lr_finder import range_test
from curator.training.network import Network


def model_of(run_dir: Path) -> dict[str, torch.Tensor]:
    model: dict[str, torch.Tensor] = checkpoint.load(run_dir / runs.LAST, "model")["model"]
    return model


def test_a_run_with_a_size_to_be_found_is_the_run_with_the_size_that_was_found(tmp_path: Path) -> None:
    """To the last bit: the search leaves no trace. Then it is resumed with the number, not searched again."""
    manifest = make_manifest(tmp_path / "data", {"train": 17, "val": 3, "test": 2})
    open_plan = replace(CONFIG, batch_size=0, dropout=0.2, augmentation="brain-mri", epochs=1)
    events = list(fit(manifest, open_plan, tmp_path / "found"))
    kinds = [type(event) for event in events]
    (found,) = [event for event in events if isinstance(event, BatchSizeFound)]
    assert kinds.index(BatchSizeTried) < kinds.index(BatchSizeFound) < kinds.index(Started)
    assert found.batch_size == 4
    assert next(event for event in events if isinstance(event, Started)).config.batch_size == 4
    assert json.loads((tmp_path / "found" / "config.json").read_text())["plan"]["batch_size"] == 4
    list(fit(manifest, replace(open_plan, batch_size=4), tmp_path / "given"))
    one, other = (runs.load_run(tmp_path / name) for name in ("found", "given"))
    assert plain(one.metrics) == plain(other.metrics)
    first, second = model_of(tmp_path / "found"), model_of(tmp_path / "given")
    assert all(torch.equal(first[name], second[name]) for name in first)
    longer = replace(one.config, epochs=2)
    more = list(fit(manifest, longer, tmp_path / "found", resume=True))
    assert not [event for event in more if isinstance(event, (BatchSizeTried, BatchSizeFound))]


def test_closed_while_it_searches_no_run_is_left(manifest: Manifest, tmp_path: Path) -> None:
    work_of_it = fit(manifest, replace(CONFIG, batch_size=0), tmp_path / "run")
    for event in work_of_it:
        if isinstance(event, BatchSizeTried):
            break
    work_of_it.close()  # type: ignore[attr-defined]
    assert not (tmp_path / "run" / "config.json").exists()
    list(fit(manifest, replace(CONFIG, batch_size=0, epochs=1), tmp_path / "run"))
    assert runs.load_run(tmp_path / "run").finished


def test_a_device_on_which_nothing_fits_ends_the_run_with_a_sentence(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "DeviceProbe", lambda trial: FakeProbe(50 * MIB))
    with pytest.raises(TrainingError, match="Even a batch of 2 images"):
        list(fit(manifest, replace(CONFIG, batch_size=0), tmp_path / "run"))


@pytest.mark.parametrize("capacity", [1, 3])
def test_a_run_that_runs_out_of_memory_learns_what_the_unbroken_one_does(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    """With augmentation, and with statistics that are kept; it says so once in all epochs."""
    config = replace(
        CONFIG, batch_size=6, augmentation="brain-mri", dropout=0.0, epochs=2, optimiser="sgd", lr=1e-2
    )
    keep_statistics(monkeypatch, None)
    list(fit(manifest, config, tmp_path / "whole"))
    made = keep_statistics(monkeypatch, capacity)
    events: list[Event] = list(fit(manifest, config, tmp_path / "halved"))
    (said,) = [event for event in events if isinstance(event, Warned)]
    assert "Memory ran out" in said.message
    assert made[0].failed
    assert max(made[0].failed) == 6
    whole, halved = model_of(tmp_path / "whole"), model_of(tmp_path / "halved")
    for name, value in whole.items():
        other = halved[name.replace("features.0.", "features.0.inner.", 1)]
        assert torch.allclose(value, other, rtol=1e-3, atol=2e-5), name
    one, other_run = (runs.load_run(tmp_path / name).metrics[-1] for name in ("whole", "halved"))
    assert one.train_loss == pytest.approx(other_run.train_loss, abs=1e-3)
    assert one.val_loss == pytest.approx(other_run.val_loss, abs=1e-3)


def keep_statistics(monkeypatch: pytest.MonkeyPatch, capacity: int | None) -> list[RunsOut]:
    """Networks from scratch that keep BatchNorm's statistics as pretrained ones do, on a device of `capacity`."""
    made: list[RunsOut] = []
    place = work._place

    def placed(network: Network, device: torch.device, pretrained: bool) -> None:
        if capacity is not None and not made:
            made.append(RunsOut(network.features[0], capacity))  # type: ignore[index]
            network.features[0] = made[0]  # type: ignore[index,operator]
        real(network, device, True)

    real = getattr(place, "real", place)
    placed.real = real  # type: ignore[attr-defined]
    monkeypatch.setattr(work, "_place", placed)
    return made


def test_memory_that_runs_out_in_the_optimisers_step_is_a_sentence(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(torch.optim.AdamW, "step", full)
    with pytest.raises(TrainingError, match="Memory ran out on cpu: close other programs"):
        list(fit(manifest, CONFIG, tmp_path / "run"))


def test_the_range_test_on_a_manifest_writes_nothing(manifest: Manifest, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    events = list(range_test(manifest, replace(CONFIG, batch_size=0)))
    found = [event for event in events if isinstance(event, RateFound)]
    assert [one.phase for one in found] == ["unfrozen"]
    assert len(found[0].points) == len([event for event in events if isinstance(event, RateTried)]) > 20
    assert found[0].batch_size == 2
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("changes", "wanted", "phases"),
    [
        ({"head_epochs": 1, "epochs": 2}, None, ["head", "unfrozen"]),
        ({"head_epochs": 1, "epochs": 2}, "head", ["head"]),
        ({"head_epochs": 2, "epochs": 2}, None, ["head"]),
        ({"head_epochs": 0, "epochs": 2}, None, ["unfrozen"]),
        ({"open_groups": 0}, "unfrozen", ["head"]),
    ],
)
def test_each_phase_that_the_plan_has_gets_a_rate(
    manifest: Manifest,
    pretrained: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, int],
    wanted: str | None,
    phases: list[str],
) -> None:
    monkeypatch.setattr("curator.training.lr_finder._PER_DECADE", 2)
    config: TrainConfig = replace(CONFIG, weights=str(pretrained), **changes)  # type: ignore[arg-type]
    events = range_test(manifest, config, phase=wanted)  # type: ignore[arg-type]
    assert [event.phase for event in events if isinstance(event, RateFound)] == phases
