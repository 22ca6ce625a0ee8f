"""The tile that marks are drawn on, and how lines and areas are put on it."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
from sheet import BLACK, WHITE, Colour, Draw, Sheet
from tissue import Bools, Floats, Rng

_BRIGHT = (
    (255, 255, 0),
    (0, 255, 0),
    (255, 60, 40),
    (60, 140, 255),
    (0, 255, 255),
    (255, 0, 255),
    (255, 150, 0),
)
Points = np.ndarray


class Tile(Sheet):
    """A part of a page that is drawn on: `unit` is its pixels to one of the finished tile, `blur` how soft marks
    are in pixels; greys are those of screens and printers, not always quite black or white."""

    def __init__(self, rng: Rng, rgb: Floats, inside: Bools, long: float, unit: float) -> None:
        super().__init__(rng, rgb, inside, inside, either=True)
        self.long, self.unit = long, unit
        self.dim = 1.0 if rng.random() < 0.78 else float(rng.uniform(0.35, 1))
        self.light = 255.0 if rng.random() < 0.5 else float(rng.uniform(190, 255))
        self.dark = 0.0 if rng.random() < 0.5 else float(rng.uniform(0, 55))
        self.blur = float(rng.uniform(0.35, 1.1)) * unit if rng.random() < 0.22 else 0.0

    def _blend(self, ink: Floats, colour: Colour) -> None:
        soft = cv2.GaussianBlur(ink, (0, 0), self.blur) if self.blur > 0.3 else ink
        super()._blend(soft, self._shade(colour))

    def _shade(self, colour: Colour) -> Colour:
        if colour == WHITE:
            return (self.light,) * 3
        return (self.dark,) * 3 if colour == BLACK else colour

    def ink(self, x: float, y: float) -> Colour:
        """What a mark at a place is drawn in: most are black or white, few coloured."""
        kind = self.rng.random()
        if kind < 0.08:
            return _BRIGHT[self.rng.integers(len(_BRIGHT))]
        x0, y0 = int(np.clip(x, 0, self.width - 1)), int(np.clip(y, 0, self.height - 1))
        level = float(self.rgb[max(0, y0 - 4) : y0 + 5, max(0, x0 - 4) : x0 + 5].mean())
        if kind < 0.16:  # not far from what is there
            return (float(np.clip(level + self.rng.choice([-1, 1]) * self.rng.uniform(35, 90), 0, 255)),) * 3
        # Black ones are the harder to tell from fluid and vessels, and as common on grey tissue.
        return BLACK if level > 185 or (level > 38 and self.rng.random() < 0.7) else WHITE


def between(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def turned(points: object, way: float) -> Points:
    cos, sin = np.cos(way), np.sin(way)
    return np.asarray(points, float) @ np.array([(cos, sin), (-sin, cos)])


def flat(points: Points, scale: float) -> list[tuple[float, float]]:
    return [(float(x) * scale, float(y) * scale) for x, y in points]


def stroke(tile: Tile, parts: list[Points], colour: Colour, wide: float, **how: object) -> None:
    def draw(d: Draw, s: float) -> None:
        for part in parts:
            d.line(flat(part, s), fill=255, width=max(1, round(wide * s)), joint="curve")

    tile.stamp(draw, colour, **how)  # type: ignore[arg-type]


def fill(tile: Tile, points: Points, colour: Colour, **how: object) -> None:
    tile.stamp(lambda d, s: d.polygon(flat(points, s), fill=255), colour, **how)  # type: ignore[arg-type]


def rim_of(tile: Tile, colour: Colour, chance: float) -> Colour | None:
    if tile.rng.random() >= chance:
        return None
    return BLACK if sum(colour) > 380 else WHITE
