"""The heads that networks are trained on: slices of scans keep their own order of levels, and old files work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

MODELS = Path(__file__).parents[3] / "models" / "proposals"
SIDE = 240


@pytest.fixture
def tissue(monkeypatch):
    monkeypatch.syspath_prepend(str(MODELS))
    import tissue

    yield tissue
    for name in ("tissue", "anatomy"):
        sys.modules.pop(name, None)


@pytest.fixture
def slices():
    """One slice: a bright scalp, a dark skull, grey brain with a white middle."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    away = np.hypot(rows / 1.2, columns)
    grey = np.select([away < 35, away < 68, away < 76, away < 84], [116, 80, 10, 220], 0).astype(np.uint8)
    parts = (away < 84) * 1 + (away < 70) * 2 + (away < 68) * 4
    return {"grey": grey[None], "parts": parts[None].astype(np.uint8)}


def test_a_head_of_a_scan_mostly_has_its_middle_the_brightest(tissue, slices):
    kept = 0
    for seed in range(40):
        drawn = tissue.draw_head(
            np.random.default_rng(seed), slices | {"natural": np.array([True])}, 150, 130
        )
        assert drawn.grey.shape == drawn.head.shape == drawn.inside.shape == (150, 130)
        assert np.isfinite(drawn.grey).all()
        assert (drawn.inside & ~drawn.head).sum() <= 60
        if drawn.inside.sum() < 3000:
            continue
        from scipy import ndimage

        deep = ndimage.distance_transform_edt(drawn.inside)
        middle, edge = deep > 0.7 * deep.max(), (deep > 4) & (deep < 0.25 * deep.max())
        kept += bool(np.median(drawn.grey[middle]) > np.median(drawn.grey[edge]))
    assert kept >= 30


def test_slices_without_the_mark_of_a_scan_are_drawn_as_those_that_are_none(tissue, slices):
    old, new = (
        tissue.draw_head(np.random.default_rng(3), each, 120, 110)
        for each in (slices, slices | {"natural": np.array([False])})
    )
    assert np.array_equal(old.grey, new.grey)


def test_drawing_asks_for_no_reader_of_volumes():
    code = (
        "import sys; sys.modules['nibabel'] = None; sys.path[:0] = sys.argv[1:]; "
        "import scans, anatomy, tissue; assert 'scipy.ndimage' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(MODELS)], check=True, timeout=60)
