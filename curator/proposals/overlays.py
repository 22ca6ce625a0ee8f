"""Marks burnt in beside the head: corner text, rulers, letters, frames and bars, watermarks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.head import Head
from curator.proposals.maps import Floats, Maps
from curator.proposals.outlines import outlines, parts_of
from curator.proposals.page import Area, Grey, Page
from curator.proposals.regions import components, percentile
from curator.records import MaskKind, OverlayOn

# The network's map of marks: from which probability on a pixel belongs to one, and what one must reach at its
# surest pixel. It has this many pixels at least, and less than this share of it lies in the head, taken less a rim:
# there most of what the network calls a mark is tissue. Pixels refer to a page of `_UNIT` pixels.
_SEEN, _SURE, _LEAST, _ON_HEAD, _RIM, _UNIT = 0.35, 0.6, 6.0, 0.4, 1.0, 256
# But what lies on the head outside the skull's inside, of which it is less than this share, is a mark where the
# network is this sure of it at its surest pixel and on average: so were 6 of 11 marks on the scalps of 138 real
# slices and 117 of 156 planted ones, and nothing else there.
_UPON_SURE, _UPON_MEAN, _UPON_INSIDE = 0.9, 0.75, 0.3
# What the page's edge cuts is small, and the network is less sure of it: there so much of the least size, and that
# probability, are enough.
_CUT, _CUT_SURE = 0.5, 0.5
# Lines along the page's edge are blurred away by the network's coarser map: within so many pixels at `_UNIT` of the
# edge they go on as far as it shows them with this probability.
_EDGE, _EDGE_BORDER = 1.5, 0.3
# Marks and borders differ from what lies round them, `_RING` pixels wide, by so many levels of grey
# or of colour.
_CONTRAST, _BORDER_CONTRAST, _RING = 34.0, 15.0, 4
_BORDER, _BORDER_LEAST = 0.5, 10.0
_BLUR = 3  # pixels at `_UNIT` over which a strip's inner edge may fade
# Strokes that hang on a mark differ from the background by this many grey levels, and make it so many times larger
# at most. What differs as much stands for itself, however small, down to so many pixels, where the network is this
# sure of it; less sure at the page's very edge.
_CLEAR, _GROWN = 60, 3.0
_CLEAR_SURE, _CLEAR_CUT, _CLEAR_LEAST = 0.8, 0.3, 1.5
# A strip is drawn only where it stands out by this many grey levels.
_VISIBLE_STEP = 8.0
# A mark on the scalp's edge cuts a notch into what the network sees as head, at most twice so wide at `_UNIT`.
_NOTCH = 2.5
# Letters that belong together are at most this share of the page's shorter side apart.
_JOIN = 0.02
_MOST = 0.5  # share of a box
# Shapes by kind, lengths as shares of the page's shorter side: a ruler is long and flat with an unbroken line
# along it; a marker is a small solid spot; a watermark is long and translucent.
_RULER_LONG, _RULER_FLAT, _RULER_LINE = 0.15, 0.08, 0.85
_SOLID, _MARKER_LONG = 0.75, 0.08
_WATERMARK_LONG, _WATERMARK_PEAK = 0.2, 120.0
# Pixels at `_UNIT` by which a mark is larger than what was seen, for blur and compression; and on the head, where
# less is to be lost.
_GROW, _GROW_UPON = 1.0, 0.7


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


def find_marks(page: Page, head: Head, maps: Maps) -> list[Mark]:
    """What the network sees as marks beside the head, what reaches a little into it, and what it is sure of on
    scalp and neck, one for each line."""
    from curator.imaging._cv2 import cv2

    unit = max(page.grey.shape) / _UNIT
    core = _without_rim(head.mask, max(1, round(_RIM * unit)))
    seen = (maps.mark > _SEEN).astype(np.uint8)
    ink = _gated(page, maps.mark, seen, _SURE, _LEAST * unit**2, _CONTRAST, (core, maps.inside))
    free = _grown(ink, _GROW_UPON * unit) | (1 - core)
    for strip in find_strips(page, head):
        x0, y0, x1, y1 = strip.box
        free[y0:y1, x0:x1] = 0
    ink = _completed(page, head, maps, ink & free, free)
    if not ink.any():
        return []
    join = max(3, int(_JOIN * page.side) | 1)
    grown = _grown(ink, _GROW * unit)
    line = np.ones((max(3, join // 2 | 1), join), np.uint8)  # letters join to lines, lines stay apart
    padded = cv2.copyMakeBorder(grown, join, join, join, join, cv2.BORDER_CONSTANT, value=0)
    closed = np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, line), np.uint8)
    joined = np.ascontiguousarray(closed[join:-join, join:-join] & free)
    notch = np.ones((2 * max(1, round(_NOTCH * unit)) + 1,) * 2, np.uint8)
    tissue = cv2.morphologyEx(head.mask, cv2.MORPH_CLOSE, notch)
    marks: list[Mark] = []
    for part, x, y in parts_of(joined):
        h, w = part.shape
        window = np.s_[y : y + h, x : x + w]
        own = part > 0
        drawn = own & (ink[window] > 0)
        if not drawn.any():
            continue
        rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
        tight = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        kind = _kind(tight, _contrast(page.grey, (x, y, x + w, y + h), drawn), page.side)
        on: OverlayOn = "head" if float(tissue[window][drawn].mean()) > 0.5 else "background"
        score = float(maps.mark[window][drawn].max())
        marks += _marks(kind, on, part, x, y, score, joined.size)
    return marks


def _completed(page: Page, head: Head, maps: Maps, ink: Area, free: Area) -> Area:
    """The ink with the thin strokes that hang on it and the network is not sure of, and with small ones by
    themselves: what differs as clearly from the background and stays a rim away from the head. What would grow too
    much is left as it was."""
    from curator.imaging._cv2 import cv2

    unit = max(page.grey.shape) / _UNIT
    level = np.full_like(page.grey, round(head.background.level))
    clear = np.asarray(cv2.absdiff(page.grey, level) > _CLEAR, np.uint8) & free
    clear &= 1 - _grown(head.mask, _RIM * unit)
    sure = maps.mark > _CLEAR_SURE
    for side in (np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]):
        sure[side] = maps.mark[side] > _CLEAR_CUT
    held = ink | (clear & sure)
    if not held.any():
        return ink
    count, labels = cv2.connectedComponents(clear | ink, connectivity=8)
    seen = np.bincount(labels[held > 0], minlength=count)
    whole = np.bincount(labels.ravel(), minlength=count)
    grown = (seen > 0) & (whole >= _CLEAR_LEAST * unit**2) & (whole <= _GROWN * seen)
    return np.asarray(ink | grown.astype(np.uint8)[labels], np.uint8)


def find_borders(page: Page, head: Head, maps: Maps) -> list[Mark]:
    """Bars, frames and parts of neighbouring panels that are no plain strips along a side of the page."""
    unit = max(page.grey.shape) / _UNIT
    edge = max(1, round(_EDGE * unit))
    shown = maps.border > _EDGE_BORDER
    shown[edge:-edge, edge:-edge] = maps.border[edge:-edge, edge:-edge] > _BORDER
    seen = (shown & (_hull(head.mask) == 0)).astype(np.uint8)
    blur = max(_BLUR, round(_BLUR * unit))
    for strip in find_strips(page, head):
        x0, y0, x1, y1 = strip.box
        seen[max(0, y0 - blur) : y1 + blur, max(0, x0 - blur) : x1 + blur] = 0
    seen = _gated(page, maps.border, seen, _BORDER, _BORDER_LEAST * unit**2, _BORDER_CONTRAST)
    if not seen.any():
        return []
    return _marks("border", "background", seen, 0, 0, 0.8, seen.size)


def _grown(area: Area, by: float) -> Area:
    """The area larger by so many pixels, at least one."""
    from curator.imaging._cv2 import cv2

    size = 2 * max(1, round(by)) + 1
    return np.asarray(cv2.dilate(area, np.ones((size, size), np.uint8)), np.uint8)


def _without_rim(mask: Area, rim: int) -> Area:
    """The head less its rim; where the image's edge cuts it there is none."""
    from curator.imaging._cv2 import cv2

    size = 2 * rim + 1
    padded = cv2.copyMakeBorder(mask, rim, rim, rim, rim, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.erode(padded, np.ones((size, size), np.uint8))[rim:-rim, rim:-rim], np.uint8)


