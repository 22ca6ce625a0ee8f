"""Cuts slices at random tilts out of Colin27, with masks of the head, the skull's inside and the brain.

`ch2.nii.gz` and `ch2bet.nii.gz` are the templates of MRIcron (Debian: `mricron-data`); source and licences are
in `resources/demo/NOTICE.md`. Reading a volume needs nibabel, and cutting SciPy; neither is imported before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Planes = tuple[tuple[int, float, float, float], ...]

SIDE = 240  # pixels, of 1 mm in Colin27
HEAD, INSIDE, BRAIN = 1, 2, 4
# Shares of axial, coronal and sagittal slices, and the template's slices (mm from its edge) that show brain.
_PLANES: Planes = ((2, 0.68, 34, 166), (1, 0.17, 30, 186), (0, 0.15, 36, 146))
_TILT = 16.0  # degrees, either way round both axes
_SKIN = 12.0  # grey level of the template that separates skin from air
SMALLEST = 4500  # square mm of head


def cut_slices(templates: Path, count: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """`grey` uint8 (n, 240, 240) and `parts` uint8 of the same shape (bits `HEAD`, `INSIDE`, `BRAIN`)."""
    from scipy import ndimage

    t1, _ = load(templates / "ch2.nii.gz")
    brain = load(templates / "ch2bet.nii.gz")[0] > 0
    inside = ndimage.binary_closing(np.pad(brain, 8), iterations=6)[8:-8, 8:-8, 8:-8]
    inside = ndimage.binary_dilation(inside, iterations=2)
    head = largest(ndimage.binary_opening(t1 > _SKIN, iterations=1))
    head = ndimage.binary_closing(np.pad(head, 6), iterations=5)[6:-6, 6:-6, 6:-6] | head
    spline = ndimage.spline_filter(t1, order=3)
    rng = np.random.default_rng(seed)
    greys, parts = [], []
    while len(greys) < count:
        at = plane(rng, t1.shape, _PLANES)
        mask = filled(ndimage.map_coordinates(head, at, order=0))
        if mask.sum() < SMALLEST:
            continue
        grey = ndimage.map_coordinates(spline, at, order=3, prefilter=False)
        bits = mask * HEAD
        bits = bits + ndimage.map_coordinates(inside, at, order=0) * INSIDE
        bits = bits + ndimage.map_coordinates(brain, at, order=0) * BRAIN
        greys.append(np.clip(grey, 0, 255).astype(np.uint8))
        parts.append(bits.astype(np.uint8))
    return {"grey": np.stack(greys), "parts": np.stack(parts)}


def plane(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    planes: Planes,
    voxel: tuple[float, ...] = (1.0, 1.0, 1.0),
    pixel: float = 1.0,
) -> Floats:
    """Where the pixels of a random cut lie in a volume of `shape`, in voxels, float32 (3, 240, 240).

    `planes` are axis, share, and first and last place in mm from the volume's edge; `voxel` and `pixel` are sizes
    in mm.
    """
    axis, _, low, high = planes[rng.choice(3, p=[share for _, share, _, _ in planes])]
    down, across = (np.mgrid[:SIDE, :SIDE].astype(np.float32) - (SIDE - 1) / 2) * np.float32(pixel)
    down = -down
    first, second = (other for other in range(3) if other != axis)
    at = np.zeros((3, SIDE, SIDE), np.float32)
    at[first], at[second] = across, down
    tilt = np.tan(np.deg2rad(rng.uniform(-_TILT, _TILT, 2)))
    size = np.array(voxel)
    middle = (np.array(shape) - 1) / 2 * size
    at[axis] = rng.uniform(low, high) - middle[axis] + across * tilt[0] + down * tilt[1]
    return np.asarray((at + middle[:, None, None]) / size[:, None, None], np.float32)


def load(path: Path) -> tuple[Floats, tuple[float, ...]]:
    """The volume with axes to the right, to the front and up, and its voxels' sizes in mm."""
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(path))
    return np.asarray(image.dataobj, np.float32), tuple(float(size) for size in image.header.get_zooms()[:3])


def filled(mask: Bools) -> Bools:
    """The largest part of a slice's mask without holes."""
    from scipy import ndimage

    mask = ndimage.binary_fill_holes(mask)
    return largest(mask) if mask.any() else mask


def largest(mask: Bools) -> Bools:
    """The largest connected part."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == sizes.argmax())
