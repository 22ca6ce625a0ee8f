"""What the networks of the proposals learn from can be drawn: the recipes in `models` still fit each other."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

_MODELS = Path(__file__).resolve().parents[3] / "models"
_HEAD, _INSIDE, _BRAIN = 1, 2, 4


@pytest.fixture(scope="module")
def recipes() -> Iterator[dict[str, ModuleType]]:
    """The modules of both recipes, which find each other by their folders; nothing of them stays imported."""
    before, paths = set(sys.modules), list(sys.path)
    sys.path[:0] = [str(_MODELS / "marks"), str(_MODELS / "proposals")]
    yield {
        name: importlib.import_module(name)
        for name in ("tiles", "ink", "lookalikes", "visible", "pages", "others")
    }
    sys.path[:] = paths
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and _MODELS in Path(file).parents:
            del sys.modules[name]


@pytest.fixture(scope="module")
def slices() -> dict[str, np.ndarray]:
    """Two made-up heads, one said to be a scan: an oval of scalp, skull, fluid, and a brain in two tissues."""
    rows, columns = np.mgrid[:240, :240].astype(np.float32) - 119.5
    greys, parts = [], []
    for turn in range(2):
        far = np.hypot(rows / 105, columns / 80)
        folds = np.sin(rows / (5 + turn)) + np.sin(columns / 6) > 0.4
        grey = np.select(
            [far > 1, far > 0.92, far > 0.84, far > 0.8, folds], [0, 180, 12, 40, 112], default=80
        )
        bits = _HEAD * (far < 1) + _INSIDE * (far < 0.84) + _BRAIN * (far < 0.8)
        greys.append(grey.astype(np.uint8))
        parts.append(bits.astype(np.uint8))
    return {"grey": np.stack(greys), "parts": np.stack(parts), "natural": np.array([False, True])}


@pytest.mark.parametrize(
    "how", [{}, {"upon": True, "hard": True}, {"close": True, "hard": True}, {"others": 1}]
)
def test_pages_are_drawn_with_masks_of_their_own_size(
    recipes: dict[str, ModuleType],
    slices: dict[str, np.ndarray],
    how: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Photographs come with a package that Curator does without.
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    monkeypatch.setattr(sys.modules["pictures"], "pictures", lambda _: {"photograph": [noise], "scan": []})
    for seed in range(2):
        page = recipes["pages"].draw_page(np.random.default_rng([7, seed]), slices, **{"others": 0, **how})
        assert (page.rgb.dtype, page.rgb.shape[2]) == (np.uint8, 3)
        for mask in (page.head, page.mark, page.border, page.inside):
            assert (mask.dtype, mask.shape) == (bool, page.rgb.shape[:2])
        assert page.is_head == page.head.any() == ("others" not in how)


def test_tiles_are_drawn_with_marks_where_they_are_asked_for(
    recipes: dict[str, ModuleType], slices: dict[str, np.ndarray]
) -> None:
    tiles, visible = recipes["tiles"], recipes["visible"]
    found = []
    for seed in range(8):
        rng = np.random.default_rng([11, seed])
        page = tiles._page(rng, slices)
        for asked in (False, True):
            image, truth, marked = tiles.draw_tile(rng, page, asked)
            assert image.dtype == truth.dtype == np.uint8
            assert image.shape == (tiles.SIDE, tiles.SIDE, 2)
            assert truth.shape == (tiles.SIDE, tiles.SIDE)
            assert marked == bool(((truth & 3) == visible.MARK).any())
            if asked:
                found.append(marked)
            else:
                assert not (truth & 3).any()
    assert np.mean(found) > 0.5


def test_every_kind_of_mark_changes_a_grey_tile(recipes: dict[str, ModuleType]) -> None:
    ink, side = recipes["ink"], 160
    for kind, _ in ink.KINDS:
        changed = 0.0
        for seed in range(3):
            flat = np.full((side, side, 3), 110, np.float32)
            tile = ink.Tile(
                np.random.default_rng([3, seed]), flat.copy(), np.ones((side, side), bool), side, 1.0
            )
            kind(tile)
            changed = max(changed, float(np.abs(tile.rgb - flat).max()))
        assert changed > 15, kind


def test_look_alikes_stay_within_the_grey_levels_of_a_head(recipes: dict[str, ModuleType]) -> None:
    looks = recipes["lookalikes"]
    inside = np.zeros((150, 140), bool)
    inside[20:130, 25:115] = True
    for seed in range(12):
        rng = np.random.default_rng([5, seed])
        grey = (90 * inside + 10 * rng.random(inside.shape)).astype(np.float32)
        drawn = looks.add_lookalikes(rng, grey, inside, 3.0, 1.0 + seed % 3)
        assert drawn.shape == grey.shape
        assert drawn.min() >= -1
        assert drawn.max() <= 256


def test_a_clear_mark_is_told_and_one_that_no_one_sees_is_of_no_account(
    recipes: dict[str, ModuleType],
) -> None:
    visible = recipes["visible"]
    before = np.full((64, 64, 3), 100, np.uint8)
    for contrast, called in ((90, visible.MARK), (8, visible.RIM)):
        after = before.copy()
        after[20:40, 30:34] += np.uint8(contrast)
        told = visible.told_apart(np.abs(after.astype(np.float32) - before).max(2), before, after)
        assert (told[20:40, 30:34] == called).all()
        assert not told[:20].any()
    busy = np.random.default_rng(0).integers(0, 200, (64, 64, 1)).repeat(3, 2).astype(np.uint8)
    after = busy.copy()
    after[20:40, 30:34] += np.uint8(50)
    told = visible.told_apart(np.abs(after.astype(np.float32) - busy).max(2), busy, after)
    assert not (told == visible.MARK).any()
