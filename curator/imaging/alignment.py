"""Two versions of one slice brought to the same frame, and what differs between them."""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB, grey
from curator.imaging.render import scaled
from curator.records import Crop

# The longer side of what is compared: more than a screen shows of each.
_MOST: Final = 1024
# Head crops of copies whose width to height differs more than this do not show the same part.
_SAME_SHAPE: Final = 0.08
# A shift beyond this part of the side is no misplaced crop but another image.
_LARGEST_SHIFT: Final = 0.1


def aligned(first: RGB, second: RGB, first_crop: Crop | None, second_crop: Crop | None) -> tuple[RGB, RGB]:
    """Both images at one size, up to 1024 pixels on the longer side, the same part of each.

    Cut to their crops where both have one of about the same shape, else whole; then the smaller is scaled to
    the larger, and moved by what phase correlation finds if that makes the two more alike.
    """
    a, b = _same_part(first, second, first_crop, second_crop)
    high, wide = max((a, b), key=lambda one: one.shape[0] * one.shape[1]).shape[:2]
    by = min(1.0, _MOST / max(wide, high))
    size = (max(1, round(wide * by)), max(1, round(high * by)))
    a, b = scaled(a, *size), scaled(b, *size)
    moved = _moved(a, b)
    return (a, moved) if mean_difference(a, moved) < mean_difference(a, b) else (a, b)


def mean_difference(first: RGB, second: RGB) -> float:
    """The mean absolute difference of two images of the same size, in grey levels 0..255."""
    return float(np.abs(grey(first).astype(np.int16) - grey(second)).mean())


def difference(first: RGB, second: RGB) -> RGB:
    """Where two images of the same size differ: black where they are equal, to bright where by 64 grey levels.

    The colours are OpenCV's inferno: their lightness rises evenly, so they say the same in grey and to the
    colour-blind.
    """
    from curator.imaging._cv2 import cv2

    apart = np.abs(grey(first).astype(np.int16) - grey(second))
    strong = np.minimum(4 * apart, 255).astype(np.uint8)
    return cast(RGB, cv2.cvtColor(cv2.applyColorMap(strong, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB))


def _same_part(first: RGB, second: RGB, first_crop: Crop | None, second_crop: Crop | None) -> tuple[RGB, RGB]:
    if first_crop is None or second_crop is None:
        return first, second
    shapes = [crop.width / crop.height for crop in (first_crop, second_crop)]
    if abs(shapes[0] / shapes[1] - 1) > _SAME_SHAPE:
        return first, second
    return _cut(first, first_crop), _cut(second, second_crop)


def _cut(image: RGB, crop: Crop) -> RGB:
    crop = crop.clipped(image.shape[1], image.shape[0])
    return np.ascontiguousarray(image[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width])


def _moved(first: RGB, second: RGB) -> RGB:
    """The second image shifted onto the first (phase correlation: Kuglin and Hines, 1975)."""
    from curator.imaging._cv2 import cv2

    high, wide = first.shape[:2]
    if min(high, wide) < 16:
        return second
    greys = [grey(one).astype(np.float32) for one in (first, second)]
    window = cv2.createHanningWindow((wide, high), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(greys[1], greys[0], window)
    if max(abs(dx) / wide, abs(dy) / high) > _LARGEST_SHIFT:
        return second
    shift: npt.NDArray[np.float32] = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cast(RGB, cv2.warpAffine(second, shift, (wide, high), borderMode=cv2.BORDER_REPLICATE))
