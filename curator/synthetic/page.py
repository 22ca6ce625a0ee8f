"""A page on which overlays are burnt: what is free, what lies where, and the truth about each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from curator.records import MaskKind, OverlayOn
from curator.synthetic.anatomy import Bool
from curator.synthetic.framing import box_of
from curator.synthetic.lettering import F64, INK

# Nominal grey levels under an overlay on the head; beside the head it is the image's own background.
_UNDER = {"head": 150, "brain": 110}
_AIR = 3  # px between an overlay and the head or another overlay


@dataclass(frozen=True)
class Ink:
    """Colour of an overlay, RGB 0..255, and how far it covers what is below, 0..1."""

    colour: tuple[int, int, int] = (255, 255, 255)
    opacity: float = 1.0

    @property
    def level(self) -> int:
        """The colour's luma, 0..255."""
        red, green, blue = self.colour
        return (299 * red + 587 * green + 114 * blue) // 1000


@dataclass
class Page:
    """An image being written on.

    `image` is float32 (height, width, 3), levels 0..255; `head` and `inside` are its masks. `overlays` are in
    the terms of `truth.jsonl`; their `contrast` follows from cover, ink and nominal background, so that it does
    not hang on noise or on a JPEG encoder.
    """

    image: npt.NDArray[np.float32]
    head: Bool
    inside: Bool
    background: int
    overlays: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.taken = np.zeros(self.head.shape, np.bool_)
        self._near_head = _grown(self.head, _AIR)
        self._near_inside = _grown(self.inside, 2)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.head.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.head.shape[0])

    def lies_on(self, cover: F64, x: int, y: int) -> OverlayOn | None:
        """Where a cover with its corner at x, y would lie; None where it leaves the page or is too close."""
        rows, columns = cover.shape
        if x < 0 or y < 0 or x + columns > self.width or y + rows > self.height:
            return None
        at = (slice(y, y + rows), slice(x, x + columns))
        ink = cover > INK
        if (self.taken[at] & ink).any():
            return None
        if self.inside[at][ink].any():
            return "brain" if np.count_nonzero(self.inside[at] & ink) >= 0.3 * np.count_nonzero(ink) else None
        if self.head[at][ink].any():
            near = self._near_inside[at][ink].any()
            enough = np.count_nonzero(self.head[at] & ink) >= 0.5 * np.count_nonzero(ink)
            return "head" if enough and not near else None
        return None if self._near_head[at][ink].any() else "background"

    def put(
        self, cover: F64, places: Iterable[tuple[int, int]], kind: MaskKind, ink: Ink, on: OverlayOn
    ) -> bool:
        """Burns a cover in at the first of the places (x, y of its corner) that lies on `on`; False if none."""
        for x, y in places:
            if self.lies_on(cover, x, y) == on:
                self.burn(cover, x, y, kind, ink, on)
                return True
        return False

    def burn(self, cover: F64, x: int, y: int, kind: MaskKind, ink: Ink, on: OverlayOn) -> None:
        """Burns a cover in at x, y and writes down its truth."""
        rows, columns = cover.shape
        at = (slice(y, y + rows), slice(x, x + columns))
        weight = (cover * ink.opacity).astype(np.float32)[..., None]
        self.image[at] = self.image[at] * (1 - weight) + np.asarray(ink.colour, np.float32) * weight
        marked = np.zeros_like(self.taken)
        marked[at] = cover > INK
        self.taken |= _grown(marked, _AIR)
        box = box_of(marked)
        if box is None:
            return
        under = _UNDER.get(on, self.background)
        # As it is measured: the 95th percentile over the box, thin strokes being nowhere quite covered.
        covered = float(np.percentile(cover, 95))
        contrast = int(abs(ink.level - under) * ink.opacity * covered + 0.5)
        self.overlays.append({"box": list(box), "kind": kind, "contrast": contrast, "on": on})

    def extend(self, left: int, right: int, bottom: int, level: int) -> None:
        """Adds empty strips beside and below the image; boxes written so far move along."""
        sides = ((0, bottom), (left, right))
        self.image = np.pad(self.image, (*sides, (0, 0)), constant_values=level)
        self.head = np.pad(self.head, sides)
        self.inside = np.pad(self.inside, sides)
        for overlay in self.overlays:
            x0, y0, x1, y1 = overlay["box"]
            overlay["box"] = [x0 + left, y0, x1 + left, y1]
        taken = np.pad(self.taken, sides)
        self.__post_init__()
        self.taken = taken


def _grown(mask: Bool, by: int) -> Bool:
    from curator.imaging._cv2 import cv2

    side = 2 * by + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0, np.bool_)
