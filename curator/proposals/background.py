"""What lies round the picture itself: frame lines, bars and film margins, and the level of the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from curator.proposals.page import Grey
from curator.proposals.regions import grey_percentile

_Pixel = TypeVar("_Pixel", np.uint8, np.bool_)

# How far into the image a bar may reach, as a share of its height or width: pillar boxes of a square slice on
# a wide screen take a quarter of it on each side. Both of a pair together may reach a little less than twice
# as far.
_DEEPEST, _DEEPEST_TWO = 0.36, 0.7
# Grey levels by which a bar or line must differ from what lies inside it, over at least `_CONSISTENT` of its
# length with the same sign. Weaker steps count where both sides are flat to `_FLAT` levels.
_STEP, _CONSISTENT = 10, 0.85
_WEAK_STEP, _WEAK_CONSISTENT, _FLAT = 2, 0.97, 4
# A bar's rows hold nearly one grey: between their 12th and 88th percentile lie fewer levels than this, plus a
# share of its own level. Lines within `_LINE` rows of the edge need not.
_SPREAD, _SPREAD_SHARE, _UNIFORM, _LINE = 14, 0.06, 0.8, 6
# Paper round a picture: its level, the noise in it, the share of the image's edge that shows it, and the share
# of the picture's own edges that differs from it (a head without a panel of its own is round).
_PAPER, _PAPER_NOISE, _PAPER_SHARE, _PANEL = 40, 10, 0.97, 0.6
# A corner is tissue, not background, if it lies more than this share of the way from the darkest pixels to the
# 97th percentile: at most 0.05 in 136 slices with a visible background, 0.35 at the median where none is.
_TISSUE = 0.12
# Width in grey levels of the window in which a corner's commonest level is looked for, and how far from it the
# background's noise reaches and letters do not.
_MODE, _ROUND_MODE = 9, 28
# A light background is over this level, and above this share of that way in all corners.
_BRIGHT, _LIGHT = 150, 0.9
# A frame's sides have one grey to within this many levels over this share of their length, and stand out by at
# least this many levels where nothing touches them.
_FRAME_NOISE, _FRAME_SHARE, _FRAME_STEP = 30, 0.9, 40.0
# Resampling blurs the inner edge of a bar over so many pixels more, as long as the step goes on by so many grey
# levels a pixel over that share of its length.
_BLUR = 2
_FADES, _FADES_CONSISTENT = 2.0, 0.6


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
    brighter than the head. `agreement` is 1 where all four corners show the same level and falls to 0; `seen` is
    False where tissue fills the corners."""

    level: float
    noise: float
    bright: bool
    agreement: float
    seen: bool


def find_margins(grey: Grey) -> Margins:
    """Strips along the four edges that are nearly one grey and end in a straight step."""
    paper = _paper(grey)
    panel = inner(grey, paper)
    depths, steps = [], []
    for turn in range(4):  # each edge in turn on top: top, right, bottom, left
        depth, step = _strip(np.rot90(panel, turn))
        depths.append(depth)
        steps.append(step)
    _complete(panel, depths, steps)
    depths = [depth + outside for depth, outside in zip(depths, paper.sides, strict=True)]
    steps = [max(step, outside) for step, outside in zip(steps, paper.steps, strict=True)]
    height, width = grey.shape
    if depths[0] + depths[2] > _DEEPEST_TWO * height:
        depths[0] = depths[2] = 0
    if depths[1] + depths[3] > _DEEPEST_TWO * width:
        depths[1] = depths[3] = 0
    top, right, bottom, left = depths
    return Margins(top, right, bottom, left, (steps[0], steps[1], steps[2], steps[3]))


def _complete(grey: Grey, depths: list[int], steps: list[float]) -> None:
    """Finds the sides of a frame that bright scalp touches, by the grey that its other sides show."""
    known = [turn for turn in range(4) if depths[turn] and steps[turn] >= _FRAME_STEP]
    if len(known) < 2 or len(known) == 4:
        return
    level = float(np.median([np.median(np.rot90(grey, turn)[0]) for turn in known]))
    for turn in set(range(4)) - set(known):
        rows = np.rot90(grey, turn)[: max(depths[side] for side in known)].astype(np.int16)
        alike = (np.abs(rows - level) <= _FRAME_NOISE).mean(axis=1) >= _FRAME_SHARE
        deep = len(alike) if alike.all() else int(np.argmin(alike))
        if deep and deep < _DEEPEST * grey.shape[turn % 2]:
            depths[turn], steps[turn] = max(depths[turn], deep), max(steps[turn], _FRAME_STEP)


