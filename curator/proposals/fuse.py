"""The head from two opinions: its outline against the background, and the network's map of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from curator.proposals.background import Margins
from curator.proposals.head import Head
from curator.proposals.maps import Maps
from curator.proposals.page import Area
from curator.proposals.suspects import head_of

Box: TypeAlias = tuple[int, int, int, int]

# The share of the shorter side that must be head for a row or column to count into the network's box.
_FILL = 0.012
# Where an edge of the outline's box lies within this share of the box's side from the network's, the middle of the
# two is taken, else the network's: the outline is the more exact of the two (median IoU 0.992 against 0.985), but
# leaves out faint skin (0.7 % of the head against 0.1 %), and is the more easily led astray (0.54 against 0.95 at
# worst). What comes of both loses 0.25 %, at a median IoU of 0.992 and 0.97 at worst.
_AGREE = 0.04


def fuse_head(outline: Head, maps: Maps) -> Head:
    """The outline with the box that both agree on and the network's mask; the outline where it saw no head."""
    mask = head_of(maps)
    seen = box_of(mask)
    if seen is None:
        return outline
    if outline.box is None:
        return replace(outline, mask=mask, box=seen)
    sides = (seen[2] - seen[0], seen[3] - seen[1]) * 2
    x0, y0, x1, y1 = (
        (own + other) / 2 if abs(own - other) < _AGREE * side else other
        for own, other, side in zip(
            outline.box, _within(seen, outline.margins, mask.shape), sides, strict=True
        )
    )
    box = (math.ceil(x0), math.ceil(y0), math.floor(x1), math.floor(y1))
    # Next to nothing is left where what was taken for a bar covers the network's head.
    return replace(outline, mask=mask, box=box if box[0] < box[2] and box[1] < box[3] else seen)


def _within(box: Box, margins: Margins, shape: tuple[int, ...]) -> Box:
    """The part of a box that no bar or frame covers."""
    height, width = shape
    return (
        max(box[0], margins.left),
        max(box[1], margins.top),
        min(box[2], width - margins.right),
        min(box[3], height - margins.bottom),
    )


def agreement(outline: Head, maps: Maps) -> float:
    """Intersection over union 0..1 of the two boxes; 0 where either saw no head."""
    seen = box_of(head_of(maps))
    if seen is None or outline.box is None:
        return 0.0
    return iou(outline.box, seen)


def iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1 (exclusive)."""
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


def box_of(mask: Area) -> Box | None:
    """Tightest box of the rows and columns that hold more than a sliver of a mask (0 or 1)."""
    need = max(1, int(_FILL * min(mask.shape)))
    rows, columns = np.flatnonzero(mask.sum(axis=1) >= need), np.flatnonzero(mask.sum(axis=0) >= need)
    if not len(rows) or not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
