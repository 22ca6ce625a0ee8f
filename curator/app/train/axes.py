"""Ticks at round numbers, few enough to be read."""

from __future__ import annotations

import math
from typing import Any, Final

import pyqtgraph as pg

_MOST_TICKS: Final = 6


def round_steps(low: float, high: float, *, whole: bool = False) -> list[float]:
    """At most six numbers from `low` to `high` in steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    step = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    step = next(step * times for times in (1, 2, 5, 10, 20) if span / (step * times) <= _MOST_TICKS - 1)
    if whole:
        step = max(step, 1.0)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


class RateAxis(pg.AxisItem):
    """A logarithmic axis with ticks like 1e-3; it is handed decadic logarithms."""

    def tickValues(self, low: float, high: float, _size: float) -> list[tuple[float, list[float]]]:
        """1 and 3 of each decade; 1, 2 and 5 where there is less than one decade."""
        marks = (1, 3) if high - low > 1 else (1, 2, 5)
        decades = range(math.floor(low), math.ceil(high) + 1)
        ticks = [decade + math.log10(mark) for decade in decades for mark in marks]
        return [(1.0, [tick for tick in ticks if low <= tick <= high])]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[Any]:
        """Short scientific notation."""
        return [f"{10**value:.0e}".replace("e-0", "e-").replace("e+00", "") for value in values]
