"""Cuts slices out of scans with free licences, beside those of Colin27, which is too smooth to show sulci.

    python scans.py OUT.npz --scans FOLDER [--join SLICES.npz]

writes `grey` and `parts` as `anatomy.cut_slices` gives them, and `natural` bool (n,): the grey levels are a scan's
own. Where the scans come from is in `NOTICE.md`. Of one the whole head is there; of the
others only the brain, and fluid, skull, muscle, fat and skin are drawn around it by their distance from the brain.
Volumes are read by nibabel and SciPy, which are imported only then.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from anatomy import BRAIN, HEAD, INSIDE, SIDE, SMALLEST, Planes, cut_slices, filled, largest, load, plane
from tissue import Bools, Floats, Rng, smooth

# mm that a pixel stands for: of the whole head, and of the others, which are 1 mm apart themselves.
_WHOLE, _ALONE = 0.9, 1.0
_LEAST = 900  # square mm of brain in a slice of a brain alone
# Slices of Colin27 alone; and of both, where 45 % are those of scans: some 42 MB in a file.
_TEMPLATE_ALONE, _TEMPLATE, _SCANS = 1200, 1000, 820
_TEMPLATES = Path("/usr/share/mricron/templates")
_PAD = (32.0, 40.0, 44.0, 32.0)  # mm added to a brain: each side, before and behind, below, above


@dataclass(frozen=True)
class _Kind:
    """Levels of what is drawn around a brain (lowest and highest), and what its own levels are mapped to.

    `own` are percentiles of the brain's levels, `to` the levels that they are given. T1 gets those of Colin27, for
    which the tables of `tissue.py` are made.
    """

    own: tuple[float, ...]
    to: tuple[float, ...]
    fluid: tuple[float, float]
    fat: tuple[float, float]
    muscle: tuple[float, float]
    marrow: tuple[float, float]
    skin: tuple[float, float]


_T1 = _Kind((2, 35, 88), (40, 86, 115), (30, 55), (150, 250), (62, 92), (50, 190), (70, 130))
_T2 = _Kind((2, 45, 99), (14, 62, 205), (160, 215), (60, 200), (22, 48), (20, 110), (40, 90))
_FLAIR = _Kind((2, 45, 99), (18, 100, 190), (10, 35), (40, 200), (45, 80), (30, 120), (50, 100))


@dataclass(frozen=True)
class _Scan:
    """A volume made ready for cutting: of a whole head with masks of it and of the skull's inside; of a brain alone
    with `depth`, mm out of its hull, and `shell`, mm out of hull, face and neck, both at every other voxel."""

    spline: Floats
    brain: Bools
    voxel: tuple[float, ...]
    planes: Planes
    kind: _Kind
    pixel: float
    head: Bools | None = None
    inside: Bools | None = None
    depth: Floats | None = None
    shell: Floats | None = None


# Files, kinds and shares of the slices; the whole head is the most worth.
_FILES = (
    ("MR.nii.gz", None, 0.34),
    ("nb_T1.nii.gz", _T1, 0.18),
    ("nb_M2307_T2.nii.gz", _T2, 0.15),
    ("T1.nii.gz", _T1, 0.11),
    ("T2.nii.gz", _T2, 0.11),
    ("FLAIR.nii.gz", _FLAIR, 0.11),
)


def cut_scans(folder: Path, count: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """`grey` and `parts` uint8 (n, 240, 240), and `natural` bool (n,), all True."""
    rng = np.random.default_rng([seed, 1])
    counts = [round(count * share) for _, _, share in _FILES]
    counts[0] += count - sum(counts)
    greys, parts = [], []
    for (name, kind, _), wanted in zip(_FILES, counts, strict=True):
        scan = _whole(folder / name) if kind is None else _brain_alone(folder / name, kind)
        made = 0
        while made < wanted:
            cut = _cut(rng, scan)
            if cut is not None:
                greys.append(cut[0])
                parts.append(cut[1])
                made += 1
    return {"grey": np.stack(greys), "parts": np.stack(parts), "natural": np.ones(count, bool)}


def joined(
    first: dict[str, npt.NDArray[Any]], second: dict[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """Both sets of slices as one; of a set without `natural` no slice is."""
    plain = [each.get("natural", np.zeros(len(each["grey"]), bool)) for each in (first, second)]
    both = {name: np.concatenate([first[name], second[name]]) for name in ("grey", "parts")}
    return both | {"natural": np.concatenate(plain)}


def write_slices(
    file: Path, templates: Path, scans: Path | None, seed: int, ready: Path | None = None
) -> None:
    """Slices of Colin27, or those of the file `ready`, and of the scans where their folder is given."""
    count = _TEMPLATE_ALONE if scans is None else _TEMPLATE
    if ready is None:
        slices = cut_slices(templates, count, seed)
    else:
        with np.load(ready) as kept:
            slices = {name: kept[name][:count] for name in kept.files}
    if scans is not None:
        slices = joined(slices, cut_scans(scans, _SCANS, seed))
        slices["grey"] = np.where(slices["parts"] & HEAD, slices["grey"], 0)
    np.savez_compressed(file, **slices)


@lru_cache(maxsize=1)
def read_slices(file: Path) -> dict[str, npt.NDArray[Any]]:
    """What `write_slices` wrote, kept in memory."""
    with np.load(file) as kept:
        return {name: kept[name] for name in kept.files}


def add_slices_options(parser: argparse.ArgumentParser) -> None:
    """Where what draws heads has its slices from."""
    parser.add_argument("--templates", type=Path, default=_TEMPLATES)
    parser.add_argument("--scans", type=Path, help="folder of scans that 45 %% of the heads come from")
    parser.add_argument(
        "--slices", type=Path, help="file of slices, made if it is not there; as scans.py writes it"
    )


def slices_file(options: argparse.Namespace) -> Path:
    """The file that is named, or one beside what is drawn, which is made if it is not there."""
    file: Path = options.slices or options.out / "slices.npz"
    if not file.is_file():
        write_slices(file, options.templates, options.scans, options.seed)
    return file


def _cut(rng: Rng, scan: _Scan) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None:
    from scipy import ndimage

    at = plane(rng, scan.spline.shape, scan.planes, scan.voxel, scan.pixel)
    level = np.ptp(at[2]) * scan.voxel[2] < SIDE * scan.pixel * 0.7
    if level and (at[2] < 0)[30:-30, 40:-40].mean() > 0.06:  # an axial slice that leaves the volume below
        return None
    grey = ndimage.map_coordinates(scan.spline, at, order=3, prefilter=False)
    share = ndimage.map_coordinates(scan.brain.astype(np.float32), at, order=1)
    brain = share > 0.5
    if scan.depth is None or scan.shell is None:
        head = filled(ndimage.map_coordinates(scan.head, at, order=0))
        inside = ndimage.map_coordinates(scan.inside, at, order=0) & head
    else:
        depth, shell = (
            ndimage.map_coordinates(each, at / 2, order=1, mode="nearest")
            for each in (scan.depth, scan.shell)
        )
        grey, head, inside = _clothed(rng, scan.kind, grey, share, depth, shell)
        if rng.random() < 0.75:  # where the scan ends below
            lowest = scan.planes[0][2] - rng.uniform(2, 45)
            seen = at[2] * scan.voxel[2] > lowest
            head, inside = head & seen, inside & seen
        inside = inside | (brain & head)
    if head.sum() * scan.pixel**2 < SMALLEST or (scan.depth is not None and brain.sum() < _LEAST):
        return None
    bits = head * HEAD + inside * INSIDE + (brain & head) * BRAIN
    return np.clip(np.where(head, grey, 0), 0, 255).astype(np.uint8), bits.astype(np.uint8)


def _ramp(levels: Floats, own: npt.ArrayLike, to: npt.ArrayLike) -> Floats:
    """Levels mapped by straight pieces, the first and the last of which go on."""
    own, to = np.asarray(own, np.float32), np.asarray(to, np.float32)
    slopes = (to[1] - to[0]) / (own[1] - own[0]), (to[-1] - to[-2]) / (own[-1] - own[-2])
    below, above = np.minimum(levels - own[0], 0) * slopes[0], np.maximum(levels - own[-1], 0) * slopes[1]
    return np.asarray(np.interp(levels, own, to) + below + above, np.float32)


def _evened(grey: Floats, brain: Bools, voxel: tuple[float, ...], power: float) -> Floats:
    """Without the slow changes of brightness that coils make: those of the brain, over some 22 mm."""
    from scipy import ndimage

    sigma = [22 / size for size in voxel]
    weight = ndimage.gaussian_filter(brain.astype(np.float32), sigma)
    low = ndimage.gaussian_filter(grey * brain, sigma) / np.maximum(weight, 0.02)
    usual = float(np.median(grey[brain]))
    return np.asarray(grey * (usual / np.maximum(low, 0.35 * usual)) ** power, np.float32)


def _places(brain: Bools, voxel: tuple[float, ...], margins: tuple[float, float, float]) -> Planes:
    """The planes that show brain; axial, coronal and sagittal ones keep so many mm
    from its lowest point and its ends."""
    planes = []
    axial, coronal, sagittal = margins
    for axis, share, first, last in (
        (2, 0.7, axial, -4.0),
        (1, 0.16, coronal, -coronal),
        (0, 0.14, sagittal, -sagittal),
    ):
        found = np.flatnonzero(brain.any(tuple(other for other in range(3) if other != axis))) * voxel[axis]
        planes.append((axis, share, found[0] + first, found[-1] + last))
    return tuple(planes)


def _whole(path: Path) -> _Scan:
    """A T1-weighted scan of a whole head: what is brighter than air and in one piece is head; what is as bright as
    brain, deep enough and wider than 7 mm is brain; and the inside is the brain, closed over 13 mm."""
    from scipy import ndimage

    grey, voxel = load(path)
    distance = partial(ndimage.distance_transform_edt, sampling=voxel)
    head = largest(grey > 30)
    near = np.pad(head, 14, mode="edge")
    head = (distance(distance(~near) < 9) > 9)[14:-14, 14:-14, 14:-14] | head
    for index in range(head.shape[2]):
        head[:, :, index] = ndimage.binary_fill_holes(head[:, :, index])
    deep = distance(head)
    flat = _evened(grey, (grey > 60) & (grey < 400) & (deep > 12), voxel, 1.0)
    flat /= float(np.median(flat[(grey > 60) & (grey < 400) & (deep > 12)]))
    core = largest(distance((flat > 0.55) & (flat < 1.75) & (deep > 10.5)) > 3.4)
    brain = (distance(~core) < 4.5) & (flat > 0.4) & (flat < 1.9) & (deep > 8.5)
    wide = distance(~np.pad(brain, 16)) < 13
    inside = (distance(wide) > 11.8)[16:-16, 16:-16, 16:-16] | brain
    inside = distance(~(distance(inside) > 8)) < 8  # without what goes on into the nose
    # At the vertex, where the brain is dim: as deep as the inside begins elsewhere above.
    top = np.arange(grey.shape[2]) > np.flatnonzero(inside.any((0, 1))).mean() + 20 / voxel[2]
    rim = inside & ~ndimage.binary_erosion(inside) & top
    inside |= (deep > np.percentile(deep[rim], 55)) & top
    even = _evened(grey, brain, voxel, 0.6)
    levels = _ramp(even, (0, *np.percentile(even[brain], _T1.own), 500), (0, *_T1.to, 250))
    spline = ndimage.spline_filter(levels, order=3).astype(np.float32)
    places = _places(brain, voxel, (6.0, 8.0, 8.0))
    return _Scan(spline, brain, voxel, places, _T1, _WHOLE, head, inside)


def _brain_alone(path: Path, kind: _Kind) -> _Scan:
    """A brain without its head, and how far each place around lies from it and from a face and neck below it."""
    from scipy import ndimage

    grey, voxel = load(path)
    side, ends, below, above = _PAD
    room = ((side, side), (ends, ends), (below, above))
    grey = np.pad(
        grey, [(round(a / size), round(b / size)) for (a, b), size in zip(room, voxel, strict=True)]
    )
    brain = largest(ndimage.binary_opening(grey > 0.06 * np.percentile(grey[grey > 0], 90)))
    brain = ndimage.binary_closing(brain, iterations=2)
    even = _evened(grey, brain, voxel, 0.7)
    levels = _ramp(even, (0, *np.percentile(even[brain], kind.own)), (0, *kind.to))
    fluid = sum(kind.fluid) / 2
    rim = brain & ~ndimage.binary_erosion(brain)
    levels = np.where(rim, np.maximum(levels, min(fluid, 30)), np.where(brain, levels, fluid))
    spline = ndimage.spline_filter(levels.astype(np.float32), order=3).astype(np.float32)
    coarse = brain[::2, ::2, ::2]
    step = tuple(2 * size for size in voxel)
    distance = partial(ndimage.distance_transform_edt, sampling=step)
    hull = distance(distance(~coarse) < 16) > 16
    depth = _signed(hull, step)
    shell = np.minimum(depth, _signed(_face_and_neck(hull, step), step) + 5)
    places = _places(brain, voxel, (24.0, 14.0, 12.0))
    return _Scan(spline, brain, voxel, places, kind, _ALONE, depth=depth, shell=shell)


def _signed(mask: Bools, step: tuple[float, ...]) -> Floats:
    """mm out of a mask, less than 0 within, smoothed."""
    from scipy import ndimage

    out = ndimage.distance_transform_edt(~mask, sampling=step) - ndimage.distance_transform_edt(
        mask, sampling=step
    )
    return np.asarray(ndimage.gaussian_filter(out, 1.0), np.float32)


def _face_and_neck(hull: Bools, step: tuple[float, ...]) -> Bools:
    """What lies below the hull, ever farther to the front."""
    body = hull.copy()
    forward = 0.0
    for level in range(hull.shape[2] - 2, -1, -1):
        above = body[:, :, level + 1]
        forward += 0.15 * step[2] / step[1]
        if forward >= 1:
            moved = np.zeros_like(above)
            moved[:, 1:] = above[:, :-1]
            above, forward = moved, forward - 1
        body[:, :, level] |= above
    return body


def _clothed(
    rng: Rng, kind: _Kind, scan: Floats, share: Floats, depth: Floats, shell: Floats
) -> tuple[Floats, Bools, Bools]:
    """The brain's slice with fluid, dura, skull, muscle, fat and skin; and the head and the skull's inside."""
    side = len(scan)

    def level(span: tuple[float, float]) -> float:
        return float(rng.uniform(*span))

    def uneven(knots: int) -> Floats:
        return smooth(rng, side, side, knots)

    gap = rng.uniform(0.8, 4.5) + uneven(7) * rng.uniform(0.2, 0.9)
    bone = np.clip(rng.uniform(4, 8.5) + uneven(6) * rng.uniform(0.3, 1.4), 2.5, 11)
    scalp = np.clip(rng.uniform(3, 9.5) + uneven(5) * rng.uniform(0.3, 1.5), 2.2, 13)
    into = depth - gap  # mm out of the skull's inside
    under = gap + bone + scalp - shell  # mm below the skin
    head, inside = filled(under > 0), filled(into < 0)
    fat, muscle, marrow, skin = (level(span) for span in (kind.fat, kind.muscle, kind.marrow, kind.skin))
    grain = 1 + 0.12 * uneven(60) + 0.15 * uneven(14)
    image = np.zeros((side, side), np.float32)
    deep = _flesh(rng, side, fat, muscle, marrow)
    image = np.where(under > 0, deep, image)
    thick = np.clip(rng.uniform(0.45, 0.95) * scalp, 1.5, 9) * (1 + 0.25 * uneven(20))
    strands = np.where(np.abs(uneven(44)) < rng.uniform(0, 0.12), 0.6, 1.0)
    image = np.where((under > 0) & (under < thick), fat * grain * strands, image)
    image = np.where((under > 0) & (under < rng.uniform(0.8, 2.2)), skin, image)
    plates = (into >= 0) & (into < bone) & (under > 2)
    middle = np.abs(into / np.maximum(bone, 1) - rng.uniform(0.42, 0.58)) < rng.uniform(
        0.12, 0.3
    ) + 0.06 * uneven(24)
    spongy = marrow * np.clip(0.75 + 0.4 * uneven(50), 0.1, 1.3) * (uneven(9) > rng.uniform(-1.5, 0.5))
    cortex = rng.uniform(2, 22)
    image = np.where(plates, np.where(middle & (bone > 4), np.maximum(spongy, cortex), cortex), image)
    fluid = level(kind.fluid)
    within = fluid * (1 + 0.1 * uneven(30)) * np.ones((side, side), np.float32)
    veins = np.abs(uneven(34)) < rng.uniform(0.02, 0.12)
    within = np.where(veins & (uneven(8) > 0.2), rng.uniform(5, 230), within)
    image = np.where(inside, within, image)
    if rng.random() < 0.55:
        image = np.where(np.abs(into + 0.3) < rng.uniform(0.5, 1.1), rng.uniform(0.5, 1.1) * muscle, image)
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), float(rng.uniform(0.55, 0.95)))
    image += rng.uniform(1.0, 3.5) * rng.standard_normal((side, side)).astype(np.float32) * (image > 1)
    soft = cv2.GaussianBlur(np.clip(share, 0, 1), (0, 0), 0.5)
    return (image * (1 - soft) + scan * soft).astype(np.float32), head, inside


def _flesh(rng: Rng, side: int, fat: float, muscle: float, marrow: float) -> Floats:
    """Muscles with fat between them, bones and cavities with air: what lies below the skull."""
    bellies = smooth(rng, side, side, int(rng.integers(12, 22))) + 0.5 * smooth(rng, side, side, 40)
    image = muscle * (1 + 0.1 * np.clip(bellies, -2, 2) + 0.06 * smooth(rng, side, side, 70))
    image = np.where(
        np.abs(bellies) < rng.uniform(0, 0.1) * (rng.random() < 0.5), fat * rng.uniform(0.3, 0.8), image
    )
    bones = smooth(rng, side, side, 11)
    image = np.where(bones > 0.8, marrow * (0.8 + 0.2 * smooth(rng, side, side, 60)), image)
    image = np.where(np.abs(bones - 0.8) < 0.14, 12, image)
    air = smooth(rng, side, side, 10) + 0.25 * smooth(rng, side, side, 40)
    return np.asarray(np.where(air > rng.uniform(0.8, 1.6), rng.uniform(0, 10), image), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--scans", type=Path, required=True, help="folder of the scans' volumes")
    parser.add_argument("--templates", type=Path, default=_TEMPLATES)
    parser.add_argument("--join", type=Path, help="slices of Colin27 that are cut already")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_slices(options.out, options.templates, options.scans, options.seed, options.join)


if __name__ == "__main__":
    main()
