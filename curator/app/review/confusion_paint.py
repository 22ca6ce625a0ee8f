"""How a confusion matrix is painted: cells with numbers, or a heat map where they are too small for any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from curator.app import theme
from curator.app.image_work import to_qimage
from curator.app.review.items import Cell

Mode: TypeAlias = Literal["counts", "rates", "both"]
Counts: TypeAlias = npt.NDArray[np.int64]

SMALL: Final = 11
_LARGE: Final = 19
_GAP: Final = 4
_NARROW_GAP: Final = 2
# Cells of this side have room for a count and a rate below it.
_ROOMY: Final = 46
# Of a cell's own colour in what it is painted with: from the first count on, and for a whole row.
_LEAST_SHADE: Final = 0.18
_MOST_SHADE: Final = 0.6
# In a heat map a single image must be seen.
_LEAST_HEAT: Final = 0.45
_MOST_HEAT: Final = 0.95
_LEAST_FRAME: Final = 9


@dataclass(frozen=True, slots=True)
class View:
    """Where cells lie: `shown` rows and columns from the cell `first` on fill `field`. `legible`: with
    numbers and names, those of the columns `upwards` or not."""

    field: QRect
    first: Cell
    shown: int
    legible: bool
    upwards: bool = False

    def rect(self, row: int, column: int) -> QRect:
        """Where a cell lies; empty for one that is not shown."""
        down, right = row - self.first[0], column - self.first[1]
        if not (0 <= down < self.shown and 0 <= right < self.shown):
            return QRect()
        width, height = self.field.width() / self.shown, self.field.height() / self.shown
        gap = (_GAP if width >= _ROOMY else _NARROW_GAP) if self.legible else 1 if width > 4 else 0
        x0, x1 = self.field.x() + int(right * width), self.field.x() + int((right + 1) * width)
        y0, y1 = self.field.y() + int(down * height), self.field.y() + int((down + 1) * height)
        return QRect(x0, y0, max(1, x1 - x0 - gap), max(1, y1 - y0 - gap))

    def cell_at(self, point: QPoint) -> Cell | None:
        """The cell under a point."""
        width, height = self.field.width() / self.shown, self.field.height() / self.shown
        if width <= 0 or height <= 0:
            return None
        # The far edge of the pixel: cells begin at whole pixels, rounded down.
        right = int((point.x() - self.field.x() + 1 - 1e-9) // width)
        down = int((point.y() - self.field.y() + 1 - 1e-9) // height)
        inside = 0 <= down < self.shown and 0 <= right < self.shown
        return (self.first[0] + down, self.first[1] + right) if inside else None

    def cells(self) -> list[Cell]:
        """All that are shown."""
        rows = range(self.first[0], self.first[0] + self.shown)
        columns = range(self.first[1], self.first[1] + self.shown)
        return [(row, column) for row in rows for column in columns]


def rates(counts: Counts) -> npt.NDArray[np.float64]:
    """Each count as a share of its row."""
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), np.float64)


def paint_cells(painter: QPainter, view: View, counts: Counts, mode: Mode, font: QFont) -> None:
    """Cells with their numbers."""
    shares = rates(counts)
    for row, column in view.cells():
        rect = view.rect(row, column)
        share = float(shares[row, column])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_fill(row == column, share))
        painter.drawRoundedRect(rect, 5, 5)
        _write(painter, rect, int(counts[row, column]), share, mode, font)


def paint_heat(painter: QPainter, view: View, counts: Counts) -> None:
    """Too many classes for numbers: one pixel a cell, enlarged."""
    rows, columns = (slice(first, first + view.shown) for first in view.first)
    shares = rates(counts)
    heat = np.where(shares > 0, _LEAST_HEAT + (_MOST_HEAT - _LEAST_HEAT) * shares, 0.0)[rows, columns, None]
    right = np.eye(len(counts), dtype=bool)[rows, columns, None]
    colours = theme.current()
    base, keep, discard = (
        np.array(QColor(value).getRgb()[:3], np.float64)  # type: ignore[index]
        for value in (colours.pane_raised, colours.keep, colours.discard)
    )
    pixels = base * (1 - heat) + np.where(right, keep, discard) * heat
    painter.drawImage(view.field, to_qimage(np.ascontiguousarray(pixels.astype(np.uint8))))


def frame(painter: QPainter, rect: QRect, style: Qt.PenStyle) -> None:
    """A frame round a cell; round a tiny one at some distance, or it would cover it."""
    if rect.isEmpty():
        return
    short = max(0, _LEAST_FRAME - rect.width()) // 2 + 1 if rect.width() < _LEAST_FRAME else 0
    painter.setPen(QPen(QColor(theme.current().accent), 2, style))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    grown = rect.adjusted(-short, -short, short, short) if short else rect.adjusted(1, 1, -1, -1)
    painter.drawRoundedRect(grown, 4, 4)


def write_heads(painter: QPainter, view: View, classes: Sequence[str], font: QFont) -> None:
    """The names beside the rows and above the columns, upwards where those are narrow."""
    painter.setPen(QColor(theme.current().dim))
    painter.setFont(font)
    metrics = QFontMetrics(font)
    for index in range(view.shown):
        row, column = view.first[0] + index, view.first[1] + index
        side = view.rect(row, view.first[1])
        place = QRect(0, side.y(), view.field.x() - 6, side.height())
        said = metrics.elidedText(f"is {classes[row]}", Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
        top = view.rect(view.first[0], column)
        if not view.upwards:
            place = QRect(top.x(), 0, top.width(), view.field.y() - 4)
            said = metrics.elidedText(f"said {classes[column]}", Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, said)
            continue
        long = view.field.y() - 5
        said = metrics.elidedText(classes[column], Qt.TextElideMode.ElideRight, long)
        painter.save()
        painter.translate(top.x(), view.field.y() - 4)
        painter.rotate(-90)
        painter.drawText(
            QRect(0, 0, long, top.width()), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said
        )
        painter.restore()


def _fill(right: bool, share: float) -> QColor:
    colours = theme.current()
    base, tone = QColor(colours.pane_raised), QColor(colours.keep if right else colours.discard)
    shade = 0.0 if share == 0 else _LEAST_SHADE + (_MOST_SHADE - _LEAST_SHADE) * share
    return QColor.fromRgbF(
        *(
            a * (1 - shade) + b * shade
            for a, b in zip(base.getRgbF()[:3], tone.getRgbF()[:3], strict=True)  # type: ignore[index]
        )
    )


def _write(painter: QPainter, rect: QRect, count: int, share: float, mode: Mode, font: QFont) -> None:
    roomy = rect.height() >= _ROOMY and rect.width() >= _ROOMY
    colours = theme.current()
    if not roomy:
        # The eye looks for what is there: nothing is written into an empty cell.
        words = "" if not count else f"{100 * share:.0f}" if mode == "rates" else str(count)
        painter.setPen(QColor(colours.text))
        painter.setFont(theme.font(font, SMALL))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, words)
        return
    rate = f"{100 * share:.0f} %"
    painter.setPen(QColor(colours.text))
    painter.setFont(theme.font(font, _LARGE))
    upper = rect.adjusted(0, 0, 0, -rect.height() // 3) if mode == "both" else rect
    painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, rate if mode == "rates" else str(count))
    if mode == "both":
        painter.setFont(theme.font(font, SMALL))
        lower = rect.adjusted(0, rect.height() // 3, 0, -rect.height() // 12)
        painter.drawText(lower, Qt.AlignmentFlag.AlignCenter, rate)
