"""Heads with exact truth: slices of the demo's anatomy in any place and size, scalp and background of any level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from curator.synthetic.anatomy import load_slice

Box = tuple[int, int, int, int]

_SLICES = (24, 28, 32, 36, 20, 40, 16, 44)  # at and above the ventricles


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
        anatomy = load_slice("axial", _SLICES[seed % len(_SLICES)])
        x0, y0, x1, y1 = _box(anatomy.head)
        across, down = 2 * radii[0] / (x1 - x0), 2 * radii[1] / (y1 - y0)
        left, top = centre[0] - across * (x0 + x1 - 1) / 2, centre[1] - down * (y0 + y1 - 1) / 2
        place = np.array([[across, 0, left], [0, down, top]])

        def placed(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return np.asarray(cv2.warpAffine(values, place, (width, height), flags=cv2.INTER_LINEAR))

        head, skull = (placed(mask.astype(np.float32)) > 0.5 for mask in (anatomy.head, anatomy.inside))
        tissue = placed(anatomy.t1.astype(np.float32))
        rim = head & ~skull
        values = np.full((height, width), background, np.float64)
        values[skull] += 125 * tissue[skull] / np.percentile(tissue[skull], 95)
        values[rim] += scalp * np.minimum(1.2, tissue[rim] / np.percentile(tissue[rim], 80))
        values = cv2.GaussianBlur(values, (0, 0), 0.5) + rng.normal(0, 1.2, (height, width))
        return Drawing(np.clip(np.rint(values), 0, 255).astype(np.uint8), _box(head), _box(skull))

    return make
