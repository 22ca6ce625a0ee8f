"""`curator compare` on runs whose predictions were written by hand, and `evaluate` of a cross-validation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from training_data import make_manifest

from curator.cli.main import run
from curator.evaluation.cross_validated import CrossValidation, FoldResult, OutOfFold, write_cross_validation
from curator.evaluation.intervals import summarise
from curator.manifest.files import Manifest
from curator.records import Prediction, Split
from curator.training.config import TrainConfig
from curator.training.predictions import write_predictions
from curator.training.runs import Run, copy_manifest, write_config

CLASSES = ("left", "right")


def write_run(folder: Path, manifest: Manifest, wrong: set[str], seed: int = 0) -> tuple[Prediction, ...]:
    """A run of `manifest` that is sure, and wrong about the test images named in `wrong`."""
    folder.mkdir(parents=True)
    copy_manifest(manifest, folder)
    sizes: dict[Split, int] = {"train": 8, "val": 4, "test": 4}
    config = replace(TrainConfig(), seed=seed)
    write_config(Run(folder, config, CLASSES, manifest.root, sizes, "cpu", "", False, (), True, 0.0))
    made = []
    for row in (row for row in manifest.rows if row.split == "test"):
        said = next(name for name in CLASSES if (name == row.label) != (row.file_name in wrong))
        odds = tuple(0.9 if name == said else 0.1 for name in CLASSES)
        made.append(Prediction(row.file_name, row.sha256, row.label, "test", row.group, said, odds, 0.1))
    write_predictions(folder / "predictions.jsonl", made)
    return tuple(made)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs of one manifest: the second has one test image more right."""
    manifest = make_manifest(tmp_path, {"train": 4, "val": 2, "test": 2})
    write_run(tmp_path / "a", manifest, {"left/test00.png", "right/test01.png"})
    write_run(tmp_path / "b", manifest, {"right/test01.png"}, seed=3)
    return tmp_path / "a", tmp_path / "b"


def test_compare_says_who_turned(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *map(str, pair)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Of 4 images common to both, 1 turned right and 0 wrong.")
    assert "left/test00.png  is left, said right, says left" in text
    assert "Plan, seed: 0, then 3" in text
    assert "Manifest: nothing." in text


def test_compare_as_json(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", *map(str, pair), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runs"] == ["a", "b"]
    assert answer["common"] == 4
    assert answer["mcnemar_p"] == 1.0
    assert [one["file_name"] for one in answer["turned_right"]] == ["left/test00.png"]
    assert answer["differences"]["accuracy"]["value"] == pytest.approx(0.25)


def test_a_run_is_not_compared_with_itself(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", str(pair[0]), str(pair[0])]) == 1
    assert "choose another run" in capsys.readouterr().err


def test_a_comparison_needs_a_report_to_be_in(pair: tuple[Path, Path]) -> None:
    assert run(["evaluate", str(pair[0]), "--against", str(pair[1])]) == 2


def test_a_cross_validation_is_evaluated_from_what_it_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = make_manifest(tmp_path, {"train": 4, "val": 2, "test": 2})
    folder = tmp_path / "crossval"
    made = write_run(folder / "fold-1", manifest, {"left/test00.png"})
    copy_manifest(manifest, folder)
    summary = summarise(made, CLASSES)
    values = {name: one.value if one else None for name, one in summary.metrics.items()}
    fold = FoldResult(1, "fold-1", 8, 4, 4, 4, 2, 1, 3.0, values, 0.5)
    write_cross_validation(
        CrossValidation(
            folder, TrainConfig(), 2, True, CLASSES, manifest.root, 16, 16, 4, 0.0, (fold,), None, None
        ),
        [OutOfFold(1, one) for one in made],
    )
    assert run(["evaluate", str(folder)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("out of fold: 4 images in 4 groups")
    assert "  accuracy                   0.750" in text
