"""Reads the shipped anatomy: T1 slices of one head with masks, and the letters for burnt-in text.

Source, licences and the script that made the file: `resources/demo/`. Grid coordinates are millimetres with
pixel centres at whole numbers, x to the right, y down, as the slices are shown.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.errors import CuratorError
from curator.paths import resources_dir

Plane: TypeAlias = Literal["axial", "coronal", "sagittal"]
Bool: TypeAlias = npt.NDArray[np.bool_]
Points: TypeAlias = npt.NDArray[np.float64]

FIELDS: Final = ("t1", "head", "inside", "brain", "at")
_FINE: Final = 4
_RADIUS: Final = 5
_BEYOND: Final = 6


@dataclass(frozen=True)
class AnatomySlice:
    """One slice. Arrays are (height, width); `t1` is uint8, the masks bool (`inside`: inside the skull).
    `depth`, uint8, is how far inside the skull a pixel lies, in mm to about 5 %, 0 outside.

    `head_outlines` and `inside_outlines` are closed outlines, float64 (n, 2) of x, y; where the anatomy is cut
    by the border of the template they run on beyond it.
    """

    plane: Plane
    at: int
    t1: npt.NDArray[np.uint8]
    head: Bool
    inside: Bool
    brain: Bool
    depth: npt.NDArray[np.uint8]
    head_outlines: tuple[Points, ...]
    inside_outlines: tuple[Points, ...]


@lru_cache(maxsize=1)
def _arrays() -> dict[str, npt.NDArray[np.generic]]:
    path = resources_dir() / "demo" / "anatomy.npz"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise CuratorError(
            f"The demo's anatomy {path} is missing: install Curator again, "
            "or make it with resources/demo/make_anatomy.py."
        ) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CuratorError(
            f"The demo's anatomy {path} cannot be read ({error}): install Curator again."
        ) from error
    for plane in ("axial", "coronal", "sagittal"):
        for name in FIELDS:
            if f"{plane}_{name}" not in arrays:
                raise CuratorError(f"The demo's anatomy {path} lacks {plane}_{name}: install Curator again.")
    return arrays


def slice_count(plane: Plane) -> int:
    """How many slices there are of a plane. Raises `CuratorError` if the shipped file is not there."""
    return len(_arrays()[f"{plane}_at"])


@lru_cache(maxsize=256)
def load_slice(plane: Plane, index: int) -> AnatomySlice:
    """One slice of a plane, 0 <= index < `slice_count(plane)`."""
    arrays = _arrays()
    t1 = arrays[f"{plane}_t1"]
    masks = [
        np.unpackbits(arrays[f"{plane}_{name}"].view(np.uint8), count=t1.size).reshape(t1.shape)[index] > 0
        for name in ("head", "inside", "brain")
    ]
    head, inside, brain = masks
    return AnatomySlice(
        plane=plane,
        at=int(arrays[f"{plane}_at"][index]),
        t1=t1[index].astype(np.uint8),
        head=head,
        inside=inside,
        brain=brain,
        depth=_depth(inside),
        head_outlines=_outlines(head),
        inside_outlines=_outlines(inside),
    )


def glyphs() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """The letters side by side, uint8 (height, width), and the 96 borders of the ASCII codes 32 to 126."""
    arrays = _arrays()
    return arrays["glyphs"].astype(np.uint8), arrays["glyph_edges"].astype(np.int32)


def _depth(mask: Bool) -> npt.NDArray[np.uint8]:
    """Distance to the border by peeling with a cross and a square in turn: whole numbers, same everywhere."""
    from curator.imaging._cv2 import cv2

    kernels = [cv2.getStructuringElement(shape, (3, 3)) for shape in (cv2.MORPH_CROSS, cv2.MORPH_RECT)]
    left = np.pad(mask, 1).astype(np.uint8)
    depth = np.zeros_like(left)
    turn = 0
    while left.any():
        depth += left
        left = cv2.erode(left, kernels[turn % 2]).astype(np.uint8)
        turn += 1
    return depth[1:-1, 1:-1]


def _outlines(mask: Bool) -> tuple[Points, ...]:
    """Smooth outlines of a mask, found in whole numbers only so that they are the same everywhere."""
    from curator.imaging._cv2 import cv2

    padded = np.pad(mask, _BEYOND, mode="edge").astype(np.uint8)
    fine = padded.repeat(_FINE, axis=0).repeat(_FINE, axis=1)
    side = 2 * _RADIUS + 1
    sums = cv2.boxFilter(fine, cv2.CV_32S, (side, side), normalize=False, borderType=cv2.BORDER_REPLICATE)
    smooth = (2 * sums > side * side).astype(np.uint8)
    found, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    large = [c for c in found if len(c) > 20 * _FINE]
    return tuple((c[::2, 0, :].astype(np.float64) + 0.5) / _FINE - 0.5 - _BEYOND for c in large)
