"""From an image's pixels to one proposal: crop, masks, decision, and how sure it is."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from curator.imaging.decode import RGB
from curator.proposals.head import find_head
from curator.proposals.overlays import Mark, find_marks, find_strips
from curator.proposals.page import SMALLEST_SIDE, Page, make_page
from curator.records import Crop, Mask, Overlay, Profile, Proposal

METHOD: Final = "classical/1"


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
        return Proposal("keep", None, None, (), 0.1, "Too small to look for a head: kept whole.", METHOD)
    page = make_page(np.ascontiguousarray(image))
    head = find_head(page)
    if head.box is None:
        return Proposal("keep", None, None, (), 0.1, "No head found: kept whole.", METHOD)
    marks = find_strips(page, head) + find_marks(page, head)
    x0, y0, x1, y1 = page.box(*head.box)
    masks = tuple(Mask(mark.kind, page.polygon(mark.points)) for mark in marks)
    return Proposal(
        "keep",
        None,
        Crop(x0, y0, x1 - x0, y1 - y0),
        masks,
        0.7,
        "Head found.",
        METHOD,
        tuple(_overlay(page, mark) for mark in marks),
    )


def _overlay(page: Page, mark: Mark) -> Overlay:
    return Overlay(mark.kind, mark.on, page.box(*mark.box), mark.score)
