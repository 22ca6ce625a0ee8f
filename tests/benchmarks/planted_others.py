"""Images that are no MRI of a brain: photographs, other body parts, CT, plots, pages, phantoms, emptiness.

Photographs come with scikit-image, scikit-learn and matplotlib, where they are installed; the rest is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from curator.imaging._cv2 import cv2

U8: TypeAlias = npt.NDArray[np.uint8]
F32: TypeAlias = npt.NDArray[np.float32]
Dice: TypeAlias = np.random.Generator

_LONGEST: Final = 480  # px of a photograph's longer side
_PHOTOGRAPHS: Final = {
    "skimage": (
        "data",
        "astronaut.png camera.png chelsea.png coffee.png coins.png rocket.jpg motorcycle_left.png clock_motion.png "
        "horse.png hubble_deep_field.jpg moon.png retina.jpg ihc.png cell.png brick.png grass.png gravel.png "
        "page.png text.png logo.png phantom.png microaneurysms.png chessboard_GRAY.png",
    ),
    "sklearn": ("datasets/images", "china.jpg flower.jpg"),
    "matplotlib": ("mpl-data", "sample_data/grace_hopper.jpg sample_data/logo2.png"),
}
_GREY_TOO: Final = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "flower.jpg",
    "sample_data/grace_hopper.jpg",
)


@lru_cache(maxsize=1)
def non_brains() -> tuple[tuple[str, str, U8], ...]:
    """Sort, name and RGB uint8 (height, width, 3) of each, always the same with the same packages."""
    return (*_photographs(), *_drawings(), *(_plots() if find_spec("matplotlib") else ()))


def _drawings() -> Iterator[tuple[str, str, U8]]:
    for number, (sort, draw, count) in enumerate(_DRAWN):
        for turn in range(count):
            levels = draw(np.random.default_rng([number, turn]), turn)
            name = draw.__name__.strip("_").replace("_", " ")
            yield sort, f"{name} {turn + 1}", _rgb(levels)


def _photographs() -> Iterator[tuple[str, str, U8]]:
    for package, (folder, names) in _PHOTOGRAPHS.items():
        found = find_spec(package)
        if found is None or found.origin is None:
            continue
        for name in names.split():
            path = Path(found.origin).parent / folder / name
            if not path.is_file():
                continue
            with Image.open(path) as file:
                image = file.convert("RGBA")
            flat = Image.new("RGBA", image.size, (255, 255, 255, 255))
            flat.alpha_composite(image)
            picture = flat.convert("RGB")
            picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
            yield "photograph", Path(name).stem, np.array(picture)
            if name in _GREY_TOO:
                yield "photograph", f"{Path(name).stem} grey", np.array(picture.convert("L").convert("RGB"))


def _rgb(levels: npt.NDArray[np.floating]) -> U8:
    whole = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return np.repeat(whole[..., None], 3, axis=2) if whole.ndim == 2 else whole


def _tissue(dice: Dice, height: int, width: int, grain: float, strength: float) -> F32:
    """Smooth random levels with mean 0 and a standard deviation of `strength`."""
    field = cv2.GaussianBlur(dice.normal(size=(height, width)).astype(np.float32), (0, 0), grain)
    return np.asarray(field * (strength / max(1e-6, float(field.std()))), np.float32)


class _Body:
    """A dark picture of float32 levels into which bodies are put, coordinates as shares of its size."""

    def __init__(self, dice: Dice, height: int, width: int, level: float = 2) -> None:
        self.dice, self.height, self.width = dice, height, width
        self.levels = np.full((height, width), level, np.float32)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, level: float, angle: float = 0, rough: float = 0.04
    ) -> None:
        """A filled ellipse with an uneven outline."""
        turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        waves = sum(
            self.dice.normal(0, rough / n) * np.cos(n * turn + self.dice.uniform(0, 7)) for n in range(2, 7)
        )
        u, v = rx * (1 + waves) * np.cos(turn), ry * (1 + waves) * np.sin(turn)
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        self.polygon(np.stack([x + u * c - v * s, y + u * s + v * c], axis=1), level)

    def polygon(self, points: npt.ArrayLike, level: float) -> None:
        """A filled polygon with smooth edges."""
        at = np.asarray(points, np.float64) * (self.width, self.height) * 16
        cv2.fillPoly(self.levels, [at.astype(np.int32)], float(level), cv2.LINE_AA, 4)

    def done(self, blur: float, noise: float, texture: float = 6) -> F32:
        """The levels with the unevenness of tissue, blur and noise."""
        tissue = _tissue(self.dice, self.height, self.width, 2.5, texture)
        shown = cv2.GaussianBlur(self.levels + tissue * (self.levels > 12), (0, 0), blur)
        return np.asarray(abs(shown + self.dice.normal(0, noise, shown.shape)), np.float32)


def _ct_head(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 320, 280)
    brain = (105, 95, 128, 40)[turn % 4]
    x, y, rx, ry = 0.5, 0.5, 0.36 + 0.02 * turn, 0.42
    body.ellipse(x, y, rx, ry, 70, rough=0.01)
    body.ellipse(x, y, rx - 0.03, ry - 0.03, 255, rough=0.01)
    body.ellipse(x, y, rx - 0.075, ry - 0.068, brain, rough=0.01)
    for side in (-1, 1):
        body.ellipse(x + side * 0.045, y - 0.04, 0.022, 0.1, brain * 0.5, side * 18)
        body.ellipse(x + side * 0.06, y + 0.12, 0.02, 0.06, brain * 0.5, -side * 24)
    if turn % 2:
        body.ellipse(x + 0.12, y - 0.05, 0.08, 0.09, 190, 20, 0.2)
    if turn % 3 == 0:
        turns = np.linspace(0.15 * np.pi, 0.85 * np.pi, 40)
        arc = [(x + 0.47 * np.cos(t), y + 0.47 * np.sin(t)) for t in turns]
        body.polygon([*arc, *[(x + 0.455 * np.cos(t), y + 0.455 * np.sin(t)) for t in turns[::-1]]], 120)
    return body.done(0.7, 3, 4)


def _abdomen(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 260, 360)
    fat, muscle = (170, 60) if turn % 2 else (60, 95)
    body.ellipse(0.5, 0.5, 0.46, 0.42, fat)
    body.ellipse(0.5, 0.5, 0.42, 0.36, muscle)
    body.ellipse(0.31, 0.45, 0.2, 0.25, 125, rough=0.08)
    body.ellipse(0.72, 0.42, 0.11, 0.13, 150 if turn else 40)
    body.ellipse(0.79, 0.58, 0.06, 0.11, 145)
    for side in (-1, 1):
        body.ellipse(0.5 + side * 0.19, 0.66, 0.06, 0.085, 175, side * 20)
        body.ellipse(0.5 + side * 0.09, 0.76, 0.07, 0.06, 85)
    body.ellipse(0.5, 0.7, 0.055, 0.06, 210)
    body.ellipse(0.5, 0.78, 0.02, 0.025, 60)
    body.ellipse(0.47, 0.58, 0.024, 0.032, 225)
    for _ in range(9):
        body.ellipse(
            dice.uniform(0.42, 0.66), dice.uniform(0.22, 0.5), 0.03, 0.03, dice.uniform(40, 190), 0, 0.2
        )
    return body.done(1, 5)


def _knee(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 340, 300)
    bone = 180 if turn == 0 else 90
    body.polygon([(0.16, 0), (0.84, 0), (0.9, 0.45), (0.8, 1), (0.25, 1), (0.1, 0.5)], 55)
    body.polygon([(0.36, 0), (0.62, 0), (0.66, 0.3), (0.38, 0.3)], bone)
    body.ellipse(0.52, 0.38, 0.25, 0.13, bone)
    body.ellipse(0.5, 0.62, 0.26, 0.09, bone)
    body.polygon([(0.32, 0.62), (0.68, 0.62), (0.6, 1), (0.4, 1)], bone)
    body.ellipse(0.2, 0.36, 0.055, 0.11, bone)
    body.ellipse(0.36, 0.525, 0.09, 0.02, 15)
    body.ellipse(0.68, 0.525, 0.09, 0.02, 15)
    body.ellipse(0.27, 0.6, 0.05, 0.07, 215)
    body.polygon([(0.84, 0.05), (0.88, 0.4), (0.82, 0.95), (0.78, 0.95), (0.8, 0.4)], 150)
    return body.done(1, 5, 9)


def _chest_x_ray(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 340, 340, 30)
    body.ellipse(0.5, 0.7, 0.5, 0.62, 165)
    for side in (-1, 1):
        body.ellipse(0.5 + side * 0.2, 0.45, 0.155, 0.34, 55, side * 6)
    body.polygon([(0.45, 0), (0.55, 0), (0.56, 1), (0.44, 1)], 190)
    body.ellipse(0.56, 0.62, 0.15, 0.14, 195)
    body.ellipse(0.5, 1.0, 0.5, 0.2, 215)
    ribs = np.zeros_like(body.levels)
    for i in range(9):
        for side in (-1, 1):
            centre = (round(170 + side * 68), round(70 + i * 26))
            cv2.ellipse(ribs, centre, (58, 20), side * 22, 180, 360, 26.0, 5, cv2.LINE_AA)
    body.levels += cv2.GaussianBlur(ribs, (0, 0), 1.5)
    shown = body.done(1.5, 3)
    return 255 - shown if turn % 2 else shown


def _spine(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 380, 240)
    body.polygon([(0.1, 0), (0.8, 0), (0.92, 0.5), (0.85, 1), (0.15, 1)], 70)
    body.polygon([(0.78, 0), (0.92, 0.5), (0.85, 1), (0.78, 1), (0.83, 0.5), (0.7, 0)], 190)
    for i in range(9):
        y, bend = 0.04 + i * 0.108, 0.06 * np.sin(i / 9 * np.pi)
        x = 0.4 - bend
        corners = [(x - 0.1, y), (x + 0.1, y + 0.005), (x + 0.105, y + 0.075), (x - 0.1, y + 0.078)]
        body.polygon(corners, 135 if turn == 0 else 175)
        body.ellipse(x, y + 0.092, 0.1, 0.014, 215 if turn == 0 else 60)
        body.ellipse(x + 0.32, y + 0.05, 0.09, 0.022, 140, 25)
        body.ellipse(x + 0.175, y + 0.05, 0.05, 0.068, 235 if turn == 0 else 40)
        body.ellipse(x + 0.17, y + 0.05, 0.022, 0.068, 120)
    return body.done(1, 6)


def _thigh(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 240, 380)
    for x in (0.27, 0.73):
        body.ellipse(x, 0.5, 0.21, 0.4, 210)
        body.ellipse(x, 0.5, 0.17, 0.32, 80)
        for _ in range(8):
            turned = dice.uniform(0, 2 * np.pi)
            at = (x + 0.11 * np.cos(turned), 0.5 + 0.2 * np.sin(turned))
            body.ellipse(*at, 0.045, 0.07, dice.uniform(60, 110), dice.uniform(0, 180))
        body.ellipse(x, 0.48, 0.045, 0.07, 10)
        body.ellipse(x, 0.48, 0.028, 0.044, 190)
    return body.done(1, 5)


def _breast_x_ray(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 360, 260, 4)
    body.ellipse(0.0, 0.5, 0.72, 0.42, 80, rough=0.02)
    for _ in range(60):
        x, y = dice.uniform(0.05, 0.5), dice.uniform(0.25, 0.75)
        body.ellipse(x, y, dice.uniform(0.02, 0.1), 0.02, dice.uniform(80, 200), dice.uniform(-40, 40))
    return body.done(3, 3, 10)


def _ultrasound(dice: Dice, turn: int) -> F32:
    y, x = np.mgrid[:300, :360].astype(np.float32)
    reach, angle = np.hypot(x - 180, y + 40), np.arctan2(x - 180, y + 40)
    fan = (reach > 70) & (reach < 320) & (abs(angle) < 0.62)
    echo = np.exp(_tissue(dice, 300, 360, 22, 0.5)) * abs(_tissue(dice, 300, 360, 1.3, 1)) * 75
    echo[np.hypot((x - 170) / 70, (y - 150) / 48) < 1] *= 0.12
    return np.where(fan, echo + 10, 2).astype(np.float32)


def _shepp_logan(dice: Dice, turn: int) -> F32:
    """Shepp and Logan's phantom (IEEE Trans. Nucl. Sci. 21, 1974), contrast as Toft changed it."""
    parts = (
        (1, 0.69, 0.92, 0, 0, 0),
        (-0.8, 0.6624, 0.874, 0, -0.0184, 0),
        (-0.2, 0.11, 0.31, 0.22, 0, -18),
        (-0.2, 0.16, 0.41, -0.22, 0, 18),
        (0.1, 0.21, 0.25, 0, 0.35, 0),
        (0.1, 0.046, 0.046, 0, 0.1, 0),
        (0.1, 0.046, 0.046, 0, -0.1, 0),
        (0.1, 0.046, 0.023, -0.08, -0.605, 0),
    )
    v, u = np.mgrid[1:-1:300j, -1:1:300j]
    levels = np.zeros(u.shape)
    for level, a, b, x, y, degrees in parts:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        across, up = (u - x) * c + (v - y) * s, (v - y) * c - (u - x) * s
        levels[(across / a) ** 2 + (up / b) ** 2 <= 1] += level
    return np.asarray(levels * 250 + dice.normal(0, 3 * turn, u.shape), np.float32)


