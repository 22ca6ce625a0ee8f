"""Reading a learning rate off the curve of a range test. No torch here: the window draws with it.

The test is Leslie N. Smith's ("Cyclical Learning Rates for Training Neural Networks", WACV 2017, section 3.3):
the rate grows from mini-batch to mini-batch, and where the loss falls fastest there is a good rate. The two ways
to read it are fastai's (`fastai/callback/schedule.py`): `steep`, and `valley`, half way down the longest fall. Its
longest falling subsequence counts the noise of the flat begin as a fall, and then suggests too little; here the
fall is bounded by how much of it is done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

# Standard deviation of the smoothing in steps: at ten steps a decade, a fifth of one. Centred, because a running
# mean lags behind the rate and so moves every reading to the right.
_SIGMA: Final = 2.0
# The smoothed loss this many times above its lowest is no longer learning (fastai's `stop_div`).
_DIVERGED: Final = 4.0
# fastai leaves out the first tenth, where the loss is that of the start, and the last five points.
_SKIPPED_FIRST: Final = 0.1
_SKIPPED_LAST: Final = 5
# Below a fall by this share the curve is flat, and what is read off it would be noise.
_LEAST_FALL: Final = 0.02
# The fall goes from where so much of it is done to where so much is left.
_EDGE: Final = 0.1
_FEWEST: Final = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a curve says: `rate` is the one to take, None where the loss does not fall.

    It is `valley`, half way down the fall to the lowest loss; `steepest` is where the loss falls fastest.
    """

    rate: float | None
    steepest: float | None
    valley: float | None


def sweep(lowest: float, highest: float, per_decade: int) -> list[float]:
    """Rates from `lowest` to `highest`, each the same factor above the one before."""
    steps = max(2, round(math.log10(highest / lowest) * per_decade) + 1)
    return [lowest * (highest / lowest) ** (step / (steps - 1)) for step in range(steps)]


def smoothed(losses: Sequence[float]) -> list[float]:
    """The losses averaged with their neighbours by a Gaussian; a loss that is no number stays one."""
    values: npt.NDArray[np.float64] = np.asarray(losses, dtype=np.float64)
    places = np.arange(len(values), dtype=np.float64)
    weights = np.exp(-0.5 * ((places[:, None] - places[None, :]) / _SIGMA) ** 2)
    finite = np.isfinite(values)
    weights[:, ~finite] = 0
    means = weights @ np.where(finite, values, 0.0) / np.maximum(weights.sum(axis=1), 1e-300)
    return [float(mean) if fine else math.nan for mean, fine in zip(means, finite, strict=True)]


def diverged(losses: Sequence[float]) -> bool:
    """Whether the loss has run away, so that higher rates tell nothing more."""
    if not losses:
        return False
    if not math.isfinite(losses[-1]):
        return True
    curve = smoothed(losses)
    return len(losses) >= _FEWEST and curve[-1] > _DIVERGED * min(value for value in curve if value == value)


def suggest(rates: Sequence[float], losses: Sequence[float]) -> Suggestion:
    """Reads a rate off the losses (raw, one a rate, rates rising); both in the order they were tried."""
    points = [(rate, loss) for rate, loss in zip(rates, losses, strict=True) if math.isfinite(loss)]
    curve = smoothed([loss for _, loss in points])
    first = int(len(points) * _SKIPPED_FIRST)
    last = len(points) - _SKIPPED_LAST
    if last - first < _FEWEST - _SKIPPED_LAST:
        return Suggestion(None, None, None)
    kept = np.array(curve[first:last])
    lowest = int(kept.argmin())
    top = float(kept[: lowest + 1].max())
    fall = top - float(kept[lowest])
    if fall < _LEAST_FALL * abs(top):
        return Suggestion(None, None, None)
    begin = int(np.flatnonzero(kept[: lowest + 1] >= top - _EDGE * fall)[-1])
    end = begin + int(np.flatnonzero(kept[begin:] <= kept[lowest] + _EDGE * fall)[0])
    steepest = begin + int(np.argmin(np.gradient(kept)[begin : end + 1]))
    valley = _rounded(points[first + (begin + end) // 2][0])
    return Suggestion(valley, _rounded(points[first + steepest][0]), valley)


def _rounded(rate: float) -> float:
    """To two digits: more would claim a precision that one noisy curve does not have."""
    return float(f"{rate:.1e}")
