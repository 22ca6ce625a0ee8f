"""The graphics item that paints the image itself, at the size and in the tone that is asked for."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from curator.app.curate.tone import Tone, toned

# Beyond this many screen pixels an image pixel, pixels are shown as squares.
_SQUARES_FROM: Final = 3.0


class ImageItem(QGraphicsItem):
    """An image, painted from the smallest of its levels that is fine enough for the zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: tuple[QImage, ...] = ()
        self._rect = QRectF()
        self._tone = Tone()
        # The part that was toned last, so that what moves over the image costs nothing.
        self._toned: tuple[object, QImage] | None = None

    def set_levels(
        self, levels: tuple[QImage, ...], x: int = 0, y: int = 0, size: tuple[int, int] | None = None
    ) -> None:
        """Shows another image with its upper left corner at (x, y), the finest level first.

        `size` is its width and height where the finest level is not the full size.
        """
        self.prepareGeometryChange()
        self._levels = levels
        wide, high = size or ((levels[0].width(), levels[0].height()) if levels else (0, 0))
        self._rect = QRectF(x, y, wide, high)
        self._toned = None
        self.update()

    def set_tone(self, tone: Tone) -> None:
        """Changes how grey values are shown."""
        self._tone, self._toned = tone, None
        self.update()

    @property
    def image(self) -> QImage | None:
        """What is shown, at its finest."""
        return self._levels[0] if self._levels else None

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if not self._levels:
            return
        scale = painter.worldTransform().m11() * painter.device().devicePixelRatioF()
        needed = scale * self._rect.width()
        fine = [number for number, image in enumerate(self._levels) if image.width() >= needed]
        level = fine[-1] if fine else 0
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < _SQUARES_FROM)
        if self._tone.is_plain:
            painter.drawImage(self._rect, self._levels[level])
        else:
            self._paint_toned(painter, level)

    def _paint_toned(self, painter: QPainter, level: int) -> None:
        """Tones the part that is in view, no more: a large image at full size would take too long."""
        image = self._levels[level]
        inverse, _ = painter.worldTransform().inverted()
        view = inverse.mapRect(QRectF(painter.viewport())).intersected(self._rect)
        # Pixels of the level an image pixel; halving an odd width makes the two differ a little.
        across, down = image.width() / self._rect.width(), image.height() / self._rect.height()
        part = QRectF(
            (view.x() - self._rect.x()) * across,
            (view.y() - self._rect.y()) * down,
            view.width() * across,
            view.height() * down,
        )
        pixels = part.toAlignedRect().adjusted(-1, -1, 1, 1).intersected(image.rect())
        if pixels.isEmpty():
            return
        key = (level, pixels.getRect(), self._tone)
        if self._toned is None or self._toned[0] != key:
            self._toned = (key, toned(image, pixels, self._tone))
        place = QRectF(
            self._rect.x() + pixels.x() / across,
            self._rect.y() + pixels.y() / down,
            pixels.width() / across,
            pixels.height() / down,
        )
        painter.drawImage(place, self._toned[1])
