"""Drawn shapes are among the hardest stable regions; what is smooth has none."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from curator.proposals.regions import Region, hardness_of, overlap, percentile, stable_regions

_SIZE = 160


def _slope(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    values = grey.astype(np.float32)
    across, down = cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down) / 8, np.float32)


def _tissue() -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, 1, (_SIZE, _SIZE))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return np.clip(110 + 30 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def _within() -> npt.NDArray[np.uint8]:
    area = np.zeros((_SIZE, _SIZE), np.uint8)
    cv2.circle(area, (_SIZE // 2, _SIZE // 2), 70, 1, -1)
    return area


def _found(grey: npt.NDArray[np.uint8]) -> list[Region]:
    return stable_regions(grey, _slope(grey), _within())


# A hard line of one pixel that is the brightest there is needs more blur than the smallest marks bear.
@pytest.mark.parametrize(
    ("wide", "smooth"), [(1, cv2.LINE_AA), (2, cv2.LINE_8), (2, cv2.LINE_AA)], ids=["thin", "hard", "smooth"]
)
@pytest.mark.parametrize("level", [0, 255])
def test_an_arrow_is_the_hardest_region(level: int, wide: int, smooth: int) -> None:
    grey = _tissue()
    cv2.arrowedLine(grey, (85, 65), (66, 84), level, wide, smooth, tipLength=0.3)
    ink = np.abs(grey.astype(np.int16) - _tissue()) > 20
    first = _found(grey)[0]
    x0, y0, x1, y1 = first.box
    assert (first.own & ink[y0:y1, x0:x1]).sum() >= 0.7 * first.own.sum()


def test_beside_the_inside_nothing_is_found() -> None:
    grey = _tissue()
    grey[4:9, 4:9] = 255
    assert all(region.box[0] > 9 or region.box[1] > 9 for region in _found(grey))


def test_smooth_and_empty_images_have_none() -> None:
    assert _found(np.full((_SIZE, _SIZE), 90, np.uint8)) == []
    grey = _tissue()
    assert stable_regions(grey, _slope(grey), np.zeros_like(grey)) == []


def test_no_two_are_the_same() -> None:
    grey = _tissue()
    for number in range(6):
        cv2.circle(grey, (50 + 12 * number, 80), 3, 255 if number % 2 else 0, -1, cv2.LINE_AA)
    found = _found(grey)
    assert len(found) >= 6
    for index, one in enumerate(found):
        assert all(overlap(one.box, one.own, two.box, two.own) <= 0.5 for two in found[:index])


def test_a_leak_in_the_outline_counts() -> None:
    grey = np.full((40, 40), 80, np.uint8)
    grey[10:20, 10:20] = 200
    own = np.ones((10, 10), bool)
    whole = hardness_of(_slope(grey), (10, 10, 20, 20), own)
    grey[10:30, 10:30] = 200
    assert hardness_of(_slope(grey), (10, 10, 20, 20), own) < whole


@given(
    hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(-100, 100, width=32)),
    st.floats(0, 100),
)
def test_percentile_is_numpys(values: npt.NDArray[np.float32], share: float) -> None:
    assert percentile(values, share) == pytest.approx(float(np.percentile(values, share)), abs=1e-3)


def test_overlap_of_an_area_with_itself_and_with_one_apart() -> None:
    own = np.ones((3, 4), bool)
    assert overlap((0, 0, 4, 3), own, (0, 0, 4, 3), own) == 1
    assert overlap((0, 0, 4, 3), own, (2, 0, 6, 3), own) == pytest.approx(1 / 3)
    assert overlap((0, 0, 4, 3), own, (4, 0, 8, 3), own) == 0
