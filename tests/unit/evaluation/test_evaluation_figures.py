"""Figures with intervals, heat maps and reports of a small trained run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torch import nn
from training_data import CONFIG, make_manifest

from curator.errors import TrainingError
from curator.evaluation import saliency
from curator.evaluation.evaluate import Evaluated, evaluate
from curator.evaluation.figures import read_figures
from curator.evaluation.intervals import summarise
from curator.evaluation.results import ResultsReady, read_looked, read_results, write_looked
from curator.evaluation.saliency import GradCam, share_inside
from curator.imaging.render import network_input
from curator.manifest.verify import read_verified
from curator.records import Prediction
from curator.training import runs
from curator.training.backbones import card_named
from curator.training.inference import Predictor
from curator.training.loop import fit
from curator.training.network import Network
from curator.training.predictions import read_predictions, write_predictions


def predictions_of(true: np.ndarray, probabilities: np.ndarray, groups: list[str]) -> list[Prediction]:
    """Predictions with labels c0, c1, ... and the loss that belongs to them."""
    found = []
    for number, (label, row) in enumerate(zip(true, probabilities, strict=True)):
        loss = float(-np.log(row[label]))
        said = f"c{row.argmax()}"
        name = f"{number:04d}.png"
        found.append(Prediction(name, None, f"c{label}", "test", groups[number], said, tuple(row), loss))
    return found


def drawn(seed: int, n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, all classes present, and probabilities that lean towards them."""
    rng = np.random.default_rng(seed)
    true = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    scores = rng.normal(0, 1, (n, classes))
    scores[np.arange(n), true] += 1.0
    odds = np.exp(scores)
    return true, odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_figures_equal_those_of_scikit_learn(seed: int, classes: int) -> None:
    true, probabilities = drawn(seed, 120, classes)
    names = [f"c{number}" for number in range(classes)]
    found = summarise(predictions_of(true, probabilities, [f"g{i}" for i in range(120)]), names, samples=50)
    said = probabilities.argmax(axis=1)
    area = (
        reference.roc_auc_score(true, probabilities[:, 1])
        if classes == 2
        else reference.roc_auc_score(true, probabilities, multi_class="ovr")
    )
    expected = {
        "accuracy": reference.accuracy_score(true, said),
        "balanced_accuracy": reference.balanced_accuracy_score(true, said),
        "auroc": area,
        "loss": reference.log_loss(true, probabilities),
    }
    for name, value in expected.items():
        interval = found.metrics[name]
        assert interval is not None
        assert interval.value == pytest.approx(value)
        assert interval.low <= interval.value <= interval.high
    assert (found.confusion == reference.confusion_matrix(true, said)).all()
    assert found.majority == np.bincount(true).max() / 120


def test_copies_widen_the_interval_because_groups_are_drawn() -> None:
    true, probabilities = drawn(1, 60, 2)
    alone = predictions_of(true, probabilities, [f"g{i}" for i in range(60)])
    four = np.repeat(np.arange(60), 4)
    copies = predictions_of(true[four], probabilities[four], [f"g{i}" for i in four])
    first, second = summarise(alone, ["c0", "c1"]), summarise(copies, ["c0", "c1"])
    assert (second.n_images, second.n_groups) == (240, 60)
    one, other = first.metrics["accuracy"], second.metrics["accuracy"]
    assert one is not None
    assert other is not None
    assert other.high - other.low == pytest.approx(one.high - one.low, abs=0.04)


def test_one_class_alone_has_no_auroc_and_nothing_has_no_figures() -> None:
    true, probabilities = drawn(0, 20, 2)
    only = [one for one in predictions_of(true, probabilities, ["g"] * 20) if one.label == "c1"]
    assert summarise(only, ["c0", "c1"], samples=20).metrics["auroc"] is None
    assert set(summarise([], ["c0", "c1"]).metrics.values()) == {None}


