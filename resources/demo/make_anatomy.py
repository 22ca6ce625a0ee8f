"""Makes `anatomy.npz`, the freely licensed anatomy from which the demo dataset is drawn (see NOTICE.md).

    python resources/demo/make_anatomy.py [TEMPLATES] [OUT]

TEMPLATES holds `ch2.nii.gz` and `ch2bet.nii.gz` (default: where Debian's package `mricron-data` puts them).
Needs nibabel and scipy (`pip install -e .[dev]`); the program itself needs neither.

What it writes, for each plane (axial, coronal, sagittal; n slices, shown with the nose up or to the right):

    <plane>_t1      uint8 (n, height, width), T1 grey levels at 1 mm; just outside the head the outermost skin
                    is carried on for a few pixels, so that the head's border can be drawn smoothly
    <plane>_head    packed bits of (n, height, width): the head, scalp included, without holes
    <plane>_inside  packed bits: everything inside the skull
    <plane>_brain   packed bits: the brain alone
    <plane>_at      int16 (n,): index of the slice in the template, mm

and `glyphs` (uint8, printable ASCII side by side, 40 px high letters) with `glyph_edges` (int32, 96 borders).
"""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

TEMPLATES = Path("/usr/share/mricron/templates")
# Axis of the template (right, anterior, superior) and the slices taken of each plane.
PLANES = {
    "axial": (2, range(50, 137, 1)),
    "coronal": (1, range(60, 163, 2)),
    "sagittal": (0, range(44, 138, 3)),
}
SIDES_CUT = {"axial": 0, "coronal": 25, "sagittal": 45}  # pixels at the left or right border, at most
SKIN = 14  # grey level; the template is zero outside the head and 16 to 60 in its outermost voxel
CARRIED_ON = 4  # mm of skin beyond the head's border
GLYPH_SIZE = 40


def load(path: Path) -> np.ndarray:
    return np.asanyarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)


def fill_slices(volume: np.ndarray) -> np.ndarray:
    filled = volume.copy()
    for axis in (2, 1, 0):
        for index in range(volume.shape[axis]):
            part = tuple(index if a == axis else slice(None) for a in range(3))
            filled[part] = ndimage.binary_fill_holes(filled[part])
    return filled


def largest(volume: np.ndarray) -> np.ndarray:
    labels, count = ndimage.label(volume)
    sizes = ndimage.sum_labels(volume, labels, range(1, count + 1))
    return labels == 1 + int(np.argmax(sizes))


def masks(t1: np.ndarray, brain: np.ndarray) -> dict[str, np.ndarray]:
    head = ndimage.binary_opening(t1 > SKIN, iterations=1)
    # The airways stay open towards the cut neck unless they are closed before the holes are filled.
    head = fill_slices(
        ndimage.binary_closing(np.pad(largest(head), 8, mode="edge"), iterations=4)[8:-8, 8:-8, 8:-8]
    )
    inside = ndimage.binary_closing(np.pad(brain, 12), iterations=7)[12:-12, 12:-12, 12:-12]
    inside = ndimage.binary_dilation(inside, iterations=1) & ndimage.binary_erosion(head, iterations=3)
    return {"head": head, "inside": fill_slices(inside), "brain": brain & inside}


def sides_cut(head: np.ndarray) -> int:
    return int(max(head[0].sum(), head[-1].sum()))


def glyphs() -> tuple[np.ndarray, np.ndarray]:
    font = ImageFont.load_default(size=GLYPH_SIZE)
    edges = [0]
    for code in range(32, 127):
        edges.append(edges[-1] + round(font.getlength(chr(code))) + 1)
    atlas = Image.new("L", (edges[-1], GLYPH_SIZE + 12))
    draw = ImageDraw.Draw(atlas)
    for code, x in zip(range(32, 127), edges, strict=False):
        draw.text((x, 0), chr(code), fill=255, font=font)
    return np.asarray(atlas), np.asarray(edges, np.int32)


def main(templates: Path, out: Path) -> None:
    t1 = load(templates / "ch2.nii.gz")
    parts = masks(t1, load(templates / "ch2bet.nii.gz") > 0)
    arrays: dict[str, np.ndarray] = {}
    for plane, (axis, indices) in PLANES.items():
        at = np.asarray(
            [k for k in indices if sides_cut(np.take(parts["head"], k, axis=axis)) <= SIDES_CUT[plane]],
            np.int16,
        )

        def cut(volume: np.ndarray, axis: int = axis, at: np.ndarray = at) -> np.ndarray:
            return np.stack([np.rot90(np.take(volume, int(k), axis=axis)) for k in at])

        head = cut(parts["head"])
        grey = []
        for image, mask in zip(cut(t1), head, strict=True):
            core = ndimage.binary_erosion(mask)
            distance, (rows, columns) = ndimage.distance_transform_edt(~core, return_indices=True)
            carried = np.where(mask, image, image[rows, columns])
            # The outermost voxel is a mixture with air; the drawn border makes its own mixture.
            carried = np.where(mask & ~core, np.maximum(image, image[rows, columns]), carried)
            grey.append(np.where(distance <= CARRIED_ON, carried, 0))
        arrays[f"{plane}_t1"] = np.stack(grey).astype(np.uint8)
        for name, volume in parts.items():
            arrays[f"{plane}_{name}"] = np.packbits(cut(volume).ravel())
        arrays[f"{plane}_at"] = at
    arrays["glyphs"], arrays["glyph_edges"] = glyphs()
    np.savez_compressed(out, **arrays)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATES,
        Path(sys.argv[2]) if len(sys.argv) > 2 else here / "anatomy.npz",
    )
