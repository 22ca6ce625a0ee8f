"""Brush strokes become polygons, and take away from polygons. Image pixels; no Qt."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from curator.app.curate.shapes import Point, Polygon, bounds
from curator.records import Mask, MaskKind

# Corners nearer than this to the simplified outline are left out, in pixels: nobody sees less than one. What
# a fine brush does is kept to the pixel.
_SIMPLER_BY: Final = 0.7
_FINE_RADIUS: Final = 3.0
# What an eraser leaves of a mask is dropped below so many pixels.
_SPECK: Final = 4


def painted(
    masks: Sequence[Mask], stroke: Sequence[Point], radius: float, kind: MaskKind, width: int, height: int
) -> tuple[Mask, ...]:
    """The masks with a stroke added: it joins the masks of its kind that it touches, else it is a new one.

    The new or joined mask comes last. `radius` in pixels.
    """
    area = _Area(stroke, radius, width, height, [mask.polygon for mask in masks])
    drawn = area.of_stroke(stroke, radius)
    rest: list[Mask] = []
    for mask in masks:
        own = area.of(mask.polygon) if mask.kind == kind else None
        if own is not None and (own & drawn).any():
            drawn |= own
        else:
            rest.append(mask)
    return (*rest, *(Mask(kind, polygon) for polygon in area.polygons(drawn)))


def erased(
    masks: Sequence[Mask], stroke: Sequence[Point], radius: float, width: int, height: int
) -> tuple[Mask, ...]:
    """The masks without what a stroke covers; one may fall into several, or go."""
    area = _Area(stroke, radius, width, height, [mask.polygon for mask in masks])
    gone = area.of_stroke(stroke, radius)
    left: list[Mask] = []
    for mask in masks:
        own = area.of(mask.polygon)
        if not (own & gone).any():
            left.append(mask)
            continue
        own[gone > 0] = 0
        left += [Mask(mask.kind, polygon) for polygon in area.polygons(own, _SPECK)]
    return tuple(left)


class _Area:
    """A window of the image, just large enough, in which areas are drawn as `uint8` 0 or 1."""

    def __init__(
        self, stroke: Sequence[Point], radius: float, width: int, height: int, polygons: Sequence[Polygon]
    ) -> None:
        self._simpler_by = _SIMPLER_BY if radius >= _FINE_RADIUS else 0.0
        xs, ys = [x for x, _ in stroke], [y for _, y in stroke]
        left, top = min(xs) - radius - 1, min(ys) - radius - 1
        right, bottom = max(xs) + radius + 1, max(ys) + radius + 1
        for x0, y0, x1, y1 in map(bounds, polygons):
            if x0 < right and x1 > left and y0 < bottom and y1 > top:
                left, top = min(left, x0), min(top, y0)
                right, bottom = max(right, x1), max(bottom, y1)
        self._x, self._y = max(0, math.floor(left)), max(0, math.floor(top))
        self._size = (
            max(1, min(height, math.ceil(bottom)) - self._y),
            max(1, min(width, math.ceil(right)) - self._x),
        )

    def of(self, polygon: Polygon) -> npt.NDArray[np.uint8]:
        from curator.imaging._cv2 import cv2

        area = np.zeros(self._size, np.uint8)
        cv2.fillPoly(area, [np.asarray(polygon, np.int32) - (self._x, self._y)], 1)
        return area

    def of_stroke(self, stroke: Sequence[Point], radius: float) -> npt.NDArray[np.uint8]:
        """Pixels whose middle is within `radius` of the stroke, always at least the pixels under it."""
        from curator.imaging._cv2 import cv2

        # OpenCV takes fixed-point coordinates: 4 bits after the point keep the stroke where it was drawn.
        points = [(round(16 * (x - 0.5 - self._x)), round(16 * (y - 0.5 - self._y))) for x, y in stroke]
        area = np.zeros(self._size, np.uint8)
        thick = max(1, round(2 * radius))
        for a, b in itertools.pairwise(points):
            cv2.line(area, a, b, 1, thick, cv2.LINE_8, 4)
        for point, (x, y) in zip(points, stroke, strict=True):
            cv2.circle(area, point, round(16 * max(radius, 0.5)), 1, -1, cv2.LINE_8, 4)
            row, column = math.floor(y) - self._y, math.floor(x) - self._x
            if 0 <= row < area.shape[0] and 0 <= column < area.shape[1]:
                area[row, column] = 1
        return area

    def polygons(self, area: npt.NDArray[np.uint8], least: int = 1) -> list[Polygon]:
        """The outlines of an area. A hole is cut in by a line from the outline, so that it stays open."""
        from curator.imaging._cv2 import cv2

        found, tree = cv2.findContours(area, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        outlines: list[Polygon] = []
        for index, contour in enumerate(found):
            if tree[0][index][3] >= 0 or _pixels(area, contour) < least:
                continue
            outline = self._simple(contour)
            hole = int(tree[0][index][2])
            while hole >= 0:
                outline = _with_hole(outline, self._simple(found[hole]))
                hole = int(tree[0][hole][0])
            outlines.append(tuple((x + self._x, y + self._y) for x, y in outline))
        return outlines

    def _simple(self, contour: Any) -> Polygon:
        from curator.imaging._cv2 import cv2

        points = cv2.approxPolyDP(contour, self._simpler_by, True).reshape(-1, 2)
        outline = tuple((int(x), int(y)) for x, y in points)
        # A dot or a thin line has fewer corners than a polygon must have.
        return outline + outline[-1:] * (3 - len(outline))


def _pixels(area: npt.NDArray[np.uint8], contour: Any) -> int:
    from curator.imaging._cv2 import cv2

    x, y, w, h = cv2.boundingRect(contour)
    return int(np.count_nonzero(area[y : y + h, x : x + w]))


def _with_hole(outline: Polygon, hole: Polygon) -> Polygon:
    a = np.asarray(outline, np.float64)[:, None]
    b = np.asarray(hole, np.float64)[None]
    nearest = int(np.argmin(((a - b) ** 2).sum(axis=2)))
    start, into = divmod(nearest, len(hole))
    return (*outline[: start + 1], *hole[into:], *hole[: into + 1], *outline[start:])
