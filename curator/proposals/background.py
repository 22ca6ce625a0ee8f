"""What lies round the picture itself: frame lines, bars and film margins, and the level of the background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.page import Grey

# How far into the image a bar may reach, as a share of its height or width: pillar boxes of a square slice on
# a wide screen take a quarter of it on each side.
_DEEPEST = 0.28
# Grey levels by which a bar or line must differ from what lies inside it, over at least `_CONSISTENT` of its
# length with the same sign. Weaker steps count where both sides are flat to `_FLAT` levels.
_STEP, _CONSISTENT = 10, 0.85
_WEAK_STEP, _WEAK_CONSISTENT, _FLAT = 2, 0.97, 4
# A bar's rows hold nearly one grey: between their 12th and 88th percentile lie fewer levels than this, plus a
# share of its own level. Lines within `_LINE` rows of the edge need not.
_SPREAD, _SPREAD_SHARE, _UNIFORM, _LINE = 14, 0.06, 0.8, 6
# Resampling blurs the inner edge of a bar over so many pixels more.
_BLUR = 2


@dataclass(frozen=True, slots=True)
class Margins:
    """Pixels of frame or bar at each side of the page; `steps`: grey levels by which each stands out."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0
    steps: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def sides(self) -> tuple[int, int, int, int]:
        return self.top, self.right, self.bottom, self.left


@dataclass(frozen=True, slots=True)
class Background:
    """Level of the background in grey levels, its noise (a robust standard deviation), and whether it is
    brighter than the head. `agreement` is 1 where all four corners show the same level and falls to 0."""

    level: float
    noise: float
    bright: bool
    agreement: float


def find_margins(grey: Grey) -> Margins:
    """Strips along the four edges that are nearly one grey and end in a straight step."""
    depths, steps = [], []
    for turn in range(4):  # each edge in turn on top: top, right, bottom, left
        depth, step = _strip(np.rot90(grey, turn))
        depths.append(depth)
        steps.append(step)
    height, width = grey.shape
    if depths[0] + depths[2] > height // 2:
        depths[0] = depths[2] = 0
    if depths[1] + depths[3] > width // 2:
        depths[1] = depths[3] = 0
    top, right, bottom, left = depths
    return Margins(top, right, bottom, left, (steps[0], steps[1], steps[2], steps[3]))


def inner(grey: npt.NDArray[np.uint8], margins: Margins) -> npt.NDArray[np.uint8]:
    """The view of an array inside the margins."""
    height, width = grey.shape[:2]
    return grey[margins.top : height - margins.bottom, margins.left : width - margins.right]


def _strip(grey: Grey) -> tuple[int, float]:
    """Depth of the strip along the upper edge (0 where there is none), and its step in grey levels."""
    reach = int(_DEEPEST * grey.shape[0])
    if reach < 1 or grey.shape[1] < 8:
        return 0, 0.0
    rows = grey[: reach + 1].astype(np.int16)
    middle = np.median(rows, axis=1)
    low, high = np.percentile(rows, (12, 88), axis=1)
    uniform = (high - low) < _SPREAD + _SPREAD_SHARE * middle
    change = np.diff(rows, axis=0)
    step = np.median(change, axis=1)
    same = (np.sign(change) == np.sign(step)[:, None]).mean(axis=1)
    uniform_so_far = np.cumsum(uniform[:-1]) / np.arange(1, reach + 1)
    flat_so_far = np.maximum.accumulate(high - low)[:-1] <= _FLAT
    strong = (np.abs(step) >= _STEP) & (same > _CONSISTENT)
    weak = (np.abs(step) >= _WEAK_STEP) & (same > _WEAK_CONSISTENT) & flat_so_far
    ends = (strong | weak) & ((uniform_so_far > _UNIFORM) | (np.arange(reach) < _LINE))
    if not ends.any():
        return 0, 0.0
    last = int(np.flatnonzero(ends)[-1]) + 1
    inside = float(np.median(middle[last + _BLUR : last + _BLUR + 5])) if last + _BLUR < reach else middle[-1]
    return last + _BLUR, float(np.max(np.abs(middle[:last] - inside)))


def find_background(smooth: Grey) -> Background:
    """Models the background from the corners of a slightly smoothed page without margins.

    Heads are round, so that at least two corners show background: its level is the mean of the two middle
    ones of the four corner medians.
    """
    height, width = smooth.shape
    size = max(1, int(0.09 * min(height, width)))
    corners = [smooth[:size, :size], smooth[:size, -size:], smooth[-size:, :size], smooth[-size:, -size:]]
    medians = sorted(float(np.median(corner)) for corner in corners)
    level = (medians[1] + medians[2]) / 2
    top = float(np.percentile(smooth, 97))
    values = np.concatenate([corner.ravel() for corner in corners]).astype(np.float64)
    near = values[np.abs(values - level) <= 12 + 0.1 * abs(top - level)]
    if near.size < 20:
        near = values
    noise = max(1.0, 1.48 * float(np.median(np.abs(near - np.median(near)))))
    spread = medians[3] - medians[0]
    bright = level > 150 and level > float(np.median(smooth)) + 20
    return Background(level, noise, bright, max(0.0, 1.0 - spread / max(40.0, 0.5 * abs(top - level))))
