"""Pictures that might be photographs: leaves, blossoms, faces, balls, wood, hills; and screens and logos.

The layers of random shapes are the dead leaves of Lee, Mumford & Huang, Int. J. Computer Vision 41, 2001, which
have the statistics of photographs.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw
from sheet import Type, phrase, word
from tissue import Floats, Rng, smooth


def draw_texture(rng: Rng, height: int, width: int) -> Floats:
    """Levels 0..255, float32 (height, width, 3), grey more often than not."""
    kinds: tuple[tuple[Callable[[Rng, int, int], Floats], float], ...] = (
        (_leaves, 0.2),
        (_blossom, 0.16),
        (_ball, 0.12),
        (_face, 0.14),
        (_grain, 0.1),
        (_hills, 0.08),
        (_cloud, 0.08),
        (_screen, 0.07),
        (_logo, 0.05),
    )
    shares = np.array([share for _, share in kinds])
    image = kinds[rng.choice(len(kinds), p=shares / shares.sum())][0](rng, height, width)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, 2)
    if rng.random() < 0.3:
        image = image * rng.uniform(0.3, 1.1, 3).astype(np.float32)
    return lit(rng, image)


def lit(rng: Rng, image: Floats) -> Floats:
    """Uneven light, the blur of a lens, grain; grey two times in three; now and then a piece on a plain ground."""
    height, width = image.shape[:2]
    if rng.random() < 0.65:
        image = np.repeat(image.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.4:
        image = image * np.exp(0.4 * smooth(rng, height, width, 3))[..., None]
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.3:
        image = cut_out(rng, image)
    return np.asarray(
        image + rng.uniform(0, 7) * rng.standard_normal((height, width, 1), np.float32), np.float32
    )


def cut_out(rng: Rng, image: Floats) -> Floats:
    """The middle of a picture, round or rough, on a plain ground that is mostly dark: an object, as heads are."""
    height, width = image.shape[:2]
    v, u = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    away = np.hypot(u / rng.uniform(0.5, 1.0), v / rng.uniform(0.5, 1.0))
    away = away + smooth(rng, height, width, int(rng.integers(4, 9))) * rng.uniform(0, 0.12)
    share = np.clip((1 - away) * rng.choice([8, 40, 80]), 0, 1).astype(np.float32)
    ground = float(rng.choice([0, rng.uniform(0, 25), rng.uniform(0, 25), rng.uniform(25, 255), 255]))
    image = image * share[..., None] + ground * (1 - share[..., None])
    if rng.random() < 0.15:  # a rim
        rim = np.exp(-(((away - 0.96) / rng.uniform(0.01, 0.06)) ** 2))[..., None].astype(np.float32)
        image = image * (1 - rim) + rng.uniform(0, 255) * rim
    return np.asarray(image, np.float32)


def _leaves(rng: Rng, height: int, width: int) -> Floats:
    """Shapes that cover one another, of sizes that follow a power law, each with its own light."""
    image = np.full((height, width, 3), rng.uniform(0, 255), np.float32)
    base, spread = rng.uniform(60, 180, 3), rng.uniform(15, 80)
    count, kind, long = int(rng.integers(60, 500)), rng.integers(3), rng.uniform(1, 4)
    sizes = np.sort(0.02 / rng.uniform(0.03, 1, count))[::-1] * max(height, width) * rng.uniform(0.3, 1)
    turned = rng.uniform(0, 180) if rng.random() < 0.3 else None
    for size in sizes:
        x, y = int(rng.integers(width)), int(rng.integers(height))
        colour = tuple(float(level) for level in base + rng.normal(0, spread) + rng.normal(0, spread / 4, 3))
        turn = rng.uniform(0, 180) if turned is None else turned + rng.normal(0, 8)
        if kind == 2:
            box = cv2.boxPoints(((x, y), (size * long, size), turn))
            cv2.fillPoly(image, [box.astype(np.int32)], colour, cv2.LINE_AA)
            continue
        axes = (max(1, int(size * long / 2)), max(1, int(size / 2)))
        cv2.ellipse(image, (x, y), axes, turn, 0, 360, colour, -1, cv2.LINE_AA)
        if kind == 1:  # a bright side and a rib
            inner, level = (max(1, axes[0] // 2), max(1, axes[1] // 2)), tuple(1.2 * each for each in colour)
            cv2.ellipse(
                image, (x - axes[1] // 4, y - axes[1] // 4), inner, turn, 0, 360, level, -1, cv2.LINE_AA
            )
            cv2.ellipse(image, (x, y), (axes[0], 1), turn, 0, 360, tuple(0.6 * each for each in colour), 1)
    return np.asarray(image + 6 * smooth(rng, height, width, 80)[..., None], np.float32)


def _blossom(rng: Rng, height: int, width: int) -> Floats:
    """Petals or scales that turn by the golden angle (Vogel, Math. Biosciences 44, 1979), or stand in rings."""
    ground = rng.choice([rng.uniform(0, 40), rng.uniform(40, 255)])
    image = ground * (1 + rng.uniform(0, 0.6) * smooth(rng, height, width, int(rng.integers(3, 9))))
    image = np.asarray(image, np.float32)
    for _ in range(1 if rng.random() < 0.75 else int(rng.integers(2, 6))):
        reach = min(height, width) * rng.uniform(0.2, 0.62)
        x, y = width * rng.uniform(0.3, 0.7), height * rng.uniform(0.3, 0.7)
        count, level, flat = int(rng.integers(8, 260)), rng.uniform(90, 250), rng.uniform(0.6, 1)
        step = 2.39996 if rng.random() < 0.6 else 2 * np.pi / rng.integers(5, 24)
        size = reach * rng.uniform(0.8, 2.6) / np.sqrt(count)
        for index in range(count, 0, -1):
            far = reach * np.sqrt(index / count)
            turn = index * step + rng.normal(0, 0.06)
            at = (int(x + far * np.cos(turn)), int(y + flat * far * np.sin(turn)))
            grown = size * (0.35 + 0.75 * far / reach)
            axes = (max(1, int(grown)), max(1, int(grown * rng.uniform(0.35, 0.6))))
            for share, shade in ((1.0, 0.55), (0.85, 0.9), (0.5, 1.05)):
                own = (max(1, int(axes[0] * share)), max(1, int(axes[1] * share)))
                light = level * shade * (0.5 + 0.5 * far / reach) * rng.normal(1, 0.05)
                cv2.ellipse(image, at, own, np.degrees(turn), 0, 360, light, -1, cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.circle(
                image, (int(x), int(y)), max(1, int(reach * 0.2)), rng.uniform(0, 255), -1, cv2.LINE_AA
            )
    return image


def _ball(rng: Rng, height: int, width: int) -> Floats:
    """Rough balls in light from one side: fruit, eggs, stones, moons, cells."""
    image = np.full((height, width), rng.choice([0, rng.uniform(0, 60), rng.uniform(60, 255)]), np.float32)
    v, u = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(int(rng.choice([1, 1, 1, 2, 5, 12]))):
        a = min(height, width) * rng.uniform(0.1, 0.55)
        b, x, y = a * rng.uniform(0.75, 1.3), width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8)
        across, down = (u - x) / a, (v - y) / b
        rough = smooth(rng, height, width, int(rng.integers(4, 60))) * rng.uniform(0, 0.1)
        away = across**2 + down**2 + rough * rng.choice([0.3, 1.5])
        up = np.sqrt(np.clip(1 - away, 0, 1))
        light = rng.uniform(-1, 1, 2)
        bumps = rng.uniform(0, 0.3) * smooth(rng, height, width, int(rng.integers(10, 90)))
        shade = np.clip(up * rng.uniform(0.2, 1) - light[0] * across - light[1] * down + bumps, 0.03, 1.6)
        if rng.random() < 0.3:  # flat, as cells and coins are
            shade = rng.uniform(0.4, 1) + bumps + 0.3 * (away > 0.85)
        share = np.clip((1 - away) * a / 3, 0, 1)
        image = image * (1 - share) + share * np.clip(shade * rng.uniform(90, 230), 0, 255)
        if rng.random() < 0.3:  # a glow round it
            image = image + np.exp(-np.clip(away - 1, 0, 9) * 3) * (1 - share) * rng.uniform(-60, 80)
    return np.asarray(image, np.float32)


def _face(rng: Rng, height: int, width: int) -> Floats:
    """A face of man or beast, roughly: hair or fur, eyes, nose, mouth."""
    size, x, y = min(height, width) * rng.uniform(0.2, 0.5), width * rng.uniform(0.4, 0.6), height * 0.5
    image = np.full((height, width), rng.uniform(0, 230), np.float32)
    image = image + rng.uniform(0, 40) * smooth(rng, height, width, int(rng.integers(3, 12)))
    image = np.ascontiguousarray(image, np.float32)
    skin, hair = rng.uniform(70, 230), rng.uniform(5, 200)
    turn = rng.normal(0, 10)

    def oval(dx: float, dy: float, a: float, b: float, level: float, angle: float = 0.0) -> None:
        at = (int(x + dx * size), int(y + dy * size))
        axes = (max(1, int(a * size)), max(1, int(b * size)))
        cv2.ellipse(image, at, axes, turn + angle, 0, 360, float(level), -1, cv2.LINE_AA)

    oval(0, 1.9, 1.4, 0.9, rng.uniform(10, 240))  # shoulders
    oval(0, 1.0, 0.4, 0.6, skin * 0.8)
    oval(0, -0.12, 0.95, 1.15, hair)
    if rng.random() < 0.4:  # ears of a beast
        for side in (-1, 1):
            oval(side * 0.65, -0.9, 0.25, 0.5, hair, side * 25)
            oval(side * 0.65, -0.85, 0.13, 0.33, skin, side * 25)
    oval(0, 0.08, 0.76, 0.98, skin)
    for side in (-1, 1):
        oval(side * 0.4, 0.35, 0.28, 0.25, skin * rng.uniform(0.9, 1.12))
        oval(side * 0.3, -0.1, 0.17, 0.1, min(255, skin * 1.3))
        oval(side * 0.3, -0.1, 0.085, 0.09, rng.uniform(0, 60))
        oval(side * 0.3, -0.27, 0.2, 0.035, hair * 0.7)
        oval(side * 0.07, 0.3, 0.04, 0.03, skin * 0.4)
    oval(0, 0.18, 0.09, 0.2, min(255, skin * 1.15))
    oval(0, 0.58, 0.26, rng.uniform(0.03, 0.1), skin * 0.5)
    image = cv2.GaussianBlur(image, (0, 0), size * rng.uniform(0.01, 0.05))
    fur = smooth(rng, height, width, max(height, width) // 3)
    light = 1 + rng.uniform(-0.5, 0.5) * np.linspace(-1, 1, width, dtype=np.float32)
    return np.asarray((image + rng.uniform(0, 25) * fur) * light, np.float32)


def _grain(rng: Rng, height: int, width: int) -> Floats:
    """Waves bent by a smooth field: wood, sand, cloth, fingerprints, ripples."""
    v, u = np.mgrid[:height, :width].astype(np.float32)
    turn, knots = rng.uniform(0, np.pi), int(rng.integers(3, 9))
    bent = smooth(rng, height, width, knots) * rng.uniform(0, 40)
    along = u * np.cos(turn) + v * np.sin(turn) + bent
    if rng.random() < 0.3:
        along = np.hypot(u - width * rng.uniform(-0.2, 1.2), v - height * rng.uniform(-0.2, 1.2)) + bent
    wave = np.sin(along / rng.uniform(0.8, 12)) * rng.uniform(0.2, 1)
    if rng.random() < 0.4:
        wave = wave * np.sin((v * np.cos(turn) - u * np.sin(turn)) / rng.uniform(0.8, 12))
    fine = rng.uniform(0, 0.6) * smooth(rng, height, width, max(height, width) // int(rng.integers(2, 6)))
    return np.asarray(rng.uniform(70, 180) + rng.uniform(15, 70) * (wave + fine), np.float32)


def _hills(rng: Rng, height: int, width: int) -> Floats:
    """Sky, hills, houses or woods, ground."""
    sky = np.linspace(rng.uniform(80, 255), rng.uniform(80, 255), height, dtype=np.float32)[:, None]
    image = np.repeat(sky, width, 1) + 12 * smooth(rng, height, width, int(rng.integers(4, 12)))
    rows = np.arange(height)[:, None]
    for index in range(rng.integers(2, 6)):
        edge = (
            height * (0.25 + 0.14 * index)
            + smooth(rng, 1, width, int(rng.integers(4, 30)))[0] * height * 0.06
        )
        level = rng.uniform(10, 190) * (1 + 0.25 * smooth(rng, height, width, int(rng.integers(20, 120))))
        image = np.where(rows > edge[None], level, image)
    image = np.ascontiguousarray(image, np.float32)
    for _ in range(int(rng.choice([0, 2, 12]))):  # houses with windows
        x, wide, top = (
            int(rng.integers(width)),
            int(width * rng.uniform(0.05, 0.2)),
            int(height * rng.uniform(0.2, 0.6)),
        )
        wall = rng.uniform(20, 230)
        cv2.rectangle(image, (x, top), (x + wide, height), wall, -1)
        for row in range(top + 4, height, max(6, wide // 3)):
            for column in range(x + 3, x + wide - 3, max(5, wide // 4)):
                cv2.rectangle(image, (column, row), (column + 2, row + 4), wall * 0.5, -1)
    return image


def _cloud(rng: Rng, height: int, width: int) -> Floats:
    """Noise of many scales: clouds, stone, water, smoke; at times of one scale, flat or nearly black."""
    if rng.random() < 0.25:
        noise = rng.standard_normal((height, width), np.float32)
        return np.asarray(
            np.abs(noise) * rng.uniform(1, 25) + rng.choice([0, rng.uniform(0, 200)]), np.float32
        )
    steep = rng.uniform(0.3, 1)
    field = sum(smooth(rng, height, width, knots) / knots**steep for knots in (3, 6, 12, 24, 48, 96))
    field = field / (field.std() + 1e-6)
    if rng.random() < 0.3:
        field = np.abs(field)
    return np.asarray(rng.uniform(20, 190) + rng.uniform(10, 60) * field, np.float32)


def _screen(rng: Rng, height: int, width: int) -> Floats:
    """A program's window: bars, panes, buttons, lines of text, perhaps a picture."""
    dark = rng.random() < 0.4
    ground = int(rng.uniform(10, 60) if dark else rng.uniform(200, 255))
    page = Image.new("RGB", (width, height), (ground,) * 3)
    pen, ink = ImageDraw.Draw(page), (225,) * 3 if dark else (40,) * 3
    font = Type(rng, max(7.0, height * rng.uniform(0.025, 0.05)))
    accent = tuple(int(level) for level in rng.integers(0, 255, 3))
    pen.rectangle([0, 0, width, height * 0.07], fill=accent)
    pen.text((6, 2), phrase(rng), fill=(250,) * 3, font=font.at(1))
    side = width * rng.uniform(0.12, 0.35)
    pen.rectangle([0, height * 0.07, side, height], fill=(max(0, ground - 12),) * 3)
    y = height * 0.1
    while y < height * 0.95:
        pen.text((5, y), word(rng), fill=ink, font=font.at(1))
        if rng.random() < 0.7:
            pen.text((side + 8, y), f"{phrase(rng)} {phrase(rng)}", fill=ink, font=font.at(1))
        else:
            box = [side + 8, y, side + 8 + rng.uniform(0.1, 0.4) * width, y + font.size * 1.6]
            pen.rounded_rectangle(box, 4, outline=ink, fill=accent if rng.random() < 0.4 else None)
        y += font.size * rng.uniform(1.5, 2.6)
    if rng.random() < 0.4:
        x, y = side + width * 0.1, height * rng.uniform(0.2, 0.5)
        small = _cloud(rng, int(height * 0.35), int(width * 0.4))
        page.paste(Image.fromarray(np.clip(small, 0, 255).astype(np.uint8)), (int(x), int(y)))
    return np.asarray(page, np.float32)


