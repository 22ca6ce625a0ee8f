"""The image at the size at which it is analysed, and the way back to its own pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB, grey
from curator.imaging.render import scaled

Grey = npt.NDArray[np.uint8]
Area = npt.NDArray[np.uint8]

# Longest side in pixels at which images are analysed. Nine in ten of 138 scraped slices are smaller and stay
# as they are.
ANALYSIS_SIDE = 640

# Anything smaller has no room for a head: it is kept whole and said to be unsure.
SMALLEST_SIDE = 24


@dataclass(frozen=True, slots=True)
class Page:
    """An image made ready for analysis.

    `rgb` (h, w, 3), `grey` and `colour` (h, w; the difference of the largest and smallest channel, 0 for grey)
    are `uint8` and at most `ANALYSIS_SIDE` long; `width` and `height` are the image's own in pixels.
    """

    rgb: RGB
    grey: Grey
    colour: Grey
    width: int
    height: int

    @property
    def side(self) -> int:
        """The page's shorter side in its own pixels: what relative sizes refer to."""
        return int(min(self.grey.shape))

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
        """A box of the page (right and bottom exclusive) in the image's pixels, at least one pixel large."""
        sx, sy = self.width / self.grey.shape[1], self.height / self.grey.shape[0]
        left = min(max(0, math.floor(x0 * sx)), self.width - 1)
        top = min(max(0, math.floor(y0 * sy)), self.height - 1)
        right = min(max(left + 1, math.ceil(x1 * sx)), self.width)
        bottom = min(max(top + 1, math.ceil(y1 * sy)), self.height)
        return left, top, right, bottom

    def polygon(self, points: npt.NDArray[np.int32]) -> tuple[tuple[int, int], ...]:
        """Corners on the page, (n, 2) pixel centres, as pixels inside the image."""
        sx, sy = self.width / self.grey.shape[1], self.height / self.grey.shape[0]
        xs = np.clip(np.rint((points[:, 0] + 0.5) * sx - 0.5), 0, self.width - 1).astype(int)
        ys = np.clip(np.rint((points[:, 1] + 0.5) * sy - 0.5), 0, self.height - 1).astype(int)
        return tuple((int(x), int(y)) for x, y in zip(xs, ys, strict=True))


def make_page(image: RGB) -> Page:
    """The page of an RGB image (h, w, 3), `uint8`; long ones are shrunk by area."""
    height, width = image.shape[:2]
    longest = max(height, width)
    rgb = image
    if longest > ANALYSIS_SIDE:
        factor = ANALYSIS_SIDE / longest
        rgb = scaled(image, max(1, round(width * factor)), max(1, round(height * factor)))
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    colour = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return Page(rgb, grey(rgb), colour, width, height)
