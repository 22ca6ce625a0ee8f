"""What each key and button of Curate does: one name, one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication

from curator.app import messages
from curator.app.curate.floating import TOOLS
from curator.app.curate.keys import held_key
from curator.app.curate.tone import Tone
from curator.app.shortcuts import display, shortcuts
from curator.records import MASK_KINDS

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage

Commands: TypeAlias = dict[str, Callable[[], object]]


def commands_of(page: CuratePage) -> Commands:
    """The commands by the ids of their keys."""
    decisions, canvas, stage, images = page.decisions, page.canvas, page.stage, page.images
    commands: Commands = {
        "curate.accept": decisions.accept,
        "curate.keep": partial(decisions.decide, "keep"),
        "curate.discard": decisions.ask_or_repeat,
        "curate.undecided": partial(decisions.decide, "undecided"),
        "curate.previous": partial(decisions.go, -1),
        "curate.next": partial(decisions.go, 1),
        "curate.previous_undecided": partial(decisions.go, -1, "to-do"),
        "curate.next_undecided": partial(decisions.go, 1, "to-do"),
        "curate.next_unsure": partial(decisions.go, 1, "unsure"),
        "curate.first": lambda: decisions.go_by(-images.rowCount()),
        "curate.last": lambda: decisions.go_by(images.rowCount()),
        "curate.up": partial(_go_row, page, -1),
        "curate.down": partial(_go_row, page, 1),
        "curate.go_to": partial(_ask_number, page),
        "curate.search": partial(_search, page),
        "curate.controls": partial(_to_controls, page),
        "curate.leave": partial(_leave, page),
        "curate.next_mask": partial(_next_mask, page),
        "curate.delete": partial(_delete, page),
        "curate.delete_all": decisions.clear_masks,
        "curate.side_by_side": stage.toggle_side_by_side,
        "curate.cleaned": stage.toggle_cleaned,
        "curate.back_to_proposal": decisions.back_to_proposal,
        "curate.propose_anew": page.model.propose_anew,
        "curate.grid": page.middle.toggle_grid,
        "curate.keep_best": partial(_keep_best, page),
        "curate.accept_confident": page.middle.open_confident,
        "curate.apply_to_others": page.middle.open_propagate,
        "curate.compare": page.middle.open_compare,
        "curate.second_look": page.second_look_wanted.emit,
        "curate.next_overlay": partial(page.go_to_overlay, 1),
        "curate.previous_overlay": partial(page.go_to_overlay, -1),
        "curate.relabel": decisions.next_label,
        "curate.note": partial(_write_note, page),
        "curate.wider": lambda: decisions.add_margin(page.inspector.crop.percent.value()),
        "curate.tighter": lambda: decisions.add_margin(-page.inspector.crop.percent.value()),
        "curate.square": decisions.square,
        "curate.select_all": lambda: images.select(images.listed()),
        "curate.select": partial(_select, page),
        "curate.tone": stage.toggle_tone,
        "curate.plain_tone": lambda: canvas.set_tone(Tone()),
        "curate.invert": lambda: canvas.set_tone(replace(canvas.tone, inverted=not canvas.tone.inverted)),
        "curate.fit": canvas.fit,
        "curate.full_size": canvas.full_size,
        "curate.zoom_in": partial(canvas.zoom, 1),
        "curate.zoom_out": partial(canvas.zoom, -1),
        "curate.brush_smaller": lambda: canvas.set_brush(canvas.brush / 1.25),
        "curate.brush_larger": lambda: canvas.set_brush(canvas.brush * 1.25),
    }
    for tool, *_ in TOOLS:
        commands[f"curate.{tool}"] = partial(canvas.set_tool, tool)
    for name, dx, dy in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1)):
        commands[f"curate.nudge_{name}"] = partial(canvas.nudge, dx, dy)
        commands[f"curate.nudge_{name}_10"] = partial(canvas.nudge, 10 * dx, 10 * dy)
        commands[f"curate.size_{name}"] = partial(canvas.stretch, dx, dy)
        commands[f"curate.size_{name}_10"] = partial(canvas.stretch, 10 * dx, 10 * dy)
    return commands


class HeldKeys:
    """Digits, and keys that act while they are down; True from a method means that the key was one."""

    def __init__(self, page: CuratePage) -> None:
        self._page = page

    def press(self, event: QKeyEvent) -> bool:
        """A key went down."""
        text = QKeySequence(event.key()).toString()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if not plain or event.isAutoRepeat():
            return False
        if text.isdigit():
            self._digit(int(text))
        elif held_key("curate.original", text):
            self._page.stage.set_original(True)
        elif held_key("curate.pan", text):
            self._page.canvas.hold_pan(True)
        elif held_key("curate.finish", text):
            _finish(self._page)
        elif held_key("review.back", text) and self._page.mending:
            self._page.go_back()
        else:
            return False
        return True

    def release(self, event: QKeyEvent) -> bool:
        """A key went up."""
        text = QKeySequence(event.key()).toString()
        if event.isAutoRepeat():
            return False
        if held_key("curate.original", text):
            self._page.stage.set_original(False)
        elif held_key("curate.pan", text):
            self._page.canvas.hold_pan(self._page.stage.tools.pan.isChecked())
        else:
            return False
        return True

    def release_all(self) -> None:
        """The keys went to another window: what is held will not be heard to be released."""
        self._page.stage.set_original(False)
        self._page.canvas.hold_pan(self._page.stage.tools.pan.isChecked())

    def _digit(self, digit: int) -> None:
        if self._page.decisions.asking:
            self._page.decisions.discard_by_digit(digit)
        elif 1 <= digit <= len(MASK_KINDS) and self._page.middle.view == "image":
            self._page.canvas.set_kind(MASK_KINDS[digit - 1])


def _keep_best(page: CuratePage) -> None:
    """Of the copies that are compared, as far as the button there can be pressed; else of the current image."""
    if page.middle.view == "compare":
        page.middle.compare.keep_best.click()
    else:
        page.decisions.keep_best()


def _leave(page: CuratePage) -> None:
    """Esc: closes what is open, one thing at a time."""
    if page.middle.in_sheet:
        page.middle.close_sheet()
    elif page.decisions.asking:
        page.decisions.stop_asking()
    elif QApplication.focusWidget() not in (page, page.canvas):
        page.take_focus()
    elif page.middle.view == "image" and page.canvas.busy:
        page.canvas.leave()
    elif page.images.selected:
        page.images.select(())
    else:
        page.canvas.leave()


def _next_mask(page: CuratePage) -> None:
    """Selects the mask after the selected one, the first after the last."""
    state, selected = page.decisions.state, page.canvas.selected
    if state is not None and state.masks:
        page.canvas.select(0 if selected is None else (selected + 1) % len(state.masks))


def _delete(page: CuratePage) -> None:
    """Deletes the selected mask; with none, goes back to Review if that has the same key."""
    shared = set(shortcuts.get("review.back").keys) & set(shortcuts.get("curate.delete").keys)
    if not page.canvas.delete_selected() and page.mending and shared:
        page.go_back()
    else:
        page.keep_focus()


def _finish(page: CuratePage) -> None:
    """Enter: presses the button that has the focus, closes a polygon, or opens the grid's image."""
    focus = QApplication.focusWidget()
    if isinstance(focus, QAbstractButton):
        focus.click()
    elif page.middle.view == "grid":
        page.middle.toggle_grid()
    else:
        page.canvas.finish()


