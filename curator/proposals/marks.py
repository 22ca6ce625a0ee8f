"""Marks burnt in on the head itself: coloured ones, straight lines across it, and hard white or black ones.

Thresholds were set on 121 real slices without such marks (no false one but where noted) and the same slices
with arrows, letters, circles and crosshairs drawn on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.proposals.brain import inside_skull
from curator.proposals.head import Head
from curator.proposals.overlays import Mark, corners
from curator.proposals.page import Area, Page
from curator.records import MaskKind, OverlayOn

Suspicion: TypeAlias = Literal["none", "possible", "likely"]

# Colour: difference between the largest and smallest channel, above the head's median. Tinted scans have a
# median of up to 8 and little spread; every drawn colour exceeded it by more than 50.
_COLOURED, _COLOUR_SMALLEST, _COLOUR_SHARE = 50, 6, 0.00015
# Lines: a row or column that differs from both neighbours at this distance (pixels) by this many grey levels,
# with the same sign along this share of a chord of most of the brain; less where two cross. Anatomy
# reached 0.91 alone and 0.73 crossed.
_LINE_GAPS, _LINE_STEP, _LINE_SHARE, _CROSS_SHARE, _LINE_LONG = (2, 3), 3.0, 0.94, 0.80, 0.6


@dataclass(frozen=True, slots=True)
class _Hardness:
    """What makes a spot a mark: widest stroke as a share of the head's shorter side; then for white and black
    ones pixels, grey levels of contrast, steepness of the outline (slope a pixel as a share of contrast, its
    median) and spread of the inside (as a share of contrast, at most). `extreme` ones are brighter than 99 %
    of the head, or darker than 99 % of the brain, and no small round spots."""

    stroke: float
    white: tuple[int, float, float, float]
    black: tuple[int, float, float, float]
    extreme: bool = True


# Seen in no clean slice of 121, in 13 of them, and in 62; in 45 %, 50 % and 84 % of those with a white mark.
_SURE = _Hardness(0.05, (16, 85.0, 0.31, 0.10), (60, 140.0, 0.28, 0.07))
_LIKELY = _Hardness(0.05, (12, 80.0, 0.28, 0.13), (25, 110.0, 0.28, 0.10))
_POSSIBLE = _Hardness(0.03, (12, 80.0, 0.28, 0.17), (12, 80.0, 0.31, 0.17), extreme=False)
# Small round spots are vessels and sinuses, not marks.
_ROUND_PIXELS, _ROUND = 60, 1.2
# In smaller heads (shorter side in pixels) vessels and sulci are as hard as letters, and make up lines.
_SMALLEST_HEAD = 120
# Rim of scalp and bone, as a share of the head's shorter side: what lies deeper counts as brain.
_RIM = 0.085
# A mark lies on the brain when at least this share of it does.
_ON_BRAIN = 0.3


def find_marks_on_head(page: Page, head: Head) -> list[Mark]:
    """Marks on the head, each with where it lies: `brain`, or `head` for scalp and neck."""
    if head.box is None:
        return []
    brain = inside_skull(head.mask, _RIM)
    x0, y0, x1, y1 = head.box
    if min(x1 - x0, y1 - y0) < _SMALLEST_HEAD:
        return _coloured(page, head, brain)
    return [*_coloured(page, head, brain), *_lines(page, brain), *_hard(page, head, brain, _SURE)]


def suspicion(page: Page, head: Head) -> Suspicion:
    """Whether something on the brain resembles a mark without being certain enough to be called one."""
    if head.box is None:
        return "none"
    brain = inside_skull(head.mask, _RIM)
    if next(_hard(page, head, brain, _LIKELY), None) is not None:
        return "likely"
    return "none" if next(_hard(page, head, brain, _POSSIBLE), None) is None else "possible"


def _coloured(page: Page, head: Head, brain: Area) -> list[Mark]:
    from curator.imaging._cv2 import cv2

    colour = page.colour
    on_head = head.mask > 0
    usual = float(np.median(colour[on_head]))
    spread = float(np.percentile(colour[on_head], 90)) - usual
    seen = ((colour > usual + max(_COLOURED, 3 * spread)) & on_head).astype(np.uint8)
    if seen.sum() < max(_COLOUR_SMALLEST, _COLOUR_SHARE * on_head.sum()):
        return []
    joined = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    marks = []
    for index in range(1, count):
        x, y, w, h, _ = (int(value) for value in stats[index])
        window = np.s_[y : y + h, x : x + w]
        own = (labels[window] == index) & (seen[window] > 0)
        if own.sum() >= _COLOUR_SMALLEST:
            marks.append(_mark("marker", _where(own, brain[window]), (x, y, x + w, y + h), 0.95, page))
    return marks


def _lines(page: Page, brain: Area) -> list[Mark]:
    """Straight lines along rows or columns, as crosshairs have; they cross the brain."""
    grey, mask = page.grey.astype(np.float32), brain > 0
    both = _line_shares(grey, mask), _line_shares(grey.T, mask.T)
    crossed = min(float(share.max(initial=0.0)) for share in both) >= _CROSS_SHARE
    found = []
    for turned, share in zip((False, True), both, strict=True):
        for at in np.flatnonzero(share >= (_CROSS_SHARE if crossed else _LINE_SHARE)):
            if (
                share[max(0, at - 3) : at + 4].max() > share[at]
                or share[max(0, at - 3) : at].max(initial=0) >= share[at]
            ):
                continue
            rows = np.flatnonzero(mask[at] if turned else mask[:, at])
            low, high, first, last = int(at) - 1, int(at) + 2, int(rows[0]), int(rows[-1]) + 1
            box = (first, low, last, high) if turned else (low, first, high, last)
            found.append(_mark("other", "brain", box, float(min(1.0, share[at])), page))
    return found


def _line_shares(grey: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """For each column the share of its pixels on the head that stand out to both sides, all to one side."""
    shares = np.zeros(grey.shape[1])
    long_enough = _LINE_LONG * mask.any(axis=1).sum()
    for gap in _LINE_GAPS:
        if grey.shape[1] <= 2 * gap:
            continue
        middle = grey[:, gap:-gap]
        left, right = middle - grey[:, : -2 * gap], middle - grey[:, 2 * gap :]
        on_head = mask[:, gap:-gap] & mask[:, : -2 * gap] & mask[:, 2 * gap :]
        mean = (left + right) / 2
        length = on_head.sum(axis=0)
        brighter = ((mean >= _LINE_STEP) & on_head).sum(axis=0)
        darker = ((mean <= -_LINE_STEP) & on_head).sum(axis=0)
        share = np.where(length > long_enough, np.maximum(brighter, darker) / np.maximum(1, length), 0.0)
        shares[gap:-gap] = np.maximum(shares[gap:-gap], share)
    return shares


def _hard(page: Page, head: Head, brain: Area, hardness: _Hardness) -> Iterator[Mark]:
    """Flat white or black marks with hard outlines on the brain. Brighter than nearly all of the head."""
    from curator.imaging._cv2 import cv2

    assert head.box is not None
    x0, y0, x1, y1 = head.box
    side = min(x1 - x0, y1 - y0)
    if side < _SMALLEST_HEAD:
        return
    size = max(5, int(hardness.stroke * side) | 1)
    grey = page.grey.astype(np.float32)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    bright = float(np.percentile(page.grey[head.mask > 0], 99))
    dark = float(np.percentile(page.grey[brain > 0], 1)) if brain.any() else 0.0
    for white, limits in ((True, hardness.white), (False, hardness.black)):
        pixels, contrast, steep, spread = limits
        operation = cv2.MORPH_TOPHAT if white else cv2.MORPH_BLACKHAT
        stands = cv2.morphologyEx(page.grey, operation, np.ones((size, size), np.uint8))
        candidates = ((stands > contrast / 2) & (brain > 0)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(candidates, connectivity=8)
        for index in range(1, count):
            x, y, w, h, area = (int(value) for value in stats[index])
            if area < pixels:
                continue
            window = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            own = labels[window] == index
            peak = float(np.percentile(stands[window][own], 90))
            body = (own & (stands[window] > peak / 2)).astype(np.uint8)
            if peak < contrast or body.sum() < pixels:
                continue
            flat = grey[window][own & (stands[window] > 0.75 * peak)]
            level = float(flat.mean())
            if float(flat.std()) > spread * peak:
                continue
            if hardness.extreme and (level < bright if white else level > dark):
                continue
            if hardness.extreme and body.sum() < _ROUND_PIXELS and _compactness(body) > _ROUND:
                continue
            if float(np.median(slope[window][_outline(body)])) >= steep * peak:
                kind: MaskKind = "arrow" if max(w, h) > 0.05 * side else "marker"
                yield _mark(kind, "brain", (x, y, x + w, y + h), 0.85, page)


def _compactness(body: Area) -> float:
    """Pixels over the area of the convex hull through their centres: 1.2 and more for small round spots."""
    from curator.imaging._cv2 import cv2

    outlines, _ = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return float(body.sum()) / (1.0 + sum(cv2.contourArea(cv2.convexHull(outline)) for outline in outlines))


def _outline(body: Area) -> npt.NDArray[np.bool_]:
    """The pixels on both sides of a shape's edge."""
    from curator.imaging._cv2 import cv2

    square = np.ones((3, 3), np.uint8)
    inner = cv2.erode(body, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(cv2.dilate(body, square) > inner)


def _where(own: npt.NDArray[np.bool_], brain: Area) -> OverlayOn:
    return "brain" if float(brain[own].mean()) >= _ON_BRAIN else "head"


def _mark(kind: MaskKind, on: OverlayOn, box: tuple[int, int, int, int], score: float, page: Page) -> Mark:
    height, width = page.grey.shape
    x0, y0, x1, y1 = box
    grown = (max(0, x0 - 1), max(0, y0 - 1), min(width, x1 + 1), min(height, y1 + 1))
    return Mark(kind, on, grown, corners(grown), score)
