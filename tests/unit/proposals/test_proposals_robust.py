"""No array of pixels makes the proposals fail, and nothing they say lies outside the image."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.proposals import METHOD, propose_image
from curator.records import DISCARD_REASONS, MASK_KINDS, Proposal

RGB = npt.NDArray[np.uint8]


def check(image: RGB, proposal: Proposal) -> None:
    height, width = image.shape[:2]
    if proposal.crop is not None:
        crop = proposal.crop
        assert crop.width >= 1
        assert crop.height >= 1
        assert crop.x >= 0
        assert crop.y >= 0
        assert crop.x + crop.width <= width
        assert crop.y + crop.height <= height
    for mask in proposal.masks:
        assert mask.kind in MASK_KINDS
        assert len(mask.polygon) >= 3
        for x, y in mask.polygon:
            assert type(x) is int
            assert type(y) is int
            assert 0 <= x < width
            assert 0 <= y < height
    for overlay in proposal.overlays:
        x0, y0, x1, y1 = overlay.box
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        assert 0 <= overlay.score <= 1
    assert (proposal.discard_reason is None) == (proposal.decision == "keep")
    assert proposal.discard_reason is None or proposal.discard_reason in DISCARD_REASONS
    assert 0 <= proposal.confidence <= 1
    assert proposal.why
    assert proposal.method == METHOD


@st.composite
def images(draw: st.DrawFn) -> RGB:
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    style = draw(st.sampled_from(["noise", "flat", "blocks", "two", "ramp", "colour"]))
    if style == "noise":
        grey = rng.integers(0, 256, (height, width))
    elif style == "flat":
        grey = np.full((height, width), rng.integers(0, 256))
    elif style == "blocks":
        grey = np.kron(rng.integers(0, 256, (4, 4)), np.ones((23, 23), int))[:height, :width]
    elif style == "two":
        grey = 255 * (rng.random((height, width)) < 0.02)
    elif style == "ramp":
        grey = np.add.outer(np.arange(height), np.arange(width)) % 256
    else:
        return rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


@settings(max_examples=150, deadline=None)
@given(images(), st.sampled_from(["head", "brain"]))
def test_any_pixels_give_a_proposal_inside_the_image(image: RGB, target: Literal["head", "brain"]) -> None:
    before = image.copy()
    first = propose_image(image, target=target)
    check(image, first)
    assert propose_image(image, target=target) == first
    assert np.array_equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (24, 2400), (2000, 1500), (23, 23)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_odd_sizes_and_constants(shape: tuple[int, int], value: int) -> None:
    image = np.full((*shape, 3), value, np.uint8)
    for target in ("head", "brain"):
        check(image, propose_image(image, target=target))  # type: ignore[arg-type]


def test_general_images_are_kept_whole() -> None:
    image = np.random.default_rng(1).integers(0, 256, (50, 40, 3)).astype(np.uint8)
    proposal = propose_image(image, profile="general")
    assert proposal.decision == "keep"
    assert proposal.crop is None
    assert proposal.masks == ()
    assert proposal.overlays == ()
    assert proposal.confidence == 0.5
