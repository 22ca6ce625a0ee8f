"""Decodes images, cleans them and makes thumbnails on threads of its own, for lists and the canvas.

Everything is asked for without waiting: what is at hand is returned, the rest is announced when it is ready.
Requests that nobody wants any more (scrolled away, passed by) are dropped before they start.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, Literal, TypeAlias, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from curator.errors import CuratorError
from curator.imaging.decode import RGB, load
from curator.imaging.render import render, scaled
from curator.imaging.thumbnails import thumbnail
from curator.records import Edits, ImageState

THUMBNAIL_SIDE: Final = 176
_IMAGE_BYTES: Final = 512 << 20
# RGB, four bytes a pixel for painting, and a third more for the smaller levels.
_BYTES_A_PIXEL: Final = 9
_CLEANED_BYTES: Final = 128 << 20
_THUMBNAIL_BYTES: Final = 96 << 20
# Requests for thumbnails that wait: about what the largest grid shows at once.
_MOST_THUMBNAILS: Final = 160
# Smaller versions of an image are kept down to this side, for painting it shrunk.
_SMALLEST_LEVEL: Final = 480

Kind: TypeAlias = Literal["image", "cleaned", "thumbnail"]
# Image id and hash, so that a file that changed is read again.
Source: TypeAlias = tuple[int, str | None]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A decoded image: RGB `uint8` (height, width, 3), and as `QImage`s of full, half, quarter... size."""

    source: Source
    pixels: RGB
    levels: tuple[QImage, ...]

    @property
    def size_bytes(self) -> int:
        """Memory it takes."""
        return self.pixels.nbytes + sum(level.sizeInBytes() for level in self.levels)


@dataclass(frozen=True, slots=True)
class _Request:
    kind: Kind
    source: Source
    path: Path
    edits: Edits
    generation: int
    # The decoded image where it was at hand already.
    pixels: RGB | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    request: _Request
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


