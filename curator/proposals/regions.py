"""Regions that stay the same over a wide range of thresholds: what is drawn does, tissue seldom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.maps import Floats
from curator.proposals.page import Area, Grey

# Maximally stable extremal regions (Matas et al., 2002): grey levels over which a region must hardly grow, its
# pixels, at least, and at most as a share of `within`.
_DELTA, _LEAST, _MOST = 10, 6, 0.012
_VARIES = 1.0  # share by which it may
# Pixels (sigma) of blur before: regions hang together by the sides of pixels, so that a slanting line of a single
# hard pixel falls apart, and OpenCV passes over what does not grow by a pixel from one threshold to the next.
_SOFTEN = 0.6
_ON = 0.5  # share of a region that must lie within
# Of two that overlap by more than this (intersection over union) the harder one is kept, and so many in all.
_SAME, _KEPT = 0.5, 24
_WEAK = 20  # percentile of the slopes along an outline that tells how hard it is all round


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """`box` x0, y0, x1, y1 (exclusive), `own` (h, w) its pixels in the box, `hard` the slope along the weaker part
    of its outline in grey levels a pixel."""

    box: tuple[int, int, int, int]
    own: npt.NDArray[np.bool_]
    hard: float


def stable_regions(grey: Grey, slope: Floats, within: Area) -> list[Region]:
    """The hardest of them, hardest first; `slope` in grey levels a pixel, `within` 0 or 1 (h, w)."""
    from curator.imaging._cv2 import cv2

    total = int(within.sum())
    x0, y0, w, h = cv2.boundingRect(within)
    if total * _MOST <= _LEAST or min(w, h) < 4:
        return []
    finder = cv2.MSER.create(_DELTA, _LEAST, max(_LEAST + 1, int(_MOST * total)), _VARIES)
    softened = np.asarray(cv2.GaussianBlur(grey, (0, 0), _SOFTEN)[y0 : y0 + h, x0 : x0 + w], np.uint8)
    found, boxes = finder.detectRegions(np.ascontiguousarray(softened))
    regions = []
    for points, (left, top, wide, high) in zip(found, np.asarray(boxes).reshape(-1, 4).tolist(), strict=True):
        columns, rows = (np.asarray(points) + np.array([x0, y0])).T
        if float(within[rows, columns].mean()) < _ON:
            continue
        x, y = left + x0, top + y0
        own = np.zeros((high, wide), bool)
        own[rows - y, columns - x] = True
        box = (x, y, x + wide, y + high)
        regions.append(Region(box, own, hardness_of(slope, box, own)))
    regions.sort(key=lambda region: (-region.hard, region.box))
    return _apart(regions)


def hardness_of(slope: Floats, box: tuple[int, int, int, int], own: npt.NDArray[np.bool_]) -> float:
    """The slope in grey levels a pixel that four fifths of an area's outline exceed."""
    return percentile(slopes_along(slope, box, own), _WEAK)


def percentile(values: Floats, share: float) -> float:
    """`numpy.percentile` of a few values without what it spends on any other case: a fifth of the time."""
    at = share / 100 * (values.size - 1)
    low = int(at)
    high = min(low + 1, values.size - 1)
    parted = np.partition(values, (low, high))
    return float(parted[low]) + (at - low) * (float(parted[high]) - float(parted[low]))


def slopes_along(slope: Floats, box: tuple[int, int, int, int], own: npt.NDArray[np.bool_]) -> Floats:
    """For each pixel of an area's outline the steepest slope beside it."""
    from curator.imaging._cv2 import cv2

    x0, y0, x1, y1 = box
    height, width = slope.shape
    top, left = max(0, y0 - 1), max(0, x0 - 1)
    around = slope[top : min(height, y1 + 1), left : min(width, x1 + 1)]
    part = np.zeros(around.shape, np.uint8)
    part[y0 - top : y1 - top, x0 - left : x1 - left] = own
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    rim = part > cv2.erode(part, cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    steepest = cv2.dilate(np.ascontiguousarray(around), cross)
    return np.asarray(steepest[rim], np.float32)


def _apart(regions: list[Region]) -> list[Region]:
    kept: list[Region] = []
    for region in regions:
        if len(kept) == _KEPT:
            break
        if all(overlap(region.box, region.own, other.box, other.own) <= _SAME for other in kept):
            kept.append(region)
    return kept


def overlap(
    one: tuple[int, int, int, int],
    own: npt.NDArray[np.bool_],
    two: tuple[int, int, int, int],
    other: npt.NDArray[np.bool_],
) -> float:
    """Intersection over union of two areas, each given by its box and its pixels in it."""
    x0, y0, x1, y1 = max(one[0], two[0]), max(one[1], two[1]), min(one[2], two[2]), min(one[3], two[3])
    if x0 >= x1 or y0 >= y1:
        return 0.0
    first = own[y0 - one[1] : y1 - one[1], x0 - one[0] : x1 - one[0]]
    second = other[y0 - two[1] : y1 - two[1], x0 - two[0] : x1 - two[0]]
    both = int((first & second).sum())
    return both / (int(own.sum()) + int(other.sum()) - both)
