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

from curator.app.shortcuts import shortcuts

_TEXT: Final = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QComboBox)
# These work in text fields too: they leave the field, or go to another one.
_EVERYWHERE: Final = ("curate.leave", "curate.go_to", "curate.search", "curate.controls")


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
