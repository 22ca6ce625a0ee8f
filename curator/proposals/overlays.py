"""Marks burnt in beside the head: corner text, rulers, letters, frames and bars, watermarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.head import Head
from curator.proposals.page import Area, Page
from curator.records import MaskKind, OverlayOn

# A mark differs from the background by this many grey levels, and by more at its peak; its edges are hard:
# 95th percentile of the gradient, in grey levels a pixel.
_CONTRAST, _PEAK, _EDGE, _HARD = 24, 50, 20, 0.38
# A strip is drawn only where it stands out by this many grey levels.
_VISIBLE_STEP = 8.0
# Sizes as shares of the shorter side: letters that belong together, the halo round the head that is not
# searched, and the largest mark as a share of the page's area.
_JOIN, _HALO, _LARGEST = 0.02, 0.012, 0.06
_SMALLEST = 6  # pixels
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
        Mark("border", "background", box, _corners(box), min(1.0, 0.5 + step / 100))
        for box, depth, step in zip(boxes, margins.sides, margins.steps, strict=True)
        if depth and step >= _VISIBLE_STEP
    ]


def find_marks(page: Page, head: Head) -> list[Mark]:
    """Hard-edged marks on the background inside the margins."""
    from curator.imaging._cv2 import cv2

    free = 1 - _surroundings(head.mask, page.side)
    margins = head.margins
    height, width = page.grey.shape
    inside = np.zeros_like(free)
    inside[margins.top : height - margins.bottom, margins.left : width - margins.right] = 1
    away = np.asarray(cv2.absdiff(page.grey, np.full_like(page.grey, round(head.background.level))))
    seen = ((away > _CONTRAST) & (free > 0) & (inside > 0)).astype(np.uint8)
    join = max(3, int(_JOIN * page.side) | 1)
    joined = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((join, join), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    slope = cv2.magnitude(cv2.Sobel(page.grey, cv2.CV_32F, 1, 0), cv2.Sobel(page.grey, cv2.CV_32F, 0, 1)) / 8
    marks = []
    for index in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[index])
        window = np.s_[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1]
        own = labels[window] == index
        if area < _SMALLEST or area > _LARGEST * page.grey.size:
            continue
        around = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        peak = float(np.percentile(away[window][own], 95))
        edge = float(np.percentile(slope[window][around], 95))
        if peak < _PEAK or edge < _EDGE or edge < _HARD * peak:
            continue
        box = (max(0, x - _GROW), max(0, y - _GROW), min(width, x + w + _GROW), min(height, y + h + _GROW))
        marks.append(Mark("text", "background", box, _corners(box), min(1.0, edge / 60)))
    return marks


def _surroundings(mask: Area, side: int) -> Area:
    """The head's convex hull with a halo, 0 or 1."""
    from curator.imaging._cv2 import cv2

    around = np.zeros_like(mask)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if outlines:
        cv2.fillPoly(around, [cv2.convexHull(np.vstack(outlines))], 1)
    return np.asarray(cv2.dilate(around, np.ones((3, 3), np.uint8), iterations=max(1, int(_HALO * side))))


def _corners(box: tuple[int, int, int, int]) -> npt.NDArray[np.int32]:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1)], np.int32)