def _paper(grey: Grey) -> Margins:
    """The page round a picture that was pasted on light paper, on all sides at once; none where there is none.

    `_strip` cannot see it, as each of its rows also crosses the paper at both ends.
    """
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.int16)
    level = int(np.median(edge))
    if level < _PAPER or float((np.abs(edge - level) <= _PAPER_NOISE).mean()) < _PAPER_SHARE:
        return Margins()
    other = np.abs(grey.astype(np.int16) - level) > _PAPER_NOISE
    rows, columns = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
    if not len(rows):
        return Margins()
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    panel = other[y0:y1, x0:x1]
    sides = (panel[:2].mean(), panel[-2:].mean(), panel[:, :2].mean(), panel[:, -2:].mean())
    if min(sides) < _PANEL or min(panel.shape) < 8:
        return Margins()
    height, width = grey.shape
    step = float(abs(level - np.median(grey[y0:y1, x0:x1])))
    return Margins(y0, width - x1, height - y1, x0, (step, step, step, step))


def inner(grey: npt.NDArray[_Pixel], margins: Margins) -> npt.NDArray[_Pixel]:
    """The view of an array inside the margins."""
    height, width = grey.shape[:2]
    return grey[margins.top : height - margins.bottom, margins.left : width - margins.right]


def _strip(grey: Grey) -> tuple[int, float]:
    """Depth of the strip along the upper edge (0 where there is none), and its step in grey levels."""
    reach = int(_DEEPEST * grey.shape[0])
    if reach < 1 or grey.shape[1] < 8:
        return 0, 0.0
    rows = grey[: reach + 1].astype(np.int16)
    ordered = np.sort(rows, axis=1)
    middle, low, high = (_quantile(ordered, share) for share in (0.5, 0.12, 0.88))
    uniform = (high - low) < _SPREAD + _SPREAD_SHARE * middle
    change = np.diff(rows, axis=0)
    step = _quantile(np.sort(change, axis=1), 0.5)
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
    fades = (step * np.sign(step[last - 1]) >= _FADES) & (same > _FADES_CONSISTENT)
    deep = last
    while deep < min(last + _BLUR, reach) and fades[deep]:
        deep += 1
    return deep, float(np.max(np.abs(middle[:last] - inside)))


def _quantile(ordered: npt.NDArray[np.int16], share: float) -> npt.NDArray[np.float64]:
    """That quantile of each row of an array whose rows are in order, as `numpy.quantile`, which takes longer."""
    at = share * (ordered.shape[1] - 1)
    low = int(at)
    high = min(low + 1, ordered.shape[1] - 1)
    return np.asarray(ordered[:, low] + (at - low) * (ordered[:, high] - ordered[:, low]), np.float64)


def _level(corner: Grey) -> float:
    """The level that most of a corner shows, whatever text stands in it."""
    counts = np.convolve(np.bincount(corner.ravel(), minlength=256), np.ones(_MODE), mode="same")
    mode = int(counts.argmax())
    near = corner[np.abs(corner.astype(np.int16) - mode) <= _ROUND_MODE]
    return float(np.median(near)) if near.size else float(mode)


def find_background(smooth: Grey) -> Background:
    """Models the background from the corners of a slightly smoothed page without margins.

    Heads are round, so that at least two corners show background: its level is the mean of the two middle
    ones of the four corners' levels. Where that is bright tissue, the slice fills the image, and the darkest
    corner or the darkest pixels stand in.
    """
    height, width = smooth.shape
    size = max(1, int(0.09 * min(height, width)))
    corners = [smooth[:size, :size], smooth[:size, -size:], smooth[-size:, :size], smooth[-size:, -size:]]
    levels = sorted(_level(corner) for corner in corners)
    level = (levels[1] + levels[2]) / 2
    floor, top = grey_percentile(smooth, 1), grey_percentile(smooth, 97)
    spread = levels[3] - levels[0]
    agreement = max(0.0, 1.0 - spread / max(40.0, 0.5 * abs(top - level)))
    bright = level > _BRIGHT and level > floor + _LIGHT * (top - floor) and agreement > 0.5
    seen = bright or level <= floor + _TISSUE * (top - floor)
    if not seen:
        level = levels[0] if levels[0] <= floor + _TISSUE * (top - floor) else floor
    values = np.concatenate([corner.ravel() for corner in corners]).astype(np.float64)
    near = values[np.abs(values - level) <= 12 + 0.1 * abs(top - level)]
    if near.size < 20:
        near = values
    noise = max(1.0, 1.48 * float(np.median(np.abs(near - np.median(near)))))
    return Background(level, noise, bright, agreement, seen)
