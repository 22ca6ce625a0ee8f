"""The confusion matrix: counts and rates in cells that can be clicked, or walked with the arrow keys."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from curator.app import theme
from curator.app.image_work import to_qimage
from curator.app.review.items import Cell

_GAP: Final = 4
_HEAD: Final = 22
# Below this many pixels a cell has no room for its numbers: it becomes a square of a heat map.
_LEGIBLE: Final = 34
_TALLEST_CELL: Final = 86


class ConfusionMatrix(QWidget):
    """Rows are the true classes, columns what was said. `chosen` carries a `Cell` or None."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self._counts: npt.NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._cell: Cell | None = None
        self._at: Cell = (0, 0)
        self._head_width: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Confusion matrix")
        theme.notifier().changed.connect(self.update)

    def show_counts(self, classes: tuple[str, ...], counts: npt.NDArray[np.int64]) -> None:
        """Shows counts, shape (classes, classes); nothing is chosen."""
        self._classes, self._counts, self._cell, self._at = classes, counts, None, (0, 0)
        self._head_width = None
        said = "; ".join(
            f"is {true}, said {name}: {counts[row, column]}"
            for row, true in enumerate(classes)
            for column, name in enumerate(classes)
            if counts[row, column]
        )
        self.setAccessibleDescription(said[:2000])
        self.updateGeometry()
        self.update()

    @property
    def cell(self) -> Cell | None:
        """The chosen cell."""
        return self._cell

    def choose(self, cell: Cell | None) -> None:
        """Chooses a cell, the one that is chosen again to let go of it."""
        self._cell = None if cell == self._cell else cell
        if cell is not None:
            self._at = cell
        self.update()
        self.chosen.emit(self._cell)

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell lies."""
        left, top, width, height = self._geometry()
        gap = _GAP if self._legible() else 1 if width > 4 else 0
        x0, x1 = left + int(column * width), left + int((column + 1) * width)
        y0, y1 = top + int(row * height), top + int((row + 1) * height)
        return QRect(x0, y0, max(1, x1 - x0 - gap), max(1, y1 - y0 - gap))

    def cell_at(self, point: QPoint) -> Cell | None:
        """The cell under a point."""
        left, top, width, height = self._geometry()
        n = len(self._classes)
        if not n:
            return None
        # The far edge of the pixel: cells begin at whole pixels, rounded down.
        column = int((point.x() - left + 1 - 1e-9) // width)
        row = int((point.y() - top + 1 - 1e-9) // height)
        return (row, column) if 0 <= row < n and 0 <= column < n else None

    def sizeHint(self) -> QSize:
        return QSize(280, self.heightForWidth(280))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        n = max(1, len(self._classes))
        cell = (width - self._row_head()) / n
        return round(_HEAD + n * min(cell * 0.86, _TALLEST_CELL)) if self._legible(width) else width

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._legible():
            self._paint_heat(painter)
        else:
            self._paint_cells(painter)
            self._write_heads(painter)
        if self._cell is not None:
            self._frame(painter, self._cell, Qt.PenStyle.SolidLine)
        if self.hasFocus() and self._classes and self._at != self._cell:
            self._frame(painter, self._at, Qt.PenStyle.DotLine)

    def _paint_cells(self, painter: QPainter) -> None:
        rates = self._rates()
        for row in range(len(self._classes)):
            for column in range(len(self._classes)):
                rect = self.cell_rect(row, column)
                rate = float(rates[row, column])
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._fill(row == column, rate))
                painter.drawRoundedRect(rect, 5, 5)
                self._write(painter, rect, int(self._counts[row, column]), rate)

    def _paint_heat(self, painter: QPainter) -> None:
        """Too many classes for numbers: one pixel a cell, enlarged."""
        n = len(self._classes)
        rates = self._rates()
        shares = np.where(rates > 0, 0.18 + 0.42 * rates, 0.0)[..., None]
        right = np.eye(n, dtype=bool)[..., None]
        colours = theme.current()
        base, keep, discard = (
            np.array([QColor(value).red(), QColor(value).green(), QColor(value).blue()], np.float64)
            for value in (colours.pane_raised, colours.keep, colours.discard)
        )
        pixels = base * (1 - shares) + np.where(right, keep, discard) * shares
        image = to_qimage(np.ascontiguousarray(pixels.astype(np.uint8)))
        painter.drawImage(self.rect(), image)

    def _frame(self, painter: QPainter, cell: Cell, style: Qt.PenStyle) -> None:
        painter.setPen(QPen(QColor(theme.current().accent), 2, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.cell_rect(*cell).adjusted(1, 1, -1, -1), 4, 4)

    def _rates(self) -> npt.NDArray[np.float64]:
        """Each count as a share of its row."""
        return self._counts / np.maximum(self._counts.sum(axis=1, keepdims=True), 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.choose(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        n = len(self._classes)
        step = steps.get(Qt.Key(event.key()))
        if step is not None and n:
            self._at = ((self._at[0] + step[0]) % n, (self._at[1] + step[1]) % n)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and n:
            self.choose(self._at)
        else:
            super().keyPressEvent(event)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos())
            words = self.words(cell) if cell is not None else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def words(self, cell: Cell) -> str:
        """A cell in words."""
        row, column = cell
        return f"is {self._classes[row]}, said {self._classes[column]}: {self._counts[row, column]}"

    def _geometry(self) -> tuple[int, int, float, float]:
        n = max(1, len(self._classes))
        legible = self._legible()
        left, top = (self._row_head(), _HEAD) if legible else (0, 0)
        return left, top, (self.width() - left) / n, (self.height() - top) / n

    def _legible(self, width: int | None = None) -> bool:
        n = max(1, len(self._classes))
        return ((self.width() if width is None else width) - self._row_head()) / n >= _LEGIBLE

    def _row_head(self) -> int:
        """Room for the names of the rows, measured once for each set of classes."""
        if self._head_width is None:
            metrics = QFontMetrics(self.font())
            widest = max((metrics.horizontalAdvance(f"is {name}") for name in self._classes), default=0)
            self._head_width = min(widest + 10, 90)
        return self._head_width

    def _fill(self, right: bool, rate: float) -> QColor:
        colours = theme.current()
        base, tone = QColor(colours.pane_raised), QColor(colours.keep if right else colours.discard)
        share = 0.0 if rate == 0 else 0.18 + 0.42 * rate
        return QColor.fromRgbF(
            *(
                a * (1 - share) + b * share
                for a, b in zip(base.getRgbF()[:3], tone.getRgbF()[:3], strict=True)  # type: ignore[index]
            )
        )

    def _write(self, painter: QPainter, rect: QRect, count: int, rate: float) -> None:
        colours = theme.current()
        painter.setPen(QColor(colours.text))
        font = self.font()
        roomy = rect.height() >= 46 and rect.width() >= 46
        font.setPixelSize(19 if roomy else 12)
        painter.setFont(font)
        upper = rect.adjusted(0, 0, 0, -rect.height() // 3) if roomy else rect
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, str(count))
        if roomy:
            font.setPixelSize(11)
            painter.setFont(font)
            lower = rect.adjusted(0, rect.height() // 3, 0, -rect.height() // 12)
            painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, f"{100 * rate:.0f} %")

    def _write_heads(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.current().dim))
        painter.setFont(self.font())
        metrics = QFontMetrics(self.font())
        for index, name in enumerate(self._classes):
            top = self.cell_rect(0, index)
            head = QRect(top.x(), 0, top.width(), _HEAD - 4)
            said = metrics.elidedText(f"said {name}", Qt.TextElideMode.ElideRight, head.width())
            painter.drawText(head, Qt.AlignmentFlag.AlignCenter, said)
            side = self.cell_rect(index, 0)
            row = QRect(0, side.y(), side.x() - 6, side.height())
            said = metrics.elidedText(f"is {name}", Qt.TextElideMode.ElideRight, row.width())
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
