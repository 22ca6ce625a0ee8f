"""Comparing runs in Review by clicks and keys, the report's button, and training again on the mended manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from app_waiting import wait_until_quiet
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QScrollArea
from pytestqt.qtbot import QtBot
from review_runs import copied, open_page, put_run, quiet

from curator.app import messages
from curator.app.main_window import MainWindow
from curator.app.pages import CURATE, REVIEW, TRAIN
from curator.app.project_model import ProjectModel
from curator.app.review.page import ReviewPage
from curator.app.train.page import TrainPage
from curator.project import edits
from curator.training.predictions import read_predictions, write_predictions
from curator.training.runs import load_run


def say_all(run: Path, *, right: bool) -> None:
    """Lets the run have predicted every test image rightly, or wrongly."""
    classes = load_run(run).classes
    made = []
    for one in read_predictions(run / "predictions.jsonl"):
        said = one.label if right else next(name for name in classes if name != one.label)
        made.append(
            replace(
                one,
                predicted=str(said),
                probabilities=tuple(0.8 if name == said else 0.2 for name in classes),
            )
        )
    write_predictions(run / "predictions.jsonl", made)
    (run / "figures.json").unlink(missing_ok=True)


@pytest.fixture
def page(open_model: ProjectModel, template: Path, qtbot: QtBot) -> Iterator[ReviewPage]:
    """The page at the later of two runs: the earlier one has every test image wrong, the later one right."""
    first = put_run(open_model, template, 1.0)
    project = open_model.project
    assert project is not None
    second = copied(first, first.with_name("second"), project.root, 2.0)
    say_all(first, right=False)
    say_all(second, right=True)
    made = open_page(open_model, second, qtbot)
    yield made
    made.pictures.close()


def test_a_key_compares_with_the_run_before_and_names_lead_to_the_gallery(
    page: ReviewPage, qtbot: QtBot
) -> None:
    pane = page.comparing.pane
    assert page.comparing.comparison is None
    qtbot.keyClick(page, Qt.Key.Key_C)
    quiet(page, qtbot)
    assert pane.isVisible()
    other = pane.other()
    assert other is not None
    assert other.source.folder.name == "first"
    # Of one plan and one minute: told apart by the second.
    assert re.search(r"\d\d:\d\d:01$", pane.others.currentText())
    assert pane.verdict.text() == (
        "Of 2 images common to both, 2 turned right and 0 wrong. Chance alone can do that (McNemar, p = 0.500)."
    )
    assert pane.chips["turned_right"].text() == "2 turned right"
    assert not pane.chips["turned_wrong"].isEnabled()
    assert pane.list.count() == 2
    assert "The manifests are the same." in pane.facts.text()
    assert pane.figures_of["accuracy"][2].text() == "1.000 [1.00, 1.00]"
    # In a narrow window nothing of it is cut off on the right.
    page.resize(950, 600)
    QApplication.processEvents()
    area = pane.findChild(QScrollArea)
    assert area is not None
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()
    page.resize(1300, 800)
    qtbot.mouseClick(pane.gallery_button, Qt.MouseButton.LeftButton)
    assert page.middle.pane() == "gallery"
    assert page.facts.showing.text() == "Showing 2 of 2: turned right"
    qtbot.keyClick(page, Qt.Key.Key_C)
    name = pane.list.item(1).text().split("    ")[0]
    pane.list.setFocus()
    pane.list.setCurrentRow(0)
    qtbot.keyClick(pane.list, Qt.Key.Key_Down)
    # The right side shows what is marked, with the comparison still there.
    assert page.middle.pane() == "compare"
    marked = page.gallery.current_item()
    assert marked is not None
    assert marked.name == name
    qtbot.keyClick(pane.list, Qt.Key.Key_Return)
    assert page.middle.pane() == "gallery"
    current = page.gallery.current_item()
    assert current is not None
    assert current.name == name


def test_another_run_can_be_chosen_and_nothing_is_worked_out_unseen(page: ReviewPage, qtbot: QtBot) -> None:
    project = page.model.project
    assert project is not None
    third = copied(project.folder / "runs" / "second", project.folder / "runs" / "third", project.root, 3.0)
    page.show_comparison(third, project.folder / "runs" / "first")
    quiet(page, qtbot)
    comparison = page.comparing.comparison
    assert comparison is not None
    assert comparison.names == ("third", "first")
    assert len(comparison.turned_wrong) == 2
    pane = page.comparing.pane
    pane.others.setCurrentIndex(1)
    pane.others.activated.emit(1)
    quiet(page, qtbot)
    assert page.comparing.comparison is not None
    assert page.comparing.comparison.names == ("second", "first")


def test_what_was_mended_since_is_said_as_it_happens(page: ReviewPage, qtbot: QtBot) -> None:
    project = page.model.project
    assert project is not None
    pane = page.comparing.pane
    qtbot.keyClick(page, Qt.Key.Key_C)
    quiet(page, qtbot)
    assert pane.mended.text() == "Nothing in the manifest has changed since this run."
    state = next(one for one in project.states() if one.split == "train")
    other = next(name for name in project.classes if name != state.label)
    page.model.apply(edits.relabel([state], other))
    quiet(page, qtbot)
    assert pane.mended.text() == "Mended since this run: 1 relabelled (train)."
    page.model.undo()
    quiet(page, qtbot)
    assert pane.mended.text() == "Nothing in the manifest has changed since this run."


def test_training_again_without_a_change_asks_first(page: ReviewPage, qtbot: QtBot) -> None:
    asked: list[messages.Message] = []
    wanted: list[object] = []
    messages.hub().shown.connect(asked.append)
    page.comparing.again_wanted.connect(wanted.append)
    try:
        qtbot.keyClick(page, Qt.Key.Key_T)
        qtbot.waitUntil(lambda: any(one.actions for one in asked), timeout=30_000)
        quiet(page, qtbot)
        assert not wanted
        next(one for one in asked if one.actions).actions[0].run()
        assert len(wanted) == 1
    finally:
        messages.hub().shown.disconnect(asked.append)


def test_the_report_is_written_where_it_was_asked_for(page: ReviewPage, tmp_path: Path, qtbot: QtBot) -> None:
    said: list[messages.Message] = []
    messages.hub().shown.connect(said.append)
    try:
        qtbot.mouseClick(page.reporting.button, Qt.MouseButton.LeftButton)
        dialog = page.findChild(QFileDialog)
        assert dialog is not None
        assert dialog.selectedFiles()[0].endswith("second-report.html")
        path = tmp_path / "report.html"
        dialog.fileSelected.emit(str(path))
        dialog.reject()
        qtbot.waitUntil(lambda: any("Report written" in one.text for one in said), timeout=60_000)
        quiet(page, qtbot)
    finally:
        messages.hub().shown.disconnect(said.append)
    assert "2 images in 2 groups" in path.read_text(encoding="utf-8")
    assert next(one for one in said if "Report written" in one.text).actions[0].words == "Open"


def test_train_again_goes_through_train_and_leads_back_to_the_comparison(
    window: MainWindow, dataset: Path, template: Path, qtbot: QtBot
) -> None:
    model = window.model
    model.open(dataset, "general")
    wait_until_quiet(model, qtbot)
    first = put_run(model, template, 1.0)
    window.show_page(REVIEW)
    review = window.pages.get(REVIEW)
    assert isinstance(review, ReviewPage)
    review.show_run(first)
    quiet(review, qtbot)
    project = model.project
    assert project is not None
    splits = {state.file_name: state.split for state in project.states()}
    state = next(one for one in project.states() if one.split == "train")
    other = next(name for name in project.classes if name != state.label)
    model.apply(edits.relabel([state], other))
    said: list[messages.Message] = []
    messages.hub().shown.connect(said.append)
    try:
        review.gallery.setFocus()
        qtbot.keyClick(review.gallery, Qt.Key.Key_T)
        train = window.pages.get(TRAIN)
        assert isinstance(train, TrainPage)
        qtbot.waitUntil(lambda: train.trainer.job is not None, timeout=30_000)
        assert window.stack.currentWidget() is train
        assert any("Changed: 1 relabelled (train)." in one.text for one in said)
        qtbot.waitUntil(lambda: train.trainer.job is None, timeout=120_000)
        after = train.trainer.run_dir
        assert after is not None
        assert after != first
        qtbot.waitUntil(lambda: review.comparing.comparison is not None, timeout=60_000)
        quiet(review, qtbot)
    finally:
        messages.hub().shown.disconnect(said.append)
    assert window.stack.currentWidget() is review
    comparison = review.comparing.comparison
    assert comparison is not None
    assert comparison.folders == (first, after)
    assert len(comparison.common) == 2
    assert "The manifests differ: 1 relabelled (train)." in review.comparing.pane.facts.text()
    assert {
        name: row.split for name, row in ((row.file_name, row) for row in load_run(after).manifest().rows)
    } == splits
    assert replace(load_run(after).config, threads=0) == replace(load_run(first).config, threads=0)
    window.show_page(CURATE)
