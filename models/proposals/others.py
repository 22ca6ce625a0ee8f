"""Images that are no MRI of a head: CT, other parts of the body, photographs, plots, pages, phantoms, noise.

Photographs and scans are those of `pictures.py`; everything else is drawn.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from ct import draw_ct_head
from modalities import draw_scan
from organs import draw_organ
from pictures import draw_photograph, draw_real_scan
from PIL import Image, ImageDraw
from sheet import Type, phrase, word
from textures import draw_texture
from tissue import Floats, Rng, smooth

# Shares of the kinds, most for those that the network before this one took for heads.
_SHARES = {
    "photograph": 0.13,
    "texture": 0.15,
    "ct head": 0.17,
    "ct": 0.16,
    "real scan": 0.06,
    "organ": 0.1,
    "scan": 0.12,
    "plot": 0.045,
    "page": 0.02,
    "phantom": 0.025,
    "empty": 0.02,
}


def draw_other(
    rng: Rng,
    slices: dict[str, npt.NDArray[np.uint8]],
    height: int,
    width: int,
    *,
    pictures: str | None = None,
) -> Floats:
    """Levels 0..255, float32 (height, width, 3). `pictures` is a file that `pictures.py` wrote."""
    shares = np.array(list(_SHARES.values()))
    kind = str(rng.choice(list(_SHARES), p=shares / shares.sum()))
    image: Floats | None
    if kind == "photograph":
        image = draw_photograph(rng, pictures, height, width)
    elif kind == "real scan":
        image = draw_real_scan(rng, pictures, height, width)
    elif kind == "ct head":
        image = draw_ct_head(rng, slices, height, width)
    elif kind == "ct":
        image = draw_organ(rng, height, width, ct=True)
    else:
        drawn = {
            "texture": draw_texture,
            "scan": draw_scan,
            "organ": draw_organ,
            "plot": _plot,
            "page": _page,
            "phantom": _phantom,
            "empty": _empty,
        }
        image = drawn[kind](rng, height, width)
    if image is None:
        image = draw_organ(rng, height, width)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, 2)
    return np.clip(image, 0, 255).astype(np.float32)


def _plot(rng: Rng, height: int, width: int) -> Floats:
    """Axes with lines, bars, dots or a map of levels, or a pie; with titles and legends."""
    light, grey = rng.random() < 0.7, rng.random() < 0.4
    page = Image.new("RGB", (width, height), (250,) * 3 if light else (15,) * 3)
    draw, ink = ImageDraw.Draw(page), (30,) * 3 if light else (220,) * 3
    left, bottom, right, top = width * 0.14, height * 0.86, width * 0.95, height * 0.08

    def colour() -> tuple[int, ...]:
        return (int(rng.integers(40, 215)),) * 3 if grey else tuple(int(v) for v in rng.integers(0, 255, 3))

    kind = rng.choice(["lines", "bars", "dots", "map", "pie"])
    if kind == "pie":
        turn, reach = 0.0, min(height, width) * rng.uniform(0.25, 0.42)
        box = [width / 2 - reach, height / 2 - reach, width / 2 + reach, height / 2 + reach]
        for share in rng.dirichlet(np.ones(rng.integers(2, 8))):
            draw.pieslice(box, turn, turn + 360 * share, fill=colour(), outline=ink)
            turn += 360 * share
    elif kind == "map":
        cells = rng.uniform(0, 255, rng.integers(3, 14, 2)).astype(np.float32)
        method = cv2.INTER_NEAREST if rng.random() < 0.6 else cv2.INTER_CUBIC
        grown = cv2.resize(cells, (int(right - left), int(bottom - top)), interpolation=method)
        shown = np.clip(grown, 0, 255).astype(np.uint8)
        levels = np.repeat(shown[..., None], 3, 2) if grey else cv2.applyColorMap(shown, cv2.COLORMAP_VIRIDIS)
        page.paste(Image.fromarray(np.ascontiguousarray(levels[..., ::-1])), (int(left), int(top)))
    for _ in range(rng.integers(1, 4)) if kind in ("lines", "bars", "dots") else ():
        shade, count = colour(), int(rng.integers(4, 60) if kind != "dots" else rng.integers(20, 300))
        xs = np.linspace(left, right * 0.98, count)
        ys = bottom - np.abs(np.cumsum(rng.normal(0.3, 1, count))) / count * height
        if kind == "dots":
            xs, ys = rng.uniform(left, right, count), rng.normal(height * 0.5, height * 0.12, count)
        points = [(float(x), float(max(5, y))) for x, y in zip(xs, ys, strict=True)]
        if kind == "lines":
            draw.line(points, fill=shade, width=int(rng.integers(1, 4)))
        for x, y in points if kind != "lines" else ():
            box = [x - 2, y - 2, x + 2, y + 2] if kind == "dots" else [x, y, x + width * 0.5 / count, bottom]
            draw.rectangle(box, fill=shade)
    if kind != "pie":
        draw.line([left, top, left, bottom, right, bottom], fill=ink, width=int(rng.integers(1, 3)))
    font = Type(rng, height * 0.05)
    for _ in range(rng.integers(2, 9)):
        at = (
            float(rng.uniform(0, width * 0.8)),
            float(rng.choice([height * 0.9, height * 0.02, rng.uniform(0, height)])),
        )
        draw.text(at, word(rng), fill=ink, font=font.at(1))
    return np.asarray(page, np.float32)


def _empty(rng: Rng, height: int, width: int) -> Floats:
    """One level, a slope, a glow or a vignette, noise."""
    v, u = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    kind, low, high = rng.random(), rng.uniform(0, 255), rng.uniform(0, 255)
    if kind < 0.3:
        share = np.zeros((height, width))
        low = rng.choice([0, 255, low])
    elif kind < 0.5:
        turn = rng.uniform(0, 2 * np.pi)
        share = np.clip(0.5 + 0.5 * (u * np.cos(turn) + v * np.sin(turn)), 0, 1)
    elif kind < 0.7:
        reach = rng.uniform(0.3, 1.5)
        share = np.clip(np.hypot(u + rng.normal(0, 0.2), v + rng.normal(0, 0.2)) / reach, 0, 1)
    else:
        noise = rng.standard_normal((height, width), np.float32)
        spread = np.exp(rng.uniform(np.log(1), np.log(80)))
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 3)) if rng.random() < 0.4 else noise
        return np.asarray(
            rng.choice([0, low]) + spread * (np.abs(noise) if kind < 0.85 else noise), np.float32
        )
    fine = rng.uniform(0, 5) * (rng.random() < 0.5) * rng.standard_normal((height, width))
    return np.asarray(low + (high - low) * share + fine, np.float32)


def _blob(
    rng: Rng, height: int, width: int, x: float, y: float, rx: float, ry: float, rough: float
) -> Floats:
    """0..1 inside a rough ellipse."""
    v, u = np.mgrid[:height, :width].astype(np.float32)
    away = np.sqrt(((u - x) / max(rx, 1)) ** 2 + ((v - y) / max(ry, 1)) ** 2)
    away = away + smooth(rng, height, width, int(rng.integers(4, 9))) * rough
    return np.asarray(1 / (1 + np.exp(np.clip((away - 1) * max(rx, ry) * 0.6, -40, 40))), np.float32)


def _page(rng: Rng, height: int, width: int) -> Floats:
    page = Image.new("L", (width, height), int(rng.choice([255, 245, 230, 20])))
    draw, font = ImageDraw.Draw(page), Type(rng, height * rng.uniform(0.025, 0.1))
    ink = 20 if page.getpixel((0, 0)) > 128 else 235
    y = height * 0.04
    while y < height * 0.95:
        text = " ".join(phrase(rng) for _ in range(4))
        draw.text((width * 0.05, y), text, fill=ink, font=font.at(1))
        y += font.size * rng.uniform(1.1, 1.9)
    return np.asarray(page, np.float32)


def _phantom(rng: Rng, height: int, width: int) -> Floats:
    """Discs of resolution phantoms: round, flat, with holes and bars; or a drawing of Shepp and Logan's kind."""
    image = np.zeros((height, width), np.float32)
    middle, radius = (width // 2, height // 2), int(min(height, width) * rng.uniform(0.35, 0.48))
    level = rng.uniform(60, 240)
    if rng.random() < 0.4:
        image[:] = _blob(rng, height, width, *map(float, middle), radius * 0.8, float(radius), 0.0) * 255
        image *= 1 - 0.8 * _blob(rng, height, width, *map(float, middle), radius * 0.75, radius * 0.94, 0.0)
        for _ in range(rng.integers(3, 9)):
            x, y = np.array(middle) + rng.uniform(-0.5, 0.5, 2) * radius
            a, b = rng.uniform(0.03, 0.3, 2) * radius
            image += rng.uniform(-30, 60) * _blob(rng, height, width, x, y, a, b, 0.0)
        return image
    cv2.circle(image, middle, radius, level, -1, cv2.LINE_AA)
    for _ in range(rng.integers(3, 30)):
        at = (np.array(middle) + rng.uniform(-0.65, 0.65, 2) * radius).astype(int)
        size = int(radius * rng.uniform(0.02, 0.15))
        other = float(rng.choice([0, level * 0.5, 255]))
        if rng.random() < 0.6:
            cv2.circle(image, (int(at[0]), int(at[1])), max(1, size), other, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(image, (int(at[0]), int(at[1])), (int(at[0]) + size * 2, int(at[1]) + 2), other, -1)
    return np.asarray(image + rng.uniform(0, 6) * rng.standard_normal((height, width)), np.float32)
