"""Marks on the head: arrows, labels, outlines, pointers, measures, letters on the skin."""

from __future__ import annotations

import numpy as np
from sheet import BLACK, DRAWN, WHITE, Draw, Sheet, Type, opacity, phrase, text_at, word

# Outlines of pointers in pixels of the screen, their tips at the origin; of crosses and bars a half of the outline.
_PLUS = [(0.7, -6), (0.7, -0.7), (6, -0.7), (6, 0.7), (0.7, 0.7), (0.7, 6)]
_BAR = [(3, 0), (3, 1), (0.8, 1.6), (0.8, 14.4), (3, 15), (3, 16)]
POINTERS = (
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
POINTER_SHARES = (0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.1)


def arrows(sheet: Sheet, size: float) -> None:
    rng = sheet.rng
    length = sheet.long * float(np.exp(rng.uniform(np.log(0.025), np.log(0.2))))
    turn = rng.uniform(0, 2 * np.pi)
    thick, kind = max(1.0, sheet.long * rng.uniform(0.003, 0.011)), rng.random()
    spread, outlined = rng.uniform(0.25, 0.6), rng.random() < 0.3
    tip, stem = rng.uniform(0.15, 0.5), length * 0.12 * (rng.random() < 0.6)
    for _ in range(rng.integers(1, 4)):
        spot = sheet.spot()
        if spot is None:
            return
        x, y = spot
        colour = sheet.contrary(x, y) if rng.random() < 0.8 else DRAWN[rng.integers(len(DRAWN))]
        outline = None
        if outlined:
            outline = BLACK if sum(colour) > 380 else WHITE
        way = turn + rng.normal(0, 0.1 if rng.random() < 0.5 else 2)

        def draw(d: Draw, s: float, x: float = x, y: float = y, way: float = way) -> None:
            def at(distance: float, aside: float) -> tuple[float, float]:
                far = distance * length
                return (x + far * np.cos(way + aside)) * s, (y + far * np.sin(way + aside)) * s

            wide = max(1, round(thick * s))
            if kind < 0.42:  # a thin line with an open head
                d.line([at(0, 0), at(1, 0)], fill=255, width=wide)
                for side in (0.5, -0.5):
                    d.line([at(0, 0), at(0.35, side)], fill=255, width=wide)
            elif kind < 0.75:  # a shaft with a filled head
                d.line([at(0.8 * tip, 0), at(1, 0)], fill=255, width=max(wide, round(stem * s)))
                d.polygon([at(0, 0), at(tip, spread), at(tip, -spread)], fill=255)
            else:  # a head alone
                d.polygon([at(0, 0), at(1, spread), at(0.8, 0), at(1, -spread)], fill=255)

        sheet.stamp(draw, colour, outline=outline)


def labels(sheet: Sheet, size: float) -> None:
    rng = sheet.rng
    for _ in range(rng.integers(1, 3)):
        spot = sheet.spot()
        if spot is None:
            return
        font = Type(rng, size * rng.uniform(0.9, 2))
        text = str(rng.choice(["A", "B", "*", "a", "1", "+", "x", "T", "M", word(rng), phrase(rng)]))
        outline = BLACK if rng.random() < 0.15 else None
        colour = sheet.contrary(*spot) if rng.random() < 0.75 else sheet.colour()
        sheet.stamp(
            lambda d, s, spot=spot, font=font, text=text: d.text(
                (spot[0] * s, spot[1] * s), text, fill=255, font=font.at(s)
            ),
            colour,
            opacity(rng),
            outline=outline,
        )


def skull_letters(sheet: Sheet, size: float) -> None:
    """Letters that touch the skin."""
    rng = sheet.rng
    rows, columns = np.flatnonzero(sheet.head.any(1)), np.flatnonzero(sheet.head.any(0))
    if not len(rows):
        return
    font, turn, share = (
        Type(rng, size * rng.uniform(0.8, 1.8)),
        rng.uniform(0, 2 * np.pi),
        rng.uniform(0.85, 1.02),
    )
    x = (columns[0] + columns[-1]) / 2 + np.ptp(columns) / 2 * share * np.cos(turn) - font.size / 3
    y = (rows[0] + rows[-1]) / 2 + np.ptp(rows) / 2 * share * np.sin(turn) - font.size / 2
    text_at(sheet, x, y, str(rng.choice([*"RLAPHFSI", word(rng)])), font, False)


def outlines(sheet: Sheet, size: float) -> None:
    """A contour, circle or box round something, whole or dashed."""
    rng = sheet.rng
    spot = sheet.spot()
    if spot is None:
        return
    (x, y), radius = spot, sheet.long * rng.uniform(0.02, 0.13)
    turn = np.linspace(0, 2 * np.pi, 49)
    kind, flat = rng.random(), rng.uniform(0.6, 1.2)
    wave = 1 + (0.15 * np.sin(3 * turn + x) if kind < 0.35 else 0.0)
    px, py = x + radius * np.cos(turn) * wave, y + radius * flat * np.sin(turn) * wave
    if kind > 0.75:
        px = x + radius * np.clip(1.5 * np.cos(turn), -1, 1)
        py = y + radius * flat * np.clip(1.5 * np.sin(turn), -1, 1)
    dashed, thick = rng.random() < 0.3, 1 if rng.random() < 0.6 else 2
    colour = DRAWN[rng.integers(len(DRAWN))] if rng.random() < 0.6 else sheet.contrary(x, y)

    def draw(d: Draw, s: float) -> None:
        for index in range(48):
            if not dashed or index % 4 < 2:
                ends = [px[index], py[index], px[index + 1], py[index + 1]]
                d.line([float(value * s) for value in ends], fill=255, width=round(thick * s))

    sheet.stamp(draw, colour, opacity(rng))


def pointer(sheet: Sheet, size: float) -> None:
    rng = sheet.rng
    spot = sheet.spot(brain=0.6)
    if spot is None:
        return
    shape = np.array(POINTERS[int(rng.choice(len(POINTERS), p=POINTER_SHARES))], float)
    points = shape * max(0.55, sheet.long * rng.uniform(0.0015, 0.0042)) + np.array(spot)
    colour, outline = (WHITE, BLACK) if rng.random() < 0.7 else (BLACK, WHITE)
    sheet.stamp(
        lambda d, s: d.polygon([(float(x * s), float(y * s)) for x, y in points], fill=255),
        colour,
        outline=outline if rng.random() < 0.8 else None,
    )


def measure(sheet: Sheet, size: float) -> None:
    """A measuring line with ends and a number."""
    rng = sheet.rng
    spot = sheet.spot()
    if spot is None:
        return
    (x, y), length, way = spot, sheet.long * rng.uniform(0.06, 0.3), rng.uniform(0, np.pi)
    end, font = rng.uniform(2, 5), Type(rng, size * rng.uniform(0.7, 1.1))
    text = f"{rng.uniform(0, 99):.{rng.integers(1, 3)}f}{rng.choice(['', ' mm', ' cm'])}"
    cos, sin, numbered, ends = np.cos(way), np.sin(way), rng.random() < 0.6, rng.integers(3)

    def draw(d: Draw, s: float) -> None:
        for at in (0.0, length):
            px, py = (x + at * cos) * s, (y + at * sin) * s
            if ends < 2:
                d.line(
                    [px - end * sin * s, py + end * cos * s, px + end * sin * s, py - end * cos * s], fill=255
                )
            if ends == 1:
                d.line(
                    [px - end * cos * s, py - end * sin * s, px + end * cos * s, py + end * sin * s], fill=255
                )
        d.line([x * s, y * s, (x + length * cos) * s, (y + length * sin) * s], fill=255, width=round(s))
        if numbered:
            d.text(((x + length * cos + 3) * s, (y + length * sin) * s), text, fill=255, font=font.at(s))

    sheet.stamp(draw, DRAWN[rng.integers(len(DRAWN))] if rng.random() < 0.7 else sheet.colour(), opacity(rng))
