"""From an image's pixels to one proposal: crop, masks, decision, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from curator.imaging.decode import RGB
from curator.proposals.confidence import confidence_of, signs_of
from curator.proposals.fuse import box_of, fuse_head
from curator.proposals.head import find_head
from curator.proposals.maps import look
from curator.proposals.marks import find_marks_on_head
from curator.proposals.overlays import covered, find_borders, find_marks, find_strips
from curator.proposals.page import SMALLEST_SIDE, Page, make_page
from curator.proposals.suspects import brain_of
from curator.proposals.verdict import not_a_head
from curator.proposals.words import explain
from curator.records import Crop, Mask, Overlay, Profile, Proposal

METHOD: Final = "network/4"

# How sure it is that an image without a head, or with a mark on the brain, is to be discarded.
_SURE_NO_HEAD, _SURE_NOTHING_FOUND = 0.75, 0.1
# The brain's outline is only approximate: its crops are less sure than the head's by this factor.
_BRAIN_CROP = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """A proposal and, where a head was found, the signs that tell how sure it is, float64 (len(SIGNS),): its own
    confidence is not judged yet then."""

    proposal: Proposal
    signs: npt.NDArray[np.float64] | None


def propose_image(
    image: RGB, *, profile: Profile = "brain-mri", target: Literal["head", "brain"] = "head"
) -> Proposal:
    """Proposes crop, masks and decision for one upright RGB image, `uint8` (height, width, 3).

    `profile="general"` knows no head and no overlays: it keeps the whole image. `target="brain"` crops to the
    brain instead of the head. Crop, polygons and boxes are integers inside the image. Deterministic. Raises
    `WeightsError` if the network cannot be read, and nothing else for any such array of at least one pixel.
    """
    if profile == "general":
        return Proposal("keep", None, None, (), 0.5, "General images: kept whole.", METHOD)
    examined = examine(image, target=target)
    if examined.signs is None:
        return examined.proposal
    sure = confidence_of(examined.signs)
    return replace(examined.proposal, confidence=round(sure * (_BRAIN_CROP if target == "brain" else 1), 3))


def examine(image: RGB, *, target: Literal["head", "brain"] = "head") -> Examined:
    """`propose_image` of a brain MRI before it is judged how sure it is."""
    if min(image.shape[:2]) < SMALLEST_SIDE:
        return _whole("Too small to look for a head: kept whole.")
    page = make_page(np.ascontiguousarray(image))
    maps = look(page)
    outline = find_head(page)
    reason = not_a_head(page, outline, maps)
    if reason is not None:
        why = f"Not a brain MRI? {reason}"
        return Examined(Proposal("discard", "not_brain_mri", None, (), _SURE_NO_HEAD, why, METHOD), None)
    head = fuse_head(outline, maps)
    if head.box is None:
        return _whole("No head stands out from the background: kept whole.")
    seen, upon = find_marks(page, head, maps), find_marks_on_head(page, head, maps)
    scalp = [mark for mark in upon.marks if mark.on == "head" and not covered(mark, seen)]
    seen = [mark for mark in seen if not covered(mark, scalp)]
    beside = [*find_strips(page, head), *find_borders(page, head, maps), *seen]
    on_brain = [mark for mark in upon.marks if mark.on == "brain"]
    marks = [*beside, *scalp, *on_brain]
    box = head.box
    if target == "brain":
        box = box_of(brain_of(head.mask, maps, rim=0.0)) or box
    proposal = Proposal(
        "discard" if on_brain else "keep",
        "overlay_on_brain" if on_brain else None,
        _crop(page, box),
        tuple(Mask(mark.kind, page.polygon(mark.points)) for mark in marks if mark.on != "brain"),
        0.0,
        explain(page, head, marks, upon.surest, target),
        METHOD,
        tuple(Overlay(mark.kind, mark.on, page.box(*mark.box), round(mark.score, 3)) for mark in marks),
    )
    return Examined(proposal, signs_of(page, outline, head, maps, beside, upon))


def _whole(why: str) -> Examined:
    return Examined(Proposal("keep", None, None, (), _SURE_NOTHING_FOUND, why, METHOD), None)


def _crop(page: Page, box: tuple[int, int, int, int]) -> Crop:
    x0, y0, x1, y1 = page.box(*box)
    return Crop(x0, y0, x1 - x0, y1 - y0)
