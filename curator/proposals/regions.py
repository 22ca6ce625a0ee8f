"""How hard the outline of an area is, and how much two areas overlap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curator.proposals.maps import Floats
from curator.proposals.page import Area, Grey

_WEAK = 20  # percentile of the slopes along an outline that tells how hard it is all round


def components(area: Area) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Labels (h, w) of an area's parts (0 or 1), which may touch at corners, and x, y, width, height and pixels of
    each, (n, 5): the first are of what is no part.

    OpenCV's default takes three times as long to count as this method of it, on one core.
    """
    from curator.imaging._cv2 import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(area, 8, cv2.CV_32S, cv2.CCL_GRANA)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


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


def grey_percentile(grey: Grey, share: float) -> float:
    """`numpy.percentile` of an image from its histogram: a tenth of the time."""
    from curator.imaging._cv2 import cv2

    up_to = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.int64))
    at = share / 100 * (grey.size - 1)
    low = int(at)
    first, second = np.searchsorted(up_to, (low, min(low + 1, grey.size - 1)), side="right")
    return float(first + (at - low) * (second - first))


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
