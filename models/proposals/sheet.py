"""The page that marks are drawn on, and the letters that they are drawn with.

Every kind of mark is a function that draws white on an empty grey layer; `Sheet.stamp` puts it on the image in a
colour, with or without an outline, translucent or not, and with hard or soft edges.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tissue import Bools, Floats, Rng

Draw = ImageDraw.ImageDraw
Layer = Callable[[Draw, float], None]
"""Draws on a layer; the second argument is its scale, in pixels of the layer a pixel of the image."""
Colour = tuple[float, float, float]

BLACK, WHITE = (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)
_TEXTS = (
    "R L A P H F S I T1 T2 FLAIR AX SAG COR TE: TR: FOV W SE GE Im: Se: mm cm MR BRAIN HEAD Axial Acq Tm kV THK "
    "SP Page C GAD POST www .com (c) © Clinic Radiology Hospital Case 2004 courtesy M/45Y F 067Y Study Date Fig "
    "SAMPLE IMAGES PHOTO tumor normal before after"
)
_WORDS = _TEXTS.split()
DRAWN = (WHITE, (255, 255, 0), (0, 255, 0), (255, 0, 0), (0, 120, 255), (0, 255, 255), (255, 0, 255))


@lru_cache(maxsize=1)
def _fonts() -> list[str]:
    """Text fonts of this machine; those of symbols and of scripts other than Latin are left out."""
    unfit = ("Symbol", "Dingbat", "D050", "Emoji", "Standard", "CJK", "Fallback")
    files = sorted(str(path) for path in Path("/usr/share/fonts").rglob("*.?tf"))
    return [path for path in files if not any(word in path for word in unfit)]


@lru_cache(maxsize=4096)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


class Type:
    """A font that can be asked for at any scale."""

    def __init__(self, rng: Rng, size: float) -> None:
        fonts = _fonts()
        self.path, self.size = fonts[rng.integers(len(fonts))], max(5.0, size)

    def at(self, scale: float) -> ImageFont.FreeTypeFont:
        return _font(self.path, max(4, round(self.size * scale)))


def word(rng: Rng) -> str:
    kind = rng.random()
    if kind < 0.35:
        return str(rng.choice(_WORDS))
    letters = string.digits + ".:/-" if kind < 0.6 else string.ascii_letters
    return "".join(rng.choice(list(letters), rng.integers(1, 10)))


def phrase(rng: Rng) -> str:
    return " ".join(word(rng) for _ in range(rng.integers(1, 5)))


class Sheet:
    """An image that is being drawn on, float32 (h, w, 3) 0..255.

    With `either` marks on the head are as often black as white wherever both stand out. `long` is the side that
    sizes of marks refer to, `finest` the scale of layers with soft edges, `dim` what opacity is multiplied by.
    """

    def __init__(self, rng: Rng, rgb: Floats, head: Bools, inside: Bools, *, either: bool = False) -> None:
        self.rng, self.rgb, self.head, self.inside, self.either = rng, rgb, head, inside, either
        self.height, self.width = rgb.shape[:2]
        self.long: float = max(rgb.shape[:2])
        self.finest, self.dim = 3, 1.0
        near = cv2.dilate(head.astype(np.uint8), np.ones((3, 3), np.uint8))
        self.free = near == 0

    def stamp(
        self,
        draw: Layer,
        colour: Colour,
        alpha: float = 1.0,
        *,
        off_head: bool = False,
        outline: Colour | None = None,
    ) -> None:
        scale = 1 if self.rng.random() < 0.45 else self.finest
        alpha *= self.dim
        layer = Image.new("L", (self.width * scale, self.height * scale))
        draw(ImageDraw.Draw(layer), float(scale))
        ink = np.asarray(layer, np.float32) / 255
        if scale > 1:
            ink = cv2.resize(ink, (self.width, self.height), interpolation=cv2.INTER_AREA)
        if off_head:
            ink = ink * self.free
        if outline is not None:
            wide = cv2.dilate(ink, np.ones((3, 3), np.uint8)) * alpha
            self._blend(wide, outline)
        self._blend(ink * alpha, colour)

    def _blend(self, ink: Floats, colour: Colour) -> None:
        rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        if len(rows):
            window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            part = ink[window][..., None]
            self.rgb[window] = self.rgb[window] * (1 - part) + np.array(colour, np.float32) * part

    def colour(self) -> Colour:
        kind = self.rng.random()
        if kind < 0.62:
            return WHITE
        if kind < 0.8:
            return (float(self.rng.uniform(50, 255)),) * 3
        if kind < 0.86:
            return BLACK
        r, g, b = (float(value) for value in self.rng.choice([0, 255, self.rng.uniform(0, 255)], 3))
        return r, g, b

    def spot(self, *, brain: float = 0.75) -> tuple[float, float] | None:
        """A place on the head, on the brain with that probability; None where there is none."""
        where = self.inside if self.rng.random() < brain and self.inside.any() else self.head
        rows, columns = np.nonzero(where)
        if not len(rows):
            return None
        at = self.rng.integers(len(rows))
        return float(columns[at]), float(rows[at])

    def contrary(self, x: float, y: float) -> Colour:
        """White or black, mostly what stands out at a place."""
        x0, y0 = int(np.clip(x, 0, self.width - 1)), int(np.clip(y, 0, self.height - 1))
        level = float(self.rgb[max(0, y0 - 4) : y0 + 5, max(0, x0 - 4) : x0 + 5].mean())
        if self.either:
            black = level > 190 or (level > 60 and self.rng.random() < 0.5)
            return BLACK if black else WHITE
        if level > 130:
            return BLACK if self.rng.random() < 0.8 else WHITE
        return WHITE if self.rng.random() < 0.9 else BLACK


def text_at(
    sheet: Sheet, x: float, y: float, text: str, font: Type, off_head: bool, alpha: float = 1.0
) -> None:
    outline = BLACK if sheet.rng.random() < 0.15 else None
    sheet.stamp(
        lambda d, s: d.text((x * s, y * s), text, fill=255, font=font.at(s)),
        sheet.colour(),
        alpha,
        off_head=off_head,
        outline=outline,
    )


def opacity(rng: Rng) -> float:
    return 1.0 if rng.random() < 0.8 else float(rng.uniform(0.3, 1))
