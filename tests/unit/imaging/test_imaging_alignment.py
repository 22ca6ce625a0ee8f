"""Copies of one slice brought to the same frame."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curator.imaging.alignment import aligned, difference, mean_difference
from curator.imaging.decode import RGB, decode
from curator.imaging.render import scaled
from curator.records import Crop


def picture(seed: int = 0, high: int = 240, wide: int = 200) -> RGB:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (12, 10), np.uint8)
    grey = np.asarray(Image.fromarray(coarse).resize((wide, high), Image.Resampling.BICUBIC))
    return np.repeat(grey[..., None], 3, axis=2)


def as_jpeg(image: RGB, quality: int) -> RGB:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return decode(buffer.getvalue(), "copy.jpg")


def test_a_small_compressed_copy_is_near_and_another_slice_is_far() -> None:
    original = picture()
    copy = as_jpeg(scaled(original, 80, 96), 40)
    near = mean_difference(*aligned(original, copy, None, None))
    far = mean_difference(*aligned(original, picture(1), None, None))
    assert near < 6 < far


def test_a_shift_is_taken_back() -> None:
    large = picture(0, 280, 240)
    original, shifted = large[20:260, 20:220].copy(), large[25:265, 13:213].copy()
    first, second = aligned(original, shifted, None, None)
    assert mean_difference(first[20:-20, 20:-20], second[20:-20, 20:-20]) < 1
    assert mean_difference(original, shifted) > 8


def test_crops_of_the_same_shape_are_compared_and_others_are_not() -> None:
    original = picture()
    framed = np.zeros((300, 300, 3), np.uint8)
    framed[30:270, 50:250] = original
    first, second = aligned(original, framed, Crop(0, 0, 200, 240), Crop(50, 30, 200, 240))
    assert mean_difference(first, second) == 0
    first, second = aligned(original, framed, Crop(0, 0, 200, 100), Crop(50, 30, 200, 240))
    assert first.shape == second.shape == (300, 300, 3)


def test_equal_images_differ_nowhere_and_the_difference_brightens() -> None:
    image = picture()
    assert mean_difference(image, image) == 0
    black = difference(image, image)
    assert black.max() <= 4
    levels = [
        difference(image, np.clip(image.astype(int) + by, 0, 255).astype(np.uint8)).mean() for by in (8, 40)
    ]
    assert black.mean() < levels[0] < levels[1]


@settings(max_examples=40, deadline=None)
@given(*[st.integers(1, 60)] * 4, st.booleans())
def test_any_two_images_come_out_in_one_frame(h1: int, w1: int, h2: int, w2: int, cropped: bool) -> None:
    crops = (Crop(0, 0, w1, h1), Crop(0, 0, w2, h2)) if cropped else (None, None)
    first, second = aligned(picture(0, h1, w1), picture(1, h2, w2), *crops)
    assert first.shape == second.shape
    assert first.dtype == second.dtype == np.uint8
    assert max(first.shape) <= 1024
