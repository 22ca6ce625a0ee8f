"""Synthetic lesions: four kinds, drawn in the anatomy's own coordinates, pushing the tissue around them away.

Levels by sequence follow what textbooks describe (fluid and oedema bright in T2 and FLAIR and dark in T1;
contrast agent in the rim of a glioblastoma, in metastases and in meningiomas, not in low-grade gliomas).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.synthetic.anatomy import AnatomySlice
from curator.synthetic.contrast import F32, Sequence, white_matter
from curator.synthetic.dice import Dice
from curator.synthetic.texture import smooth_field

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
LesionKind: TypeAlias = Literal["glioblastoma", "low-grade glioma", "meningioma", "metastasis"]


@dataclass(frozen=True)
class _Look:
    """Levels by sequence, and how wide rim and oedema are in shares of the radius."""

    core: dict[str, float]
    rim: dict[str, float]
    rim_width: float
    softness: float
    oedema: float
    texture: float
    radius: tuple[float, float]
    push: float


_LOOKS: Final[dict[LesionKind, _Look]] = {
    "glioblastoma": _Look(
        core={"T1": 0.27, "T1C": 0.23, "T2": 0.84, "FLAIR": 0.5, "PD": 0.84},
        rim={"T1": 0.4, "T1C": 0.82, "T2": 0.58, "FLAIR": 0.72, "PD": 0.78},
        rim_width=0.16,
        softness=0.06,
        oedema=1.1,
        texture=0.16,
        radius=(9, 20),
        push=0.32,
    ),
    "low-grade glioma": _Look(
        core={"T1": 0.33, "T1C": 0.29, "T2": 0.8, "FLAIR": 0.72, "PD": 0.86},
        rim={"T1": 0.36, "T1C": 0.31, "T2": 0.72, "FLAIR": 0.68, "PD": 0.82},
        rim_width=0.2,
        softness=0.16,
        oedema=0.25,
        texture=0.1,
        radius=(9, 19),
        push=0.2,
    ),
    "meningioma": _Look(
        core={"T1": 0.36, "T1C": 0.68, "T2": 0.64, "FLAIR": 0.66, "PD": 0.84},
        rim={"T1": 0.3, "T1C": 0.76, "T2": 0.78, "FLAIR": 0.6, "PD": 0.8},
        rim_width=0.1,
        softness=0.035,
        oedema=0.35,
        texture=0.12,
        radius=(8, 18),
        push=0.34,
    ),
    "metastasis": _Look(
        core={"T1": 0.33, "T1C": 0.62, "T2": 0.66, "FLAIR": 0.62, "PD": 0.82},
        rim={"T1": 0.38, "T1C": 0.8, "T2": 0.55, "FLAIR": 0.66, "PD": 0.78},
        rim_width=0.3,
        softness=0.08,
        oedema=2.1,
        texture=0.08,
        radius=(4.5, 9),
        push=0.2,
    ),
}
_OEDEMA: Final = {"T1": 0.43, "T1C": 0.33, "T2": 0.74, "FLAIR": 0.7, "PD": 0.84}


@dataclass(frozen=True)
class Lesion:
    """One lesion: centre and radius in mm of the slice's grid; `waves` (order, size, phase) shape its border."""

    kind: LesionKind
    x: float
    y: float
    radius: float
    waves: tuple[tuple[int, float, float], ...]
    strength: float
    push: float

    def distance(self, x: F32, y: F32) -> F32:
        """Distance from the centre in radii: 1 on the border."""
        dx, dy = x - self.x, y - self.y
        angle = np.arctan2(dy, dx)
        border = np.ones_like(angle)
        for order, size, phase in self.waves:
            border = border + size * np.cos(order * angle + phase)
        return np.asarray(np.hypot(dx, dy) / (self.radius * border), np.float32)


