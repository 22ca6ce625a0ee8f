"""Marks drawn on a tile of a brain: arrows down to a few pixels, letters, pointers, contours, lines, watermarks.

Beside those of `models/proposals/upon.py` and `small.py`, which are drawn here too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
import small
import upon
from beside import watermark
from sheet import BLACK, WHITE, Colour, Draw, Layer, Sheet, Type, phrase, word
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
    """A part of a page that is drawn on: `unit` is its pixels to one of the finished tile, `strength` how opaque
    marks are; greys are those of screens and printers, not always quite black or white."""

    def __init__(self, rng: Rng, rgb: Floats, inside: Bools, long: float, unit: float) -> None:
        super().__init__(rng, rgb, inside, inside, either=True)
        self.long, self.unit = long, unit
        self.strength = 1.0 if rng.random() < 0.72 else float(rng.uniform(0.25, 1))
        self.light = 255.0 if rng.random() < 0.5 else float(rng.uniform(190, 255))
        self.dark = 0.0 if rng.random() < 0.5 else float(rng.uniform(0, 55))

    def stamp(
        self,
        draw: Layer,
        colour: Colour,
        alpha: float = 1.0,
        *,
        off_head: bool = False,
        outline: Colour | None = None,
    ) -> None:
        super().stamp(
            draw, self._shade(colour), alpha * self.strength, outline=outline and self._shade(outline)
        )

    def _shade(self, colour: Colour) -> Colour:
        if colour == WHITE:
            return (self.light,) * 3
        return (self.dark,) * 3 if colour == BLACK else colour

    def ink(self, x: float, y: float) -> Colour:
        """What a mark at a place is drawn in: most are black or white, few coloured."""
        kind = self.rng.random()
        if kind < 0.08:
            return _BRIGHT[self.rng.integers(len(_BRIGHT))]
        if kind < 0.16:  # not far from what is there
            x0, y0 = int(np.clip(x, 0, self.width - 1)), int(np.clip(y, 0, self.height - 1))
            level = float(self.rgb[max(0, y0 - 4) : y0 + 5, max(0, x0 - 4) : x0 + 5].mean())
            return (float(np.clip(level + self.rng.choice([-1, 1]) * self.rng.uniform(35, 90), 0, 255)),) * 3
        return self.contrary(x, y)


def _size(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _turn(points: object, way: float) -> Points:
    cos, sin = np.cos(way), np.sin(way)
    return np.asarray(points, float) @ np.array([(cos, sin), (-sin, cos)])


def _flat(points: Points, scale: float) -> list[tuple[float, float]]:
    return [(float(x) * scale, float(y) * scale) for x, y in points]


def _lines(tile: Tile, parts: list[Points], colour: Colour, wide: float, **how: object) -> None:
    def draw(d: Draw, s: float) -> None:
        for part in parts:
            d.line(_flat(part, s), fill=255, width=max(1, round(wide * s)), joint="curve")

    tile.stamp(draw, colour, **how)  # type: ignore[arg-type]


def _shape(tile: Tile, points: Points, colour: Colour, **how: object) -> None:
    tile.stamp(lambda d, s: d.polygon(_flat(points, s), fill=255), colour, **how)  # type: ignore[arg-type]


def _rim(tile: Tile, colour: Colour, chance: float) -> Colour | None:
    if tile.rng.random() >= chance:
        return None
    return BLACK if sum(colour) > 380 else WHITE


def thin_arrows(tile: Tile) -> None:
    """A thin straight or bent shaft with barbs, or with a small filled head; often several that point alike."""
    rng, u = tile.rng, tile.unit
    length, wide = _size(rng, 9, 75) * u, float(rng.choice([1, 1, 1.5, 2, 3])) * u
    head, spread = max(2.2 * u, length * rng.uniform(0.12, 0.38)), rng.uniform(0.25, 0.65)
    barbs, bend, way = (
        rng.random() < 0.5,
        rng.normal(0, 0.25) * (rng.random() < 0.2),
        rng.uniform(0, 2 * np.pi),
    )
    rim = rng.random() < 0.12
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        along = np.linspace(0.4 * head * (not barbs), length, 9)
        shaft = np.stack([along, bend * length * (along / length) ** 2], 1)
        wings = np.array([(head, head * spread), (0, 0), (head, -head * spread)])
        colour = tile.ink(*spot)
        outline = (BLACK if sum(colour) > 380 else WHITE) if rim else None
        place = np.array(spot)

        def draw(d: Draw, s: float, place: Points = place, way: float = way) -> None:
            pen = max(1, round(wide * s))
            d.line(_flat(_turn(shaft, way) + place, s), fill=255, width=pen)
            points = _flat(_turn(wings, way) + place, s)
            d.line(points, fill=255, width=pen) if barbs else d.polygon(points, fill=255)

        tile.stamp(draw, colour, outline=outline)
        way += rng.normal(0, 0.15) if rng.random() < 0.6 else rng.uniform(0, 6)


def tiny_arrows(tile: Tile) -> None:
    """Arrows of 4 to 14 pixels: a filled head, with or without a stem."""
    rng, u = tile.rng, tile.unit
    length, spread = _size(rng, 4, 14) * u, rng.uniform(0.35, 0.75)
    stem, part = rng.random() < 0.7, rng.uniform(0.4, 0.7)
    way = rng.choice(8) * np.pi / 4 if rng.random() < 0.4 else rng.uniform(0, 2 * np.pi)
    for _ in range(rng.choice([1, 1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        tip = _turn(
            [(0, 0), (length * part, length * part * spread), (length * part, -length * part * spread)], way
        )
        tail = _turn([(length * part * 0.9, 0), (length, 0)], way)
        wide, place = max(u, length * 0.16), np.array(spot)

        def draw(d: Draw, s: float, place: Points = place) -> None:
            d.polygon(_flat(tip + place, s), fill=255)
            if stem:
                d.line(_flat(tail + place, s), fill=255, width=max(1, round(wide * s)))

        colour = tile.ink(*spot)
        tile.stamp(draw, colour, outline=_rim(tile, colour, 0.1))


def block_arrows(tile: Tile) -> None:
    """Thick arrows, filled, often with a rim of the contrary colour."""
    rng, u = tile.rng, tile.unit
    length = _size(rng, 9, 48) * u
    neck, half, wide = (
        length * rng.uniform(0.35, 0.6),
        length * rng.uniform(0.06, 0.16),
        length * rng.uniform(0.2, 0.42),
    )
    side = np.array(
        [(0, 0), (neck, wide), (neck * rng.uniform(0.85, 1), half), (length, half * rng.uniform(0.4, 1.2))]
    )
    points, way = np.concatenate([side, side[:0:-1] * (1, -1)]), rng.uniform(0, 2 * np.pi)
    rim, thick, filled = rng.random(), max(1.0, rng.uniform(0.6, 2)) * u, rng.random() < 0.85
    for _ in range(rng.choice([1, 1, 2])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        colour, turned = tile.ink(*spot), _turn(points, way) + np.array(spot)
        if filled:
            _shape(tile, turned, colour)
        if rim < 0.6 or not filled:
            contrary = (BLACK if sum(colour) > 380 else WHITE) if filled else colour
            _lines(tile, [np.concatenate([turned, turned[:2]])], contrary, thick)
        way += rng.uniform(0, 6) * (rng.random() < 0.5)


def heads(tile: Tile) -> None:
    """Heads of arrows alone: triangles, notched ones, chevrons."""
    rng, u = tile.rng, tile.unit
    length, spread = _size(rng, 5, 30) * u, rng.uniform(0.25, 0.65)
    notch, way, chevron = (
        rng.uniform(0.6, 1) if rng.random() < 0.5 else 1.0,
        rng.uniform(0, 2 * np.pi),
        rng.random() < 0.2,
    )
    points = np.array([(0, 0), (length, length * spread), (length * notch, 0), (length, -length * spread)])
    for _ in range(rng.choice([1, 1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        colour, turned = tile.ink(*spot), _turn(points, way) + np.array(spot)
        if chevron:
            _lines(tile, [turned[[1, 0, 3]]], colour, max(1.0, rng.uniform(0.8, 2.5)) * u)
        else:
            _shape(tile, turned, colour, outline=_rim(tile, colour, 0.2))
        way += rng.normal(0, 0.3) if rng.random() < 0.5 else rng.uniform(0, 6)


def letters(tile: Tile) -> None:
    """Letters, numbers, words and short lines of them, of 6 to 30 pixels."""
    rng, u = tile.rng, tile.unit
    font, several = Type(rng, _size(rng, 7, 34) * u), rng.random() < 0.45
    for _ in range(rng.choice([1, 1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        text = (
            (word(rng) if rng.random() < 0.7 else phrase(rng))
            if several
            else str(rng.choice([*"ABCDEFGHKLMNPRSTVXabcdefghkt0123456789*?+"]))
        )
        x, y = spot[0] - font.size * 0.3 * min(3, len(text)), spot[1] - font.size * 0.6
        colour = tile.ink(*spot)
        tile.stamp(
            lambda d, s, x=x, y=y, t=text: d.text((x * s, y * s), t, fill=255, font=font.at(s)),
            colour,
            outline=_rim(tile, colour, 0.12),
        )


def signs(tile: Tile) -> None:
    """Plus, x, asterisks, stars, triangles, diamonds, dots and small squares."""
    rng, u = tile.rng, tile.unit
    r, wide, kind = _size(rng, 3, 11) * u, float(rng.choice([1, 1, 1.5, 2, 3])) * u, rng.integers(8)
    for _ in range(rng.choice([1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        place, colour = np.array(spot), tile.ink(*spot)
        rim = _rim(tile, colour, 0.15)
        if kind < 4:
            spokes, start = ((2, 0.0), (2, np.pi / 4), (3, 0.0), (4, 0.0))[kind]
            ways = start + np.arange(spokes) * np.pi / spokes
            parts = [np.array([(-np.cos(a), -np.sin(a)), (np.cos(a), np.sin(a))]) * r + place for a in ways]
            _lines(tile, parts, colour, wide, outline=rim)
        elif kind < 7:
            corners = int(rng.choice([3, 4, 10, 24]))
            a = np.arange(corners) * 2 * np.pi / corners - np.pi / 2
            far = r * np.where(np.arange(corners) % 2, 0.45, 1) if corners == 10 else r
            _shape(
                tile,
                np.stack([np.cos(a), np.sin(a)], 1) * np.reshape(far, (-1, 1)) + place,
                colour,
                outline=rim,
            )
        else:
            _shape(tile, np.array([(-r, -r), (r, -r), (r, r), (-r, r)]) * 0.8 + place, colour, outline=rim)


def contours(tile: Tile) -> None:
    """Circles, ellipses, free-hand outlines, boxes and brackets; whole, dashed or dotted."""
    rng, u = tile.rng, tile.unit
    spot = tile.spot(brain=1)
    if spot is None:
        return
    r, wide, kind = _size(rng, 5, 55) * u, float(rng.choice([1, 1, 1, 1.5, 2, 3])) * u, rng.random()
    a = np.linspace(0, 2 * np.pi, 97)
    far = np.ones(97)
    if kind < 0.45:  # by a free hand
        for times in range(2, 7):
            far += rng.normal(0, 0.22 / times) * np.sin(times * a + rng.uniform(0, 6))
    x, y = np.cos(a), np.sin(a) * rng.uniform(0.45, 1)
    if kind > 0.82:
        x, y = np.clip(1.6 * x, -1, 1), np.clip(1.6 * np.sin(a), -1, 1) * rng.uniform(0.5, 1)
    points = _turn(np.stack([x * far, y * far], 1) * r, rng.uniform(0, np.pi) * (kind < 0.82)) + np.array(
        spot
    )
    if rng.random() < 0.15:
        points = points[: int(rng.integers(30, 80))]
    every = int(rng.choice([0, 0, 0, 2, 4]))
    parts = (
        [points]
        if not every
        else [points[i : i + max(2, every)] for i in range(0, len(points) - 1, 2 * every)]
    )
    colour = tile.ink(*spot)
    _lines(tile, parts, colour, wide, outline=_rim(tile, colour, 0.08))


def calipers(tile: Tile) -> None:
    """A line for measuring, dotted, dashed or whole, with crosses or bars at its ends and at times its number."""
    rng, u = tile.rng, tile.unit
    spot = tile.spot(brain=1)
    if spot is None:
        return
    length, end, way = _size(rng, 14, 90) * u, rng.uniform(2, 6) * u, rng.uniform(0, np.pi)
    kind, gap = rng.integers(4), rng.uniform(2, 6) * u
    first = np.array(spot) - _turn([(length / 2, 0)], way)[0]
    arms = [[(-end, 0), (end, 0)], [(0, -end), (0, end)]][int(kind == 0 and rng.random() < 0.3) :]
    tilt = way if rng.random() < 0.5 else float(rng.choice([0, np.pi / 4]))
    middle = first + _turn([(length, 0)], way)[0]
    parts = [_turn(arm, tilt) + at for at in (first, middle) for arm in arms]
    wide, colour = float(rng.choice([1, 1, 1, 2])) * u, tile.ink(*spot)
    if kind < 3:
        steps = np.arange(0, length, gap)
        share = 1.0 if kind == 0 else 0.5 if kind == 1 else min(1.0, 1.2 * u / gap)
        parts += [_turn([(at, 0), (min(length, at + gap * share), 0)], way) + first for at in steps]
    _lines(tile, parts, colour, wide)
    if rng.random() < 0.4:
        font, text = (
            Type(rng, _size(rng, 8, 16) * u),
            f"{rng.uniform(0, 99):.{rng.integers(1, 3)}f}{rng.choice(['', ' mm', 'cm'])}",
        )
        x, y = middle + 4 * u
        tile.stamp(lambda d, s: d.text((x * s, y * s), text, fill=255, font=font.at(s)), colour)


def crosshairs(tile: Tile) -> None:
    """One or two thin level or upright lines through the whole tile, often faint, at times with a gap."""
    rng = tile.rng
    spot = tile.spot(brain=1)
    if spot is None:
        return
    (x, y), gap = spot, rng.uniform(2, 20) * tile.unit * (rng.random() < 0.35)
    far = 2.0 * max(tile.width, tile.height) if rng.random() < 0.75 else _size(rng, 8, 60) * tile.unit
    parts = []
    which = rng.integers(4)
    if which != 1:
        parts += [np.array([(x - far, y), (x - gap, y)]), np.array([(x + gap, y), (x + far, y)])]
    if which != 0:
        parts += [np.array([(x, y - far), (x, y - gap)]), np.array([(x, y + gap), (x, y + far)])]
    if rng.random() < 0.12:
        parts = [_turn(part - np.array(spot), rng.uniform(0, np.pi)) + np.array(spot) for part in parts]
    wide = float(rng.choice([1, 1, 1, 2])) * (tile.unit if rng.random() < 0.5 else 1)
    _lines(tile, parts, tile.ink(x, y), wide, alpha=float(rng.uniform(0.12, 1)))


# Outlines of pointers in pixels of the screen, their tips at the origin; of crosses and bars a half of the outline.
_PLUS = [(0.7, -6), (0.7, -0.7), (6, -0.7), (6, 0.7), (0.7, 0.7), (0.7, 6)]
_BAR = [(3, 0), (3, 1), (0.8, 1.6), (0.8, 14.4), (3, 15), (3, 16)]
_POINTERS = (
    [(0, 0), (0, 15), (3, 12), (6, 18), (8, 17), (5.5, 11), (10, 11)],
    [(0, 0), (0, 13), (3, 10), (5, 15), (7, 14), (5, 9.5), (9, 9)],
    [(0, 0), (0, 20), (4.5, 16), (8, 24), (11.5, 22.5), (8, 15), (14.5, 14.5)],
    [(0, 0), (4, 11), (6, 7), (11, 5)],
    _PLUS + [(-x, y) for x, y in _PLUS[::-1]],
    _BAR + [(-x, y) for x, y in _BAR[::-1]],
    [
        *[(0, 0), (2, 0), (2, 6), (8, 7.5), (9, 9), (8.5, 15), (7.5, 18)],
        *[(1, 18), (-3, 12), (-4, 9.5), (-2.5, 9), (0, 11)],
    ],
)


def pointers(tile: Tile) -> None:
    """The pointer of a mouse, as several systems draw it: mostly white with a black rim."""
    rng, u = tile.rng, tile.unit
    spot = tile.spot(brain=1)
    if spot is None:
        return
    shape = _POINTERS[int(rng.choice(len(_POINTERS), p=[0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.1]))]
    points = np.array(shape, float) * _size(rng, 0.55, 1.7) * u * (
        rng.choice([-1, 1], p=[0.08, 0.92]),
        1,
    ) + np.array(spot)
    body, rim = (WHITE, BLACK) if rng.random() < 0.72 else (BLACK, WHITE)
    how = rng.random()
    if how < 0.82:
        _shape(tile, points, body)
    if how < 0.68 or how >= 0.82:
        pen = rim if how < 0.68 else tile.ink(*spot)
        _lines(tile, [np.concatenate([points, points[:2]])], pen, max(1.0, rng.uniform(0.7, 1.6)) * u)


def watermarks(tile: Tile) -> None:
    """Large faint words, at times slanting, once or repeated over the whole tile."""
    rng, u = tile.rng, tile.unit
    tile.strength = 1.0
    font = Type(rng, _size(rng, 10, 70) * u)
    text = phrase(rng) if rng.random() < 0.6 else word(rng) + str(rng.choice(["", ".com", " stock", " ©"]))
    spot = tile.spot(brain=1)
    if spot is None:
        return
    slope = rng.uniform(-0.9, 0.9) if rng.random() < 0.5 else 0.0
    pitch = font.size * rng.uniform(1.8, 4)
    many = rng.random() < 0.4
    from PIL import Image, ImageDraw

    def draw(d: Draw, s: float) -> None:
        face = font.at(s)
        wide = max(4, int(d.textlength(text, font=face)))
        high = int(font.size * s * 1.4)
        layer = Image.new("L", (wide + 4, high + 4))
        ImageDraw.Draw(layer).text((2, 0), text, fill=255, font=face)
        layer = layer.rotate(float(np.rad2deg(slope)), expand=True, resample=Image.Resampling.BICUBIC)
        grid = range(-6, 7) if many else range(1)
        for i in grid:
            for j in grid:
                x = (spot[0] * s) - layer.width / 2 + i * (wide + pitch * s)
                y = (spot[1] * s) - layer.height / 2 + j * pitch * s
                d.bitmap((int(x), int(y)), layer, fill=255)

    tile.stamp(draw, WHITE if rng.random() < 0.75 else BLACK, float(rng.uniform(0.09, 0.45)))


def _older(draw: Callable[[Sheet, float], None]) -> Callable[[Tile], None]:
    def on(tile: Tile) -> None:
        draw(tile, max(6.0, tile.long * float(tile.rng.uniform(0.02, 0.06))))

    return on


KINDS: tuple[tuple[Callable[[Tile], None], float], ...] = (
    (thin_arrows, 0.15),
    (tiny_arrows, 0.12),
    (block_arrows, 0.07),
    (heads, 0.09),
    (letters, 0.15),
    (signs, 0.08),
    (contours, 0.07),
    (calipers, 0.05),
    (crosshairs, 0.04),
    (pointers, 0.09),
    (watermarks, 0.09),
    (_older(upon.arrows), 0.04),
    (_older(upon.labels), 0.02),
    (_older(upon.pointer), 0.01),
    (_older(upon.measure), 0.01),
    (_older(watermark), 0.01),
    (_older(small.hollow_arrows), 0.03),
    (_older(small.needles), 0.03),
    (_older(small.specks), 0.02),
)
"""Each kind with its share."""


def draw_marks(tile: Tile) -> None:
    """Marks of one kind, at times of two."""
    shares = np.array([share for _, share in KINDS])
    for _ in range(1 if tile.rng.random() < 0.8 else 2):
        KINDS[int(tile.rng.choice(len(KINDS), p=shares / shares.sum()))][0](tile)
