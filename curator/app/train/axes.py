"""Ticks at round numbers, few enough to be read."""

from __future__ import annotations

import math
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QRectF

_MOST_TICKS: Final = 6
_FEW_TICKS: Final = 3
# A step goes as often into a span a little longer, such as one with room for a mark at its end.
_NO_MORE: Final = 0.1
_HALF_A_NUMBER: Final = 10


def round_steps(low: float, high: float, *, whole: bool = False) -> list[float]:
    """At most six numbers from `low` to `high` in steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    step = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    step = next(
        step * times for times in (1, 2, 5, 10, 20) if span / (step * times) <= _MOST_TICKS - 1 + _NO_MORE
    )
    if whole:
        step = max(step, 1.0)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def log_steps(low: float, high: float) -> list[float]:
    """Decadic logarithms of round numbers between `low` and `high`, which are logarithms too.

    1 and 3 of each decade; 1, 2 and 5 where there is less than one decade; even steps where these are too few.
    """
    marks = (1, 3) if high - low > 1 else (1, 2, 5)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [decade + math.log10(mark) for decade in decades for mark in marks]
    shown = [tick for tick in ticks if low <= tick <= high]
    if len(shown) >= _FEW_TICKS:
        return shown
    return [math.log10(value) for value in round_steps(10**low, 10**high) if value > 0]


class PlotAxis(pg.AxisItem):
    """An axis with few, round ticks. `whole` keeps to whole numbers; the last tick carries the `unit`."""

    def __init__(self, side: str, *, whole: bool = False, unit: str = "") -> None:
        super().__init__(side)
        self._whole = whole
        self._unit = unit

    def boundingRect(self) -> QRectF:
        """Half a number beyond both ends: pyqtgraph forgets it where a grid is drawn, and drops those numbers."""
        beyond = 0 if self.grid is False else _HALF_A_NUMBER
        return super().boundingRect().adjusted(0, -beyond, 0, beyond)

    def tickValues(self, low: float, high: float, _size: float) -> list[tuple[float, list[float]]]:
        """One level of ticks; on a logarithmic axis everything is a decadic logarithm."""
        if self.logMode:
            return [(1.0, log_steps(low, high))]
        return [(1.0, round_steps(low, high, whole=self._whole and high - low >= 2))]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[Any]:
        """As short as they are exact."""
        words = [_short(10**value) if self.logMode else f"{value:g}" for value in values]
        if words and self._unit:
            words[-1] += f" {self._unit}"
        return words


def _short(value: float) -> str:
    if 0.01 <= value < 1000:
        return f"{value:.3g}"
    return f"{value:.1e}".replace(".0e", "e").replace("e-0", "e-").replace("e+0", "e")
