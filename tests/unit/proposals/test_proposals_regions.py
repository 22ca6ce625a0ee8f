"""Outlines with a leak are less hard; areas overlap as they should."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from curator.proposals.regions import components, hardness_of, overlap, percentile


def _slope(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    values = grey.astype(np.float32)
    across, down = cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down) / 8, np.float32)


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


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1)))
def test_components_are_those_of_opencvs_default(area: npt.NDArray[np.uint8]) -> None:
    labels, stats = components(area)
    count, expected, boxes, _ = cv2.connectedComponentsWithStats(area)
    assert len(stats) == count
    assert len(set(zip(labels.ravel(), expected.ravel(), strict=True))) == len(np.unique(expected))
    for index in range(1, count):
        assert (stats[labels[expected == index][0]] == boxes[index]).all()