class ByteCache(Generic[V]):
    """Least recently used values up to a number of bytes; the newest one always stays."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._items: OrderedDict[object, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: object) -> V | None:
        """The value, which counts as used now, or None."""
        item = self._items.get(key)
        if item is None:
            return None
        self._items.move_to_end(key)
        return item[0]

    def put(self, key: object, value: V, size: int) -> None:
        """Stores a value of `size` bytes."""
        old = self._items.pop(key, None)
        self._bytes += size - (old[1] if old is not None else 0)
        self._items[key] = (value, size)
        while self._bytes > self._most and len(self._items) > 1:
            _, (_, gone) = self._items.popitem(last=False)
            self._bytes -= gone

    def clear(self) -> None:
        """Forgets everything."""
        self._items.clear()
        self._bytes = 0


class ImageLoader(QObject):
    """See the module's text. Lives on the GUI thread; `close` before it goes."""

    image_ready = Signal(object)
    cleaned_ready = Signal(object)
    thumbnail_ready = Signal(object)
    _answered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Path()
        # Counts the datasets, so that a late answer is not taken for one of the next.
        self._generation = 0
        self._images: ByteCache[Loaded] = ByteCache(_IMAGE_BYTES)
        self._cleaned: ByteCache[QImage] = ByteCache(_CLEANED_BYTES)
        self._thumbnails: ByteCache[tuple[tuple[Source, Edits], QPixmap]] = ByteCache(_THUMBNAIL_BYTES)
        self._errors: dict[Source, str] = {}
        self._lock = threading.Lock()
        self._waiting: dict[Kind, OrderedDict[_Request, None]] = {
            "image": OrderedDict(),
            "cleaned": OrderedDict(),
            "thumbnail": OrderedDict(),
        }
        self._working: set[_Request] = set()
        self._idle_threads = max(2, min(4, (os.cpu_count() or 2) - 1))
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(self._idle_threads)
        self._answered.connect(self._take)

    def set_root(self, root: Path) -> None:
        """Goes over to another dataset; forgets the former one."""
        self.close()
        self._root = root

    def close(self) -> None:
        """Drops what waits, waits for what is being worked on, forgets everything."""
        with self._lock:
            for waiting in self._waiting.values():
                waiting.clear()
        self._pool.waitForDone()
        self._images.clear()
        self._cleaned.clear()
        self._thumbnails.clear()
        self._errors.clear()
        self._generation += 1

    def error(self, state: ImageState) -> str | None:
        """Why the image cannot be shown, in one sentence, as far as known."""
        return state.error or self._errors.get(_source(state))

    def image(self, state: ImageState) -> Loaded | None:
        """The decoded image if it is at hand; else it is asked for, before anything else."""
        found = self._images.get(_source(state))
        if found is None and self.error(state) is None:
            self._ask("image", state)
        return found

    def prefetch(self, states: Sequence[ImageState]) -> None:
        """Asks for images that may be wanted soon, the nearest first, as many as the cache holds at once.

        What was asked for earlier is dropped.
        """
        with self._lock:
            self._waiting["image"].clear()
        room, wanted = _IMAGE_BYTES, list[ImageState]()
        for state in states:
            room -= _BYTES_A_PIXEL * (state.width or 0) * (state.height or 0)
            if room < 0 and wanted:
                break
            wanted.append(state)
        for state in reversed(wanted):
            self.image(state)

    def cleaned(self, state: ImageState) -> QImage | None:
        """The image as `imaging.render` gives it, if at hand; else it is asked for."""
        found = self._cleaned.get((_source(state), state.edits))
        if found is None and self.error(state) is None:
            with self._lock:
                self._waiting["cleaned"].clear()
            self._ask("cleaned", state)
        return found

    def thumbnail(self, state: ImageState) -> QPixmap | None:
        """The thumbnail of the cleaned image; the former one while a newer one is being made."""
        key = (_source(state), state.edits)
        found = self._thumbnails.get(state.id)
        if (found is None or found[0] != key) and self.error(state) is None:
            self._ask("thumbnail", state)
        return found[1] if found is not None else None

    def _ask(self, kind: Kind, state: ImageState) -> None:
        """The newest request of a kind is served first: it is what the user looks at now."""
        source = _source(state)
        loaded = self._images.get(source) if kind != "image" else None
        request = _Request(
            kind,
            source,
            self._root / state.file_name,
            state.edits if kind != "image" else Edits(),
            self._generation,
            loaded.pixels if loaded is not None else None,
        )
        with self._lock:
            if request in self._working:
                return
            waiting = self._waiting[request.kind]
            waiting[request] = None
            waiting.move_to_end(request)
            if request.kind == "thumbnail" and len(waiting) > _MOST_THUMBNAILS:
                waiting.popitem(last=False)
            if self._idle_threads == 0:
                return
            self._idle_threads -= 1
        self._pool.start(_Worker(self))

    def next_request(self) -> _Request | None:
        """For the workers: what to do next, None to end."""
        with self._lock:
            for waiting in self._waiting.values():
                if waiting:
                    request, _ = waiting.popitem(last=True)
                    self._working.add(request)
                    return request
            self._idle_threads += 1
            return None

    def answer(self, request: _Request) -> None:
        """For the workers: does one request; never raises."""
        try:
            pixels = request.pixels if request.pixels is not None else load(request.path)
            if request.kind == "image":
                done = _Answer(request, loaded=Loaded(request.source, pixels, _levels(pixels)))
            elif request.kind == "cleaned":
                done = _Answer(request, image=to_qimage(render(pixels, request.edits)))
            else:
                small = thumbnail(pixels, request.edits, THUMBNAIL_SIDE)
                done = _Answer(request, image=to_qimage(small))
        except (CuratorError, OSError, ValueError, MemoryError) as error:
            done = _Answer(request, error=str(error) or "The image could not be read.")
        with self._lock:
            self._working.discard(request)
        self._answered.emit(done)

    @Slot(object)
    def _take(self, answer: _Answer) -> None:
        request = answer.request
        image_id = request.source[0]
        if request.generation != self._generation:
            return
        if answer.error is not None:
            self._errors[request.source] = answer.error
        elif answer.loaded is not None:
            self._images.put(request.source, answer.loaded, answer.loaded.size_bytes)
        elif answer.image is not None and request.kind == "cleaned":
            self._cleaned.put((request.source, request.edits), answer.image, answer.image.sizeInBytes())
        elif answer.image is not None:
            made = QPixmap.fromImage(answer.image)
            key = (request.source, request.edits)
            self._thumbnails.put(image_id, (key, made), answer.image.sizeInBytes())
        announce = {
            "image": self.image_ready,
            "cleaned": self.cleaned_ready,
            "thumbnail": self.thumbnail_ready,
        }
        announce[request.kind].emit(image_id)


class _Worker(QRunnable):
    """Serves requests until none waits."""

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self._loader = loader

    def run(self) -> None:
        while (request := self._loader.next_request()) is not None:
            self._loader.answer(request)


def _source(state: ImageState) -> Source:
    return (state.id, state.sha256)


def _levels(pixels: RGB) -> tuple[QImage, ...]:
    made = [to_qimage(pixels)]
    while max(pixels.shape[:2]) >= 2 * _SMALLEST_LEVEL:
        pixels = scaled(pixels, max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2))
        made.append(to_qimage(pixels))
    return tuple(made)
