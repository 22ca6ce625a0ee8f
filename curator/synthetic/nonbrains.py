"""Images that are no brain MRI, as they turn up in folders scraped from the web."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.synthetic.dice import Dice
from curator.synthetic.lettering import letters
from curator.synthetic.texture import smooth_field

F32 = npt.NDArray[np.float32]


def draw_non_brain(dice: Dice, which: int) -> tuple[F32, str]:
    """Levels 0..255, float32 (height, width, 3), and what they show; `which` goes round the kinds."""
    height, width = dice.whole(180, 340), dice.whole(180, 360)
    name, make = _KINDS[which % len(_KINDS)]
    return np.clip(make(dice, height, width), 0, 255).astype(np.float32), name


def _static(dice: Dice, height: int, width: int) -> F32:
    grey = dice.noise().normal(120, 55, (height, width, 1))
    return np.asarray(np.repeat(grey, 3, axis=2), np.float32)


def _gradient(dice: Dice, height: int, width: int) -> F32:
    v, u = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    a, b = (
        np.array([dice.between(20, 235) for _ in range(3)]),
        np.array([dice.between(20, 235) for _ in range(3)]),
    )
    share = (dice.between(0.2, 0.8) * u + 0.5 * v)[..., None]
    return np.asarray(a * (1 - share) + b * share, np.float32)


def _geometry(dice: Dice, height: int, width: int) -> F32:
    v, u = np.mgrid[:height, :width]
    image = np.full((height, width, 3), float(dice.whole(0, 60)), np.float32)
    for _ in range(dice.whole(5, 9)):
        x, y, r = dice.below(width), dice.below(height), dice.between(15, 60)
        colour = [float(dice.whole(40, 255)) for _ in range(3)]
        box = (abs(u - x) < r) & (abs(v - y) < 0.6 * r)
        image[np.hypot(u - x, v - y) < r if dice.chance(0.5) else box] = colour
    return image


def _chart(dice: Dice, height: int, width: int) -> F32:
    image = np.full((height, width, 3), 250.0, np.float32)
    bars = dice.whole(5, 9)
    step = (width - 40) // bars
    for i in range(bars):
        top = int(height * dice.between(0.15, 0.8))
        image[top : height - 24, 30 + i * step : 30 + i * step + max(4, step * 2 // 3)] = (60, 110, 180)
    image[14 : height - 22, 26:28] = image[height - 24 : height - 22, 26 : width - 8] = 40
    return image


def _document(dice: Dice, height: int, width: int) -> F32:
    image = np.full((height, width, 3), 242.0, np.float32)
    words = (
        "Findings",
        "the",
        "patient",
        "was",
        "examined",
        "with",
        "contrast",
        "no",
        "change",
        "since",
        "scan",
    )
    y = 16
    while y < height - 18:
        text = " ".join(dice.pick(words) for _ in range(12))
        line = letters(text, 8)[:, : width - 28]
        image[y : y + line.shape[0], 14 : 14 + line.shape[1]] -= (210 * line[..., None]).astype(np.float32)
        y += 17
    return image


def _clouds(dice: Dice, height: int, width: int) -> F32:
    rng = dice.noise()
    field = sum(
        smooth_field(rng, height, width, g) * w for g, w in ((90, 1.0), (35, 0.5), (12, 0.22), (4, 0.1))
    )
    tint = np.array([dice.between(0.7, 1.1) for _ in range(3)])
    return np.asarray((128 + 45 * np.asarray(field))[..., None] * tint, np.float32)


_KINDS: Final[tuple[tuple[str, Callable[[Dice, int, int], F32]], ...]] = (
    ("static noise", _static),
    ("gradient", _gradient),
    ("shapes", _geometry),
    ("bar chart", _chart),
    ("page of text", _document),
    ("clouds", _clouds),
)
