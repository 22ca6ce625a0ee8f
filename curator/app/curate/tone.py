"""How grey values are shown: window, level, gamma and invert. Of the view alone, never of the image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage

WINDOW: Final = (2.0, 510.0)
LEVEL: Final = (0.0, 255.0)
# A drag of no more screen pixels is a click.
_CLICK: Final = 4


@dataclass(frozen=True, slots=True)
class Tone:
    """Grey values from `level - window / 2` to `level + window / 2` (0..255) are spread from black to white.

    `gamma` above 1 lifts the dark ones (output = input to the power of 1 / gamma); `inverted` comes last.
    """

    window: float = 255.0
    level: float = 127.5
    gamma: float = 1.0
    inverted: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether pixels are shown as they are."""
        return self == Tone()

    def dragged(self, right: float, down: float) -> Tone:
        """After a drag by so many screen pixels: to the right widens the window, down darkens."""
        return replace(
            self,
            window=min(max(self.window + right, WINDOW[0]), WINDOW[1]),
            level=min(max(self.level + down / 2, LEVEL[0]), LEVEL[1]),
        )

    def words(self) -> str:
        """ "W 180  L 90  γ 1.4  inverted", without what is as usual; empty where all is."""
        parts = []
        if (self.window, self.level) != (255.0, 127.5):
            parts.append(f"W {self.window:.0f}  L {self.level:.0f}")
        if self.gamma != 1.0:
            parts.append(f"γ {self.gamma:.2g}")
        if self.inverted:
            parts.append("inverted")
        return "  ".join(parts)


class ToneDrag:
    """A drag with the right button: window and level follow it once it is one and no click."""

    def __init__(self, start: QPointF, tone: Tone) -> None:
        self._start, self._tone = start, tone
        self._moved = False

    def to(self, at: QPointF) -> Tone | None:
        """The tone with the pointer at `at`, in screen pixels; None while it has hardly moved."""
        way = at - self._start
        self._moved = self._moved or way.manhattanLength() > _CLICK
        return self._tone.dragged(way.x(), way.y()) if self._moved else None


@lru_cache(maxsize=32)
def curve(tone: Tone) -> npt.NDArray[np.uint8]:
    """What becomes of each grey value, `uint8` (256,)."""
    spread = (np.arange(256) - (tone.level - tone.window / 2)) / tone.window
    shown = np.clip(spread, 0.0, 1.0) ** (1 / tone.gamma)
    shown = 1 - shown if tone.inverted else shown
    made: npt.NDArray[np.uint8] = np.rint(255 * shown).astype(np.uint8)
    return made


def toned(image: QImage, part: QRect, tone: Tone) -> QImage:
    """A part of an image in `Format_RGB32` with its grey values changed; the rest is not looked at."""
    from curator.imaging._cv2 import cv2

    high, wide = image.height(), image.width()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(high, wide, 4)
    window = pixels[part.top() : part.bottom() + 1, part.left() : part.right() + 1]
    shown = np.ascontiguousarray(cv2.LUT(window, curve(tone)))
    return QImage(
        shown.data, part.width(), part.height(), 4 * part.width(), QImage.Format.Format_RGB32
    ).copy()
