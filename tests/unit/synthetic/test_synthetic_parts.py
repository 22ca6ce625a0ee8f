"""The parts of the generator: dice, anatomy, warp, letters, shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.synthetic.anatomy import load_slice, slice_count
from curator.synthetic.contrast import tissue
from curator.synthetic.dice import Dice
from curator.synthetic.geometry import draw_warp
from curator.synthetic.lesion import draw_lesion
from curator.synthetic.lettering import INK, letters, stacked
from curator.synthetic.nonbrains import draw_non_brain
from curator.synthetic.page import Ink, Page
from curator.synthetic.polygon import filled
from curator.synthetic.shapes import arrow, caliper, pointer, ring, ruler

PLANES = ("axial", "coronal", "sagittal")


def test_dice_fall_the_same_everywhere() -> None:
    dice = Dice(20240, "test", 1)
    assert [dice.below(1000) for _ in range(6)] == [458, 141, 500, 31, 36, 75]


def test_dice_keep_to_their_ranges() -> None:
    dice = Dice(0)
    assert {dice.whole(3, 5) for _ in range(200)} == {3, 4, 5}
    assert all(2 <= dice.between(2, 3) < 3 for _ in range(200))
    weights = [dice.weighted({"often": 0.9, "seldom": 0.1, "never": 0.0}) for _ in range(500)]
    assert 10 < weights.count("seldom") < 100
    assert "never" not in weights
    assert sorted(dice.shuffled(range(20))) == list(range(20))


@pytest.mark.parametrize("plane", PLANES)
def test_masks_lie_in_each_other(plane: str) -> None:
    for index in range(0, slice_count(plane), 9):
        anatomy = load_slice(plane, index)
        assert anatomy.t1.dtype == np.uint8
        assert anatomy.head.shape == anatomy.t1.shape
        assert not (anatomy.inside & ~anatomy.head).any()
        assert not (anatomy.brain & ~anatomy.inside).any()
        assert anatomy.brain.sum() > 2000
        assert ((anatomy.depth > 0) == anatomy.inside).all()
        assert anatomy.t1[anatomy.brain].mean() > 60


def test_depth_is_a_distance() -> None:
    from scipy import ndimage

    anatomy = load_slice("axial", 30)
    exact = ndimage.distance_transform_edt(anatomy.inside)
    assert np.abs(anatomy.depth - exact).max() < 0.12 * exact.max()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(PLANES))
def test_warp_there_and_back(number: int, plane: str) -> None:
    dice = Dice(number)
    anatomy = load_slice(plane, dice.below(slice_count(plane)))
    warp = draw_warp(dice, anatomy)
    points = anatomy.head_outlines[0]
    at = warp.to_image(points)
    x, y = warp.to_anatomy(at[:, 0], at[:, 1])
    assert np.abs(np.stack([x, y], axis=1) - points).max() < 1e-4


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(PLANES))
def test_lesions_lie_inside_the_skull(number: int, plane: str) -> None:
    dice = Dice(number)
    anatomy = load_slice(plane, dice.below(slice_count(plane)))
    lesion = draw_lesion(dice, anatomy)
    assert anatomy.inside[int(lesion.y), int(lesion.x)]
    assert 1 < lesion.radius <= 20
    at = np.array([lesion.x], np.float32), np.array([lesion.y], np.float32)
    assert lesion.distance(*at)[0] == 0


@pytest.mark.parametrize(
    ("sequence", "order"),
    [
        ("T1", "csf gm wm"),
        ("T2", "wm gm csf"),
        ("FLAIR", "csf wm gm"),
        ("PD", "wm csf gm"),
        ("T1C", "csf gm wm"),
    ],
)
def test_tissues_rank_as_in_the_sequence(sequence: str, order: str) -> None:
    t1 = np.array([[30.0, 82.0, 113.0]], np.float32)
    levels = dict(
        zip(("csf", "gm", "wm"), tissue(t1, np.ones_like(t1), sequence, 1.0)[0].tolist(), strict=True)
    )
    assert sorted(levels, key=levels.__getitem__) == order.split()


def test_polygons_fill_the_pixels_whose_centres_they_hold() -> None:
    square = np.array([[1.0, 1.0], [4.0, 1.0], [4.0, 3.0], [1.0, 3.0]])
    mask = filled([square], 8, 6)
    assert np.argwhere(mask).tolist() == [[y, x] for y in (1, 2) for x in (1, 2, 3)]
    angles = np.linspace(0, 2 * math.pi, 400, endpoint=False)
    circle = np.stack([20.3 + 15 * np.cos(angles), 18.7 + 15 * np.sin(angles)], axis=1)
    v, u = np.mgrid[:40, :44]
    away = np.hypot(u - 20.3, v - 18.7)
    mask = filled([circle], 44, 40)
    assert mask[away < 14.9].all()
    assert not mask[away > 15.1].any()
    assert (filled([circle - 9.0], 20, 20) == mask[9:29, 9:29]).all()
    assert filled([circle, circle], 44, 40).sum() == mask.sum()


def test_letters_are_trimmed_and_as_high_as_asked() -> None:
    for height in (6, 9, 14, 30):
        cover = letters("H", height)
        assert abs(cover.shape[0] - height) <= 1
        assert cover.max() == pytest.approx(1.0)
        for edge in (cover[0], cover[-1], cover[:, 0], cover[:, -1]):
            assert (edge > INK).any()
    assert letters("HH", 12, width=0.7).shape[1] < letters("HH", 12).shape[1]
    assert letters("I", 12, bold=True).sum() > letters("I", 12).sum()
    lines = [letters("LONGER", 10), letters("I", 10)]
    block = stacked(lines, 3, right=True)
    assert block.shape == (lines[0].shape[0] + lines[1].shape[0] + 3, lines[0].shape[1])
    assert block[-1, -lines[1].shape[1] :].max() > INK


def test_shapes_have_the_size_asked_for() -> None:
    across = arrow(40, 0.0, 3, block=False)
    assert abs(across.shape[1] - 40) <= 2
    assert arrow(40, math.pi / 2, 3, block=True).shape[0] > 38
    assert ruler(50, 10, 6, upright=False, closed=False).shape == (6, 50)
    assert ruler(50, 10, 6, upright=True, closed=True).shape == (50, 6)
    assert caliper(30, 0, 1.3, 7).shape[1] >= 30
    assert abs(ring(10, 2).shape[0] - 22) <= 2
    assert 10 <= pointer(12).shape[0] <= 14


def test_non_brains_are_six_kinds() -> None:
    drawn = [draw_non_brain(Dice("other", i), i) for i in range(6)]
    assert len({name for _, name in drawn}) == 6
    for image, _ in drawn:
        assert image.dtype == np.float32
        assert 0 <= image.min() <= image.max() <= 255
        assert image.std() > 5


@pytest.fixture
def page() -> Page:
    v, u = np.mgrid[:100, :120]
    away = np.hypot(u - 60, v - 50)
    return Page(np.zeros((100, 120, 3), np.float32), away < 40, away < 28, background=10)


def test_a_page_knows_where_ink_lies(page: Page) -> None:
    dot = np.ones((4, 4))
    assert page.lies_on(dot, 2, 2) == "background"
    assert page.lies_on(dot, 58, 14) == "head"
    assert page.lies_on(dot, 58, 48) == "brain"
    assert page.lies_on(dot, 118, 50) is None
    # On the border of the head, or of the skull, it would be neither one thing nor the other.
    assert page.lies_on(dot, 18, 48) is None
    assert page.lies_on(dot, 58, 20) is None


def test_burning_writes_pixels_and_truth(page: Page) -> None:
    assert page.put(np.ones((3, 5)), [(58, 48), (4, 6)], "text", Ink((255, 255, 255), 0.5), "background")
    assert page.overlays == [{"box": [4, 6, 9, 9], "kind": "text", "contrast": 123, "on": "background"}]
    assert page.image[7, 5].tolist() == [127.5] * 3
    assert page.image.sum() == pytest.approx(15 * 3 * 127.5)
    assert page.lies_on(np.ones((3, 3)), 8, 8) is None
    page.extend(10, 0, 5, 10)
    assert (page.width, page.height) == (130, 105)
    assert page.overlays[0]["box"] == [14, 6, 19, 9]
    assert page.lies_on(np.ones((3, 3)), 18, 8) is None
    assert page.head[50, 70]
