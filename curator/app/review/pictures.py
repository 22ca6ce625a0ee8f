"""Makes the pictures of Review off the GUI thread: squares for the gallery, and the three of the chosen image."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from curator.app import jobs
from curator.app.byte_cache import ByteCache
from curator.app.image_work import to_qimage
from curator.errors import CuratorError
from curator.imaging.decode import RGB, load
from curator.imaging.render import Resize, network_input
from curator.records import Edits

if TYPE_CHECKING:
    from curator.evaluation.saliency import GradCam

GALLERY_SIDE: Final = 168
_GALLERY_BYTES: Final = 128 << 20
_DETAIL_BYTES: Final = 96 << 20
_MOST_WAITING: Final = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which image, rendered how: what a picture depends on. `said` is the class the heat is for."""

    run_dir: Path
    path: Path
    sha256: str | None
    edits: Edits
    side: int
    resize: Resize
    said: int


@dataclass(frozen=True, slots=True)
class Details:
    """The chosen image: upright original, network input and heat (s, s) 0..1, or why there is none.

    `inside` is the share of the heat on the head rather than on background or letterbox.
    """

    wanted: Wanted
    original: QImage | None = None
    trained: RGB | None = None
    heat: npt.NDArray[np.float32] | None = None
    inside: float | None = None
    error: str = ""


class Pictures(QObject):
    """Newest request first; what scrolled away is dropped. Lives on the GUI thread; `close` before it goes."""

    square_ready = Signal(object)
    details_ready = Signal(object)
    _made = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._squares: ByteCache[QPixmap] = ByteCache(_GALLERY_BYTES)
        self._details: ByteCache[Details] = ByteCache(_DETAIL_BYTES)
        self._waiting: OrderedDict[Wanted, None] = OrderedDict()
        self._wanted: Wanted | None = None
        self._lock = threading.Lock()
        self._cam: tuple[Path, GradCam] | None = None
        self._square_pool, self._detail_pool = QThreadPool(self), QThreadPool(self)
        self._square_pool.setMaxThreadCount(1)
        # One thread: the network that makes heat maps serves one image at a time.
        self._detail_pool.setMaxThreadCount(1)
        self._made.connect(self._take)

    def square(self, wanted: Wanted) -> QPixmap | None:
        """The gallery's picture of what the network got, if at hand; else it is asked for."""
        found = self._squares.get(wanted)
        if found is None:
            with self._lock:
                self._waiting[wanted] = None
                self._waiting.move_to_end(wanted)
                while len(self._waiting) > _MOST_WAITING:
                    self._waiting.popitem(last=False)
            self._square_pool.start(_Task(self._next_square))
        return found

    def details(self, wanted: Wanted) -> Details | None:
        """The chosen image's pictures, if at hand; else they are asked for, and only these."""
        found = self._details.get(wanted)
        with self._lock:
            self._wanted = None if found is not None else wanted
        if found is None:
            self._detail_pool.start(_Task(self._next_details))
        return found

    def close(self) -> None:
        """Drops what waits, waits for what is being made, forgets everything."""
        with self._lock:
            self._waiting.clear()
            self._wanted = None
        self._square_pool.clear()
        self._detail_pool.clear()
        self._square_pool.waitForDone()
        self._detail_pool.waitForDone()
        self._squares.clear()
        self._details.clear()
        self._cam = None

    def _next_square(self) -> None:
        with self._lock:
            if not self._waiting:
                return
            wanted, _ = self._waiting.popitem(last=True)
        try:
            square = network_input(load(wanted.path), wanted.edits, GALLERY_SIDE, wanted.resize)
        except (CuratorError, OSError, MemoryError):
            square = np.zeros((GALLERY_SIDE, GALLERY_SIDE, 3), np.uint8)
        self._made.emit(wanted, to_qimage(square))

    def _next_details(self) -> None:
        with self._lock:
            wanted = self._wanted
            self._wanted = None
        if wanted is not None:
            self._made.emit(wanted, self._look(wanted))

    def _look(self, wanted: Wanted) -> Details:
        try:
            image = load(wanted.path)
            trained = network_input(image, wanted.edits, wanted.side, wanted.resize)
        except (CuratorError, OSError, MemoryError) as error:
            return Details(wanted, error=str(error))
        original = to_qimage(image)
        try:
            heat = self._cam_of(wanted.run_dir).heat(trained, wanted.said)
            saliency = jobs.load("curator.evaluation.saliency")
            inside = saliency.share_inside(heat, _foreground(trained))
        except CuratorError as error:
            return Details(wanted, original, trained, error=str(error))
        return Details(wanted, original, trained, heat, inside)

    def _cam_of(self, run_dir: Path) -> GradCam:
        if self._cam is None or self._cam[0] != run_dir:
            saliency = jobs.load("curator.evaluation.saliency")
            self._cam = (run_dir, saliency.GradCam(run_dir))
        return self._cam[1]

    @Slot(object, object)
    def _take(self, wanted: Wanted, made: object) -> None:
        if isinstance(made, QImage):
            pixmap = QPixmap.fromImage(made)
            self._squares.put(wanted, pixmap, made.sizeInBytes())
            self.square_ready.emit(wanted)
        elif isinstance(made, Details):
            size = made.original.sizeInBytes() if made.original is not None else 0
            self._details.put(wanted, made, size + wanted.side * wanted.side * 7)
            self.details_ready.emit(made)


class _Task(QRunnable):
    def __init__(self, work: object) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()  # type: ignore[operator]


def _foreground(image: RGB) -> npt.NDArray[np.bool_]:
    """Where the head is in a rendered image: the filled outline of what stands out from the background."""
    from curator.imaging._cv2 import cv2
    from curator.imaging.decode import grey

    smooth = cv2.GaussianBlur(grey(image), (0, 0), 1.5)
    _, mask = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_TRIANGLE)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(image.shape[:2], np.uint8)
    if outlines:
        hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
        cv2.fillPoly(filled, [hull], 1)
    return filled > 0
