"""Fills polygons in whole numbers.

OpenCV's `fillPoly` moved single pixels between its versions 4 and 5, and the truth must not move with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from curator.synthetic.anatomy import Bool

_UNIT = 64


def filled(outlines: Sequence[npt.NDArray[np.float64]], width: int, height: int) -> Bool:
    """Pixels (height, width) whose centre lies in one of the closed outlines (n, 2) of x, y, in px.

    Corners are rounded to 1/64 px first; each outline is filled by the even-odd rule.
    """
    mask = np.zeros((height, width), np.bool_)
    for outline in outlines:
        mask |= _one(np.rint(outline * _UNIT).astype(np.int64), width, height)
    return mask


def _one(corners: npt.NDArray[np.int64], width: int, height: int) -> Bool:
    ends = np.roll(corners, -1, axis=0)
    down = (corners[:, 1] < ends[:, 1])[:, None]
    upper, lower = np.where(down, corners, ends), np.where(down, ends, corners)
    first = np.clip(-(-upper[:, 1] // _UNIT), 0, height)
    last = np.clip(-(-lower[:, 1] // _UNIT), 0, height)
    edge = np.repeat(np.arange(len(corners)), last - first)
    row = (
        np.arange(len(edge)) - np.repeat(np.cumsum(last - first) - (last - first), last - first) + first[edge]
    )
    x, y = upper[edge, 0], upper[edge, 1]
    dx, dy = lower[edge, 0] - x, lower[edge, 1] - y
    # First pixel centre at or to the right of where the edge crosses the row.
    column = np.clip(-(-(x * dy + (row * _UNIT - y) * dx) // (dy * _UNIT)), 0, width)
    crossings = np.zeros((height, width + 1), np.int32)
    np.add.at(crossings, (row, column), 1)
    return np.asarray(np.cumsum(crossings, axis=1)[:, :width] % 2 == 1, np.bool_)
