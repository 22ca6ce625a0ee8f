"""From an image's pixels to one proposal: crop, masks, decision, and how sure it is."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from curator.imaging.decode import RGB
from curator.proposals.brain import find_brain
from curator.proposals.head import find_head
from curator.proposals.marks import find_marks_on_head, suspicion
from curator.proposals.overlays import find_marks, find_strips
from curator.proposals.page import SMALLEST_SIDE, Page, make_page
from curator.proposals.verdict import not_a_head
from curator.proposals.words import confidence_of, explain
from curator.records import Crop, Mask, Overlay, Profile, Proposal

METHOD: Final = "classical/1"

# How sure it is that an image without a head, or with a mark on the brain, is to be discarded.
_SURE_NO_HEAD, _SURE_NOTHING_FOUND = 0.75, 0.1
# The brain's outline is only approximate: its crops are less sure than the head's by this factor.
_BRAIN_CROP = 0.6


def propose_image(
    image: RGB, *, profile: Profile = "brain-mri", target: Literal["head", "brain"] = "head"
) -> Proposal:
    """Proposes crop, masks and decision for one upright RGB image, `uint8` (height, width, 3).

    `profile="general"` knows no head and no overlays: it keeps the whole image. `target="brain"` crops to the
    brain instead of the head. Crop, polygons and boxes are integers inside the image. Deterministic; raises
    nothing for any such array of at least one pixel.
    """
    if profile == "general":
        return Proposal("keep", None, None, (), 0.5, "General images: kept whole.", METHOD)
    if min(image.shape[:2]) < SMALLEST_SIDE:
        return _whole("Too small to look for a head: kept whole.")
    page = make_page(np.ascontiguousarray(image))
    head = find_head(page)
    reason = not_a_head(page, head)
    if reason is not None:
        return Proposal(
            "discard", "not_brain_mri", None, (), _SURE_NO_HEAD, f"Not a brain MRI? {reason}", METHOD
        )
    if head.box is None:
        return _whole("No head stands out from the background: kept whole.")
    strips, beside, upon = find_strips(page, head), find_marks(page, head), find_marks_on_head(page, head)
    marks = [*strips, *beside, *upon]
    on_brain = [mark for mark in upon if mark.on == "brain"]
    suspected = suspicion(page, head)
    box, sure = head.box, confidence_of(page, head, beside, upon, suspected)
    if target == "brain":
        box, sure = find_brain(page.grey, head.mask) or head.box, sure * _BRAIN_CROP
    return Proposal(
        "discard" if on_brain else "keep",
        "overlay_on_brain" if on_brain else None,
        _crop(page, box),
        tuple(Mask(mark.kind, page.polygon(mark.points)) for mark in marks if mark.on != "brain"),
        sure,
        explain(page, head, marks, suspected, target),
        METHOD,
        tuple(Overlay(mark.kind, mark.on, page.box(*mark.box), round(mark.score, 3)) for mark in marks),
    )


def _whole(why: str) -> Proposal:
    return Proposal("keep", None, None, (), _SURE_NOTHING_FOUND, why, METHOD)


def _crop(page: Page, box: tuple[int, int, int, int]) -> Crop:
    x0, y0, x1, y1 = page.box(*box)
    return Crop(x0, y0, x1 - x0, y1 - y0)
