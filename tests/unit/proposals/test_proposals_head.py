"""The crop: tight round the drawn head, whatever lies beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curator.proposals import propose_image
from curator.proposals.background import find_margins
from curator.proposals.confidence import SIGNS, confidence_of
from curator.proposals.page import ANALYSIS_SIDE, make_page
from curator.proposals.propose import examine
from curator.records import Crop

Box = tuple[int, int, int, int]


def iou(crop: Crop | None, box: Box) -> float:
    assert crop is not None
    x0, y0, x1, y1 = box
    wide = min(x1, crop.x + crop.width) - max(x0, crop.x)
    high = min(y1, crop.y + crop.height) - max(y0, crop.y)
    both = max(0, wide) * max(0, high)
    return both / ((x1 - x0) * (y1 - y0) + crop.width * crop.height - both)


@pytest.mark.parametrize("background", [0, 4, 25, 60])
@pytest.mark.parametrize("centre", [(140, 160), (110, 140), (170, 190)])
def test_crop_is_tight(draw: Callable[..., Any], background: float, centre: tuple[float, float]) -> None:
    drawing = draw(background=background, centre=centre)
    proposal = propose_image(drawing.rgb)
    assert proposal.decision == "keep"
    assert proposal.masks == ()
    assert iou(proposal.crop, drawing.head) > 0.96
    assert proposal.confidence > 0.6


@pytest.mark.parametrize("seed", range(4))
def test_scalp_hardly_brighter_than_the_background_is_kept(draw: Callable[..., Any], seed: int) -> None:
    drawing = draw(scalp=9, seed=seed)
    assert iou(propose_image(drawing.rgb).crop, drawing.head) > 0.95


@pytest.mark.parametrize("factor", [0.5, 2.0, 5.0])
def test_size_of_the_image_does_not_matter(draw: Callable[..., Any], factor: float) -> None:
    drawing = draw()
    image = cv2.resize(drawing.rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    box = tuple(round(value * factor) for value in drawing.head)
    assert iou(propose_image(image).crop, box) > 0.95  # type: ignore[arg-type]


def _sure(image: npt.NDArray[np.uint8]) -> float:
    """The confidence before it is rounded."""
    signs = examine(image).signs
    assert signs is not None
    return confidence_of(signs)


def test_head_cut_by_the_edge_reaches_it_and_is_less_sure(draw: Callable[..., Any]) -> None:
    drawing = draw(centre=(70, 160))
    proposal = propose_image(drawing.rgb)
    assert proposal.crop is not None
    assert proposal.crop.x == 0
    assert iou(proposal.crop, drawing.head) > 0.95
    signs = examine(drawing.rgb).signs
    assert signs is not None
    uncut = np.where(np.array(SIGNS) == "cut_edges", 0.0, signs)
    assert signs[SIGNS.index("cut_edges")] == 1
    assert confidence_of(signs) < confidence_of(uncut)
    assert "reaches the edge at left" in proposal.why


def test_slice_that_fills_the_image_is_kept_whole(draw: Callable[..., Any]) -> None:
    drawing = draw()
    x0, y0, x1, y1 = drawing.brain
    inside = drawing.rgb[y0 + 40 : y1 - 40, x0 + 30 : x1 - 30].copy()
    proposal = propose_image(inside)
    assert proposal.decision == "keep"
    assert iou(proposal.crop, (0, 0, inside.shape[1], inside.shape[0])) > 0.9


def test_slice_that_fills_the_image_is_less_sure(draw: Callable[..., Any]) -> None:
    # Hardly: of parts of real slices that leave out up to a quarter of the head, 96 in 100 are right at once.
    drawing = draw()
    x0, y0, x1, y1 = drawing.brain
    inside = drawing.rgb[y0 + 40 : y1 - 40, x0 + 30 : x1 - 30].copy()
    assert _sure(inside) < _sure(drawing.rgb)


@pytest.mark.parametrize("level", [90, 180, 255])
@pytest.mark.parametrize("width", [1, 4, 30])
def test_frames_are_stripped_and_drawn_as_strips(draw: Callable[..., Any], level: int, width: int) -> None:
    drawing = draw()
    image = cv2.copyMakeBorder(drawing.rgb, *[width] * 4, cv2.BORDER_CONSTANT, value=(level,) * 3)
    box = tuple(value + width for value in drawing.head)
    proposal = propose_image(image)
    assert iou(proposal.crop, box) > 0.96  # type: ignore[arg-type]
    assert [mask.kind for mask in proposal.masks] == ["border"] * 4
    area = np.zeros(image.shape[:2], np.uint8)
    for mask in proposal.masks:
        cv2.fillPoly(area, [np.array(mask.polygon, np.int32)], 1)
    assert area[:width].all()
    assert area[-width:].all()
    assert area[:, :width].all()
    assert area[:, -width:].all()
    assert not area[width + 4 : -width - 4, width + 4 : -width - 4].any()


def test_bar_at_one_side(draw: Callable[..., Any]) -> None:
    drawing = draw()
    image = np.pad(drawing.rgb, ((0, 0), (90, 0), (0, 0)), constant_values=255)
    x0, y0, x1, y1 = drawing.head
    proposal = propose_image(image)
    assert iou(proposal.crop, (x0 + 90, y0, x1 + 90, y1)) > 0.96
    assert [mask.kind for mask in proposal.masks] == ["border"]
    assert "border at left" in proposal.why


def test_margins_of_a_plain_slice_are_none(draw: Callable[..., Any]) -> None:
    assert find_margins(draw().grey).sides == (0, 0, 0, 0)


def test_page_maps_back_onto_the_whole_image() -> None:
    page = make_page(np.zeros((1500, 2113, 3), np.uint8))
    height, width = page.grey.shape
    assert max(height, width) == ANALYSIS_SIDE
    assert page.box(0, 0, width, height) == (0, 0, 2113, 1500)
    corners = np.array([(0, 0), (width - 1, height - 1)], np.int32)
    (left, top), (right, bottom) = page.polygon(corners)
    assert left <= 2
    assert top <= 2
    assert right >= 2113 - 3
    assert bottom >= 1500 - 3


def test_brain_crop_holds_the_brain_and_little_more(draw: Callable[..., Any]) -> None:
    drawing = draw()
    head, brain = propose_image(drawing.rgb), propose_image(drawing.rgb, target="brain")
    assert iou(brain.crop, drawing.brain) > 0.92
    assert brain.confidence < head.confidence
    assert "Inside of the skull" in brain.why


def test_frame_that_bright_scalp_touches_is_complete(draw: Callable[..., Any]) -> None:
    drawing = draw(centre=(97, 160), scalp=240)
    for side in (np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]):
        drawing.grey[side] = 240
    proposal = propose_image(drawing.rgb)
    assert len(proposal.masks) == 4
    assert iou(proposal.crop, (3, *drawing.head[1:])) > 0.95


def test_lines_of_text_near_the_head_do_not_join_it(draw: Callable[..., Any]) -> None:
    drawing = draw(width=320)
    for line in range(4):
        drawing.write("SMITH JO 034Y", 205, 16 + 14 * line, scale=0.4, level=230)
    proposal = propose_image(drawing.rgb)
    assert iou(proposal.crop, drawing.head) > 0.96
    assert {overlay.kind for overlay in proposal.overlays} == {"text"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_head_with_room_round_it_is_found(draw: Callable[..., Any], data: st.DataObject) -> None:
    width, height = data.draw(st.integers(260, 500)), data.draw(st.integers(260, 500))
    radius = data.draw(st.floats(0.24, 0.44)) * min(width, height)
    radii = (radius, radius * data.draw(st.floats(1.0, 1.12)))
    x = data.draw(st.floats(radii[0] + 2, width - radii[0] - 2))
    y = data.draw(st.floats(min(radii[1] + 2, height / 2), max(height - radii[1] - 2, height / 2)))
    background = data.draw(st.integers(0, 50))
    scalp = data.draw(st.integers(40, 190))
    drawing = draw(height, width, (x, y), radii, background, scalp, data.draw(st.integers(0, 99)))
    proposal = propose_image(drawing.rgb)
    # Drawn texture is noise, in which a mark on the brain may be seen now and then: counted below.
    assert proposal.discard_reason != "not_brain_mri"
    assert iou(proposal.crop, drawing.head) > 0.93


def test_marks_are_rarely_seen_on_a_clean_brain(draw: Callable[..., Any]) -> None:
    seen = sum(
        propose_image(draw(seed=seed, scalp=40 + 2 * seed).rgb).decision != "keep" for seed in range(60)
    )
    assert seen <= 1


def test_picture_pasted_on_paper(draw: Callable[..., Any]) -> None:
    drawing = draw()
    image = cv2.copyMakeBorder(drawing.rgb, 60, 25, 40, 90, cv2.BORDER_CONSTANT, value=(250,) * 3)
    x0, y0, x1, y1 = drawing.head
    proposal = propose_image(image)
    assert iou(proposal.crop, (x0 + 40, y0 + 60, x1 + 40, y1 + 60)) > 0.96
    assert [mask.kind for mask in proposal.masks] == ["border"] * 4