def _hull(mask: Area) -> Area:
    """The convex hull of a mask (0 or 1): what looks like a bar within it is scalp."""
    from curator.imaging._cv2 import cv2

    hull = np.zeros_like(mask)
    if mask.any():
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(contours)), 1)
    return hull


def _gated(
    page: Page,
    share: Floats,
    seen: Area,
    sure: float,
    least: float,
    contrast: float,
    head: tuple[Area, Floats] | None = None,
) -> Area:
    """The parts of `seen` that are sure and large enough, and stand out; of those on the `head`, its core and the
    inside of its skull, what is surer yet."""
    height, width = seen.shape
    labels, stats = components(seen)
    kept = np.zeros(len(stats), np.uint8)
    for index in range(1, len(stats)):
        x, y, w, h, area = (int(value) for value in stats[index])
        cut = x == 0 or y == 0 or x + w == width or y + h == height
        if area < least * (_CUT if cut else 1.0):
            continue
        window = np.s_[y : y + h, x : x + w]
        own = labels[window] == index
        shares = share[window][own]
        if float(shares.max()) < (min(sure, _CUT_SURE) if cut else sure):
            continue
        if head is not None and float(head[0][window][own].mean()) >= _ON_HEAD:
            surely = float(shares.max()) > _UPON_SURE and float(shares.mean()) > _UPON_MEAN
            if not surely or float(head[1][window][own].mean()) >= _UPON_INSIDE:
                continue
        box = (x, y, x + w, y + h)
        if max(_contrast(plane, box, own) for plane in (page.grey, page.colour)) < contrast:
            continue
        kept[index] = 1
    return np.asarray(kept[labels], np.uint8) if kept.any() else np.zeros_like(seen)


