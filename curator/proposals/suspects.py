"""What on the head may be a mark that somebody drew: each candidate with what tells marks from anatomy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.proposals.detector import drawn_map
from curator.proposals.maps import Floats, Maps
from curator.proposals.page import Area, Page
from curator.proposals.regions import components, hardness_of, overlap, percentile

FEATURES: Final = (
    "surest",  # largest probability of the candidate in the network's map of marks
    "evidence",  # log1p of the sum of these probabilities, at `_UNIT` pixels a side
    "mean",  # their mean
    "area",  # log of its pixels, at `_UNIT`
    "elongation",  # log of length over width of the smallest rectangle round it
    "thickness",  # log of that rectangle's width, at `_UNIT`
    "fill",  # share of that rectangle that it fills
    "contrast",  # against what lies round it, in hundreds of grey levels
    "sign",  # 1 where it is brighter than that, -1 where darker
    "unevenness",  # standard deviation of its brightest (or darkest) part as a share of the contrast
    "steepness",  # slope a pixel at its outline as a share of the contrast, median
    "extremeness",  # share of the head that is less bright (or less dark)
    "colour",  # difference of the channels above the head's median, in hundreds
    "off_midline",  # distance from the middle of the head's box as a share of its width
    "upright",  # height of its box over height plus width
    "depth",  # distance from the head's edge as a share of the deepest point's
    "inside",  # mean probability of lying inside the skull
    "weakest",  # slope that four fifths of its outline exceed, as a share of the contrast
    "outdoing",  # the same as a share of the steeper slopes of the whole inside
    "stroke",  # twice its pixels over the length of its outline, at `_UNIT`
    "convexity",  # its pixels over those of its convex hull
    "roughness",  # length of its outline over that of its convex hull
    "bustle",  # standard deviation of what lies round it as a share of the contrast
    "clutter",  # mean probability of marks over the whole inside, times ten
    "drawn",  # largest probability of the candidate in the detector's map
    "drawn_mean",  # their mean
    "drawn_sum",  # log1p of their sum
    "drawn_round",  # mean of the detector's map in the ring round the candidate
    "drawn_else",  # largest probability of the detector's map beside the candidate
    "drawn_parts",  # log1p of the number of other parts that the detector is half sure of
    "drawn_all",  # log1p of the sum of the detector's map over the whole inside
)
"""Names of the columns of `Suspect.features`."""

_UNIT = 384  # longest side to which sizes refer
_SEEN = 0.15  # least probability of a mark's pixels
_RIM = 0.02  # of the inside of the skull, as a share of the shorter side: what lies deeper is brain
_LEAST = 3  # pixels on the brain
# The detector's map: least probability of a candidate's pixels and of its surest one, and of what counts as a part.
_DRAWN, _DRAWN_SUREST, _PART = 0.15, 0.3, 0.5
_RING = 4  # pixels round a candidate that tell what it is drawn on
_BODY, _CORE = (
    0.5,
    0.7,
)  # shares of the contrast above which a pixel is part of the mark, and of its flat middle
_TINY = 1e-6
_STEEPER = 95  # percentile of the slopes on the brain
_SAME = 0.5  # overlap from which on two candidates are one


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    """A candidate on the brain: `box` x0, y0, x1, y1 (exclusive) in pixels of the page, `own` (h, w) its pixels in
    the box, `features` float64 (len(FEATURES),)."""

    box: tuple[int, int, int, int]
    own: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Setting:
    """What all candidates of a page share."""

    grey: Floats
    slope: Floats
    steep: float
    depth: Floats
    ranks: npt.NDArray[np.float64]
    usual_colour: float
    clutter: float
    parts: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    surest: npt.NDArray[np.float64]
    drawn_all: float
    left: int
    right: int
    scale: float


def find_suspects(page: Page, maps: Maps) -> list[Suspect]:
    """Candidates on the brain, in no order. Raises `WeightsError` if the detector cannot be read."""
    head = head_of(maps)
    within = brain_of(head, maps, rim=0.0)
    if not within.any():
        return []
    drawn, brain = drawn_map(page, within), _without_rim(within, _RIM)
    setting = _setting(page, head, brain if brain.any() else within, within, maps, drawn)
    found: list[tuple[tuple[int, int, int, int], npt.NDArray[np.bool_]]] = []
    for index in np.flatnonzero(setting.surest >= _DRAWN_SUREST):
        x, y, w, h = setting.boxes[index].tolist()
        found.append(((x, y, x + w, y + h), setting.parts[y : y + h, x : x + w] == index))
    for box, own in _seen_parts((maps.mark > _SEEN).astype(np.uint8), brain):
        if all(overlap(box, own, *other) <= _SAME for other in found):
            found.append((box, own))
    return [Suspect(box, own, _features(page, maps, setting, drawn, box, own)) for box, own in found]


def _seen_parts(seen: Area, brain: Area) -> list[tuple[tuple[int, int, int, int], npt.NDArray[np.bool_]]]:
    """The connected parts of an area (0 or 1) that reach into the brain, each with its box."""
    from curator.imaging._cv2 import cv2

    joined = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    labels, stats = components(np.asarray(joined, np.uint8))
    found = []
    for index in range(1, len(stats)):
        x, y, w, h, _ = (int(value) for value in stats[index])
        own = labels[y : y + h, x : x + w] == index
        if int((brain[y : y + h, x : x + w][own] > 0).sum()) >= _LEAST:
            found.append(((x, y, x + w, y + h), own))
    return found


# Asked for by several steps of one image, of which each core has one at a time.
@lru_cache(maxsize=4)
def head_of(maps: Maps, least: float = 0.5) -> Area:
    """The head as the network sees it with this probability or more, filled, 0 or 1. Not to be written to."""
    return largest((maps.head > least).astype(np.uint8))


def brain_of(head: Area, maps: Maps, rim: float = _RIM) -> Area:
    """The inside of the skull, 0 or 1, from the network's map of it within the head, without a rim of this share of
    the shorter side."""
    inside = largest(((maps.inside > 0.5) & (head > 0)).astype(np.uint8))
    return _without_rim(inside, rim) if rim else inside


def _without_rim(inside: Area, rim: float) -> Area:
    from curator.imaging._cv2 import cv2

    size = 2 * int(rim * min(inside.shape)) + 1
    return np.asarray(cv2.erode(inside, np.ones((size, size), np.uint8)), np.uint8)


def largest(area: Area) -> Area:
    """The largest connected part of an area (0 or 1), filled."""
    from curator.imaging._cv2 import cv2

    x, y, w, h = cv2.boundingRect(area)
    if not w:
        return area
    window = np.s_[y : y + h, x : x + w]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(area[window], connectivity=4)
    if count < 2:
        return area
    part = np.zeros_like(area)
    own = (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
    contours, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(own, contours, -1, 1, -1)
    part[window] = own
    return part


def _setting(page: Page, head: Area, brain: Area, within: Area, maps: Maps, drawn: Floats) -> _Setting:
    from curator.imaging._cv2 import cv2

    grey = page.grey.astype(np.float32)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    slope = np.asarray(cv2.magnitude(across, down) / 8, np.float32)
    depth = cv2.distanceTransform(np.pad(head, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    columns = np.flatnonzero(head.any(axis=0))
    parts, boxes = components(((drawn > _DRAWN) & (within > 0)).astype(np.uint8))
    surest = np.zeros(len(boxes))
    seen = parts > 0
    np.maximum.at(surest, parts[seen], drawn[seen])
    return _Setting(
        grey,
        slope,
        max(1.0, percentile(slope[brain > 0], _STEEPER)),
        np.asarray(depth / max(1.0, float(depth.max())), np.float32),
        np.cumsum(np.bincount(page.grey[head > 0], minlength=256)) / np.count_nonzero(head),
        float(np.median(page.colour[head > 0])),
        float(maps.mark[brain > 0].mean()),
        parts,
        boxes[:, :4],
        surest,
        float(np.log1p(drawn[within > 0].sum())),
        int(columns[0]),
        int(columns[-1]) + 1,
        _UNIT / max(head.shape),
    )


def _features(
    page: Page,
    maps: Maps,
    setting: _Setting,
    drawn: Floats,
    box: tuple[int, int, int, int],
    own: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    from curator.imaging._cv2 import cv2

    x0, y0, x1, y1 = box
    window = np.s_[y0:y1, x0:x1]
    share = maps.mark[window][own]
    area = float(own.sum()) * setting.scale**2
    (_, (a, b), _) = cv2.minAreaRect(np.argwhere(own)[:, ::-1].astype(np.float32))
    long, short = max(a, b) + 1, min(a, b) + 1
    middle = x0 + float(np.nonzero(own)[1].mean())
    away, body, bustle = _away(setting.grey, box, own)
    weakest = hardness_of(setting.slope, box, own)
    stroke, convexity, roughness = _shape(own)
    peak = max(1.0, percentile(np.abs(away[own]), 92))
    sign = 1.0 if float(np.median(away[body])) >= 0 else -1.0
    core = own & (away * sign > _CORE * peak)
    level = float(np.median(setting.grey[window][body]))
    rank = float(setting.ranks[math.ceil(level) - 1]) if level > 0 else 0.0
    return np.array(
        [
            share.max(),
            np.log1p(float(share.sum()) * setting.scale**2),
            share.mean(),
            np.log(area),
            np.log(long / short),
            np.log(short * setting.scale),
            own.sum() / (long * short),
            peak / 100,
            sign,
            float(away[core].std()) / peak if core.any() else 0.0,
            _steepness(setting, box, body) / peak,
            rank if sign > 0 else 1 - rank,
            (float(np.percentile(page.colour[window][own], 90)) - setting.usual_colour) / 100,
            abs(middle - (setting.left + setting.right) / 2) / (setting.right - setting.left),
            (y1 - y0) / (y1 - y0 + x1 - x0),
            float(setting.depth[window][own].mean()),
            float(maps.inside[window][own].mean()),
            weakest / peak,
            weakest / setting.steep,
            stroke * setting.scale,
            convexity,
            roughness,
            bustle / peak,
            setting.clutter * 10,
            *_drawn(setting, drawn, box, own),
        ],
        np.float64,
    )


def _drawn(
    setting: _Setting, drawn: Floats, box: tuple[int, int, int, int], own: npt.NDArray[np.bool_]
) -> tuple[float, ...]:
    """What the detector's map shows of a candidate, round it and elsewhere."""
    from curator.imaging._cv2 import cv2

    x0, y0, x1, y1 = box
    share = drawn[y0:y1, x0:x1][own]
    top, left = max(0, y0 - _RING), max(0, x0 - _RING)
    around = drawn[top : y1 + _RING, left : x1 + _RING]
    taken = np.zeros(around.shape, np.uint8)
    taken[y0 - top : y1 - top, x0 - left : x1 - left] = own
    ring = cv2.dilate(taken, np.ones((5, 5), np.uint8)) == 0
    others = setting.surest.copy()
    others[np.unique(setting.parts[y0:y1, x0:x1][own])] = 0.0
    return (
        float(share.max()),
        float(share.mean()),
        float(np.log1p(share.sum())),
        float(around[ring].mean()) if ring.any() else 0.0,
        float(others.max(initial=0.0)),
        float(np.log1p(np.count_nonzero(others > _PART))),
        setting.drawn_all,
    )


