"""`curator audit`: the table, the file beside the manifest, and clear words where nothing can be told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from audit_data import planted

from curator.cli.main import run
from curator.evaluation import evaluate, shortcut_audit_guess
from curator.evaluation.intervals import Interval, Summary
from curator.evaluation.shortcut_audit import read_audit
from curator.records import Prediction, Split
from curator.training.config import TrainConfig
from curator.training.runs import Run, write_config


@pytest.fixture(autouse=True)
def small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut_audit_guess, "_TREES", 5)


def test_the_table_names_what_was_found_and_the_audit_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = planted(tmp_path, "border", groups=22)
    assert run(["audit", str(manifest.folder)]) == 0
    printed = capsys.readouterr().out
    line = next(one for one in printed.splitlines() if one.startswith("Border ring alone, raw"))
    assert line.endswith("look")
    assert "File facts alone" in printed
    assert "guessing: balanced accuracy 0.50, accuracy 0.50; shuffled labels reached 0." in printed
    assert "images of the test split among them" in printed
    kept = read_audit(manifest.folder)
    assert kept is not None
    assert kept.manifest_sha256 == manifest.info.sha256
    assert printed.startswith(kept.sentence)


def test_as_json_and_with_too_few_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = planted(tmp_path, "nothing", groups=3)
    assert run(["audit", str(manifest.folder), "--json", "--leave-out-test"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rows"] == []
    assert answer["test_images"] == 0
    assert answer["sentence"].startswith("Too few images to tell")
    assert run(["audit", str(manifest.folder)]) == 0
    assert capsys.readouterr().out.startswith("Too few images to tell")


def test_no_manifest_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(tmp_path)]) == 1
    assert "give the folder that holds manifest.jsonl" in capsys.readouterr().err


def test_evaluate_quotes_the_audit_of_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = planted(tmp_path, "border")
    assert run(["audit", str(manifest.folder)]) == 0
    sentence = capsys.readouterr().out.splitlines()[0]
    figure = Interval(0.97, 0.9, 1.0)
    counts = np.zeros((2, 2), np.int64)
    summary = Summary(9, 9, ("no", "yes"), {"balanced_accuracy": figure}, 0.5, counts, per_class=())
    prediction = Prediction("a.png", None, "no", "test", "g", "no", (0.9, 0.1), 0.1)
    monkeypatch.setattr(
        evaluate, "evaluate", lambda *_, **__: iter([evaluate.Evaluated((prediction,), summary)])
    )
    run_dir = manifest.folder / "run"
    run_dir.mkdir()
    sizes: dict[Split, int] = {"train": 1, "val": 1, "test": 1}
    write_config(
        Run(run_dir, TrainConfig(), ("no", "yes"), manifest.root, sizes, "cpu", "", False, (), True, 0.0)
    )
    assert run(["evaluate", str(run_dir), "--manifest", str(manifest.folder)]) == 0
    assert f"Shortcuts: {sentence}" in capsys.readouterr().out
