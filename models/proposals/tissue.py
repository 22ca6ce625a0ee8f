"""One head with a random contrast: what a scanner might have made of the anatomy, and its masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from anatomy import BRAIN, HEAD, INSIDE

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Rng = np.random.Generator


@dataclass
class Head:
    """`grey` (h, w) has the head's 97.5th to 99.8th percentile at 1; the masks are of the same shape."""

    grey: Floats
    head: Bools
    inside: Bools


def smooth(rng: Rng, height: int, width: int, knots: int) -> Floats:
    """A smooth random field of about unit variance with so many knots along each side."""
    field = rng.standard_normal((knots, knots)).astype(np.float32)
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC))


def draw_head(rng: Rng, slices: dict[str, npt.NDArray[Any]], height: int, width: int) -> Head:
    """A head of random contrast, shape and place on a canvas; mostly it nearly fills it.

    Slices that are `natural` (none where that is left out) mostly keep their own order of levels, and get fewer
    invented lesions, details and vessels, as they show their own.
    """
    index = rng.integers(len(slices["grey"]))
    grey, parts = slices["grey"][index], slices["parts"][index]
    natural = "natural" in slices and bool(slices["natural"][index])
    across, down, scale = _placed(rng, (parts & HEAD) > 0, height, width)
    bent = cv2.remap(grey, across, down, cv2.INTER_CUBIC, borderValue=0)
    bits = [
        cv2.remap(((parts & bit) > 0).astype(np.uint8) * 255, across, down, cv2.INTER_LINEAR, borderValue=0)
        for bit in (HEAD, INSIDE, BRAIN)
    ]
    head, inside, brain = (bit > 127 for bit in bits)
    soft = cv2.GaussianBlur(bits[1], (0, 0), rng.uniform(0.5, 1.2)).astype(np.float32) / 255
    inner, outer = _own_tables(rng, grey, parts) if natural and rng.random() < _OWN else _tables(rng)
    image = inner[bent] * soft + outer[bent] * (1 - soft)
    if rng.random() < 0.05:  # skull-stripped
        image, head = image * (soft > 0.5), inside
    if not head.any():
        return Head(np.zeros((height, width), np.float32), head, inside)
    fewer = _INVENTED if natural else 1.0
    if fewer == 1.0 or rng.random() < fewer:
        image = _lesions(rng, image, head, inside, brain, scale * min(height, width))
    if fewer == 1.0 or rng.random() < fewer:
        image = _details(rng, image, head, inside)
    if natural and rng.random() < 0.35:  # thicker slices
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 1.4)))
    image = _sharpened(rng, image)
    if fewer == 1.0 or rng.random() < fewer:
        image = _vessels(rng, image, head, inside)
        image = _cuts_and_voids(rng, image, inside)
    image = image * np.exp(smooth(rng, height, width, int(rng.integers(3, 5))) * rng.uniform(0, 0.22))
    if rng.random() < 0.6:
        image = image + image * smooth(rng, height, width, min(height, width) // 2) * rng.uniform(0, 0.12)
    white = np.percentile(image[head], rng.uniform(97.5, 99.8))
    return Head(np.clip(image / max(white, 0.05), 0, 1.3).astype(np.float32), head, inside)


def _placed(rng: Rng, head: Bools, height: int, width: int) -> tuple[Floats, Floats, float]:
    """Where each pixel of the canvas lies in the slice (x, y), and the head's size relative to the canvas."""
    rows, columns = np.flatnonzero(head.any(1)), np.flatnonzero(head.any(0))
    y0, y1, x0, x1 = rows[0], rows[-1], columns[0], columns[-1]
    turn = np.deg2rad(rng.normal(0, 9) if rng.random() < 0.9 else rng.uniform(-180, 180))
    fit = min(width / (x1 - x0), height / (y1 - y0))
    kind = rng.random()
    share = rng.uniform(0.86, 1.0) if kind < 0.62 else rng.uniform(0.45, 0.86)
    if kind > 0.82:
        share = rng.uniform(1.0, 1.18)
    aspect = np.exp(rng.normal(0, 0.09))
    sx, sy = fit * share * np.sqrt(aspect), fit * share / np.sqrt(aspect)
    if kind < 0.62 and rng.random() < 0.5:
        wider = width / (x1 - x0) / fit
        sx *= rng.uniform(0.95, 1.1) * wider if wider < 1.25 else 1.0
    loose = 1.1 if rng.random() < 0.3 else 0.6
    dx = max(3, abs(width - (x1 - x0) * sx) / 2) * rng.uniform(-1, 1) * loose
    dy = max(3, abs(height - (y1 - y0) * sy) / 2) * rng.uniform(-1, 1) * loose
    if rng.random() < 0.12:
        dx += rng.choice([-1, 1]) * rng.uniform(0, 0.15) * width
    elif rng.random() < 0.12:
        dy += rng.choice([-1, 1]) * rng.uniform(0, 0.15) * height
    v, u = np.mgrid[:height, :width].astype(np.float32)
    u, v = u - (width / 2 + dx), v - (height / 2 + dy)
    across = (np.cos(turn) * u + np.sin(turn) * v) / sx
    down = (-np.sin(turn) * u + np.cos(turn) * v) / sy
    bend = rng.uniform(0, 1) ** 1.5 * 6
    across = across + smooth(rng, height, width, int(rng.integers(3, 7))) * bend
    down = down + smooth(rng, height, width, int(rng.integers(3, 7))) * bend
    if rng.random() < 0.35:
        ripple = rng.uniform(0, 2.5)
        across = across + smooth(rng, height, width, 14) * ripple
        down = down + smooth(rng, height, width, 14) * ripple
    if rng.random() < 0.5:
        across = -across
    return (across + (x0 + x1) / 2).astype(np.float32), (down + (y0 + y1) / 2).astype(np.float32), share


# Of slices of scans: the share that keeps its own contrast, and that of the chances of what is invented.
_OWN, _INVENTED = 0.7, 0.45
_KNOTS = [0, 22, 50, 78, 112, 160, 255]


def _table(at: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
    return np.interp(np.arange(256), at, values).astype(np.float32)


def _steps(rng: Rng, knots: int, low: float, high: float) -> Floats:
    """A table of nearly flat steps: tissue classes with sharp borders, as sulci and nuclei have."""
    cuts = np.sort(rng.uniform(low, high, knots))
    values = rng.uniform(0, 1, knots + 1)[np.searchsorted(cuts, np.arange(256))].astype(np.float32)
    return np.asarray(cv2.GaussianBlur(values[None], (0, 0), rng.uniform(1, 6))[0])


def _tables(rng: Rng) -> tuple[Floats, Floats]:
    """Levels within the skull and outside, of any contrast."""
    return _inner_table(rng), _outer_table(rng)


def _own_tables(rng: Rng, grey: npt.NDArray[np.uint8], parts: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """A scan's own levels, windowed and bent, rising; outside the skull at times dimmer or brighter than within."""
    deep = grey[(parts & BRAIN) > 0]
    least, most = np.percentile(deep if len(deep) else grey, [rng.uniform(0, 4), rng.uniform(90, 99.5)])
    low = rng.uniform(-0.2, 0.7) * least
    span = max(most - low, 20) * np.exp(rng.normal(0.2, 0.3))
    rising = np.r_[0, np.cumsum(rng.dirichlet([1.5] * 4))]
    share = rng.uniform(0, 0.5) * (rng.random() < 0.6)
    levels = np.arange(256.0)
    if rng.random() < 0.4 and len(
        deep
    ):  # grey and white matter nearly alike, as thick slices and contrast agents show
        own = np.percentile(deep, [15, 50, 90])
        to = own[1] + (own - own[1]) * rng.uniform(0.25, 0.75)
        levels = np.interp(levels, [0, *own, 255], [0, *to, 255])
    at = np.clip((levels - low) / span, 0, None)
    inner = np.minimum(at, 1) ** np.exp(rng.normal(0, 0.3))
    inner = (1 - share) * inner + share * np.interp(at, np.linspace(0, 1, 5), rising)
    inner = inner + np.clip(at - 1, 0, 2) * rng.uniform(0, 0.6)  # enhanced vessels and fat beyond the window
    inner = inner * rng.uniform(0.9, 1) + rng.uniform(0, 0.08) * (rng.random() < 0.3)
    fat = rng.random()
    outer = inner * (1 if fat < 0.55 else rng.uniform(0.25, 0.9) if fat < 0.9 else rng.uniform(1, 1.6))
    return inner.astype(np.float32), (outer - outer[0]).astype(np.float32)


def _inner_table(rng: Rng) -> Floats:
    """Levels within the skull: T1, T2, FLAIR, contrast-enhanced or any other."""
    kind = rng.random()
    if kind < 0.15:
        values: npt.ArrayLike = [0, 0.15, 0.3, 0.5, 0.75, 0.95, 1.3]
    elif kind < 0.35:
        values = [1, 0.95, 0.8, 0.6, 0.4, 0.3, 0.25]
    elif kind < 0.5:
        values = [0.1, 0.1, 0.25, 0.6, 0.45, 0.4, 0.4]
    elif kind < 0.65:
        values = [0.1, 0.15, 0.35, 0.45, 0.52, 0.7, 1.4]
    else:
        values = rng.uniform(0.05, 1, 7)
    table = _table(_KNOTS, values)
    if rng.random() < 0.3:
        table = table * rng.uniform(0.3, 1) + rng.uniform(0, 0.5)
    if rng.random() < 0.55:
        share = rng.uniform(0.4, 1)
        step = _steps(rng, int(rng.integers(3, 7)), 12, 150)
        table = table * (1 - share) + step * share * max(float(table.max()), 0.3)
    return np.asarray(table, np.float32)


def _outer_table(rng: Rng) -> Floats:
    """Levels outside: fat from suppressed to far brighter than the brain, skin, bone."""
    kind = rng.random()
    fat = (
        rng.uniform(0.5, 1.5)
        if kind < 0.45
        else rng.uniform(0.15, 0.5)
        if kind < 0.72
        else rng.uniform(0.05, 0.15)
    )
    skin = rng.uniform(0, 0.2) * (rng.random() < 0.6)
    values = [0, skin, skin * 0.6 + 0.05 * fat, fat * rng.uniform(0.2, 0.7), fat * rng.uniform(0.4, 0.9)]
    table = _table([0, 14, 35, 70, 110, 170, 255], [*values, fat, fat * rng.uniform(0.9, 1.3)])
    if rng.random() < 0.3:
        cuts = np.sort(rng.uniform(12, 170, int(rng.integers(2, 5))))
        levels = np.r_[0, rng.uniform(0, 1, len(cuts))][np.searchsorted(cuts, np.arange(256))].astype(
            np.float32
        )
        table = cv2.GaussianBlur(levels[None], (0, 0), rng.uniform(1, 6))[0] * rng.uniform(0.3, 1.3)
    return np.asarray(table, np.float32)


def _lesions(rng: Rng, image: Floats, head: Bools, inside: Bools, brain: Bools, size: float) -> Floats:
    height, width = image.shape
    rows, columns = np.nonzero(brain)
    if rng.random() < 0.5 or len(rows) < 50:
        return image
    for _ in range(rng.integers(1, 4)):
        at = rng.integers(len(rows))
        radius = max(2.0, rng.uniform(0.02, 0.16) * size)
        v = (np.arange(height)[:, None] - rows[at]) / radius
        u = (np.arange(width)[None] - columns[at]) / radius * rng.uniform(0.6, 1.6)
        # As wavy as it is small: an even ring is what a person draws.
        bends = int(np.clip(max(height, width) / (radius * rng.uniform(0.6, 1.5)), 4, 90))
        wave = smooth(rng, height, width, bends)
        away = np.sqrt(v * v + u * u) + wave * rng.uniform(0.08, 0.25)
        core = 1 / (1 + np.exp(np.clip((away - 1) * rng.uniform(6, 20), -30, 30)))
        where = inside if rng.random() < 0.9 else head
        level = rng.uniform(0, 1.3) * image[head].max()
        grain = 1 + 0.25 * smooth(rng, height, width, max(3, int(min(height, width) / rng.uniform(4, 10))))
        image = np.where(where, image * (1 - core * 0.9) + level * grain * core * 0.9, image)
        if rng.random() < 0.45:
            other = smooth(rng, height, width, bends)
            wide = rng.uniform(0.05, 0.16) * np.exp(0.5 * other + 0.2 * wave)
            ring = np.exp(-(((away - 0.9) / wide) ** 2)) * np.clip(0.85 + 0.35 * other, 0.05, 1)
            image = np.where(where, image * (1 - ring) + rng.uniform(0.5, 1.1) * ring * image.max(), image)
    return image.astype(np.float32)


def _details(rng: Rng, image: Floats, head: Bools, inside: Bools) -> Floats:
    """Small sharp blobs and curves that belong to the head: what a 1 mm template is too smooth to show."""
    height, width = image.shape
    for _ in range(int(rng.choice([0, 1, 2, 3], p=[0.3, 0.3, 0.25, 0.15]))):
        field = smooth(rng, height, width, int(rng.integers(10, 70)))
        field = field / (field.std() + 1e-6)
        curves = (np.abs(field) < rng.uniform(0.01, 0.08)) & (
            smooth(rng, height, width, 6) > rng.uniform(0.3, 0.9)
        )
        seen = (field > rng.uniform(1.7, 2.8)) | curves
        where = head if rng.random() < 0.4 else inside if rng.random() < 0.6 else head & ~inside
        soft = cv2.GaussianBlur((seen & where).astype(np.float32), (0, 0), rng.uniform(0.3, 0.9))
        level = rng.uniform(0.5, 1.4) * np.percentile(image[head], 98) if rng.random() < 0.75 else 0.0
        image = image * (1 - soft) + level * soft
    return image.astype(np.float32)


def _sharpened(rng: Rng, image: Floats) -> Floats:
    if rng.random() < 0.5:
        return image
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.5))
    return np.clip(image + rng.uniform(0.5, 2.5) * (image - blurred), 0, None).astype(np.float32)


def _vessels(rng: Rng, image: Floats, head: Bools, inside: Bools) -> Floats:
    """Bright or dark winding lines and dots of tapering width, as enhanced vessels and flow voids are."""
    if rng.random() < 0.55:
        return image
    height, width = image.shape
    layer = np.zeros((height, width), np.uint8)
    for _ in range(rng.integers(1, 12)):
        x, y, way = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, 2 * np.pi)
        thick = int(rng.choice([1, 1, 1, 2, 3]))
        for _ in range(int(rng.integers(1, 14))):
            way += rng.normal(0, 0.6)
            step = rng.uniform(0.01, 0.03) * width
            nx, ny = x + step * np.cos(way), y + step * np.sin(way)
            ends = [(int(x * 8), int(y * 8)), (int(nx * 8), int(ny * 8))]
            cv2.line(layer, ends[0], ends[1], int(rng.integers(120, 256)), thick, cv2.LINE_AA, 3)
            x, y = nx, ny
        if rng.random() < 0.4:
            cv2.circle(layer, (int(x), int(y)), int(rng.integers(1, 4)), 255, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.3, 0.9)).astype(np.float32) / 255
    level = rng.uniform(0.5, 1) * max(float(image.max()), 0.1) if rng.random() < 0.65 else 0.0
    where = head if rng.random() < 0.5 else inside
    return np.where(where, image * (1 - soft) + soft * level, image).astype(np.float32)


