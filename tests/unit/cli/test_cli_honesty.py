"""`curator evaluate` says what to check before a figure that is too good is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_data import make_manifest

from curator.cli.main import run
from curator.evaluation import evaluate
from curator.evaluation.intervals import Interval, Summary, summarise
from curator.manifest.files import Manifest
from curator.records import Event, Prediction, Split
from curator.training.config import TrainConfig
from curator.training.runs import Run, write_config


def write_run(folder: Path, classes: tuple[str, ...], manifest: Manifest) -> None:
    """A run's folder with nothing but its plan."""
    folder.mkdir()
    sizes: dict[Split, int] = {"train": 8, "val": 4, "test": 4}
    write_config(Run(folder, TrainConfig(), classes, manifest.root, sizes, "cpu", "", False, (), True, 0.0))


@pytest.mark.parametrize("balanced", [0.97, 0.94])
def test_figures_that_are_too_good_come_with_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, balanced: float
) -> None:
    manifest = make_manifest(tmp_path, {"train": 4, "val": 2, "test": 2})
    figure = Interval(balanced, 0.8, 1.0)
    classes = ("left", "right")
    summary = Summary(
        4, 4, classes, {"balanced_accuracy": figure}, 0.5, np.zeros((2, 2), np.int64), per_class=()
    )
    prediction = Prediction("a.png", None, "left", "test", "g", "left", (0.9, 0.1), 0.1)

    def evaluated(*_: Any, **__: Any) -> Iterator[Event]:
        yield evaluate.Evaluated((prediction,), summary)

    monkeypatch.setattr(evaluate, "evaluate", evaluated)
    write_run(tmp_path / "run", classes, manifest)
    assert run(["evaluate", str(tmp_path / "run"), "--manifest", str(manifest.folder)]) == 0
    text = capsys.readouterr().out
    assert ("Balanced accuracy 0.970: check this before you believe it." in text) == (balanced > 0.95)
    assert ("0 groups and 0 sets of copies straddle splits" in text) == (balanced > 0.95)


def test_the_headline_figures_of_the_curves_are_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = ("left", "right")
    said = [("a", "left", 0.1), ("b", "right", 0.8), ("c", "right", 0.4), ("d", "left", 0.3)]
    predictions = tuple(
        Prediction(name, None, label, "test", name, classes[p > 0.5], (1 - p, p), 0.1)
        for name, label, p in said
    )
    summary = summarise(predictions, classes)

    def evaluated(*_: Any, **__: Any) -> Iterator[Event]:
        yield evaluate.Evaluated(predictions, summary)

    monkeypatch.setattr(evaluate, "evaluate", evaluated)
    out = tmp_path / "figures.json"
    manifest = make_manifest(tmp_path, {"train": 4, "val": 2, "test": 2})
    write_run(tmp_path / "run", classes, manifest)
    where = ["evaluate", str(tmp_path / "run"), "--manifest", str(manifest.folder)]
    assert run([*where, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "  average precision          1.000 [1.000, 1.000]" in text
    assert "  brier                      0.125 [" in text
    answer = json.loads(out.read_text(encoding="utf-8"))
    assert {"run", "images", "groups", "classes", "metrics", "confusion", "predictions"} <= set(answer)
    assert answer["curves"]["positive"] == "right"
    assert answer["curves"]["figures"]["expected_calibration_error"]["value"] == pytest.approx(0.3)
