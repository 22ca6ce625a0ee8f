"""A small folder of slices of the demo's anatomy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curator.synthetic.anatomy import Plane, load_slice, slice_count


def drawn(number: int, width: int = 120, height: int = 140) -> Image.Image:
    """Slice `number` of the demo's anatomy with a margin round it, bright spots and noise of its own."""
    noise = np.random.default_rng(number)
    plane: Plane = ("axial", "coronal", "sagittal")[number % 3]
    count = slice_count(plane)
    part = load_slice(plane, count // 5 + (11 * number) % (3 * count // 5))
    image = np.where(part.head, part.t1 * noise.uniform(1.1, 1.5), 2.0)
    ys, xs = np.nonzero(part.inside)
    for _ in range(5):
        at = noise.integers(len(ys))
        away = np.hypot(*(np.indices(image.shape) - np.array([ys[at], xs[at]])[:, None, None]))
        image[part.inside & (away < noise.uniform(4, 10))] += noise.uniform(-40, 70)
    image = np.pad(image, 12, constant_values=2.0)
    small = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).resize((width, height))
    return Image.fromarray(
        np.clip(np.asarray(small) + noise.normal(0, 2, (height, width)), 0, 255).astype(np.uint8)
    )


@pytest.fixture(scope="session")
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
