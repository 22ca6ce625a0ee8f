"""Things with which edges are hard to tell: bars that fade, text that is cut, markers that touch the scalp."""

from __future__ import annotations

import cv2
import numpy as np
from sheet import BLACK, WHITE, Draw, Sheet, Type, opacity, phrase
from tissue import Bools, Floats, Rng


def faded(rng: Rng, grey: Floats, border: Bools) -> Floats:
    """The page with the edges of its bars and frames blurred, as often as not a part of them only."""
    if not border.any():
        return grey
    deep = int(rng.integers(2, 12))
    edge = cv2.dilate(border.astype(np.uint8), np.ones((deep, deep), np.uint8)).astype(np.float32)
    if rng.random() < 0.5:
        at = int(rng.uniform(0.2, 0.8) * grey.shape[rng.integers(2)])
        edge[at:] *= rng.integers(2)
    edge = cv2.GaussianBlur(edge, (0, 0), 1.0)
    blurred = cv2.GaussianBlur(grey, (0, 0), rng.uniform(1, 4))
    return np.asarray(grey * (1 - edge) + blurred * edge, np.float32)


def cut_text(sheet: Sheet, size: float, off_head: bool) -> None:
    """A line of text of which a straight edge leaves a part, at the rim of the image or anywhere."""
    rng = sheet.rng
    font, text = Type(rng, size * rng.uniform(0.8, 1.8)), phrase(rng)
    x, part = rng.uniform(-0.1, 0.7) * sheet.width, rng.uniform(0.3, 0.8) * font.size
    top = rng.random() < 0.5
    y = rng.choice([-part, sheet.height - font.size + part, rng.uniform(0, 0.95) * sheet.height])

    def draw(d: Draw, s: float) -> None:
        d.text((x * s, y * s), text, fill=255, font=font.at(s))
        low, high = (0.0, y + part) if top else (y + part, float(sheet.height))
        d.rectangle([0, low * s, sheet.width * s, max(low, high) * s], fill=0)

    sheet.stamp(draw, sheet.colour(), opacity(rng), off_head=off_head)


def marker(sheet: Sheet, size: float) -> None:
    """A capsule, a dot or a tile on the skin, or so close that the two run into each other."""
    rng = sheet.rng
    outline, _ = cv2.findContours(sheet.head.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outline:
        return
    points = max(outline, key=len)[:, 0]
    middle = points.mean(0)
    for _ in range(rng.integers(1, 3)):
        at = points[rng.integers(len(points))].astype(float)
        a, b = size * rng.uniform(0.3, 0.9), size * rng.uniform(0.3, 0.9)
        away = (at - middle) / max(1.0, float(np.hypot(*(at - middle))))
        x, y = at + away * max(a, b) * rng.uniform(0.3, 1.3)
        solid = rng.random() < 0.6

        def draw(d: Draw, s: float, x: float = x, y: float = y, a: float = a, b: float = b) -> None:
            box = [(x - a) * s, (y - b) * s, (x + a) * s, (y + b) * s]
            (d.ellipse if solid else d.rectangle)(box, fill=255)

        sheet.stamp(draw, WHITE if rng.random() < 0.9 else BLACK, float(rng.uniform(0.5, 1)))
