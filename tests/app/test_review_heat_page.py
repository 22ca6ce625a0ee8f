"""Heat in Review as a whole: measured for every image from the pane, then sorted by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from review_runs import put_run

from curator.app.project_model import ProjectModel
from curator.app.review.page import ReviewPage
from curator.evaluation.heat import HeatMeasured, HeatShare, checkpoint_key
from curator.evaluation.results import ResultsReady
from curator.records import Event


def test_heat_outside_the_head_is_measured_for_all_and_sorted_by(
    open_model: ProjectModel, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = put_run(open_model, tmp_path / "template")
    page = ReviewPage(open_model)
    qtbot.addWidget(page)
    page.resize(1300, 900)
    page.show()
    page.show_run(run_dir)
    qtbot.waitUntil(lambda: page.results is not None and not open_model.jobs.active(), timeout=60_000)

    def measured(results: ResultsReady) -> Iterator[Event]:
        """As the engine does, with values that are known."""
        shares = [
            HeatShare(one.file_name, outside, "head", one.predicted, "", checkpoint_key(run_dir) or "", ".")
            for one, outside in zip(results.predictions, (0.25, 0.75), strict=True)
        ]
        lines = "".join(json.dumps(asdict(one)) + "\n" for one in shares)
        (run_dir / "heat.jsonl").write_text(lines, encoding="utf-8")
        yield HeatMeasured(tuple(shares))

    monkeypatch.setattr("curator.evaluation.heat.measure_heat", measured)
    assert page.results is not None
    names = [one.file_name for one in page.results.predictions]
    assert page.bar.orders.findData("heat") < 0
    qtbot.mouseClick(page.details.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.bar.order() == "heat", timeout=30_000)
    items = page.gallery.items
    assert [items.item(row).name for row in range(len(items.rows))] == names[::-1]
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=30_000)
    page.pictures.close()
