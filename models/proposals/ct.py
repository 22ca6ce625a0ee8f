"""Pictures in CT: tissue in Hounsfield units, noise and streaks of the reconstruction, and a viewer's window.

Numbers of tissues after Prokop & Galanski, Spiral and Multislice CT of the Body, 2003; windows are those that
viewers offer for brain, soft tissue, liver, lung and bone.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from anatomy import HEAD, INSIDE
from body import Body, bent
from tissue import Bools, Floats, Rng, _placed, smooth

_AIR = -1000.0


class Ct(Body):
    """A body whose levels are Hounsfield units; half of them after contrast medium was given."""

    def __init__(self, rng: Rng, height: int, width: int) -> None:
        super().__init__(rng, height, width)
        self.image = np.full((height, width), _AIR, np.float32)
        enhanced = rng.random() < 0.65
        self.levels = {
            "air": _AIR,
            "lung": rng.uniform(-900, -780),
            "fat": rng.uniform(-115, -85),
            "water": rng.uniform(-5, 25),
            "muscle": rng.uniform(45, 70),
            "organ": rng.uniform(80, 130) if enhanced else rng.uniform(40, 65),
            "blood": rng.uniform(120, 380) if enhanced else rng.uniform(32, 50),
            "kidney": rng.uniform(130, 260) if enhanced else rng.uniform(28, 40),
            "bone": rng.uniform(150, 420),
            "cortex": rng.uniform(450, 1300),
        }

    def level(self, name: str, spread: float = 0.1) -> float:
        level = self.levels[name]
        return level if name == "air" else float(level + self.rng.normal(0, spread * (40 + abs(level))))

    def table(self) -> None:
        """What the patient lies on: one or two curves or lines, and folds of cloth."""
        rng = self.rng
        if rng.random() > 0.55:
            return
        layer = np.zeros((self.height, self.width), np.float32)
        drop, reach = rng.uniform(0.86, 1.02), self.across * rng.uniform(0.9, 1.8)
        curve = self.down * rng.choice([rng.uniform(0.02, 0.15), rng.uniform(0.1, 0.45)])
        for index in range(rng.integers(1, 3)):
            middle = (int(self.x), int(self.y + self.down * (drop + 0.07 * index) - curve))
            axes = (max(1, int(reach)), max(1, int(curve)))
            cv2.ellipse(layer, middle, axes, 0, 5, 175, rng.uniform(300, 1000), 1 + index, cv2.LINE_AA)
        self.image = np.where(self.image < -700, np.maximum(self.image, layer + _AIR), self.image)

    def done(self) -> Floats:
        image = _grained(self.rng, bent(self.rng, self.image))
        return displayed(self.rng, _cropped(self.rng, image), _window(self.rng))


def _grained(rng: Rng, image: Floats) -> Floats:
    """Strands in fat, beams in bone, and parenchyma that is not of one level."""
    height, width = image.shape
    fine = smooth(rng, height, width, max(height, width) // int(rng.integers(2, 5)))
    middle = smooth(rng, height, width, int(rng.integers(14, 40)))
    image = image + np.where(image > 130, 0.22, 0.0) * fine * np.clip(image, 0, 500)
    image = image + np.where(image > -30, rng.uniform(1, 7), 0.0) * middle
    strands = np.abs(smooth(rng, height, width, int(rng.integers(20, 60)))) < rng.uniform(0.01, 0.1)
    seen = strands & (smooth(rng, height, width, 7) > rng.uniform(-0.3, 1)) & (image < -50) & (image > -200)
    return np.asarray(image + seen * rng.uniform(30, 130), np.float32)


def _cropped(rng: Rng, image: Floats) -> Floats:
    height, width = image.shape
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.08:
        image = image[::-1]
    if rng.random() < 0.15:
        y0, x0 = (int(size * rng.uniform(0, 0.35)) for size in image.shape)
        y1, x1 = (int(size * rng.uniform(0.65, 1)) for size in image.shape)
        image = cv2.resize(np.ascontiguousarray(image[y0:y1, x0:x1]), (width, height))
    return np.ascontiguousarray(image, np.float32)


def _window(rng: Rng) -> tuple[float, float]:
    """Level and width in Hounsfield units."""
    kind = rng.random()
    if kind < 0.28:
        return rng.uniform(30, 60), rng.uniform(300, 450)
    if kind < 0.65:  # narrow: fat is all but black
        return rng.uniform(50, 120), rng.uniform(120, 260)
    if kind < 0.77:
        return rng.uniform(300, 600), rng.uniform(1200, 2500)
    if kind < 0.86:
        return rng.uniform(-650, -450), rng.uniform(1100, 1800)
    return rng.uniform(-50, 250), rng.uniform(150, 1000)


def displayed(rng: Rng, image: Floats, window: tuple[float, float]) -> Floats:
    """Levels 0..255 of an image in Hounsfield units, blurred, with noise, streaks and a round field of view."""
    height, width = image.shape
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.45, 1.3))
    if rng.random() < 0.35:  # a sharp kernel
        image = image + rng.uniform(0.4, 1.4) * (image - cv2.GaussianBlur(image, (0, 0), 1.6))
    white = rng.standard_normal((height, width), np.float32)
    grain = cv2.GaussianBlur(white, (0, 0), rng.uniform(0.5, 1.4)) - 0.7 * cv2.GaussianBlur(white, (0, 0), 3)
    strength = np.exp(rng.uniform(np.log(2), np.log(30))) * min(1.0, window[1] / 150)
    image = image + strength * grain / (float(grain.std()) + 1e-6)
    if rng.random() < 0.3:
        image = image + _streaks(rng, image)
    low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    grey = 255 * np.clip((image - low) / (high - low), 0, 1)
    if rng.random() < 0.3:
        v, u = np.ogrid[:height, :width]
        radius = rng.uniform(0.49, 0.62) * max(height, width)
        grey[np.hypot(u - width / 2, v - height / 2) > radius] = 0
    if rng.random() < 0.5:
        grey = grey * rng.uniform(0.75, 1) + rng.uniform(0, 12)
    return np.asarray(grey, np.float32)


def _streaks(rng: Rng, image: Floats) -> Floats:
    """Dark and bright rays through bone and metal, or noise drawn out sideways where the body is wide."""
    height, width = image.shape
    body = cv2.GaussianBlur((image > -300).astype(np.float32), (0, 0), 4)
    if rng.random() < 0.5:
        noise = rng.standard_normal((height, width), np.float32)
        return np.asarray(cv2.blur(noise, (width // 8, 1)) * rng.uniform(20, 150) * body, np.float32)
    layer = np.zeros((height, width), np.float32)
    rows, columns = np.nonzero(image > 400)
    if len(rows) < 2:
        return layer
    at = rng.integers(len(rows))
    for turn in rng.uniform(0, 2 * np.pi, rng.integers(4, 40)):
        end = (int(columns[at] + 2 * width * np.cos(turn)), int(rows[at] + 2 * width * np.sin(turn)))
        level, thick = float(rng.normal(0, 60)), int(rng.integers(1, 4))
        cv2.line(layer, (int(columns[at]), int(rows[at])), end, level, thick, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.7, 2.5)) * body, np.float32)


# Hounsfield units of what the template shows at grey levels inside of the skull and outside of it (its bone and
# air are dark, its fat bright).
_WITHIN = ([0, 20, 45, 75, 100, 125, 255], [4, 6, 12, 36, 38, 29, 27])
_WITHOUT = ([0, 20, 40, 60, 85, 105, 255], [900, 750, 120, 45, 50, -60, -110])


def draw_ct_head(rng: Rng, slices: dict[str, npt.NDArray[np.uint8]], height: int, width: int) -> Floats:
    """A head: thick white bone, the brain nearly of one level, dark ventricles, fat darker than water."""
    # Slices of scans (`natural`) have contrasts of their own, so only those of the template become CT.
    usable = np.flatnonzero(~slices.get("natural", np.zeros(len(slices["grey"]), bool)))
    index = usable[rng.integers(len(usable))] if len(usable) else rng.integers(len(slices["grey"]))
    grey, parts = slices["grey"][index], slices["parts"][index]
    across, down, _ = _placed(rng, (parts & HEAD) > 0, height, width)
    soft = cv2.remap(grey, across, down, cv2.INTER_CUBIC).astype(np.float32)
    head, inside = (
        cv2.remap(((parts & bit) > 0).astype(np.uint8), across, down, cv2.INTER_NEAREST) > 0
        for bit in (HEAD, INSIDE)
    )
    soft = cv2.GaussianBlur(soft, (0, 0), rng.uniform(0.8, 3))
    image = np.interp(soft, *_WITHOUT).astype(np.float32)
    image = np.where(head, image, _AIR).astype(np.float32)
    away = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5)
    size = float(min(height, width))
    within = inside.sum() > 0.2 * head.sum()
    if within and rng.random() < 0.75:  # cavities: what is dark and far from the brain
        hollow = (soft < rng.uniform(15, 40)) & head & (away > size * rng.uniform(0.04, 0.12))
        image[hollow] = _AIR
    spread = 1 + 0.35 * smooth(rng, height, width, int(rng.integers(4, 9)))
    thick = size * rng.uniform(0.018, 0.055) * np.clip(spread, 0.4, 2)
    bone = (away > 0) & (away < thick) & head
    level = rng.uniform(700, 1500) * (1 + 0.1 * smooth(rng, height, width, 30))
    if rng.random() < 0.5:  # the softer middle layer of the skull
        level = np.where(np.abs(away / thick - 0.5) < 0.22, level * rng.uniform(0.3, 0.7), level)
    image = np.where(bone, level, image)
    skin = head & (cv2.erode(head.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    image = np.where(skin, rng.uniform(0, 60), image)
    image = np.where(inside, _brain(rng, soft, inside), image)
    image = np.where(image < _AIR + 1, _holder(rng, height, width), image).astype(np.float32)
    kind = rng.random()
    window = (rng.uniform(28, 45), rng.uniform(60, 110))
    if kind > 0.5:
        window = (
            (rng.uniform(40, 90), rng.uniform(110, 420)) if kind < 0.8 else (500, rng.uniform(1400, 3000))
        )
    return displayed(rng, _cropped(rng, image) if rng.random() < 0.2 else image, window)


def _brain(rng: Rng, soft: Floats, inside: Bools) -> Floats:
    """What is inside the skull, with bleeding, dead or swollen tissue, contrast medium and chalk."""
    height, width = soft.shape
    image = np.interp(soft, *_WITHIN).astype(np.float32)
    image = (image - 33) * rng.uniform(0.3, 1.2) + rng.uniform(30, 37)
    edge = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    size = float(min(height, width))
    if rng.random() < 0.7:  # a young brain, which reaches to the bone
        image = np.where(edge < size * rng.uniform(0.01, 0.05), np.maximum(image, 33), image)
    if rng.random() < 0.25:  # nothing is told apart, as in a bone window or with a low dose
        image = np.full_like(image, 33)
    rows, columns = np.nonzero(inside)
    if len(rows) < 50:
        return image
    v, u = np.mgrid[:height, :width].astype(np.float32)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.35, 0.35, 0.2, 0.1]))):
        at = rng.integers(len(rows))
        radius = size * rng.uniform(0.01, 0.15)
        away = np.hypot(u - columns[at], (v - rows[at]) * rng.uniform(0.6, 1.6)) / radius
        away = away + 0.2 * smooth(rng, height, width, int(rng.integers(8, 24)))
        core = 1 / (1 + np.exp(np.clip((away - 1) * 9, -30, 30)))
        level = rng.choice(
            [rng.uniform(55, 85), rng.uniform(55, 85), rng.uniform(5, 24), rng.uniform(90, 250)]
        )
        image = image * (1 - core) + core * level
        if rng.random() < 0.5:
            image = image - 10 * np.exp(-(((away - 1.4) / 0.4) ** 2))
    if rng.random() < 0.3:  # vessels with contrast medium
        vessels = np.abs(smooth(rng, height, width, int(rng.integers(8, 20)))) < 0.03
        seen = (vessels & (smooth(rng, height, width, 6) > 0.4)).astype(np.float32)
        image = image + cv2.GaussianBlur(seen, (0, 0), 0.8) * rng.uniform(30, 250)
    if rng.random() < 0.3:  # the falx, or blood along the skull
        rim = (edge < size * rng.uniform(0.005, 0.06)) & (smooth(rng, height, width, 4) > rng.uniform(0, 1.2))
        image = np.where(rim, rng.choice([rng.uniform(50, 80), rng.uniform(-5, 20)]), image)
    return np.asarray(image, np.float32)


def _holder(rng: Rng, height: int, width: int) -> Floats:
    """The head rest or pillow on air."""
    layer = np.zeros((height, width), np.float32)
    if rng.random() < 0.45:
        middle, grow = (width // 2, int(height * rng.uniform(0.45, 0.6))), rng.uniform(0.9, 1.15)
        axes = (int(width * 0.47 * grow), int(height * 0.5 * grow))
        for index in range(rng.integers(1, 4)):
            ring = (axes[0] + 4 * index, axes[1] + 4 * index)
            cv2.ellipse(layer, middle, ring, 0, 25, 155, rng.uniform(500, 1300), 1, cv2.LINE_AA)
    return layer + np.float32(_AIR)
