"""The one place where edits become pixels: masks filled, crop cut, pixels fitted to a network's square.

The canvas, the thumbnails, the export, the training cache, evaluation and prediction all call these
functions, so that what a person sees is, pixel for pixel, what a network gets. Images are RGB `uint8`,
(height, width, 3).
"""

from __future__ import annotations

from typing import Literal, TypeAlias, cast, get_args

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB
from curator.records import Edits, Fill, Mask

Resize: TypeAlias = Literal["letterbox", "stretch", "center-crop"]
RESIZES: tuple[Resize, ...] = get_args(Resize)

# Rises whenever decoding or any function here comes to give other pixels: caches of rendered images go by it.
VERSION = 1

# Width in pixels of the ring round a mask whose median fills it (`background`).
_RING = 7
# Radius of OpenCV's Telea inpainting, its documentation's example value.
_INPAINT_RADIUS = 3.0


def mask_area(masks: tuple[Mask, ...], width: int, height: int) -> npt.NDArray[np.uint8]:
    """The union of the masks as `uint8` 0 or 1, (height, width), edges included as `cv2.fillPoly` does."""
    from curator.imaging._cv2 import cv2

    area = np.zeros((height, width), np.uint8)
    for mask in masks:
        if not mask.polygon:  # an assertion of OpenCV's
            continue
        cv2.fillPoly(area, [np.asarray(mask.polygon, np.int32)], 1)
    return area


def fill_masks(image: RGB, masks: tuple[Mask, ...], fill: Fill) -> RGB:
    """The whole image with its masks filled; a new array, or the same one where there is no mask.

    `black` writes 0; `background` the median colour of the unmasked ring of 7 px round each connected area;
    `inpaint` is Telea's method. An image that is masked as a whole becomes black.
    """
    if not masks:
        return image
    height, width = image.shape[:2]
    area = mask_area(masks, width, height)
    if not area.any():
        return image
    from curator.imaging._cv2 import cv2

    if fill == "inpaint" and not area.all():
        if height == 1:  # of a single row OpenCV reads what lies behind it: of two it does not
            twice = np.repeat(image, 2, axis=0), np.repeat(area, 2, axis=0)
            return cast(RGB, cv2.inpaint(*twice, _INPAINT_RADIUS, cv2.INPAINT_TELEA)[:1])
        return cast(RGB, cv2.inpaint(image, area, _INPAINT_RADIUS, cv2.INPAINT_TELEA))
    filled: RGB = image.copy()
    if fill == "black" or area.all():
        filled[area > 0] = 0
        return filled
    count, labels, stats, _ = cv2.connectedComponentsWithStats(area)
    free = area == 0
    for index in range(1, count):
        x, y, w, h = (int(value) for value in stats[index, :4])
        window = np.s_[max(0, y - _RING) : y + h + _RING, max(0, x - _RING) : x + w + _RING]
        own = (labels[window] == index).astype(np.uint8)
        near = cv2.dilate(own, np.ones((2 * _RING + 1, 2 * _RING + 1), np.uint8)) > 0
        # Never empty: what is next to a connected area is not masked, or it would belong to it.
        colour = np.median(image[window][near & free[window]], axis=0)
        filled[window][own > 0] = np.rint(colour).astype(np.uint8)
    return filled


def render(image: RGB, edits: Edits) -> RGB:
    """The cleaned image: masks filled on the whole image, then the crop cut out. C-contiguous."""
    filled = fill_masks(image, edits.masks, edits.fill)
    if edits.crop is None:
        return filled if filled.flags.c_contiguous else filled.copy()
    crop = edits.crop.clipped(image.shape[1], image.shape[0])
    cut: RGB = np.ascontiguousarray(filled[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width])
    return cut


def fitted_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Width and height, at least 1, of an image scaled to fit a square of `side` pixels, ratio kept."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def to_square(image: RGB, side: int, resize: Resize = "letterbox") -> RGB:
    """Fits an image to a network's square: RGB `uint8` (side, side, 3).

    `letterbox` keeps the ratio and pads with black on both sides; `stretch` does not keep it; `center-crop`
    is the largest square round the middle. Shrinking is by area, enlarging bilinear.
    """
    height, width = image.shape[:2]
    if resize == "stretch":
        return scaled(image, side, side)
    if resize == "center-crop":
        # Cut before it is scaled: a strip of 1 x 10,000 pixels would otherwise ask for gigabytes.
        short = min(width, height)
        x, y = (width - short) // 2, (height - short) // 2
        middle: RGB = np.ascontiguousarray(image[y : y + short, x : x + short])
        return scaled(middle, side, side)
    wide, high = fitted_size(width, height, side)
    square = np.zeros((side, side, 3), np.uint8)
    x, y = (side - wide) // 2, (side - high) // 2
    square[y : y + high, x : x + wide] = scaled(image, wide, high)
    return square


def network_input(image: RGB, edits: Edits, side: int, resize: Resize = "letterbox") -> RGB:
    """From an upright image and its edits to the pixels a network gets, RGB `uint8` (side, side, 3)."""
    return to_square(render(image, edits), side, resize)


def scaled(image: RGB, width: int, height: int) -> RGB:
    """The image resized to `width` x `height` pixels: by area where it shrinks, else bilinear."""
    from curator.imaging._cv2 import cv2

    if (image.shape[1], image.shape[0]) == (width, height):
        return image
    shrinks = width * height < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(RGB, cv2.resize(image, (width, height), interpolation=method))
