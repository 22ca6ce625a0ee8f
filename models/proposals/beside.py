"""Marks beside the head: corner text, letters, rulers, tiles, credits; and watermarks and crosshairs."""

from __future__ import annotations

import numpy as np
from sheet import BLACK, DRAWN, WHITE, Draw, Sheet, Type, opacity, phrase, text_at, word


def corners(sheet: Sheet, size: float, off_head: bool) -> None:
    rng = sheet.rng
    colour, alpha = sheet.colour(), opacity(rng)
    for corner in rng.choice(4, rng.integers(1, 4), replace=False):
        font = Type(rng, size * rng.uniform(0.8, 1.1))
        lines = [phrase(rng) for _ in range(rng.integers(1, 6))]
        margin = rng.uniform(-4, 8)

        def draw(
            d: Draw, s: float, corner: int = corner, font: Type = font, lines: list[str] = lines
        ) -> None:
            face, pitch = font.at(s), font.size * 1.15
            for index, line in enumerate(lines):
                wide = d.textlength(line, font=face)
                y = (
                    margin + index * pitch
                    if corner < 2
                    else sheet.height - margin - (len(lines) - index) * pitch
                )
                x = margin * s if corner % 2 == 0 else (sheet.width - margin) * s - wide
                d.text((x, y * s), line, fill=255, font=face)

        sheet.stamp(draw, colour, alpha, off_head=off_head)


def letters(sheet: Sheet, size: float, off_head: bool) -> None:
    rng = sheet.rng
    for _ in range(rng.integers(1, 4)):
        font = Type(rng, size * rng.uniform(0.8, 1.8))
        text = str(rng.choice([*"RLAPHFSI", "LA", "RP", "AR", word(rng)]))
        w, h = sheet.width, sheet.height
        x, y = [(w * 0.5, 1), (1, h * 0.5), (w * 0.5, h - font.size * 1.1), (w - font.size * 0.8, h * 0.5)][
            rng.integers(4)
        ]
        if rng.random() < 0.3:
            x, y = rng.uniform(0, w), rng.choice([rng.uniform(-5, 4), h - font.size * rng.uniform(0.5, 1.3)])
        text_at(sheet, x + rng.normal(0, 4), y + rng.normal(0, 4), text, font, off_head, opacity(rng))


def ruler(sheet: Sheet, size: float, off_head: bool, *, near: bool = False) -> None:
    rng = sheet.rng
    upright = rng.random() < 0.6
    along, across = (sheet.height, sheet.width) if upright else (sheet.width, sheet.height)
    length = rng.uniform(0.15, 0.9) * along
    start, at = rng.uniform(0, along - length), rng.uniform(1, 9)
    ticks, tick, thick = int(rng.integers(2, 21)), rng.uniform(2, 10), 1 if rng.random() < 0.8 else 2
    far, inward, axis = rng.random() < 0.5, rng.choice([-1, 1]), rng.random() < 0.75
    if near and sheet.head.any():
        edge = np.flatnonzero(sheet.head.any(0 if upright else 1))
        at = max(1.0, (across - edge[-1] if far else edge[0]) + rng.uniform(-5, 15))
    base = across - 1 - at if far else at

    def draw(d: Draw, s: float) -> None:
        def line(a: float, b: float, c: float, e: float) -> None:
            ends = [a, b, c, e] if upright else [b, a, e, c]
            d.line([value * s for value in ends], fill=255, width=round(thick * s))

        for index in range(ticks + 1):
            y = start + length * index / ticks
            long = tick * (1.8 if index % 5 == 0 and ticks > 6 else 1) * inward
            line(base, y, base - long if far else base + long, y)
        if axis:
            line(base, start, base, start + length)

    sheet.stamp(draw, sheet.colour(), opacity(rng), off_head=off_head)


def tile(sheet: Sheet, size: float, off_head: bool) -> None:
    rng = sheet.rng
    side = size * rng.uniform(1.1, 1.9)
    x = rng.choice(
        [rng.uniform(0, 0.12 * sheet.width), sheet.width - side - rng.uniform(0, 0.12 * sheet.width)]
    )
    y = rng.choice(
        [rng.uniform(0, 0.1 * sheet.height), sheet.height - side - rng.uniform(0, 0.1 * sheet.height)]
    )
    font, letter = Type(rng, side * 0.8), str(rng.choice(list("abcdABCD123RL")))
    ground, ink = (WHITE, BLACK) if rng.random() < 0.7 else (BLACK, WHITE)
    box = np.array([x, y, x + side, y + side])
    sheet.stamp(lambda d, s: d.rectangle(list(box * s), fill=255), ground, off_head=off_head)
    sheet.stamp(
        lambda d, s: d.text(((x + side * 0.2) * s, y * s), letter, fill=255, font=font.at(s)),
        ink,
        off_head=off_head,
    )


def credit(sheet: Sheet, size: float, off_head: bool) -> None:
    rng = sheet.rng
    font, text = Type(rng, size * rng.uniform(0.8, 1.6)), phrase(rng)
    x = rng.uniform(-0.1, 0.7) * sheet.width
    y = rng.choice([rng.uniform(-3, 5), sheet.height - font.size * rng.uniform(0.5, 1.5)])
    text_at(sheet, x, y, text, font, off_head, opacity(rng))


def scattered(sheet: Sheet, size: float, off_head: bool) -> None:
    rng = sheet.rng
    for _ in range(rng.integers(1, 4)):
        x, y = rng.uniform(-0.05, 0.9) * sheet.width, rng.uniform(-0.03, 0.97) * sheet.height
        text_at(sheet, x, y, phrase(rng), Type(rng, size * rng.uniform(0.8, 1.3)), True, opacity(rng))


def watermark(sheet: Sheet, size: float, off_head: bool = False) -> None:
    rng = sheet.rng
    font, text = Type(rng, sheet.long * rng.uniform(0.05, 0.14)), phrase(rng)
    x, y = rng.uniform(-0.1, 0.4) * sheet.width, rng.uniform(0.1, 0.85) * sheet.height
    times = 4 if rng.random() < 0.3 else 1

    def draw(d: Draw, s: float) -> None:
        for index in range(times):
            at = (x + (index % 2) * sheet.width * 0.4, y + (index // 2) * sheet.height * 0.3)
            d.text((at[0] * s, at[1] * s), text, fill=255, font=font.at(s))

    colour = WHITE if rng.random() < 0.8 else sheet.colour()
    sheet.stamp(draw, colour, float(rng.uniform(0.15, 0.6)))


def crosshair(sheet: Sheet, size: float, off_head: bool = False) -> None:
    rng = sheet.rng
    x, y = rng.uniform(0.2, 0.8) * sheet.width, rng.uniform(0.2, 0.8) * sheet.height
    gap, thick = rng.uniform(0, 20) * (rng.random() < 0.3), 1 if rng.random() < 0.8 else 2
    one = rng.integers(3)  # both lines, or only one of them

    def draw(d: Draw, s: float) -> None:
        lines = []
        if one != 1:
            lines += [(0, y, x - gap, y), (x + gap, y, sheet.width, y)]
        if one != 2:
            lines += [(x, 0, x, y - gap), (x, y + gap, x, sheet.height)]
        for ends in lines:
            d.line([value * s for value in ends], fill=255, width=round(thick * s))

    drawn = (*DRAWN[1:], (90, 90, 200), (128, 128, 128))
    colour = sheet.colour() if rng.random() < 0.5 else drawn[rng.integers(len(drawn))]
    sheet.stamp(draw, colour, float(rng.uniform(0.3, 1)))
