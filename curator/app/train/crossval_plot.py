"""Figures as dots and bars on one axis: a row each, its interval as a bar, a dashed line for the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from curator.app import theme
from curator.app.train.axes import round_steps
from curator.app.train.crossval_lines import Line

_ROW: Final = 34
_LEAST_ROW: Final = 26
_AXIS: Final = 28
_TOP: Final = 24
_DOT: Final = 4.5
_GAP: Final = 16
_DETAIL_FROM: Final = 640
# Figures that are all alike are not drawn as if they lay far apart.
_LEAST_SPAN: Final = 0.1


class IntervalPlot(QWidget):
    """Draws `Line`s. Not to be zoomed: all of it is always seen, and its words are its accessible text."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lines: tuple[Line, ...] = ()
        self._baseline: tuple[float, str] | None = None
        self._range = (0.0, 1.0)
        self.setAccessibleName("Figures with intervals")
        theme.notifier().changed.connect(self.update)

    def show_lines(
        self,
        name: str,
        lines: Sequence[Line],
        baseline: tuple[float, str] | None,
        limits: tuple[float, float],
    ) -> None:
        """Draws these; the axis stays within `limits`."""
        self._lines, self._baseline = tuple(lines), baseline
        known = [value for one in lines for value in (one.value, one.low, one.high) if value is not None]
        if baseline is not None:
            known.append(baseline[0])
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        room = max(0.06 * (high - low), (_LEAST_SPAN - (high - low)) / 2)
        least, most = limits
        self._range = (max(least, low - room), min(most, high + room))
        self.setAccessibleName(f"{name} with 95 % intervals")
        words = [f"{one.words}: {one.figure()}" for one in lines]
        if baseline is not None:
            words.append(_baseline_words(*baseline))
        self.setAccessibleDescription("; ".join(words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        row = _ROW if len(self._lines) <= 8 else _LEAST_ROW
        return QSize(480, _TOP + row * max(1, len(self._lines)) + _AXIS)

    def minimumSizeHint(self) -> QSize:
        """Rows keep their height: a scroll area is around them."""
        return QSize(320, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Words, details, bars, dots and figures."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._lines:
            return
        metrics, wide = QFontMetricsF(self.font()), QFontMetricsF(_bold(self.font()))
        left = max(wide.horizontalAdvance(one.words) for one in self._lines) + _GAP
        if self.width() >= _DETAIL_FROM:
            left += max(metrics.horizontalAdvance(one.detail) for one in self._lines) + _GAP
        right = max(metrics.horizontalAdvance(one.figure()) for one in self._lines) + _GAP
        field = QRectF(left, _TOP, max(60.0, self.width() - left - right), self.height() - _TOP - _AXIS)
        self._draw_axis(painter, field)
        height = field.height() / len(self._lines)
        for number, one in enumerate(self._lines):
            row = QRectF(0, field.top() + number * height, self.width(), height)
            self._draw_row(painter, one, row, field)
        painter.end()

    def _x(self, value: float, field: QRectF) -> float:
        low, high = self._range
        return field.left() + field.width() * (value - low) / max(high - low, 1e-9)

    def _draw_axis(self, painter: QPainter, field: QRectF) -> None:
        colours = theme.current()
        painter.setFont(theme.font(self.font(), 10))
        for value in round_steps(*self._range):
            x = self._x(value, field)
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(x, field.top()), QPointF(x, field.bottom()))
            painter.setPen(QColor(colours.dim))
            place = QRectF(x - 30, field.bottom() + 6, 60, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, f"{value:g}")
        if self._baseline is not None:
            value, words = self._baseline
            x = self._x(value, field)
            painter.setPen(QPen(QColor(colours.unsure), 1.4, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, field.top() - 4), QPointF(x, field.bottom()))
            text = _baseline_words(value, words)
            width = painter.fontMetrics().horizontalAdvance(text) + 4
            start = min(max(x - width / 2, field.left() - 20), self.width() - width)
            painter.drawText(QPointF(start, field.top() - 9), text)
        painter.setFont(self.font())

    def _draw_row(self, painter: QPainter, one: Line, row: QRectF, field: QRectF) -> None:
        colours = theme.current()
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(_bold(self.font()) if one.strong else self.font())
        painter.setPen(QColor(colours.text))
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignLeft, one.words)
        painter.setFont(self.font())
        if self.width() >= _DETAIL_FROM:
            painter.setPen(QColor(colours.dim))
            place = QRectF(row.left(), row.top(), field.left() - _GAP, row.height())
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, one.detail)
        painter.setPen(QColor(colours.text if one.strong else colours.dim))
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, one.figure())
        if one.value is None:
            return
        y = row.center().y()
        accent = QColor(colours.accent)
        if one.low is not None and one.high is not None:
            painter.setPen(QPen(accent, 2))
            low, high = self._x(one.low, field), self._x(one.high, field)
            painter.drawLine(QPointF(low, y), QPointF(high, y))
            for x in (low, high):
                painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 4))
        painter.setPen(QPen(accent, 1.6))
        # A shape of its own for what sums up, so that colour is not needed to tell them apart.
        painter.setBrush(accent if one.strong else QColor(colours.pane))
        at = QPointF(self._x(one.value, field), y)
        if one.strong:
            painter.save()
            painter.translate(at)
            painter.rotate(45)
            painter.drawRect(QRectF(-_DOT, -_DOT, 2 * _DOT, 2 * _DOT))
            painter.restore()
        else:
            painter.drawEllipse(at, _DOT, _DOT)


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setBold(True)
    return made


def _baseline_words(value: float, words: str) -> str:
    return f"{words} {value:.3f}" if value else words
