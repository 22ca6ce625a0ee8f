"""What is no head at all is said to be none; a head never is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from curator.proposals import propose_image

RGB = npt.NDArray[np.uint8]


def _noise(rng: np.random.Generator) -> RGB:
    return rng.integers(0, 256, (240, 300, 3)).astype(np.uint8)


def _grey_noise(rng: np.random.Generator) -> RGB:
    return np.repeat(np.clip(rng.normal(80, 40, (256, 256, 1)), 0, 255), 3, axis=2).astype(np.uint8)


def _gradient(rng: np.random.Generator) -> RGB:
    ys, xs = np.mgrid[:300, :280]
    away = np.hypot(xs - rng.uniform(90, 190), ys - rng.uniform(100, 200))
    return np.repeat((255 * (1 - away / away.max()))[..., None], 3, axis=2).astype(np.uint8)


def _shapes(rng: np.random.Generator) -> RGB:
    image = np.zeros((300, 320, 3), np.uint8)
    cv2.ellipse(image, (150, 150), (90, 120), 0, 0, 360, (180,) * 3, -1)
    cv2.rectangle(image, (120, 100), (200, 160), (90,) * 3, -1)
    return image


def _plot(rng: np.random.Generator) -> RGB:
    image = np.full((320, 420, 3), 255, np.uint8)
    cv2.polylines(image, [np.array([(40, 20), (40, 280), (400, 280)])], False, (0, 0, 0), 1)
    line = np.stack([np.linspace(40, 400, 60), 150 + np.cumsum(rng.normal(0, 6, 60))], 1).astype(np.int32)
    cv2.polylines(image, [line], False, (31, 119, 180), 2, cv2.LINE_AA)
    return image


def _blank(rng: np.random.Generator) -> RGB:
    return np.zeros((200, 200, 3), np.uint8)


def _photograph(rng: np.random.Generator) -> RGB:
    image = cv2.GaussianBlur(rng.normal(0, 1, (300, 400, 3)), (0, 0), 12)
    image = 60 * image / image.std() + np.array([190, 110, 40])
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("make", [_noise, _grey_noise, _gradient, _shapes, _plot, _blank, _photograph])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_no_scan_is_a_discard(make: Callable[[np.random.Generator], RGB], seed: int) -> None:
    proposal = propose_image(make(np.random.default_rng(seed)))
    assert (proposal.decision, proposal.discard_reason) == ("discard", "not_brain_mri")
    assert proposal.crop is None
    assert proposal.masks == ()


@pytest.mark.parametrize("change", ["tinted", "noisy", "dim", "lifted", "inverted", "tiny", "huge"])
def test_a_head_is_never_said_to_be_none(draw: Callable[..., Any], change: str) -> None:
    image = draw().rgb.astype(np.float64)
    rng = np.random.default_rng(3)
    if change == "tinted":
        image *= np.array([1.0, 0.92, 0.8])
    elif change == "noisy":
        image += rng.normal(0, 15, (*image.shape[:2], 1))
    elif change == "dim":
        image *= 0.3
    elif change == "lifted":
        image += 50
    elif change == "inverted":
        image = 255 - image
    elif change == "tiny":
        image = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    else:
        image = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    assert propose_image(np.clip(image, 0, 255).astype(np.uint8)).decision == "keep"
