"""The brain within the head, approximately: what lies inside the dark ring of bone.

Bone gives next to no signal in any of the usual sequences, so that each ray from the middle of the head
outward meets a dark valley between brain and scalp. It is looked for per direction and smoothed over
neighbouring ones. Where the valley is missing, the head's typical proportion stands in.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curator.proposals.page import Area, Grey

_DIRECTIONS = 180
# Where the valley is looked for, and the brain's usual extent, in radii of the head in that direction. Drawn
# from slices at the level of the ventricles; lower slices have less brain.
_INNERMOST, _OUTERMOST, _USUAL = 0.74, 0.98, 0.87
# The valley lies below this share of what is inside it.
_DARK = 0.6
# Neighbouring directions over which the valley's radius is a median, to each side.
_AROUND = 9


def inside_skull(mask: Area, depth: float) -> Area:
    """The head's mask less a rim of `depth` times the shorter side of its box: 0 or 1, (h, w).

    A side at which the image's edge cuts the head has a rim too: mostly it is the scalp that touches it.
    """
    from curator.imaging._cv2 import cv2

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return mask
    rim = depth * min(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1] > rim, np.uint8)


def find_brain(grey: Grey, mask: Area) -> tuple[int, int, int, int] | None:
    """Box x0, y0, x1, y1 (exclusive) of the brain in the head's mask; None where that is too small."""
    from curator.imaging._cv2 import cv2

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) < 16 or len(columns) < 16:
        return None
    centre = ((columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2)
    angle = np.deg2rad(np.arange(0, 360, 360 / _DIRECTIONS)).astype(np.float32)
    reach = float(np.hypot(len(rows), len(columns))) / 2
    steps = np.arange(0, reach, 0.5, dtype=np.float32)
    rays = _sampled(
        mask, centre, np.cos(angle)[:, None] * steps, np.sin(angle)[:, None] * steps, cv2.INTER_NEAREST
    )
    edge = (steps[rays.shape[1] - 1 - np.argmax(rays[:, ::-1] > 0, axis=1)] + 0.5).astype(np.float32)
    rho = np.linspace(0.5, 1.0, 101, dtype=np.float32)
    xs = (edge * np.cos(angle))[:, None] * rho
    ys = (edge * np.sin(angle))[:, None] * rho
    values = cv2.GaussianBlur(_sampled(grey, centre, xs, ys, cv2.INTER_LINEAR).astype(np.float32), (3, 5), 0)
    inside = np.median(values[:, rho < _INNERMOST], axis=1)
    ring = (rho >= _INNERMOST) & (rho <= _OUTERMOST)
    dark = values[:, ring] < _DARK * inside[:, None]
    first = np.where(dark.any(axis=1), rho[ring][np.argmax(dark, axis=1)], _USUAL)
    offsets = np.arange(-_AROUND, _AROUND + 1)
    radius = np.median(first[(np.arange(_DIRECTIONS)[:, None] + offsets) % _DIRECTIONS], axis=1) * edge
    x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
    height, width = mask.shape
    x0, y0 = max(0, int(np.floor(x.min()))), max(0, int(np.floor(y.min())))
    return x0, y0, min(width, int(np.ceil(x.max())) + 1), min(height, int(np.ceil(y.max())) + 1)


def _sampled(
    values: npt.NDArray[np.uint8],
    centre: tuple[float, float],
    xs: npt.NDArray[np.float32],
    ys: npt.NDArray[np.float32],
    method: int,
) -> npt.NDArray[np.uint8]:
    from curator.imaging._cv2 import cv2

    across, down = (xs + centre[0]).astype(np.float32), (ys + centre[1]).astype(np.float32)
    return np.asarray(cv2.remap(values, across, down, method, borderValue=0), np.uint8)
