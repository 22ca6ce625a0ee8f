"""Lays the head on a page: margins, heads cut by the edge, size of the image, masks in its pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.synthetic.anatomy import AnatomySlice, Bool, Points
from curator.synthetic.dice import Dice
from curator.synthetic.geometry import Warp
from curator.synthetic.polygon import filled

MAX_SIDE: Final = 400
# A footer may be added below the image, and must not make it larger than MAX_SIDE.
MAX_SIDE_WITH_FOOTER: Final = 366


@dataclass(frozen=True)
class Frame:
    """The page of one image. Masks are bool (height, width); `edge` is the head's antialiased cover, 0..1."""

    warp: Warp
    width: int
    height: int
    head: Bool
    inside: Bool
    edge: npt.NDArray[np.float32]


def draw_frame(dice: Dice, anatomy: AnatomySlice, warp: Warp, *, roomy: bool) -> Frame:
    """A random page; `roomy` leaves background on all sides that the anatomy leaves free."""
    outline = np.concatenate(anatomy.head_outlines)
    heads = [warp.to_image(points) for points in anatomy.head_outlines]
    insides = [warp.to_image(points) for points in anatomy.inside_outlines]
    at = np.concatenate(heads)
    low, high = _limits(anatomy, warp, outline, at)
    shown = at[((at > low) & (at < high)).all(axis=1)]
    x0, y0 = shown.min(axis=0)
    x1, y1 = shown.max(axis=0)
    x0, y0 = max(x0, low[0]), max(y0, low[1])
    x1, y1 = min(x1, high[0]), min(y1, high[1])
    margins = _margins(dice, roomy)
    span_x, span_y = x1 - x0, y1 - y0
    left, right = max(x0 - margins[0] * span_x, low[0]), min(x1 + margins[2] * span_x, high[0])
    top, bottom = max(y0 - margins[1] * span_y, low[1]), min(y1 + margins[3] * span_y, high[1])
    largest = MAX_SIDE_WITH_FOOTER if roomy else MAX_SIDE
    side = dice.whole(190, 260) if dice.chance(0.55) else dice.whole(260, largest)
    scale = side / max(right - left, bottom - top)
    width = max(1, round((right - left) * scale))
    height = max(1, round((bottom - top) * scale))
    origin = (float(-left * scale), float(-top * scale))
    heads = [np.round(points * scale + origin, 6) for points in heads]
    insides = [np.round(points * scale + origin, 6) for points in insides]
    return Frame(
        warp=replace(warp, scale=float(scale), origin=origin),
        width=width,
        height=height,
        head=filled(heads, width, height),
        inside=filled(insides, width, height),
        edge=_cover(heads, width, height),
    )


def _margins(dice: Dice, roomy: bool) -> list[float]:
    """Left, top, right, bottom as shares of the head's size; negative where the edge cuts it."""
    kind = dice.weighted({"tight": 0.3, "usual": 0.45, "wide": 0.13, "cut": 0.0 if roomy else 0.12})
    low, high = {"tight": (0.01, 0.05), "usual": (0.03, 0.16), "wide": (0.12, 0.4), "cut": (0.0, 0.1)}[kind]
    if roomy:
        low, high = max(low, 0.04), max(high, 0.1)
    margins = [dice.between(low, high) for _ in range(4)]
    if kind == "cut":
        for side in dice.shuffled(range(4))[: dice.whole(1, 2)]:
            margins[side] = -dice.between(0.02, 0.12)
    return margins


def _limits(anatomy: AnatomySlice, warp: Warp, outline: Points, at: Points) -> tuple[Points, Points]:
    """How far the page may reach (low x, y and high x, y) without showing where the template ends."""
    height, width = anatomy.t1.shape
    low = np.full(2, -1e9)
    high = np.full(2, 1e9)
    x, y = outline[:, 0], outline[:, 1]
    below = at[y > height - 1.5]
    above = at[y < 0.5]
    aside = (at[x < 0.5], at[x > width - 1.5])
    if len(below):
        high[1] = below[:, 1].min() - 1
    if len(above):
        low[1] = above[:, 1].max() + 1
    for points, right in zip(aside, (warp.mirrored, not warp.mirrored), strict=True):
        if not len(points):
            continue
        if anatomy.plane == "coronal":
            # Ears and shoulders leave the template low down: show less of the neck, not less of the head.
            high[1] = min(high[1], points[:, 1].min() - 1)
        elif right:
            high[0] = points[:, 0].min() - 1
        else:
            low[0] = points[:, 0].max() + 1
    return low, high


def _cover(outlines: list[Points], width: int, height: int) -> npt.NDArray[np.float32]:
    from curator.imaging._cv2 import cv2

    fine = 4
    mask = filled([(points + 0.5) * fine - 0.5 for points in outlines], width * fine, height * fine)
    small = mask.reshape(height, fine, width, fine).mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.6), np.float32)


def box_of(mask: Bool) -> tuple[int, int, int, int] | None:
    """Tightest box (x0, y0, x1, y1; right and bottom exclusive) of a mask, None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
