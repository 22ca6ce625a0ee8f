"""Many images at once: filters, selection, propagation, the random look after accepting, hints, contrast."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from curate_help import (
    CROP,
    NAMES,
    TEXT,
    at,
    current_name,
    drag,
    make_dataset,
    on_disk,
    open_with_proposals,
    press,
    proposal,
    settle,
    state,
    type_keys,
)
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless

from curator.app.curate.lists import Grid
from curator.app.curate.page import CuratePage
from curator.app.curate.propagate import PropagateSheet
from curator.app.curate.tone import Tone, curve
from curator.app.image_filter import Filter
from curator.app.main_window import MainWindow
from curator.imaging.decode import load
from curator.project import edits
from curator.records import Crop
from curator.workflow import audit

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier
Plain = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def page(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> CuratePage:
    window.resize(1300, 860)
    return open_with_proposals(window, make_dataset(tmp_path / "scans"), qtbot)


def names(page: CuratePage) -> list[str]:
    return [page.images.index(row).data() for row in range(page.images.rowCount())]


def names_of(sheet: PropagateSheet) -> list[str]:
    model = sheet.grid.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def click_tile(grid: Grid, row: int, held: Qt.KeyboardModifier = Plain) -> None:
    place = grid.visualRect(grid.model().index(row, 0)).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, held, place)
    QApplication.processEvents()


def open_filters(page: CuratePage) -> None:
    page.filter_bar.more.click()
    assert page.filter_bar.panel.isVisible()


# Filters


def test_the_panel_filters_by_class_and_kind_and_says_how_many(page: CuratePage, qtbot: QtBot) -> None:
    open_filters(page)
    panel = page.filter_bar.panel
    panel.chips["labels", "yes"].click()
    assert names(page) == ["no/a.png", "yes/d.png", "yes/e.png", "yes/f.png"][1:]
    assert panel.words.text() == "3 images"
    panel.chips["kinds", "ruler"].click()
    assert panel.words.text() == "0 images"
    panel.chips["kinds", "text"].click()
    assert panel.words.text() == "3 images"
    assert page.filter_bar.more.text() == "2"
    panel.clear_all.click()
    assert len(names(page)) == len(NAMES)
    qtbot.keyClick(panel.clear_all, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_confidence_bounds_and_the_filter_is_there_after_a_restart(
    page: CuratePage, window: MainWindow, qtbot: QtBot
) -> None:
    open_filters(page)
    page.filter_bar.panel.most.setValue(0.6)
    assert names(page) == ["no/c.png", "yes/f.png"]
    page.filter_bar.panel.hide()
    page.filter_bar.orders["unsure-first"].trigger()
    page.filter_bar.search.setText("f")
    qtbot.waitUntil(lambda: page.images.rowCount() == 1)
    root = page.model.project.root
    page.model.close()
    assert window.open_folder(root)
    qtbot.waitUntil(lambda: page.model.quiet and not page.model.jobs.active())
    page.decisions.go_to(state(page, "yes/f.png").id)
    assert names(page) == ["yes/f.png"]
    assert page.images.order == "unsure-first"
    assert page.filter_bar.search.text() == "f"


def test_small_first_and_alike_first(page: CuratePage) -> None:
    ids = {name: state(page, name).id for name in NAMES}
    hashes = {one: (0b1111 << (4 * n), 0b1111 << (4 * n)) for n, one in enumerate(ids.values()) if n != 4}
    hashes[ids["yes/e.png"]] = (0b0111, 0b0111)
    proposals = {one: page.model.project.state(one).proposal for one in ids.values()}
    page.model.announce(page.model.project.set_proposals(proposals, fingerprints=hashes))
    page.filter_bar.orders["likeness"].trigger()
    assert names(page)[:2] == ["no/a.png", "yes/e.png"]
    page.filter_bar.orders["size"].trigger()
    assert sorted(names(page)) == sorted(NAMES)


def test_n_goes_to_the_next_image_with_an_overlay_of_the_chosen_kind(page: CuratePage, qtbot: QtBot) -> None:
    page.decisions.go_to(state(page, "yes/e.png").id)
    settle(page, qtbot)
    type_keys("m5")
    drag(page, (60, 60), (80, 80))
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_Escape)
    page.decisions.go_to(state(page, "no/a.png").id)
    settle(page, qtbot)
    border = next(action for action in page.bar.kinds.menu().actions() if action.text() == "border")
    border.trigger()
    assert current_name(page) == "yes/e.png"
    page.decisions.go_to(state(page, "no/b.png").id)
    type_keys("n")
    settle(page, qtbot)
    assert current_name(page) == "yes/e.png"


# Many at once


def test_ctrl_and_shift_click_select_and_one_key_decides_all_of_them(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("g")
    click_tile(page.grid, 1)
    click_tile(page.grid, 3, Shift)
    click_tile(page.grid, 5, Ctrl)
    settle(page, qtbot)
    assert page.inspector.decision.many.text().startswith("4 images selected")
    assert page.inspector.decision.accept.text() == "Accept 4 images"
    type_keys("x5")
    settle(page, qtbot)
    assert page.images.selected == []
    assert page.model.project.counts().discard == 4
    press(Qt.Key.Key_Z, Ctrl)
    assert page.model.project.counts().discard == 0
    press(Qt.Key.Key_Z, Ctrl | Shift)
    stored = on_disk(page)
    assert [stored[name].discard_reason for name in NAMES] == [None, *["quality"] * 3, None, "quality"]


def test_a_selection_elsewhere_is_given_up_when_one_image_is_shown(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_A, Ctrl)
    assert len(page.images.selected) == 6
    press(Qt.Key.Key_Escape)
    assert page.images.selected == []
    type_keys("g")
    click_tile(page.grid, 1)
    click_tile(page.grid, 2, Ctrl)
    type_keys("g")
    assert len(page.images.selected) == 2
    page.decisions.go_to(state(page, "yes/f.png").id)
    settle(page, qtbot)
    press(Qt.Key.Key_Space)
    assert page.model.project.counts().decided == 1


def test_margin_and_square_work_on_all_that_are_selected(page: CuratePage, qtbot: QtBot) -> None:
    page.inspector.crop.percent.setValue(5)
    page.inspector.crop.wider.click()
    assert state(page, "no/a.png").crop == Crop(16, 6, 88, 78)
    press(Qt.Key.Key_Z, Ctrl)
    press(Qt.Key.Key_A, Ctrl)
    page.inspector.crop.square.click()
    stored = on_disk(page)
    assert {stored[name].crop for name in NAMES} == {Crop(20, 5, 80, 80)}


def test_a_new_class_is_made_where_the_label_is(page: CuratePage, qtbot: QtBot) -> None:
    page.inspector.label.new.click()
    assert QApplication.focusWidget() is page.inspector.label.name
    type_keys("maybe")
    press(Qt.Key.Key_Return)
    settle(page, qtbot)
    assert page.inspector.label.chip("maybe").isChecked()
    type_keys("l")
    settle(page, qtbot)
    assert state(page, "no/a.png").label == "no"
    press(Qt.Key.Key_Z, Ctrl)
    assert on_disk(page)["no/a.png"].label == "maybe"


# Propagation


def test_crop_and_masks_go_to_others_of_the_same_size_after_a_look(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Right, Ctrl)
    type_keys("m2")
    drag(page, (90, 80), (110, 95))
    press(Qt.Key.Key_Escape)
    press(Qt.Key.Key_Escape)
    source = state(page, "no/a.png")
    press(Qt.Key.Key_P, Shift)
    sheet = page.middle.propagate
    assert sheet.isVisible()
    assert sheet.apply.text() == "Apply to 5 images"
    click_tile(sheet.grid, 0)
    assert sheet.apply.text() == "Apply to 4 images"
    sheet.apply.click()
    assert page.middle.view == "image"
    stored = on_disk(page)
    for name in NAMES[2:]:
        assert (stored[name].crop, stored[name].masks) == (source.crop, source.masks)
        assert stored[name].decided_by != "person"
    assert stored["no/b.png"].crop == CROP


def test_propagating_without_likes_says_what_to_do(page: CuratePage) -> None:
    page.middle.open_propagate()
    page.middle.propagate.scope.button("size").click()
    page.middle.propagate.crop.click()
    page.middle.propagate.masks.click()
    sheet = page.middle.propagate
    assert not sheet.apply.isEnabled()
    sheet.grid.help.click()
    assert sheet.crop.isChecked()
    assert sheet.apply.isEnabled()
    press(Qt.Key.Key_Escape)
    assert page.middle.view == "image"


def test_propagating_with_nothing_to_do_takes_decided_ones_or_leads_to_the_grid(page: CuratePage) -> None:
    states = page.model.project.states()
    page.model.apply(edits.accept_all(states[1:]))
    page.middle.open_propagate()
    sheet = page.middle.propagate
    if not sheet.undecided.isChecked():
        sheet.undecided.click()
    assert sheet.grid.help.text() == "Take them all the same"
    sheet.grid.help.click()
    assert sheet.grid.help.text() == "Close"
    page.model.apply(edits.set_crop(states[0], Crop(1, 2, 30, 40)))
    assert len(names_of(sheet)) == len(NAMES) - 1
    sheet.open(page.model.project, replace(states[0], width=7), (), ())
    assert sheet.grid.help.text() == "To the grid"
    sheet.grid.help.click()
    assert page.middle.view == "grid"


# The random look


def test_after_accepting_many_a_random_part_comes_up_with_a_bound(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Return, Ctrl)
    page.middle.confident.accept.click()
    settle(page, qtbot)
    assert page.stage.banner.isVisible()
    assert sorted(names(page)) == ["no/a.png", "no/b.png", "yes/d.png", "yes/e.png"]
    press(Qt.Key.Key_Space)
    settle(page, qtbot)
    assert "none was wrong" in page.stage.banner.words.text()
    press(Qt.Key.Key_Right, Ctrl)
    assert "Of 2 looked at, 1 was wrong: with 95 % confidence at most 97 %" in page.stage.banner.words.text()
    press(Qt.Key.Key_Z, Ctrl)
    assert "Of 2 looked at, none was wrong" in page.stage.banner.words.text()
    page.stage.banner.end.click()
    assert not page.stage.banner.isVisible()
    assert len(names(page)) == 6
    project = page.model.project
    started = audit.open_audit(project)
    assert started is not None
    assert len(started.seen) == 2
    press(Qt.Key.Key_Return, Ctrl)
    assert page.middle.confident.resume.isVisible()
    page.middle.confident.resume.click()
    settle(page, qtbot)
    for _ in range(2):
        page.stage.banner.next.click()
        press(Qt.Key.Key_Space)
    assert page.stage.banner.end.text() == "Done"
    page.stage.banner.end.click()
    assert audit.open_audit(project) is None


# Undo of nudges, contrast, hints


def test_nudges_make_one_step(page: CuratePage) -> None:
    for _ in range(5):
        press(Qt.Key.Key_Right, Ctrl)
    assert state(page, "no/a.png").crop == Crop(25, 10, 80, 70)
    assert [step.words for step in page.model.project.history()] == ["Crop nudged: no/a.png"]
    press(Qt.Key.Key_Z, Ctrl)
    assert state(page, "no/a.png").crop == CROP
    press(Qt.Key.Key_Z, Ctrl | Shift)
    assert on_disk(page)["no/a.png"].crop == Crop(25, 10, 80, 70)


def test_contrast_is_of_the_view_alone_and_stays_from_image_to_image(page: CuratePage, qtbot: QtBot) -> None:
    page.canvas.set_mode("original")
    before = page.canvas.grab().toImage()
    type_keys("i")
    qtbot.waitUntil(lambda: page.canvas.grab().toImage() != before)
    assert np.array_equal(page.canvas.shown_pixels(), load(page.model.project.root / "no/a.png"))
    middle = page.canvas.viewport().rect().center()
    colour = page.canvas.viewport().grab().toImage().pixelColor(middle)
    type_keys("i")
    plain = page.canvas.viewport().grab().toImage().pixelColor(middle)
    assert colour.red() == 255 - plain.red()
    right_drag(page, 30, 20)
    assert page.canvas.tone == Tone(window=285, level=137.5)
    press(Qt.Key.Key_Right)
    settle(page, qtbot)
    assert page.canvas.tone == Tone(window=285, level=137.5)
    assert "W 285  L 138" in page.window().status.page_text()
    press(Qt.Key.Key_W, Shift)
    assert page.canvas.tone.is_plain
    assert page.model.project.history() == []


def right_drag(page: CuratePage, dx: int, dy: int) -> None:
    view = page.canvas.viewport()
    right, none = Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
    start = QPointF(200, 200)
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, start, right, right),
        (QEvent.Type.MouseMove, start + QPointF(dx, dy), none, right),
        (QEvent.Type.MouseButtonRelease, start + QPointF(dx, dy), right, none),
    ):
        event = QMouseEvent(kind, place, QPointF(view.mapToGlobal(place)), button, held, Plain)
        QApplication.sendEvent(view, event)


def test_the_panel_of_contrast_follows_and_leads(page: CuratePage) -> None:
    type_keys("w")
    panel = page.stage.tone
    assert panel.isVisible()
    panel.sliders["gamma"].setValue(10)
    assert page.canvas.tone.gamma == 2
    panel.sliders["window"].setValue(100)
    assert page.canvas.tone == Tone(100, 127.5, 2)
    panel.reset.click()
    assert page.canvas.tone.is_plain
    assert curve(Tone()).tolist() == list(range(256))


def test_hints_go_away_when_the_thing_was_done_and_stay_away(
    page: CuratePage, window: MainWindow, qtbot: QtBot
) -> None:
    card = page.stage.hint
    assert card.isVisible()
    assert "Space" in card.words.text()
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Space)
    assert "handle" in card.words.text()
    press(Qt.Key.Key_Right, Ctrl)
    assert "discards with a reason" in card.words.text()
    card.next.click()
    assert "Ctrl+Return" in card.words.text() or "Ctrl+Enter" in card.words.text()
    card.close_all.click()
    assert not card.isVisible()
    page.hints.use(window.settings)
    assert not card.isVisible()


def test_conflicting_labels_of_copies_stand_out(page: CuratePage, qtbot: QtBot) -> None:
    project = page.model.project
    group = frozenset(state(page, name).id for name in ("no/a.png", "yes/e.png"))
    page.model.announce(project.set_copy_groups([group]))
    settle(page, qtbot)
    assert "labels differ" in page.inspector.copies.clash.text()
    page.listing.set_filter(Filter("conflicts"))
    assert names(page) == ["no/a.png", "yes/e.png"]
    page.model.apply(edits.relabel([state(page, "yes/e.png")], "no"))
    settle(page, qtbot)
    assert page.inspector.copies.clash.isHidden()
    assert page.images.count_of("conflicts") == 0


def test_a_filter_that_lists_nothing_offers_to_list_all(page: CuratePage, qtbot: QtBot) -> None:
    page.listing.set_filter(Filter(kinds=frozenset({"ruler"})))
    page.decisions.go(1)
    assert names(page) == []
    assert page.strip.help.isVisible()
    page.strip.help.click()
    assert len(names(page)) == len(NAMES)
    assert not page.strip.help.isVisible()


def test_an_empty_contact_sheet_leads_to_the_surest_or_away(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Return, Ctrl)
    sheet = page.middle.confident
    sheet.slider.setValue(99)
    assert sheet.grid.help.isVisible()
    assert sheet.grid.help.text() == "Show the surest, from 0.95"
    sheet.grid.help.click()
    assert len(sheet.ids()) == 4
    assert not sheet.grid.help.isVisible()
    page.model.apply(edits.accept_all(page.model.project.states()))
    assert sheet.grid.help.text() == "Close"
    sheet.grid.help.click()
    assert page.middle.view == "image"


def test_shift_makes_a_dragged_crop_square(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("c")
    drag(page, (30.4, 20.4), (69.6, 39.6), held=Shift)
    assert state(page, "no/a.png").crop == Crop(30, 20, 40, 40)
    drag(page, (70, 60), (95, 65), held=Shift)
    assert on_disk(page)["no/a.png"].crop == Crop(30, 20, 65, 65)


def test_everything_can_be_named_in_each_view(page: CuratePage, qtbot: QtBot) -> None:
    open_filters(page)
    type_keys("w")
    assert nameless(page.window()) == []
    page.filter_bar.panel.hide()
    for open_view in (page.middle.open_confident, page.middle.open_propagate):
        open_view()
        assert nameless(page.window()) == []
        press(Qt.Key.Key_Escape)
    page.images.select([state(page, name).id for name in NAMES[:3]])
    page.middle.open_compare()
    assert page.middle.view == "compare"
    assert nameless(page.window()) == []


def test_up_and_down_step_a_number_and_tab_selects_the_next(page: CuratePage, qtbot: QtBot) -> None:
    fields = page.inspector.crop.fields
    QTest.mouseClick(fields["x"], Qt.MouseButton.LeftButton)
    press(Qt.Key.Key_Up)
    settle(page, qtbot)
    assert state(page, "no/a.png").crop == Crop(21, 10, 80, 70)
    press(Qt.Key.Key_Tab)
    assert fields["y"].hasFocus()
    qtbot.waitUntil(lambda: not page._soon.isActive())
    type_keys("33")
    press(Qt.Key.Key_Return)
    assert state(page, "no/a.png").crop == Crop(21, 33, 80, 67)
    settle(page, qtbot)
    QTest.mouseClick(fields["w"], Qt.MouseButton.LeftButton)
    type_keys("44")
    press(Qt.Key.Key_Return)
    assert on_disk(page)["no/a.png"].crop == Crop(21, 33, 44, 67)


def test_deleting_a_mask_in_the_list_gives_the_keys_back(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_F6)
    for _ in range(20):
        if page.inspector.overlays.button(0).hasFocus():
            break
        press(Qt.Key.Key_Tab)
    assert page.inspector.overlays.button(0).hasFocus()
    press(Qt.Key.Key_Return)
    assert page.canvas.selected == 0
    press(Qt.Key.Key_Delete)
    settle(page, qtbot)
    assert state(page, "no/a.png").masks == ()
    assert QApplication.focusWidget() is page.canvas


def test_when_the_last_copy_goes_it_is_said(page: CuratePage, qtbot: QtBot) -> None:
    group = frozenset(state(page, name).id for name in ("no/a.png", "no/b.png"))
    page.model.announce(page.model.project.set_copy_groups([group]))
    page.decisions.go_to(state(page, "no/b.png").id)
    settle(page, qtbot)
    type_keys("x3")
    assert page.window().toast.message is None
    page.decisions.go_to(state(page, "no/a.png").id)
    settle(page, qtbot)
    type_keys("x1")
    assert "No copy of this image is kept any more" in page.window().toast.message.text
    assert "no/b.png" in page.window().toast.message.text


def test_what_was_left_out_stays_out_while_proposals_come_in(page: CuratePage, qtbot: QtBot) -> None:
    press(Qt.Key.Key_Right, Ctrl)
    page.middle.open_propagate()
    sheet = page.middle.propagate
    click_tile(sheet.grid, 0)
    click_tile(sheet.grid, 1)
    assert sheet.apply.text() == "Apply to 3 images"
    project = page.model.project
    one = state(page, "yes/f.png")
    page.model.announce(project.set_proposals({one.id: proposal(0.7, crop=Crop(1, 1, 30, 30))}))
    assert sheet.apply.text() == "Apply to 3 images"
    page.decisions.set_crop(Crop(40, 5, 20, 20))
    sheet.apply.click()
    assert state(page, "yes/f.png").crop == Crop(40, 5, 20, 20)
    assert state(page, "no/b.png").crop == CROP


def test_nothing_is_decided_of_images_that_nobody_sees(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("g")
    for row, held in ((0, Plain), (1, Ctrl), (2, Ctrl)):
        click_tile(page.grid, row, held)
    page.listing.set_filter(Filter(text="f.png"))
    assert page.images.selected == []
    page.listing.set_filter(Filter())
    page.images.select([state(page, name).id for name in NAMES[:3]])
    page.decisions.go_to(state(page, "yes/e.png").id)
    type_keys("g")
    assert page.images.selected == []
    settle(page, qtbot)
    type_keys("k")
    assert page.model.project.counts().decided == 1


def test_one_selected_image_is_the_one_that_is_meant(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("g")
    press(Qt.Key.Key_Space, Ctrl)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Right)
    settle(page, qtbot)
    assert page.inspector.decision.accept.text() == "Accept 1 image"
    type_keys("k")
    assert state(page, "no/a.png").decided_by == "person"
    assert page.model.project.counts().decided == 1


def test_after_a_filter_a_range_still_starts_at_the_current_image(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("g")
    page.filter_bar.chips["to-do"].click()
    click_tile(page.grid, 2, Shift)
    assert len(page.images.selected) == 3


def test_the_random_look_shows_itself_and_ends_with_what_it_was_about(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("g")
    page.middle.open_confident()
    page.middle.confident.accept.click()
    settle(page, qtbot)
    assert page.middle.view == "image"
    assert page.stage.banner.isVisible()
    page.filter_bar.chips["copies"].click()
    page.stage.banner.end.click()
    page.filter_bar.chips["all"].click()
    assert len(names(page)) == len(NAMES)
    press(Qt.Key.Key_Return, Ctrl)
    page.middle.confident.resume.click()
    settle(page, qtbot)
    press(Qt.Key.Key_Z, Ctrl)
    assert not page.audit.on
    assert audit.open_audit(page.model.project) is None
    assert len(names(page)) == len(NAMES)


def test_a_typed_crop_does_not_join_a_drag(page: CuratePage, qtbot: QtBot) -> None:
    drag(page, (20, 10), (10, 5))
    dragged = state(page, "no/a.png").crop
    page.decisions.set_crop(Crop(30, 30, 20, 20))
    page.decisions.set_crop(Crop(31, 30, 20, 20))
    press(Qt.Key.Key_Z, Ctrl)
    assert state(page, "no/a.png").crop == dragged != CROP


def test_a_second_button_does_not_break_a_drag(page: CuratePage) -> None:
    view, none = page.canvas.viewport(), Qt.MouseButton.NoButton
    left, right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
    start, end = QPointF(at(page, 20, 10)), QPointF(at(page, 10, 5))
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, start, left, left),
        (QEvent.Type.MouseMove, end, none, left),
        (QEvent.Type.MouseButtonPress, end, right, left | right),
        (QEvent.Type.MouseButtonRelease, end, left, right),
        (QEvent.Type.MouseButtonRelease, end, right, none),
    ):
        event = QMouseEvent(kind, place, QPointF(view.mapToGlobal(place)), button, held, Plain)
        QApplication.sendEvent(view, event)
    assert state(page, "no/a.png").crop == Crop(10, 5, 90, 75)
    assert page.canvas.tone.is_plain


def test_masks_of_the_dataset_are_as_expected(page: CuratePage) -> None:
    """What the other tests build on."""
    assert state(page, "no/a.png").masks == (TEXT,)
