"""What of the gallery is shown and selected: by cell, filter, threshold, click and rubber band."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from review_runs import shown
from test_shell_accessibility import nameless

from curator.app.project_model import ProjectModel
from curator.app.review.items import Wish
from curator.app.review.page import ReviewPage


@pytest.fixture
def page(review_page: ReviewPage) -> ReviewPage:
    """The page with the test predictions of a run of one epoch."""
    return review_page


def test_several_are_relabelled_as_one_step(page: ReviewPage, open_model: ProjectModel, qtbot: QtBot) -> None:
    project = open_model.project
    assert project is not None
    open_model._touch_agreed = True
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert page.gallery.selected_count() == 2
    assert page.middle.words.text() == "2 selected"
    before = {item.image_id: project.state(item.image_id).label for item in shown(page)}
    steps = len(project.history())
    qtbot.keyClick(page.gallery, Qt.Key.Key_L)
    qtbot.keyClick(page.gallery, Qt.Key.Key_1)
    assert {project.state(one).label for one in before} == {project.classes[0]}
    assert len(project.history()) == steps + 1
    assert page.gallery.selected_count() == 2
    open_model.undo()
    assert {one: project.state(one).label for one in before} == before
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert all(item.looked for item in shown(page))
    assert len(project.history()) == steps + 1
    open_model.undo()
    assert not any(item.looked for item in shown(page))


def test_ctrl_click_selects_one_more_and_shift_click_a_range(page: ReviewPage, qtbot: QtBot) -> None:
    gallery = page.gallery
    first, second = (gallery.visualRect(gallery.items.index(row)).center() for row in (0, 1))
    qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=first)
    assert gallery.selected_count() == 1
    for modifier in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier):
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=first)
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, modifier, second)
        assert [item.name for item in gallery.selected_items()] == [item.name for item in shown(page)]


def test_a_rubber_band_selects_what_it_touches(page: ReviewPage, qtbot: QtBot) -> None:
    gallery = page.gallery
    viewport = gallery.viewport()
    last = gallery.visualRect(gallery.items.index(1))
    start = QPoint(last.center().x(), last.bottom() + 60)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for point in (start - QPoint(20, 40), gallery.visualRect(gallery.items.index(0)).center()):
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(point),
            QPointF(viewport.mapToGlobal(point)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, move)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start)
    assert gallery.selected_count() == 2


def test_filters_of_the_panel_and_esc_lets_go(page: ReviewPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.bar.more, Qt.MouseButton.LeftButton)
    assert page.filters.isVisible()
    assert nameless(page.filters) == []
    item = shown(page)[0]
    qtbot.mouseClick(page.filters.chips["labels", item.true], Qt.MouseButton.LeftButton)
    assert {one.true for one in shown(page)} == {item.true}
    assert page.filters.words.text() == f"{len(shown(page))} image" + ("s" if len(shown(page)) > 1 else "")
    assert page.bar.more.text() == "filter 1"
    assert "1 filter" in page.facts.showing.text()
    page.filters.least.setValue(0.999)
    assert shown(page) == []
    assert page.gallery.current_item() is None
    assert not page.details.buttons["mend"].isEnabled()
    # Escape closes the panel alone, and the page's keys don't reach what lies below it.
    qtbot.keyClick(page.filters.chips["labels", item.true], Qt.Key.Key_W)
    assert page.showing.wish.right == "all"
    qtbot.keyClick(page.filters.chips["labels", item.true], Qt.Key.Key_Escape)
    assert not page.filters.isVisible()
    assert shown(page) == []
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_Escape)
    assert len(shown(page)) == 2
    assert page.showing.wish == Wish()


def test_only_the_wrong_ones_by_key(page: ReviewPage, qtbot: QtBot) -> None:
    wrong = [item.name for item in shown(page) if item.wrong]
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_W)
    assert [item.name for item in shown(page)] == wrong
    assert page.bar.wrong.text() == f"wrong {len(wrong)}"
    qtbot.keyClick(page.gallery, Qt.Key.Key_W)
    assert len(shown(page)) == 2


def test_a_click_on_a_cell_filters_and_a_second_click_lets_go(page: ReviewPage, qtbot: QtBot) -> None:
    item = shown(page)[0]
    rect = page.facts.matrix.cell_rect(item.true, item.said)
    qtbot.mouseClick(page.facts.matrix, Qt.MouseButton.LeftButton, pos=rect.center())
    cell = (item.true, item.said)
    listed = shown(page)
    assert listed
    assert {(one.true, one.said) for one in listed} == {cell}
    assert page.facts.showing.text().startswith(f"Showing {len(listed)} of 2: is ")
    qtbot.mouseClick(page.facts.matrix, Qt.MouseButton.LeftButton, pos=rect.center())
    assert len(shown(page)) == 2


def test_one_threshold_moves_gallery_matrix_and_plots_and_a_range_or_cell_of_theirs_filters(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    source, bar = page.loader.source, page.curves.bar
    assert source is not None
    page.show_source(replace(source, split=None))
    qtbot.waitUntil(lambda: len(shown(page)) > 2 and bar.isVisible(), timeout=30_000)
    everything = len(shown(page))
    for _ in range(6):
        qtbot.keyClick(bar.slider, Qt.Key.Key_PageDown)
    assert bar.value() == 0
    assert {item.said for item in shown(page)} == {1}
    assert page.facts.matrix.counts[:, 0].sum() == 0
    assert "Sensitivity 1.00, specificity 0.00" in bar.words.text()
    qtbot.mouseClick(page.middle.tabs["plots"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: page.curves.reader.bands is not None and open_model.jobs.get("review-curves") is None,
        timeout=30_000,
    )
    pane = page.curves.pane
    assert pane is not None
    assert pane.isVisible()
    assert pane.roc.point() == (1.0, 1.0)
    assert (pane.counts() == page.facts.matrix.counts).all()
    assert nameless(page) == []
    # Arrows belong to the slider that has the focus, not to the gallery.
    bar.slider.setFocus()
    qtbot.keyClick(bar.slider, Qt.Key.Key_Right)
    assert bar.value() == pytest.approx(0.01)
    qtbot.keyClick(page.gallery, Qt.Key.Key_BracketRight)
    assert bar.value() == pytest.approx(0.02)
    qtbot.mouseClick(bar.half_button, Qt.MouseButton.LeftButton)
    assert (pane.counts() == page.results.summary.confusion).all()  # type: ignore[union-attr]
    pane.histogram.high.setFocus()
    # After one epoch all images have nearly the same probability: a range below it holds none of them.
    least = min(item.prediction.probabilities[1] for item in shown(page))
    pane.histogram.high.setValue(least - 0.05)
    assert shown(page) == []
    assert page.facts.showing.text().startswith(f"Showing 0 of {everything}")
    pane.histogram.high.setValue(1.0)
    assert len(shown(page)) == everything
    pane.histogram.low.setValue(least + 0.05)
    assert shown(page) == []
    page.showing.show_all()
    assert pane.histogram.chosen_range() is None
    true, said = (int(part[0]) for part in np.nonzero(pane.counts()))
    matrix = pane.confusion.matrix
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(true, said).center())
    assert page.middle.pane() == "gallery"
    assert {(item.true, item.said) for item in shown(page)} == {(true, said)}
    assert page.facts.matrix.cell == (true, said)
    qtbot.mouseClick(page.facts.clear, Qt.MouseButton.LeftButton)
    assert matrix.cell is None
    assert len(shown(page)) == everything
