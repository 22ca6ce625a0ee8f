"""Marks as people burn them into pictures of brains: arrows, letters, rings, pointers, lines, watermarks.

Drawn here by Pillow, apart from every drawing that a method of the program was made or trained with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

F32: TypeAlias = npt.NDArray[np.float32]
Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Dice: TypeAlias = np.random.Generator

_FINE: Final = 8  # subpixels a side of a smoothly drawn pixel
_LARGEST: Final = 2400  # subpixels a side of a whole drawing, large ones having fewer a pixel
_COLOURS: Final[tuple[Colour, ...]] = (
    (255, 255, 0),
    (255, 0, 0),
    (0, 255, 0),
    (255, 140, 0),
    (0, 255, 255),
    (230, 40, 40),
    (60, 120, 255),
    (255, 0, 255),
)
_WORDS: Final = ("tumor", "LEFT", "edema", "GBM", "lesion", "MCA", "T2W", "Fig 2", "mass", "CSF", "L 12mm")
_WATERMARKS: Final = ("SAMPLE", "www.mri-images.org", "stock photo", "Radiology Atlas", "PREVIEW", "(c) 2013")
# The usual pointer of desktops, 12 by 19 px, its tip at the origin.
_POINTER: Final[tuple[Point, ...]] = (
    (0, 0),
    (0, 16.5),
    (3.8, 12.9),
    (6.4, 18.9),
    (8.9, 17.8),
    (6.3, 12),
    (11.7, 12),
)


class Pen:
    """Draws on a transparent square of `side` px round the origin at its middle, smoothly or in whole pixels."""

    def __init__(self, side: int, *, smooth: bool) -> None:
        self._scale = min(_FINE, max(2, _LARGEST // side)) if smooth else 1
        self._side = side
        self._image = Image.new("RGBA", (side * self._scale,) * 2)
        self._draw = ImageDraw.Draw(self._image)
        self._draw.fontmode = "L" if smooth else "1"

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A stroke of `width` px, at least one."""
        wide = max(self._scale, round(width * self._scale))
        self._draw.line([self._at(point) for point in points], (*colour, 255), wide, "curve")

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled outline."""
        self._draw.polygon([self._at(point) for point in points], (*colour, 255))

    def ellipse(self, rx: float, ry: float, colour: Colour, width: float | None, at: Point = (0, 0)) -> None:
        """An ellipse round `at`, filled if `width` is None."""
        box = [self._at((at[0] - rx, at[1] - ry)), self._at((at[0] + rx, at[1] + ry))]
        if width is None:
            self._draw.ellipse(box, fill=(*colour, 255))
        else:
            self._draw.ellipse(
                box, outline=(*colour, 255), width=max(self._scale, round(width * self._scale))
            )

    def text(self, words: str, height: float, colour: Colour, face: str, at: Point = (0, 0)) -> None:
        """Words whose capitals are `height` px high, centred on `at`."""
        font = _font(face, max(5, round(height * 1.37 * self._scale)))
        self._draw.text(self._at(at), words, (*colour, 255), font, "mm")

    def turn(self, degrees: float) -> None:
        """Turns all that was drawn round the middle."""
        self._image = self._image.rotate(degrees, Image.Resampling.BICUBIC)
        self._draw = ImageDraw.Draw(self._image)

    def patch(self) -> F32:
        """What was drawn, (side, side, 4): red, green, blue times cover, and cover; float32, 0..1."""
        drawn = np.asarray(self._image, np.float32) / 255
        drawn[..., :3] *= drawn[..., 3:]
        if self._scale > 1:
            drawn = drawn.reshape(self._side, self._scale, self._side, self._scale, 4).mean(axis=(1, 3))
        return np.asarray(drawn, np.float32)

    def _at(self, point: Point) -> Point:
        middle = self._side * self._scale / 2
        x, y = middle + point[0] * self._scale, middle + point[1] * self._scale
        return (x, y) if self._scale > 1 else (round(x), round(y))


@lru_cache(maxsize=64)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A face of matplotlib's by its file name, Pillow's own where it is missing or `face` is empty."""
    if face:
        try:
            import matplotlib

            return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / face, size)
        except (ImportError, OSError):
            pass
    return ImageFont.load_default(size)


@dataclass(frozen=True)
class Kind:
    """One sort of mark. `low` and `high` are its size as a share of the head's longer side, `least` in px.

    `draw` draws it `size` px long. `anywhere` says that it can lie on the scalp or the background alone; `faint`
    that it need not stand out from what is round it.
    """

    draw: Callable[[Pen, Dice, float], None]
    low: float = 0.03
    high: float = 0.12
    least: float = 8
    anywhere: bool = True
    faint: bool = False


