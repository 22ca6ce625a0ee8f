"""Arrows down to a few pixels, their heads alone, and pointers, on a tile of a brain."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
from pens import Points, Tile, between, fill, flat, rim_of, stroke, turned
from sheet import BLACK, WHITE, Draw
from upon import POINTER_SHARES, POINTERS


def thin_arrows(tile: Tile) -> None:
    """A thin straight or bent shaft with barbs, or with a small filled head; often several that point alike."""
    rng, u = tile.rng, tile.unit
    length, wide = between(rng, 10, 100) * u, float(rng.choice([1, 1, 1.5, 2, 3])) * u
    head = max(3.5 * u, min(length * rng.uniform(0.12, 0.45), rng.uniform(6, 26) * u))
    spread = rng.uniform(0.22, 0.6)
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
            d.line(flat(turned(shaft, way) + place, s), fill=255, width=pen)
            points = flat(turned(wings, way) + place, s)
            d.line(points, fill=255, width=pen) if barbs else d.polygon(points, fill=255)

        tile.stamp(draw, colour, outline=outline)
        way += rng.normal(0, 0.15) if rng.random() < 0.6 else rng.uniform(0, 6)


def tiny_arrows(tile: Tile) -> None:
    """Arrows of 4 to 14 pixels: a filled head, with or without a stem."""
    rng, u = tile.rng, tile.unit
    length, spread = between(rng, 5, 15) * u, rng.uniform(0.35, 0.75)
    stem, part = rng.random() < 0.7, rng.uniform(0.4, 0.7)
    way = rng.choice(8) * np.pi / 4 if rng.random() < 0.4 else rng.uniform(0, 2 * np.pi)
    for _ in range(rng.choice([1, 1, 2, 3])):
        spot = tile.spot(brain=1)
        if spot is None:
            return
        tip = turned(
            [(0, 0), (length * part, length * part * spread), (length * part, -length * part * spread)], way
        )
        tail = turned([(length * part * 0.9, 0), (length, 0)], way)
        wide, place = max(u, length * 0.16), np.array(spot)

        def draw(d: Draw, s: float, place: Points = place) -> None:
            d.polygon(flat(tip + place, s), fill=255)
            if stem:
                d.line(flat(tail + place, s), fill=255, width=max(1, round(wide * s)))

        colour = tile.ink(*spot)
        tile.stamp(draw, colour, outline=rim_of(tile, colour, 0.1))


def block_arrows(tile: Tile) -> None:
    """Thick arrows, filled, often with a rim of the contrary colour."""
    rng, u = tile.rng, tile.unit
    length = between(rng, 9, 48) * u
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
        colour, outer = tile.ink(*spot), turned(points, way) + np.array(spot)
        if filled:
            fill(tile, outer, colour)
        if rim < 0.6 or not filled:
            contrary = (BLACK if sum(colour) > 380 else WHITE) if filled else colour
            stroke(tile, [np.concatenate([outer, outer[:2]])], contrary, thick)
        way += rng.uniform(0, 6) * (rng.random() < 0.5)


def heads(tile: Tile) -> None:
    """Heads of arrows alone: triangles, notched ones, chevrons."""
    rng, u = tile.rng, tile.unit
    length, spread = between(rng, 5, 30) * u, rng.uniform(0.25, 0.65)
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
        colour, outer = tile.ink(*spot), turned(points, way) + np.array(spot)
        if chevron:
            stroke(tile, [outer[[1, 0, 3]]], colour, max(1.0, rng.uniform(0.8, 2.5)) * u)
        else:
            fill(tile, outer, colour, outline=rim_of(tile, colour, 0.2))
        way += rng.normal(0, 0.3) if rng.random() < 0.5 else rng.uniform(0, 6)


def pointers(tile: Tile) -> None:
    """The pointer of a mouse, as several systems draw it: mostly white with a black rim."""
    rng, u = tile.rng, tile.unit
    spot = tile.spot(brain=1)
    if spot is None:
        return
    shape = POINTERS[int(rng.choice(len(POINTERS), p=POINTER_SHARES))]
    points = np.array(shape, float) * between(rng, 0.55, 1.7) * u * (
        rng.choice([-1, 1], p=[0.08, 0.92]),
        1,
    ) + np.array(spot)
    body, rim = (WHITE, BLACK) if rng.random() < 0.72 else (BLACK, WHITE)
    how = rng.random()
    if how < 0.82:
        fill(tile, points, body)
    if how < 0.68 or how >= 0.82:
        pen = rim if how < 0.68 else tile.ink(*spot)
        stroke(tile, [np.concatenate([points, points[:2]])], pen, max(1.0, rng.uniform(0.7, 1.6)) * u)
