"""The values behind drawn curves: read back, looked up at an x, written as a table."""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_left
from collections.abc import Sequence
from html import escape
from typing import Any, TypeAlias

Points: TypeAlias = tuple[list[float], list[float]]


def points(curve: Any) -> Points:
    """x and y of a curve of pyqtgraph, as they were given to it."""
    x, y = curve.getOriginalDataset()
    return ([] if x is None else x.tolist(), [] if y is None else y.tolist())


def nearest(places: Sequence[float], x: float) -> int:
    """Which of the rising `places`, at least one, is nearest to `x`; of equal ones the first."""
    after = min(bisect_left(places, x), len(places) - 1)
    return after - 1 if after and x - places[after - 1] <= places[after] - x else after


def value_at(curve: Points, x: float, *, exact: bool) -> float | None:
    """The value at `x`, or nearest to it if that need not be exact; None where there is none."""
    places, values = curve
    if not places:
        return None
    at = nearest(places, x)
    if (exact and abs(places[at] - x) > 1e-9) or not math.isfinite(values[at]):
        return None
    return values[at]


def line_of(colour: str, words: str, value: float) -> str:
    """A line of the crosshair's words, as rich text."""
    return f'<span style="color:{colour}">■</span> {escape(words)}&nbsp;&nbsp;{value:.4g}'


def as_csv(x_name: str, columns: Sequence[tuple[str, Points]]) -> str:
    """A table with a row for each x that any column has; empty columns are left out."""
    # Where a step goes up at one x, the value that the epoch ended with counts: the first of the two.
    filled = [(words, dict(zip(x[::-1], y[::-1], strict=True)), x) for words, (x, y) in columns if x]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([x_name, *(words for words, _, _ in filled)])
    for x in sorted({x for _, _, places in filled for x in places}):
        writer.writerow([f"{x:.6g}", *(_cell(values.get(x)) for _, values, _ in filled)])
    return buffer.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.6g}"
