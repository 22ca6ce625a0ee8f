"""The keys, over the page; any click or key closes it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.shortcuts import lines_of, shortcuts
from curator.app.widgets import IconButton, SectionLabel, label

_WIDEST = 1080
# A page of no more pixels in height has none to give away.
_TALL = 640
# Two columns of keys for a page with more than so many.
_LONG = 20


class HelpOverlay(QWidget):
    """Child of the window's middle; dims it and lists the keys of the page in front and of the window."""

    change_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("help_overlay_back")
        self.setAccessibleName("Keys")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._covered = parent
        outer = self._outer = QVBoxLayout(self)
        outer.setContentsMargins(40, 32, 40, 32)
        self._card = QFrame()
        self._card.setProperty("role", "card")
        self._card.setMaximumWidth(_WIDEST)
        outer.addWidget(self._card)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(22, 16, 22, 16)
        head = QHBoxLayout()
        head.addWidget(label("Keys", "title"))
        head.addStretch(1)
        change = QPushButton("Change keys…")
        change.setAccessibleName("Change keys")
        change.clicked.connect(self._change)
        close = IconButton("cross", "Close the keys", size=14)
        close.clicked.connect(self.hide)
        head.addWidget(change)
        head.addWidget(close)
        column.addLayout(head)
        column.addWidget(
            label("Everything has a button too. Hover over a button to see its key.", "dim", wrap=True)
        )
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self._area, 1)
        parent.installEventFilter(self)
        self.hide()

    def show_for(self, pages: list[str]) -> None:
        """Lists the keys of `pages` (their names in the table of shortcuts), in that order."""
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(26)
        for page in pages:
            keys = [key for key in shortcuts.all() if key.page == page]
            lines = lines_of(keys)
            half = (len(lines) + 1) // 2 if len(lines) > _LONG else len(lines)
            for start in range(0, len(lines), half or 1):
                row.addLayout(_column(page if start == 0 else "", lines[start : start + half]), 1)
        self._area.setWidget(holder)
        self._place()
        self.show()
        self.raise_()
        self.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Covers its parent whatever its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Any key closes it."""
        if event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Tab):
            self.hide()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the card closes it."""
        if not self._card.geometry().contains(event.position().toPoint()):
            self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dims the page below."""
        veil = QColor(theme.current().background)
        veil.setAlphaF(0.82)
        QPainter(self).fillRect(self.rect(), veil)

    def _place(self) -> None:
        area = self._covered.rect()
        self.setGeometry(QRect(area))
        side = max(12, (area.width() - _WIDEST) // 2)
        foot = 32 if area.height() > _TALL else 12
        self._outer.setContentsMargins(side, foot, side, foot)

    def _change(self) -> None:
        self.hide()
        self.change_wanted.emit()


def _column(title: str, lines: list[tuple[list[str], str]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    heading = SectionLabel(title)
    column.addWidget(heading)
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(5)
    grid.setColumnStretch(1, 1)
    for number, (keys, words) in enumerate(lines):
        hints = QHBoxLayout()
        hints.setSpacing(4)
        for text in keys:
            hints.addWidget(label(text, "key"))
        hints.addStretch(1)
        grid.addLayout(hints, number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(words, wrap=True), number, 1, Qt.AlignmentFlag.AlignTop)
    column.addLayout(grid)
    column.addStretch(1)
    return column
