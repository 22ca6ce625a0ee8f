"""Copies beside each other, by clicks and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from curate_help import make_dataset, on_disk, open_with_proposals, press, settle, state
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from curator.app.curate.page import CuratePage
from curator.app.image_work import to_pixels
from curator.app.main_window import MainWindow

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier
GROUP = ("no/a.png", "no/b.png", "yes/e.png")


@pytest.fixture
def page(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> CuratePage:
    window.resize(1300, 860)
    root = make_dataset(tmp_path / "scans")
    # A copy at another size, so that there is something to align.
    with Image.open(root / "no/a.png") as image:
        image.resize((240, 200), Image.Resampling.BICUBIC).save(root / "yes/e.png")
    page = open_with_proposals(window, root, qtbot)
    ids = frozenset(state(page, name).id for name in GROUP)
    page.model.announce(page.model.project.set_copy_groups([ids]))
    settle(page, qtbot)
    return page


def open_compare(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_C, Shift)
    assert page.middle.compare.isVisible()
    qtbot.waitUntil(lambda: page.middle.compare.view.shown() != [])


def test_the_three_ways_of_comparing_show_three_things(page: CuratePage, qtbot: QtBot) -> None:
    open_compare(page, qtbot)
    compare = page.middle.compare
    assert (compare.first.file_name, compare.second.file_name) == ("no/a.png", "yes/e.png")
    first, second = compare.view.shown()
    assert first.size() == second.size()
    press(Qt.Key.Key_Down)
    assert compare.mode.value() == "blink"
    seen = compare.view.shows_second
    qtbot.waitUntil(lambda: compare.view.shows_second != seen, timeout=3_000)
    press(Qt.Key.Key_Down)
    (apart,) = compare.view.shown()
    expected = np.abs(to_pixels(first).astype(int) - to_pixels(second)).mean()
    assert compare.words.text() == f"{expected:.1f} grey levels apart on average."
    assert not np.array_equal(to_pixels(apart), to_pixels(first))
    assert compare.clash.text() == "Labels differ: no / yes"


def test_blinking_ends_with_the_view(page: CuratePage, qtbot: QtBot) -> None:
    open_compare(page, qtbot)
    page.middle.compare.mode.button("blink").click()
    assert page.middle.compare._blink.isActive()
    press(Qt.Key.Key_Escape)
    assert page.middle.view == "image"
    assert not page.middle.compare._blink.isActive()


def test_right_steps_through_the_others_and_a_tile_too(page: CuratePage, qtbot: QtBot) -> None:
    open_compare(page, qtbot)
    compare = page.middle.compare
    press(Qt.Key.Key_Right)
    assert compare.second.file_name == "no/b.png"
    other = next(tile for tile in compare.tiles if tile.state.file_name == "yes/e.png")
    QTest.mouseClick(other, Qt.MouseButton.LeftButton)
    assert compare.second.file_name == "yes/e.png"


def test_keep_b_keeps_it_alone_and_undo_takes_that_back(page: CuratePage, qtbot: QtBot) -> None:
    open_compare(page, qtbot)
    page.middle.compare.sides[1].keep.click()
    assert [state(page, name).decision for name in GROUP] == ["discard", "discard", "keep"]
    assert state(page, "no/a.png").discard_reason == "duplicate"
    assert page.middle.compare.sides[1].badge.accessibleName() == "keep"
    press(Qt.Key.Key_Z, Ctrl)
    assert page.model.project.counts().decided == 0


def test_keep_the_best_works_by_its_key_in_the_comparison(page: CuratePage, qtbot: QtBot) -> None:
    open_compare(page, qtbot)
    press(Qt.Key.Key_K, Shift)
    assert state(page, "yes/e.png").decision == "keep"
    assert page.model.project.counts().decided == 3


def test_not_copies_holds_when_copies_are_looked_for_again(page: CuratePage, qtbot: QtBot) -> None:
    open_compare(page, qtbot)
    press(Qt.Key.Key_Right)
    page.middle.compare.not_copies.click()
    first, second = state(page, "no/a.png"), state(page, "no/b.png")
    assert first.copy_group != second.copy_group or first.copy_group is None
    constraints = page.model.project.copy_constraints()
    assert [(one.first_id, one.second_id, one.same) for one in constraints] == [(first.id, second.id, False)]
    stored = on_disk(page)
    assert (
        stored["no/a.png"].copy_group != stored["no/b.png"].copy_group
        or stored["no/a.png"].copy_group is None
    )


def test_two_selected_images_are_said_to_be_copies(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_G)
    page.images.select([state(page, "no/c.png").id, state(page, "yes/d.png").id])
    press(Qt.Key.Key_C, Shift)
    compare = page.middle.compare
    qtbot.waitUntil(lambda: compare.view.shown() != [])
    assert not compare.keep_best.isEnabled()
    compare.copies.click()
    assert state(page, "no/c.png").copy_group is not None
    assert state(page, "no/c.png").copy_group == state(page, "yes/d.png").copy_group
    assert compare.keep_best.isEnabled()
    press(Qt.Key.Key_Escape)
    assert page.middle.view == "grid"


def test_keeping_one_discards_its_copies_alone(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_G)
    page.images.select([state(page, name).id for name in ("no/a.png", "no/b.png", "no/c.png", "yes/f.png")])
    press(Qt.Key.Key_C, Shift)
    compare = page.middle.compare
    qtbot.waitUntil(lambda: compare.view.shown() != [])
    assert not compare.keep_best.isEnabled()
    press(Qt.Key.Key_K, Shift)
    assert page.model.project.counts().decided == 0
    compare.open(
        [state(page, one) for one in ("no/a.png", "no/b.png", "no/c.png")], state(page, "no/a.png").id
    )
    if compare.second.file_name != "no/b.png":
        compare.step_other(1)
    compare.sides[0].keep.click()
    assert state(page, "no/b.png").discard_reason == "duplicate"
    assert state(page, "no/c.png").decided_by != "person"
    compare.open([state(page, one) for one in ("no/c.png", "yes/f.png")], state(page, "no/c.png").id)
    assert not any(side.keep.isEnabled() for side in compare.sides)


def test_an_image_without_copies_says_what_to_do(page: CuratePage, qtbot: QtBot) -> None:
    page.decisions.go_to(state(page, "yes/f.png").id)
    settle(page, qtbot)
    press(Qt.Key.Key_C, Shift)
    assert page.middle.view == "image"
    assert "Select two images" in page.window().toast.message.text
