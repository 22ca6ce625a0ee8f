"""What the image loader's threads do: decode, clean, shrink, and prepare for painting. No thread of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast

import numpy as np
from PySide6.QtGui import QImage

from curator.errors import CuratorError
from curator.imaging.decode import RGB, load, load_small
from curator.imaging.render import render, scaled
from curator.imaging.thumbnails import thumbnail
from curator.records import Edits

THUMBNAIL_SIDE: Final = 176
# Smaller versions of an image are kept down to this side, for painting it shrunk.
_SMALLEST_LEVEL: Final = 480
# An image of more pixels is first decoded at a part of its size, and worked on one at a time.
LARGE: Final = 4_000_000

Kind: TypeAlias = Literal["small", "image", "cleaned", "thumbnail"]
# Image id and hash, so that a file that changed is read again.
Source: TypeAlias = tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A decoded image: RGB `uint8` (height, width, 3), and as `QImage`s of full, half, quarter... size.

    `width` and `height` are the image's own; a first look (`is_full` false) has smaller pixels than that.
    """

    source: Source
    pixels: RGB
    levels: tuple[QImage, ...]
    width: int
    height: int
    # What the levels show: they do not keep it alive.
    buffers: tuple[RGB, ...] = field(default=(), repr=False, compare=False)

    @property
    def is_full(self) -> bool:
        """Whether these are all of the pixels."""
        return self.pixels.shape[:2] == (self.height, self.width)

    @property
    def size_bytes(self) -> int:
        """Memory it takes."""
        return self.pixels.nbytes + sum(level.sizeInBytes() for level in self.levels)


@dataclass(frozen=True, slots=True)
class Request:
    kind: Kind
    source: Source
    path: Path
    edits: Edits
    generation: int
    # Width and height of the image.
    size: tuple[int, int]
    # Whether something can be seen without it.
    can_wait: bool
    # The longer side that a first look needs to fill the view.
    least: int = field(default=0, compare=False)
    # The decoded image where it was at hand already.
    pixels: RGB | None = field(default=None, compare=False)

    @property
    def is_heavy(self) -> bool:
        """Whether it takes so long that it must not stand in the way of others."""
        return self.kind != "small" and self.can_wait and self.size[0] * self.size[1] > LARGE


@dataclass(frozen=True, slots=True)
class Answer:
    request: Request
    loaded: Loaded | None = None
    image: QImage | None = None
    error: str | None = None


def to_qimage(pixels: RGB) -> QImage:
    """A copy of RGB pixels as a `QImage` in the format that paints fastest."""
    height, width = pixels.shape[:2]
    shown = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
    return shown.convertToFormat(QImage.Format.Format_RGB32)


def to_pixels(image: QImage) -> RGB:
    """The RGB pixels of a `QImage`, `uint8` (height, width, 3): the reverse of `to_qimage`."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def work(request: Request) -> Answer:
    """Does what is asked for; never raises."""
    try:
        if request.kind == "small":
            return Answer(request, loaded=_first_look(request))
        pixels = request.pixels if request.pixels is not None else load(request.path)
        if request.kind == "image":
            high, wide = pixels.shape[:2]
            return Answer(request, _loaded(request.source, pixels, (wide, high)))
        if request.kind == "cleaned":
            return Answer(request, image=to_qimage(render(pixels, request.edits)))
        return Answer(request, image=to_qimage(thumbnail(pixels, request.edits, THUMBNAIL_SIDE)))
    except (CuratorError, OSError, ValueError, MemoryError) as error:
        return Answer(request, error=str(error) or "The image could not be read.")


def _first_look(request: Request) -> Loaded | None:
    pixels = load_small(request.path, request.least)
    wide, high = request.size
    # Where the file was turned or changed since, the whole image has to say so.
    if pixels is None or (pixels.shape[1] > pixels.shape[0]) != (wide > high):
        return None
    return _loaded(request.source, pixels, (wide, high))


def _loaded(source: Source, pixels: RGB, size: tuple[int, int]) -> Loaded:
    """Prepares an image for painting. All heavy steps are OpenCV's, which lets the window go on meanwhile."""
    from curator.imaging._cv2 import cv2

    levels, buffers = list[QImage](), list[RGB]()
    level = pixels
    while True:
        high, wide = level.shape[:2]
        shown = cast(RGB, cv2.cvtColor(level, cv2.COLOR_RGB2BGRA))
        buffers.append(shown)
        levels.append(QImage(shown.data, wide, high, 4 * wide, QImage.Format.Format_RGB32))
        if max(high, wide) < 2 * _SMALLEST_LEVEL:
            return Loaded(source, pixels, tuple(levels), *size, tuple(buffers))
        level = scaled(level, max(1, wide // 2), max(1, high // 2))
