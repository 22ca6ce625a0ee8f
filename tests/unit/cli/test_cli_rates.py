"""`curator train MANIFEST --find-lr`: prints and trains nothing; a batch size that is found is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from training_data import make_manifest

from curator.cli.main import run


@pytest.fixture
def manifest_folder(tmp_path: Path) -> Path:
    return make_manifest(tmp_path / "data", {"train": 9, "val": 4, "test": 4}).folder


def arguments(folder: Path, *more: str) -> list[str]:
    plan = ["--preset", "from-scratch", "--image-size", "32", "--device", "cpu", "--threads", "1"]
    return ["train", str(folder), *plan, *more]


def test_the_curve_and_the_suggestion_are_printed_and_nothing_is_written(
    manifest_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert run(arguments(manifest_folder, "--find-lr", "--batch-size", "0")) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "opened layers (--lr), batch size 2"
    assert lines[1].split()[0] == "1.0e-06"
    assert lines[1].split()[2].strip("#") == ""
    assert len(lines) > 20
    assert "learning rate" in lines[-1]
    assert "Batch size 2, found:" in printed.err
    assert sorted(tmp_path.rglob("*")) == before


def test_as_json_it_has_every_point(manifest_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments(manifest_folder, "--find-lr", "--batch-size", "4", "--json")) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["phase"] == "unfrozen"
    assert found["batch_size"] == 4
    assert len(found["points"]) > 20
    assert set(found) >= {"suggestion", "steepest", "message"}


@pytest.mark.parametrize("other", [["--resume", "--out", "x"], ["--folds", "3"], ["--ablation"]])
def test_what_trains_finds_no_rate(
    manifest_folder: Path, other: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", str(manifest_folder), "--find-lr", *other]) == 2
    assert "it trains nothing" in capsys.readouterr().err


def test_a_found_batch_size_is_told_and_the_rate_that_was_given_is_kept(
    manifest_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    more = ["--batch-size", "0", "--epochs", "1", "--lr", "2e-3", "--out", str(out), "--json"]
    assert run(arguments(manifest_folder, *more)) == 0
    assert "Batch size 2, found: an eighth of the training images" in capsys.readouterr().err
    plan = json.loads((out / "config.json").read_text())["plan"]
    assert plan["batch_size"] == 2
    assert plan["lr"] == 2e-3
