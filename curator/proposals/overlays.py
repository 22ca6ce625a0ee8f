"""Marks burnt in beside the head: corner text, rulers, letters, frames and bars, watermarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.head import Head
from curator.proposals.page import Area, Page
from curator.records import MaskKind, OverlayOn

# A mark differs from the background by `_CONTRAST` grey levels, and `_NOISE` times its noise, and by more at
# its peak (95th percentile), and its edges are steep: slope in grey levels a pixel, and as a share of the peak.
# In the hollows of the head's outline and within `_BESIDE` (share of the shorter side) of it, loose bits of
# tissue are likelier, so more is asked, among it a share of the page's area unless the image's edge cuts the
# mark. Measured on 93 marks and 80 bits of tissue.
_CONTRAST, _PEAK, _EDGE, _HARD, _NOISE = 24, 50, 18, 0.33, 5.0
_BESIDE, _PEAK_BESIDE, _HARD_BESIDE, _AREA_BESIDE = 0.01, 105, 0.37, 0.0005
# Of a joined group of letters, what counts as ink: this share of the peak.
_INK = 0.25
# A strip is drawn only where it stands out by this many grey levels.
_VISIBLE_STEP = 8.0
# Sizes as shares of the shorter side: letters that belong together, the halo round the head that is not
# searched, and the largest mark as a share of the page's area.
_JOIN, _HALO, _LARGEST = 0.02, 0.012, 0.06
_SMALLEST = 6  # pixels
# A box of more than this share of the page that ink fills less than this is loose tissue, not text.
_WIDE, _SPARSE = 0.015, 0.15
# Beside the head so is what is bent: wider than this share of the shorter side, its box filled less than this.
_BENT, _BENT_FILL = 0.06, 0.35
# Shapes by kind, lengths as shares of the page's shorter side: a ruler is long and flat with an unbroken line
# along it; a marker is a small solid spot; a watermark is long and translucent.
_RULER_LONG, _RULER_FLAT, _RULER_LINE = 0.15, 0.08, 0.85
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


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A candidate: its box x, y, width, height, the ink in it, its peak and edge (see `_CONTRAST`), whether it
    lies beside the head, and whether the image's edge cuts it."""

    x: int
    y: int
    ink: npt.NDArray[np.bool_]
    area: int
    peak: float
    edge: float
    beside: bool
    at_edge: bool

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.x, self.y, self.x + self.ink.shape[1], self.y + self.ink.shape[0]


def find_marks(page: Page, head: Head) -> list[Mark]:
    """Hard-edged marks on the background inside the margins."""
    pieces = _pieces(page, head)
    taken = [piece for piece in pieces if _is_mark(piece, page)]
    reach = max(3, int(_JOIN * page.side))
    for piece in pieces:  # what stands in line with a mark is more of it: a colon, a dim line of a block
        if piece not in taken and piece.edge >= max(_EDGE, _HARD * piece.peak) and piece.peak >= _PEAK:
            x0, y0, x1, y1 = piece.box
            grown = (x0 - reach, y0 - reach, x1 + reach, y1 + reach)
            if any(meet(grown, mark.box) and piece.peak > mark.peak / 2 for mark in taken):
                taken.append(piece)
    height, width = page.grey.shape
    marks = []
    for piece in taken:
        x0, y0, x1, y1 = piece.box
        box = (max(0, x0 - _GROW), max(0, y0 - _GROW), min(width, x1 + _GROW), min(height, y1 + _GROW))
        score = min(1.0, 0.3 + piece.peak / 300 + piece.edge / 150)
        marks.append(Mark(_kind(piece.ink, piece.peak, page.side), "background", box, corners(box), score))
    return marks


def _is_mark(piece: _Piece, page: Page) -> bool:
    if piece.ink.size > _WIDE * page.grey.size and piece.ink.mean() < _SPARSE:
        return False
    if not piece.beside:
        return piece.peak >= _PEAK and piece.edge >= max(_EDGE, _HARD * piece.peak)
    if min(piece.ink.shape) > _BENT * page.side and piece.ink.mean() < _BENT_FILL:
        return False
    if not piece.at_edge and piece.area < _AREA_BESIDE * page.grey.size:
        return False
    return piece.peak >= _PEAK_BESIDE and piece.edge >= max(_EDGE, _HARD_BESIDE * piece.peak)


def _pieces(page: Page, head: Head) -> list[_Piece]:
    """Groups of letters and other things that differ from the background, outside the head and the margins."""
    from curator.imaging._cv2 import cv2

    halo = max(1, int(_HALO * page.side))
    near = cv2.dilate(head.mask, np.ones((3, 3), np.uint8), iterations=halo)
    margins = head.margins
    height, width = page.grey.shape
    inside = np.zeros_like(near)
    inside[margins.top : height - margins.bottom, margins.left : width - margins.right] = 1
    away = np.asarray(cv2.absdiff(page.grey, np.full_like(page.grey, round(head.background.level))))
    least = max(_CONTRAST, _NOISE * head.background.noise)
    seen = ((away > least) & (near == 0) & (inside > 0)).astype(np.uint8)
    join = max(3, int(_JOIN * page.side) | 1)
    line = np.ones((max(3, join // 2 | 1), join), np.uint8)  # letters join to lines, lines stay apart
    joined = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, line)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    grey = page.grey.astype(np.float32)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    reach = 2 * int(_BESIDE * page.side) + 1
    hull = cv2.dilate(_hull(head.mask), np.ones((reach, reach), np.uint8))
    pieces = []
    for index in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[index])
        if area < _SMALLEST or area > _LARGEST * page.grey.size:
            continue
        left, top = max(0, x - 1), max(0, y - 1)
        window = np.s_[top : y + h + 1, left : x + w + 1]
        own = labels[window] == index
        around = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        peak = float(np.percentile(away[window][own], 95))
        ink = own & (seen[window] > 0) & (away[window] > max(_CONTRAST, _INK * peak))
        if peak < _PEAK or not ink.any():
            continue
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        pieces.append(
            _Piece(
                left + int(columns[0]),
                top + int(rows[0]),
                ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1],
                area,
                peak,
                float(np.percentile(slope[window][around], 95)),
                bool((hull[window][own] > 0).any()),
                x == 0 or y == 0 or x + w == width or y + h == height,
            )
        )
    return pieces


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


def meet(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> bool:
    """Whether two boxes overlap or touch."""
    across = first[0] <= second[2] and second[0] <= first[2]
    return across and first[1] <= second[3] and second[1] <= first[3]


def corners(box: tuple[int, int, int, int]) -> npt.NDArray[np.int32]:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1)], np.int32)
