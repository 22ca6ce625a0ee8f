"""What looks drawn and is not: vessels, sulci, falx, rims of lesions, flow voids, specks, ringing, staircases."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
from tissue import Bools, Floats, Rng, smooth


def add_lookalikes(rng: Rng, grey: Floats, inside: Bools, many: float, fine: float = 1.0) -> Floats:
    """`grey` (h, w) 0..255 with about so many things drawn on the head that belong to it.

    They are as sharp as the scan: `fine` is the size of its finest detail in pixels.
    """
    if inside.sum() < 50:
        return grey
    small = _small(inside, fine)
    rows, columns = np.nonzero(small)
    if not len(rows):
        return grey
    levels = np.percentile(grey[inside][::7], [3, 50, 97]).tolist()
    for _ in range(rng.poisson(many)):
        kind = _KINDS[int(rng.choice(len(_KINDS), p=_SHARES))]
        cover = np.zeros(small.shape, np.uint8)
        for _ in range(int(rng.choice([1, 2, 3, 6]))):
            at = rng.integers(len(rows))
            kind(rng, cover, float(columns[at]), float(rows[at]))
        if kind in (_horn, _fissure) and rng.random() < 0.5:  # both halves of the brain look alike
            cover = np.maximum(cover, cover[:, ::-1])
        cover[~small] = 0
        bright = rng.random() < 0.5
        if rng.random() < 0.25:  # in fluid, in a sheath, or with a rim of swelling
            round_it = cv2.dilate(cover, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
            grey = _blend(rng, grey, round_it, _level(rng, levels, not bright))
        grey = _blend(rng, grey, cover, _level(rng, levels, bright))
    if rng.random() < 0.2:
        grey = _sulci_at_the_rim(rng, grey, inside, fine)
    if rng.random() < 0.08:
        grey = midline(rng, grey, inside, fine, np.pi / 2 + rng.normal(0, 0.2))
    return np.asarray(grey, np.float32)


def _small(inside: Bools, fine: float) -> Bools:
    size = (max(2, round(inside.shape[1] / fine)), max(2, round(inside.shape[0] / fine)))
    return np.asarray(cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)


def _level(rng: Rng, levels: list[float], bright: bool) -> float:
    """From little off the middle of the brain's levels (dark, middle, bright) to a little beyond its brightest."""
    dark, middle, light = levels
    share = rng.uniform(0.35, 1.15)
    return float(np.clip(middle + share * ((light if bright else dark * 0.6) - middle), 0, 255))


