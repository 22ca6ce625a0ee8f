"""Small and thin marks on the brain that the network saw few of: hollow arrows, needles, tiny letters and dots."""

from __future__ import annotations

import numpy as np
from sheet import BLACK, WHITE, Colour, Draw, Sheet, Type

# Half the outline of an arrow that points to the origin: along, aside, as shares of its length.
_HALF = np.array([(0, 0), (0.5, 0.42), (0.5, 0.18), (1, 0.18)])
_HOLLOW = np.concatenate([_HALF, _HALF[::-1] * (1, -1)])


def hollow_arrows(sheet: Sheet, size: float) -> None:
    """Arrows of an outline alone, black or white, at times filled with the other."""
    rng = sheet.rng
    length, filled = sheet.long * rng.uniform(0.025, 0.08), rng.random() < 0.35
    way, wide = rng.choice(8) * np.pi / 4, 1.0 if rng.random() < 0.8 else 2.0
    for _ in range(rng.integers(1, 4)):
        spot = sheet.spot(brain=0.9)
        if spot is None:
            return
        colour = sheet.contrary(*spot)
        points = _turned(_HOLLOW * length, way) + np.array(spot)
        way += np.pi / 2 * (rng.random() < 0.4)
        if filled:
            sheet.stamp(lambda d, s, p=points: d.polygon(_at(p, s), fill=255), _other(colour))
        sheet.stamp(
            lambda d, s, p=points: d.line(_at([*p, p[0]], s), fill=255, width=max(1, round(wide * s))), colour
        )


def needles(sheet: Sheet, size: float) -> None:
    """Arrows with a thin shaft and a small filled head, short and long, and plain straight lines."""
    rng = sheet.rng
    length, way = sheet.long * rng.uniform(0.04, 0.28), rng.uniform(0, 2 * np.pi)
    head = max(3.0, sheet.long * rng.uniform(0.008, 0.03)) * (rng.random() < 0.85)
    spread, wide = rng.uniform(0.25, 0.5), float(rng.choice([1.0, 1.0, 1.5, 2.0]))
    for _ in range(rng.integers(1, 3)):
        spot = sheet.spot(brain=0.9)
        if spot is None:
            return
        tip = np.array([(0, 0), (head, head * spread), (head, -head * spread)])
        points = _turned(np.concatenate([tip, [(head * 0.8, 0), (length, 0)]]), way) + np.array(spot)
        way += rng.normal(0, 0.2)

        def draw(d: Draw, s: float, p: np.ndarray = points) -> None:
            d.line(_at(p[3:], s), fill=255, width=max(1, round(wide * s)))
            if head:
                d.polygon(_at(p[:3], s), fill=255)

        sheet.stamp(draw, sheet.contrary(*spot))


def specks(sheet: Sheet, size: float) -> None:
    """Tiny letters, asterisks and dots."""
    rng = sheet.rng
    font, letters = Type(rng, max(7.0, sheet.long * rng.uniform(0.02, 0.055))), rng.random() < 0.88
    for _ in range(rng.integers(1, 4)):
        spot = sheet.spot(brain=0.9)
        if spot is None:
            return
        (x, y), text, r = spot, str(rng.choice([*"ABCabcTMLRPFVS12345*+x"])), max(1.5, font.size / 6)
        colour = sheet.contrary(x, y)
        if letters:
            sheet.stamp(
                lambda d, s, x=x, y=y, t=text: d.text((x * s, y * s), t, fill=255, font=font.at(s)), colour
            )
        else:
            sheet.stamp(
                lambda d, s, x=x, y=y, r=r: d.ellipse(
                    [(x - r) * s, (y - r) * s, (x + r) * s, (y + r) * s], fill=255
                ),
                colour,
            )


def _turned(points: np.ndarray, way: float) -> np.ndarray:
    cos, sin = np.cos(way), np.sin(way)
    return points @ np.array([(cos, sin), (-sin, cos)])


def _at(points: object, scale: float) -> list[tuple[float, float]]:
    return [(float(x) * scale, float(y) * scale) for x, y in np.asarray(points)]


def _other(colour: Colour) -> Colour:
    return WHITE if sum(colour) < 380 else BLACK
