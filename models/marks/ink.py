"""Marks drawn on a tile of a brain: letters, signs, contours, lines, watermarks; and all kinds with their shares.

Arrows and pointers are those of `arrows.py`; the marks of `models/proposals/upon.py` and `small.py` are drawn too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
import small
import upon
from arrows import block_arrows, heads, pointers, thin_arrows, tiny_arrows
from beside import watermark
from pens import Points, Tile, between, fill, rim_of, stroke, turned
from sheet import BLACK, WHITE, Draw, Sheet, Type, phrase, word


def letters(tile: Tile) -> None:
    """Letters, numbers, words and short lines of them, of 6 to 30 pixels."""
    rng, u = tile.rng, tile.unit
    font, several = Type(rng, between(rng, 8, 36) * u), rng.random() < 0.4
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
            outline=rim_of(tile, colour, 0.12),
        )


def signs(tile: Tile) -> None:
    """Plus, x, asterisks, stars, triangles, diamonds, dots and small squares."""
    rng, u = tile.rng, tile.unit
    r, wide, kind = between(rng, 4, 12) * u, float(rng.choice([1, 1, 1.5, 2, 3])) * u, rng.integers(8)
    for _ in range(rng.choice([1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        place, colour = np.array(spot), tile.ink(*spot)
        rim = rim_of(tile, colour, 0.15)
        if kind < 4:
            spokes, start = ((2, 0.0), (2, np.pi / 4), (3, 0.0), (4, 0.0))[kind]
            ways = start + np.arange(spokes) * np.pi / spokes
            parts = [np.array([(-np.cos(a), -np.sin(a)), (np.cos(a), np.sin(a))]) * r + place for a in ways]
            stroke(tile, parts, colour, wide, outline=rim)
        elif kind < 7:
            corners = int(rng.choice([3, 4, 10, 10, 24]))
            r = max(r, 5.5 * u) if corners == 24 else r
            a = np.arange(corners) * 2 * np.pi / corners - np.pi / 2
            far = r * np.where(np.arange(corners) % 2, 0.45, 1) if corners == 10 else r
            fill(
                tile,
                np.stack([np.cos(a), np.sin(a)], 1) * np.reshape(far, (-1, 1)) + place,
                colour,
                outline=rim,
            )
        else:
            fill(tile, np.array([(-r, -r), (r, -r), (r, r), (-r, r)]) * 0.8 + place, colour, outline=rim)


def contours(tile: Tile) -> None:
    """Circles, ellipses, free-hand outlines, boxes and brackets; whole, dashed or dotted."""
    rng, u = tile.rng, tile.unit
    spot = tile.spot(brain=1)
    if spot is None:
        return
    r, wide, kind = between(rng, 5, 55) * u, float(rng.choice([1, 1, 1.5, 2, 3, 4])) * u, rng.random()
    a = np.linspace(0, 2 * np.pi, 97)
    far = np.ones(97)
    if kind < 0.45:  # by a free hand
        for times in range(2, 7):
            far += rng.normal(0, 0.22 / times) * np.sin(times * a + rng.uniform(0, 6))
    x, y = np.cos(a), np.sin(a) * rng.uniform(0.45, 1)
    if kind > 0.82:
        x, y = np.clip(1.6 * x, -1, 1), np.clip(1.6 * np.sin(a), -1, 1) * rng.uniform(0.5, 1)
    points = turned(np.stack([x * far, y * far], 1) * r, rng.uniform(0, np.pi) * (kind < 0.82)) + np.array(
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
    stroke(tile, parts, colour, wide, outline=rim_of(tile, colour, 0.08))


def calipers(tile: Tile) -> None:
    """A line for measuring, dotted, dashed or whole, with crosses or bars at its ends and at times its number."""
    rng, u = tile.rng, tile.unit
    spot = tile.spot(brain=1)
    if spot is None:
        return
    length, end, way = between(rng, 14, 90) * u, rng.uniform(2, 6) * u, rng.uniform(0, np.pi)
    kind, gap = rng.integers(4), rng.uniform(2, 6) * u
    first = np.array(spot) - turned([(length / 2, 0)], way)[0]
    arms = [[(-end, 0), (end, 0)], [(0, -end), (0, end)]][int(kind == 0 and rng.random() < 0.3) :]
    tilt = way if rng.random() < 0.5 else float(rng.choice([0, np.pi / 4]))
    middle = first + turned([(length, 0)], way)[0]
    parts = [turned(arm, tilt) + at for at in (first, middle) for arm in arms]
    wide, colour = float(rng.choice([1, 1, 1, 2])) * u, tile.ink(*spot)
    if kind < 3:
        steps = np.arange(0, length, gap)
        share = 1.0 if kind == 0 else 0.5 if kind == 1 else min(1.0, 1.2 * u / gap)
        parts += [turned([(at, 0), (min(length, at + gap * share), 0)], way) + first for at in steps]
    stroke(tile, parts, colour, wide)
    if rng.random() < 0.4:
        font, text = (
            Type(rng, between(rng, 8, 16) * u),
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
    far = 2.0 * max(tile.width, tile.height) if rng.random() < 0.75 else between(rng, 8, 60) * tile.unit
    parts = []
    which = rng.integers(4)
    if which != 1:
        parts += [np.array([(x - far, y), (x - gap, y)]), np.array([(x + gap, y), (x + far, y)])]
    if which != 0:
        parts += [np.array([(x, y - far), (x, y - gap)]), np.array([(x, y + gap), (x, y + far)])]
    if rng.random() < 0.12:
        parts = [turned(part - np.array(spot), rng.uniform(0, np.pi)) + np.array(spot) for part in parts]
    if rng.random() < 0.3:
        parts = [piece for part in parts for piece in _dashed(part, rng.uniform(1.5, 7) * tile.unit)]
    wide = float(rng.choice([1, 1, 1, 2, 3])) * (tile.unit if rng.random() < 0.6 else 1)
    stroke(tile, parts, tile.ink(x, y), wide, alpha=float(rng.uniform(0.2, 1)))


def _dashed(line: Points, pitch: float) -> list[Points]:
    first, last = line
    count = min(400, max(1, int(np.hypot(*(last - first)) / pitch)))
    share = np.arange(count)[:, None] / count
    starts = first + share * (last - first)
    return [np.array([start, start + 0.5 / count * (last - first)]) for start in starts]


def watermarks(tile: Tile) -> None:
    """Large faint words, at times slanting, once or repeated over the whole tile."""
    rng, u = tile.rng, tile.unit
    tile.dim = 1.0
    font = Type(rng, between(rng, 10, 70) * u)
    text = phrase(rng) if rng.random() < 0.6 else word(rng) + str(rng.choice(["", ".com", " stock", " ©"]))
    spot = tile.spot(brain=1)
    if spot is None:
        return
    slope = rng.uniform(-0.9, 0.9) if rng.random() < 0.5 else 0.0
    pitch = font.size * rng.uniform(1.8, 4)
    many, hollow, edge = rng.random() < 0.4, rng.random() < 0.18, tile.unit * rng.uniform(0.7, 1.6)
    from PIL import Image, ImageDraw

    def draw(d: Draw, s: float) -> None:
        face = font.at(s)
        wide = max(4, int(d.textlength(text, font=face)))
        high = int(font.size * s * 1.4)
        layer = Image.new("L", (wide + 4, high + 4))
        pen = ImageDraw.Draw(layer)
        if hollow:
            pen.text((2, 0), text, fill=0, font=face, stroke_width=max(1, round(s * edge)), stroke_fill=255)
        else:
            pen.text((2, 0), text, fill=255, font=face)
        layer = layer.rotate(float(np.rad2deg(slope)), expand=True, resample=Image.Resampling.BICUBIC)
        grid = range(-6, 7) if many else range(1)
        for i in grid:
            for j in grid:
                x = (spot[0] * s) - layer.width / 2 + i * (wide + pitch * s)
                y = (spot[1] * s) - layer.height / 2 + j * pitch * s
                d.bitmap((int(x), int(y)), layer, fill=255)

    ink = WHITE if rng.random() < 0.75 else BLACK
    shadow = (BLACK if ink == WHITE else WHITE) if rng.random() < 0.2 else None
    tile.stamp(draw, ink, float(rng.uniform(0.14, 0.6)), outline=shadow)


def _older(draw: Callable[[Sheet, float], None]) -> Callable[[Tile], None]:
    def on(tile: Tile) -> None:
        draw(tile, max(6.0, tile.long * float(tile.rng.uniform(0.02, 0.06))))

    return on


KINDS: tuple[tuple[Callable[[Tile], None], float], ...] = (
    (thin_arrows, 0.17),
    (tiny_arrows, 0.11),
    (block_arrows, 0.08),
    (heads, 0.09),
    (letters, 0.18),
    (signs, 0.06),
    (contours, 0.12),
    (calipers, 0.05),
    (crosshairs, 0.06),
    (pointers, 0.09),
    (watermarks, 0.08),
    (_older(upon.arrows), 0.04),
    (_older(upon.labels), 0.02),
    (_older(upon.measure), 0.01),
    (_older(watermark), 0.01),
    (_older(small.hollow_arrows), 0.05),
    (_older(small.needles), 0.03),
    (_older(small.specks), 0.02),
)
"""Each kind with its share."""


def draw_marks(tile: Tile) -> None:
    """Marks of one kind, at times of two."""
    shares = np.array([share for _, share in KINDS])
    for _ in range(1 if tile.rng.random() < 0.8 else 2):
        KINDS[int(tile.rng.choice(len(KINDS), p=shares / shares.sum()))][0](tile)
