"""What the figures of several folds say together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from curator.evaluation.intervals import METRICS, Interval

_CONFIDENCE = 0.95


def over_folds(figures: Sequence[Mapping[str, float | None]]) -> dict[str, Interval | None]:
    """The mean of each figure over the folds in which it is defined, with a 95 % interval by Student's t.

    None where fewer than two folds have it. The interval is cut to the values that the figure can take. It
    takes the folds for independent, which they are not quite, as any two share most of their training images:
    no unbiased estimate of that variance exists (Bengio and Grandvalet, JMLR 5, 2004), and the interval is
    rather too narrow than too wide.
    """
    found: dict[str, Interval | None] = {}
    for name in METRICS:
        values = [value for one in figures if (value := one.get(name)) is not None and math.isfinite(value)]
        found[name] = _mean(values, math.inf if name == "loss" else 1.0)
    return found


def _mean(values: Sequence[float], highest: float) -> Interval | None:
    if len(values) < 2:
        return None
    from scipy.special import stdtrit

    middle = fmean(values)
    half = float(stdtrit(len(values) - 1, 0.5 + _CONFIDENCE / 2)) * stdev(values) / math.sqrt(len(values))
    return Interval(middle, max(0.0, middle - half), min(highest, middle + half))
