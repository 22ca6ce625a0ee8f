"""A first look at a large JPEG, at a part of its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curator.imaging.decode import load, load_small
from curator.imaging.render import scaled


def photograph(path: Path, wide: int = 1600, high: int = 1200, *, turned: bool = False) -> Path:
    coarse = np.random.default_rng(0).integers(0, 256, (12, 16), np.uint8)
    image = Image.fromarray(coarse).resize((wide, high), Image.Resampling.BICUBIC).convert("RGB")
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    image.save(path, quality=95, exif=exif)
    return path


@pytest.mark.parametrize(
    ("least", "size"), [(800, (600, 800)), (401, (600, 800)), (400, (300, 400)), (200, (150, 200))]
)
def test_it_is_the_smallest_that_is_large_enough(tmp_path: Path, least: int, size: tuple[int, int]) -> None:
    found = load_small(photograph(tmp_path / "a.jpg"), least)
    assert found is not None
    assert found.shape == (*size, 3)


def test_odd_sizes_have_their_short_cut_too(tmp_path: Path) -> None:
    found = load_small(photograph(tmp_path / "a.jpg", 1601, 1203), 400)
    assert found is not None
    assert found.shape == (301, 401, 3)


def test_it_shows_what_the_whole_shows(tmp_path: Path) -> None:
    path = photograph(tmp_path / "a.jpg")
    small, whole = load_small(path, 400), load(path)
    assert small is not None
    assert np.abs(small.astype(int) - scaled(whole, 400, 300)).mean() < 2


def test_it_is_upright(tmp_path: Path) -> None:
    path = photograph(tmp_path / "a.jpg", turned=True)
    small, whole = load_small(path, 400), load(path)
    assert small is not None
    assert whole.shape == (1600, 1200, 3)
    assert np.abs(small.astype(int) - scaled(whole, 300, 400)).mean() < 2


def test_there_is_none_of_small_images_other_formats_and_damaged_files(tmp_path: Path) -> None:
    assert load_small(photograph(tmp_path / "a.jpg"), 1000) is None
    assert load_small(photograph(tmp_path / "a.png"), 400) is None
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:300])
    assert load_small(tmp_path / "b.jpg", 400) is None
    assert load_small(tmp_path / "gone.jpg", 400) is None
