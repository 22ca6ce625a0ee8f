"""Ties the keys of Curate to what the page does, and keeps them out of text fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from curator.app.shortcuts import CURATE, Key, shortcuts

_TEXT: Final = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QComboBox)
# These work in text fields too: they leave the field, or go to another one.
_EVERYWHERE: Final = ("curate.leave", "curate.go_to", "curate.search", "curate.controls")

shortcuts.register(
    Key("curate.digits", ("1…7",), "Kind of the mask, or reason after X", CURATE, held=True),
    Key("curate.brush_smaller", ("[",), "Smaller brush", CURATE),
    Key("curate.brush_larger", ("]",), "Larger brush", CURATE),
    Key("curate.cleaned", ("V",), "Cleaned, as it is trained on", CURATE),
    Key("curate.controls", ("F6",), "Go to the controls on the right, and back", CURATE),
    Key("curate.finish", ("Return", "Enter"), "Close the polygon; open from the grid", CURATE, held=True),
    Key("curate.up", ("Up",), "Row above in the grid", CURATE),
    Key("curate.down", ("Down",), "Row below in the grid", CURATE),
    Key("curate.next_overlay", ("N",), "Next with an overlay of the chosen kind", CURATE),
    Key("curate.previous_overlay", ("Shift+N",), "Previous with an overlay of that kind", CURATE),
    Key("curate.relabel", ("L",), "Next label", CURATE),
    Key("curate.note", ("T",), "Write a note", CURATE),
    Key("curate.wider", (".",), "Crop wider by the margin", CURATE),
    Key("curate.tighter", (",",), "Crop tighter by the margin", CURATE),
    Key("curate.square", ("Shift+Q",), "Square crop", CURATE),
    Key("curate.apply_to_others", ("Shift+P",), "Apply crop and masks to others", CURATE),
    Key("curate.compare", ("Shift+C",), "Compare copies", CURATE),
    Key("curate.select_all", ("Ctrl+A",), "Select all that are listed", CURATE),
    Key("curate.select", ("Ctrl+Space",), "Select this image too, or no longer", CURATE),
    Key("curate.tone", ("W",), "Window, level, gamma (or right drag)", CURATE),
    Key("curate.plain_tone", ("Shift+W",), "Grey values as they are", CURATE),
    Key("curate.invert", ("I",), "Invert the view", CURATE),
    Key("curate.propose_anew", ("Shift+R",), "Propose anew for all images", CURATE),
    Key("curate.second_look", ("Ctrl+Shift+L",), "Second look: decide a sample again, blind", CURATE),
    Key("curate.first", ("Home",), "First image", CURATE),
    Key("curate.last", ("End",), "Last image", CURATE),
)


def bind_all(page: QWidget, commands: Mapping[str, Callable[[], object]]) -> dict[str, QShortcut]:
    """Binds each id to its command; returns the live shortcuts by id."""
    return {id: shortcuts.bind(page, id, _guarded(page, id, command)) for id, command in commands.items()}


def is_text_field(widget: QWidget | None) -> bool:
    """Whether plain letters belong to the widget."""
    return isinstance(widget, _TEXT)


def held_key(id: str, text: str) -> bool:
    """Whether `text` (a key in portable notation) is the key of `id`."""
    return text in shortcuts.get(id).keys


def _guarded(page: QWidget, id: str, command: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        focus = QApplication.focusWidget()
        on_control = isinstance(focus, QAbstractButton) and page.isAncestorOf(focus)
        if id == "curate.next_unsure" and (on_control or is_text_field(focus)):
            # Tab still leads from control to control once the focus is among them.
            page.focusNextChild()
        elif on_control and isinstance(focus, QAbstractButton) and id == "curate.accept":
            focus.click()
        elif id in _EVERYWHERE or not is_text_field(focus):
            command()

    return run
