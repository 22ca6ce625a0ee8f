"""What the network sees: where it should, the same each time, and a clear word when it is not there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curator.errors import WeightsError
from curator.proposals import maps, propose_image
from curator.proposals.maps import look
from curator.proposals.page import Page, make_page

MAPS = ("head", "mark", "border", "inside")


def _page(drawing: Any) -> Page:
    return make_page(np.ascontiguousarray(drawing.rgb))


def test_the_maps_lie_where_they_should(draw: Callable[..., Any]) -> None:
    drawing = draw()
    x0, y0, x1, y1 = drawing.write("T2 AX", 4, 20, scale=0.6)
    drawing.grey[:, 270:] = 200
    seen = look(_page(drawing))
    assert all(getattr(seen, name).shape == drawing.grey.shape for name in MAPS)
    assert all(0 <= getattr(seen, name).min() <= getattr(seen, name).max() <= 1 for name in MAPS)
    left, top, right, bottom = drawing.head
    assert seen.head[(top + bottom) // 2, (left + right) // 2] > 0.9
    assert seen.head[:top, :].mean() < 0.05
    assert seen.mark[y0:y1, x0:x1].max() > 0.9
    assert seen.mark[top + 60 : bottom - 60, left + 60 : right - 60].mean() < 0.02
    assert seen.border[:, 273:].mean() > 0.8
    assert seen.inside[:, :left].max() < 0.1
    assert seen.verdict > 0.9


def test_a_mirror_image_has_mirrored_maps(draw: Callable[..., Any]) -> None:
    drawing = draw(width=320, height=320)
    first = look(_page(drawing))
    drawing.grey = np.ascontiguousarray(drawing.grey[:, ::-1])
    second = look(_page(drawing))
    for name in MAPS:  # nothing makes the network symmetrical but what it was trained on
        assert np.abs(getattr(first, name) - getattr(second, name)[:, ::-1]).mean() < 0.01
    assert abs(first.verdict - second.verdict) < 0.05


def test_threads_see_the_same(draw: Callable[..., Any]) -> None:
    pages = [_page(draw(seed=seed, width=240 + 20 * seed)) for seed in range(6)]
    alone = [look(page) for page in pages]
    with ThreadPoolExecutor(3) as pool:
        for one, other in zip(alone, pool.map(look, pages), strict=True):
            assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in MAPS)
            assert one.verdict == other.verdict


@pytest.mark.parametrize("shape", [(24, 24), (30, 900), (900, 30), (1700, 1300)])
def test_any_shape_is_looked_at(shape: tuple[int, int]) -> None:
    page = make_page(np.full((*shape, 3), 90, np.uint8))
    assert look(page).head.shape == page.grey.shape


@pytest.mark.parametrize("content", [None, b"", b"no network", b"\x08\x07" * 50])
def test_a_missing_or_damaged_network_is_named(
    draw: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "network.onnx"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(maps, "network_file", lambda: path)
    with pytest.raises(WeightsError, match=r"network\.onnx.*install Curator again"):
        propose_image(draw().rgb)
