"""What looks drawn and is not: vessels, sulci, falx, rims of lesions, flow voids, specks, ringing, staircases."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
from tissue import Bools, Floats, Rng, smooth


def add_lookalikes(rng: Rng, grey: Floats, inside: Bools, many: float) -> Floats:
    """`grey` (h, w) 0..255 with about so many things drawn on the head that belong to it."""
    rows, columns = np.nonzero(inside)
    if len(rows) < 50:
        return grey
    for _ in range(rng.poisson(many)):
        index = int(rng.choice(len(_KINDS), p=_SHARES))
        kind = _KINDS[index]
        cover = np.zeros(grey.shape, np.uint8)
        for _ in range(int(rng.choice([1, 2, 3, 6]))):
            at = rng.integers(len(rows))
            kind(rng, cover, float(columns[at]), float(rows[at]))
        if kind in (_horn, _fissure) and rng.random() < 0.5:  # both halves of the brain look alike
            cover = np.maximum(cover, cover[:, ::-1])
        widths = [0.35, 0.5, 0.7, 1.0, 1.4, 2.0]
        soft = cv2.GaussianBlur(cover, (0, 0), float(rng.choice(widths))).astype(np.float32) / 255
        if rng.random() < 0.75:  # no tissue is quite even
            soft = soft * np.clip(1 + 0.45 * smooth(rng, *grey.shape, int(rng.integers(6, 40))), 0.1, 1.3)
        soft = np.clip(soft, 0, 1) * rng.uniform(0.4, 1)
        top = float(np.percentile(grey[inside], 99))
        level = rng.uniform(0.7, 1.35) * top if rng.random() < 0.45 else rng.uniform(0, 0.3) * top
        grain = 1 + rng.uniform(0, 0.12) * rng.standard_normal(grey.shape).astype(np.float32)
        grey = grey * (1 - soft) + np.minimum(level, 255) * soft * grain
    if rng.random() < 0.35:
        grey = _sulci_at_the_rim(rng, grey, inside)
    if rng.random() < 0.3:
        grey = _falx(rng, grey, inside)
    return np.asarray(grey, np.float32)


def _sulci_at_the_rim(rng: Rng, grey: Floats, inside: Bools) -> Floats:
    """Wedges of fluid, bright or dark, that run inwards from the skull all round."""
    edges, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = max(edges, key=len)[:, 0].astype(float)
    cover = np.zeros(grey.shape, np.uint8)
    middle = edge.mean(0)
    for at in range(int(rng.integers(0, 20)), len(edge), int(rng.integers(7, 30))):
        x, y = edge[at]
        way = np.arctan2(middle[1] - y, middle[0] - x) + rng.normal(0, 0.4)
        path = _walk(rng, x, y, way, int(rng.integers(3, 14)), rng.uniform(1, 3), rng.uniform(0.05, 0.35))
        _ribbon(rng, cover, path, rng.uniform(1, 6), rng.uniform(0.3, 2))
    soft = cv2.GaussianBlur(cover, (0, 0), float(rng.uniform(0.4, 1.5))).astype(np.float32) / 255
    soft = np.clip(soft * (1 + 0.4 * smooth(rng, *grey.shape, 12)), 0, 1)
    top = float(np.percentile(grey[inside], 99))
    level = rng.uniform(0.8, 1.2) * top if rng.random() < 0.5 else rng.uniform(0, 0.25) * top
    return np.asarray(np.where(inside, grey * (1 - soft) + min(level, 255.0) * soft, grey), np.float32)


def _falx(rng: Rng, grey: Floats, inside: Bools) -> Floats:
    """The midline as heavily weighted scans show it: a band of fluid with the thin dark falx and dots in it."""
    rows, columns = np.nonzero(inside)
    start, end = np.sort(rng.uniform(rows.min(), rows.max(), 2))
    if end - start < 20:
        return grey
    knots = max(4, int((end - start) / 4))
    x = columns.mean() + rng.normal(0, 4) + np.cumsum(rng.normal(0, 0.3, knots))
    path = np.stack([x, np.linspace(start, end, knots)], 1)
    top = float(np.percentile(grey[inside], 99))
    sharp, inks = float(rng.uniform(0.35, 1.2)), (rng.uniform(0.7, 1.2) * top, rng.uniform(0, 0.3) * top)
    if rng.random() < 0.25:
        inks = inks[::-1]
    for level, low, high in ((inks[0], 2.0, 9.0), (inks[1], 0.7, 2.2)):
        cover = np.zeros(grey.shape, np.uint8)
        wide = np.clip(rng.uniform(low, high) * np.exp(0.5 * rng.standard_normal(knots)), 0.3, 14)
        for index in range(knots - 1):
            if rng.random() < 0.93:
                pen = max(1, round(float(wide[index])))
                cv2.line(cover, _fixed(path[index]), _fixed(path[index + 1]), 255, pen, cv2.LINE_AA, 3)
        if level == inks[1]:
            for _ in range(rng.poisson(3)):
                spot = path[rng.integers(knots)] + rng.normal(0, 1.5, 2)
                cv2.circle(cover, _fixed(spot), int(rng.uniform(6, 22)), 255, -1, cv2.LINE_AA, 3)
        soft = cv2.GaussianBlur(cover, (0, 0), sharp).astype(np.float32) / 255 * rng.uniform(0.5, 1)
        grey = np.where(inside, grey * (1 - soft) + min(level, 255.0) * soft, grey)
    return np.asarray(grey, np.float32)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * 8).astype(np.int32)


def _walk(rng: Rng, x: float, y: float, way: float, steps: int, step: float, wind: float) -> np.ndarray:
    turns = np.cumsum(rng.normal(0, wind, steps)) + way
    return np.asarray(np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * step, 0) + np.array([x, y]))


def _ribbon(rng: Rng, cover: np.ndarray, path: np.ndarray, first: float, last: float) -> None:
    """A curve whose width goes from `first` to `last` pixels."""
    along = np.gradient(path, axis=0)
    aside = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(1e-3, np.hypot(*along.T))[:, None]
    half = np.linspace(first, last, len(path))[:, None] / 2 * (1 + 0.25 * rng.standard_normal((len(path), 1)))
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
    _ribbon(rng, cover, path, rng.uniform(2, 9), rng.uniform(0, 1))


def _straight(rng: Rng, cover: np.ndarray, x: float, y: float) -> None:
    """The falx, a tentorium, a fissure: nearly straight, thin, long."""
    way = rng.choice([np.pi / 2, 0]) + rng.normal(0, 0.12) if rng.random() < 0.6 else rng.uniform(0, 6.3)
    path = _walk(rng, x, y, way, int(rng.integers(5, 30)), rng.uniform(2, 6), rng.uniform(0.01, 0.07))
    _ribbon(rng, cover, path, rng.uniform(0.6, 2.2), rng.uniform(0.5, 2.0))


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


_KINDS = (_vessel, _wedge, _straight, _ring, _speck, _folds, _horn, _fissure)
_SHARES = (0.22, 0.16, 0.1, 0.1, 0.13, 0.05, 0.14, 0.1)


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
    return np.asarray(np.clip(grey + rng.uniform(0.4, 2.5) * (grey - blurred), 0, 255), np.float32)


def stepped(rng: Rng, grey: Floats) -> Floats:
    """Made smaller and larger again by a method that leaves blocks or steps, or with few grey levels."""
    if rng.random() < 0.3:
        levels = float(rng.choice([8, 16, 24, 40]))
        return np.asarray(np.round(grey / 255 * levels) * (255 / levels), np.float32)
    share = rng.uniform(0.3, 0.8)
    size = (max(8, int(grey.shape[1] * share)), max(8, int(grey.shape[0] * share)))
    down = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    up = int(
        rng.choice(
            [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4],
            p=[0.3, 0.2, 0.25, 0.25],
        )
    )
    return np.asarray(cv2.resize(down, grey.shape[::-1], interpolation=up), np.float32)