def _away(
    grey: Floats, box: tuple[int, int, int, int], own: npt.NDArray[np.bool_]
) -> tuple[Floats, npt.NDArray[np.bool_], float]:
    """Grey levels above (or below) what lies round a candidate, its pixels that make up the mark, and the standard
    deviation of what lies round it."""
    from curator.imaging._cv2 import cv2

    x0, y0, x1, y1 = box
    top, left = max(0, y0 - _RING), max(0, x0 - _RING)
    around = grey[top : y1 + _RING, left : x1 + _RING]
    taken = np.zeros(around.shape, np.uint8)
    taken[y0 - top : y1 - top, x0 - left : x1 - left] = own
    ring = cv2.dilate(taken, np.ones((3, 3), np.uint8)) == 0
    ground = float(np.median(around[ring])) if ring.any() else float(np.median(around))
    away = grey[y0:y1, x0:x1] - np.float32(ground)
    bright, dark = percentile(away[own], 92), percentile(away[own], 8)
    sign = 1 if bright >= -dark else -1
    body = own & (away * sign > _BODY * max(bright, -dark, _TINY))
    bustle = float(around[ring].std()) if ring.any() else 0.0
    return np.asarray(away, np.float32), body if body.any() else own, bustle


def _shape(own: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Stroke in pixels, convexity and roughness of an area."""
    from curator.imaging._cv2 import cv2

    contours, _ = cv2.findContours(np.pad(own.astype(np.uint8), 1), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = sum(cv2.arcLength(contour, True) for contour in contours) + 4.0  # of pixels' middles, not edges
    hull = cv2.convexHull(np.concatenate(contours))
    wide = cv2.arcLength(hull, True) + 4.0
    area = float(own.sum())
    return 2 * area / around, area / (cv2.contourArea(hull) + wide / 2), around / wide


def _steepness(setting: _Setting, box: tuple[int, int, int, int], body: npt.NDArray[np.bool_]) -> float:
    from curator.imaging._cv2 import cv2

    x0, y0, x1, y1 = box
    square, part = np.ones((3, 3), np.uint8), np.pad(body.astype(np.uint8), 1)
    edge = (cv2.dilate(part, square) > cv2.erode(part, square))[1:-1, 1:-1]
    return float(np.median(setting.slope[y0:y1, x0:x1][edge]))
