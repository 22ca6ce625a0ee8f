"""Disagreement is found between networks that did not learn from an image, and only there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from training_data import CONFIG

from curator.evaluation.cross_validated import (
    CrossValidation,
    FoldResult,
    OutOfFold,
    write_cross_validation,
)
from curator.evaluation.disagreement import find_disagreement
from curator.records import Prediction, Split
from curator.training.predictions import write_predictions
from curator.training.runs import Run, write_config

DIGEST = "0" * 64


def said(name: str, right: float, split: Split = "test", digest: str = DIGEST) -> Prediction:
    return Prediction(name, digest, "right", split, "g", "right", (1 - right, right), 0.1)


def put_run(folder: Path, predictions: list[Prediction], classes: tuple[str, ...] = ("left", "right")) -> Run:
    folder.mkdir(parents=True)
    sizes: dict[Split, int] = {"train": 1, "val": 1, "test": 1}
    run = Run(folder, CONFIG, classes, folder, sizes, "cpu", "", False, (), True, 0.0)
    write_config(run)
    write_predictions(folder / "predictions.jsonl", predictions)
    return run


def put_folds(folder: Path, predictions: list[Prediction]) -> None:
    folder.mkdir(parents=True)
    done = (FoldResult(1, "fold-1", 1, 1, 1, 1, 1, 1, 1.0, {}, 0.5),)
    made = CrossValidation(folder, CONFIG, 2, True, ("left", "right"), folder, 2, 2, 0, 1.0, done)
    write_cross_validation(made, [OutOfFold(1, one) for one in predictions])
    # What a fold's own file says is in the file above it already.
    put_run(folder / "fold-1", [said(one.file_name, 0.0) for one in predictions])


def results_of(run: Run, predictions: list[Prediction], learnt: tuple[str, ...] = ()) -> Any:
    """Results of a run whose manifest has the images with the hashes in `learnt` in its training split."""
    rows = [SimpleNamespace(sha256=one, decision="keep", split="train") for one in learnt]
    manifest = SimpleNamespace(rows=rows)
    kept = SimpleNamespace(folder=run.folder, classes=run.classes, manifest=lambda: manifest)
    return SimpleNamespace(run=kept, predictions=predictions, folds={})


def test_the_largest_difference_over_runs_and_cross_validations(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    own = [said("a.png", 0.5), said("b.png", 0.9), said("c.png", 0.2)]
    run = put_run(runs / "own", own)
    put_run(runs / "other", [said("a.png", 0.8), said("b.png", 0.1, digest="1" * 64)])
    put_folds(runs / "folds", [said("a.png", 0.4)])
    put_folds(runs / "ablation" / "raw", [said("b.png", 0.8)])
    assert find_disagreement(results_of(run, own)) == pytest.approx({"a.png": 0.4, "b.png": 0.1})


def test_what_was_learnt_by_heart_and_other_classes_do_not_count(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    own = [said("a.png", 0.5), said("b.png", 0.5, "train", "2" * 64)]
    run = put_run(runs / "own", own)
    put_run(runs / "learnt", [said("a.png", 1.0, "train"), said("b.png", 0.9, digest="2" * 64)])
    put_run(runs / "other", [said("a.png", 0.9)], ("up", "down"))
    (runs / "damaged").mkdir()
    (runs / "damaged" / "predictions.jsonl").write_text("{}\n")
    assert find_disagreement(results_of(run, own, ("2" * 64,))) == {}
    assert find_disagreement(
        results_of(replace(run, folder=runs / "new"), own, ("2" * 64,))
    ) == pytest.approx({"a.png": 0.0})


def test_the_split_of_another_manifest_does_not_say_what_was_learnt(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    there = [said("seen.png", 0.5, "test"), said("unseen.png", 0.5, "train", "2" * 64)]
    run = put_run(runs / "own", [])
    put_run(runs / "other", [said("seen.png", 0.9), said("unseen.png", 0.8, digest="2" * 64)])
    found = find_disagreement(results_of(run, there, (DIGEST,)))
    assert found == pytest.approx({"unseen.png": 0.3})
