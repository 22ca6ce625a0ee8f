"""Makes the levels of a slice an image: sequence, lesion, vessels, coil, blur, noise, window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curator.synthetic.anatomy import AnatomySlice
from curator.synthetic.contrast import F32, WHITE, Sequence, fluid, tissue
from curator.synthetic.dice import Dice
from curator.synthetic.framing import Frame
from curator.synthetic.lesion import Lesion, displaced, paint, white_spots
from curator.synthetic.texture import smooth_field


@dataclass(frozen=True)
class Look:
    """How an image was taken. `background` is the grey level beside the head, 0..255; `tint` RGB factors."""

    sequence: Sequence
    fat: float
    blur: float
    noise: float
    bias: float
    window: float
    scalp_share: float
    gamma: float
    ghost: float
    spots: bool
    background: int
    tint: tuple[float, float, float]


def draw_look(dice: Dice, *, lesion: bool) -> Look:
    """A random look. Photographs of a screen (some 4 %) have a grey background and a tint."""
    sequence: Sequence = dice.weighted({"T1": 0.2, "T2": 0.28, "FLAIR": 0.22, "T1C": 0.24, "PD": 0.06})
    photographed = dice.chance(0.04)
    warm = dice.between(-0.07, 0.07) if photographed else 0.0
    return Look(
        sequence=sequence,
        fat=dice.between(0.3, 0.45)
        if sequence in ("T2", "FLAIR", "T1C") and dice.chance(0.15)
        else dice.between(0.75, 1.15),
        blur=dice.between(0.35, 0.95),
        noise=dice.between(0.006, 0.022) if dice.chance(0.8) else dice.between(0.022, 0.045),
        bias=dice.between(0.03, 0.16),
        window=dice.between(0.85, 1.25),
        scalp_share=dice.between(0.0, 0.75),
        gamma=dice.between(0.85, 1.15),
        ghost=dice.between(0.01, 0.03) if dice.chance(0.2) else 0.0,
        spots=not lesion and dice.chance(0.2),
        background=dice.whole(22, 44) if photographed else dice.pick((0, 0, 0, 1, 2, 3, 5, 8, 12)),
        tint=(1 + warm, 1.0, 1 - warm),
    )


def acquire(
    anatomy: AnatomySlice, frame: Frame, look: Look, lesion: Lesion | None, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """The image, float32 (height, width, 3), levels 0..255."""
    from curator.imaging._cv2 import cv2

    height, width = frame.height, frame.width
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x, y = frame.warp.to_anatomy(columns, rows)
    x, y = x.astype(np.float32), y.astype(np.float32)

    def sampled(values: npt.NDArray[np.generic], how: int = cv2.INTER_LINEAR) -> F32:
        out = cv2.remap(values.astype(np.float32), x, y, how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(out, np.float32)

    distance = None
    if lesion is not None:
        distance = lesion.distance(x, y)
        x, y = displaced(lesion, x, y, sampled(anatomy.depth))
    t1 = np.clip(sampled(anatomy.t1, cv2.INTER_CUBIC), 0, 255)
    inside = sampled(cv2.GaussianBlur(anatomy.inside.astype(np.float32), (0, 0), 0.7))
    image = tissue(t1, inside, look.sequence, look.fat)
    if look.sequence == "T1C":
        image = _vessels(image, t1, inside, anatomy, frame, rng)
    if look.spots:
        image = white_spots(image, t1, inside, look.sequence, frame.warp.scale, rng)
    if lesion is not None and distance is not None:
        image = paint(image, t1, inside, distance, lesion, look.sequence, frame.warp.scale, rng)
    image = image * frame.edge
    # One scanner pixel is one millimetre; beyond that only blur is gained.
    blur = look.blur * max(0.6, frame.warp.scale * 0.7)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.float32)
    if look.ghost:
        image = image + look.ghost * np.roll(image, height // 2, axis=0)
    image = image * np.exp(look.bias * _slow(rng, height, width))
    image = _rician(image, look.noise, frame.warp.scale, rng)
    return _windowed(image, frame, look, rng)


def _vessels(
    image: F32, t1: F32, inside: F32, anatomy: AnatomySlice, frame: Frame, rng: np.random.Generator
) -> F32:
    """Contrast agent in cortical veins, and in the sagittal sinus where the plane crosses it."""
    scale = frame.warp.scale
    field = smooth_field(rng, frame.height, frame.width, 4.0 * scale)
    veins = np.clip((field - 1.25) * 2.0, 0, 1) * fluid(t1) * np.clip(t1 / 25.0, 0, 1) * inside
    out = image * (1 - 0.75 * veins) + 0.8 * veins
    if anatomy.plane == "sagittal":
        return np.asarray(out, np.float32)
    rows, columns = np.nonzero(anatomy.inside)
    # Back in axial slices, top in coronal ones: a triangle at the end of the midline that narrows inwards.
    inwards = -1.0 if anatomy.plane == "axial" else 1.0
    end = int(rows.max()) if anatomy.plane == "axial" else int(rows.min())
    middle = float(columns[np.abs(rows - end) <= 3].mean())
    outer, inner = frame.warp.to_image(np.array([[middle, end], [middle, end + 8.0 * inwards]]))
    v, u = np.mgrid[: frame.height, : frame.width].astype(np.float32)
    axis = (inner - outer) / max(float(np.hypot(*(inner - outer))), 1e-6)
    along = ((u - outer[0]) * axis[0] + (v - outer[1]) * axis[1]) / scale
    across = ((v - outer[1]) * axis[0] - (u - outer[0]) * axis[1]) / scale
    return np.asarray(_with_sinus(out, along, across, field, rng), np.float32)


def _with_sinus(image: F32, along: F32, across: F32, field: F32, rng: np.random.Generator) -> F32:
    """The sinus between the leaves of the dura, in mm along and across the midline from where it ends: lopsided,
    rounded, with the falx running on from its tip and the dura from its base, and of uneven flow."""
    size, side, deep = rng.uniform(0.65, 1.1), rng.normal(0, 0.7), rng.uniform(10, 26)
    wave = 0.5 * field  # of the very field that places the veins, so that no further one is drawn
    beside = np.abs(across - side * np.exp(-np.maximum(along, 0) / 4) + 0.35 * wave)
    width = size * (1.1 + 2.4 / (1 + np.exp(np.clip((along - 3.2 * size) / 0.9, -30, 30))))
    body = width - beside - 0.9 * np.exp(np.clip((along - 6.5 * size) / 1.1, -30, 8))
    ends = np.minimum(body, along + 0.8)
    lumen = 1 / (1 + np.exp(-np.clip(ends / 0.55, -30, 30)))
    falx = np.exp(-((beside / 0.8) ** 2)) * np.clip(1 - along / deep, 0, 1) * (along > -0.8) * 0.5
    dura = np.exp(-(((along - 0.02 * across**2) / 0.9) ** 2)) * np.clip(1 - np.abs(across) / 14, 0, 1) * 0.55
    flow = np.clip(0.9 + 0.1 * wave, 0.6, 1)
    enhanced = np.clip(np.maximum(lumen * 0.9 * flow, np.maximum(falx, dura)), 0, 1)
    return np.asarray(image * (1 - enhanced) + 0.92 * enhanced, np.float32)


def _slow(rng: np.random.Generator, height: int, width: int) -> F32:
    """The coil's uneven sensitivity: a random polynomial of the second order, about -1..1."""
    v, u = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    c = rng.uniform(-1, 1, 5)
    field = c[0] * u + c[1] * v + c[2] * u * v + c[3] * (u * u - 0.4) + c[4] * (v * v - 0.4)
    return np.asarray(field / max(float(np.abs(field).max()), 1e-6), np.float32)


