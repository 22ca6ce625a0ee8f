"""What is made of the network's maps where edges are near: at the page's rim, at bars, at the head's outline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from curator.proposals.background import Background, Margins, find_margins
from curator.proposals.fuse import fuse_head
from curator.proposals.head import Head, find_head
from curator.proposals.maps import Maps
from curator.proposals.overlays import Mark, corners, covered, find_borders, find_marks
from curator.proposals.page import make_page
from curator.proposals.regions import grey_percentile

SHAPE = (256, 256)
BACKGROUND = Background(0.0, 1.0, False, 1.0, True)
NO_MARGINS = Margins()


def _maps(**planes: npt.NDArray[np.float32]) -> Maps:
    empty = np.zeros(SHAPE, np.float32)
    return Maps(*(planes.get(name, empty) for name in ("head", "mark", "border", "inside")), 1.0)


def _ellipse() -> npt.NDArray[np.uint8]:
    mask = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(mask, (128, 128), (80, 100), 0, 0, 360, 1, -1)
    return mask


def _head(mask: npt.NDArray[np.uint8], margins: Margins = NO_MARGINS) -> Head:
    x, y, w, h = cv2.boundingRect(mask)
    return Head(mask, (x, y, x + w, y + h), margins, BACKGROUND)


def _marked(y: slice, x: slice, sure: float) -> tuple[list[Mark], npt.NDArray[np.uint8]]:
    """What is found of a white mark there that the network is so sure of, and the page."""
    grey = _ellipse() * np.uint8(120)
    grey[y, x] = 255
    seen = np.zeros(SHAPE, np.float32)
    seen[y, x] = sure
    page = make_page(np.repeat(grey[..., None], 3, axis=2))
    return find_marks(page, _head(_ellipse()), _maps(mark=seen)), grey


@pytest.mark.parametrize(
    ("y", "x", "sure", "found"),
    [
        (slice(40, 44), slice(0, 1), 0.55, True),  # a sliver of a letter that the edge cuts
        (slice(252, 256), slice(20, 21), 0.55, True),
        (slice(40, 44), slice(0, 1), 0.35, True),
        (slice(40, 44), slice(0, 1), 0.25, False),
        (slice(40, 44), slice(9, 10), 0.75, False),  # as small, away from the edge
        (slice(40, 44), slice(9, 10), 0.9, True),
        (slice(40, 46), slice(9, 13), 0.55, False),  # large enough, but not sure enough there
        (slice(40, 46), slice(9, 13), 0.7, True),
        (slice(40, 41), slice(0, 1), 0.9, False),  # a single pixel
    ],
)
def test_less_is_asked_of_what_the_edge_cuts(y: slice, x: slice, sure: float, found: bool) -> None:
    assert bool(_marked(y, x, sure)[0]) == found


def test_thin_strokes_that_hang_on_a_mark_are_part_of_it() -> None:
    grey = _ellipse() * np.uint8(120)
    cv2.rectangle(grey, (20, 20), (27, 27), 255, -1)
    cv2.line(grey, (27, 27), (40, 27), 200, 1)
    seen = np.zeros(SHAPE, np.float32)
    seen[20:28, 20:28] = 0.9
    page = make_page(np.repeat(grey[..., None], 3, axis=2))
    (mark,) = find_marks(page, _head(_ellipse()), _maps(mark=seen))
    assert mark.box[2] >= 41
    assert mark.box[3] <= 31


def test_a_mark_does_not_grow_into_a_bright_corner() -> None:
    grey = _ellipse() * np.uint8(120)
    grey[:60, :60] = 200
    grey[20:28, 20:28] = 255
    seen = np.zeros(SHAPE, np.float32)
    seen[20:28, 20:28] = 0.9
    page = make_page(np.repeat(grey[..., None], 3, axis=2))
    (mark,) = find_marks(page, _head(_ellipse()), _maps(mark=seen))
    assert mark.box[2] - mark.box[0] <= 12


@pytest.mark.parametrize(
    ("sure", "inside", "found"), [(0.95, 0.1, True), (0.7, 0.1, False), (0.95, 0.6, False)]
)
def test_of_marks_on_the_head_those_on_the_scalp_are_masked(sure: float, inside: float, found: bool) -> None:
    at = np.s_[124:132, 52:60]
    grey = _ellipse() * np.uint8(120)
    grey[at] = 255
    seen, brain = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    seen[at], brain[at] = sure, inside
    page = make_page(np.repeat(grey[..., None], 3, axis=2))
    marks = find_marks(page, _head(_ellipse()), _maps(mark=seen, inside=brain))
    assert [mark.on for mark in marks] == ["head"] * found
    for mark in marks:
        assert mark.box == (51, 123, 61, 133)  # all of it, and little of the head


@pytest.mark.parametrize(
    ("box", "found"), [((0, 0, 30, 18), True), ((0, 0, 30, 13), False), ((30, 30, 40, 40), False)]
)
def test_a_mark_is_covered_if_most_of_it_lies_in_another(box: tuple[int, int, int, int], found: bool) -> None:
    mark, other = (Mark("text", "head", at, corners(at), 1.0) for at in ((10, 10, 20, 20), box))
    assert covered(mark, [other]) == found
    assert not covered(mark, [])


def test_a_word_that_runs_into_the_head_is_masked_whole() -> None:
    marks, _ = _marked(slice(120, 130), slice(20, 56), 0.9)
    assert [mark.on for mark in marks] == ["background"]
    assert marks[0].box[2] >= 56


@pytest.mark.parametrize(("at", "found"), [((212, 108), False), ((236, 108), True), ((3, 8), True)])
def test_what_looks_like_a_bar_within_the_head_is_scalp(at: tuple[int, int], found: bool) -> None:
    mask = _ellipse()
    y, x = at
    mask[y - 6 : y + 10, x - 10 : x + 50] = 0  # the network doubts the head where it sees a bar
    grey = _ellipse() * np.uint8(120)
    grey[y : y + 4, x : x + 40] = 255
    seen = np.zeros(SHAPE, np.float32)
    seen[y : y + 4, x : x + 40] = 0.9
    page = make_page(np.repeat(grey[..., None], 3, axis=2))
    assert bool(find_borders(page, _head(mask), _maps(border=seen))) == found


def test_lines_along_the_edge_go_on_as_far_as_they_show() -> None:
    grey = _ellipse() * np.uint8(120)
    grey[255, 60:110] = 255
    seen = np.zeros(SHAPE, np.float32)
    seen[255, 60:110] = 0.35
    seen[255, 70:76] = 0.6
    page = make_page(np.repeat(grey[..., None], 3, axis=2))
    (mark,) = find_borders(page, _head(_ellipse()), _maps(border=seen))
    assert mark.box == (60, 255, 110, 256)
    seen[255, 70:76] = 0.45
    assert find_borders(page, _head(_ellipse()), _maps(border=seen)) == []


def test_the_box_is_the_middle_of_both_opinions() -> None:
    outline, seen = _head(_ellipse()), np.zeros(SHAPE, np.float32)
    assert outline.box is not None
    x0, y0, x1, y1 = outline.box
    seen[y0 - 4 : y1 + 4, x0 - 4 : x1 + 4] = 0.9
    assert fuse_head(outline, _maps(head=seen)).box == (x0 - 2, y0 - 2, x1 + 2, y1 + 2)
    seen[:] = 0
    seen[y0 - 20 : y1 + 3, x0 - 3 : x1 + 3] = 0.9  # too far apart at the top: the network's
    assert fuse_head(outline, _maps(head=seen)).box == (x0 - 1, y0 - 20, x1 + 1, y1 + 1)


def test_the_box_does_not_reach_into_a_bar() -> None:
    outline = _head(_ellipse(), Margins(left=48))
    outline = replace(outline, box=(48, 28, 209, 229))
    seen = np.zeros(SHAPE, np.float32)
    seen[28:229, 44:209] = 0.9
    assert fuse_head(outline, _maps(head=seen)).box == (48, 28, 209, 229)


@pytest.mark.parametrize("beyond", [30, 47])
def test_a_head_under_what_was_taken_for_a_bar_keeps_a_box(beyond: int) -> None:
    outline = replace(_head(_ellipse(), Margins(left=46)), box=(47, 28, 209, 229))
    seen = np.zeros(SHAPE, np.float32)
    seen[28:229, 4:beyond] = 0.9
    box = fuse_head(outline, _maps(head=seen)).box
    assert box is not None
    assert box[0] < box[2]
    assert box[1] < box[3]


@pytest.mark.parametrize(("blur", "most"), [(0, 0), (1.0, 3)])
def test_a_bar_ends_where_its_step_ends(draw: Callable[..., Any], blur: float, most: int) -> None:
    grey = draw(seed=2).grey
    grey[:, :20] = 230
    if blur:
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
    left = find_margins(grey).left
    assert 20 <= left <= 20 + most
    assert find_head(make_page(np.repeat(grey[..., None], 3, axis=2))).margins.left == left


def test_percentiles_of_an_image_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 1000):
        grey = rng.integers(0, 256, (size, 3)).astype(np.uint8)
        for share in (0, 1, 50, 97, 100):
            assert grey_percentile(grey, share) == pytest.approx(float(np.percentile(grey, share)))
