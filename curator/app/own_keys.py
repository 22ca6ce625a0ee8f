"""Keys that a control keeps for itself while it has the focus, where the page has a shortcut on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

ARROWS: Final = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_PLAIN: Final = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.KeypadModifier


class _Keeper(QObject):
    def __init__(self, widget: QWidget, keys: Iterable[Qt.Key]) -> None:
        super().__init__(widget)
        self._keys = frozenset(keys)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt asks before it takes a key for a shortcut: accepted, the key goes to the widget."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and Qt.Key(event.key()) in self._keys
            and not event.modifiers() & ~_PLAIN
        ):
            event.accept()
            return True
        return super().eventFilter(watched, event)


def keep_keys(widget: QWidget, keys: Iterable[Qt.Key] = ARROWS) -> None:
    """Lets `widget` have these keys, without Ctrl, Alt or Shift, whatever the page does with them elsewhere."""
    widget.installEventFilter(_Keeper(widget, keys))
