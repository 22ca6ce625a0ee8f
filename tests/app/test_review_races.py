"""Review while its jobs run: another source is chosen, and nothing of the one before gets in between."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from review_runs import copied, open_page, put_run, quiet, shown

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.review import loading
from curator.app.review.measures import Measured
from curator.app.review.page import ReviewPage
from curator.evaluation import comparison as engine
from curator.evaluation import results as results_module
from curator.evaluation.comparison import ComparisonReady
from curator.evaluation.results import ResultsReady, Source
from curator.records import Event, Progress


@pytest.fixture
def page(review_page: ReviewPage) -> ReviewPage:
    return review_page


def open_split(page: ReviewPage, split: str, qtbot: QtBot) -> None:
    source = page.loader.source
    assert source is not None
    page.show_source(replace(source, split=split))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: page.results is not None and page.results.split == split, timeout=30_000)


def test_what_is_shown_while_the_one_before_is_measured_is_measured_after_it(
    page: ReviewPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(results: ResultsReady) -> Iterator[Event]:
        gate.wait(30)
        names = [one.file_name for one in results.predictions]
        yield Measured(results, {"disagreement": dict.fromkeys(names, 0.5), "swings": {}, "heat": {}})

    monkeypatch.setattr(loading, "read_measures", slow)
    try:
        open_split(page, "val", qtbot)
        open_split(page, "test", qtbot)
        assert page.bar.orders.findData("disagreement") < 0
    finally:
        gate.set()
    qtbot.waitUntil(lambda: page.bar.orders.findData("disagreement") >= 0, timeout=30_000)
    quiet(page, qtbot)


def test_heat_that_is_being_measured_is_not_asked_for_in_silence(
    page: ReviewPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, said = threading.Event(), []

    def slow(results: ResultsReady) -> Iterator[Event]:
        gate.wait(30)
        yield Progress(1, 1, "Measuring heat")

    monkeypatch.setattr(loading, "measure_heat", slow)
    messages.hub().shown.connect(said.append)
    try:
        qtbot.mouseClick(page.details.measure, Qt.MouseButton.LeftButton)
        assert said == []
        qtbot.mouseClick(page.details.measure, Qt.MouseButton.LeftButton)
        assert "measured already" in said[0].text
    finally:
        gate.set()
        messages.hub().shown.disconnect(said.append)
    quiet(page, qtbot)


def test_a_comparison_of_what_was_shown_before_is_not_taken_for_one_of_what_is(
    page: ReviewPage,
    open_model: ProjectModel,
    review_run: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = open_model.project
    assert project is not None
    copied(review_run, review_run.with_name("older"), project.root, 1.0)
    page.activate()
    quiet(page, qtbot)
    gate, began = threading.Event(), threading.Event()
    real = engine.compare_with

    def slow(first: Source, second: ResultsReady, *, own_labels: bool) -> Iterator[Event]:
        found = [
            one for one in real(first, second, own_labels=own_labels) if isinstance(one, ComparisonReady)
        ]
        began.set()
        gate.wait(30)
        yield from found

    reading = threading.Event()
    read = results_module.read_results

    def slowly(source: Source) -> Iterator[Event]:
        reading.wait(30)
        yield from read(source)

    monkeypatch.setattr(engine, "compare_with", slow)
    monkeypatch.setattr(results_module, "read_results", slowly)
    source = page.loader.source
    assert source is not None
    try:
        qtbot.keyClick(page, Qt.Key.Key_C)
        qtbot.waitUntil(began.is_set, timeout=30_000)
        page.middle.turn("gallery")
        page.show_source(replace(source, split="val"))
        gate.set()
        qtbot.waitUntil(lambda: open_model.jobs.get("review-compare") is None, timeout=30_000)
    finally:
        gate.set()
        reading.set()
    qtbot.waitUntil(lambda: page.results is not None and page.results.split == "val", timeout=30_000)
    quiet(page, qtbot)
    # A report written now would have had it in.
    assert page.comparing.comparison is None
    qtbot.keyClick(page, Qt.Key.Key_C)
    quiet(page, qtbot)
    found = page.comparing.comparison
    assert found is not None
    assert {one.split for one in found.common} == {"val"}


def test_a_run_from_another_machine_finds_the_images_where_they_are_now(
    open_model: ProjectModel, template: Path, qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    run = put_run(open_model, template)
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    config["root"] = "/home/someone/else/scans"
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (run / "predictions.jsonl").unlink()
    shutil.rmtree(run / "elsewhere", ignore_errors=True)
    page = open_page(open_model, run, qtbot)
    try:
        assert page.results is not None
        assert page.results.root == project.root
        assert len(shown(page)) == 2
        qtbot.waitUntil(lambda: page.details.original.image is not None, timeout=30_000)
        open_split(page, "val", qtbot)
        assert len(shown(page)) == 2
        quiet(page, qtbot)
        assert page.bar.sources.currentIndex() == 0
    finally:
        page.pictures.close()
