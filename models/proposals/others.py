"""Images that are no MRI of a head: CT, other parts of the body, photographs, plots, pages, phantoms, noise.

Photographs come from the packages scikit-learn and scikit-image; everything else is drawn.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from anatomy import INSIDE
from PIL import Image, ImageDraw
from sheet import Type, phrase, word
from tissue import Floats, Rng, _placed, smooth

_HEAD = 1


@lru_cache(maxsize=1)
def _photographs() -> list[npt.NDArray[np.uint8]]:
    import skimage
    import sklearn

    shipped = Path(sklearn.__file__).parent / "datasets" / "images"
    files = [*sorted(shipped.glob("*.jpg"))]
    names = (
        "astronaut brick camera cell chelsea coffee coins color grass gravel horse hubble_deep_field ihc moon"
    )
    names += " motorcycle_left page retina rocket text microaneurysms"
    folder = Path(skimage.__file__).parent / "data"
    files += [path for path in sorted(folder.iterdir()) if path.stem in names.split()]
    return [np.asarray(Image.open(path).convert("RGB")) for path in files]


def draw_other(rng: Rng, slices: dict[str, npt.NDArray[np.uint8]], height: int, width: int) -> Floats:
    """Levels 0..255, float32 (height, width, 3)."""
    kinds = (
        _photograph,
        _ct,
        _body,
        _body,
        _limb,
        _plot,
        _page,
        _noise,
        _fan,
        _phantom,
        _shapes,
        _chest,
        _spine,
    )
    kind = kinds[rng.integers(len(kinds))]
    image = kind(rng, slices, height, width)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, 2)
    return np.clip(image, 0, 255).astype(np.float32)


def _photograph(rng: Rng, slices: object, height: int, width: int) -> Floats:
    photos = _photographs()
    photo = photos[rng.integers(len(photos))]
    h, w = photo.shape[:2]
    share = rng.uniform(0.25, 1)
    ch, cw = max(16, int(h * share)), max(16, int(w * share))
    y, x = rng.integers(h - ch + 1), rng.integers(w - cw + 1)
    part = cv2.resize(photo[y : y + ch, x : x + cw], (width, height), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        part = part[:, ::-1]
    if rng.random() < 0.6:
        part = np.repeat(part.mean(2, keepdims=True), 3, 2)
    return part.astype(np.float32)


def _ct(rng: Rng, slices: dict[str, npt.NDArray[np.uint8]], height: int, width: int) -> Floats:
    """A head in CT: a white ring of bone, the brain one grey, scalp thin and dim."""
    index = rng.integers(len(slices["grey"]))
    grey, parts = slices["grey"][index], slices["parts"][index]
    across, down, _ = _placed(rng, (parts & _HEAD) > 0, height, width)
    inside = cv2.remap(((parts & INSIDE) > 0).astype(np.uint8), across, down, cv2.INTER_NEAREST)
    head = cv2.remap(((parts & _HEAD) > 0).astype(np.uint8), across, down, cv2.INTER_NEAREST)
    soft = cv2.remap(grey, across, down, cv2.INTER_CUBIC).astype(np.float32)
    thick = int(max(3, min(height, width) * rng.uniform(0.02, 0.05)))
    bone = (
        (cv2.dilate(inside, cv2.getStructuringElement(2, (2 * thick + 1,) * 2)) > 0)
        & (inside == 0)
        & (head > 0)
    )
    level = rng.uniform(60, 150)
    image = np.where(head > 0, rng.uniform(15, 70), 0.0)
    image = np.where(inside > 0, level + (soft - 110) * rng.uniform(0.02, 0.25), image)
    image = np.where(bone, rng.uniform(215, 270), image)
    image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), rng.uniform(0.6, 1.5))
    image += rng.uniform(0, 9) * smooth(rng, height, width, max(height, width) // 2)
    if rng.random() < 0.35:  # the table or head rest
        cv2.ellipse(
            image, (width // 2, height // 2), (int(width * 0.44), int(height * 0.49)), 0, 30, 150, 120.0, 2
        )
    return image


def _blob(
    rng: Rng, height: int, width: int, x: float, y: float, rx: float, ry: float, rough: float
) -> Floats:
    """0..1 inside a rough ellipse."""
    v, u = np.mgrid[:height, :width].astype(np.float32)
    away = np.sqrt(((u - x) / max(rx, 1)) ** 2 + ((v - y) / max(ry, 1)) ** 2)
    away = away + smooth(rng, height, width, int(rng.integers(4, 9))) * rough
    return np.asarray(1 / (1 + np.exp(np.clip((away - 1) * max(rx, ry) * 0.6, -40, 40))), np.float32)


def _body(rng: Rng, slices: object, height: int, width: int) -> Floats:
    """A cut through a trunk: fat, organs, a vertebra with its canal, vessels, bowel with gas."""
    cx, cy = width * rng.uniform(0.45, 0.55), height * rng.uniform(0.45, 0.55)
    rx, ry = width * rng.uniform(0.36, 0.5), height * rng.uniform(0.3, 0.45)
    image = np.zeros((height, width), np.float32)

    def put(x: float, y: float, a: float, b: float, level: float, rough: float = 0.08) -> None:
        nonlocal image
        mask = _blob(rng, height, width, x, y, a, b, rough)
        image = image * (1 - mask) + mask * level * (1 + 0.1 * smooth(rng, height, width, 30))

    fat = rng.uniform(60, 255)
    put(cx, cy, rx, ry, fat, 0.03)
    put(cx, cy, rx * 0.88, ry * 0.85, rng.uniform(20, 120), 0.04)
    for _ in range(rng.integers(4, 14)):
        x, y = cx + rng.uniform(-0.65, 0.65) * rx, cy + rng.uniform(-0.65, 0.55) * ry
        put(x, y, rx * rng.uniform(0.05, 0.35), ry * rng.uniform(0.06, 0.35), rng.uniform(0, 240), 0.12)
    spine_y = cy + ry * 0.5
    put(cx, spine_y, rx * 0.16, ry * 0.17, rng.uniform(60, 255), 0.04)
    put(cx, spine_y + ry * 0.22, rx * 0.06, ry * 0.07, rng.uniform(0, 255), 0.03)
    for side in (-1, 1):
        put(cx + side * rx * 0.25, spine_y + ry * 0.2, rx * 0.16, ry * 0.14, rng.uniform(30, 120), 0.08)
    return image + rng.uniform(0, 8) * rng.standard_normal((height, width)).astype(np.float32)


def _limb(rng: Rng, slices: object, height: int, width: int) -> Floats:
    """A knee or another joint from the side or the front: shafts, a gap, soft tissue."""
    image = np.zeros((height, width), np.float32)
    tissue, bone, gap = rng.uniform(20, 140), rng.uniform(60, 255), height * rng.uniform(0.42, 0.58)
    v, u = np.mgrid[:height, :width].astype(np.float32)
    middle = width * rng.uniform(0.4, 0.6) + width * 0.05 * np.sin(v / height * rng.uniform(2, 5))
    limb = np.abs(u - middle) < width * rng.uniform(0.25, 0.42) * (1 + 0.1 * np.cos(v / height * 6))
    image[limb] = tissue
    swell = 1 + 0.6 * np.exp(-(((v - gap) / (0.16 * height)) ** 2))
    shaft = (np.abs(u - middle) < width * rng.uniform(0.09, 0.18) * swell) & (np.abs(v - gap) > height * 0.02)
    image[shaft] = bone
    if rng.random() < 0.5:
        image += 60 * _blob(
            rng, height, width, float(width * 0.75), float(gap), width * 0.08, height * 0.1, 0.05
        )
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2))
    return np.asarray(image * (1 + 0.15 * smooth(rng, height, width, 40)) + rng.uniform(0, 8), np.float32)


def _chest(rng: Rng, slices: object, height: int, width: int) -> Floats:
    """A chest film: lungs, heart, ribs."""
    image = np.full((height, width), rng.uniform(90, 170), np.float32)
    for side in (-1, 1):
        mask = _blob(
            rng, height, width, width * (0.5 + side * 0.22), height * 0.48, width * 0.17, height * 0.34, 0.06
        )
        image = image * (1 - mask) + mask * rng.uniform(20, 70)
    mask = _blob(rng, height, width, width * 0.55, height * 0.62, width * 0.15, height * 0.17, 0.05)
    image = image * (1 - mask * 0.8) + mask * 0.8 * rng.uniform(150, 230)
    image[:, int(width * 0.46) : int(width * 0.54)] += 40
    for index in range(8):
        y = height * (0.12 + index * 0.09)
        for side in (-1, 1):
            at = (int(width * (0.5 + side * 0.2)), int(y))
            cv2.ellipse(image, at, (int(width * 0.24), int(height * 0.06)), side * 12.0, 180, 360, 190.0, 2)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(1, 2.5)), np.float32)


def _spine(rng: Rng, slices: object, height: int, width: int) -> Floats:
    """A spine from the side: a row of vertebrae and discs, the cord beside them."""
    image = np.full((height, width), rng.uniform(5, 70), np.float32)
    image[:, int(width * rng.uniform(0.75, 0.9)) :] = rng.uniform(80, 255)
    bone, disc = rng.uniform(60, 230), rng.uniform(20, 255)
    count = int(rng.integers(5, 10))
    for index in range(count):
        y = height * (index + 0.5) / count
        x = width * (0.42 + 0.06 * np.sin(index / count * rng.uniform(2, 6)))
        box = (
            int(x - width * 0.1),
            int(y - height * 0.38 / count),
            int(x + width * 0.1),
            int(y + height * 0.34 / count),
        )
        cv2.rectangle(image, box[:2], box[2:], bone, -1)
        cv2.ellipse(
            image, (int(x), int(y + height * 0.45 / count)), (int(width * 0.09), 4), 0, 0, 360, disc, -1
        )
        cv2.rectangle(
            image, (int(x + width * 0.13), box[1] - 9), (int(x + width * 0.2), box[3] + 9), disc, -1
        )
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2))
    return np.asarray(image * (1 + 0.15 * smooth(rng, height, width, 30)), np.float32)


def _plot(rng: Rng, slices: object, height: int, width: int) -> Floats:
    light = rng.random() < 0.7
    page = Image.new("RGB", (width, height), (250,) * 3 if light else (15,) * 3)
    draw, ink = ImageDraw.Draw(page), (30,) * 3 if light else (220,) * 3
    left, bottom = int(width * 0.14), int(height * 0.86)
    draw.line([left, height * 0.08, left, bottom, width * 0.95, bottom], fill=ink, width=2)
    for _ in range(rng.integers(1, 4)):
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        xs = np.linspace(left, width * 0.93, int(rng.integers(4, 60)))
        ys = bottom - np.abs(np.cumsum(rng.normal(0.3, 1, len(xs)))) / len(xs) * height
        points = [(float(x), float(max(5, y))) for x, y in zip(xs, ys, strict=True)]
        if rng.random() < 0.6:
            draw.line(points, fill=colour, width=int(rng.integers(1, 4)))
        else:
            for x, y in points:
                draw.rectangle([x, y, x + width * 0.5 / len(xs), bottom], fill=colour)
    font = Type(rng, height * 0.05)
    for _ in range(rng.integers(2, 9)):
        at = (
            float(rng.uniform(0, width * 0.8)),
            float(rng.choice([height * 0.9, height * 0.02, rng.uniform(0, height)])),
        )
        draw.text(at, word(rng), fill=ink, font=font.at(1))
    return np.asarray(page, np.float32)


def _page(rng: Rng, slices: object, height: int, width: int) -> Floats:
    page = Image.new("L", (width, height), int(rng.choice([255, 245, 230, 20])))
    draw, font = ImageDraw.Draw(page), Type(rng, height * rng.uniform(0.025, 0.1))
    ink = 20 if page.getpixel((0, 0)) > 128 else 235
    y = height * 0.04
    while y < height * 0.95:
        text = " ".join(phrase(rng) for _ in range(4))
        draw.text((width * 0.05, y), text, fill=ink, font=font.at(1))
        y += font.size * rng.uniform(1.1, 1.9)
    return np.asarray(page, np.float32)


def _noise(rng: Rng, slices: object, height: int, width: int) -> Floats:
    kind = rng.random()
    if kind < 0.25:
        return np.full((height, width), rng.uniform(0, 255), np.float32)
    if kind < 0.5:
        return np.asarray(rng.normal(rng.uniform(30, 200), rng.uniform(10, 70), (height, width)), np.float32)
    if kind < 0.8:
        return np.asarray(
            128 + rng.uniform(20, 70) * smooth(rng, height, width, int(rng.integers(2, 40))), np.float32
        )
    field = sum(smooth(rng, height, width, knots) / knots**0.5 for knots in (4, 9, 20, 45))
    return np.asarray(110 + rng.uniform(40, 110) * field, np.float32)


def _fan(rng: Rng, slices: object, height: int, width: int) -> Floats:
    """An ultrasound picture."""
    v, u = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot(u - width / 2, v + height * 0.1) / height
    turn = np.arctan2(u - width / 2, v + height * 0.1)
    fan = (np.abs(turn) < rng.uniform(0.5, 0.8)) & (away > 0.2) & (away < 1.05)
    speckle = np.abs(smooth(rng, height, width, max(height, width) // 2)) * rng.uniform(20, 70)
    image = speckle * (1 + smooth(rng, height, width, 8)) * np.exp(-away * rng.uniform(0, 1)) * 1.5
    for _ in range(rng.integers(1, 4)):
        x, y = rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.8) * height
        image *= 1 - 0.9 * _blob(rng, height, width, x, y, width * 0.1, height * 0.09, 0.1)
    return np.where(fan, image, 0).astype(np.float32)


def _phantom(rng: Rng, slices: object, height: int, width: int) -> Floats:
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


def _shapes(rng: Rng, slices: object, height: int, width: int) -> Floats:
    image = np.full((height, width, 3), rng.uniform(0, 255), np.float32)
    for _ in range(rng.integers(2, 9)):
        colour = tuple(float(value) for value in rng.uniform(0, 255, 3))
        x, y, r = (
            int(rng.integers(width)),
            int(rng.integers(height)),
            int(rng.uniform(0.05, 0.3) * min(height, width)),
        )
        if rng.random() < 0.5:
            cv2.circle(image, (x, y), r, colour, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(image, (x, y), (x + r, y + r), colour, -1)
    return image
