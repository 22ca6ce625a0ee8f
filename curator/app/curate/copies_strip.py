"""The inspector's strip of copies: which there are, which is the best, and one button to keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.curate.flow import FlowLayout
from curator.app.image_loader import ImageLoader
from curator.app.widgets import KeyHint, label
from curator.project import edits
from curator.records import ImageState

_SIDE: Final = 62
_MOST: Final = 24


class CopyTile(QAbstractButton):
    """One copy: green frame for the best, accent for the one that is shown."""

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self._loader = loader
        self._state: ImageState | None = None
        self._best = self._current = False
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @property
    def state(self) -> ImageState | None:
        """The image it shows."""
        return self._state

    def show_state(self, state: ImageState, *, best: bool, current: bool) -> None:
        """Shows a copy."""
        self._state, self._best, self._current = state, best, current
        size = f"{state.width} × {state.height}" if state.width else "unreadable"
        self.setToolTip(f"{state.file_name}\n{size}" + ("\nthe best of them" if best else ""))
        self.setAccessibleName(f"{state.file_name}, {size}" + (", best" if best else ""))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        state = self._state
        if state is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.DARK.canvas))
        painter.drawRoundedRect(frame, 4, 4)
        small = self._loader.thumbnail(state)
        if small is not None:
            room = self.rect().adjusted(4, 4, -4, -4)
            place = QRect(
                room.topLeft(), small.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            )
            place.moveCenter(room.center())
            painter.setOpacity(1.0 if self._best or state.decision != "discard" else 0.5)
            painter.drawPixmap(place, small)
            painter.setOpacity(1.0)
        colours = theme.current()
        tone = colours.accent if self._current else colours.keep if self._best else colours.line_strong
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tone), 2 if self._current or self._best or self.hasFocus() else 1))
        painter.drawRoundedRect(frame, 4, 4)
        if self._best:
            ratio = self.devicePixelRatioF()
            painter.drawPixmap(
                self.width() - 17, self.height() - 17, theme.pixmap("check", theme.DARK.keep, 14, ratio)
            )


class CopiesStrip(QWidget):
    """`chosen` carries the image that was clicked."""

    chosen = Signal(int)
    keep_best_wanted = Signal()
    compare_wanted = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self._loader = loader
        self.setAccessibleName("Copies")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        holder = QWidget()
        self._flow = FlowLayout(holder)
        column.addWidget(holder)
        self.words = label("", "dim", wrap=True)
        column.addWidget(self.words)
        self.clash = label("", "bad", wrap=True)
        column.addWidget(self.clash)
        self.keep_best = QPushButton("Keep the best")
        self.keep_best.setAccessibleName("Keep the best of the copies")
        self.keep_best.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.keep_best.clicked.connect(self.keep_best_wanted)
        row = QHBoxLayout()
        row.addWidget(self.keep_best)
        row.addWidget(KeyHint("curate.keep_best"), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self.compare = QPushButton("Compare…")
        self.compare.setProperty("role", "link")
        self.compare.setAccessibleName("Compare the copies")
        self.compare.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.compare.clicked.connect(self.compare_wanted)
        row.addWidget(self.compare)
        column.addLayout(row)
        self._tiles: list[CopyTile] = []
        loader.thumbnail_ready.connect(self._thumbnail_ready)

    @property
    def tiles(self) -> list[CopyTile]:
        """Those that are shown."""
        return [tile for tile in self._tiles if not tile.isHidden()]

    def show_copies(self, states: Sequence[ImageState], current_id: int) -> None:
        """Shows the members of one group, the largest first; hides itself where there are none."""
        self.setVisible(len(states) > 1)
        if len(states) < 2:
            return
        best = edits.keep_best(states).focus_id
        ordered = sorted(states, key=lambda one: (one.id != best, -(one.width or 0) * (one.height or 0)))
        shown = ordered[:_MOST]
        while len(self._tiles) < len(shown):
            self._add_tile()
        for number, tile in enumerate(self._tiles):
            if number < len(shown):
                state = shown[number]
                tile.show_state(state, best=state.id == best, current=state.id == current_id)
            tile.setVisible(number < len(shown))
        self.words.setText(_said(ordered, current_id))
        labels = sorted({state.label for state in ordered})
        self.clash.setVisible(len(labels) > 1)
        self.clash.setText(f"Their labels differ: {', '.join(labels)}. One of them is wrong.")

    def _add_tile(self) -> None:
        tile = CopyTile(self._loader)
        tile.clicked.connect(lambda: self._clicked(tile))
        self._tiles.append(tile)
        self._flow.addWidget(tile)

    def _clicked(self, tile: CopyTile) -> None:
        if tile.state is not None:
            self.chosen.emit(tile.state.id)

    def _thumbnail_ready(self, image_id: int) -> None:
        for tile in self.tiles:
            if tile.state is not None and tile.state.id == image_id:
                tile.update()


def _said(states: Sequence[ImageState], current_id: int) -> str:
    """What the copies are to each other, the best one first in `states`."""
    best = states[0]
    others = len(states) - 1
    if best.id == current_id:
        return f"This is the best of {len(states)} copies."
    here = next(state for state in states if state.id == current_id)
    if here.sha256 == best.sha256:
        how = "The same file again."
    elif here.width and best.width and here.width != best.width:
        how = f"The same slice at {100 * here.width / best.width:.0f} % of the size."
    else:
        how = "The same slice, saved differently."
    more = f" {others} others in all." if others > 1 else ""
    return f"{how} {best.file_name} is better.{more}"