def _go_row(page: CuratePage, rows: int) -> None:
    """Up or down in the grid."""
    if page.middle.view == "grid":
        page.decisions.go_by(rows * page.grid.columns)


def _search(page: CuratePage) -> None:
    """Gives the keys to the search field."""
    page.filter_bar.search.setFocus()
    page.filter_bar.search.selectAll()


def _ask_number(page: CuratePage) -> None:
    """Gives the keys to the field for a number."""
    page.bar.number.setFocus()
    page.bar.number.selectAll()


def _to_controls(page: CuratePage) -> None:
    """To the inspector's controls, or back."""
    focus = QApplication.focusWidget()
    if focus is not None and page.inspector.isAncestorOf(focus):
        page.take_focus()
    else:
        page.inspector.decision.accept.setFocus()


def _write_note(page: CuratePage) -> None:
    """Gives the keys to the note."""
    page.inspector.note.setFocus()
    page.inspector.ensureWidgetVisible(page.inspector.note)


def _select(page: CuratePage) -> None:
    """Selects the current image too, so that the next ones can join it."""
    current = page.decisions.state
    if page.middle.view != "grid":
        grid = display(shortcuts.get("curate.grid").keys[0])
        messages.show(f"Images are selected in the grid ({grid}), or here with Ctrl or Shift and a click.")
    elif current is not None:
        chosen = set(page.images.selected)
        page.images.select(chosen ^ {current.id})