def _rician(image: F32, noise: float, scale: float, rng: np.random.Generator) -> F32:
    """Magnitude of a signal with complex noise, as grainy as the scanner's pixels are large."""
    from curator.imaging._cv2 import cv2

    grain = max(0.35, 0.42 * scale)
    parts = []
    for _ in range(2):
        white = rng.standard_normal(image.shape, dtype=np.float32)
        soft = cv2.GaussianBlur(white, (0, 0), grain)
        parts.append(soft * (noise / max(float(soft.std()), 1e-6)))
    return np.asarray(np.hypot(image + parts[0], parts[1]), np.float32)


def _windowed(image: F32, frame: Frame, look: Look, rng: np.random.Generator) -> F32:
    brain_top = WHITE[look.sequence]
    head_top = float(np.percentile(image[frame.head], 99.5))
    # Radiologists window for the brain; the scalp then runs into white, more or less.
    top = look.window * (brain_top + look.scalp_share * max(0.0, head_top - brain_top))
    floor = 0.6 * look.noise
    shown = np.clip((image - floor) / max(top - floor, 1e-6), 0, 1) ** look.gamma
    lifted = look.background + shown * (255 - look.background)
    if look.background > 20:
        lifted = lifted + 0.35 * look.background * _slow(rng, frame.height, frame.width)
    return np.asarray(lifted[..., None] * np.asarray(look.tint, np.float32), np.float32)