def _grid_phantom(dice: Dice, turn: int) -> F32:
    y, x = np.mgrid[:300, :300]
    inside = np.hypot(x - 150, y - 150) < 130 if turn == 0 else (abs(x - 150) < 125) & (abs(y - 150) < 125)
    step = 22 if turn == 0 else 31
    lines = (x % step < 3) | (y % step < 3) if turn == 0 else np.hypot(x % step - 15, y % step - 15) < 8
    levels = np.where(inside, np.where(lines, 30, 200), 3)
    return np.asarray(
        cv2.GaussianBlur(levels.astype(np.float32), (0, 0), 0.8) + dice.normal(0, 4, x.shape), np.float32
    )


def _bottle_phantom(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 280, 280)
    body.ellipse(0.5, 0.5, 0.38, 0.38, 200, rough=0)
    for i in range(6):
        at = (0.5 + 0.22 * np.cos(i * np.pi / 3), 0.5 + 0.22 * np.sin(i * np.pi / 3))
        body.ellipse(*at, 0.02 + 0.008 * i, 0.02 + 0.008 * i, 40, rough=0)
    return body.done(1, 5, 2)


def _blank(dice: Dice, turn: int) -> F32:
    return np.full((240, 260), 255 * turn, np.float32)


def _noise(dice: Dice, turn: int) -> F32:
    levels = abs(dice.normal(0, 12, (256, 256))) if turn else dice.uniform(0, 255, (220, 300))
    return np.asarray(levels, np.float32)


