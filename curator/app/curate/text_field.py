"""A line to type in that hands the keys back at Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit


class TextField(QLineEdit):
    """`left` says that the user is done with it."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends typing, and is nobody else's key."""
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            self.left.emit()
