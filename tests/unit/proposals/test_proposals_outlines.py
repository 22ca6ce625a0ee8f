"""Polygons fill the area that they stand for, whatever its shape."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.proposals.outlines import outlines

Area = npt.NDArray[np.uint8]


def _filled(area: Area) -> Area:
    again = np.zeros_like(area)
    for points in outlines(area, area.size):
        assert len(points) >= 3
        cv2.fillPoly(again, [points], 1)
    return again


def _frame(height: int, width: int, thick: int) -> Area:
    area = np.ones((height, width), np.uint8)
    area[thick:-thick, thick:-thick] = 0
    return area


def test_a_frame_is_cut_into_strips() -> None:
    frame = _frame(120, 90, 4)
    assert len(outlines(frame, frame.size)) >= 2
    assert np.array_equal(_filled(frame), frame)


def test_a_small_hole_is_filled() -> None:
    area = np.zeros((200, 200), np.uint8)
    area[20:60, 20:90] = 1
    area[30:32, 40:42] = 0
    (points,) = outlines(area, area.size)
    assert len(points) == 4
    assert _filled(area)[30, 40] == 1


def test_a_single_pixel_is_a_polygon() -> None:
    area = np.zeros((9, 9), np.uint8)
    area[4, 5] = 1
    (points,) = outlines(area, area.size)
    assert points.tolist() == [[5, 4]] * 3


def test_nothing_has_no_polygons() -> None:
    assert outlines(np.zeros((5, 7), np.uint8), 35) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 60)] * 4, st.booleans()), min_size=1, max_size=8))
def test_rectangles_put_in_and_taken_out_are_filled_to_a_few_pixels(
    boxes: list[tuple[int, int, int, int, bool]],
) -> None:
    area = np.zeros((100, 100), np.uint8)
    for x, y, width, height, put in boxes:
        area[y : y + height // 2 + 1, x : x + width // 2 + 1] = put
    filled, square = _filled(area), np.ones((3, 3), np.uint8)
    # Outlines are simplified by less than a pixel, and fill holes of 12 pixels.
    assert not (area & ~cv2.dilate(filled, square)).any()
    more = np.asarray(cv2.dilate(area, square) == 0, np.uint8) & filled
    count, _, stats, _ = cv2.connectedComponentsWithStats(more, connectivity=4)
    assert all(stats[index][cv2.CC_STAT_AREA] <= 12 for index in range(1, count))
