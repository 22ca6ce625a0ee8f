"""Covers of overlays that are not text: rulers, arrows, pointers, crosshairs, measured lines.

A cover is float64 (rows, columns), 0..1. Slanted shapes are filled on a grid four times as fine and averaged.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from curator.synthetic.lettering import F64, trimmed
from curator.synthetic.polygon import filled

_FINE = 4
Polygon: TypeAlias = list[tuple[float, float]]


def polygons(shapes: list[Polygon]) -> F64:
    """Filled polygons (px, any origin), trimmed to their ink."""
    points = [np.round(np.asarray(shape, np.float64) * _FINE, 6) for shape in shapes]
    low = np.floor(np.min([p.min(axis=0) for p in points], axis=0) / _FINE) * _FINE
    high = np.max([p.max(axis=0) for p in points], axis=0)
    columns, rows = (np.ceil((high - low + 1) / _FINE).astype(int) + 1).tolist()
    fine = filled([p - low for p in points], columns * _FINE, rows * _FINE)
    cover = fine.reshape(rows, _FINE, columns, _FINE).sum(axis=(1, 3)) / _FINE**2
    return trimmed(cover)


def arrow(length: float, angle: float, thickness: float, *, block: bool) -> F64:
    """An arrow that points along `angle` (rad); `block` is the short fat kind."""
    half = thickness / 2 * (1.6 if block else 1.0)
    tip = min(0.55 * length, (4.2 if block else 5.0) * thickness)
    wing = tip * (0.62 if block else 0.42)
    shape = [
        (0.0, 0.0),
        (-tip, wing),
        (-tip, half),
        (-length, half),
        (-length, -half),
        (-tip, -half),
        (-tip, -wing),
    ]
    return polygons([turned(shape, angle)])


def line(x: float, y: float, thickness: float) -> Polygon:
    """A straight line from the origin to x, y as a polygon."""
    length = math.hypot(x, y)
    half = thickness / 2
    return turned([(0.0, -half), (length, -half), (length, half), (0.0, half)], math.atan2(y, x))


def caliper(x: float, y: float, thickness: float, mark: float) -> F64:
    """A measured distance: a thin line with a small cross stroke at both ends."""
    angle = math.atan2(y, x) + math.pi / 2
    stroke = line(mark * math.cos(angle), mark * math.sin(angle), thickness)
    dx, dy = -mark / 2 * math.cos(angle), -mark / 2 * math.sin(angle)
    ends = [[(a + dx + ex, b + dy + ey) for a, b in stroke] for ex, ey in ((0.0, 0.0), (x, y))]
    return polygons([line(x, y, thickness), *ends])


def pointer(size: float) -> F64:
    """A mouse pointer."""
    outline = [(0, 0), (0, 16), (3.7, 12.6), (6.3, 18.2), (8.6, 17.2), (6.1, 11.7), (11.2, 11.6)]
    return polygons([[(x * size / 18, y * size / 18) for x, y in outline]])


def ruler(length: int, ticks: int, depth: int, *, upright: bool, closed: bool) -> F64:
    """A scale with ticks; `closed` is a bracket: a line and its two ends."""
    cover = np.zeros((depth, length))
    cover[-1] = 1
    places = [0, length - 1] if closed else [round(i * (length - 1) / ticks) for i in range(ticks + 1)]
    for i, x in enumerate(places):
        cover[0 if closed or i % 5 == 0 else depth // 2 :, x] = 1
    return np.ascontiguousarray(cover.T) if upright else cover


def ring(radius: float, thickness: float) -> F64:
    """A circle's outline."""
    side = math.ceil(2 * radius + thickness) + 2
    v, u = np.mgrid[:side, :side] - (side - 1) / 2
    return trimmed(np.clip(thickness / 2 + 0.5 - np.abs(np.hypot(u, v) - radius), 0, 1))


def turned(shape: Polygon, angle: float) -> Polygon:
    """A polygon turned about the origin."""
    cos, sin = math.cos(angle), math.sin(angle)
    return [(cos * x - sin * y, sin * x + cos * y) for x, y in shape]
