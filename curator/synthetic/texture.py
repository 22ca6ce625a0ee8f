"""Smooth random fields."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def smooth_field(rng: np.random.Generator, height: int, width: int, grain: float) -> npt.NDArray[np.float32]:
    """Noise (height, width) of mean about 0 and deviation about 1 whose blobs measure some `grain` px."""
    from curator.imaging._cv2 import cv2

    rows, columns = max(2, round(height / grain) + 2), max(2, round(width / grain) + 2)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field / max(float(field.std()), 1e-6), np.float32)
