"""A small folder of drawn slices: a bright disc with some texture on black, some with text in a corner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def drawn(number: int, width: int = 120, height: int = 140) -> Image.Image:
    noise = np.random.default_rng(number)
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x - width / 2) / (width * 0.36), (y - height / 2) / (height * 0.4))
    image = np.where(radius < 1, 90.0, 2.0)
    for _ in range(6):
        a, b, size = noise.uniform(0.3, 0.7), noise.uniform(0.3, 0.7), noise.uniform(6, 16)
        spot = np.hypot(x - a * width, y - b * height) < size
        image[spot & (radius < 0.9)] += noise.uniform(-60, 90)
    return Image.fromarray(np.clip(image + noise.normal(0, 2, image.shape), 0, 255).astype(np.uint8))


@pytest.fixture
def make_image() -> Callable[..., Image.Image]:
    return drawn


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ten images in two classes: one a byte-for-byte copy, one a larger near-copy, one damaged."""
    folder = tmp_path / "dataset"
    for name in ("no", "yes"):
        (folder / name).mkdir(parents=True)
    for number in range(7):
        drawn(number).save(folder / ("yes" if number % 2 else "no") / f"{number}.png")
    (folder / "yes" / "copy of 0.png").write_bytes((folder / "no" / "0.png").read_bytes())
    drawn(1).resize((240, 280), Image.Resampling.BICUBIC).save(folder / "yes" / "large 1.png")
    whole = (folder / "no" / "2.png").read_bytes()
    (folder / "no" / "damaged.png").write_bytes(whole[: len(whole) // 2])
    return folder
