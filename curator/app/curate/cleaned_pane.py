"""The cleaned image beside the original."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from curator.app import theme
from curator.app.curate.tone import Tone, toned
from curator.app.image_work import to_pixels
from curator.imaging.decode import RGB

_MARGIN = 22
_LINE = 24


class CleanedPane(QWidget):
    """Shows what `imaging.render` gave, fitted."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Cleaned image")
        self.setMinimumWidth(120)
        self._image: QImage | None = None
        self._tone = Tone()
        self._words = ""

    def show_image(self, image: QImage | None, words: str = "") -> None:
        """Shows an image with `words` below it."""
        self._image, self._words = image, words
        self.update()

    def set_tone(self, tone: Tone) -> None:
        """Shows grey values as the canvas does."""
        self._tone = tone
        self.update()

    def pixels(self) -> RGB | None:
        """What is shown at full size, RGB `uint8`."""
        return to_pixels(self._image) if self._image is not None else None

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.DARK.canvas))
        painter.setPen(QColor(theme.DARK.line))
        painter.drawLine(0, 0, 0, self.height())
        room = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN - _LINE)
        if self._image is not None and room.isValid():
            size = self._image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(room.topLeft(), size)
            place.moveCenter(room.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            plain = self._tone.is_plain
            shown = self._image if plain else toned(self._image, self._image.rect(), self._tone)
            painter.drawImage(place, shown)
        painter.setPen(QColor(theme.DARK.dim))
        below = QRect(0, self.height() - _MARGIN - _LINE + 8, self.width(), _LINE)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._words)
