"""Small panels that float over the canvas: tools, kinds of mask with the brush's size, reasons to discard."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.curate.tools import ToolName
from curator.app.widgets import IconButton, KeyHint, label
from curator.project.edits import REASON_WORDS
from curator.records import DISCARD_REASONS, MASK_KINDS, DiscardReason, MaskKind

TOOLS: Final[tuple[tuple[ToolName, str, str, str], ...]] = (
    ("crop", "Crop", "crop", "curate.crop"),
    ("box", "Box", "box", "curate.box"),
    ("polygon", "Poly", "polygon", "curate.polygon"),
    ("brush", "Brush", "brush", "curate.brush"),
    ("eraser", "Eraser", "eraser", "curate.eraser"),
)
_LARGEST_BRUSH: Final = 100


class _Panel(QFrame):
    """A card on the canvas that keeps clicks to itself."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: object) -> None:
        """Not the canvas's."""


def tool_button(words: str, icon: str, key: str) -> QPushButton:
    """A row of the palette: icon, words, key."""
    made = QPushButton(words)
    made.setProperty("role", "segment")
    made.setStyleSheet(
        "QPushButton { text-align: left; padding: 3px 34px 3px 8px; border-color: transparent;"
        " background: transparent; font-weight: 400; }"
        " QPushButton:hover { background: palette(button); }"
    )
    made.setIconSize(QSize(16, 16))
    theme.set_icon(made, icon, "dim", "accent")
    made.setCheckable(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(words)
    made.setMinimumWidth(112)
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 7, 0)
    row.addStretch(1)
    row.addWidget(KeyHint(key), 0, Qt.AlignmentFlag.AlignVCenter)
    return made


class ToolPalette(_Panel):
    """`chosen` carries a tool's name; `pan_toggled` whether the hand is on."""

    chosen = Signal(str)
    pan_toggled = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Tools")
        column = QVBoxLayout(self)
        column.setContentsMargins(5, 5, 5, 5)
        column.setSpacing(2)
        self.buttons: dict[str, QPushButton] = {}
        for name, words, icon, key in TOOLS:
            button = tool_button(words, icon, key)
            button.clicked.connect(lambda _on, name=name: self.chosen.emit(name))
            self.buttons[name] = button
            column.addWidget(button)
        self.pan = tool_button("Pan", "hand", "curate.pan")
        self.pan.toggled.connect(self.pan_toggled)
        column.addWidget(self.pan)
        self.adjustSize()

    def show_tool(self, name: str) -> None:
        """Presses the tool's button."""
        for one, button in self.buttons.items():
            button.setChecked(one == name)


class KindBar(_Panel):
    """The kinds of masks with their digits, and the brush's size."""

    chosen = Signal(object)
    brush_changed = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Kind of mask")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 8, 5)
        row.setSpacing(4)
        self.buttons: dict[MaskKind, QPushButton] = {}
        for number, kind in enumerate(MASK_KINDS, 1):
            button = _chip(f"{number} {kind}", f"Mask kind {kind}")
            button.setCheckable(True)
            button.clicked.connect(lambda _on, kind=kind: self.chosen.emit(kind))
            self.buttons[kind] = button
            row.addWidget(button)
        self._size = QWidget()
        sizes = QHBoxLayout(self._size)
        sizes.setContentsMargins(6, 0, 0, 0)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, _LARGEST_BRUSH)
        self.slider.setFixedWidth(90)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName("Size of the brush")
        self.slider.valueChanged.connect(lambda value: self.brush_changed.emit(float(value)))
        self._words = label("", "dim")
        self._words.setMinimumWidth(38)
        sizes.addWidget(self.slider)
        sizes.addWidget(self._words)
        row.addWidget(self._size)
        self.delete = IconButton("trash", "Delete the selected mask", "curate.delete", size=16)
        self.delete.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.delete)
        self.hide()

    def show_for(self, kind: MaskKind, *, kinds: bool, brush: float | None, selected: bool) -> None:
        """Shows the kinds, the brush's radius and the delete button as far as they are of use."""
        for one, button in self.buttons.items():
            button.setVisible(kinds)
            button.setChecked(one == kind)
        self._size.setVisible(brush is not None)
        if brush is not None:
            self.slider.blockSignals(True)
            self.slider.setValue(round(brush))
            self.slider.blockSignals(False)
            self._words.setText(f"{2 * brush:.0f} px")
        self.delete.setVisible(selected)
        self.setVisible(kinds or brush is not None)
        self.adjustSize()


class ReasonStrip(_Panel):
    """Asks why an image is discarded, without stopping anything: a digit, a click, X again, or Esc."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Why discard it?")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 8, 7)
        row.setSpacing(5)
        row.addWidget(label("Discard:", "bad"))
        self.buttons: dict[DiscardReason, QPushButton] = {}
        for number, reason in enumerate(DISCARD_REASONS, 1):
            button = _chip(f"{number} {REASON_WORDS[reason]}", f"Discard: {REASON_WORDS[reason]}")
            button.clicked.connect(lambda _on, reason=reason: self.chosen.emit(reason))
            self.buttons[reason] = button
            row.addWidget(button)
        close = IconButton("cross", "Do not discard", "curate.leave", size=12)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        row.addWidget(close)
        self.hide()

    def ask(self, again: DiscardReason) -> None:
        """Shows itself; `again` is what a second X takes."""
        for number, reason in enumerate(DISCARD_REASONS, 1):
            hint = "X" if reason == again else str(number)
            self.buttons[reason].setText(f"{hint} {REASON_WORDS[reason]}")
        self.adjustSize()
        self.show()
        self.raise_()


def _chip(words: str, name: str) -> QPushButton:
    made = QPushButton(words)
    made.setProperty("role", "chip")
    made.setStyleSheet("QPushButton { padding: 2px 8px; }")
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(name)
    return made
