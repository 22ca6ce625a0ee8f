"""What an image says beside the brain, as short vectors of numbers that a small model can guess from.

Each function sees one thing alone. What is of pixels is measured on the very square that a network would get, from
`imaging.render`, so that what cleaning takes away is gone here too.
"""

from __future__ import annotations

import itertools
import math
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB, grey
from curator.imaging.file_facts import FileFacts
from curator.imaging.render import Resize, fitted_size, mask_area, network_input
from curator.records import FILLS, MASK_KINDS, Crop, Edits, Profile

Signs: TypeAlias = npt.NDArray[np.float64]
Area: TypeAlias = npt.NDArray[np.uint8]

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "MPO")
_MODES: Final = ("L", "RGB", "RGBA", "P", "LA", "CMYK", "1", "I;16", "I")
# The ring is this share of the shorter side wide, each side of it is cut into so many parts.
_RING, _PARTS = 1 / 16, 8
# Cells a side: 12 x 12 of a network's square of 224 pixels are 19 pixels each, larger than a letter burnt in.
_CELLS, _MASK_CELLS = 12, 6
# The head is blanked with a rim of this share of the side, so that its skin does not shine round the blank.
_RIM = 0.02
_BLURS: Final = (0.0, 1.0, 2.0, 4.0)


def of_file(facts: FileFacts) -> Signs:
    """Bytes, size, format, mode and compression: no pixel. The name is left out, as it often is the label
    ("Y12.jpg"), and no network is told it."""
    tables = [np.array(table, np.float64) for table in facts.tables]
    first, second = (tables[at] if at < len(tables) else np.zeros(64) for at in (0, 1))
    pixels = facts.width * facts.height
    return np.array(
        [
            math.log(facts.size_bytes),
            8 * facts.size_bytes / pixels,
            facts.width,
            facts.height,
            facts.width / facts.height,
            *(facts.format == one for one in _FORMATS),
            *(facts.mode == one for one in _MODES),
            len(tables),
            first.mean(),
            *first[[0, 1, 10, 63]],
            second.mean(),
            *second[[0, 63]],
            *facts.subsampling,
            facts.progressive,
            facts.density,
            facts.metadata,
        ],
        np.float64,
    )


def of_masks(edits: Edits, width: int, height: int) -> Signs:
    """How many masks of which kind, how large and where; no pixel of the image. `width`, `height` are its own."""
    from curator.imaging._cv2 import cv2

    area = mask_area(edits.masks, width, height)
    single = [float(mask_area((mask,), width, height).mean()) for mask in edits.masks]
    crop = edits.crop or Crop(0, 0, width, height)
    inside = area[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width].astype(np.float32)
    cells = cv2.resize(inside, (_MASK_CELLS, _MASK_CELLS), interpolation=cv2.INTER_AREA)
    kinds = [sum(mask.kind == kind for mask in edits.masks) for kind in MASK_KINDS]
    return np.array(
        [
            len(edits.masks),
            *kinds,
            area.mean(),
            max(single, default=0.0),
            inside.mean(),
            *((edits.fill == fill) * bool(edits.masks) for fill in FILLS),
            *cells.ravel(),
        ],
        np.float64,
    )


def of_size(crop: Crop | None, width: int, height: int) -> Signs:
    """Where the crop lies and how many pixels it has, of an image of `width` x `height`; no pixel of it. A network
    does not see these themselves, only what scaling to its square leaves of them."""
    at = crop or Crop(0, 0, width, height)
    return np.array(
        [
            at.x / width,
            at.y / height,
            at.width / width,
            at.height / height,
            at.width * at.height / (width * height),
            at.width / at.height,
            at.width,
            at.height,
        ],
        np.float64,
    )