def _blend(
    rng: Rng, grey: Floats, cover: np.ndarray, level: float, even: float = 0.12, softest: int = 5
) -> Floats:
    """A layer (0..255) drawn a pixel to each finest detail, on the page; no tissue is quite even."""
    blur = (0.35, 0.45, 0.6, 0.8, 1.2)[rng.integers(softest)]
    soft = cv2.GaussianBlur(cover, (0, 0), blur).astype(np.float32) / 255
    if rng.random() >= even:
        soft = soft * np.clip(1 + 0.4 * smooth(rng, *cover.shape, int(rng.integers(6, 40))), 0.1, 1.2)
    soft = np.clip(soft, 0, 1) * rng.uniform(0.45, 1)
    if soft.shape != grey.shape:
        soft = np.clip(cv2.resize(soft, grey.shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)
    return np.asarray(grey + (level - grey) * soft, np.float32)


def _sulci_at_the_rim(rng: Rng, grey: Floats, inside: Bools, fine: float) -> Floats:
    """Wedges of fluid, bright or dark, that run inwards from the skull all round."""
    small = _small(inside, fine)
    edges, _ = cv2.findContours(small.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not edges:
        return grey
    edge = max(edges, key=len)[:, 0].astype(float)
    cover = np.zeros(small.shape, np.uint8)
    middle = edge.mean(0)
    for at in range(int(rng.integers(0, 20)), len(edge), int(rng.integers(7, 30))):
        x, y = edge[at]
        way = np.arctan2(middle[1] - y, middle[0] - x) + rng.normal(0, 0.4)
        path = _walk(rng, x, y, way, int(rng.integers(3, 14)), rng.uniform(1, 3), rng.uniform(0.05, 0.35))
        _ribbon(rng, cover, path, rng.uniform(1, 6), rng.uniform(0.3, 2))
    levels = np.percentile(grey[inside][::7], [3, 50, 97]).tolist()
    made = _blend(rng, grey, cover, _level(rng, levels, bool(rng.random() < 0.5)))
    return np.asarray(np.where(inside, made, grey), np.float32)


def midline(
    rng: Rng, grey: Floats, inside: Bools, fine: float, way: float, middle: tuple[float, float] | None = None
) -> Floats:
    """The cleft between the halves, which runs that way (radians) through `middle` (x, y), or anywhere: rails of
    bright fluid beside the dark falx, a dark cleft with sulci that enter it, or a falx that is bright; vessels cut
    across, and the sinus at the end."""
    small = _small(inside, fine)
    rows, columns = np.nonzero(small)
    if len(rows) < 400:
        return grey
    at = rng.integers(len(rows))
    centre = np.array((columns[at], rows[at]) if middle is None else middle, float) / (fine if middle else 1)
    along, aside = np.array([np.cos(way), np.sin(way)]), np.array([-np.sin(way), np.cos(way)])
    far = (columns - centre[0]) * along[0] + (rows - centre[1]) * along[1]
    reach = np.percentile(far, [0.3, 99.7])
    length = float(reach[1] - reach[0])
    pieces = [tuple(reach)]
    if rng.random() < 0.65:
        pieces = [
            (reach[0], reach[0] + rng.uniform(0.15, 0.45) * length),
            (reach[1] - rng.uniform(0.15, 0.45) * length, reach[1]),
        ]
    shift, sway, kind = rng.normal(0, 0.006) * length, rng.uniform(0, 1.3), rng.random()
    levels = np.percentile(grey[inside][::7], [2, 50, 98.5]).tolist()
    bright = kind < 0.45 or (kind >= 0.72 and rng.random() < 0.8)
    bands = [(rng.uniform(0.8, 3.2), bright)]  # width, and whether bright
    if kind < 0.45:
        bands = [(rng.uniform(2.2, 6), True), (rng.uniform(0.7, 1.4), False)]
    elif kind >= 0.72:
        bands = [(rng.uniform(0.6, 1.6), bright)]
    for wide, light in bands:
        cover = np.zeros(small.shape, np.uint8)
        for start, end in pieces:
            at = np.arange(start, end, 2.0)
            if len(at) < 4:
                continue
            off = shift + sway * _wave(rng, len(at))
            path = centre + at[:, None] * along + off[:, None] * aside
            _band(rng, cover, path, wide, aside)
            if 0.45 <= kind < 0.72:
                _side_sulci(rng, cover, path, way, wide)
            if light and rng.random() < 0.4:
                tip = path[-1 if end == reach[1] else 0]
                cv2.fillPoly(cover, [_fixed(_triangle(rng, tip, along, aside))], 255, cv2.LINE_AA, 3)
        grey = _inside_blend(rng, grey, inside, cover, _level(rng, levels, light))
    dots = np.zeros(small.shape, np.uint8)
    for _ in range(rng.poisson(3.5)):
        low, high = pieces[rng.integers(len(pieces))]
        spot = centre + rng.uniform(low, high) * along + (shift + rng.normal(0, 1.6)) * aside
        size = rng.uniform(4, 14)
        for step in range(int(rng.choice([1, 1, 1, 1, 2]))):  # alone, or two side by side
            place = spot + step * 0.4 * size * (along if rng.random() < 0.6 else aside)
            cv2.circle(dots, _fixed(place), int(size), 255, -1, cv2.LINE_AA, 3)
    dark = rng.random() < 0.6
    if dark and rng.random() < 0.6:
        wide = cv2.dilate(dots, np.ones((3, 3), np.uint8))
        grey = _inside_blend(rng, grey, inside, wide, _level(rng, levels, True))
    return _inside_blend(rng, grey, inside, dots, _level(rng, levels, not dark))


def _inside_blend(rng: Rng, grey: Floats, inside: Bools, cover: np.ndarray, level: float) -> Floats:
    return np.asarray(np.where(inside, _blend(rng, grey, cover, level, 0.3, 3), grey), np.float32)


def _wave(rng: Rng, count: int) -> np.ndarray:
    knots = rng.standard_normal(max(3, count // 9))
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)


def _band(rng: Rng, cover: np.ndarray, path: np.ndarray, wide: float, aside: np.ndarray) -> None:
    """A band of a width that changes slowly, here and there interrupted."""
    half = 0.5 * wide * np.exp(rng.uniform(0, 0.4) * _wave(rng, len(path)))[:, None]
    solid = _wave(rng, len(path)) > rng.choice([-9, -1.5, -0.7])
    strong = np.clip(255 * np.minimum(1, half[:, 0] * 2.5), 60, 255)
    for index in np.flatnonzero(solid[:-1]):
        ends = path[[index, index + 1]]
        thick = half[[index, index + 1]] * aside
        quad = np.concatenate([ends + thick, (ends - thick)[::-1]])
        cv2.fillPoly(cover, [_fixed(quad)], int(strong[index]), cv2.LINE_AA, 3)


def _side_sulci(rng: Rng, cover: np.ndarray, path: np.ndarray, way: float, wide: float) -> None:
    every = int(rng.integers(4, 16))
    for index in range(int(rng.integers(every)), len(path), every):
        if rng.random() < 0.6:
            turn = way + rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.3)
            branch = _walk(rng, *path[index], turn, int(rng.integers(3, 10)), rng.uniform(1, 2.5), 0.15)
            _ribbon(rng, cover, branch, wide * rng.uniform(0.5, 1.3), 0.4)


def _triangle(rng: Rng, tip: np.ndarray, along: np.ndarray, aside: np.ndarray) -> np.ndarray:
    size = rng.uniform(1.5, 6)
    return np.array([tip - 2 * size * along, tip + size * aside, tip - size * aside]) * 1.0


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * 8).astype(np.int32)


def _walk(rng: Rng, x: float, y: float, way: float, steps: int, step: float, wind: float) -> np.ndarray:
    turns = np.cumsum(rng.normal(0, wind, steps)) + way
    return np.asarray(np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * step, 0) + np.array([x, y]))


