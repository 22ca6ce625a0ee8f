"""Queues in Review by clicks and keys: find, choose, step, mend or look at, and what is left to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from review_runs import open_page, put_run, quiet

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.review.page import ReviewPage
from curator.app.review.queues_pane import QueuesPane
from curator.evaluation.flags import Flag, Queue
from curator.evaluation.queues import QUEUES
from curator.records import Progress


def queues() -> tuple[Queue, ...]:
    flags = (Flag("c", 0.9, "C is odd."), Flag("a", 0.8, "A is odd."), Flag("b", 0.1, "B is odd."))
    return (
        Queue("label_errors", "Probable label errors", flags, "Rests on all images."),
        Queue("outliers", "Unlike the rest", (Flag("a", 4.0, "A is far."),), "By distance."),
        Queue("swings", "Swings with mask or crop", (), "Nothing swings."),
    )


@pytest.fixture
def pane(qtbot: QtBot) -> QueuesPane:
    made = QueuesPane()
    qtbot.addWidget(made)
    made.resize(280, 500)
    made.show()
    return made


def row(pane: QueuesPane, title: str) -> QPushButton:
    """The line of a queue, as a screen reader finds it."""
    found = [
        one
        for one in pane.findChildren(QPushButton)
        if one.accessibleName().startswith(f"{title}: ") and not one.isHidden()
    ]
    assert len(found) == 1
    return found[0]


def test_before_and_after_nothing_was_found_it_says_so(pane: QueuesPane, qtbot: QtBot) -> None:
    assert pane.find_button.text() == "Find them"
    assert "label errors" in pane.words.text()
    with qtbot.waitSignal(pane.find_wanted):
        qtbot.mouseClick(pane.find_button, Qt.MouseButton.LeftButton)
    pane.show_queues([Queue("swings", "Swings with mask or crop", (), "Nothing swings.")])
    assert pane.words.text() == "Nothing suspicious was found."
    assert pane.find_button.text() == "Find again"
    assert not row(pane, "Swings with mask or crop").isEnabled()


def test_progress_can_be_stopped(pane: QueuesPane, qtbot: QtBot) -> None:
    pane.show_progress(Progress(3, 12, "Toggling masks and crops"))
    assert (pane.bar.value(), pane.bar.maximum()) == (3, 12)
    assert pane.doing.text() == "Toggling masks and crops…"
    assert not pane.find_button.isVisible()
    with qtbot.waitSignal(pane.stop_wanted):
        qtbot.mouseClick(pane.stop_button, Qt.MouseButton.LeftButton)
    pane.show_progress(None)
    assert pane.find_button.isVisible()
    assert not pane.bar.isVisible()


def test_choosing_a_queue_and_letting_it_go(pane: QueuesPane, qtbot: QtBot) -> None:
    pane.show_queues(queues())
    assert row(pane, "Probable label errors").accessibleName().endswith("3 of 3 to look at")
    with qtbot.waitSignal(pane.queue_chosen) as caught:
        qtbot.mouseClick(row(pane, "Probable label errors"), Qt.MouseButton.LeftButton)
    assert caught.args == [queues()[0]]
    pane.show_image("a")
    assert pane.reason.text() == "A is odd."
    assert pane.note.text() == "Rests on all images."
    qtbot.keyClick(row(pane, "Unlike the rest"), Qt.Key.Key_Space)
    assert not row(pane, "Probable label errors").isChecked()
    assert pane.reason.text() == "A is far."
    pane.show_image("b")
    assert not pane.reason.isVisible()
    with qtbot.waitSignal(pane.queue_chosen) as caught:
        qtbot.mouseClick(row(pane, "Unlike the rest"), Qt.MouseButton.LeftButton)
    assert caught.args == [None]
    assert not pane.note.isVisible()


def test_what_is_handled_leaves_the_count_and_is_stepped_over(pane: QueuesPane, qtbot: QtBot) -> None:
    pane.show_queues(queues())
    pane.set_handled(frozenset({"a"}))
    assert row(pane, "Unlike the rest").accessibleName() == "Unlike the rest: all looked at"
    assert row(pane, "Probable label errors").accessibleName().endswith("2 of 3 to look at")
    qtbot.mouseClick(row(pane, "Probable label errors"), Qt.MouseButton.LeftButton)
    asked: list[str] = []
    pane.image_wanted.connect(asked.append)
    for current in ("c", "b", None):
        pane.show_image(current)
        qtbot.mouseClick(pane.next_button, Qt.MouseButton.LeftButton)
    assert asked == ["b", "c", "c"]
    pane.set_handled(frozenset("abc"))
    assert not pane.next_button.isEnabled()


def test_a_queue_stays_chosen_when_found_again_and_goes_with_its_images(
    pane: QueuesPane, qtbot: QtBot
) -> None:
    pane.show_queues(queues())
    qtbot.mouseClick(row(pane, "Unlike the rest"), Qt.MouseButton.LeftButton)
    pane.show_queues(queues())
    assert row(pane, "Unlike the rest").isChecked()
    with qtbot.waitSignal(pane.queue_chosen) as caught:
        pane.show_queues(queues(), frozenset({"b"}))
    assert caught.args == [None]
    assert row(pane, "Probable label errors").accessibleName().endswith("1 of 1 to look at")
    assert pane.words.text() == "3 more in other splits: choose “all” above."


@pytest.fixture
def page(open_model: ProjectModel, template: Path, qtbot: QtBot) -> Iterator[ReviewPage]:
    """The page with all images of a run shown."""
    made = open_page(open_model, put_run(open_model, template), qtbot)
    qtbot.mouseClick(made.bar.splits[None], Qt.MouseButton.LeftButton)
    quiet(made, qtbot)
    yield made
    made.pictures.close()


def shown(page: ReviewPage) -> list[str]:
    return [page.gallery.items.item(number).name for number in range(len(page.gallery.items.rows))]


def test_they_are_found_by_a_click_and_shown_at_once_the_next_time(page: ReviewPage, qtbot: QtBot) -> None:
    pane = page.queueing.pane
    assert not pane.found
    qtbot.mouseClick(pane.find_button, Qt.MouseButton.LeftButton)
    assert pane.stop_button.isVisible()
    qtbot.waitUntil(lambda: pane.found, timeout=120_000)
    quiet(page, qtbot)
    assert page.results is not None
    kept = page.results.folder / QUEUES
    assert {one["name"] for one in json.loads(kept.read_text(encoding="utf-8"))["queues"]} == {
        "label_errors", "outliers", "near_labels", "swings", "heat_outside"
    }  # fmt: skip
    written = kept.stat().st_mtime_ns
    qtbot.mouseClick(page.bar.splits["test"], Qt.MouseButton.LeftButton)
    quiet(page, qtbot)
    assert pane.found
    assert kept.stat().st_mtime_ns == written


def test_stopping_leaves_it_as_it_was(page: ReviewPage, qtbot: QtBot) -> None:
    pane = page.queueing.pane
    qtbot.mouseClick(pane.find_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(pane.stop_button, Qt.MouseButton.LeftButton)
    quiet(page, qtbot)
    assert not pane.found
    assert pane.find_button.isVisible()
    assert page.results is not None
    assert not (page.results.folder / QUEUES).exists()


def test_a_queue_filters_and_orders_the_gallery_and_is_worked_off_by_keys(
    page: ReviewPage, qtbot: QtBot
) -> None:
    every = sorted(shown(page))
    first, second, third = every[5], every[0], every[3]
    flags = tuple(Flag(name, 3.0 - at, f"Reason {at}.") for at, name in enumerate((first, second, third)))
    pane = page.queueing.pane
    pane.show_queues([Queue("label_errors", "Probable label errors", flags, "A note.")])
    before = page.bar.order()
    qtbot.mouseClick(row(pane, "Probable label errors"), Qt.MouseButton.LeftButton)
    assert shown(page) == [first, second, third]
    assert page.bar.order() == "queue"
    assert "Probable label errors" in page.facts.showing.text()
    assert pane.reason.text() == "Reason 0."
    # Looked at: one key says so and goes on.
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert row(pane, "Probable label errors").accessibleName().endswith("2 of 3 to look at")
    assert pane.reason.text() == "Reason 1."
    # Next in the queue, then from its start again, past what was looked at.
    for reason in ("Reason 2.", "Reason 1.", "Reason 2."):
        qtbot.keyClick(page.gallery, Qt.Key.Key_N)
        assert pane.reason.text() == reason
    # Relabelled: the one question on a seen test image may come.
    project = page.model.project
    assert project is not None
    hub = messages.hub()
    asked: list[messages.Message] = []
    hub.shown.connect(asked.append)
    try:
        item = page.gallery.current_item()
        assert item is not None
        other = next(n for n, name in enumerate(project.classes, 1) if name != item.prediction.label)
        qtbot.keyClick(page.gallery, Qt.Key.Key_L)
        qtbot.keyClick(page, Qt.Key(Qt.Key.Key_0 + other))
        for question in [message for message in asked if message.actions]:
            question.actions[0].run()
    finally:
        hub.shown.disconnect(asked.append)
    assert row(pane, "Probable label errors").accessibleName().endswith("1 of 3 to look at")
    page.model.undo()
    assert row(pane, "Probable label errors").accessibleName().endswith("2 of 3 to look at")
    # Escape lets go of it, and the order of before is back.
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_Escape)
    assert sorted(shown(page)) == every
    assert page.bar.order() == before
    assert pane.chosen is None
    assert not pane.reason.isVisible()


def test_the_key_begins_with_the_first_queue(page: ReviewPage, qtbot: QtBot) -> None:
    every = shown(page)
    flags = (Flag(every[2], 1.0, "This one."),)
    page.queueing.pane.show_queues([
        Queue("label_errors", "Probable label errors", (), "None."),
        Queue("outliers", "Unlike the rest", flags, "A note."),
    ])  # fmt: skip
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_N)
    assert shown(page) == [every[2]]
    qtbot.mouseClick(row(page.queueing.pane, "Unlike the rest"), Qt.MouseButton.LeftButton)
    assert shown(page) == every
