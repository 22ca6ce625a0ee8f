"""A person at the page Curate: real keys and mouse, judged by what is seen and what is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_waiting import wait_until_quiet
from curate_help import (
    CROP,
    NAMES,
    at,
    current_name,
    make_dataset,
    on_disk,
    open_with_proposals,
    press,
    settle,
    state,
    type_keys,
)
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from curator.app.curate.page import CuratePage
from curator.app.image_list import Role
from curator.app.main_window import MainWindow
from curator.dataset.split import Shares
from curator.project import edits

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def page(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> CuratePage:
    window.resize(1200, 800)
    return open_with_proposals(window, make_dataset(tmp_path / "scans"), qtbot)


def badge_of(page: CuratePage, name: str) -> str:
    row = page.images.row_of(state(page, name).id)
    return str(page.images.index(row).data(Role.BADGES)[0])


def test_space_accepts_what_is_shown_and_goes_on(page: CuratePage, qtbot: QtBot) -> None:
    assert current_name(page) == "no/a.png"
    press(Qt.Key.Key_Space)
    settle(page, qtbot)
    assert current_name(page) == "no/b.png"
    assert page.window().rail.buttons[0].text_shown() == "1 / 6"
    assert badge_of(page, "no/a.png") == "keep"
    stored = on_disk(page)["no/a.png"]
    assert (stored.decision, stored.decided_by, stored.crop) == ("keep", "person", CROP)
    assert stored.edited >= {"decision", "crop", "masks", "accepted"}


def test_x_and_a_digit_discard_with_that_reason(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("x")
    assert page.stage.reasons.isVisible()
    assert state(page, "no/a.png").decided_by != "person"
    type_keys("2")
    settle(page, qtbot)
    assert not page.stage.reasons.isVisible()
    assert current_name(page) == "no/b.png"
    type_keys("xx")
    stored = on_disk(page)
    assert [stored[name].discard_reason for name in NAMES[:3]] == ["not_brain_mri", "not_brain_mri", None]


def test_esc_takes_a_started_discard_back(page: CuratePage) -> None:
    type_keys("x")
    press(Qt.Key.Key_Escape)
    assert not page.stage.reasons.isVisible()
    type_keys("2")
    assert state(page, "no/a.png").decision == "keep"


def test_without_auto_advance_the_image_stays(page: CuratePage) -> None:
    page.inspector.decision.advance.click()
    type_keys("k")
    assert current_name(page) == "no/a.png"
    assert badge_of(page, "no/a.png") == "keep"
    type_keys("u")
    assert badge_of(page, "no/a.png") == "undecided"
    assert page.inspector.decision.segment.value() == "undecided"


def test_undo_and_redo_go_to_the_image_they_change(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_End)
    settle(page, qtbot)
    assert current_name(page) == "yes/f.png"
    press(Qt.Key.Key_Z, Ctrl)
    settle(page, qtbot)
    assert current_name(page) == "no/b.png"
    assert badge_of(page, "no/b.png") == "undecided"
    press(Qt.Key.Key_Z, Ctrl)
    settle(page, qtbot)
    assert current_name(page) == "no/a.png"
    press(Qt.Key.Key_Z, Ctrl | Shift)
    settle(page, qtbot)
    assert current_name(page) == "no/a.png"
    assert badge_of(page, "no/a.png") == "keep"
    stored = on_disk(page)
    assert [stored[name].decided_by for name in NAMES[:2]] == ["person", "proposal"]


def test_opening_again_lands_on_the_same_image_with_its_history(
    page: CuratePage, window: MainWindow, qtbot: QtBot
) -> None:
    root = window.model.project.root
    type_keys("x1")
    press(Qt.Key.Key_Right)
    settle(page, qtbot)
    assert current_name(page) == "no/c.png"
    window.model.close()
    assert window.open_folder(root)
    wait_until_quiet(window.model, qtbot)
    settle(page, qtbot)
    assert current_name(page) == "no/c.png"
    page.activate()
    press(Qt.Key.Key_Z, Ctrl)
    settle(page, qtbot)
    assert current_name(page) == "no/a.png"
    assert state(page, "no/a.png").decided_by == "proposal"


def test_keys_for_the_next_to_do_and_the_next_unsure(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Home)
    settle(page, qtbot)
    press(Qt.Key.Key_Right, Shift)
    settle(page, qtbot)
    assert current_name(page) == "no/c.png"
    press(Qt.Key.Key_Tab)
    settle(page, qtbot)
    assert current_name(page) == "yes/f.png"
    press(Qt.Key.Key_A)
    settle(page, qtbot)
    assert current_name(page) == "yes/e.png"
    press(Qt.Key.Key_G, Ctrl)
    type_keys("4")
    press(Qt.Key.Key_Return)
    settle(page, qtbot)
    assert current_name(page) == "yes/d.png"


def test_letters_in_text_fields_are_no_keys(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_F, Ctrl)
    type_keys("kxu d")
    assert page.filter_bar.search.text() == "kxu d"
    press(Qt.Key.Key_Escape)
    page.inspector.note.setFocus()
    type_keys("k x2")
    press(Qt.Key.Key_Left)
    press(Qt.Key.Key_Return)
    settle(page, qtbot)
    assert current_name(page) == "no/a.png"
    stored = on_disk(page)["no/a.png"]
    assert stored.note == "k x2"
    assert stored.decided_by == "proposal"


def test_a_note_is_kept_when_one_clicks_on_to_another_image(page: CuratePage, qtbot: QtBot) -> None:
    page.inspector.note.setFocus()
    type_keys("odd")
    index = page.images.index(3)
    QTest.mouseClick(
        page.strip.viewport(), Qt.MouseButton.LeftButton, pos=page.strip.visualRect(index).center()
    )
    settle(page, qtbot)
    assert current_name(page) == "yes/d.png"
    assert page.inspector.note.text() == ""
    assert on_disk(page)["no/a.png"].note == "odd"


def test_chips_filter_and_the_cursor_stays_when_its_image_drops_out(page: CuratePage, qtbot: QtBot) -> None:
    page.inspector.decision.advance.click()
    page.filter_bar.chips["to-do"].click()
    assert page.images.rowCount() == 6
    type_keys("k")
    settle(page, qtbot)
    assert current_name(page) == "no/a.png"
    assert page.filter_bar.chips["to-do"].text() == "to do 5"
    press(Qt.Key.Key_Right)
    settle(page, qtbot)
    assert current_name(page) == "no/b.png"
    assert page.images.rowCount() == 5
    page.filter_bar.chips["unsure"].click()
    shown = [page.images.index(row).data() for row in range(page.images.rowCount())]
    assert shown == ["no/c.png", "yes/f.png"]
    assert current_name(page) == "no/b.png"
    press(Qt.Key.Key_Right)
    settle(page, qtbot)
    assert current_name(page) == "no/c.png"
    page.filter_bar.chips["unsure"].click()
    assert page.images.rowCount() == 6


def test_search_lists_what_has_the_text_in_name_or_note(page: CuratePage, qtbot: QtBot) -> None:
    page.model.apply(edits.set_note(state(page, "no/b.png"), "Yes, odd"))
    press(Qt.Key.Key_F, Ctrl)
    type_keys("yes")
    qtbot.waitUntil(lambda: page.images.rowCount() == 4)
    press(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is page.canvas


def test_unsure_first_orders_by_confidence(page: CuratePage) -> None:
    page.filter_bar.orders["unsure-first"].trigger()
    shown = [page.images.index(row).data() for row in range(page.images.rowCount())]
    assert shown == ["no/c.png", "yes/f.png", "no/a.png", "no/b.png", "yes/d.png", "yes/e.png"]


def test_grid_shows_all_and_leads_back(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("g")
    assert page.grid.isVisible()
    assert not page.canvas.isVisible()
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Space)
    index = page.images.index(4)
    place = page.grid.visualRect(index).center()
    QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    press(Qt.Key.Key_Return)
    settle(page, qtbot)
    assert page.canvas.isVisible()
    assert current_name(page) == "yes/e.png"
    assert on_disk(page)["no/b.png"].decided_by == "person"


def test_keep_best_of_the_copies_by_key(page: CuratePage, qtbot: QtBot) -> None:
    project = page.model.project
    group = frozenset(state(page, name).id for name in ("no/a.png", "yes/e.png"))
    page.model.announce(project.set_copy_groups([group]))
    settle(page, qtbot)
    assert [tile.state.file_name for tile in page.inspector.copies.tiles] == ["no/a.png", "yes/e.png"]
    assert "labels differ: no, yes" in page.inspector.copies.clash.text()
    page.inspector.copies.tiles[1].click()
    settle(page, qtbot)
    assert current_name(page) == "yes/e.png"
    press(Qt.Key.Key_K, Shift)
    settle(page, qtbot)
    stored = on_disk(page)
    assert stored["no/a.png"].decision == "keep"
    assert (stored["yes/e.png"].decision, stored["yes/e.png"].discard_reason) == ("discard", "duplicate")


def test_accept_all_confident_is_one_step(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Return, Ctrl)
    assert page.middle.confident.isVisible()
    assert page.middle.confident.words.text() == "4 images: 4 to keep, 0 to discard"
    for _ in range(50):
        press(Qt.Key.Key_Left)
    assert page.middle.confident.accept.text() == "Accept 5 images"
    press(Qt.Key.Key_Space)
    assert page.model.project.counts().decided == 0
    page.middle.confident.accept.click()
    settle(page, qtbot)
    assert page.canvas.isVisible()
    assert page.model.project.counts().decided == 5
    press(Qt.Key.Key_Z, Ctrl)
    assert page.model.project.counts().decided == 0


def test_back_to_the_proposal(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Left, Ctrl)
    assert state(page, "no/a.png").crop.x == CROP.x - 1
    press(Qt.Key.Key_Down, Ctrl | Shift)
    assert state(page, "no/a.png").crop.y == CROP.y + 10
    type_keys("r")
    assert state(page, "no/a.png").crop == CROP
    assert "crop" not in state(page, "no/a.png").edited


def test_inspector_sets_crop_fill_and_label(page: CuratePage, qtbot: QtBot) -> None:
    page.inspector.crop.fields["w"].setFocus()
    type_keys("55")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Escape)
    page.inspector.fill.button("inpaint").click()
    page.inspector.label.chip("yes").click()
    settle(page, qtbot)
    assert QApplication.focusWidget() is page.canvas
    stored = on_disk(page)["no/a.png"]
    assert (stored.crop.width, stored.fill, stored.label) == (55, "inpaint", "yes")


def test_history_in_words_leads_back(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Space)
    settle(page, qtbot)
    steps = page.inspector.history.model()
    assert [steps.index(row, 0).data() for row in range(3)] == [
        "As it was before",
        "Accept keep: no/a.png",
        "Accept keep: no/b.png",
    ]
    page.inspector.history.clicked.emit(steps.index(1, 0))
    settle(page, qtbot)
    assert page.model.project.counts().decided == 1
    assert current_name(page) == "no/b.png"


def test_all_by_mouse_alone(page: CuratePage, qtbot: QtBot) -> None:
    page.inspector.decision.accept.click()
    settle(page, qtbot)
    page.inspector.decision.reasons["quality"].click()
    settle(page, qtbot)
    assert current_name(page) == "no/c.png"
    page.inspector.decision.segment.button("discard").click()
    page.stage.reasons.buttons["other"].click()
    settle(page, qtbot)
    assert current_name(page) == "yes/d.png"
    stored = on_disk(page)
    assert [stored[name].discard_reason for name in NAMES[:3]] == [None, "quality", "other"]


def test_a_seen_test_image_is_asked_about_once_without_stopping(
    page: CuratePage, window: MainWindow, qtbot: QtBot
) -> None:
    project = page.model.project
    page.model.announce(project.ensure_splits(Shares(50, 0, 50), 0))
    project.mark_seen(project.ids)
    test = [one for one in project.states() if one.split == "test"]
    page.model.set_current(test[0].id)
    settle(page, qtbot)
    type_keys("x5")
    assert current_name(page) == test[0].file_name
    assert project.test_touched == 0
    assert window.toast.isVisible()
    next(one for one in window.toast.findChildren(QPushButton) if one.text() == "Change anyway").click()
    settle(page, qtbot)
    assert state(page, test[0].file_name).discard_reason == "quality"
    page.model.set_current(test[1].id)
    type_keys("x5")
    assert project.test_touched == 2


def test_an_unreadable_image_says_why(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    root = make_dataset(tmp_path / "scans")
    (root / "no/b.png").write_bytes(b"no image at all")
    page = open_with_proposals(window, root, qtbot)
    press(Qt.Key.Key_Right)
    qtbot.waitUntil(page.stage.notice.isVisible)
    assert "not an image that can be read" in page.stage.notice.words.text()
    assert page.images.index(1).data(Role.ERROR)
    press(Qt.Key.Key_Right)
    settle(page, qtbot)
    assert not page.stage.notice.isVisible()


def test_a_folder_without_images_says_what_to_do(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "empty").mkdir()
    assert window.open_folder(tmp_path / "empty")
    wait_until_quiet(window.model, qtbot)
    qtbot.waitUntil(lambda: "no image in this folder" in window.curate.stage.notice.words.text())
    assert window.curate.stage.notice.button.text() == "Look again"


def test_original_while_o_is_held_and_place_under_the_pointer(page: CuratePage, qtbot: QtBot) -> None:
    QTest.keyPress(page.canvas, Qt.Key.Key_O)
    assert page.canvas.mode == "original"
    QTest.keyRelease(page.canvas, Qt.Key.Key_O)
    assert page.canvas.mode == "edit"
    QTest.mouseMove(page.canvas.viewport(), QPoint(3, 3))
    QTest.mouseMove(page.canvas.viewport(), at(page, 30.5, 20.5))
    grey = page.canvas.shown_pixels()[20, 30, 0]
    qtbot.waitUntil(lambda: f"x 30 y 20 = {grey}" in page.window().status.page_text())
