"""Cuts slices at random tilts out of Colin27, with masks of the head, the skull's inside and the brain.

`ch2.nii.gz` and `ch2bet.nii.gz` are the templates of MRIcron (Debian: `mricron-data`); source and licences are
in `resources/demo/NOTICE.md`. Needs nibabel and SciPy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from scipy import ndimage

SIDE = 240  # pixels of 1 mm
HEAD, INSIDE, BRAIN = 1, 2, 4
# Shares of axial, coronal and sagittal slices, and the template's slices (mm from its edge) that show brain.
_PLANES = ((2, 0.68, 34, 166), (1, 0.17, 30, 186), (0, 0.15, 36, 146))
_TILT = 16.0  # degrees, either way round both axes
_SKIN = 12.0  # grey level of the template that separates skin from air
_SMALLEST = 4500  # pixels of head


def cut_slices(templates: Path, count: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """`grey` uint8 (n, 240, 240) and `parts` uint8 of the same shape (bits `HEAD`, `INSIDE`, `BRAIN`)."""
    t1 = _load(templates / "ch2.nii.gz")
    brain = _load(templates / "ch2bet.nii.gz") > 0
    inside = ndimage.binary_closing(np.pad(brain, 8), iterations=6)[8:-8, 8:-8, 8:-8]
    inside = ndimage.binary_dilation(inside, iterations=2)
    head = _largest(ndimage.binary_opening(t1 > _SKIN, iterations=1))
    head = ndimage.binary_closing(np.pad(head, 6), iterations=5)[6:-6, 6:-6, 6:-6] | head
    spline = ndimage.spline_filter(t1, order=3)
    rng = np.random.default_rng(seed)
    greys, parts = [], []
    while len(greys) < count:
        at = _plane(rng, t1.shape)
        mask = ndimage.binary_fill_holes(ndimage.map_coordinates(head, at, order=0))
        mask = _largest(mask) if mask.any() else mask
        if mask.sum() < _SMALLEST:
            continue
        grey = ndimage.map_coordinates(spline, at, order=3, prefilter=False)
        bits = mask * HEAD
        bits = bits + ndimage.map_coordinates(inside, at, order=0) * INSIDE
        bits = bits + ndimage.map_coordinates(brain, at, order=0) * BRAIN
        greys.append(np.clip(grey, 0, 255).astype(np.uint8))
        parts.append(bits.astype(np.uint8))
    return {"grey": np.stack(greys), "parts": np.stack(parts)}


def _plane(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    axis, _, low, high = _PLANES[rng.choice(3, p=[share for _, share, _, _ in _PLANES])]
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32) - (SIDE - 1) / 2
    down = -down
    first, second = (other for other in range(3) if other != axis)
    at = np.zeros((3, SIDE, SIDE), np.float32)
    at[first], at[second] = across, down
    tilt = np.tan(np.deg2rad(rng.uniform(-_TILT, _TILT, 2)))
    middle = (np.array(shape) - 1) / 2
    at[axis] = rng.uniform(low, high) - middle[axis] + across * tilt[0] + down * tilt[1]
    return np.asarray(at + middle[:, None, None], np.float32)


def _load(path: Path) -> npt.NDArray[np.float32]:
    image = nibabel.as_closest_canonical(nibabel.load(path))
    return np.asarray(image.dataobj, np.float32)


def _largest(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())
