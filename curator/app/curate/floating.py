"""Small panels that float over the canvas: tools, kinds of mask with the brush's size, what decides, reasons."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.curate.flow import FlowLayout
from curator.app.curate.tools import ToolName
from curator.app.shortcuts import display, shortcuts, with_keys
from curator.app.widgets import IconButton, KeyHint, KeyTip, label
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
WIDTH: Final = 128
_COMPACT: Final = 46
_PAD: Final = 36
_CARD: Final = 10
_TOOL: Final = """
    QPushButton { text-align: left; padding: 2px 8px; border-color: transparent; background: transparent;
        font-weight: 400; }
"""


class Panel(QFrame):
    """A card on the canvas that keeps clicks to itself."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: object) -> None:
        """Not the canvas's."""


def height_of(words: QLabel, beside: int, width: int) -> int:
    """How high a card of `width` pixels has to be for `words` in it, with `beside` pixels taken by others."""
    room = QRect(0, 0, max(1, width - beside), 10_000)
    wrapped = words.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, words.text())
    return wrapped.height() + 2 * _CARD


def tool_button(words: str, icon: str | None, key: str) -> QPushButton:
    """A row of a palette: icon, words, key."""
    made = QPushButton(words)
    made.setProperty("role", "segment")
    made.setStyleSheet(_TOOL)
    made.setIconSize(QSize(16, 16))
    if icon is not None:
        theme.set_icon(made, icon, "dim", "accent")
    made.setCheckable(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setAccessibleName(words)
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 6, 0)
    row.addStretch(1)
    row.addWidget(KeyHint(key), 0, Qt.AlignmentFlag.AlignVCenter)
    return made


class ToolPalette(Panel):
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
        self._compact = False
        self._words = {button: button.text() for button in (*self.buttons.values(), self.pan)}
        self.setFixedWidth(WIDTH)
        self.adjustSize()

    def set_compact(self, compact: bool) -> None:
        """Icons alone, where there is no room for words and keys."""
        if compact == self._compact:
            return
        self._compact = compact
        for (button, words), key in zip(
            self._words.items(), (*(key for *_, key in TOOLS), "curate.pan"), strict=True
        ):
            button.setText("" if compact else words)
            button.setToolTip(with_keys(f"{words} ([{key}])") if compact else "")
            for hint in button.findChildren(KeyHint):
                hint.setVisible(not compact)
        self.setFixedWidth(_COMPACT if compact else WIDTH)
        self.adjustSize()

    def show_tool(self, name: str) -> None:
        """Presses the tool's button."""
        for one, button in self.buttons.items():
            button.setChecked(one == name)


class KindPanel(Panel):
    """The kinds of masks with their digits, and the brush's size, below the tools."""

    chosen = Signal(object)
    brush_changed = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Kind of mask")
        column = QVBoxLayout(self)
        column.setContentsMargins(5, 5, 5, 5)
        column.setSpacing(1)
        self.buttons: dict[MaskKind, QPushButton] = {}
        for number, kind in enumerate(MASK_KINDS, 1):
            button = tool_button(kind, None, str(number))
            button.setAccessibleName(f"Mask kind {kind}")
            button.clicked.connect(lambda _on, kind=kind: self.chosen.emit(kind))
            self.buttons[kind] = button
            column.addWidget(button)
        self._size = QWidget()
        sizes = QHBoxLayout(self._size)
        sizes.setContentsMargins(6, 4, 4, 4)
        sizes.setSpacing(6)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, _LARGEST_BRUSH)
        self.slider.setMinimumWidth(40)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName("Size of the brush")
        KeyTip(self.slider, "Size of the brush ([curate.brush_smaller] and [curate.brush_larger])")
        self.slider.valueChanged.connect(lambda value: self.brush_changed.emit(float(value)))
        self._words = label("", "small")
        sizes.addWidget(self.slider, 1)
        sizes.addWidget(self._words)
        column.addWidget(self._size)
        self.delete = tool_button("delete", "trash", "curate.delete")
        self.delete.setCheckable(False)
        self.delete.setAccessibleName("Delete the selected mask")
        column.addWidget(self.delete)
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
        self.setFixedSize(WIDTH, self.layout().sizeHint().height())  # type: ignore[union-attr]


class DecisionPad(Panel):
    """Accept, discard and back beside the image, a click each, so that the pointer can stay on the canvas."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Decide by mouse")
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 3, 3, 3)
        column.setSpacing(1)
        self.accept = self._button("check", "keep", "Accept what is shown, next", "curate.accept")
        self.discard = self._button("cross", "discard", "Discard", None)
        self.back = self._button("arrow-left", "text", "Back to the image before", "curate.previous")
        for button in (self.accept, self.discard, self.back):
            column.addWidget(button)
        self.adjustSize()

    def show_reason(self, reason: DiscardReason) -> None:
        """Says what a click on discard takes for the reason."""
        self.discard.set_words(f"Discard at once: {REASON_WORDS[reason]}")

    def _button(self, icon: str, colour: str, words: str, key: str | None) -> IconButton:
        button = IconButton(icon, words, key, size=20)
        button.set_icon(icon, colour)
        button.setFixedSize(_PAD, _PAD)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


class ReasonStrip(Panel):
    """Asks why an image is discarded, without stopping anything: a digit, a click, X again, or Esc."""

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Why discard it?")
        self._flow = FlowLayout(self, 5)
        self._flow.setContentsMargins(12, 7, 8, 7)
        self._flow.addWidget(label("Discard:", "bad"))
        self.buttons: dict[DiscardReason, QPushButton] = {}
        for number, reason in enumerate(DISCARD_REASONS, 1):
            button = QPushButton(f"{number} {REASON_WORDS[reason]}")
            button.setProperty("role", "chip")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"Discard: {REASON_WORDS[reason]}")
            button.clicked.connect(lambda _on, reason=reason: self.chosen.emit(reason))
            self.buttons[reason] = button
            self._flow.addWidget(button)
        close = IconButton("cross", "Do not discard", "curate.leave", size=12)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        self._flow.addWidget(close)
        self.hide()

    def ask(self, again: DiscardReason) -> None:
        """Shows itself; `again` is what the same key once more takes."""
        repeat = display(shortcuts.get("curate.discard").keys[0])
        for number, (reason, button) in enumerate(self.buttons.items(), 1):
            hint = f"{number}, {repeat}" if reason == again else str(number)
            button.setText(f"{hint}  {REASON_WORDS[reason]}")
        self.show()
        self.raise_()

    def place(self, wide: int, high: int, gap: int) -> None:
        """At the bottom of an area, in the middle, in as many lines as it takes."""
        width = min(self._flow.one_line(), wide - 2 * gap)
        height = self._flow.heightForWidth(width)
        self.setGeometry((wide - width) // 2, high - height - gap, width, height)
