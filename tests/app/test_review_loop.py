"""From a cell of the matrix to an image, to its mending in Curate, back, and undone: by clicks, and by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_waiting import wait_until_quiet
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from review_runs import put_run, shown

from curator.app import messages
from curator.app.curate.page import CuratePage
from curator.app.main_window import MainWindow
from curator.app.review.page import ReviewPage


@pytest.fixture
def reviewing(window: MainWindow, dataset: Path, template: Path, qtbot: QtBot) -> MainWindow:
    """The window at Review, the run's test predictions shown."""
    window.model.open(dataset, "general")
    wait_until_quiet(window.model, qtbot)
    put_run(window.model, template)
    qtbot.mouseClick(window.rail.buttons[2], Qt.MouseButton.LeftButton)
    page = review(window)
    qtbot.waitUntil(lambda: page.results is not None and not window.jobs.active(), timeout=60_000)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def review(window: MainWindow) -> ReviewPage:
    page = window.review
    assert isinstance(page, ReviewPage)
    return page


def curate(window: MainWindow) -> CuratePage:
    page = window.curate
    assert isinstance(page, CuratePage)
    return page


def press(name: str, within: QWidget, qtbot: QtBot) -> None:
    """Clicks the button with that accessible name."""
    (button,) = [one for one in within.findChildren(QPushButton) if one.accessibleName() == name]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("by_keys", [False, True])
def test_cell_to_image_to_mending_and_back_and_undone(
    by_keys: bool, reviewing: MainWindow, qtbot: QtBot
) -> None:
    window, page = reviewing, review(reviewing)
    project = window.model.project
    assert project is not None
    matrix = page.facts.matrix
    goal = shown(page)[-1]
    cell = (goal.true, goal.said)
    if by_keys:
        matrix.setFocus()
        for _ in range(cell[0]):
            qtbot.keyClick(matrix, Qt.Key.Key_Down)
        for _ in range(cell[1]):
            qtbot.keyClick(matrix, Qt.Key.Key_Right)
        qtbot.keyClick(matrix, Qt.Key.Key_Return)
        page.gallery.setFocus()
    else:
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(*cell).center())
    listed = shown(page)
    assert {(item.true, item.said) for item in listed} == {cell}
    row = [item.name for item in listed].index(goal.name)
    if by_keys:
        for _ in range(row):
            qtbot.keyClick(page.gallery, Qt.Key.Key_Right)
    else:
        at = page.gallery.visualRect(page.gallery.items.index(row)).center()
        qtbot.mouseClick(page.gallery.viewport(), Qt.MouseButton.LeftButton, pos=at)
    place = page.showing.place()
    assert place.name == goal.name

    if by_keys:
        qtbot.keyClick(page.gallery, Qt.Key.Key_E)
    else:
        press("Mend", page, qtbot)
    assert window.stack.currentWidget() is window.curate
    assert window.model.current_id == goal.image_id
    # Mended: a test image whose prediction was seen asks first.
    asked: list[messages.Message] = []
    messages.hub().shown.connect(asked.append)
    before = project.state(goal.image_id)
    stage = curate(window)
    stage.setFocus()
    qtbot.keyClick(stage, Qt.Key.Key_Comma)
    messages.hub().shown.disconnect(asked.append)
    (question,) = [message for message in asked if message.actions]
    assert project.state(goal.image_id) == before
    question.actions[0].run()
    assert project.state(goal.image_id).crop != before.crop

    if by_keys:
        qtbot.keyClick(stage, Qt.Key.Key_Backspace)
    else:
        qtbot.mouseClick(stage.stage.back, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is page
    qtbot.waitUntil(lambda: not window.jobs.active(), timeout=30_000)
    assert page.showing.place() == place
    assert page.gallery.hasFocus()
    current = page.gallery.current_item()
    assert current is not None
    assert current.mended
    assert page.facts.touched.isVisible()
    assert page.facts.touched.value() == "1"

    if by_keys:
        qtbot.keyClick(page.gallery, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    else:
        qtbot.mouseClick(window.bar.undo_button, Qt.MouseButton.LeftButton)
    assert project.state(goal.image_id).crop == before.crop
    current = page.gallery.current_item()
    assert current is not None
    assert not current.mended
    # What was touched stays touched.
    assert page.facts.touched.value() == "1"
    if by_keys:
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        qtbot.keyClick(page.gallery, Qt.Key.Key_Z, both)
    else:
        qtbot.mouseClick(window.bar.redo_button, Qt.MouseButton.LeftButton)
    current = page.gallery.current_item()
    assert current is not None
    assert current.mended
