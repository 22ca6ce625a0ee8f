"""A logistic model whose weights have the signs that they must have, and its calibration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from curator.proposals.confidence import Scale

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_RIDGE = 6.0  # how strongly weights are held to zero, against as many images as there are
# What every sign counts at least, in log odds a standard deviation: that it is one is known beforehand, and a few
# hundred images show but few of the corrections that it goes with.
_COUNTS = 0.25
_STEADY = 20.0  # how strongly the calibration's slope is held to 1, in the same measure


def fit_logistic(table: Floats, right: Bools, weights: Floats, ways: Sequence[int]) -> Scale:
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
    return Scale(usual, spread, found[1:], float(found[0]))


def calibration_of(odds: Floats, right: Bools) -> tuple[float, float]:
    """Slope and offset that turn log odds into what they are worth, from images that the model was not fitted to.

    Platt's scaling with a slope held near 1: of a few errors isotonic steps and free slopes learn mostly noise.
    """
    signs = np.where(right, 1.0, -1.0)

    def loss(values: Floats) -> tuple[float, Floats]:
        margins = signs * (values[0] * odds + values[1])
        slopes = -signs / (1 + np.exp(margins))
        total = np.logaddexp(0, -margins).sum() + _STEADY / 2 * (values[0] - 1) ** 2
        return float(total), np.array([slopes @ odds + _STEADY * (values[0] - 1), slopes.sum()])

    bounds = [(0.3, None), (None, None)]
    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, bounds=bounds, method="L-BFGS-B").x
    return float(slope), float(offset)


def calibrated(model: Scale, slope: float, offset: float) -> Scale:
    """The model with its log odds stretched and moved."""
    return replace(model, weights=model.weights * slope, start=model.start * slope + offset)


def write_logistic(model: Scale, names: Sequence[str], path: Path) -> None:
    """Writes the model to a file, as `curator.proposals.confidence.load_scale` reads it."""
    told = {
        "signs": list(names),
        "usual": model.usual.round(6).tolist(),
        "spread": model.spread.round(6).tolist(),
        "weights": model.weights.round(6).tolist(),
        "start": round(model.start, 6),
    }
    path.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
