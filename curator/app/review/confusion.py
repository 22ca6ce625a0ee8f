"""The confusion matrix: counts and rates in cells that can be clicked, or walked with the arrow keys."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from curator.app import theme
from curator.app.own_keys import ARROWS, keep_keys
from curator.app.review import confusion_paint as paint
from curator.app.review.confusion_paint import Mode, View
from curator.app.review.items import Cell

_HEAD: Final = 22
_TALLEST_CELL: Final = 86
_WIDEST_ROW_HEAD: Final = 90
_TALLEST_COLUMN_HEAD: Final = 70
# Below this many pixels a cell has no room for a number: it becomes a square of a heat map.
_LEAST_CELL: Final = 15
# Columns that are narrower than their names, and than this, have them written upwards.
_WIDE_COLUMN: Final = 100
_FLAT_FROM: Final = 46
# A matrix any wider says no more.
WIDEST: Final = 620
# "said" before a name is so much wider than "is".
_SAID: Final = 20
_LEAST_SHOWN: Final = 4
_ZOOM: Final = 0.6
_KEYS: Final = (
    *ARROWS,
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space),
    *(Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0),
)
_DESCRIBED: Final = 2000


class ConfusionMatrix(QWidget):
    """Rows are the true classes, columns what was said. `chosen` carries a `Cell` or None, `pointed` the cell that
    the pointer or the keys are at, `zoomed` whether a part is shown."""

    chosen = Signal(object)
    pointed = Signal(object)
    zoomed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self._counts: npt.NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._cell: Cell | None = None
        self._at: Cell = (0, 0)
        self._mode: Mode = "both"
        # Of the part that is shown: its first row and column, and how many of them; 0 for all.
        self._first: Cell = (0, 0)
        self._part = 0
        self._widest_name: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        keep_keys(self, _KEYS)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Confusion matrix")
        theme.notifier().changed.connect(self.update)

    def show_counts(
        self, classes: tuple[str, ...], counts: npt.NDArray[np.int64], *, keep: bool = False
    ) -> None:
        """Shows counts, shape (classes, classes). `keep`: what is chosen and shown stays, for counts at another
        threshold; else nothing is chosen."""
        if not (keep and classes == self._classes):
            self._cell, self._at = None, (0, 0)
            self._first, self._part = (0, 0), 0
            self._widest_name = None
        self._classes, self._counts = classes, counts
        self.zoomed.emit(self.is_zoomed())
        wrong = zip(*np.nonzero(counts), strict=True)
        said: list[str] = []
        for row, column in wrong:
            said.append(self.words((int(row), int(column))))
            if len(said) * 20 > _DESCRIBED:
                break
        self.setAccessibleDescription("; ".join(said)[:_DESCRIBED])
        self.updateGeometry()
        self.update()

    @property
    def cell(self) -> Cell | None:
        """The chosen cell."""
        return self._cell

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of rows and columns."""
        return self._classes

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """What is shown, (classes, classes)."""
        return self._counts

    def choose(self, cell: Cell | None) -> None:
        """Chooses a cell, the one that is chosen again to let go of it."""
        self._cell = None if cell == self._cell else cell
        if cell is not None:
            self._go(cell)
        self.update()
        self.chosen.emit(self._cell)

    def set_mode(self, mode: Mode) -> None:
        """Shows counts, rates (each count as a share of its row) or both where there is room."""
        self._mode = mode
        self.update()

    def zoom(self, factor: float) -> None:
        """Shows `factor` times as many cells, round the one that the keys are at."""
        n = len(self._classes)
        shown = max(_LEAST_SHOWN, round((self._part or n) * factor))
        self._part = 0 if shown >= n else shown
        self._first = self._centred(self._at)
        self.zoomed.emit(bool(self._part))
        self.updateGeometry()
        self.update()

    def is_zoomed(self) -> bool:
        """Whether a part is shown."""
        return bool(self._part)

    def is_dense(self) -> bool:
        """Whether all cells at once are too many for numbers."""
        return not self._fits(len(self._classes), self.width())

    def is_legible(self) -> bool:
        """Whether what is shown has room for numbers and names."""
        return self._fits(self._shown(), self.width())

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell lies; empty for one outside the part that is shown."""
        return self._view().rect(row, column)

    def cell_at(self, point: QPoint) -> Cell | None:
        """The cell under a point."""
        return self._view().cell_at(point)

    def words(self, cell: Cell) -> str:
        """A cell in words."""
        row, column = cell
        return f"is {self._classes[row]}, said {self._classes[column]}: {self._counts[row, column]}"

    def rate_words(self, cell: Cell) -> str:
        """A cell in words with its share of the row."""
        of = int(self._counts[cell[0]].sum())
        share = f" of {of} ({100 * int(self._counts[cell]) / of:.0f} %)" if of else ""
        return self.words(cell) + share

    def sizeHint(self) -> QSize:
        return QSize(280, self.heightForWidth(280))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        shown, width = max(1, self._shown()), min(width, WIDEST)
        if not self._fits(shown, width):
            return width
        cell = (width - self._row_head()) / shown
        flat = cell * 0.86 if cell >= _FLAT_FROM else cell
        return round(self._column_head(cell) + shown * min(flat, _TALLEST_CELL))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._classes:
            return
        view = self._view()
        if view.legible:
            paint.paint_cells(painter, view, self._counts, self._mode, self.font())
            paint.write_heads(painter, view, self._classes, self.font())
        else:
            paint.paint_heat(painter, view, self._counts)
        if self._cell is not None:
            paint.frame(painter, view.rect(*self._cell), Qt.PenStyle.SolidLine)
        if self.hasFocus() and self._at != self._cell:
            paint.frame(painter, view.rect(*self._at), Qt.PenStyle.DotLine)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.choose(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self.cell_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl it zooms; where a part is shown it moves that, with Shift sideways."""
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            under = self.cell_at(event.position().toPoint())
            self._at = under if under is not None else self._at
            self.zoom(_ZOOM if turn > 0 else 1 / _ZOOM)
        elif self._part and turn:
            by = -max(1, self._part // 8) * (1 if turn > 0 else -1)
            sideways = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            row, column = self._first
            self._first = self._inside((row, column + by) if sideways else (row + by, column))
            self.update()
        else:
            event.ignore()
            return
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move between cells, Home and End to the ends of a row; plus and minus zoom, 0 shows all."""
        n = len(self._classes)
        row, column = self._at
        key = event.key()
        there = {
            Qt.Key.Key_Left: (row, column - 1),
            Qt.Key.Key_Right: (row, column + 1),
            Qt.Key.Key_Up: (row - 1, column),
            Qt.Key.Key_Down: (row + 1, column),
            Qt.Key.Key_Home: (row, 0),
            Qt.Key.Key_End: (row, n - 1),
        }.get(Qt.Key(key))
        if not n:
            super().keyPressEvent(event)
        elif there is not None:
            self._go((there[0] % n, there[1] % n))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose(self._at)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM)
        elif key == Qt.Key.Key_0:
            self.zoom(n)
        else:
            super().keyPressEvent(event)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos())
            QToolTip.showText(event.globalPos(), self.rate_words(cell) if cell is not None else "", self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def _go(self, cell: Cell) -> None:
        """Moves the keys' place, and the part that is shown after it."""
        self._at = cell
        if self._part:
            inside = all(
                first <= at < first + self._part for first, at in zip(self._first, cell, strict=True)
            )
            self._first = self._first if inside else self._centred(cell)
        self.pointed.emit(cell)
        self.update()

    def _centred(self, cell: Cell) -> Cell:
        return self._inside((cell[0] - self._part // 2, cell[1] - self._part // 2))

    def _inside(self, first: Cell) -> Cell:
        most = len(self._classes) - self._part if self._part else 0
        return min(max(first[0], 0), most), min(max(first[1], 0), most)

    def _shown(self) -> int:
        return self._part or len(self._classes)

    def _view(self) -> View:
        shown = max(1, self._shown())
        if not self.is_legible():
            return View(QRect(QPoint(0, 0), self.size()), self._first, shown, legible=False)
        left = self._row_head()
        cell = (self.width() - left) / shown
        top = self._column_head(cell)
        field = QRect(left, top, self.width() - left, self.height() - top)
        return View(field, self._first, shown, legible=True, upwards=self._upwards(cell))

    def _fits(self, shown: int, width: int) -> bool:
        metrics = QFontMetrics(theme.font(self.font(), paint.SMALL))
        widest = metrics.horizontalAdvance(str(int(self._counts.max(initial=0)))) + 3
        return (width - self._row_head()) / max(1, shown) >= max(_LEAST_CELL, widest)

    def _row_head(self) -> int:
        return min(self._widest() + 10, _WIDEST_ROW_HEAD)

    def _column_head(self, cell: float) -> int:
        return min(self._widest() + 6, _TALLEST_COLUMN_HEAD) if self._upwards(cell) else _HEAD

    def _upwards(self, cell: float) -> bool:
        """Whether the names of columns as wide as `cell` have to be written upwards."""
        return cell < min(self._widest() + _SAID, _WIDE_COLUMN)

    def _widest(self) -> int:
        """The widest name of a row, measured once for each set of classes."""
        if self._widest_name is None:
            metrics = QFontMetrics(self.font())
            self._widest_name = max(
                (metrics.horizontalAdvance(f"is {name}") for name in self._classes), default=0
            )
        return self._widest_name
