"""Floors on real slices with hand-drawn truth, well below what was measured when they were set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from curator.imaging.decode import grey, load
from curator.imaging.render import mask_area
from curator.proposals import propose_image
from curator.records import Proposal

# An overlay counts from this contrast to its surroundings on, in grey levels.
_VISIBLE = 40
_TIGHT = 0.95


@dataclass
class Scored:
    truth: dict[str, Any]
    proposal: Proposal
    iou: float | None
    gone: list[bool]  # visible overlays on the background that the cleaned image no longer shows
    right: bool  # nothing is left to mend


def _inside(proposal: Proposal, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    inside = np.ones(shape, bool)
    if proposal.crop is not None:
        c = proposal.crop
        inside[:] = False
        inside[c.y : c.y + c.height, c.x : c.x + c.width] = True
    return inside


def _gone(image: npt.NDArray[np.uint8], box: list[int], hidden: npt.NDArray[np.bool_]) -> bool:
    """Whether nine tenths of an overlay's ink are masked or cut off."""
    x0, y0, x1, y1 = box
    ring = np.zeros(image.shape, bool)
    ring[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4] = True
    ring[y0:y1, x0:x1] = False
    around = float(np.median(image[ring])) if ring.any() else 0.0
    away = np.abs(image[y0:y1, x0:x1].astype(float) - around)
    ink = away > 0.5 * np.percentile(away, 95)
    return bool(hidden[y0:y1, x0:x1][ink].mean() >= 0.9)


def _iou(inside: npt.NDArray[np.bool_], box: list[int]) -> float:
    head = np.zeros(inside.shape, bool)
    head[box[1] : box[3], box[0] : box[2]] = True
    return float((inside & head).sum() / (inside | head).sum())


def _score(folder: Path, truth: dict[str, Any]) -> Scored:
    image = load(folder / "images" / truth["file"])
    proposal = propose_image(image)
    shape = image.shape[:2]
    inside = _inside(proposal, shape)
    hidden = ~inside | (mask_area(proposal.masks, shape[1], shape[0]) > 0)
    iou = _iou(inside, truth["head_box"]) if truth["head_box"] else None
    wanted, got = truth["discard"], proposal.decision == "discard"
    right = wanted == "either" or got == bool(wanted)
    gone = []
    if wanted in (None, "either") and not got:
        values = grey(image)
        visible = [o for o in truth["overlays"] if o["on"] == "background" and o["contrast"] >= _VISIBLE]
        gone = [_gone(values, o["box"], hidden) for o in visible]
        right = right and iou is not None and iou >= _TIGHT and all(gone)
    return Scored(truth, proposal, iou, gone, right)


@pytest.fixture(scope="module")
def scored(real_data: Path) -> list[Scored]:
    lines = (real_data / "truth.jsonl").read_text("utf-8").splitlines()
    return [_score(real_data, json.loads(line)) for line in lines]


def test_crops_are_tight(scored: list[Scored]) -> None:
    ious = [item.iou for item in scored if item.iou is not None]
    assert np.mean(np.array(ious) >= _TIGHT) >= 0.98
    assert np.mean(np.array(ious) >= 0.90) >= 0.97


def test_overlays_are_removed(scored: list[Scored]) -> None:
    assert np.mean([gone for item in scored for gone in item.gone]) >= 0.94


def test_no_clean_slice_is_lost(scored: list[Scored]) -> None:
    discarded = [item for item in scored if item.proposal.decision == "discard"]
    wrong = [item.truth["file"] for item in discarded if item.truth["discard"] is None]
    assert len(wrong) <= 1
    assert any(item.truth["discard"] == item.proposal.discard_reason for item in discarded)


def test_most_need_no_correction(scored: list[Scored]) -> None:
    assert np.mean([item.right for item in scored]) >= 0.93


def test_confidence_orders_what_is_wrong(scored: list[Scored]) -> None:
    right = np.array([item.proposal.confidence for item in scored if item.right])
    wrong = np.array([item.proposal.confidence for item in scored if not item.right])
    assert np.mean(right[:, None] > wrong) + 0.5 * np.mean(right[:, None] == wrong) >= 0.68
