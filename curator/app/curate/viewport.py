"""A graphics view that zooms to the pointer, fits, pans, and knows nothing of what it shows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView

from curator.app import theme

_LEAST, _MOST = 0.02, 48.0
_STEP: Final = 1.25
_MARGIN: Final = 22.0


class ImageView(QGraphicsView):
    """`zoomed` carries the number of screen pixels an image pixel takes, in device pixels."""

    zoomed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        scene = QGraphicsScene(self)
        # Few items that change together: an index would cost more than it saves.
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        scene.setBackgroundBrush(QColor(theme.DARK.canvas))
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setMouseTracking(True)
        self._size = (0, 0)
        self._fitted = True
        self._left_taken = self._top_taken = self._right_taken = self._foot_taken = 0

    @property
    def view_scale(self) -> float:
        """Screen pixels (device-independent) an image pixel."""
        return self.transform().m11()

    @property
    def device_scale(self) -> float:
        """Device pixels an image pixel: 1 is full size."""
        return self.view_scale * self.devicePixelRatioF()

    def set_image_size(self, width: int, height: int) -> None:
        """Makes room for an image of that size, fitted if it is another size than before."""
        self._size = (width, height)
        room = 5000 + 3 * max(width, height)
        self.setSceneRect(QRectF(0, 0, width, height).adjusted(-room, -room, room, room))

    def keep_free(self, left: int, top: int, right: int, foot: int) -> None:
        """So many pixels on each side are covered: a fitted image goes beside and between them."""
        fits_anew = self._fitted and (top, foot) != (self._top_taken, self._foot_taken)
        self._left_taken, self._top_taken = left, top
        self._right_taken, self._foot_taken = right, foot
        if fits_anew:
            self.fit()

    def room(self) -> tuple[int, int]:
        """Device pixels across and down that a fitted image can take."""
        ratio, around = self.devicePixelRatioF(), 2 * _MARGIN
        view = self.viewport().rect()
        return (
            max(1, round(ratio * (view.width() - around))),
            max(1, round(ratio * (view.height() - around))),
        )

    def fit(self) -> None:
        """Shows the whole image; it stays fitted when the window changes its size."""
        self._fitted = True
        width, height = self._size
        if not width or not height:
            return
        top, foot = max(_MARGIN, self._top_taken), max(_MARGIN, self._foot_taken)
        view = QRectF(self.viewport().rect()).adjusted(_MARGIN, top, -_MARGIN, -foot)
        scale = self._fitting(view)
        if view.center().x() - width * scale / 2 < self._left_taken:
            view.setLeft(max(view.left(), self._left_taken + _MARGIN / 2))
            scale = self._fitting(view)
        if view.center().x() + width * scale / 2 > self.viewport().width() - self._right_taken:
            view.setRight(self.viewport().width() - self._right_taken - _MARGIN / 2)
            scale = self._fitting(view)
        self._set_scale(scale)
        shift = (QRectF(self.viewport().rect()).center() - view.center()) / scale
        self.centerOn(QPointF(width / 2, height / 2) + shift)
        self.zoomed.emit(self.device_scale)

    def full_size(self, at: QPoint | None = None) -> None:
        """One image pixel a device pixel, around a point of the view."""
        self.zoom_to(1 / self.devicePixelRatioF(), at)

    def zoom(self, steps: float, at: QPoint | None = None) -> None:
        """Zooms in (positive) or out by steps of a quarter, around a point of the view."""
        self.zoom_to(self.view_scale * _STEP**steps, at)

    def zoom_to(self, scale: float, at: QPoint | None = None) -> None:
        """Zooms to so many screen pixels an image pixel; what is at `at` stays there."""
        anchor = at if at is not None else self.viewport().rect().center()
        before = self.mapToScene(anchor)
        self._set_scale(min(max(scale, _LEAST), _MOST))
        moved = self.mapToScene(anchor) - before
        self.translate(moved.x(), moved.y())
        self._fitted = False
        self.zoomed.emit(self.device_scale)

    def pan(self, dx: int, dy: int) -> None:
        """Moves what is shown by screen pixels."""
        self._fitted = False
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - dx)
        down.setValue(down.value() - dy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys are the page's."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self.zoom(turned / 120, event.position().toPoint())
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def _fitting(self, view: QRectF) -> float:
        width, height = self._size
        scale = min(view.width() / width, view.height() / height)
        return min(max(scale, _LEAST), _MOST)

    def _set_scale(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
