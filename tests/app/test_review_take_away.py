"""A model is taken away from Review: asked for, written, refused, each with a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.review.take_away import TakeAway
from curator.errors import TrainingError
from curator.records import Event, Progress


def test_a_model_is_taken_away_from_the_menu_of_sources(
    open_model: ProjectModel, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curator.evaluation.results import Source
    from curator.evaluation.take_away import ModelExported

    told: list[messages.Message] = []
    messages.hub().shown.connect(told.append)
    asked: list[tuple[Path, Path]] = []

    def export_model(run_dir: Path, out: Path) -> Iterator[Event]:
        asked.append((run_dir, out))
        yield Progress(0, 1, "Writing")
        if out.name == "bad.onnx":
            raise TrainingError("This can't be exported: train again.")
        yield ModelExported(out, out.with_suffix(".md"), 1e-7)

    monkeypatch.setattr("curator.evaluation.take_away.export_model", export_model)
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    taking = TakeAway(open_model, parent)
    run, out = tmp_path / "run", tmp_path / "taken.onnx"
    try:
        taking.ask(Source(run))
        dialog = parent.findChild(QFileDialog)
        assert dialog is not None
        assert dialog.isVisible()
        dialog.selectFile(str(out))
        dialog.accept()
        qtbot.waitUntil(lambda: bool(told), timeout=30_000)
        assert asked == [(run, out)]
        assert (told[0].level, str(out) in told[0].text, "taken.md" in told[0].text) == ("done", True, True)
        qtbot.waitUntil(lambda: open_model.jobs.get("take-away") is None)
        taking.write(run, tmp_path / "bad.onnx")
        qtbot.waitUntil(lambda: len(told) == 2, timeout=30_000)
        assert (told[1].level, told[1].text) == ("error", "This can't be exported: train again.")
        folds = tmp_path / "folds"
        folds.mkdir()
        (folds / "cross_validation.json").write_text("{}")
        taking.ask(Source(folds))
        assert "choose a run" in told[2].text
        assert len(asked) == 2
    finally:
        messages.hub().shown.disconnect(told.append)
    qtbot.waitUntil(lambda: open_model.jobs.get("take-away") is None)