def _slope(dice: Dice, turn: int) -> F32:
    y, x = np.mgrid[:250, :250]
    levels = np.hypot(x - 125, y - 125) if turn else (x + y) / 2
    return np.asarray(255 - levels * 1.4 if turn else levels, np.float32)


def _page(dice: Dice, turn: int) -> F32:
    """A printed page: a heading, paragraphs, at times a table; scanned askew."""
    sheet = Image.new("L", (340, 440), 246)
    pen, y = ImageDraw.Draw(sheet), 62
    pen.text(
        (30, 24), ("Discharge letter", "Consent form", "2. Methods")[turn], 20, ImageFont.load_default(20)
    )
    words = ["series", "axial", "sequence", "signal", "and", "patient", "no", "with", "date", "the", "clinic"]
    while y < 410:
        if turn == 1 and 180 < y < 290:
            pen.rectangle((30, y, 310, y + 22), outline=60)
            pen.line((150, y, 150, y + 22), 60)
            y += 22
            continue
        line = " ".join(words[i] for i in dice.integers(0, len(words), 8))
        pen.text((30, y), line[: 52 if dice.random() < 0.85 else 20], 40, ImageFont.load_default(10))
        y += 15
    return np.asarray(sheet.rotate((0, 1.5, -2)[turn], fillcolor=235), np.float32)


