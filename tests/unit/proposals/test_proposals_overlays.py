"""Marks: masked beside the head, a reason to discard on the brain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from curator.imaging.render import mask_area
from curator.proposals import propose_image
from curator.records import Proposal


def covered(proposal: Proposal, ink: npt.NDArray[np.bool_]) -> float:
    height, width = ink.shape
    return float((mask_area(proposal.masks, width, height) > 0)[ink].mean())


def test_corner_text_is_masked_and_named(draw: Callable[..., Any]) -> None:
    drawing = draw()
    before = drawing.grey.copy()
    box = drawing.write("W 430", 3, 312)
    proposal = propose_image(drawing.rgb)
    assert proposal.decision == "keep"
    assert covered(proposal, drawing.grey != before) > 0.97
    assert [(overlay.kind, overlay.on) for overlay in proposal.overlays] == [("text", "background")]
    assert proposal.why == "Head found against a dark background. Text at lower left: masked."
    x0, y0, x1, y1 = proposal.overlays[0].box
    assert abs(x0 - box[0]) <= 4
    assert abs(y1 - box[3]) <= 4
    assert abs(x1 - box[2]) <= 4
    assert abs(y0 - box[1]) <= 4


def test_masks_leave_the_head_alone(draw: Callable[..., Any]) -> None:
    drawing = draw()
    for words, x, y in (("R", 2, 160), ("L", 268, 160), ("10:55", 225, 15), ("AX T2", 4, 15)):
        drawing.write(words, x, y)
    proposal = propose_image(drawing.rgb)
    area = mask_area(proposal.masks, drawing.grey.shape[1], drawing.grey.shape[0])
    x0, y0, x1, y1 = drawing.head
    assert not area[y0 + 30 : y1 - 30, x0:x1].any()
    assert len(proposal.masks) == 4
    assert proposal.crop is not None
    assert abs(proposal.crop.x - x0) <= 3
    assert abs(proposal.crop.y - y0) <= 3


def test_text_on_a_grey_background(draw: Callable[..., Any]) -> None:
    drawing = draw(background=45)
    before = drawing.grey.copy()
    drawing.write("T1 POST", 4, 15)
    assert covered(propose_image(drawing.rgb), drawing.grey != before) > 0.95


def test_black_text_on_a_light_background_of_a_dark_head(draw: Callable[..., Any]) -> None:
    drawing = draw()
    drawing.grey[:] = 255 - drawing.grey
    before = drawing.grey.copy()
    drawing.write("T1", 4, 15, level=0)
    assert covered(propose_image(drawing.rgb), drawing.grey != before) > 0.95


def test_ruler_is_a_ruler(draw: Callable[..., Any]) -> None:
    drawing = draw()
    cv2.line(drawing.grey, (272, 90), (272, 230), 255, 1)
    for y in range(90, 231, 14):
        cv2.line(drawing.grey, (266, y), (272, y), 255, 1)
    proposal = propose_image(drawing.rgb)
    assert [overlay.kind for overlay in proposal.overlays] == ["ruler"]
    assert "ruler at right" in proposal.why


@pytest.mark.parametrize("colour", [(255, 0, 0), (255, 255, 0), (0, 200, 255)])
def test_coloured_arrow_on_the_brain_is_a_discard(draw: Callable[..., Any], colour: tuple[int, ...]) -> None:
    image = draw().rgb
    cv2.arrowedLine(image, (120, 120), (150, 150), colour, 2, cv2.LINE_AA)
    proposal = propose_image(image)
    assert (proposal.decision, proposal.discard_reason) == ("discard", "overlay_on_brain")
    assert any(overlay.on == "brain" for overlay in proposal.overlays)
    assert "On the brain" in proposal.why
    assert proposal.crop is not None


def test_coloured_mark_on_the_scalp_is_masked(draw: Callable[..., Any]) -> None:
    image = draw().rgb
    cv2.circle(image, (140, 41), 2, (255, 0, 0), -1)
    proposal = propose_image(image)
    assert proposal.decision == "keep"
    assert [overlay.on for overlay in proposal.overlays] == ["head"]
    assert mask_area(proposal.masks, image.shape[1], image.shape[0])[41, 140] == 1


@pytest.mark.parametrize("level", [40, -40])
def test_crosshair_is_a_discard(draw: Callable[..., Any], level: int) -> None:
    drawing = draw()
    for line in (drawing.grey[150], drawing.grey[:, 133]):
        line[:] = np.clip(line.astype(int) + level, 0, 255)
    proposal = propose_image(drawing.rgb)
    assert proposal.discard_reason == "overlay_on_brain"


def test_white_letter_on_the_brain_is_a_discard(draw: Callable[..., Any]) -> None:
    drawing = draw()
    cv2.putText(drawing.grey, "A", (120, 150), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    proposal = propose_image(drawing.rgb)
    assert proposal.discard_reason == "overlay_on_brain"


@pytest.mark.parametrize("seed", range(6))
def test_a_clean_slice_has_no_marks(draw: Callable[..., Any], seed: int) -> None:
    proposal = propose_image(draw(seed=seed).rgb)
    assert proposal.decision == "keep"
    assert proposal.overlays == ()


def test_more_to_mend_means_less_sure(draw: Callable[..., Any]) -> None:
    clean, marked = draw(), draw()
    for words, x, y in (("R 25", 30, 70), ("10:55", 205, 65), ("AX T2", 30, 265), ("W 400", 205, 275)):
        marked.write(words, x, y)
    assert propose_image(marked.rgb).confidence < propose_image(clean.rgb).confidence


def test_a_doubtful_spot_is_kept_but_less_sure(draw: Callable[..., Any]) -> None:
    clean, doubtful = draw(), draw()
    cv2.circle(doubtful.grey, (120, 150), 2, 140, -1, cv2.LINE_AA)
    first, second = propose_image(clean.rgb), propose_image(doubtful.rgb)
    assert second.decision == "keep"
    assert "please look" in second.why
    assert second.confidence < 0.95 <= first.confidence


def test_a_coloured_mark_on_the_brain_is_told_once(draw: Callable[..., Any]) -> None:
    image = draw().rgb.copy()
    cv2.putText(image, "12", (110, 160), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 230, 60), 2, cv2.LINE_AA)
    proposal = propose_image(image)
    assert proposal.decision == "discard"
    boxes = [overlay.box for overlay in proposal.overlays if overlay.on == "brain"]
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            wide, high = (
                min(one[2], other[2]) - max(one[0], other[0]),
                min(one[3], other[3]) - max(one[1], other[1]),
            )
            assert min(wide, high) <= 2


def test_a_mark_on_the_scalp_that_reaches_for_the_brain_is_masked(draw: Callable[..., Any]) -> None:
    drawing = draw()
    x0, y0, x1, _ = drawing.head
    at = ((x0 + x1) // 2, y0)
    cv2.arrowedLine(
        drawing.grey, (at[0] - 16, at[1] + 6), (at[0] + 4, at[1] + 14), 255, 2, cv2.LINE_AA, tipLength=0.5
    )
    proposal = propose_image(drawing.rgb)
    assert proposal.decision == "keep"
    assert [overlay.on for overlay in proposal.overlays] == ["head"]
    assert len(proposal.masks) == 1
