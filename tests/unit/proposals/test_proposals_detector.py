"""The detector of small marks: it loads, is deterministic, and sees what is drawn on the brain."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from curator.errors import WeightsError
from curator.proposals import detector, propose_image
from curator.proposals.detector import drawn_map
from curator.proposals.maps import look
from curator.proposals.page import make_page
from curator.proposals.suspects import brain_of, head_of

_CLEAN_SEEDS = range(8)


def _brain(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    maps = look(make_page(rgb))
    return brain_of(head_of(maps), maps, rim=0.0)


def _arrow(grey: npt.NDArray[np.uint8], x: int, y: int, level: int) -> npt.NDArray[np.bool_]:
    """A small arrow that points to (x, y) from the right; what it changed."""
    before = grey.copy()
    cv2.line(grey, (x + 3, y), (x + 13, y), level, 1)
    cv2.fillPoly(grey, [np.array([(x, y), (x + 5, y - 3), (x + 5, y + 3)])], level)
    return np.asarray(grey != before)


def test_a_small_arrow_is_seen(draw: Callable[..., Any]) -> None:
    drawing = draw()
    clean = drawing.rgb
    brain = _brain(clean)
    ink = _arrow(drawing.grey, 110, 150, 255)
    before, after = drawn_map(make_page(clean), brain), drawn_map(make_page(drawing.rgb), brain)
    assert after[ink].max() > 0.5 > before[ink].max()
    assert after.shape == drawing.grey.shape
    assert after.dtype == np.float32


def test_it_is_the_same_in_every_thread(draw: Callable[..., Any]) -> None:
    drawings = [draw(seed=seed) for seed in range(3)]
    pages = [make_page(one.rgb) for one in drawings]
    brains = [_brain(one.rgb) for one in drawings]
    alone = [drawn_map(page, brain) for page, brain in zip(pages, brains, strict=True)]
    with ThreadPoolExecutor(3) as pool:
        for one, other in zip(alone, pool.map(drawn_map, pages, brains), strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 1, 1), (10, 5, 13, 80), (0, 0, 90, 60)])
def test_any_brain_is_looked_at(box: tuple[int, int, int, int]) -> None:
    page = make_page(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
    brain = np.zeros((60, 90), np.uint8)
    brain[box[1] : box[3], box[0] : box[2]] = 1
    drawn = drawn_map(page, brain)
    assert drawn.shape == (60, 90)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert brain.any() or not drawn.any()


@pytest.mark.parametrize("content", [None, b"", b"no network", b"\x08\x07" * 50])
def test_a_missing_or_damaged_detector_is_named(
    draw: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "detector.onnx"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(detector, "detector_file", lambda: path)
    with pytest.raises(WeightsError, match=r"detector\.onnx.*install Curator again"):
        propose_image(draw().rgb)


def test_drawn_heads_without_marks_stay(draw: Callable[..., Any]) -> None:
    for seed in _CLEAN_SEEDS:
        assert propose_image(draw(seed=seed).rgb).discard_reason != "overlay_on_brain", seed
