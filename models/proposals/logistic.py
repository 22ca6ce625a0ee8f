"""A logistic model whose weights have the signs that they must have, and what its probabilities are worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_RIDGE = 6.0  # how strongly weights are held to zero, against as many images as there are
# What every sign counts at least, in log odds a standard deviation: that it is one is known beforehand, and a few
# hundred images show but few of the corrections that it goes with.
_COUNTS = 0.25
# Bounds of what is said, the most that is so but for certainty, and what counts as seen of a certain image.
_LEAST, _MOST, _ALMOST, _AT_BEST = 0.02, 0.995, 0.985, 0.98
_KNOTS = np.linspace(-6, 9, 61)  # log odds


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """As `curator.proposals.confidence.Scale`, before it is calibrated."""

    usual: Floats
    spread: Floats
    weights: Floats
    start: float

    def odds(self, table: Floats) -> Floats:
        """Log odds of each row."""
        return np.asarray((table - self.usual) / self.spread @ self.weights + self.start)


def fit_logistic(table: Floats, right: Bools, weights: Floats, ways: Sequence[int]) -> Logistic:
    """Fitted by least log loss with a ridge; `ways` tells of each column whether it may only raise (1) or only
    lower (-1) the probability."""
    usual, spread = table.mean(0), table.std(0) + 1e-9
    scaled, signs = (table - usual) / spread, np.where(right, 1.0, -1.0)
    shares = weights / weights.mean()

    def loss(values: Floats) -> tuple[float, Floats]:
        margins = signs * (scaled @ values[1:] + values[0])
        slopes = -shares * signs / (1 + np.exp(margins))
        total = shares @ np.logaddexp(0, -margins) + _RIDGE / 2 * (values[1:] ** 2).sum()
        return float(total), np.r_[slopes.sum(), scaled.T @ slopes + _RIDGE * values[1:]]

    bounds = [(None, None), *((_COUNTS, None) if way > 0 else (None, -_COUNTS) for way in ways)]
    start = np.r_[0.0, _COUNTS * np.array(ways)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return Logistic(usual, spread, found[1:], float(found[0]))


def worth_of(odds: Floats, right: Bools) -> Floats:
    """What log odds are worth as probabilities at `_KNOTS`, from images that the model was not fitted to.

    Isotonic (Zadrozny and Elkan, 2002), with straight lines between the middles of its steps, so that what is surer
    stays surer (Oron and Flournoy, 2017). One image more at either end keeps it from certainty.
    """
    known = np.r_[_KNOTS[0], np.clip(odds, _KNOTS[0], _KNOTS[-1]), _KNOTS[-1]]
    worth = (
        IsotonicRegression(y_min=_LEAST, y_max=_ALMOST).fit(known, np.r_[0, right, _AT_BEST]).predict(known)
    )
    steps = np.unique(worth)
    shares = 1 / (1 + np.exp(-known))
    means = np.array([shares[worth == step].mean() for step in steps])
    middles = np.log(means / (1 - means))
    return np.asarray(np.interp(_KNOTS, np.r_[_KNOTS[0], middles, _KNOTS[-1]], np.r_[_LEAST, steps, _MOST]))


def calibrated(odds: Floats, worth: Floats) -> Floats:
    """Log odds as the probabilities that they are worth."""
    return np.asarray(np.interp(odds, _KNOTS, worth))


def write_logistic(model: Logistic, names: Sequence[str], worth: Floats, path: Path) -> None:
    """Writes the model to a file, as `curator.proposals.confidence.load_scale` reads it."""
    told = {
        "signs": list(names),
        "usual": model.usual.round(6).tolist(),
        "spread": model.spread.round(6).tolist(),
        "weights": model.weights.round(6).tolist(),
        "start": round(model.start, 6),
        "calibration": [_KNOTS.tolist(), worth.round(6).tolist()],
    }
    path.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
