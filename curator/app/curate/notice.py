"""A sentence in place of the image: nothing there yet, loading, cannot be read."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from curator.app import theme


class Notice(QWidget):
    """Lies over the canvas and lets the mouse through, but for its button."""

    pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Notice")
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(1)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = QLabel()
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        palette = self.words.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.DARK.dim))
        self.words.setStyleSheet(f"color: {theme.DARK.dim}; background: transparent;")
        self.button = QPushButton()
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self.pressed)
        column.addWidget(self._icon)
        column.addWidget(self.words)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self.hide()

    def say(self, words: str, *, icon: str | None = None, button: str = "") -> None:
        """Shows a sentence; an empty one hides it."""
        self.setVisible(bool(words))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not button)
        self.words.setText(words)
        self._icon.setVisible(icon is not None)
        if icon is not None:
            self._icon.setPixmap(theme.pixmap(icon, theme.DARK.unsure, 32, self.devicePixelRatioF()))
        self.button.setVisible(bool(button))
        self.button.setText(button)
        self.button.setAccessibleName(button)
        if words:
            self.raise_()