def draw_lesion(dice: Dice, anatomy: AnatomySlice) -> Lesion:
    """A random lesion inside the brain of a slice."""
    kind: LesionKind = dice.weighted(
        {"glioblastoma": 0.36, "low-grade glioma": 0.26, "meningioma": 0.2, "metastasis": 0.18}
    )
    look = _LOOKS[kind]
    radius = dice.between(*look.radius)
    depth = anatomy.depth
    radius = min(radius, 0.62 * float(depth.max()))
    if kind == "meningioma":
        place = (depth > 0.55 * radius) & (depth < 0.85 * radius)
    else:
        place = (depth > 0.9 * radius) & anatomy.brain
    rows, columns = np.nonzero(place if place.any() else depth > 0.9 * depth.max())
    at = dice.below(len(rows))
    rough = 0.05 if kind in ("meningioma", "metastasis") else 0.11
    waves = tuple(
        (order, dice.between(0.3, 1.0) * rough * 2.2 / order, dice.between(0, 2 * math.pi))
        for order in (2, 3, 4, 5, 7)
    )
    return Lesion(
        kind,
        float(columns[at]),
        float(rows[at]),
        radius,
        waves,
        dice.between(0.62, 1.0),
        look.push * dice.between(0.6, 1.2),
    )


def displaced(lesion: Lesion, x: F32, y: F32, depth: F32) -> tuple[F32, F32]:
    """Mass effect: sampling coordinates drawn towards the lesion, so that the tissue shows pushed away.

    `depth` (mm) is how far each pixel lies inside the skull, which itself does not move.
    """
    dx, dy = x - lesion.x, y - lesion.y
    far = np.maximum(np.hypot(dx, dy), 1e-3)
    reach = np.clip(1 - far / (3.2 * lesion.radius), 0, 1)
    pull = reach * reach * (3 - 2 * reach) * lesion.push * lesion.radius * np.clip(depth / 10.0, 0, 1)
    pull = np.minimum(pull, 0.8 * far)
    return (x - dx / far * pull).astype(np.float32), (y - dy / far * pull).astype(np.float32)


def paint(
    image: F32,
    t1: F32,
    brain: F32,
    distance: F32,
    lesion: Lesion,
    sequence: Sequence,
    scale: float,
    rng: np.random.Generator,
) -> F32:
    """`image` (levels) with the lesion and its oedema; `distance` as `Lesion.distance`, `brain` 0..1.

    `scale` is pixels per mm. Nothing is painted outside the skull.
    """
    look = _LOOKS[lesion.kind]
    height, width = image.shape
    uneven = smooth_field(rng, height, width, 5.0 * scale)
    fine = smooth_field(rng, height, width, 2.2 * scale)
    patchy = smooth_field(rng, height, width, 9.0 * scale)
    wobble = distance + (0.05 * uneven + 0.012 * fine) * (1.7 if look.softness > 0.05 else 0.7)
    core = 1 / (1 + np.exp(np.clip((wobble - 1) / look.softness, -30, 30)))
    # Vasogenic oedema spreads in white matter and ends at the cortex.
    falloff = np.clip(
        1 - (wobble - 1) / max(look.oedema * (1 + 0.35 * uneven).clip(0.3, 2).mean(), 0.05), 0, 1
    )
    swollen = np.clip(falloff * 1.7, 0, 1) * white_matter(t1) * (1 - core)
    out = _mixed(image, np.float32(_OEDEMA[sequence]), swollen * (0.85 * lesion.strength))
    level = look.core[sequence] * (1 + look.texture * (0.7 * uneven + 0.5 * fine))
    width_of_rim = look.rim_width * (1 + 0.45 * np.clip(patchy, -1.2, 1.5))
    rim = np.exp(-(((wobble - 1 + look.rim_width) / np.maximum(width_of_rim, 0.04)) ** 2)) * np.clip(
        0.8 + 0.25 * fine + 0.3 * patchy, 0.15, 1
    )
    filling = _mixed(level, np.float32(look.rim[sequence]), rim)
    out = _mixed(out, filling, core * (0.55 + 0.45 * lesion.strength))
    return _mixed(image, out, brain)


def white_spots(
    image: F32, t1: F32, brain: F32, sequence: Sequence, scale: float, rng: np.random.Generator
) -> F32:
    """Small harmless spots in white matter, as in many healthy older brains: not every spot is a tumour."""
    height, width = image.shape
    field = smooth_field(rng, height, width, 4.5 * scale)
    spots = np.clip((field - 2.1) * 3.0, 0, 1) * white_matter(t1) * brain
    return _mixed(image, np.float32(_OEDEMA[sequence]), spots * 0.7)


def _mixed(a: Floats, b: Floats | np.float32, weight: Floats) -> F32:
    return np.asarray(a * (1 - weight) + b * weight, np.float32)