def _ribbon(rng: Rng, cover: np.ndarray, path: np.ndarray, first: float, last: float) -> None:
    """A curve whose width goes from `first` to `last` pixels."""
    along = np.gradient(path, axis=0)
    aside = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(1e-3, np.hypot(*along.T))[:, None]
    half = np.linspace(first, last, len(path)) / 2 * np.clip(1 + 0.3 * _wave(rng, len(path)), 0.3, 2)
    half = half[:, None]
    around = np.concatenate([path + aside * half, (path - aside * half)[::-1]])
    cv2.fillPoly(cover, [_fixed(around)], 255, cv2.LINE_AA, 3)


def _vessel(
    rng: Rng, cover: np.ndarray, x: float, y: float, wide: float | None = None, deep: int = 0
) -> None:
    """A winding tube that tapers and branches."""
    wide = float(rng.choice([1.0, 1.5, 2.0, 3.0, 4.5])) if wide is None else wide
    path = _walk(
        rng, x, y, rng.uniform(0, 6.3), int(rng.integers(4, 22)), rng.uniform(1.5, 4), rng.uniform(0.05, 0.5)
    )
    _ribbon(rng, cover, path, wide, wide * rng.uniform(0.3, 0.9))
    while deep < 2 and rng.random() < 0.45:
        fork = path[rng.integers(len(path))]
        _vessel(rng, cover, float(fork[0]), float(fork[1]), wide * 0.7, deep + 1)
        deep += 1


