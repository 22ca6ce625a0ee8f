"""`curator audit`: the table, the file beside the manifest, and clear words where nothing can be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from audit_data import planted

from curator.cli.main import run
from curator.evaluation import shortcut_audit_guess
from curator.evaluation.shortcut_audit import read_audit


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
