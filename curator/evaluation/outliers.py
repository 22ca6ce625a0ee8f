"""Images that are unlike all others where a network puts them.

The distance to the k-th nearest image in the space of normalised features (Sun, Ming, Zhu and Li,
"Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022), put on one scale for networks of several
folds by the modified z-score (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from curator.evaluation.feature_space import Space, nearest
from curator.evaluation.flags import Flag, listed

NEIGHBOURS: Final = 5
"""Which neighbour's distance counts: so many alike images, not copies of each other, are no outliers."""

FAR: Final = 3.5
"""The modified z-score from which a value is an outlier, as Iglewicz and Hoaglin advise."""

# Of fewer judged images the usual distance is not known.
_FEWEST: Final = 10
_NAMED: Final = 3


def modified_z(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each value (n) lies above the median, in robust standard deviations: 0.6745 (x - median) / MAD.

    All zeros where half of the values or more are equal.
    """
    if len(values) == 0:
        return values
    away = values - np.median(values)
    spread = float(np.median(np.abs(away)))
    return 0.6745 * away / spread if spread > 0 else np.zeros_like(values)


def outlier_flags(space: Space) -> list[Flag]:
    """The judged images of one space that are unlike all others; scores are modified z-scores."""
    reach: list[float] = []
    closest: list[list[int]] = []
    for _, apart in space.distances():
        order = nearest(apart, NEIGHBOURS)
        near = np.take_along_axis(apart, order, axis=1)
        reach += near[:, -1].astype(float).tolist()
        closest += order[:, :_NAMED].tolist()
    # With too few images of other groups the neighbour asked for does not exist.
    if len(reach) < _FEWEST or not np.isfinite(reach).all():
        return []
    usual = float(np.median(reach))
    flags = []
    for place, score in enumerate(modified_z(np.array(reach, np.float64))):
        if score < FAR:
            continue
        row = space.rows[space.judged[place]]
        names = [f"{space.rows[one].file_name} ({space.rows[one].label})" for one in closest[place]]
        more = 100 * (reach[place] / usual - 1)
        flags.append(
            Flag(
                row.file_name,
                float(score),
                f"Unlike the rest: its {NEIGHBOURS}th nearest image is {more:.0f} % farther away than is usual "
                f"(modified z-score {score:.1f}). Nearest are {listed(names)}.",
            )
        )
    return flags
