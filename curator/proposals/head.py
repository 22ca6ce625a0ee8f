"""The head, scalp included: where it is and how tight a box holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.proposals.background import Background, Margins, find_background, find_margins, inner
from curator.proposals.page import Area, Grey, Page
from curator.proposals.regions import components, grey_percentile
from curator.proposals.scalp import with_scalp

# Thresholds above the background: the larger of a number of grey levels, a multiple of the noise, and a
# share of the way to the 97th percentile. What is over the lower one counts where it touches what is over the
# upper one.
_LOW_LEVELS, _LOW_NOISE, _LOW_SHARE = 8.0, 4.0, 0.07
_NEAR, _NEAR_SHARE = 0.05, 0.2
_HIGH_LEVELS, _HIGH_NOISE, _HIGH_SHARE = 20.0, 6.0, 0.16
# Sizes as shares of the shorter side: what closes gaps in the scalp, what is thick enough to be head and not
# text that touches it, and how much of a row or column the head must fill to count into the box.
_CLOSE, _THICK, _FILL = 0.012, 0.05, 0.03
# Where no background is seen, less than this share of the page is not the head but its brighter part.
_FILLS = 0.5
# Letters and rulers beside the head: at least this bright; their boxes are smaller, or flatter, than these
# shares of the shorter side.
_LETTER_BRIGHT, _LETTER, _STRAIGHT = 90, 0.08, 0.028
# A loose arc of scalp: its pieces are that close to each other, it is that long and wide, fills at most this
# share of its box, and is this near to the core; all but the fill are shares of the shorter side. Its longest
# piece is at least half of it, as letters are not, and only bent or upright pieces count: their boxes are
# that wide, as a line of text is not.
_ARC_JOIN, _ARC_LONG, _ARC_WIDE, _ARC_FILL, _ARC_NEAR, _ARC_WHOLE = 0.03, 0.12, 0.1, 0.25, 0.08, 0.5
_ARC_BENT = 0.06


@dataclass(frozen=True, slots=True)
class Head:
    """What was found, in pixels of the page.

    `mask` is 0 or 1, shape (h, w), filled; `box` is x0, y0, x1, y1 with right and bottom exclusive, None
    where no head was found.
    """

    mask: Area
    box: tuple[int, int, int, int] | None
    margins: Margins
    background: Background


def find_head(page: Page) -> Head:
    """Finds the head on a page by hysteresis against the background model."""
    from curator.imaging._cv2 import cv2

    margins = find_margins(page.grey)
    view = np.ascontiguousarray(inner(page.grey, margins))
    height, width = view.shape
    side = min(height, width)
    smooth = np.asarray(cv2.GaussianBlur(view, (0, 0), max(0.7, side / 350)), np.uint8)
    background = find_background(smooth)
    away = _away(smooth, background)
    tissue = _tissue(away, background)
    core = _largest(tissue, side)
    filled = with_scalp(away, core, _letters(away, tissue, core, side)) | _arcs(tissue, core, side)
    if not background.seen and filled.mean() < _FILLS:
        filled[:] = 1
    mask = np.zeros(page.grey.shape, np.uint8)
    mask[margins.top : margins.top + height, margins.left : margins.left + width] = filled
    return Head(mask, _box(mask, side), margins, background)


def _away(smooth: Grey, background: Background) -> Grey:
    """Grey levels by which each pixel is brighter than the background, or darker than a bright one."""
    from curator.imaging._cv2 import cv2

    level = np.full_like(smooth, round(background.level))
    if background.bright:
        return np.asarray(cv2.subtract(level, smooth), np.uint8)
    return np.asarray(cv2.subtract(smooth, level), np.uint8)


def _tissue(away: Grey, background: Background) -> Area:
    """Hysteresis: all that stands out faintly and is connected to what stands out clearly."""
    from curator.imaging._cv2 import cv2

    reach = grey_percentile(away, 97)
    low = max(_LOW_LEVELS, _LOW_NOISE * background.noise, _LOW_SHARE * reach)
    high = max(_HIGH_LEVELS, _HIGH_NOISE * background.noise, _HIGH_SHARE * reach)
    near = max(3, int(_NEAR * min(away.shape)) | 1)
    local = np.maximum(
        low, _NEAR_SHARE * cv2.dilate(away, np.ones((near, near), np.uint8)).astype(np.float32)
    )
    faint = cv2.morphologyEx((away > local).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(faint, connectivity=4)
    clear = np.zeros(count, np.uint8)
    clear[labels[away > high]] = 1
    clear[0] = 0
    return np.asarray(clear[labels], np.uint8)


def _largest(tissue: Area, side: int) -> Area:
    """The largest outline of the tissue, gaps closed, filled, without thin things that touch it."""
    from curator.imaging._cv2 import cv2

    if not tissue.any():
        return tissue
    gap = max(3, int(_CLOSE * side) | 1)
    pad = 3 * gap
    wide = cv2.copyMakeBorder(tissue, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    wide = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, _disc(gap))[pad:-pad, pad:-pad]
    outlines, _ = cv2.findContours(np.ascontiguousarray(wide), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    filled = np.zeros_like(tissue)
    cv2.drawContours(filled, [outline], -1, 1, -1)
    thick = max(3, int(_THICK * side) | 1)
    wide = cv2.copyMakeBorder(filled, thick, thick, thick, thick, cv2.BORDER_REPLICATE)
    core = cv2.morphologyEx(wide, cv2.MORPH_OPEN, _disc(thick))[thick:-thick, thick:-thick]
    labels, stats = components(np.ascontiguousarray(core))
    if len(stats) < 2:
        return filled
    return np.asarray((labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())) & (filled > 0), np.uint8)


def _letters(away: Grey, tissue: Area, core: Area, side: int) -> Area:
    """Bright things beside the core that are too small or straight for scalp, with a rim: 0 or 1."""
    from curator.imaging._cv2 import cv2

    loose = np.asarray(tissue & (1 - core), np.uint8)
    labels, stats = components(loose)
    sizes = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] / side
    small = (sizes.max(axis=1) < _LETTER) | (sizes.min(axis=1) < _STRAIGHT)
    bright = np.zeros(len(stats), bool)
    bright[labels[away > _LETTER_BRIGHT]] = True
    small[0] = False
    return np.asarray(
        cv2.dilate((small & bright)[labels].astype(np.uint8), np.ones((5, 5), np.uint8)), np.uint8
    )


def _arcs(tissue: Area, core: Area, side: int) -> Area:
    """Parts of a scalp that the image's edge cuts off from the core: thin, long and curved, and close by.

    Curved things fill little of their box; text fills more, and rulers and lines of text have a flat one.
    """
    from curator.imaging._cv2 import cv2

    found = np.zeros_like(core)
    if not core.any():
        return found
    around = np.asarray(cv2.dilate(core, np.ones((3, 3), np.uint8)), np.uint8)
    loose = tissue & (1 - around)
    join = max(3, int(_ARC_JOIN * side) | 1)
    joined = cv2.morphologyEx(loose, cv2.MORPH_CLOSE, np.ones((join, join), np.uint8))
    labels, stats = components(np.asarray(joined, np.uint8))
    sizes = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] / side
    large = np.flatnonzero((sizes.max(axis=1) >= _ARC_LONG) & (sizes.min(axis=1) >= _ARC_WIDE))
    large = large[large > 0]
    if not len(large):
        return found
    away = cv2.distanceTransform(1 - core, cv2.DIST_L2, 3)
    for index in large:
        x, y, w, h, _ = (int(value) for value in stats[index])
        window = np.s_[y : y + h, x : x + w]
        own = (labels[window] == index) & (loose[window] > 0)
        if own.sum() >= _ARC_FILL * w * h or float(away[window][own].min()) >= _ARC_NEAR * side:
            continue
        pieces, boxes = components(own.astype(np.uint8))
        spans = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
        upright = spans[:, 1] >= np.maximum(2 * spans[:, 0], _ARC_WIDE * side)
        bent = (spans.min(axis=1) >= _ARC_BENT * side) | upright
        bent[0] = False
        if bent.any() and spans[bent].max() >= _ARC_WHOLE * max(w, h):
            found[window][bent[pieces]] = 1
    return found


def _box(mask: Area, side: int) -> tuple[int, int, int, int] | None:
    """Tightest box of the rows and columns that hold more than a sliver of the head."""
    need = max(2, int(_FILL * side))
    rows = np.flatnonzero(mask.sum(axis=1) >= need)
    columns = np.flatnonzero(mask.sum(axis=0) >= need)
    if not len(rows) or not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _disc(size: int) -> Area:
    from curator.imaging._cv2 import cv2

    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
