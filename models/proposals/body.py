"""A picture of a cut through a body: tissue put together from shapes with uneven outlines."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from tissue import Floats, Rng, smooth


def eroded(mask: Floats, pixels: float) -> Floats:
    """A shape 0..1 less a rim so wide."""
    depth = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(np.clip(depth - pixels + 0.5, 0, 1), np.float32)


def bent(rng: Rng, image: Floats) -> Floats:
    """Pulled here and pushed there, so that no outline stays an ellipse."""
    height, width = image.shape
    down, across = np.mgrid[:height, :width].astype(np.float32)
    for knots, share in ((5, 0.025), (int(rng.integers(9, 20)), 0.008), (int(rng.integers(25, 60)), 0.003)):
        reach = rng.uniform(0, share) * max(height, width)
        down += reach * smooth(rng, height, width, knots)
        across += reach * smooth(rng, height, width, knots)
    return np.asarray(
        cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


_TURNS = np.linspace(0, 2 * np.pi, 72, endpoint=False)


class Body:
    """A dark picture into which tissue is put; places and sizes are shares of a frame that the body fills.

    `levels` are those of tissues in MR by name, in any order.
    """

    def __init__(self, rng: Rng, height: int, width: int) -> None:
        self.rng, self.height, self.width = rng, height, width
        self.image = np.full((height, width), rng.uniform(0, 12), np.float32)
        names = ["fat", "water", "muscle", "organ", "blood", "bone", "kidney"]
        self.levels = {name: float(rng.uniform(15, 250)) for name in names} | {"air": rng.uniform(0, 12)}
        self.levels["fat"] = float(rng.choice([rng.uniform(140, 255), rng.uniform(20, 90)]))
        self.levels["lung"] = self.levels["air"] + rng.uniform(0, 25)
        self.levels["cortex"] = rng.uniform(0, 40)
        share = rng.uniform(0.8, 1.02)
        self.across, self.down = width * share / 2, height * share / 2
        self.x, self.y = width * rng.uniform(0.46, 0.54), height * rng.uniform(0.46, 0.54)

    def level(self, name: str, spread: float = 0.1) -> float:
        return float(np.clip(self.levels[name] * self.rng.normal(1, spread), 0, 255))

    def shape(
        self, x: float, y: float, rx: float, ry: float, rough: float = 0.05, turn: float = 0.0
    ) -> Floats:
        """0..1 within a rough ellipse; x, y, rx, ry are -1..1 of the frame, `turn` in radians."""
        waves = sum(
            self.rng.normal(0, rough / n**0.7) * np.cos(n * _TURNS + self.rng.uniform(0, 7))
            for n in range(2, 8)
        )
        u, v = rx * (1 + waves) * np.cos(_TURNS), ry * (1 + waves) * np.sin(_TURNS)
        u, v = x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)
        return self.filled(np.stack([u, v], 1))

    def filled(self, points: npt.ArrayLike) -> Floats:
        at = np.asarray(points, np.float64) * (self.across, self.down) + (self.x, self.y)
        mask = np.zeros((self.height, self.width), np.uint8)
        cv2.fillPoly(mask, [np.round(at * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return mask.astype(np.float32) / 255

    def put(self, mask: Floats, level: float, within: Floats | None = None) -> None:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = mask[box] if within is None else mask[box] * within[box]
        self.image[box] += share * (np.float32(level) - self.image[box])

    def ringed(
        self, mask: Floats, level: float, rim: float, share: float, within: Floats | None = None
    ) -> None:
        """A shape with a rim of another level, `share` of the frame wide."""
        self.put(mask, rim, within)
        self.put(eroded(mask, max(1.0, share * self.across)), level, within)

    def vertebra(self, x: float, y: float, size: float) -> None:
        """Its body with a rim, the canal, and the processes behind and at the sides."""
        flat = self.across / self.down
        bone, rim = self.level("bone"), self.level("cortex", 0.05)
        for side in (-1, 1):
            self.put(self.shape(x + side * size * 1.3, y + size * flat * 1.1, size * 0.7, size * 0.25), bone)
            self.put(
                self.shape(x + side * size * 0.5, y + size * flat * 1.0, size * 0.18, size * flat * 0.6), bone
            )
        self.put(self.shape(x, y + size * flat * 2.0, size * 0.16, size * flat * 0.7), bone)
        self.ringed(self.shape(x, y, size, size * flat * 0.8, 0.04), bone, rim, 0.012)
        self.put(
            self.shape(x, y + size * flat * 1.15, size * 0.42, size * flat * 0.36, 0.03), self.level("water")
        )

    def ribs(self, outer: Floats, inner: Floats, count: int) -> None:
        """Short bright pieces within the wall between two shapes."""
        wall = np.clip(outer - inner, 0, 1)
        turns = np.sort(self.rng.uniform(0, 2 * np.pi, count))
        v, u = np.mgrid[: self.height, : self.width].astype(np.float32)
        turn = np.arctan2((v - self.y) / self.down, (u - self.x) / self.across)
        depth = cv2.distanceTransform((outer > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        deep = float(depth[wall > 0.5].max()) if (wall > 0.5).any() else 1.0
        for at in turns:
            off = np.abs((turn - at + np.pi) % (2 * np.pi) - np.pi)
            piece = (off < self.rng.uniform(0.05, 0.25)) & (wall > 0.5)
            piece &= (depth > deep * 0.45) & (depth < deep * 0.9)
            soft = cv2.GaussianBlur(piece.astype(np.float32), (0, 0), 0.8)
            self.put(soft, self.level("bone", 0.05))

    def gut(self, inside: Floats, low: float, high: float, count: int) -> None:
        """Loops of bowel with walls, some with gas or a level of fluid."""
        for _ in range(count):
            x, y, r = self.rng.uniform(-0.6, 0.6), self.rng.uniform(low, high), self.rng.uniform(0.04, 0.13)
            mask = self.shape(x, y, r, r * self.rng.uniform(0.6, 1.5), 0.12, self.rng.uniform(0, 3))
            content = self.level(self.rng.choice(["water", "organ", "fat", "blood", "air"]), 0.2)
            self.ringed(mask, content, self.level("organ"), 0.012, inside)
            if self.rng.random() < 0.3:
                rows = np.arange(self.height)[:, None] < self.y + (y - r * 0.1) * self.down
                inner = cv2.erode(mask, np.ones((5, 5), np.uint8))
                self.put(np.where(rows, inner, 0), self.level("air"), inside)

    def table(self) -> None:
        """What a patient lies on: nothing of it is seen in MR."""

    def wall(self, fat: float, muscle: float) -> tuple[Floats, Floats, Floats]:
        """Skin, fat and muscle; gives the shapes of the body, of what fat surrounds, and of the cavity."""
        flat = self.rng.uniform(0.6, 0.95) if self.width > 0.9 * self.height else self.rng.uniform(0.8, 1.0)
        self.down = min(self.down, self.across * flat * self.rng.uniform(0.9, 1.3))
        outer = self.shape(0, 0, 0.98, 0.98, 0.025)
        self.ringed(outer, self.level("fat"), self.level("muscle"), 0.01)
        lean, cavity = (eroded(outer, max(1.0, share * self.across)) for share in (fat, fat + muscle))
        self.put(lean, self.level("muscle"))
        return outer, lean, cavity

    def _lively(self, image: Floats) -> Floats:
        """What MR shows beyond flat organs: grain of many scales, fibres, vessels, light near the coils."""
        rng, height, width = self.rng, self.height, self.width
        body = (image > 14).astype(np.float32)
        field = sum(smooth(rng, height, width, knots) / knots**0.4 for knots in (9, 20, 45, 90))
        image = image * (1 + rng.uniform(0, 0.28) * field)
        for _ in range(rng.integers(0, 4)):
            field = smooth(rng, height, width, int(rng.integers(10, 80)))
            curves = np.abs(field) < rng.uniform(0.02, 0.12) if rng.random() < 0.6 else field > 1.6
            seen = curves & (smooth(rng, height, width, 6) > rng.uniform(-0.2, 1))
            share = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), rng.uniform(0.4, 1)) * body
            level = rng.choice([0.0, rng.uniform(0, 250), rng.uniform(0, 250)])
            image = image + share * rng.uniform(0.2, 0.8) * (level - image)
        if rng.random() < 0.5:  # coils at one or two sides
            depth = cv2.distanceTransform(np.pad(body, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
            near = np.exp(-depth / (self.across * rng.uniform(0.05, 0.4)))
            side = np.clip(smooth(rng, height, width, 3), 0, 2)
            image = image * (1 + rng.uniform(0.3, 4) * near * side)
        shade = np.exp(smooth(rng, height, width, int(rng.integers(3, 5))) * rng.uniform(0, 0.35))
        image = image * shade
        if rng.random() < 0.3:  # a ghost of what moved
            shift = int(rng.uniform(0.1, 0.5) * height)
            image = image + rng.uniform(0.02, 0.2) * np.roll(image, shift, 0)
        if rng.random() < 0.4:  # a dark window, or one in which fat is white
            white = np.percentile(image[::4, ::4], rng.uniform(90, 99.8)) + 1
            image = image * (rng.uniform(200, 260) / white)
        return np.asarray(image, np.float32)

    def done(self) -> Floats:
        rng = self.rng
        image = self._lively(bent(rng, self.image))
        image = cv2.GaussianBlur(image.astype(np.float32), (0, 0), rng.uniform(0.5, 1.6))
        if rng.random() < 0.3:
            image = image + rng.uniform(0.5, 1.5) * (image - cv2.GaussianBlur(image, (0, 0), 2))
        noise = rng.uniform(0, 9)
        image = image + noise * 0.6 * smooth(rng, self.height, self.width, max(self.height, self.width) // 2)
        image = image + noise * rng.standard_normal(image.shape)
        if rng.random() < 0.3:
            image = image[:, ::-1]
        if rng.random() < 0.06:
            image = image[::-1]
        if rng.random() < 0.15:  # a part of it
            y0, x0 = (int(size * rng.uniform(0, 0.35)) for size in image.shape)
            y1, x1 = (int(size * rng.uniform(0.65, 1)) for size in image.shape)
            image = cv2.resize(
                np.ascontiguousarray(image[y0:y1, x0:x1]),
                (self.width, self.height),
                interpolation=cv2.INTER_CUBIC,
            )
        return np.asarray(255 * np.clip(image / 255, 0, 1) ** rng.uniform(0.7, 1.4), np.float32)