def _wedge(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """The tip of a sulcus or a horn of a ventricle: wide at one end, bent."""
    path = _walk(
        rng, x, y, rng.uniform(0, 6.3), int(rng.integers(4, 14)), rng.uniform(1, 3.5), rng.uniform(0.02, 0.25)
    )
    _ribbon(rng, cover, path, rng.uniform(1.5, 6), rng.uniform(0, 1))


def _straight(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """The falx, a tentorium, a fissure: nearly straight, thin, long."""
    way = rng.choice([np.pi / 2, 0]) + rng.normal(0, 0.12) if rng.random() < 0.6 else rng.uniform(0, 6.3)
    path = _walk(rng, x, y, way, int(rng.integers(5, 30)), rng.uniform(2, 5), rng.uniform(0.03, 0.15))
    _ribbon(rng, cover, path, rng.uniform(0.6, 2.2), rng.uniform(0.0, 1.5))


def _horn(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """A ventricle: wide, bent, tapering to both ends."""
    path = _walk(
        rng,
        x,
        y,
        rng.uniform(0, 6.3),
        int(rng.integers(6, 22)),
        rng.uniform(1.5, 4.5),
        rng.uniform(0.02, 0.22),
    )
    wide, middle = rng.uniform(3, 16), len(path) // 2 + 1
    _ribbon(rng, cover, path[:middle], rng.uniform(0, 2), wide)
    _ribbon(rng, cover, path[middle - 1 :], wide, rng.uniform(0, 2))


def _fissure(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """The cleft between the halves: upright, long, now thin and now wide, at times interrupted."""
    path = _walk(rng, x, y, np.pi / 2 + rng.normal(0, 0.1), int(rng.integers(8, 40)), 3.0, 0.05)
    half = np.abs(rng.normal(0, rng.uniform(0.5, 2.5), len(path)))
    half = np.convolve(half, np.ones(3) / 3, "same")
    for index in np.flatnonzero(half[:-1] > 0.15):
        pen = max(1, round(float(2 * half[index])))
        cv2.line(cover, _fixed(path[index]), _fixed(path[index + 1]), 255, pen, cv2.LINE_AA, 3)


def _ring(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """A rim of a lesion or the wall of a vessel: closed, wavy, of uneven width."""
    a, r = np.linspace(0, 2 * np.pi, 40), rng.uniform(2, 26)
    far = 1 + sum(rng.normal(0, 0.2 / n) * np.sin(n * a + rng.uniform(0, 6)) for n in range(2, 6))
    path = np.stack([np.cos(a) * far, np.sin(a) * far * rng.uniform(0.5, 1)], 1) * r + (x, y)
    wide = 1 + 0.6 * np.sin(a + rng.uniform(0, 6)) + 0.3 * rng.standard_normal(40)
    for index in range(39):
        if wide[index] > 0.25:
            pen = max(1, round(float(wide[index] * rng.uniform(0.8, 2))))
            cv2.line(
                cover,
                _fixed(path[index]),
                _fixed(path[index + 1]),
                int(rng.integers(150, 256)),
                pen,
                cv2.LINE_AA,
                3,
            )


def _speck(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """A flow void, a calcification, a bright spot: small, of no certain shape."""
    a = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(5, 12))))
    far = np.exp(rng.uniform(np.log(0.8), np.log(6))) * rng.uniform(0.55, 1.2, len(a))
    cv2.fillPoly(
        cover,
        [_fixed(np.stack([np.cos(a), np.sin(a) * rng.uniform(0.4, 1)], 1) * far[:, None] + (x, y))],
        255,
        cv2.LINE_AA,
        3,
    )


def _folds(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """Winding bands as gyri have them, over a part of the head."""
    field = smooth(rng, *cover.shape, int(rng.integers(8, 50)))
    part = smooth(rng, *cover.shape, 5) > rng.uniform(0, 1)
    cover[(np.abs(field) < rng.uniform(0.05, 0.3)) & part] = 255


def _clump(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """Choroid plexus, a cluster of calcifications or of small bleeds: specks close together."""
    spread = rng.uniform(1.5, 6)
    for _ in range(int(rng.integers(3, 14))):
        u, v = rng.normal(0, spread), rng.normal(0, spread * 0.7)
        cv2.circle(
            cover,
            _fixed(np.array([x + u, y + v])),
            int(rng.uniform(4, 14)),
            int(rng.integers(90, 256)),
            -1,
            cv2.LINE_AA,
            3,
        )


_KINDS = (_vessel, _wedge, _straight, _ring, _speck, _folds, _horn, _fissure, _clump)
_SHARES = (0.26, 0.15, 0.05, 0.1, 0.16, 0.05, 0.1, 0.05, 0.08)


def ringing(rng: Rng, grey: Floats) -> Floats:
    """High frequencies cut off hard along one or both axes, as a scanner's matrix does."""
    rows, columns = (grey.shape[0] + 1) // 2 * 2, (grey.shape[1] + 1) // 2 * 2
    wide = cv2.copyMakeBorder(grey, 0, rows - grey.shape[0], 0, columns - grey.shape[1], cv2.BORDER_REFLECT)
    wave = np.fft.rfft2(wide)
    low = rng.uniform(0.45, 0.95, 2)
    wave[np.abs(np.fft.fftfreq(rows)) > 0.5 * low[0]] = 0
    wave[:, np.fft.rfftfreq(columns) > 0.5 * low[1]] = 0
    return np.fft.irfft2(wave, wide.shape)[: grey.shape[0], : grey.shape[1]].astype(np.float32)


def sharpened(rng: Rng, grey: Floats) -> Floats:
    """Unsharp masking, from mild to what leaves halos."""
    blurred = cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.7, 2.2)))
    return np.asarray(np.clip(grey + rng.uniform(0.3, 1.6) * (grey - blurred), 0, 255), np.float32)


def stepped(rng: Rng, grey: Floats) -> Floats:
    """Made smaller and larger again by a method that leaves blocks or steps, or with few grey levels."""
    if rng.random() < 0.15:
        levels = float(rng.choice([16, 24, 40, 64]))
        return np.asarray(np.round(grey / 255 * levels) * (255 / levels), np.float32)
    share = rng.uniform(0.3, 0.8)
    size = (max(8, int(grey.shape[1] * share)), max(8, int(grey.shape[0] * share)))
    down = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    up = int(
        rng.choice(
            [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4],
            p=[0.2, 0.25, 0.3, 0.25],
        )
    )
    return np.asarray(cv2.resize(down, grey.shape[::-1], interpolation=up), np.float32)
