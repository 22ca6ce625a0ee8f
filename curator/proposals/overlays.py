"""Marks burnt in beside the head: corner text, rulers, letters, frames and bars, watermarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.head import Head
from curator.proposals.page import Area, Page
from curator.records import MaskKind, OverlayOn

# A mark differs from the background by `_CONTRAST` grey levels and more at its peak (95th percentile), and
# its edges are steep: slope in grey levels a pixel, and as a share of the peak. In the hollows of the head's
# outline and within `_BESIDE` (share of the shorter side) of it, loose bits of tissue are likelier, so more
# is asked, among it a share of the page's area unless the image's edge cuts the mark. Measured on 93 marks
# and 80 bits of tissue.
_CONTRAST, _PEAK, _EDGE, _HARD = 24, 50, 18, 0.33
_BESIDE, _PEAK_BESIDE, _HARD_BESIDE, _AREA_BESIDE = 0.01, 105, 0.37, 0.0005
# Of a joined group of letters, what counts as ink: this share of the peak.
_INK = 0.25
# A strip is drawn only where it stands out by this many grey levels.
_VISIBLE_STEP = 8.0
# Sizes as shares of the shorter side: letters that belong together, the halo round the head that is not
# searched, and the largest mark as a share of the page's area.
_JOIN, _HALO, _LARGEST = 0.02, 0.012, 0.06
_SMALLEST = 6  # pixels
# Shapes by kind, lengths as shares of the page's shorter side: a ruler is long and flat with an unbroken line
# along it; a marker is a small solid spot; a watermark is long and translucent.
_RULER_LONG, _RULER_FLAT, _RULER_LINE = 0.15, 0.08, 0.7
_SOLID, _MARKER_LONG = 0.75, 0.08
_WATERMARK_LONG, _WATERMARK_PEAK = 0.2, 120.0
_GROW = 2  # pixels by which a mark's polygon is larger than what was seen, for blur and compression


@dataclass(frozen=True, slots=True)
class Mark:
    """One overlay: `box` x0, y0, x1, y1 (exclusive) and `points` (n, 2) are in the page's pixels."""

    kind: MaskKind
    on: OverlayOn
    box: tuple[int, int, int, int]
    points: npt.NDArray[np.int32]
    score: float


def find_strips(page: Page, head: Head) -> list[Mark]:
    """The margins that can be seen, one rectangle a side: never an outline round the whole image."""
    height, width = page.grey.shape
    margins = head.margins
    boxes = (
        (0, 0, width, margins.top),
        (width - margins.right, 0, width, height),
        (0, height - margins.bottom, width, height),
        (0, 0, margins.left, height),
    )
    return [
        Mark("border", "background", box, corners(box), min(1.0, 0.5 + step / 100))
        for box, depth, step in zip(boxes, margins.sides, margins.steps, strict=True)
        if depth and step >= _VISIBLE_STEP
    ]


def find_marks(page: Page, head: Head) -> list[Mark]:
    """Hard-edged marks on the background inside the margins."""
    from curator.imaging._cv2 import cv2

    halo = max(1, int(_HALO * page.side))
    near = cv2.dilate(head.mask, np.ones((3, 3), np.uint8), iterations=halo)
    margins = head.margins
    height, width = page.grey.shape
    inside = np.zeros_like(near)
    inside[margins.top : height - margins.bottom, margins.left : width - margins.right] = 1
    away = np.asarray(cv2.absdiff(page.grey, np.full_like(page.grey, round(head.background.level))))
    seen = ((away > _CONTRAST) & (near == 0) & (inside > 0)).astype(np.uint8)
    join = max(3, int(_JOIN * page.side) | 1)
    joined = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((join, join), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    grey = page.grey.astype(np.float32)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    reach = 2 * int(_BESIDE * page.side) + 1
    hull = cv2.dilate(_hull(head.mask), np.ones((reach, reach), np.uint8))
    marks = []
    for index in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[index])
        if area < _SMALLEST or area > _LARGEST * page.grey.size:
            continue
        window = np.s_[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1]
        own = labels[window] == index
        around = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        peak = float(np.percentile(away[window][own], 95))
        edge = float(np.percentile(slope[window][around], 95))
        beside = bool((hull[window][own] > 0).any())
        least, hard = (_PEAK_BESIDE, _HARD_BESIDE) if beside else (_PEAK, _HARD)
        if peak < least or edge < _EDGE or edge < hard * peak:
            continue
        at_edge = x == 0 or y == 0 or x + w == width or y + h == height
        if beside and not at_edge and area < _AREA_BESIDE * page.grey.size:
            continue
        ink = own & (seen[window] > 0) & (away[window] > max(_CONTRAST, _INK * peak))
        if not ink.any():
            continue
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        left, top = max(0, x - 1), max(0, y - 1)
        box = (
            max(0, left + int(columns[0]) - _GROW),
            max(0, top + int(rows[0]) - _GROW),
            min(width, left + int(columns[-1]) + 1 + _GROW),
            min(height, top + int(rows[-1]) + 1 + _GROW),
        )
        kind = _kind(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], peak, page.side)
        marks.append(Mark(kind, "background", box, corners(box), min(1.0, 0.3 + peak / 300 + edge / 150)))
    return marks


def _kind(ink: npt.NDArray[np.bool_], peak: float, side: int) -> MaskKind:
    """The kind of a mark by its shape; `ink` is tight, `side` the page's shorter side."""
    height, width = ink.shape
    long, flat = max(ink.shape), min(ink.shape)
    along = ink.mean(axis=1 if width >= height else 0)
    if long > _RULER_LONG * side and flat < _RULER_FLAT * side and float(along.max()) > _RULER_LINE:
        return "ruler"
    if float(ink.mean()) > _SOLID:
        return "marker" if long < _MARKER_LONG * side else "other"
    if width > _WATERMARK_LONG * side and peak < _WATERMARK_PEAK:
        return "watermark"
    return "text"


def _hull(mask: Area) -> Area:
    """The head's convex hull, 0 or 1."""
    from curator.imaging._cv2 import cv2

    hull = np.zeros_like(mask)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if outlines:
        cv2.fillPoly(hull, [cv2.convexHull(np.vstack(outlines))], 1)
    return hull


def corners(box: tuple[int, int, int, int]) -> npt.NDArray[np.int32]:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1)], np.int32)
