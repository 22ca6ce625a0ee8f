"""`train --folds` and `train --ablation`: what is printed, exit status, and going on with what was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from training_data import make_manifest

from curator.cli.main import run
from curator.evaluation.cross_validated import read_cross_validation

QUICK = ["--epochs", "1", "--image-size", "32", "--weights", "none", "--batch-size", "8"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train": 5, "val": 2, "test": 2}
    return make_manifest(tmp_path_factory.mktemp("data"), counts).folder


@pytest.fixture(scope="module")
def crossed(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished cross-validation."""
    out = tmp_path_factory.mktemp("runs") / "crossed"
    assert run(["train", str(manifest), "--folds", "2", "--out", str(out), *QUICK]) == 0
    return out


def test_a_cross_validation_is_printed_as_a_table(crossed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "ignored", "--resume", "--out", str(crossed)]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0] == "2 folds: 18 images in 18 groups"
    assert "the 4 of the locked test split included" in lines[1]
    assert any(line.startswith("fold 2") for line in lines)
    for words in ("mean over folds", "all images at once", "majority class"):
        assert any(line.startswith(words) for line in lines)
    assert str(crossed) in lines[-1]
    assert "[" in next(line for line in lines if line.startswith("all images at once"))


def test_json_holds_folds_mean_pooled_and_where_it_is(
    crossed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "ignored", "--resume", "--out", str(crossed), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["folder"] == str(crossed)
    assert answer["finished"] is True
    assert [one["fold"] for one in answer["done"]] == [1, 2]
    assert answer["pooled"]["images"] == 18
    assert set(answer["mean"]) == {"balanced_accuracy", "auroc", "accuracy", "loss"}
    assert answer["pooled"]["majority"] == 0.5


def test_the_default_folder_says_what_it_is(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(manifest), "--folds", "2", "--leave-out-test", "--json", *QUICK]) == 0
    shown = capsys.readouterr()
    folder = Path(json.loads(shown.out)["folder"])
    assert folder.parent == manifest / "runs"
    assert folder.name.endswith("-crossval-mobilenet_v2")
    assert read_cross_validation(folder).images == 14
    assert "The 4 images of the locked test split are left out" in shown.err
    assert "training 2 of 2: fold 2 of 2" in shown.err
    assert "fold 1 of 2: balanced accuracy" in shown.err


def test_an_ablation_prints_variants_and_differences_in_words(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ablation"
    assert run(["train", str(manifest), "--ablation", "--out", str(out), *QUICK]) == 0
    lines = capsys.readouterr().out.splitlines()
    for words in ("Raw  ", "Cropped  ", "Cropped and masked  ", "Majority class"):
        assert any(line.startswith(words) for line in lines)
    assert sum("no clear difference" in line for line in lines) == 3
    assert run(["train", "ignored", "--resume", "--out", str(out), "--json"]) == 0
    assert [one["cleaning"] for one in json.loads(capsys.readouterr().out)["variants"]] == [
        "raw",
        "cropped",
        "masked",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--folds", "1"],
        ["--leave-out-test"],
        ["--resume", "--out", "CROSSED", "--epochs", "9"],
        ["--resume", "--out", "CROSSED", "--folds", "3"],
        ["--resume", "--out", "CROSSED", "--ablation"],
        ["--resume", "--out", "CROSSED", "--folds", "2", "--leave-out-test"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str], manifest: Path, crossed: Path) -> None:
    given = [str(crossed) if part == "CROSSED" else part for part in arguments]
    assert run(["train", str(manifest), *given]) == 2


def test_the_same_command_goes_on_where_resume_is_added(
    manifest: Path, crossed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ["train", str(manifest), "--folds", "2", "--out", str(crossed), *QUICK, "--batch-size", "0"]
    assert run([*again, "--resume", "--threads", "1"]) == 0
    assert "2 folds: 18 images" in capsys.readouterr().out


def test_what_cannot_be_done_is_1_with_one_line(
    manifest: Path, crossed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", str(manifest), "--folds", "99", "--out", str(tmp_path / "none"), *QUICK]) == 1
    assert capsys.readouterr().err == (
        "99 folds of 18 groups of kept images: choose a number from 2 to 18.\n"
    )
    assert run(["train", str(manifest), "--folds", "2", "--out", str(crossed), *QUICK]) == 1
    assert "holds results already" in capsys.readouterr().err
