"""A narrow field for a number of pixels with its letter before it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QIntValidator, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy

from curator.app.curate.text_field import TextField
from curator.app.widgets import label

_LARGEST = 999_999


class PixelField(TextField):
    """`entered` says that another number was typed; up and down change it by one (Shift: ten)."""

    entered = Signal()

    def __init__(self, letter: str, words: str, least: int) -> None:
        super().__init__()
        self._least = least
        self._shown = 0
        self._by_click = False
        self.setValidator(QIntValidator(least, _LARGEST, self))
        self.setAccessibleName(f"Crop: {words} in pixels")
        self.setToolTip(f"Crop: {words} in pixels")
        self.setStyleSheet("QLineEdit { padding: 3px 3px 3px 20px; }")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        before = label(letter, "dim")
        before.setParent(self)
        before.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        before.move(8, 5)
        self.editingFinished.connect(self._finished)

    def value(self) -> int:
        """The number, the one that was shown where nothing was typed."""
        return max(self._least, int(self.text())) if self.text() else self._shown

    def set_value(self, value: int) -> None:
        """Shows a number, unless another is being typed."""
        if value != self._shown or not self.isModified():
            self._shown = value
            # Setting the same text again would undo the selection, and typing would then add to the number.
            if self.text() != str(value):
                self.setText(str(value))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down step the number."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step *= 10
        self.setText(str(max(self._least, self.value() + step)))
        self.entered.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Typing replaces the number."""
        super().focusInEvent(event)
        self.selectAll()
        self._by_click = event.reason() == Qt.FocusReason.MouseFocusReason

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The click that gives the focus also selects, as Tab does; a later one sets the cursor."""
        super().mouseReleaseEvent(event)
        if self._by_click and not self.hasSelectedText():
            self.selectAll()
        self._by_click = False

    def _finished(self) -> None:
        self.setModified(False)
        if self.value() != self._shown or not self.text():
            self.setText(str(self.value()))
            self.entered.emit()
