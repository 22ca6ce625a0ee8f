"""The page Review on a real run of one epoch: look, relabel, discard, mend, audit, and the way back."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from review_runs import shown

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.review.page import ReviewPage
from curator.evaluation.heat import HeatMeasured, HeatShare, checkpoint_key
from curator.evaluation.results import ResultsReady, read_looked
from curator.project import Project
from curator.records import Event
from curator.training.image_cache import key_of


@pytest.fixture
def page(review_page: ReviewPage) -> ReviewPage:
    """The page with the test predictions of a run of one epoch."""
    return review_page


def test_gallery_is_sorted_by_loss_and_the_figures_are_those_of_the_predictions(page: ReviewPage) -> None:
    items = shown(page)
    assert len(items) == 2
    losses = [item.prediction.loss or 0 for item in items]
    assert losses == sorted(losses, reverse=True)
    right = sum(not item.wrong for item in items)
    assert page.facts.rows["accuracy"].value().startswith(f"{right / 2:.3f} [")
    assert page.facts.heading.text().startswith("TEST, 2 IMAGES")
    assert page.facts.showing.text() == "Showing all 2"
    # Of few images the calibration error has its interval without a look at the plots.
    assert re.fullmatch(r"0\.\d{3} \[0\.\d\d, \d\.\d\d\]", page.facts.calibration.value())


def test_three_pictures_of_the_chosen_image(page: ReviewPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.details.original.image is not None, timeout=30_000)
    trained = page.details.trained.image
    assert trained is not None
    assert (trained.width(), trained.height()) == (32, 32)
    qtbot.waitUntil(lambda: page.details.heat.image is not None, timeout=30_000)
    assert page.details.heat_words.text().startswith(
        f"Grad-CAM for {page.gallery.current_item().prediction.predicted}"
    )


def test_mend_goes_to_the_image_by_key(page: ReviewPage, qtbot: QtBot) -> None:
    item = page.gallery.current_item()
    assert item is not None
    page.gallery.setFocus()
    with qtbot.waitSignal(page.mend_requested) as caught:
        qtbot.keyClick(page.gallery, Qt.Key.Key_E)
    assert caught.args == [item.image_id]


def test_relabelling_a_seen_test_image_asks_once_then_is_an_edit_on_disk(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    project = open_model.project
    item = page.gallery.current_item()
    assert project is not None
    assert item is not None
    other = next(name for name in project.classes if name != item.prediction.label)
    asked: list[messages.Message] = []
    hub = messages.hub()
    hub.shown.connect(asked.append)
    try:
        page.gallery.setFocus()
        qtbot.keyClick(page.gallery, Qt.Key.Key_L)
        number = list(project.classes).index(other) + 1
        qtbot.keyClick(page, Qt.Key(Qt.Key.Key_0 + number))
        assert project.state(item.image_id).label == item.prediction.label
        question = next(message for message in asked if message.actions)
        question.actions[0].run()
    finally:
        hub.shown.disconnect(asked.append)
    assert project.state(item.image_id).label == other
    assert project.test_touched == 1
    assert page.facts.touched.value() == "1"
    current = page.gallery.current_item()
    assert current is not None
    assert current.mended
    assert project.flush()
    open_model.undo()
    undone = page.gallery.current_item()
    assert undone is not None
    assert not undone.mended
    root = project.root
    open_model.close()
    with Project.open(root) as again:
        assert again.state(item.image_id).label == item.prediction.label
        assert again.redo_words is not None


def test_discard_takes_a_reason_by_digit(page: ReviewPage, open_model: ProjectModel, qtbot: QtBot) -> None:
    project = open_model.project
    item = page.gallery.current_item()
    assert project is not None
    assert item is not None
    open_model._touch_agreed = True
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_X)
    assert page.details.choices.isVisible()
    assert page.details.original.isVisible()
    qtbot.keyClick(page.gallery, Qt.Key.Key_Escape)
    assert not page.details.choices.isVisible()
    # In a low window what is offered takes the place of a picture, and gives it back.
    page.resize(1024, 560)
    qtbot.keyClick(page.gallery, Qt.Key.Key_X)
    QApplication.processEvents()
    assert not page.details.original.isVisible()
    parts = (page.details.trained, page.details.heat, *page.details.buttons.values(), page.details.choices)
    for above, below in itertools.combinations(parts, 2):
        assert not above.geometry().intersects(below.geometry())
    qtbot.keyClick(page, Qt.Key.Key_5)
    assert page.details.original.isVisible()
    assert not page.details.choices.isVisible()
    state = project.state(item.image_id)
    assert (state.decision, state.discard_reason, state.decided_by) == ("discard", "quality", "person")
    row = page.gallery.items.row_of(item.name)
    told = page.gallery.items.index(row).data(Qt.ItemDataRole.ToolTipRole)
    assert told == f"{item.name}\ndiscarded since"


def test_fine_is_a_step_of_the_history_and_goes_on(
    page: ReviewPage, open_model: ProjectModel, review_run: Path, qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    first = shown(page)[0]
    page.gallery.go_to(first.name)
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert "looked" in project.state(first.image_id).edited
    assert shown(page)[0].looked
    assert project.test_touched == 0
    current = page.gallery.current_item()
    assert current is not None
    assert current.name != first.name
    qtbot.keyClick(page.gallery, Qt.Key.Key_Left)
    assert page.details.buttons["fine"].text() == "Not fine"
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert not shown(page)[0].looked
    open_model.undo()
    assert shown(page)[0].looked
    open_model.undo()
    assert not shown(page)[0].looked
    assert read_looked(review_run) == frozenset()


def test_the_shortcut_audit_is_asked_for_beside_the_figures_and_shown_by_its_key(
    page: ReviewPage, review_run: Path, open_model: ProjectModel, qtbot: QtBot
) -> None:
    short, pane = page.auditor.short, page.auditor.pane
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=30_000)
    assert short.isVisible()
    assert short.words.text().startswith("Not audited yet")
    qtbot.keyClick(page.gallery, Qt.Key.Key_S)
    assert pane.isVisible()
    assert pane.button.hasFocus()
    qtbot.keyClick(pane.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=60_000)
    assert pane.empty_title.text() == "Too few images to tell"
    assert short.words.text() == "Too few images to tell."
    assert (review_run / "audit.json").is_file()
    qtbot.mouseClick(page.middle.tabs["gallery"], Qt.MouseButton.LeftButton)
    assert not pane.isVisible()
    qtbot.mouseClick(short.button, Qt.MouseButton.LeftButton)
    assert pane.isVisible()


def test_it_stays_at_its_place(page: ReviewPage, qtbot: QtBot) -> None:
    last = shown(page)[-1]
    page.gallery.go_to(last.name)
    page.activate()
    current = page.gallery.current_item()
    assert current is not None
    assert current.name == last.name


def test_the_tabs_turn_by_click_and_key_once_their_pane_is_there(page: ReviewPage, qtbot: QtBot) -> None:
    pane = QLabel("figures")
    assert page.middle.pane() == "gallery"
    page.middle.put("plots", pane)
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_P)
    assert page.middle.pane() == "plots"
    assert pane.isVisible()
    qtbot.mouseClick(page.middle.tabs["gallery"], Qt.MouseButton.LeftButton)
    assert page.gallery.isVisible()


def test_heat_outside_the_head_is_measured_for_all_and_sorted_by(
    page: ReviewPage, review_run: Path, open_model: ProjectModel, qtbot: QtBot
) -> None:
    def measured(results: ResultsReady) -> Iterator[Event]:
        """As the engine does, with values that are known."""
        config, checkpoint = results.run.config, checkpoint_key(review_run) or ""

        def pixels(name: str) -> str:
            row = results.rows[name]
            return key_of(row.sha256 or "", row.edits, config.image_size, config.resize)

        shares = [
            HeatShare(one.file_name, outside, "head", one.predicted, pixels(one.file_name), checkpoint, ".")
            for one, outside in zip(results.predictions, (0.25, 0.75), strict=True)
        ]
        lines = "".join(json.dumps(asdict(one)) + "\n" for one in shares)
        (review_run / "heat.jsonl").write_text(lines, encoding="utf-8")
        yield HeatMeasured(tuple(shares))

    assert page.bar.orders.findData("heat") < 0
    names = [one.file_name for one in page.results.predictions] if page.results is not None else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curator.evaluation.heat.measure_heat", measured)
        qtbot.mouseClick(page.details.measure, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: page.bar.order() == "heat", timeout=30_000)
    assert [item.name for item in shown(page)] == names[::-1]