def _logo(rng: Rng, height: int, width: int) -> Floats:
    """A plain sign and a word."""
    ground = tuple(int(level) for level in rng.choice([0, 255, rng.integers(0, 255)], 1).repeat(3))
    page = Image.new("RGB", (width, height), ground)
    pen, size = ImageDraw.Draw(page), min(height, width) * rng.uniform(0.15, 0.38)
    x, y = width * rng.uniform(0.35, 0.65), height * rng.uniform(0.35, 0.55)
    for index in range(rng.integers(1, 5)):
        colour = tuple(int(level) for level in rng.integers(0, 256, 3))
        own, kind = size * (1 - 0.22 * index), rng.integers(4)
        box = [x - own, y - own, x + own, y + own]
        if kind == 0:
            pen.ellipse(
                box, fill=colour if rng.random() < 0.6 else None, outline=colour, width=int(size / 6) + 1
            )
        elif kind == 1:
            pen.regular_polygon((x, y, own), int(rng.integers(3, 9)), rng.uniform(0, 90), fill=colour)
        elif kind == 2:
            pen.pieslice(box, rng.uniform(0, 180), rng.uniform(180, 360), fill=colour)
        else:
            pen.rounded_rectangle([x - own, y - own / 3, x + own, y + own / 3], own / 6, fill=colour)
    font = Type(rng, height * rng.uniform(0.06, 0.16))
    pen.text((width * 0.2, height * 0.84 - font.size / 2), word(rng), fill=colour, font=font.at(1))
    return np.asarray(page, np.float32)
