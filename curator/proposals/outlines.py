"""Areas as polygons: what a person can move, reshape and delete."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curator.proposals.page import Area

# Pixels by which an outline may be simplified, and the largest hole that a polygon may fill.
_SIMPLER, _HOLE = 0.6, 12.0
_HOLE_SHARE = 0.0012  # the same as a share of the page


def outlines(area: Area, page: int) -> list[npt.NDArray[np.int32]]:
    """Polygons (n, 2), pixel centres, whose fill is `area` (h, w; 0 or 1) and small holes in it; `page` is the
    whole page's size in pixels, to which "small" refers.

    What has a large hole, such as a frame, is cut in two through the hole, again and again: a polygon has no
    holes, so a frame's outline would fill the whole image.
    """
    hole = max(_HOLE, _HOLE_SHARE * page)
    found: list[npt.NDArray[np.int32]] = []
    parts = parts_of(area)
    while parts:
        part, x, y = parts.pop()
        cut = _cut(part, hole)
        if cut is not None:
            parts += [piece for half, dx, dy in cut for piece in parts_of(half, x + dx, y + dy)]
        else:
            found.append(_outline(part) + np.array([x, y], np.int32))
    return found


def parts_of(area: Area, x: int = 0, y: int = 0) -> list[tuple[Area, int, int]]:
    """The parts of an area (h, w; 0 or 1) at x, y that do not touch but at corners, each with where it lies."""
    from curator.imaging._cv2 import cv2

    left, top, width, height = cv2.boundingRect(area)  # counting what is empty would take most of the time
    if not width:
        return []
    area = np.ascontiguousarray(area[top : top + height, left : left + width])
    x, y = x + left, y + top
    count, labels, stats, _ = cv2.connectedComponentsWithStats(area, connectivity=4)
    parts = []
    for index in range(1, count):
        left, top, width, height, _ = (int(value) for value in stats[index])
        own = labels[top : top + height, left : left + width] == index
        parts.append((own.astype(np.uint8), x + left, y + top))
    return parts


def _cut(part: Area, hole: float) -> list[tuple[Area, int, int]] | None:
    """The part in two through the middle of its largest hole, with where each lies; None without a hole."""
    from curator.imaging._cv2 import cv2

    holes = np.pad(1 - part, 1, constant_values=1)
    count, _, stats, centres = cv2.connectedComponentsWithStats(holes, connectivity=4)
    inner = [index for index in range(1, count) if stats[index][0] > 0]  # what is open to the outside is none
    inner = [index for index in inner if stats[index][cv2.CC_STAT_AREA] > hole]
    if not inner:
        return None
    largest = max(inner, key=lambda index: int(stats[index][cv2.CC_STAT_AREA]))
    x, y = (round(float(value)) - 1 for value in centres[largest])
    if part.shape[0] >= part.shape[1]:
        y = min(max(1, y), part.shape[0] - 1)
        return [(part[:y], 0, 0), (part[y:], 0, y)]
    x = min(max(1, x), part.shape[1] - 1)
    return [(part[:, :x], 0, 0), (part[:, x:], x, 0)]


def _outline(part: Area) -> npt.NDArray[np.int32]:
    from curator.imaging._cv2 import cv2

    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = max(contours, key=len)
    simple = np.asarray(cv2.approxPolyDP(contour, _SIMPLER, True)[:, 0], np.int32)
    missing = max(0, 3 - len(simple))  # a pixel or a line is a polygon too
    return np.concatenate([simple, np.repeat(simple[-1:], missing, axis=0)])
