"""What the networks learn to be no MRI of a head: CT as a viewer shows it, every kind of page; fair close-ups."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

MODELS = Path(__file__).parents[3] / "models" / "proposals"
DRAWN = ("pages", "others", "ct", "organs", "body", "modalities", "textures", "pictures", "odd")
SHARED = ("tissue", "anatomy", "sheet", "marks", "beside", "upon", "small", "rough")


@pytest.fixture
def drawing(monkeypatch):
    """The scripts' modules by name, forgotten afterwards."""
    monkeypatch.syspath_prepend(str(MODELS))
    import ct
    import others
    import pages
    import pictures

    yield {"ct": ct, "others": others, "pages": pages, "pictures": pictures}
    for name in (*DRAWN, *SHARED):
        sys.modules.pop(name, None)


@pytest.fixture
def slices():
    """One slice as the template has it: bright scalp, dark skull, dark fluid, grey brain with a white middle."""
    rows, columns = np.mgrid[:240, :240] - 119.5
    away = np.hypot(rows / 1.2, columns)
    grey = np.select([away < 12, away < 40, away < 66, away < 76, away < 84], [12, 122, 80, 10, 220], 0)
    parts = (away < 84) * 1 + (away < 70) * 2 + (away < 66) * 4
    return {"grey": grey.astype(np.uint8)[None], "parts": parts[None].astype(np.uint8)}


@pytest.fixture
def packed(tmp_path):
    """A file of two pictures, as `pictures.py` writes it."""
    dice = np.random.default_rng(0)
    encoded = {
        name: cv2.imencode(".jpg", dice.integers(0, 255, (90, 120, 3)).astype(np.uint8))[1].ravel()
        for name in ("photograph/one", "scan/two")
    }
    np.savez(tmp_path / "bodies.npz", **encoded)
    return str(tmp_path / "bodies.npz")


def test_every_kind_of_page_without_a_head_can_be_drawn(drawing, slices, packed, monkeypatch):
    for kind in drawing["others"]._SHARES:
        monkeypatch.setattr(drawing["others"], "_SHARES", {kind: 1.0})
        for seed in range(4):
            rng = np.random.default_rng(seed)
            image = drawing["others"].draw_other(rng, slices, 120, 150, pictures=packed)
            assert (image.shape, image.dtype) == ((120, 150, 3), np.float32), kind
            assert ((image >= 0) & (image <= 255)).all(), kind


def test_fat_is_black_and_bone_is_white_in_a_narrow_window_of_ct(drawing):
    ct, tissues = drawing["ct"], np.zeros((90, 120), np.float32)
    for index, units in enumerate((-100, 60, 900)):
        tissues[:, 40 * index : 40 * index + 40] = units
    for seed in range(8):
        shown = ct.displayed(np.random.default_rng(seed), tissues, (60, 160))
        fat, muscle, bone = (np.median(shown[30:60, at + 10 : at + 30]) for at in (0, 40, 80))
        assert fat < 20
        assert 60 < muscle < 180
        assert bone > 180


def test_the_skull_of_a_head_in_ct_is_its_brightest_part(drawing, slices):
    bright = 0
    for seed in range(20):
        shown = drawing["ct"].draw_ct_head(np.random.default_rng(seed), slices, 150, 130)
        assert shown.shape == (150, 130)
        seen = shown > 30
        if seen.sum() < 2000:
            continue
        edge = cv2.distanceTransform(seen.astype(np.uint8), cv2.DIST_L2, 3)
        rim, middle = (edge > 0.08 * edge.max()) & (edge < 0.4 * edge.max()), edge > 0.6 * edge.max()
        bright += bool(np.percentile(shown[rim], 80) > np.median(shown[middle]) + 30)
    assert bright >= 13


def test_close_ups_show_enough_of_the_brain(drawing, slices, packed):
    """A page of one grey level taught an earlier network that grey things are heads."""
    pages = drawing["pages"]
    for seed in range(25):
        rng = np.random.default_rng(seed)
        page = pages.draw_page(rng, slices, others=0.0, close=True, hard=True, pictures=packed)
        assert page.is_head
        assert page.rgb.shape[:2] == page.head.shape == page.inside.shape
    nothing = np.zeros((200, 200), bool)
    assert not pages.shows_brain(nothing, nothing)
    flat, all_of_it = np.full((200, 200), 90, np.float32), np.ones((200, 200), bool)
    assert pages._spread(flat, all_of_it) == 0.0
    noisy = flat + 40 * np.random.default_rng(0).standard_normal((200, 200)).astype(np.float32)
    assert pages._spread(noisy, all_of_it) < pages._LEAST_SPREAD


def test_no_page_is_called_a_head_that_shows_none(drawing, slices):
    pages, shown = drawing["pages"], 0
    for seed in range(30):
        page = pages.draw_page(np.random.default_rng(seed), slices, others=0.0)
        shown += pages._spread(page.rgb.mean(2), page.head) >= 0.4 * pages._LEAST_SEEN
    assert shown >= 29
