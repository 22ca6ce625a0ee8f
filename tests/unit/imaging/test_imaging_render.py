"""Edits to pixels: what each fill writes, what stays, and how any size fits a square."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.imaging._cv2 import cv2
from curator.imaging.render import (
    RESIZES,
    fill_masks,
    fitted_size,
    mask_area,
    network_input,
    render,
    scaled,
    to_square,
)
from curator.imaging.thumbnails import thumbnail
from curator.records import FILLS, Crop, Edits, Fill, Mask


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def box(x0: int, y0: int, x1: int, y1: int) -> Mask:
    """A mask over x0..x1 and y0..y1, both ends included, as fillPoly fills them."""
    return Mask("text", ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


sizes = st.integers(1, 40)
points = st.tuples(st.integers(-10, 50), st.integers(-10, 50))
masks_drawn = st.lists(
    st.lists(points, min_size=3, max_size=6).map(lambda polygon: Mask("text", tuple(polygon))), max_size=3
).map(tuple)


@given(width=sizes, height=sizes, masks=masks_drawn, fill=st.sampled_from(FILLS), seed=st.integers(0, 99))
@settings(deadline=None)
def test_pixels_outside_the_masks_stay_and_the_original_is_not_written(
    width, height, masks, fill, seed
) -> None:
    image = noise(width, height, seed)
    before = image.copy()
    filled = fill_masks(image, masks, fill)
    area = mask_area(masks, width, height).astype(bool)
    assert np.array_equal(image, before)
    assert np.array_equal(filled[~area], before[~area])
    assert filled.shape == image.shape
    assert filled.dtype == np.uint8
    if fill == "black":
        assert not filled[area].any()


@given(
    width=sizes, height=sizes, masks=masks_drawn, fill=st.sampled_from(FILLS),
    crop=st.builds(Crop, st.integers(-5, 45), st.integers(-5, 45), sizes, sizes),
)  # fmt: skip
@settings(deadline=None)
def test_the_crop_is_a_slice_of_the_filled_image(width, height, masks, fill, crop) -> None:
    image = noise(width, height)
    whole = render(image, Edits(None, masks, fill))
    inside = crop.clipped(width, height)
    cut = render(image, Edits(crop, masks, fill))
    assert np.array_equal(cut, whole[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width])
    assert cut.flags.c_contiguous
    assert cut.size > 0


def test_black_writes_zeros_edge_included() -> None:
    filled = fill_masks(np.full((20, 30, 3), 200, np.uint8), (box(3, 4, 10, 8),), "black")
    expected = np.full((20, 30, 3), 200, np.uint8)
    expected[4:9, 3:11] = 0
    assert np.array_equal(filled, expected)


def test_background_is_the_median_of_the_ring_of_seven_pixels() -> None:
    image = noise(60, 50)
    filled = fill_masks(image, (box(20, 15, 30, 22),), "background")
    inside = np.zeros((50, 60), bool)
    inside[15:23, 20:31] = True
    ring = np.zeros((50, 60), bool)
    ring[8:30, 13:38] = True
    expected = np.rint(np.median(image[ring & ~inside], axis=0)).astype(np.uint8)
    assert np.array_equal(filled[inside], np.broadcast_to(expected, (88, 3)))


def test_background_of_each_area_is_its_own_and_never_counts_other_masks() -> None:
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, :40], image[:, 40:] = 50, 180
    image[10:20, 10:20] = 255
    image[10:20, 22:30] = 254
    filled = fill_masks(image, (box(10, 10, 19, 19), box(22, 10, 29, 19), box(60, 10, 69, 19)), "background")
    assert np.all(filled[:, :40] == 50)
    assert np.all(filled[:, 40:] == 180)


def test_background_of_wide_and_of_enclosed_masks_is_what_lies_next_to_them() -> None:
    image = np.full((30, 40, 3), 90, np.uint8)
    image[:, :30] = 7
    filled = fill_masks(image, (box(0, 0, 32, 29),), "background")
    assert np.all(filled[:, :33] == 90)
    inner = fill_masks(image, (box(14, 14, 15, 15), *(box(4, 4, 26, 12), box(4, 17, 26, 26))), "background")
    assert np.all(inner[:, :30] == 7)


@pytest.mark.parametrize("fill", FILLS)
def test_a_mask_over_everything_is_black(fill: Fill) -> None:
    assert not fill_masks(noise(12, 9), (box(-3, -3, 20, 20),), fill).any()


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2), (3, 3)])
def test_tiny_images_can_be_filled(fill: Fill, size: tuple[int, int]) -> None:
    image = noise(*size) | 1
    filled = fill_masks(image, (box(0, 0, 0, 0),), fill)
    assert filled.shape == image.shape
    assert np.array_equal(filled.reshape(-1, 3)[1:], image.reshape(-1, 3)[1:])


def test_inpaint_of_a_single_row_is_the_same_each_time() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 9, 3)).astype(np.uint8)
    mask = Mask("text", ((2, 0), (2, 0), (2, 0)))
    seen = set()
    for number in range(200):  # what is left in memory differs from turn to turn
        left = [np.full(1 + number % 59, number * 1e5, np.float32) for _ in range(30)]
        del left
        seen.add(fill_masks(image, (mask,), "inpaint").tobytes())
    assert len(seen) == 1
    filled = fill_masks(image, (mask,), "inpaint")
    assert filled.shape == image.shape
    assert np.array_equal(np.delete(filled, 2, axis=1), np.delete(image, 2, axis=1))


def test_inpaint_is_telea_of_radius_three() -> None:
    image, mask = noise(40, 30), box(5, 5, 12, 9)
    expected = cv2.inpaint(image, mask_area((mask,), 40, 30), 3.0, cv2.INPAINT_TELEA)
    assert np.array_equal(fill_masks(image, (mask,), "inpaint"), expected)


def test_no_mask_and_masks_outside_or_without_points_change_nothing() -> None:
    image = noise(20, 20)
    for masks in ((), (box(30, 30, 40, 40),), (Mask("other", ()),)):
        for fill in FILLS:
            assert np.array_equal(fill_masks(image, masks, fill), image)


@given(st.lists(points, min_size=3, max_size=7), sizes, sizes)
@settings(deadline=None)
def test_the_filled_area_holds_its_edge(polygon: list[tuple[int, int]], width: int, height: int) -> None:
    area = mask_area((Mask("text", tuple(polygon)),), width, height)
    assert set(np.unique(area)) <= {0, 1}
    for x, y in polygon:
        if 0 <= x < width and 0 <= y < height:
            assert area[y, x] == 1
    edges = np.zeros((height, width), np.uint8)
    cv2.polylines(edges, [np.array(polygon, np.int32)], True, 1)
    assert np.all(area[edges > 0] == 1)


@pytest.mark.parametrize("resize", RESIZES)
@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2), (224, 224), (300, 168), (1280, 1427)])
def test_every_size_fits_the_square(resize: str, size: tuple[int, int]) -> None:
    square = to_square(noise(*size), 224, resize)
    assert square.shape == (224, 224, 3)
    assert square.dtype == np.uint8
    assert square.flags.c_contiguous


def test_letterbox_is_centred_between_black_bars() -> None:
    image = np.full((50, 100, 3), 255, np.uint8)
    square = to_square(image, 40)
    assert np.all(square[10:30] == 255)
    assert not square[:10].any()
    assert not square[30:].any()
    assert np.array_equal(to_square(image.swapaxes(0, 1), 40), square.swapaxes(0, 1))


def test_letterbox_shrinks_by_area() -> None:
    image = noise(80, 80)
    means = image.reshape(20, 4, 20, 4, 3).mean(axis=(1, 3))
    assert np.abs(to_square(image, 20) - means).max() <= 0.51


def test_stretch_fills_the_square() -> None:
    assert np.all(to_square(np.full((50, 100, 3), 255, np.uint8), 40, "stretch") == 255)


def test_center_crop_is_the_middle() -> None:
    image = np.zeros((40, 100, 3), np.uint8)
    image[:, 30:70] = noise(40, 40)
    assert np.array_equal(to_square(image, 40, "center-crop"), image[:, 30:70])
    assert np.array_equal(to_square(image, 20, "center-crop"), scaled(image[:, 30:70].copy(), 20, 20))


def test_center_crop_of_a_long_strip_needs_no_more_than_the_square() -> None:
    strip = noise(1, 30_000)
    assert np.all(to_square(strip, 224, "center-crop") == strip[14_999])


def test_sizes_keep_their_ratio_and_are_never_nothing() -> None:
    assert fitted_size(300, 168, 224) == (224, 125)
    assert fitted_size(10_000, 1, 224) == (224, 1)
    assert fitted_size(1, 1, 224) == (224, 224)


def test_the_networks_input_is_the_rendered_image_in_its_square() -> None:
    image = noise(90, 60)
    edits = Edits(Crop(10, 5, 50, 40), (box(12, 8, 20, 14),), "background")
    assert np.array_equal(network_input(image, edits, 32), to_square(render(image, edits), 32))


@pytest.mark.parametrize("size", [(1, 1), (300, 168), (64, 500), (10, 12)])
def test_thumbnails_fit_their_square_and_show_the_cleaned_image(size: tuple[int, int]) -> None:
    image = noise(*size)
    small = thumbnail(image, Edits(), 96)
    assert max(small.shape[:2]) == 96
    assert small.flags.c_contiguous
    black = thumbnail(image, Edits(masks=(box(0, 0, *size),), fill="black"), 96)
    assert not black.any()
