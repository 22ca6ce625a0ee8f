"""Makes the pictures of Review off the GUI thread: squares for the gallery, and the three of the chosen image."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from curator.app import jobs
from curator.app.byte_cache import ByteCache
from curator.app.image_work import to_qimage
from curator.errors import CuratorError, ImageError
from curator.imaging.decode import RGB, decode, read_bytes, sha256
from curator.imaging.render import Resize, network_input
from curator.records import Edits, Profile

if TYPE_CHECKING:
    from curator.evaluation.head_area import Ground
    from curator.evaluation.saliency import GradCam, Heat, Method

log = logging.getLogger(__name__)

GALLERY_SIDE: Final = 168
_GALLERY_BYTES: Final = 128 << 20
_DETAIL_BYTES: Final = 96 << 20
# Networks kept ready: all five folds of a cross-validation with MobileNetV2, or three with VGG16.
_NETWORK_BYTES: Final = 200 << 20
_MOST_WAITING: Final = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which image, rendered how: what a picture depends on. `said` is the class the heat is for, `method` how
    it is found, and `profile` whether there is a head to hold it against."""

    run_dir: Path
    path: Path
    sha256: str | None
    edits: Edits
    side: int
    resize: Resize
    said: int
    method: Method = "grad-cam"
    profile: Profile = "brain-mri"


@dataclass(frozen=True, slots=True)
class Details:
    """The chosen image: upright original, network input and heat (s, s) 0..1, or why there is none.

    `inside` is the share of the heat on the `ground`: the head, or the picture where no head is known.
    `done` is how much of the heat's work is done, 1 once these are all the pictures there will be.
    """

    wanted: Wanted
    original: QImage | None = None
    trained: RGB | None = None
    heat: npt.NDArray[np.float32] | None = None
    inside: float | None = None
    error: str = ""
    ground: Ground = "head"
    done: float = 1.0


class Pictures(QObject):
    """Newest request first; what scrolled away is dropped, and so is the heat map of an image that is no longer
    the chosen one. Lives on the GUI thread; `close` before it goes."""

    square_ready = Signal(object)
    details_ready = Signal(object)
    _made = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._squares: ByteCache[QPixmap] = ByteCache(_GALLERY_BYTES)
        self._details: ByteCache[Details] = ByteCache(_DETAIL_BYTES)
        self._waiting: OrderedDict[Wanted, None] = OrderedDict()
        self._chosen: Wanted | None = None
        self._lock = threading.Lock()
        self._cams: ByteCache[GradCam] = ByteCache(_NETWORK_BYTES)
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
        """The chosen image's pictures, if at hand; else they are asked for, and only these: what was begun for
        another image or another heat map ends at its next batch."""
        found = self._details.get(wanted)
        with self._lock:
            asked = self._chosen == wanted
            self._chosen = wanted
        if found is None and not asked:
            self._detail_pool.start(_Task(self._next_details))
        return found

    def forget_details(self) -> None:
        """Forgets the chosen images' pictures: a run that went on makes other heat of them."""
        with self._lock:
            self._chosen = None
        self._details.clear()

    def close(self) -> None:
        """Drops what waits, waits for what is being made, forgets everything."""
        with self._lock:
            self._waiting.clear()
            self._chosen = None
        self._square_pool.clear()
        self._detail_pool.clear()
        self._square_pool.waitForDone()
        self._detail_pool.waitForDone()
        self._squares.clear()
        self._details.clear()
        self._cams.clear()

    def _next_square(self) -> None:
        with self._lock:
            if not self._waiting:
                return
            wanted, _ = self._waiting.popitem(last=True)
        try:
            square = network_input(_read(wanted), wanted.edits, GALLERY_SIDE, wanted.resize)
        except (CuratorError, OSError, MemoryError):
            square = np.zeros((GALLERY_SIDE, GALLERY_SIDE, 3), np.uint8)
        self._made.emit(wanted, to_qimage(square))

    def _next_details(self) -> None:
        with self._lock:
            wanted = self._chosen
        if wanted is None:
            return
        with closing(self._look(wanted)) as steps:
            for details in steps:
                with self._lock:
                    if self._chosen != wanted:
                        return
                self._made.emit(wanted, details)

    def _look(self, wanted: Wanted) -> Generator[Details, None, None]:
        """The two pictures as soon as they are there, then how far the heat is, then all three."""
        try:
            image = _read(wanted)
            trained = network_input(image, wanted.edits, wanted.side, wanted.resize)
        except (CuratorError, OSError, MemoryError) as error:
            yield Details(wanted, error=str(error))
            return
        details = Details(wanted, to_qimage(image), trained, done=0.0)
        yield details
        try:
            heat = yield from self._heat(wanted, details, trained)
            area, ground = jobs.load("curator.evaluation.head_area").head_area(
                image, wanted.edits, wanted.side, wanted.resize, wanted.profile
            )
            inside = jobs.load("curator.evaluation.saliency").share_inside(heat, area)
        except CuratorError as error:
            yield replace(details, error=str(error), done=1.0)
            return
        except Exception as error:
            log.exception("No heat of %s", wanted.path)
            words = f"The heat map failed: {error or type(error).__name__}. The log has the details."
            yield replace(details, error=words, done=1.0)
            return
        yield replace(details, heat=heat, inside=inside, ground=ground, done=1.0)

    def _heat(self, wanted: Wanted, details: Details, trained: RGB) -> Generator[Details, None, Heat]:
        """Yields how far it is, returns the heat."""
        cam = self._cam_of(wanted.run_dir)
        yield details
        if wanted.method == "grad-cam":
            return cam.heat(trained, wanted.said)
        work = jobs.load("curator.evaluation.occlusion").occlusion(cam.predictor, trained, wanted.said)
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                heat: Heat = end.value
                return heat
            yield replace(details, done=step.done / (step.total + 1))

    def _cam_of(self, run_dir: Path) -> GradCam:
        # A run that went on has another checkpoint: what was loaded of the old one is left to the cache.
        key = (run_dir, jobs.load("curator.evaluation.heat").checkpoint_key(run_dir))
        cam = self._cams.get(key)
        if cam is None:
            cam = jobs.load("curator.evaluation.saliency").GradCam(run_dir)
            tensors = cam.predictor.network.state_dict().values()
            self._cams.put(key, cam, sum(one.nbytes for one in tensors))
        return cam

    @Slot(object, object)
    def _take(self, wanted: Wanted, made: object) -> None:
        if isinstance(made, QImage):
            pixmap = QPixmap.fromImage(made)
            self._squares.put(wanted, pixmap, made.sizeInBytes())
            self.square_ready.emit(wanted)
        elif isinstance(made, Details):
            if made.done == 1.0:
                size = made.original.sizeInBytes() if made.original is not None else 0
                self._details.put(wanted, made, size + wanted.side * wanted.side * 7)
            self.details_ready.emit(made)


def _read(wanted: Wanted) -> RGB:
    """The upright image, RGB `uint8` (height, width, 3). Raises `ImageError` where it is not the one that was
    predicted."""
    data = read_bytes(wanted.path)
    if wanted.sha256 is not None and sha256(data) != wanted.sha256:
        raise ImageError(
            f"{wanted.path.name} has changed since it was predicted (its SHA-256 differs): look at it in Curate."
        )
    return decode(data, wanted.path.name)


class _Task(QRunnable):
    def __init__(self, work: object) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()  # type: ignore[operator]
