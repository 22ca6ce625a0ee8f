"""MRI of heads that looks unusual: dark, glaring or pale windows, and masses that fill the brain."""

from __future__ import annotations

import cv2
import numpy as np
from tissue import Bools, Floats, Rng, smooth


def odd_window(rng: Rng, grey: Floats) -> Floats:
    """Levels 0..255 very dark, cut off at white or black, pale, or in few steps."""
    kind = rng.random()
    if kind < 0.3:
        grey = grey * rng.uniform(0.3, 0.6)
    elif kind < 0.55:
        grey = np.minimum(grey * rng.uniform(1.4, 3), 255)
    elif kind < 0.75:
        grey = np.maximum(grey - rng.uniform(20, 80), 0) * rng.uniform(1, 2)
    elif kind < 0.92:
        grey = grey * rng.uniform(0.15, 0.5) + rng.uniform(10, 120) * (grey > 6)
    else:
        step = rng.uniform(16, 50)
        grey = np.round(grey / step) * step
    return np.asarray(grey, np.float32)


def with_mass(rng: Rng, grey: Floats, inside: Bools) -> Floats:
    """The head with a mass within the skull that may take half of it: of one level, mottled, or with a rim."""
    rows, columns = np.nonzero(inside)
    if len(rows) < 500:
        return grey
    height, width = grey.shape
    at, radius = rng.integers(len(rows)), np.sqrt(len(rows) / np.pi) * rng.uniform(0.35, 0.75)
    v, u = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot((u - columns[at]) * rng.uniform(0.8, 1.3), v - rows[at]) / radius
    away = away + rng.uniform(0.05, 0.2) * smooth(rng, height, width, int(rng.integers(5, 14)))
    share = np.clip((1 - away) * radius / rng.uniform(2, 12), 0, 1) * inside
    level = rng.uniform(0, 1.1) * (
        1 + rng.uniform(0, 0.6) * smooth(rng, height, width, int(rng.integers(6, 40)))
    )
    grey = grey * (1 - share) + np.clip(level, 0, 1.2) * share
    if rng.random() < 0.5:
        rim = np.exp(-(((away - 0.95) / rng.uniform(0.03, 0.15)) ** 2)) * inside
        grey = grey * (1 - rim) + rng.uniform(0.5, 1.1) * rim
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.5), np.float32)
