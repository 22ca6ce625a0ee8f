"""Heads as most files show them: few contrasts, even tissue, little noise, and a midline that is sharp.

`models/proposals/tissue.py` draws heads of any contrast at all, with more noise and clutter than most files have.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
from anatomy import BRAIN, HEAD, INSIDE
from lookalikes import midline
from tissue import Bools, Floats, Rng, _lesions, _placed, smooth

# Fluid, cortex and white matter in T1, T1 with contrast medium, T2, FLAIR, proton density; and how often each.
_CONTRASTS = ((0.1, 0.4, 0.58), (0.2, 0.37, 0.43), (1.0, 0.46, 0.31), (0.07, 0.46, 0.37), (0.72, 0.66, 0.52))
_SHARES = (0.17, 0.25, 0.3, 0.22, 0.06)
_KNOTS = (
    0,
    12,
    34,
    60,
    86,
    116,
    150,
    255,
)  # grey levels of Colin27: air, bone, fluid to white matter, vessels


def calm_head(
    rng: Rng, slices: dict[str, npt.NDArray[Any]], height: int, width: int, fine: float
) -> tuple[Floats, Bools]:
    """Grey levels 0..255 (height, width) and the inside of the skull; `fine` is the size in pixels of the finest
    detail of the scan."""
    index = rng.integers(len(slices["grey"]))
    slice_, parts = slices["grey"][index], slices["parts"][index]
    across, down, scale = _placed(rng, (parts & HEAD) > 0, height, width)
    bent = np.clip(cv2.remap(slice_, across, down, cv2.INTER_CUBIC, borderValue=0), 0, 255)
    head, inside, brain = (
        cv2.remap(((parts & bit) > 0).astype(np.uint8) * 255, across, down, cv2.INTER_LINEAR, borderValue=0)
        for bit in (HEAD, INSIDE, BRAIN)
    )
    soft = cv2.GaussianBlur(inside, (0, 0), 0.8).astype(np.float32) / 255
    within, shown = inside > 127, head > 127
    if not within.any():
        return np.zeros((height, width), np.float32), within
    if "natural" in slices and slices["natural"][index]:
        table = _own(rng, bent[within])
        image = table[bent]
    else:
        image = _within(rng)[bent] * soft + _without(rng)[bent] * (1 - soft)
    if rng.random() < 0.75:  # the template is softer than a scan
        image = image + rng.uniform(0.5, 2.2) * (image - cv2.GaussianBlur(image, (0, 0), 1.1 * fine + 0.3))
    image = np.maximum(image, 0)
    if rng.random() < 0.7:
        image = _lesions(rng, image, shown, within, brain > 127, scale * min(height, width))
    image = image * np.exp(smooth(rng, height, width, 4) * rng.uniform(0, 0.12))
    grey = np.clip(image * rng.uniform(125, 275), 0, 255).astype(np.float32)
    if rng.random() < 0.85 and _mirrored((parts & INSIDE) > 0):
        grey = midline(rng, grey, within, fine, *_axis(across, (parts & INSIDE) > 0, within))
    noise = rng.uniform(0, 1) ** 2 * 7
    grain = rng.standard_normal((max(8, int(height / fine)), max(8, int(width / fine)))).astype(np.float32)
    grey = grey + noise * cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    grey = np.maximum(grey, rng.uniform(0, 12) * (rng.random() < 0.5))
    return cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.2, 0.5)) * fine), within


def _within(rng: Rng) -> Floats:
    fluid, cortex, white = _CONTRASTS[int(rng.choice(len(_CONTRASTS), p=_SHARES))] * rng.uniform(
        0.88, 1.12, 3
    )
    mean, apart = (cortex + white) / 2, rng.uniform(0.25, 1.1)
    cortex, white = mean + (cortex - mean) * apart, mean + (white - mean) * apart
    vessel = white * rng.uniform(0.6, 2.2)
    values = [fluid, fluid, fluid, (fluid + cortex) / 2, cortex, white, white, vessel]
    return np.interp(np.arange(256), _KNOTS, values).astype(np.float32)


def _own(rng: Rng, levels: npt.NDArray[np.uint8]) -> Floats:
    """For a scan that keeps its own contrast: another window, and some gamma."""
    low, high = np.percentile(levels, [1, 98])
    share = np.clip((np.arange(256) - low * rng.uniform(0, 0.9)) / max(high - low, 20), 0, 1.6)
    return np.asarray(rng.uniform(0.6, 1) * share ** rng.uniform(0.8, 1.3), np.float32)


def _without(rng: Rng) -> Floats:
    fat = rng.uniform(0.45, 1.5) if rng.random() < 0.7 else rng.uniform(0.08, 0.4)
    muscle, bone = rng.uniform(0.12, 0.4), rng.uniform(0, 0.08)
    values = [0, bone, bone, muscle * 0.7, muscle, fat * 0.6, fat * 0.9, fat]
    return np.interp(np.arange(256), _KNOTS, values).astype(np.float32)


def _mirrored(inside: Bools) -> bool:
    """Whether a slice's left half is like its right one, as in every but a sagittal one."""
    columns = np.flatnonzero(inside.any(0))
    if not len(columns):
        return False
    own = inside[:, columns[0] : columns[-1] + 1]
    return bool((own & own[:, ::-1]).sum() > 0.91 * (own | own[:, ::-1]).sum())


def _axis(across: Floats, inside: Bools, within: Bools) -> tuple[float, tuple[float, float]]:
    """Which way on the page (radians) the slice's upright middle line runs, and a point (x, y) of it."""
    columns = np.flatnonzero(inside.any(0))
    right, down = (
        float(np.gradient(across[::8, ::8], axis=1).mean()),
        float(np.gradient(across[::8, ::8], axis=0).mean()),
    )
    rows, at = np.nonzero(within & (np.abs(across - (columns[0] + columns[-1]) / 2) < 1.5))
    if not len(rows):
        rows, at = np.nonzero(within)
    return float(np.arctan2(right, -down)), (float(at.mean()), float(rows.mean()))
