"""The bar below the canvas: where one is, and how the image is shown."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from curator.app.curate.text_field import TextField
from curator.app.widgets import IconButton, KeyTip, label, line
from curator.records import MASK_KINDS

_NARROW: Final = 730


class ViewBar(QWidget):
    """`wanted` carries the id of a key that a button stands for; `go_to` a number from 1.

    `kind_wanted` carries the kind of overlay to go to next, empty for any.
    """

    wanted = Signal(str)
    kind_wanted = Signal(str)
    go_to = Signal(int)
    original_held = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("View")
        self.setFixedHeight(36)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 0, 10, 0)
        self._row.setSpacing(3)
        self._icon("arrow-left", "Previous image", "curate.previous")
        self._icon("arrow-right", "Next image", "curate.next")
        self.number = TextField()
        self.number.setFixedWidth(48)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.setValidator(QIntValidator(1, 9_999_999, self))
        self.number.setAccessibleName("Go to image number")
        KeyTip(self.number, "Go to image number ([curate.go_to])")
        self.number.left.connect(self._number_typed)
        self._of = label("", "dim")
        self._row.addSpacing(4)
        self._row.addWidget(self.number)
        self._row.addWidget(self._of)
        self._row.addSpacing(6)
        self._words("to do", "Next image to do", "curate.next_undecided")
        self._words("unsure", "Next unsure image", "curate.next_unsure")
        self.kinds = self._words("overlay", "Next image with an overlay", "curate.next_overlay", emits=False)
        self.kinds.setMenu(self._kind_menu())
        self._row.addStretch(1)
        self.compare = self._icon("compare", "Compare copies", "curate.compare")
        self.original = self._icon("original", "Original, while pressed", "curate.original", emits=False)
        self.original.pressed.connect(lambda: self.original_held.emit(True))
        self.original.released.connect(lambda: self.original_held.emit(False))
        self.cleaned = self._icon("eye", "Cleaned, as it is trained on", "curate.cleaned")
        self.cleaned.setCheckable(True)
        self.side = self._icon("side-by-side", "Original and cleaned side by side", "curate.side_by_side")
        self.side.setCheckable(True)
        self.tone = self._icon("contrast", "Contrast of the view", "curate.tone")
        self.tone.setCheckable(True)
        self._row.addWidget(line(vertical=True))
        # The wheel does the same: these two go first where the bar is narrow.
        self._zoom = (
            self._icon("zoom-out", "Zoom out", "curate.zoom_out"),
            self._icon("zoom-in", "Zoom in", "curate.zoom_in"),
        )
        self._icon("fit", "Fit the image", "curate.fit")
        full = QPushButton("1:1")
        full.setProperty("role", "link")
        full.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        full.setAccessibleName("Full size")
        KeyTip(full, "Full size ([curate.full_size], or double click)")
        full.clicked.connect(lambda: self.wanted.emit("curate.full_size"))
        self._row.addWidget(full)
        self._row.addSpacing(4)
        self._row.addWidget(line(vertical=True))
        self.grid = self._icon("grid", "Grid", "curate.grid")
        self.grid.setCheckable(True)

    def show_place(self, number: int, total: int) -> None:
        """Shows which image of how many is current."""
        if not self.number.hasFocus():
            self.number.setText(str(number) if number else "")
        self._of.setText(f"of {total}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for button in self._zoom:
            button.setVisible(event.size().width() >= _NARROW)

    def _icon(self, icon: str, words: str, key: str, *, emits: bool = True) -> IconButton:
        button = IconButton(icon, words, key, size=17)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if emits:
            button.clicked.connect(lambda: self.wanted.emit(key))
        self._row.addWidget(button)
        return button

    def _words(self, words: str, name: str, key: str, *, emits: bool = True) -> QPushButton:
        button = QPushButton(f"{words} ›")
        button.setProperty("role", "link")
        button.setStyleSheet("QPushButton { padding: 2px 4px; } QPushButton::menu-indicator { width: 0; }")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(name)
        KeyTip(button, f"{name} ([{key}])")
        if emits:
            button.clicked.connect(lambda: self.wanted.emit(key))
        self._row.addWidget(button)
        return button

    def _kind_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName("Kind of overlay to go to")
        for kind, words in (("", "Any overlay"), *((kind, kind) for kind in MASK_KINDS)):
            menu.addAction(words).triggered.connect(lambda _on, kind=kind: self.kind_wanted.emit(kind))
        return menu

    def _number_typed(self) -> None:
        self.go_to.emit(int(self.number.text() or 0))