class Seen:
    """One image as a network gets it: `square`, grey `uint8` (side, side); `shown`, the part of it that is image
    and no letterbox; `head`, `uint8` 0 or 1 (side, side)."""

    def __init__(self, image: RGB, head: Area, edits: Edits, side: int, resize: Resize) -> None:
        """`image` is RGB `uint8` (height, width, 3), `head` 0 or 1 of the same height and width."""
        self.square = grey(network_input(image, edits, side, resize))
        # The same renderer, so that the head lies on the square where its pixels do.
        drawn = np.repeat((head * 255)[..., None], 3, axis=2)
        self.head: Area = (network_input(drawn, Edits(edits.crop), side, resize)[..., 0] > 127).astype(
            np.uint8
        )
        height, width = image.shape[:2]
        if edits.crop is not None:
            crop = edits.crop.clipped(width, height)
            width, height = crop.width, crop.height
        wide, high = fitted_size(width, height, side) if resize == "letterbox" else (side, side)
        x, y = (side - wide) // 2, (side - high) // 2
        self.shown = self.square[y : y + high, x : x + wide]

    def ring(self) -> Signs:
        """The outermost sixteenth of what is shown, the letterbox left out: mean and deviation of eight parts of
        each side, and the shares of eight steps of grey."""
        wide = max(1, round(_RING * min(self.shown.shape)))
        sides = (
            self.shown[:wide],
            self.shown[-wide:],
            self.shown[:, :wide].T,
            self.shown[:, -wide:].T,
        )
        parts = [part for side in sides for part in np.array_split(side, min(_PARTS, side.shape[1]), axis=1)]
        parts += [parts[-1]] * (4 * _PARTS - len(parts))
        pixels = np.concatenate([side.ravel() for side in sides])
        steps = np.histogram(pixels, 8, (0, 256))[0] / len(pixels)
        return np.array(
            [*(part.mean() for part in parts), *(part.std() for part in parts), *steps], np.float64
        )

    def outside(self) -> Signs:
        """The square with the head made black, rim and all: mean and deviation of 12 x 12 cells."""
        from curator.imaging._cv2 import cv2

        rim = 2 * max(1, round(_RIM * len(self.square))) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
        left = np.where(cv2.dilate(self.head, disc) > 0, 0, self.square).astype(np.float32)
        mean, square = (_cells(values) for values in (left, left * left))
        return np.concatenate([mean, np.sqrt(np.maximum(0.0, square - mean * mean))])

    def outline(self) -> Signs:
        """Where the head lies and of which shape it is, filled: the share of it in 12 x 12 cells."""
        return _cells(self.head.astype(np.float32))

    def blur(self) -> Signs:
        """The shape of what is shown, and how sharp scaling and compression left it, brain and all.

        The share of the contrast in three bands of fineness, differences of Gaussians of 0, 1, 2 and 4 pixels,
        and the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000).
        """
        from curator.imaging._cv2 import cv2

        shown = self.shown.astype(np.float32)
        steps = [shown if blur == 0 else cv2.GaussianBlur(shown, (0, 0), blur) for blur in _BLURS]
        contrast = float(shown.std()) + 1.0
        bands = [float((fine - coarse).std()) / contrast for fine, coarse in itertools.pairwise(steps)]
        laplacian = math.log1p(float(cv2.Laplacian(shown, cv2.CV_32F).var()))
        return np.array([shown.shape[1] / shown.shape[0], laplacian, *bands], np.float64)


def find_head_area(image: RGB, profile: Profile, crop: Crop | None) -> tuple[Area, bool]:
    """The head, scalp included, as 0 or 1 (height, width), and whether one was found.

    Outline and network as the proposals fuse them. Where no head is found, and for general images, it is the
    ellipse that fills the crop, or the whole image without one. Raises `WeightsError` if the network is not there.
    """
    from curator.imaging._cv2 import cv2
    from curator.proposals.fuse import fuse_head
    from curator.proposals.head import find_head
    from curator.proposals.maps import look
    from curator.proposals.page import SMALLEST_SIDE, make_page

    height, width = image.shape[:2]
    if profile == "brain-mri" and min(height, width) >= SMALLEST_SIDE:
        page = make_page(np.ascontiguousarray(image))
        head = fuse_head(find_head(page), look(page))
        if head.box is not None and head.mask.any():
            mask = cv2.resize(head.mask, (width, height), interpolation=cv2.INTER_NEAREST)
            return np.asarray(mask, np.uint8), True
    at = crop or Crop(0, 0, width, height)
    y, x = np.ogrid[:height, :width]
    across = (2 * (x - at.x) + 1 - at.width) / at.width
    down = (2 * (y - at.y) + 1 - at.height) / at.height
    return (across**2 + down**2 <= 1).astype(np.uint8), False


def _cells(values: npt.NDArray[np.float32]) -> Signs:
    from curator.imaging._cv2 import cv2

    return np.asarray(cv2.resize(values, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA), np.float64).ravel()
