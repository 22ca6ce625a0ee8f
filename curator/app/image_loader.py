"""Decodes images, cleans them and makes thumbnails on threads of its own, for lists and the canvas.

Everything is asked for without waiting: what is at hand is returned, the rest is announced when it is ready.
Requests that nobody wants any more (scrolled away, passed by) are dropped before they start.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from curator.app.byte_cache import ByteCache
from curator.app.image_work import LARGE, Answer, Kind, Loaded, Request, Source, work
from curator.records import Edits, ImageState

_IMAGE_BYTES: Final = 512 << 20
# RGB, four bytes a pixel for painting, and a third more for the smaller levels.
_BYTES_A_PIXEL: Final = 9
_CLEANED_BYTES: Final = 128 << 20
_THUMBNAIL_BYTES: Final = 96 << 20
# Requests for thumbnails that wait: about what the largest grid shows at once.
_MOST_THUMBNAILS: Final = 160

_SMALL_BYTES: Final = 256 << 20
# Large images are left alone for so long after each move: five keys a second must not fill both cores.
_CALM_SECONDS: Final = 0.25
# After a move by itself, a held key's next one is waited for.
_LONE_SECONDS: Final = 0.06


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
        self._small: ByteCache[Loaded] = ByteCache(_SMALL_BYTES)
        # Large images of which no first look can be had.
        self._never_small: set[Source] = set()
        self._cleaned: ByteCache[QImage] = ByteCache(_CLEANED_BYTES)
        self._thumbnails: ByteCache[tuple[tuple[Source, Edits], QPixmap]] = ByteCache(_THUMBNAIL_BYTES)
        self._errors: dict[Source, str] = {}
        self._lock = threading.Lock()
        self._waiting: dict[Kind, OrderedDict[Request, None]] = {
            "small": OrderedDict(),
            "image": OrderedDict(),
            "cleaned": OrderedDict(),
            "thumbnail": OrderedDict(),
        }
        self._working: set[Request] = set()
        self._idle_threads = max(2, min(4, (os.cpu_count() or 2) - 1))
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(self._idle_threads)
        self._answered.connect(self._take)
        self._view = (1024, 1024)
        self._calm_at = self._moved_at = 0.0
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.timeout.connect(self._wake)

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
        self._small.clear()
        self._never_small.clear()
        self._cleaned.clear()
        self._thumbnails.clear()
        self._errors.clear()
        self._generation += 1

    def error(self, state: ImageState) -> str | None:
        """Why the image cannot be shown, in one sentence, as far as known."""
        return state.error or self._errors.get(_source(state))

    def image(self, state: ImageState) -> Loaded | None:
        """The decoded image if it is at hand; else it is asked for, before anything else.

        Of a large one a first look comes first, and is returned as long as there is no more.
        """
        source = _source(state)
        found = self._images.get(source)
        if found is not None or self.error(state) is not None:
            return found
        self._ask("image", state)
        if not self._has_first_look(state):
            return None
        small = self._small.get(source)
        if small is None:
            self._ask("small", state)
        return small

    def set_view(self, width: int, height: int) -> None:
        """How many device pixels there are to show an image in."""
        self._view = (width, height)

    def moving(self) -> None:
        """The user goes to another image. In a row of moves what takes long waits until they stop."""
        now = time.monotonic()
        in_a_row, self._moved_at = now - self._moved_at < 2 * _CALM_SECONDS, now
        wait = _CALM_SECONDS if in_a_row else _LONE_SECONDS
        self._calm_at = now + wait
        self._calm.start(round(1000 * wait) + 5)

    def prefetch(self, states: Sequence[ImageState]) -> None:
        """Asks for images that may be wanted soon, the nearest first, as many as the cache holds at once.

        What was asked for earlier is dropped.
        """
        with self._lock:
            self._waiting["image"].clear()
            self._waiting["small"].clear()
        room, wanted = _IMAGE_BYTES, list[ImageState]()
        for state in states:
            room -= _BYTES_A_PIXEL * (state.width or 0) * (state.height or 0)
            if room < 0 and wanted:
                break
            wanted.append(state)
        # The last one that is asked for is the first to be served.
        for state in reversed(states):
            if state in wanted:
                self.image(state)
            elif self._has_first_look(state) and self._small.get(_source(state)) is None:
                self._ask("small", state)

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
        loaded = self._images.get(source) if kind in ("cleaned", "thumbnail") else None
        size = (state.width or 0, state.height or 0)
        request = Request(
            kind,
            source,
            self._root / state.file_name,
            state.edits if kind in ("cleaned", "thumbnail") else Edits(),
            self._generation,
            size,
            kind in ("cleaned", "thumbnail") or self._has_first_look(state),
            _needed(size, self._view) if kind == "small" else 0,
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

    def next_request(self) -> Request | None:
        """For the workers: what to do next, None to end."""
        with self._lock:
            heavy_may = time.monotonic() >= self._calm_at and not any(one.is_heavy for one in self._working)
            for waiting in self._waiting.values():
                for request in reversed(waiting):
                    if heavy_may or not request.is_heavy:
                        del waiting[request]
                        self._working.add(request)
                        return request
            self._idle_threads += 1
            return None

    def answer(self, request: Request) -> None:
        """For the workers: does one request; never raises."""
        done = work(request)
        with self._lock:
            self._working.discard(request)
        self._answered.emit(done)

    @Slot(object)
    def _take(self, answer: Answer) -> None:
        request = answer.request
        image_id = request.source[0]
        if request.generation != self._generation:
            return
        if request.kind == "small":
            if answer.loaded is None:
                # Whoever waits asks again, and then for all of it.
                self._never_small.add(request.source)
                self.image_ready.emit(image_id)
                return
            self._small.put(request.source, answer.loaded, answer.loaded.size_bytes)
        elif answer.error is not None:
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
            "small": self.image_ready,
            "image": self.image_ready,
            "cleaned": self.cleaned_ready,
            "thumbnail": self.thumbnail_ready,
        }
        announce[request.kind].emit(image_id)

    @Slot()
    def _wake(self) -> None:
        """Starts workers for what had to wait."""
        # Timers may be a little early: from here on it is calm, whatever the clock says.
        self._calm_at = 0.0
        with self._lock:
            number = min(self._idle_threads, sum(map(len, self._waiting.values())))
            self._idle_threads -= number
        for _ in range(number):
            self._pool.start(_Worker(self))

    def _has_first_look(self, state: ImageState) -> bool:
        """Whether a smaller version can be had quickly, as far as known."""
        large = (state.width or 0) * (state.height or 0) > LARGE
        is_jpeg = state.file_name.lower().endswith((".jpg", ".jpeg"))
        return large and is_jpeg and _source(state) not in self._never_small


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


def _needed(size: tuple[int, int], view: tuple[int, int]) -> int:
    """The longer side of an image of `size` where it is fitted into `view`, in pixels."""
    return math.ceil(max(size) * min(view[0] / size[0], view[1] / size[1]))