def test_the_same_seed_gives_the_same_interval() -> None:
    found = predictions_of(*drawn(2, 40, 2), [f"g{i // 2}" for i in range(40)])
    assert summarise(found, ["c0", "c1"], seed=3, samples=200).metrics == (
        summarise(found, ["c0", "c1"], seed=3, samples=200).metrics
    )


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch."""
    folder = tmp_path_factory.mktemp("blobs")
    manifest = make_manifest(folder, {"train": 16, "val": 8, "test": 8})
    config = replace(CONFIG, epochs=1, batch_size=8)
    for _ in fit(manifest, config, folder / "run"):
        pass
    return folder / "run"


def test_evaluating_stores_the_predictions_of_the_split(run_dir: Path) -> None:
    done = [event for event in evaluate(run_dir) if isinstance(event, Evaluated)]
    assert len(done[0].predictions) == 16
    assert set(read_predictions(run_dir / runs.PREDICTIONS)) == set(done[0].predictions)
    for one in done[0].predictions:
        assert sum(one.probabilities) == pytest.approx(1)
        assert one.loss == pytest.approx(
            -np.log(one.probabilities[done[0].summary.classes.index(one.label or "")])
        )


def test_predictions_survive_any_file_name_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    name = "odd\u2028separator\x85.png"
    one = Prediction(name, "0" * 64, "no", "test", "g", "no", (0.75, 0.25), 0.3)
    write_predictions(path, [one])
    assert read_predictions(path) == (one,)
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(TrainingError, match=r"predictions\.jsonl, line 2: not a prediction"):
        read_predictions(path)


def test_results_are_read_unless_the_checkpoint_is_newer(run_dir: Path) -> None:
    first = list(read_results(run_dir, "val"))
    assert len(first) > 1
    again = list(read_results(run_dir, "val"))
    assert len(again) == 1
    assert isinstance(again[0], ResultsReady)
    assert {one.split for one in again[0].predictions} == {"val"}
    (run_dir / runs.BEST).touch()
    # Predicting one split anew must not make the other, an older checkpoint's, look new.
    list(evaluate(run_dir))
    assert {one.split for one in read_predictions(run_dir / runs.PREDICTIONS)} == {"test"}
    assert len(list(read_results(run_dir, "val"))) > 1


def test_the_networks_input_is_what_the_renderer_gives(run_dir: Path) -> None:
    """Pixels, normalised for the network and brought back, are those of `network_input` to the last level."""
    predictor = Predictor(run_dir, device="cpu")
    row = predictor.run.manifest().rows[0]
    square = network_input(read_verified(predictor.run.root, row), row.edits, 32, "letterbox")
    tensor = predictor.tensor(square[None])
    back = (tensor * predictor.network.std + predictor.network.mean) * 255
    assert np.array_equal(back[0].permute(1, 2, 0).round().to(torch.uint8).numpy(), square)


def test_heat_maps_of_a_run_leave_its_network_alone(run_dir: Path) -> None:
    cam = GradCam(run_dir)
    before = {name: value.clone() for name, value in cam.predictor.network.state_dict().items()}
    run = cam.predictor.run
    row = run.manifest().rows[0]
    square = network_input(read_verified(run.root, row), row.edits, 32, "letterbox")
    for chosen in (None, 0, 1):
        heat = cam.heat(square, chosen)
        assert heat.shape == (32, 32)
        assert heat.dtype == np.float32
        assert heat.min() >= 0
        assert heat.max() in (0.0, 1.0)
    after = cam.predictor.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


class _Bright:
    """Stands in for a predictor: one convolution passes brightness on, the head says class 1 by it."""

    def __init__(self, run_dir: Path, *, device: str) -> None:
        card = replace(card_named("vgg16"), channels=1, cam_layer="0", groups=(("0",),))
        features = nn.Sequential(nn.Conv2d(3, 1, 1))
        nn.init.constant_(features[0].weight, 1.0)
        nn.init.zeros_(features[0].bias)
        self.network = Network(features, card, 2, 0.0)
        with torch.no_grad():
            self.network.head.weight.copy_(torch.tensor([[-1.0], [1.0]]))

    def tensor(self, images: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def test_heat_is_where_the_evidence_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(saliency, "Predictor", _Bright)
    image = np.zeros((24, 24, 3), np.uint8)
    image[3:9, 14:22] = 200
    cam = GradCam(tmp_path)
    inside = image[..., 0] > 0
    assert share_inside(cam.heat(image, 1), inside) == pytest.approx(1.0)
    assert share_inside(cam.heat(image), inside) == pytest.approx(1.0)
    assert not cam.heat(image, 0).any()


def test_share_of_no_heat_is_none() -> None:
    assert share_inside(np.zeros((4, 4), np.float32), np.ones((4, 4), bool)) is None


def test_evaluating_keeps_the_figures_of_the_test_split_with_the_run(run_dir: Path) -> None:
    done = next(event for event in evaluate(run_dir) if isinstance(event, Evaluated))
    kept = read_figures(run_dir)
    assert kept is not None
    assert kept.metrics == done.summary.metrics
    assert (kept.confusion == done.summary.confusion).all()
    assert kept.per_class == done.summary.per_class


def test_looked_at_survives_and_damage_is_forgotten(tmp_path: Path) -> None:
    assert read_looked(tmp_path) == frozenset()
    write_looked(tmp_path, frozenset({"b.png", "a.png"}))
    assert read_looked(tmp_path) == {"a.png", "b.png"}
    (tmp_path / "looked.json").write_text("{", encoding="utf-8")
    assert read_looked(tmp_path) == frozenset()
