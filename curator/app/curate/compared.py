"""Works out a pair of images for the compare view on a thread of its own, and paints them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QObject, QRect, QRectF, QRunnable, QSize, Qt, QThreadPool, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from curator.app import theme
from curator.app.image_work import Loaded, to_qimage
from curator.imaging.alignment import aligned, difference, mean_difference
from curator.records import Crop

Mode: TypeAlias = Literal["side by side", "blink", "difference"]
_GAP: Final = 14
# Beyond this enlargement pixels are shown as squares, as on the canvas.
_SQUARES_FROM: Final = 3.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images in one frame, what differs, and by how many grey levels on average."""

    first: QImage
    second: QImage
    difference: QImage
    mean: float


class PairMaker(QObject):
    """`made` carries the key that was asked for and a `Pair`; what is no longer wanted is dropped."""

    made = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._wanted: object = None
        self.made.connect(self._forget)

    def make(
        self, key: object, images: tuple[Loaded, Loaded], crops: tuple[Crop | None, Crop | None]
    ) -> None:
        """Works out a pair, unless it is being worked on."""
        if key != self._wanted:
            self._wanted = key
            self._pool.start(_Work(self, key, images, crops))

    def is_wanted(self, key: object) -> bool:
        """Whether this is still the pair to be shown."""
        return key == self._wanted

    def close(self) -> None:
        """Waits for what is being worked on; nothing of it is announced."""
        self._wanted = None
        self._pool.waitForDone()

    @Slot(object, object)
    def _forget(self, key: object, _pair: object) -> None:
        if key == self._wanted:
            self._wanted = None


class _Work(QRunnable):
    def __init__(
        self,
        maker: PairMaker,
        key: object,
        images: tuple[Loaded, Loaded],
        crops: tuple[Crop | None, Crop | None],
    ) -> None:
        super().__init__()
        self._maker, self._key, self._images, self._crops = maker, key, images, crops

    def run(self) -> None:
        if not self._maker.is_wanted(self._key):
            return
        first, second = aligned(self._images[0].pixels, self._images[1].pixels, *self._crops)
        pair = Pair(
            to_qimage(first),
            to_qimage(second),
            to_qimage(difference(first, second)),
            mean_difference(first, second),
        )
        self._maker.made.emit(self._key, pair)


class PairView(QWidget):
    """Paints a pair as the mode has it; `words` stands there while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("The two images")
        self.setMinimumSize(320, 160)
        self._pair: Pair | None = None
        self._mode: Mode = "side by side"
        self._second = False
        self._words = ""

    @property
    def shows_second(self) -> bool:
        """Whether blinking shows the second image now."""
        return self._second

    def show_pair(self, pair: Pair | None, words: str = "") -> None:
        """Shows another pair, or words."""
        self._pair, self._words = pair, words
        self.update()

    def set_mode(self, mode: Mode) -> None:
        """Changes how the two are shown."""
        self._mode = mode
        self.update()

    def set_second(self, second: bool) -> None:
        """Which of the two blinking shows."""
        self._second = second
        self.update()

    def shown(self) -> list[QImage]:
        """What is painted, from the left."""
        pair = self._pair
        if pair is None:
            return []
        if self._mode == "side by side":
            return [pair.first, pair.second]
        if self._mode == "blink":
            return [pair.second if self._second else pair.first]
        return [pair.difference]

    def sizeHint(self) -> QSize:
        return QSize(800, 500)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.DARK.canvas))
        images = self.shown()
        if not images:
            painter.setPen(QColor(theme.DARK.dim))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 0, -24, 0), flags, self._words)
            return
        wide = (self.width() - _GAP * (len(images) + 1)) // len(images)
        for number, image in enumerate(images):
            room = QRect(_GAP + number * (wide + _GAP), _GAP, wide, self.height() - 2 * _GAP)
            size = image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(room.topLeft(), size)
            place.moveCenter(room.center())
            smooth = size.width() < _SQUARES_FROM * image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(QRectF(place), image)
