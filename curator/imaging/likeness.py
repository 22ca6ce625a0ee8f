"""How alike two images are in their fine detail, once the sketch of one is laid onto that of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.imaging.fingerprint import distances
from curator.imaging.sketch import F32, WINDOW, Codes, Sketch, fine, local_contrast, mirrored, with_detail

CODE_DISTANCE: Final = 28
"""Codes that differ in more of their 128 bits do not describe the same point."""

FEWEST_POINTS: Final = 8
"""So many points must lie one on the other before detail is compared: fewer agree by chance."""

# How far a point may be from where it should lie, in pixels of a sketch of `SIDE`.
_AMISS: Final = 3.0
_TRIALS: Final = 300
# A copy is cut by no more than about a third and neither stretched nor turned by more than this.
_SMALLEST, _LARGEST = 0.6, 1.7
_LEAST_OVERLAP: Final = 0.5
# Steps of the fit that ends the alignment, and the gain at which it stops.
_STEPS: Final = 60
_GAIN: Final = 1e-4
# A text, an arrow or a lesion drawn over may differ: this share of the area is judged by, the more alike part.
_QUANTILE: Final = 33


@dataclass(frozen=True, slots=True)
class Laid:
    """How one sketch lies on another: `matrix`, float64 (2, 3), takes points of the first to the second;
    `points` says how many agree. `mirrored`: the first is mirrored left to right before.
    """

    points: int
    matrix: npt.NDArray[np.float64]
    mirrored: bool


def likeness(first: Sketch, second: Sketch) -> float:
    """Correlation of the fine detail of two sketches after alignment, 0 (nothing fits) to 1.

    The same for (second, first). Most of the compared area is at least so alike: what was drawn over a part of
    one of them does not count.
    """
    if _order(second) < _order(first):
        first, second = second, first
    laid = lay(first, second)
    return 0.0 if laid is None else max(0.0, _detail(first, second, laid))


def lay(first: Sketch, second: Sketch) -> Laid | None:
    """The turn, shift and scale that bring most points of the first onto those of the second, or None.

    By points with codes that are each other's nearest, and RANSAC (Fischler and Bolles, 1981), which OpenCV
    starts the same way each time.
    """
    plain = _lay(first.codes, first.points, second)
    turned = first.points * np.array([-1, 1], np.float32) + np.array(
        [first.picture.shape[1] - 1, 0], np.float32
    )
    flipped = _lay(mirrored(first.codes), turned, second)
    if plain is None and flipped is None:
        return None
    if flipped is None or (plain is not None and plain[0] >= flipped[0]):
        assert plain is not None
        return Laid(plain[0], plain[1], False)
    return Laid(flipped[0], flipped[1], True)


def _lay(codes: Codes, points: F32, second: Sketch) -> tuple[int, npt.NDArray[np.float64]] | None:
    from curator.imaging._cv2 import cv2

    if len(codes) < FEWEST_POINTS or len(second.codes) < FEWEST_POINTS:
        return None
    apart = distances(codes[:, None, 0], second.codes[None, :, 0]).astype(np.int64)
    apart += distances(codes[:, None, 1], second.codes[None, :, 1])
    nearest = apart.argmin(axis=1)
    own = np.arange(len(codes))
    right = (apart.argmin(axis=0)[nearest] == own) & (apart[own, nearest] <= CODE_DISTANCE)
    if right.sum() < FEWEST_POINTS:
        return None
    matrix, agree = cv2.estimateAffinePartial2D(
        points[right],
        second.points[nearest[right]],
        method=cv2.RANSAC,
        ransacReprojThreshold=_AMISS,
        maxIters=_TRIALS,
        confidence=0.99,
    )
    if matrix is None or int(agree.sum()) < FEWEST_POINTS:
        return None
    if not _SMALLEST <= float(np.hypot(matrix[0, 0], matrix[1, 0])) <= _LARGEST:
        return None
    return int(agree.sum()), np.asarray(matrix, np.float64)


def _detail(first: Sketch, second: Sketch, laid: Laid) -> float:
    """The correlation of fine detail, -1 to 1, on the more alike part of where both are."""
    from curator.imaging._cv2 import cv2

    picture = first.picture[:, ::-1] if laid.mirrored else first.picture
    ours, theirs = (np.asarray(local_contrast(one), np.float32) for one in (picture, second.picture))
    size = (ours.shape[1], ours.shape[0])
    matrix = laid.matrix.astype(np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, _GAIN)
    everywhere = np.full(theirs.shape, 255, np.uint8)
    try:
        # Enhanced correlation (Evangelidis and Psarakis, 2008): to parts of a pixel, where detail is compared.
        _, fitted = cv2.findTransformECC(ours, theirs, matrix, cv2.MOTION_AFFINE, stop, everywhere, 3)
        matrix = np.asarray(fitted, np.float32)
    except cv2.error:
        pass  # Not to be improved: as the points say.
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(second.picture, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpAffine(np.ones(second.picture.shape, np.uint8), matrix, size, flags=how) > 0
    if there.mean() < _LEAST_OVERLAP:
        return 0.0
    a, b = (fine(one) for one in (np.ascontiguousarray(picture), moved))

    def mean(values: npt.NDArray[np.float32]) -> F32:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), WINDOW), np.float32)

    energy_a, energy_b = mean(a * a), mean(b * b)
    local = mean(a * b) / np.sqrt(energy_a * energy_b + 1e-6)
    counts = there & with_detail(a) & with_detail(b)
    if not counts.any():
        return 0.0
    return float(np.percentile(local[counts], _QUANTILE))


def _order(one: Sketch) -> tuple[tuple[int, ...], bytes, bytes]:
    return one.picture.shape, one.picture.tobytes(), one.codes.tobytes()