def _cuts_and_voids(rng: Rng, image: Floats, inside: Bools) -> Floats:
    """The falx, a straight thin line down the middle, and the straight edges of fissures and of surgery."""
    if rng.random() < 0.7 or not inside.any():
        return image
    height, width = image.shape
    rows, columns = np.nonzero(inside)
    layer = np.zeros((height, width), np.uint8)
    cx, cy, reach = columns.mean(), rows.mean(), np.ptp(rows) / 2
    for _ in range(rng.integers(1, 3)):
        way = np.pi / 2 + rng.normal(0, 0.15) if rng.random() < 0.7 else rng.uniform(0, np.pi)
        start, end = sorted(rng.uniform(-1, 1, 2) * reach)
        knots = np.linspace(start, end, 6)
        wobble = rng.normal(0, 0.008 * width, 6)
        x = cx + knots * np.cos(way) - wobble * np.sin(way)
        y = cy + knots * np.sin(way) + wobble * np.cos(way)
        line = np.round(np.stack([x, y], 1) * 8).astype(np.int32)
        cv2.polylines(
            layer, [line], False, int(rng.integers(100, 256)), int(rng.integers(1, 3)), cv2.LINE_AA, 3
        )
    soft = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.4, 1.0)).astype(np.float32) / 255
    level = 0.0 if rng.random() < 0.6 else rng.uniform(0.5, 1.1) * float(image.max())
    return np.where(inside, image * (1 - soft) + soft * level, image).astype(np.float32)
