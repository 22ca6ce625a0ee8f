"""Drawn heads with exact truth: an ellipse of scalp, dark bone, textured brain, on a background of any level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest

Box = tuple[int, int, int, int]


@dataclass
class Drawing:
    """A grey drawing (h, w), `uint8`, with the boxes (x0, y0, x1, y1, exclusive) of its head and brain."""

    grey: npt.NDArray[np.uint8]
    head: Box
    brain: Box

    @property
    def rgb(self) -> npt.NDArray[np.uint8]:
        return np.repeat(self.grey[..., None], 3, axis=2)

    def write(self, words: str, x: int, y: int, scale: float = 0.5, level: int = 255) -> Box:
        """Writes text with its lower left corner at (x, y); the box of its ink."""
        before = self.grey.copy()
        cv2.putText(self.grey, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, level, 1, cv2.LINE_AA)
        ys, xs = np.nonzero(self.grey != before)
        return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def _ellipse(
    shape: tuple[int, int], centre: tuple[float, float], radii: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    return np.asarray(((xs - centre[0]) / radii[0]) ** 2 + ((ys - centre[1]) / radii[1]) ** 2 <= 1)


def _box(area: npt.NDArray[np.bool_]) -> Box:
    ys, xs = np.nonzero(area)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


@pytest.fixture
def draw() -> Callable[..., Drawing]:
    """draw(height, width, centre, radii, background, scalp, seed) -> Drawing."""

    def make(
        height: int = 320,
        width: int = 280,
        centre: tuple[float, float] = (140, 160),
        radii: tuple[float, float] = (96, 122),
        background: float = 4,
        scalp: float = 150,
        seed: int = 0,
    ) -> Drawing:
        rng = np.random.default_rng(seed)
        shape = (height, width)
        texture = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), max(radii) / 40)
        texture = 95 + 28 * texture / texture.std()
        head = _ellipse(shape, centre, radii)
        skull = _ellipse(shape, centre, (radii[0] * 0.94, radii[1] * 0.94))
        brain = _ellipse(shape, centre, (radii[0] * 0.86, radii[1] * 0.86))
        values = np.full(shape, background, np.float64)
        values[head] = background + scalp
        values[skull] = background + min(6, 0.1 * scalp)
        values[brain] = texture[brain] + background
        values = cv2.GaussianBlur(values, (0, 0), 0.7) + rng.normal(0, 1.2, shape)
        return Drawing(np.clip(np.rint(values), 0, 255).astype(np.uint8), _box(head), _box(brain))

    return make
