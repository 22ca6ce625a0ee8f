"""Marks burnt in on the head itself: coloured ones, straight lines across it, and what the trees call drawn.

Thresholds of the rules were set on 121 real slices without such marks (no false one but where noted) and the same
slices with arrows, letters, circles and crosshairs drawn on them. The trees' gate is chosen where they are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.proposals.head import Head
from curator.proposals.maps import Maps
from curator.proposals.overlays import Mark, corners, covered
from curator.proposals.page import Area, Page
from curator.proposals.regions import components
from curator.proposals.suspects import FEATURES, Suspect, brain_of, find_suspects
from curator.proposals.trees import load_trees, marks_file
from curator.records import MaskKind, OverlayOn

# Colour: difference between the largest and smallest channel, above the head's median, and above it by so many
# times what nine tenths of the head stay within. Tinted scans have a median of up to 8; on the brains of 121 clean
# slices nothing exceeded it by more than 17, but fat and skin at a tinted edge by up to 43.
_COLOURED, _COLOURED_SCALP, _COLOUR_SPREADS, _COLOUR_SMALLEST, _COLOUR_SHARE = 20, 50, 3, 6, 0.00015
# Lines: a row or column that differs from both neighbours at this distance (pixels) by this many grey levels,
# with the same sign along this share of a chord of most of the brain; less where two cross. Anatomy
# reached 0.91 alone and 0.73 crossed.
_LINE_GAPS, _LINE_STEP, _LINE_SHARE, _CROSS_SHARE, _LINE_LONG = (2, 3), 3.0, 0.94, 0.80, 0.6


# In smaller heads (shorter side in pixels) vessels and sulci are as hard as letters, and make up lines.
_SMALLEST_HEAD = 120
# A mark lies on the brain when at least this share of it does.
_ON_BRAIN = 0.3
_ARROW = 0.05  # of the shorter side: longer ones are called arrows


@dataclass(frozen=True, slots=True)
class OnHead:
    """Marks on the head, each with where it lies (`brain`, or `head` for scalp and neck), and how sure, 0..1, the
    trees are of the likeliest one on the brain, called a mark or not, and of the likeliest other one that was not
    called; 0 where there is none."""

    marks: tuple[Mark, ...]
    surest: float
    second: float


def find_marks_on_head(page: Page, head: Head, maps: Maps) -> OnHead:
    """Raises `WeightsError` if the trees cannot be read."""
    if head.box is None:
        return OnHead((), 0.0, 0.0)
    brain = brain_of(head.mask, maps)
    ruled = find_by_rule(page, head, brain)
    brain = brain if brain.any() else brain_of(head.mask, maps, rim=0.0)
    suspects, trees = find_suspects(page, maps), load_trees(marks_file(), FEATURES)
    table = np.array([suspect.features for suspect in suspects]).reshape(-1, len(FEATURES))
    shares: list[float] = trees.probability(table).tolist()
    judged = zip(suspects, shares, strict=True)
    called = [_drawn(page, brain, suspect, sure) for suspect, sure in judged if sure >= trees.gate]
    drawn = [mark for mark in called if not covered(mark, ruled)]
    on_brain = [mark.score for mark in called if mark.on == "brain"]
    left = sorted((sure for sure in shares if sure < trees.gate), reverse=True)
    surest = max(on_brain) if on_brain else max(left, default=0.0)
    others = left if on_brain else left[1:]
    return OnHead((*ruled, *drawn), surest, max(others, default=0.0))


def find_by_rule(page: Page, head: Head, brain: Area) -> list[Mark]:
    """Coloured marks on the head, and straight lines across the brain (0 or 1): those that need no trees."""
    if head.box is None:
        return []
    x0, y0, x1, y1 = head.box
    lines = _lines(page, brain) if min(x1 - x0, y1 - y0) >= _SMALLEST_HEAD and brain.any() else []
    return [*_coloured(page, head, brain), *lines]


def _drawn(page: Page, brain: Area, suspect: Suspect, sure: float) -> Mark:
    """What the trees call a mark: on the scalp where most of it lies on the skull's rim or beside it."""
    x0, y0, x1, y1 = suspect.box
    long = max(x1 - x0, y1 - y0) > _ARROW * page.side
    on = _where(suspect.own, brain[y0:y1, x0:x1])
    return _mark("arrow" if long else "marker", on, suspect.box, sure, page)


def _coloured(page: Page, head: Head, brain: Area) -> list[Mark]:
    from curator.imaging._cv2 import cv2

    colour = page.colour
    on_head = head.mask > 0
    usual = float(np.median(colour[on_head]))
    spread = float(np.percentile(colour[on_head], 90)) - usual
    seen = ((colour > usual + max(_COLOURED, _COLOUR_SPREADS * spread)) & on_head).astype(np.uint8)
    if seen.sum() < max(_COLOUR_SMALLEST, _COLOUR_SHARE * on_head.sum()):
        return []
    joined = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    labels, stats = components(np.asarray(joined, np.uint8))
    marks = []
    for index in range(1, len(stats)):
        x, y, w, h, _ = (int(value) for value in stats[index])
        window = np.s_[y : y + h, x : x + w]
        own = (labels[window] == index) & (seen[window] > 0)
        on = _where(own, brain[window])
        if on == "head":
            own &= colour[window] > usual + _COLOURED_SCALP
        if own.sum() >= _COLOUR_SMALLEST:
            marks.append(_mark("marker", on, (x, y, x + w, y + h), 0.95, page))
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


def _where(own: npt.NDArray[np.bool_], brain: Area) -> OverlayOn:
    return "brain" if float(brain[own].mean()) >= _ON_BRAIN else "head"


def _mark(kind: MaskKind, on: OverlayOn, box: tuple[int, int, int, int], score: float, page: Page) -> Mark:
    height, width = page.grey.shape
    x0, y0, x1, y1 = box
    grown = (max(0, x0 - 1), max(0, y0 - 1), min(width, x1 + 1), min(height, y1 + 1))
    return Mark(kind, on, grown, corners(grown), score)
