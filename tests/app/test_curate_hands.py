"""Curate by keys alone, by the canvas alone, with keys of one's own; and what is proposed looks like it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from curate_help import (
    CROP,
    HEIGHT,
    NAMES,
    TEXT,
    WIDTH,
    at,
    click,
    current_name,
    drag,
    make_dataset,
    on_disk,
    open_with_proposals,
    press,
    settle,
    state,
    type_keys,
)
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from curator.app import theme
from curator.app.curate import shapes
from curator.app.curate.overlays import MaskItem
from curator.app.curate.page import CuratePage
from curator.app.keys_dialog import KeysDialog
from curator.app.main_window import MainWindow
from curator.app.settings import Settings
from curator.app.shortcuts import CURATE, lines_of, shortcuts
from curator.app.widgets import KeyHint
from curator.project import edits
from curator.records import Crop, Mask

Alt = Qt.KeyboardModifier.AltModifier
Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier
Plain = Qt.KeyboardModifier.NoModifier
A = NAMES[0]


@pytest.fixture
def page(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> CuratePage:
    window.resize(1200, 800)
    return open_with_proposals(window, make_dataset(tmp_path / "scans"), qtbot)


# By keys alone


def test_a_mask_is_drawn_by_keys(page: CuratePage) -> None:
    type_keys("m")
    press(Qt.Key.Key_Return)
    drawn = state(page, A).masks[1]
    assert shapes.bounds(drawn.polygon)[2:] == tuple(
        low + side // 8 for low, side in zip(drawn.polygon[0], (WIDTH, HEIGHT), strict=True)
    )
    type_keys("3")
    x, y = drawn.polygon[0]
    press(Qt.Key.Key_Left, Ctrl | Shift)
    press(Qt.Key.Key_Up, Ctrl)
    press(Qt.Key.Key_Right, Alt | Shift)
    press(Qt.Key.Key_Right, Alt)
    press(Qt.Key.Key_Up, Alt)
    wide, high = WIDTH // 8 + 11, HEIGHT // 8 - 1
    x, y = x - 10, y - 1
    expected = Mask("arrow", shapes.box_polygon((x, y), (x + wide, y + high), WIDTH, HEIGHT))
    assert on_disk(page)[A].masks == (TEXT, expected)


def test_arrows_that_size_make_one_step(page: CuratePage) -> None:
    for _ in range(4):
        press(Qt.Key.Key_Left, Alt)
    press(Qt.Key.Key_Down, Alt | Shift)
    assert state(page, A).crop == Crop(CROP.x, CROP.y, CROP.width - 4, CROP.height + 10)
    assert [step.words for step in page.model.project.history()] == [f"Crop sized: {A}"]
    press(Qt.Key.Key_Z, Ctrl)
    assert state(page, A).crop == CROP


def test_masks_are_selected_one_after_the_other(page: CuratePage) -> None:
    type_keys("m")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_Escape)
    for number in (0, 1, 0):
        press(Qt.Key.Key_M, Shift)
        assert page.canvas.selected == number
    press(Qt.Key.Key_Delete)
    assert TEXT not in state(page, A).masks
    assert len(state(page, A).masks) == 1


def test_all_masks_go_with_one_key_or_one_click(page: CuratePage, qtbot: QtBot) -> None:
    assert page.inspector.overlays.delete_all.isHidden()
    press(Qt.Key.Key_Delete, Shift)
    assert state(page, A).masks == ()
    press(Qt.Key.Key_Z, Ctrl)
    type_keys("m")
    press(Qt.Key.Key_Return)
    settle(page, qtbot)
    QTest.mouseClick(page.inspector.overlays.delete_all, Qt.MouseButton.LeftButton)
    settle(page, qtbot)
    assert page.canvas.selected is None
    assert page.inspector.overlays.delete_all.isHidden()
    assert on_disk(page)[A].masks == ()


def test_z_shows_full_size(page: CuratePage) -> None:
    type_keys("z")
    assert page.canvas.device_scale == 1
    type_keys("f")
    assert page.canvas.device_scale > 1


corner = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
polygons = st.lists(corner, min_size=3, max_size=6).map(tuple) | st.builds(
    lambda a, b: shapes.box_polygon(a, (b[0] + 1, b[1] + 1), WIDTH, HEIGHT), corner, corner
)
step = st.integers(-150, 150)


@given(polygons, step, step)
def test_a_sized_polygon_keeps_its_corner_and_stays_on_the_image(
    polygon: shapes.Polygon, dx: int, dy: int
) -> None:
    x0, y0, x1, y1 = shapes.bounds(polygon)
    sized = shapes.sized_polygon(polygon, dx, dy, WIDTH, HEIGHT)
    a0, b0, a1, b1 = shapes.bounds(sized)
    assert (a0, b0) == (x0, y0)
    assert a1 <= WIDTH
    assert b1 <= HEIGHT
    assert len(sized) == len(polygon)
    if polygon == shapes.box_polygon((x0, y0), (x1, y1), WIDTH, HEIGHT):
        assert a1 == min(max(x1 + dx, x0 + 1), WIDTH)
        assert b1 == min(max(y1 + dy, y0 + 1), HEIGHT)


# By the canvas alone


def click_pad(page: CuratePage, name: str) -> None:
    button = getattr(page.stage.pad, name)
    place = button.mapTo(page.window(), button.rect().center())
    assert page.window().childAt(place) is button
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def test_beside_the_image_a_click_accepts_discards_and_goes_back(
    page: CuratePage, window: MainWindow, qtbot: QtBot
) -> None:
    click_pad(page, "accept")
    settle(page, qtbot)
    type_keys("x5")
    settle(page, qtbot)
    assert current_name(page) == NAMES[2]
    assert "poor quality" in page.stage.pad.discard.toolTip()
    click_pad(page, "discard")
    settle(page, qtbot)
    assert any("poor quality" in words.text() for words in window.toast.findChildren(QLabel))
    assert current_name(page) == NAMES[3]
    click_pad(page, "back")
    assert current_name(page) == NAMES[2]
    assert page.canvas.hasFocus()
    stored = on_disk(page)
    assert [stored[name].discard_reason for name in NAMES[:3]] == [None, "quality", "quality"]
    assert stored[A].decision == "keep"


@pytest.mark.parametrize("tone", [False, True])
@pytest.mark.parametrize("size", [(1024, 640), (1440, 900)])
def test_the_pad_lies_on_the_canvas_beside_everything_else(
    page: CuratePage, window: MainWindow, size: tuple[int, int], tone: bool
) -> None:
    window.resize(*size)
    if tone:
        type_keys("w")
    QApplication.processEvents()
    stage = page.stage
    pad = stage.pad.geometry()
    assert page.canvas.rect().contains(pad)
    others = (stage.tools, stage.kinds, stage.tone, stage.banner, stage.hint)
    assert [one for one in others if one.isVisible() and one.geometry().intersects(pad)] == []
    image = page.canvas.mapFromScene(0, 0, WIDTH, HEIGHT).boundingRect()
    assert not image.intersects(pad)


def test_side_by_side_in_the_smallest_window_leaves_room_for_the_image(
    page: CuratePage, window: MainWindow
) -> None:
    window.resize(1024, 640)
    type_keys("s")
    QApplication.processEvents()
    assert page.canvas.mapFromScene(0, 0, WIDTH, HEIGHT).boundingRect().width() >= 180
    crop = page.stage.tools.buttons["crop"]
    assert crop.text() == ""
    assert crop.accessibleName() == "Crop"
    assert crop.toolTip() == "Crop (C)"
    type_keys("s")
    QApplication.processEvents()
    assert crop.text() == "Crop"


def cut_off(root: QWidget) -> list[str]:
    """The buttons below `root` that have no room for their words and the key beside them."""
    found = []
    for button in root.findChildren(QPushButton):
        if button.isVisible() and button.text():
            beside = sum(
                one.width() + 4
                for one in button.findChildren(KeyHint)
                if one.isVisible() and one.y() < button.height() // 2
            )
            icon = 0 if button.icon().isNull() else button.iconSize().width()
            # Words in the middle leave as much room on the left as the key takes on the right.
            sides = 1 if "text-align: left" in button.styleSheet() else 2
            words = button.fontMetrics().horizontalAdvance(button.text())
            if icon + words + sides * beside > button.width():
                found.append(button.text())
    return found


@pytest.mark.parametrize("size", [(1024, 640), (1440, 900)])
def test_no_words_are_cut_off_in_any_view(
    page: CuratePage, window: MainWindow, size: tuple[int, int], qtbot: QtBot
) -> None:
    window.resize(*size)
    page.model.apply(edits.mark_all_copies(page.model.project.states()[:3], True))
    settle(page, qtbot)
    for keys, leave in (
        ((Qt.Key.Key_B, Plain), None),
        ((Qt.Key.Key_X, Plain), Qt.Key.Key_Escape),
        ((Qt.Key.Key_C, Shift), Qt.Key.Key_Escape),
        ((Qt.Key.Key_P, Shift), Qt.Key.Key_Escape),
        ((Qt.Key.Key_Return, Ctrl), Qt.Key.Key_Escape),
        ((Qt.Key.Key_S, Plain), Qt.Key.Key_S),
        ((Qt.Key.Key_G, Plain), None),
    ):
        press(*keys)
        settle(page, qtbot)
        QApplication.processEvents()
        assert cut_off(window) == [], (keys, page.middle.view)
        if leave is not None:
            press(leave)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_what_opens_from_the_top_bar_has_a_ground_of_its_own(
    page: CuratePage, window: MainWindow, scheme: str
) -> None:
    if theme.current().scheme != scheme:
        window.toggle_theme()
    bar = page.filter_bar
    bar.more.click()
    menu = bar.order.menu()
    menu.popup(bar.mapToGlobal(bar.rect().bottomLeft()))
    QApplication.processEvents()
    for widget, ground in ((bar.panel, theme.current().pane), (menu, theme.current().pane_raised)):
        assert widget.grab().toImage().pixelColor(4, widget.height() // 2).name() == ground
        widget.close()


# What is proposed


def dashed(page: CuratePage) -> list[bool]:
    """For each mask on the canvas, the first one first, whether it is drawn as proposed."""
    items = [one for one in page.canvas.scene().items() if isinstance(one, MaskItem) and one.isVisible()]
    order = {mask: number for number, mask in enumerate(page.decisions.state.masks)}
    return [one.proposed for one in sorted(items, key=lambda one: order[one.mask])]


def test_a_mask_beside_a_proposed_one_does_not_confirm_it(page: CuratePage, qtbot: QtBot) -> None:
    assert dashed(page) == [True]
    type_keys("m")
    drag(page, (60, 80), (80, 90))
    assert dashed(page) == [True, False]
    settle(page, qtbot)
    assert [row.proposed for row in page.inspector.overlays.rows] == [True, False]
    press(Qt.Key.Key_Space)
    settle(page, qtbot)
    assert dashed(page) == [True]
    press(Qt.Key.Key_Left)
    settle(page, qtbot)
    assert dashed(page) == [False, False]


def test_a_mask_that_was_moved_is_the_persons(page: CuratePage) -> None:
    click(page, 8, 5)
    press(Qt.Key.Key_Down, Ctrl)
    assert dashed(page) == [False]
    type_keys("r")
    assert dashed(page) == [True]


# While a gesture goes on


def test_the_cleaned_image_follows_a_drag_before_it_ends(page: CuratePage, qtbot: QtBot) -> None:
    page.decisions.set_fill("black")
    type_keys("s")
    settle(page, qtbot)
    qtbot.waitUntil(lambda: page.stage.cleaned.pixels() is not None)
    before = page.stage.cleaned.pixels().copy()
    type_keys("m")
    view = page.canvas.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(page, 40, 40))
    QTest.mouseMove(view, at(page, 60, 55))
    qtbot.waitUntil(lambda: not np.array_equal(page.stage.cleaned.pixels(), before))
    drawn = page.stage.cleaned.pixels()
    assert not drawn[45 - CROP.y, 50 - CROP.x].any()
    assert len(state(page, A).masks) == 1
    press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: np.array_equal(page.stage.cleaned.pixels(), before))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(page, 60, 55))
    assert len(state(page, A).masks) == 1


# Keys of one's own


def change(dialog: KeysDialog, id: str, key: str) -> str:
    """Types another key into its field; returns what is said of it."""
    dialog.fields[id].setKeySequence(key)
    dialog.fields[id].editingFinished.emit()
    return " ".join(one.text() for one in dialog.findChildren(QLabel) if one.property("role") == "bad")


def test_a_held_key_can_be_another_and_goes_without_ctrl(page: CuratePage, window: MainWindow) -> None:
    dialog = KeysDialog(window.settings, window)
    assert "without Ctrl" in change(dialog, "curate.original", "Ctrl+J")
    assert change(dialog, "curate.original", "J") == ""
    dialog.close()
    page.take_focus()
    QTest.keyPress(page.canvas, Qt.Key.Key_O)
    assert page.canvas.mode == "edit"
    QTest.keyPress(page.canvas, Qt.Key.Key_J)
    assert page.canvas.mode == "original"
    QTest.keyRelease(page.canvas, Qt.Key.Key_J)
    assert page.canvas.mode == "edit"


def test_what_is_taken_is_refused_with_its_name_and_so_is_a_default_that_was_given_away(
    window: MainWindow,
) -> None:
    dialog = KeysDialog(window.settings, window)
    assert "Kind of the mask" in change(dialog, "curate.note", "3")
    assert "Accept what is shown" in change(dialog, "curate.note", "Space")
    # Keys of Review may be the same: the two pages are never in front together.
    assert change(dialog, "curate.accept", "Ctrl+J") == ""
    assert change(dialog, "curate.note", "Space") == ""
    dialog._reset(shortcuts.get("curate.accept"))
    assert shortcuts.get("curate.accept").keys == ("Ctrl+J",)
    assert dialog.fields["curate.accept"].keySequence().toString() == "Ctrl+J"
    dialog._reset_all()
    assert shortcuts.own() == {}
    dialog.close()


def test_every_key_of_curate_can_be_changed_but_the_digits(window: MainWindow) -> None:
    dialog = KeysDialog(window.settings, window)
    keys = {key.id for key in shortcuts.all() if key.page == CURATE}
    assert keys - dialog.fields.keys() == {"curate.digits"}
    dialog.close()


def test_changed_keys_of_a_page_hold_from_the_start_of_the_window(
    settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    settings.set_keys({"curate.next_mask": "J", "curate.keep": "Space", "curate.digits": "9"})
    window = MainWindow(settings)
    qtbot.addWidget(window)
    # What would do two things at once is left out, and so is what cannot be changed.
    assert shortcuts.own() == {"curate.next_mask": "J"}
    window.show()
    page = open_with_proposals(window, make_dataset(tmp_path / "scans"), qtbot)
    type_keys("j")
    assert page.canvas.selected == 0
    window.close()


def test_arrows_of_one_kind_are_one_line_of_the_help() -> None:
    lines = {words: keys for keys, words in lines_of(shortcuts.all())}
    assert lines["Nudge mask or crop by 1 px"] == ["Ctrl+←→↑↓"]
    shortcuts.set_own({"curate.nudge_up": "J"})
    lines = {words: keys for keys, words in lines_of(shortcuts.all())}
    assert lines["Nudge mask or crop by 1 px"] == ["Ctrl+←", "…"]


def test_tips_and_words_name_the_keys_that_there_are(page: CuratePage) -> None:
    shortcuts.set_own({"curate.go_to": "Ctrl+J", "curate.discard": "Q"})
    assert page.bar.number.toolTip() == "Go to image number (Ctrl+J)"
    assert page.inspector.decision.reasons["other"].toolTip() == "Discard: other reason (Q 6)"
    type_keys("q")
    again = page.stage.reasons.buttons[page.decisions.last_reason]
    assert ", Q  " in again.text()


def test_back_to_review_is_a_key_of_its_own(page: CuratePage, window: MainWindow) -> None:
    gone: list[bool] = []
    page.back_requested.connect(lambda: gone.append(True))
    page.begin_mending()
    page.canvas.select(0)
    press(Qt.Key.Key_Backspace)
    assert state(page, A).masks == ()
    assert gone == []
    press(Qt.Key.Key_Backspace)
    assert gone == [True]
    shortcuts.set_own({"review.back": "J"})
    window.show_page(0)
    page.begin_mending()
    press(Qt.Key.Key_Backspace)
    assert gone == [True]
    type_keys("j")
    assert gone == [True, True]
