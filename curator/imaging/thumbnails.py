"""Small pictures of cleaned images for strips and grids."""

from __future__ import annotations

import numpy as np

from curator.imaging.decode import RGB
from curator.imaging.render import fitted_size, render, scaled
from curator.records import Edits


def thumbnail(image: RGB, edits: Edits, side: int) -> RGB:
    """The cleaned image shrunk or enlarged to fit a square of `side` pixels, ratio kept, RGB `uint8`."""
    cleaned = render(image, edits)
    width, height = fitted_size(cleaned.shape[1], cleaned.shape[0], side)
    return np.ascontiguousarray(scaled(cleaned, width, height))
