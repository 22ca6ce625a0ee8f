"""Where the head lies in the square that a network gets."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB
from curator.imaging.render import Resize, network_input
from curator.proposals.head import find_head
from curator.proposals.page import SMALLEST_SIDE, make_page
from curator.records import Edits, Profile

# What the heat is held against: the head, or, where none is known, all of the picture within the letterbox.
Ground: TypeAlias = Literal["head", "picture"]

_HALF: Final = 128


def head_area(
    image: RGB, edits: Edits, side: int, resize: Resize, profile: Profile
) -> tuple[npt.NDArray[np.bool_], Ground]:
    """The head as the network's square sees it, bool (side, side), and that it is one.

    `image` is the upright image, RGB `uint8` (height, width, 3), `edits` what the network got of it. The head,
    scalp included, is what the proposals find on the whole image, and goes the way of its pixels: crop and fit.
    Where no head is looked for (general images) or none is found, the picture without the letterbox stands in.
    """
    found = _head(image) if profile == "brain-mri" else None
    if found is not None:
        seen = _fitted(found, edits, side, resize)
        if seen.any():
            return seen, "head"
    return _fitted(np.full(image.shape[:2], 255, np.uint8), edits, side, resize), "picture"


def _head(image: RGB) -> npt.NDArray[np.uint8] | None:
    """The head's area on the image, 0 or 255, (height, width)."""
    from curator.imaging._cv2 import cv2

    height, width = image.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        return None
    head = find_head(make_page(np.ascontiguousarray(image)))
    if head.box is None:
        return None
    return np.asarray(cv2.resize(head.mask * 255, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _fitted(area: npt.NDArray[np.uint8], edits: Edits, side: int, resize: Resize) -> npt.NDArray[np.bool_]:
    """An area of the image, 0 or 255, on the square: what it covers at least half."""
    colours = np.repeat(area[..., None], 3, axis=2)
    square = network_input(colours, Edits(edits.crop, (), edits.fill), side, resize)
    return square[..., 0] >= _HALF