def _contrast(grey: Grey, box: tuple[int, int, int, int], own: npt.NDArray[np.bool_]) -> float:
    """Grey levels by which the pixels `own` of a box differ from those round them, 90th percentile."""
    x0, y0, x1, y1 = box
    top, left = max(0, y0 - _RING), max(0, x0 - _RING)
    around = grey[top : y1 + _RING, left : x1 + _RING].astype(np.float32)
    taken = np.zeros(around.shape, bool)
    taken[y0 - top : y1 - top, x0 - left : x1 - left] = own
    if taken.all() or not taken.any():
        return 0.0
    return percentile(np.abs(around[taken] - percentile(around[~taken], 50)), 90)


def _marks(kind: MaskKind, on: OverlayOn, area: Area, x: int, y: int, score: float, page: int) -> list[Mark]:
    """An area at x, y as marks: one, or several where it goes round something; `page` in pixels."""
    marks = []
    for points in outlines(area, page):
        moved = points + np.array([x, y], np.int32)
        (x0, y0), (x1, y1) = moved.min(axis=0), moved.max(axis=0) + 1
        marks.append(Mark(kind, on, (int(x0), int(y0), int(x1), int(y1)), moved, score))
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


def meet(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> bool:
    """Whether two boxes overlap or touch."""
    across = first[0] <= second[2] and second[0] <= first[2]
    return across and first[1] <= second[3] and second[1] <= first[3]


def covered(mark: Mark, others: Iterable[Mark]) -> bool:
    """Whether most of a mark's box lies in that of another one."""
    x0, y0, x1, y1 = mark.box
    for other in others:
        width = min(x1, other.box[2]) - max(x0, other.box[0])
        height = min(y1, other.box[3]) - max(y0, other.box[1])
        if max(0, width) * max(0, height) >= _MOST * (x1 - x0) * (y1 - y0):
            return True
    return False


def corners(box: tuple[int, int, int, int]) -> npt.NDArray[np.int32]:
    x0, y0, x1, y1 = box
    return np.array([(x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1)], np.int32)