def _logo(dice: Dice, turn: int) -> F32:
    sign = Image.new("RGB", (300, 220), ((255, 255, 255), (20, 40, 90), (0, 0, 0))[turn])
    pen, tint = ImageDraw.Draw(sign), ((200, 30, 40), (250, 200, 40), (255, 255, 255))[turn]
    if turn == 0:
        pen.rectangle((125, 40, 175, 150), tint)
        pen.rectangle((95, 70, 205, 120), tint)
    elif turn == 1:
        pen.regular_polygon((150, 95, 65), 6, 30, tint)
    else:
        pen.ellipse((95, 25, 205, 135), outline=tint, width=16)
    pen.text((150, 185), ("CityClinic", "HEXA LABS", "orbit")[turn], tint, ImageFont.load_default(32), "mm")
    return np.asarray(sign, np.float32)


def _wood(dice: Dice, turn: int) -> F32:
    y, x = np.mgrid[:280, :320].astype(np.float32)
    rings = np.sin((x + 3 * _tissue(dice, 280, 320, 25, 6)) / (5 + 8 * turn) + y / 90)
    tint = np.array([1.0, 0.72, 0.45], np.float32)
    return np.asarray((130 + 40 * rings + _tissue(dice, 280, 320, 1, 8))[..., None] * tint, np.float32)