def mark(kind: str, dice: Dice, head_side: int) -> F32:
    """A mark of `KINDS` for a head of that longer side, cut to what is drawn; as `Pen.patch`, cover 0..1."""
    what = KINDS[kind]
    size = max(what.least, dice.uniform(what.low, what.high) * head_side)
    reach = 14 if kind == "watermark" else 5 if kind == "word" else 2
    pen = Pen(2 * round(size * reach / 2) + 8, smooth=bool(dice.random() < 0.5))
    what.draw(pen, dice, size)
    patch = pen.patch()
    rows, columns = np.nonzero(patch[..., 3] > 0.02)
    if kind == "watermark":
        patch *= dice.uniform(0.15, 0.30)
    return patch[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def crosshair(kind: str, dice: Dice, shape: tuple[int, int], centre: tuple[int, int]) -> tuple[F32, F32]:
    """Lines one pixel wide over the whole page through `centre` (x, y).

    Returns levels to add (height, width, 1), those of the dim kind, and a patch as `mark` does, that of the full.
    """
    on = np.zeros((*shape, 1), np.float32)
    on[centre[1], :], on[:, centre[0]] = 1, 1
    if kind == "crosshair dim":
        return on * np.float32(dice.uniform(15, 60)), np.zeros((*shape, 4), np.float32)
    colour = _pale(dice) if dice.random() < 0.6 else _COLOURS[dice.integers(len(_COLOURS))]
    return np.zeros_like(on), np.asarray(on * (*[c / 255 for c in colour], 1), np.float32)


def _pale(dice: Dice) -> Colour:
    return (int(dice.integers(225, 256)),) * 3


def _dark(dice: Dice) -> Colour:
    return (int(dice.integers(0, 24)),) * 3


def _any(dice: Dice) -> Colour:
    return _COLOURS[dice.integers(len(_COLOURS))]


def _turned(points: Sequence[Point], angle: float) -> list[Point]:
    c, s = np.cos(angle), np.sin(angle)
    return [(float(x * c - y * s), float(x * s + y * c)) for x, y in points]


def _arrow(pen: Pen, dice: Dice, size: float, colour: Colour) -> None:
    """A thin shaft with a filled or an open head, its tip at the right before it is turned."""
    angle = dice.uniform(0, 2 * np.pi)
    width = max(1.0, size * dice.uniform(0.05, 0.1))
    long, half = max(3.0, size * dice.uniform(0.28, 0.42)), max(2.0, size * dice.uniform(0.13, 0.2))
    tip, tail, neck = (size / 2, 0.0), (-size / 2, 0.0), size / 2 - long
    pen.line(_turned([tail, (neck + 1, 0)], angle), width, colour)
    if dice.random() < 0.7:
        pen.polygon(_turned([tip, (neck, half), (neck, -half)], angle), colour)
    else:
        pen.line(_turned([(neck, 0), tip], angle), width, colour)
        pen.line(_turned([(neck, half), tip, (neck, -half)], angle), width, colour)


def _block_arrow(pen: Pen, dice: Dice, size: float) -> None:
    """A thick white arrow with a black rim, now and then the other way round."""
    angle = dice.uniform(0, 2 * np.pi)
    rim, half = max(1.0, size * dice.uniform(0.04, 0.08)), size * dice.uniform(0.07, 0.12)
    neck, wide = size / 2 - size * dice.uniform(0.35, 0.5), size * dice.uniform(0.2, 0.3)
    outline = [(size / 2, 0.0), (neck, wide), (neck, half), (-size / 2, half)]
    outline += [(x, -y) for x, y in outline[:0:-1]]
    turned = _turned(outline, angle)
    inner, outer = (_pale(dice), _dark(dice)) if dice.random() < 0.85 else (_dark(dice), _pale(dice))
    pen.polygon(turned, inner)
    pen.line([*turned, turned[0], turned[1]], rim, outer)


def _arrowhead(pen: Pen, dice: Dice, size: float) -> None:
    half, notch = size * dice.uniform(0.3, 0.5), size * dice.choice([0.0, 0.0, 0.25])
    points = [(size / 2, 0.0), (-size / 2, half), (notch - size / 2, 0.0), (-size / 2, -half)]
    colour = _pale(dice) if dice.random() < 0.75 else _dark(dice) if dice.random() < 0.5 else _any(dice)
    pen.polygon(_turned(points, dice.uniform(0, 2 * np.pi)), colour)


def _face(dice: Dice) -> str:
    return str(
        dice.choice(["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "STIXGeneral.ttf", ""])
    )


def _letter(pen: Pen, dice: Dice, size: float, colour: Colour) -> None:
    pen.text(str(dice.choice(list("ABCDEHKLMNRSTVXabe123457"))), size, colour, _face(dice))


def _word(pen: Pen, dice: Dice, size: float) -> None:
    colour = _pale(dice) if dice.random() < 0.6 else _dark(dice) if dice.random() < 0.4 else _any(dice)
    pen.text(str(dice.choice(_WORDS)), size, colour, _face(dice))


def _ring(pen: Pen, dice: Dice, size: float) -> None:
    width = max(1.0, size * dice.uniform(0.04, 0.12))
    colour = _pale(dice) if dice.random() < 0.5 else _any(dice)
    pen.ellipse(size / 2, size / 2 * dice.uniform(0.55, 1), colour, width)


def _pointer(pen: Pen, dice: Dice, size: float) -> None:
    share = size / 19
    points = [((x - 6) * share, (y - 9.5) * share) for x, y in _POINTER]
    fill, rim = ((255,) * 3, (0,) * 3) if dice.random() < 0.85 else ((0,) * 3, (255,) * 3)
    pen.polygon(points, fill)
    pen.line([*points, points[0], points[1]], max(1.0, 0.9 * share), rim)


def _cross(pen: Pen, at: Point, half: float, colour: Colour, width: float, angle: float = 0.0) -> None:
    for spin in (angle, angle + np.pi / 2):
        (dx, dy), *_ = _turned([(half, 0)], spin)
        pen.line([(at[0] - dx, at[1] - dy), (at[0] + dx, at[1] + dy)], width, colour)


def _marker(pen: Pen, dice: Dice, size: float) -> None:
    """A plus, an x, an asterisk, or a dot with a number."""
    colour = _pale(dice) if dice.random() < 0.7 else _any(dice)
    width, which = max(1.0, size * dice.uniform(0.1, 0.16)), dice.integers(4)
    if which == 3:
        at = (-size * 0.3, 0.0)
        pen.ellipse(size * 0.2, size * 0.2, colour, None, at)
        pen.text(str(dice.integers(1, 10)), max(6.0, size * 0.6), colour, "DejaVuSans.ttf", (size * 0.3, 0))
        return
    if which == 2:
        width = max(1.0, width / 2)
    _cross(pen, (0, 0), size / 2, colour, width, np.pi / 4 if which == 1 else 0.0)
    if which == 2:
        _cross(pen, (0, 0), size / 2, colour, width, np.pi / 6)
        _cross(pen, (0, 0), size / 2, colour, width, np.pi / 3)


def _caliper(pen: Pen, dice: Dice, size: float) -> None:
    """Two small crosses and a dotted line from one to the other."""
    colour = _pale(dice) if dice.random() < 0.5 else _any(dice)
    arm, angle = max(2.0, size * 0.13), dice.uniform(0, 2 * np.pi)
    ends = _turned([(arm - size / 2, 0), (size / 2 - arm, 0)], angle)
    for end in ends:
        _cross(pen, end, arm, colour, 1)
    first, last = np.array(ends[0]), np.array(ends[1])
    for share in np.arange(0, 1, 4 / max(4.0, size - 2 * arm)):
        at = first + share * (last - first)
        pen.ellipse(0.6, 0.6, colour, None, (float(at[0]), float(at[1])))


def _watermark(pen: Pen, dice: Dice, size: float) -> None:
    """Words, level or slanting; `mark` makes them faint."""
    words = str(dice.choice(_WATERMARKS))
    pen.text(words, size, (255, 255, 255) if dice.random() < 0.85 else (0, 0, 0), "DejaVuSans-Bold.ttf")
    if dice.random() < 0.5:
        pen.turn(float(dice.uniform(20, 50)))


def _box(pen: Pen, dice: Dice, size: float) -> None:
    half, high = size / 2, size / 2 * dice.uniform(0.6, 1)
    corners = [(-half, -high), (half, -high), (half, high), (-half, high), (-half, -high), (half, -high)]
    pen.line(corners, max(1.0, size * dice.uniform(0.04, 0.1)), _any(dice))


def _nothing(pen: Pen, dice: Dice, size: float) -> None:
    """Lines over the whole page are drawn by `crosshair`."""


KINDS: Final[dict[str, Kind]] = {
    "arrow white": Kind(lambda pen, dice, size: _arrow(pen, dice, size, _pale(dice)), 0.05, least=10),
    "arrow tiny black": Kind(lambda pen, dice, size: _arrow(pen, dice, size, _dark(dice)), high=0.055),
    "arrow outlined": Kind(_block_arrow, 0.05, least=11),
    "arrow coloured": Kind(lambda pen, dice, size: _arrow(pen, dice, size, _any(dice)), 0.05, least=10),
    "arrowhead": Kind(_arrowhead, high=0.08, least=7),
    "letter white": Kind(lambda pen, dice, size: _letter(pen, dice, size, _pale(dice)), high=0.09, least=8),
    "letter black": Kind(lambda pen, dice, size: _letter(pen, dice, size, _dark(dice)), high=0.09, least=8),
    "word": Kind(_word, high=0.06, least=7),
    "ring": Kind(_ring, 0.04, least=9),
    "box coloured": Kind(_box, 0.04, least=9),
    "pointer": Kind(_pointer, 0.04, least=13),
    "marker": Kind(_marker, high=0.05, least=7),
    "caliper": Kind(_caliper, 0.07, least=18),
    "watermark": Kind(_watermark, 0.04, 0.09, 9, anywhere=False, faint=True),
    "crosshair dim": Kind(_nothing, anywhere=False, faint=True),
    "crosshair full": Kind(_nothing, anywhere=False, faint=True),
}
"""Every sort of mark by its name."""
