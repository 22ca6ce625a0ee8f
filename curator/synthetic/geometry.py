"""Where each pixel of an image lies in the anatomy, and back: turning, stretching, and a smooth warp.

One head has to stand for many: a warp of a few sine waves and a swelling of the middle (larger or smaller
ventricles) change its shape. The warp is a formula, so that outlines can be carried over in double precision:
head boxes do not hang on how a library samples pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.synthetic.anatomy import AnatomySlice, Points
from curator.synthetic.dice import Dice

Floats: TypeAlias = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Wave:
    """Moves along `dx, dy` (mm) by the sine of a plane wave with the given frequency (rad/mm) and phase."""

    fx: float
    fy: float
    phase: float
    dx: float
    dy: float


@dataclass(frozen=True)
class Warp:
    """The map between an image's pixels and the grid of an `AnatomySlice`.

    `scale` is pixels per mm, `origin` the pixel at which the anatomy's `centre` (mm) would lie without warp.
    """

    angle: float
    stretch: tuple[float, float]
    mirrored: bool
    waves: tuple[Wave, ...]
    swelling: float
    swelling_at: tuple[float, float]
    centre: tuple[float, float]
    scale: float = 1.0
    origin: tuple[float, float] = (0.0, 0.0)

    def to_anatomy(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Grid coordinates (mm) of pixel coordinates, arrays of one shape."""
        u, v = (x - self.origin[0]) / self.scale, (y - self.origin[1]) / self.scale
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        p, q = (cos * u + sin * v) / self.stretch[0], (cos * v - sin * u) / self.stretch[1]
        dx, dy = self._moved(p, q)
        p, q = p + dx, q + dy
        return (self.centre[0] - p if self.mirrored else self.centre[0] + p), self.centre[1] + q

    def to_image(self, points: Points) -> Points:
        """Pixel coordinates of grid points (n, 2): the inverse of `to_anatomy`, to 1e-6 px."""
        goal_p = points[:, 0] - self.centre[0]
        goal_q = points[:, 1] - self.centre[1]
        if self.mirrored:
            goal_p = -goal_p
        p, q = goal_p.copy(), goal_q.copy()
        # The displacement changes by less than half a millimetre a millimetre, so each round halves the error.
        for _ in range(30):
            dx, dy = self._moved(p, q)
            error = max(float(np.abs(goal_p - dx - p).max()), float(np.abs(goal_q - dy - q).max()))
            p, q = goal_p - dx, goal_q - dy
            if error < 1e-8:
                break
        p, q = p * self.stretch[0], q * self.stretch[1]
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        x = (cos * p - sin * q) * self.scale + self.origin[0]
        y = (sin * p + cos * q) * self.scale + self.origin[1]
        return np.round(np.stack([x, y], axis=1), 6)

    def _moved(self, p: Floats, q: Floats) -> tuple[Floats, Floats]:
        a, b = p - self.swelling_at[0], q - self.swelling_at[1]
        pull = -self.swelling * np.exp(-(a * a + b * b) / (2 * 20.0**2))
        dx, dy = a * pull, b * pull
        for wave in self.waves:
            s = np.sin(wave.fx * p + wave.fy * q + wave.phase)
            dx = dx + wave.dx * s
            dy = dy + wave.dy * s
        return dx, dy


def draw_warp(dice: Dice, anatomy: AnatomySlice) -> Warp:
    """A random warp at 1 px/mm for a slice."""
    rows, columns = np.nonzero(anatomy.inside)
    middle = (float(columns.mean()), float(rows.mean()))
    tilt = 10.0 if anatomy.plane == "axial" else 5.0
    waves = []
    for length, size in ((150.0, 3.0), (110.0, 2.2), (80.0, 1.5), (60.0, 1.0), (44.0, 0.6), (34.0, 0.4)):
        along, across = dice.between(0, 2 * math.pi), dice.between(0, 2 * math.pi)
        k = 2 * math.pi / (length * dice.between(0.85, 1.2))
        size *= dice.between(0.3, 1.0)
        waves.append(
            Wave(
                k * math.cos(along),
                k * math.sin(along),
                dice.between(0, 2 * math.pi),
                size * math.cos(across),
                size * math.sin(across),
            )
        )
    return Warp(
        angle=math.radians(dice.between(-tilt, tilt)),
        stretch=(dice.between(0.92, 1.1), dice.between(0.92, 1.08)),
        mirrored=dice.chance(0.5),
        waves=tuple(waves),
        swelling=dice.between(-0.12, 0.4) if dice.chance(0.7) else 0.0,
        swelling_at=(dice.between(-6, 6), dice.between(-10, 6)),
        centre=middle,
    )