def _leaves(dice: Dice, turn: int) -> F32:
    body = _Body(dice, 300, 300, 40)
    for _ in range(160):
        at = dice.uniform(0, 1, 2)
        body.ellipse(at[0], at[1], 0.07, 0.03, dice.uniform(30, 220), dice.uniform(0, 180))
    return np.asarray(body.done(0.8, 4)[..., None] * np.array([0.5, 1, 0.4], np.float32), np.float32)


def _plots() -> Iterator[tuple[str, str, U8]]:
    """Figures of matplotlib, drawn without a screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    for number, name in enumerate(("bar", "line", "scatter", "histogram", "pie", "heat map")):
        dice = np.random.default_rng([99, number])
        figure = Figure(figsize=(4, 3), dpi=100, facecolor="black" if name == "scatter" else "white")
        axes = figure.add_subplot(facecolor=figure.get_facecolor())
        axes.tick_params(colors="white" if name == "scatter" else "black")
        if name == "bar":
            axes.bar(list("ABCDEF"), dice.uniform(2, 9, 6))
        elif name == "line":
            axes.plot(np.cumsum(dice.normal(size=(80, 3)), axis=0))
        elif name == "scatter":
            axes.plot(*dice.normal(size=(2, 300)), "y.")
        elif name == "histogram":
            axes.hist(dice.normal(size=500), 30, color="grey")
        elif name == "pie":
            axes.pie(dice.uniform(1, 5, 5))
        else:
            axes.imshow(dice.uniform(size=(9, 9)), cmap="gray")
        axes.set_title(name)
        out = io.BytesIO()
        FigureCanvasAgg(figure).print_png(out)
        with Image.open(out) as file:
            yield "plot", name, np.array(file.convert("RGB"))


_DRAWN: Final[tuple[tuple[str, Callable[[Dice, int], F32], int], ...]] = (
    ("CT of a head", _ct_head, 4),
    ("other body part", _abdomen, 2),
    ("other body part", _knee, 2),
    ("other body part", _chest_x_ray, 2),
    ("other body part", _spine, 2),
    ("other body part", _thigh, 1),
    ("other body part", _breast_x_ray, 1),
    ("other body part", _ultrasound, 1),
    ("phantom", _shepp_logan, 2),
    ("phantom", _grid_phantom, 2),
    ("phantom", _bottle_phantom, 1),
    ("empty", _blank, 2),
    ("empty", _noise, 2),
    ("empty", _slope, 2),
    ("page of text", _page, 3),
    ("logo", _logo, 3),
    ("texture", _wood, 2),
    ("texture", _leaves, 1),
)
