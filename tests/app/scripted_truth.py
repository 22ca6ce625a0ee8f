"""The truth that a scripted person curates to, and what of it the shown state of an image still lacks.

The truth is one JSON line for each different image: `file`, `copies` (files of the same bytes), `copy_group`
(the same number: copies and near-copies), `size` (width, height), `head_box` (x0, y0, x1, y1, right and bottom
exclusive, or null), `discard` (null, a reason, or "either" where masking is right too) and `overlays` (`box`,
`kind`, `on`, `contrast`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from curator.app.curate.shapes import bounds
from curator.imaging._cv2 import cv2
from curator.imaging.decode import RGB
from curator.imaging.render import mask_area
from curator.records import DISCARD_REASONS, MASK_KINDS, Crop, DiscardReason, Edits, ImageState, Mask

Area: TypeAlias = NDArray[np.bool_]

RIGHT_IOU = 0.95
# An overlay fainter than this, in grey levels against its ring, is none that anybody sees.
_VISIBLE = 40
# So much of an overlay's strokes has to be hidden, and so much of the crop may be hidden for nothing.
_GONE = 0.9
_FOR_NOTHING = 0.0005
_GREY = np.array((0.299, 0.587, 0.114), np.float32)


@dataclass(frozen=True)
class Wanted:
    """What an image is to become: discarded for a reason, or kept with these edits."""

    file: str
    reason: DiscardReason | None
    # Discarding it, for whatever reason, is as right as keeping it with these edits.
    either: bool
    crop: Crop | None
    # What lies in the crop: a box for each.
    masks: tuple[Mask, ...]
    # All that is visible and not on the brain, in the crop or not; and all, on the brain and faint ones too.
    visible: tuple[Mask, ...]
    real: tuple[Mask, ...]
    # The copies that it competes with; one of them is to be kept.
    group: int

    @property
    def edits(self) -> Edits:
        return Edits(self.crop, self.masks)


def read_truth(path: Path) -> dict[str, Wanted]:
    """By file; byte-for-byte copies are there too."""
    found: dict[str, Wanted] = {}
    for line in path.read_text("utf-8").splitlines():
        item = json.loads(line)
        for file in (item["file"], *item["copies"]):
            found[file] = _wanted(item, file)
    return found


def iou(a: Crop, b: Crop) -> float:
    """Intersection over union of two crops."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    both = max(0, across) * max(0, down)
    return both / (a.width * a.height + b.width * b.height - both)


def shown_crop(state: ImageState, image: RGB) -> Crop:
    """The crop, or the whole image where there is none."""
    return state.crop or Crop(0, 0, image.shape[1], image.shape[0])


def left_over(state: ImageState, wanted: Wanted, image: RGB) -> list[Mask]:
    """Visible overlays that survive: less than 90 % of their strokes are masked or outside the crop."""
    high, wide = image.shape[:2]
    hidden = (mask_area(state.masks, wide, high) > 0) | ~_inside(state, image)
    grey = image.astype(np.float32) @ _GREY
    return [one for one in wanted.visible if hidden[_strokes(grey, one)].mean() < _GONE]


def masked_for_nothing(state: ImageState, wanted: Wanted, image: RGB) -> int | None:
    """The mask that hides most of a part of the crop where no overlay is; None where none does."""
    high, wide = image.shape[:2]
    inside = _inside(state, image)
    real = np.zeros((high, wide), bool)
    for one in wanted.real:
        x0, y0, x1, y1 = bounds(one.polygon)
        real[max(0, y0 - 3) : y1 + 3, max(0, x0 - 3) : x1 + 3] = True
    extra = (mask_area(state.masks, wide, high) > 0) & inside & ~real
    number, parts, stats, _ = cv2.connectedComponentsWithStats(extra.astype(np.uint8))
    for part in range(1, number):
        if stats[part, cv2.CC_STAT_AREA] > _FOR_NOTHING * inside.sum():
            here = parts == part
            shares = [(mask_area((mask,), wide, high) > 0)[here].sum() for mask in state.masks]
            return int(np.argmax(shares))
    return None


def is_right(state: ImageState, wanted: Wanted, image: RGB) -> bool:
    """Whether a kept image is as good as matters: crop, overlays gone, nothing hidden for nothing."""
    whole = Crop(0, 0, image.shape[1], image.shape[0])
    return (
        iou(shown_crop(state, image), wanted.crop or whole) >= RIGHT_IOU
        and not left_over(state, wanted, image)
        and masked_for_nothing(state, wanted, image) is None
    )


def padded(mask: Mask, wide: int, high: int) -> Mask:
    """A pixel more on each side, as a hand that is not asked for exactness draws it."""
    x0, y0, x1, y1 = bounds(mask.polygon)
    x0, y0, x1, y1 = max(0, x0 - 1), max(0, y0 - 1), min(wide - 1, x1), min(high - 1, y1)
    return Mask(mask.kind, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def _wanted(item: dict[str, Any], file: str) -> Wanted:
    box = item["head_box"]
    crop = None if box is None else Crop(box[0], box[1], box[2] - box[0], box[3] - box[1])
    if crop == Crop(0, 0, *item["size"]):
        crop = None
    visible = [one for one in item["overlays"] if one["contrast"] >= _VISIBLE and one["on"] != "brain"]
    return Wanted(
        file,
        item["discard"] if item["discard"] in DISCARD_REASONS else None,
        item["discard"] == "either",
        crop,
        tuple(_mask(one) for one in visible if _meets(one["box"], box)),
        tuple(_mask(one) for one in visible),
        tuple(_mask(one) for one in item["overlays"]),
        item["copy_group"],
    )


def _mask(overlay: dict[str, Any]) -> Mask:
    x0, y0, x1, y1 = overlay["box"]
    kind = overlay["kind"] if overlay["kind"] in MASK_KINDS else "other"
    return Mask(kind, ((x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1)))


def _meets(box: list[int], crop: list[int] | None) -> bool:
    if crop is None:
        return True
    return box[0] < crop[2] and box[2] > crop[0] and box[1] < crop[3] and box[3] > crop[1]


def _inside(state: ImageState, image: RGB) -> Area:
    crop = shown_crop(state, image)
    inside = np.zeros(image.shape[:2], bool)
    inside[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = True
    return inside


def _strokes(grey: NDArray[np.float32], overlay: Mask) -> Area:
    """The pixels of an overlay that differ from the ring of 4 px around its box, not the ground between."""
    x0, y0, x1, y1 = bounds(overlay.polygon)
    ring = np.zeros(grey.shape, bool)
    ring[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4] = True
    ring[y0:y1, x0:x1] = False
    ground = np.median(grey[ring]) if ring.any() else 0.0
    differs = np.abs(grey[y0:y1, x0:x1] - ground)
    strokes = np.zeros(grey.shape, bool)
    strokes[y0:y1, x0:x1] = differs > 0.5 * np.percentile(differs, 95)
    return strokes
