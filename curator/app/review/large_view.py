"""The chosen image three times, as large as the window: zoom and pan are shared, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.shortcuts import bind
from curator.app.widgets import IconButton, label
from curator.imaging.render import Resize, fitted_size
from curator.records import Edits

if TYPE_CHECKING:
    from curator.app.review.pictures import Details

_STEP: Final = 1.25
_MOST: Final = 40.0


def place_of_square(width: int, height: int, edits: Edits, side: int, resize: Resize) -> QRectF:
    """Where a network's square of `side` px lies over the upright image of `width` x `height`, in its pixels.

    A letterbox sticks out of the crop: there the square shows black.
    """
    x, y, wide, high = 0, 0, width, height
    if edits.crop is not None:
        crop = edits.crop.clipped(width, height)
        x, y, wide, high = crop.x, crop.y, crop.width, crop.height
    if resize == "stretch":
        return QRectF(x, y, wide, high)
    if resize == "center-crop":
        short = min(wide, high)
        return QRectF(x + (wide - short) // 2, y + (high - short) // 2, short, short)
    shown_wide, shown_high = fitted_size(wide, high, side)
    across, down = wide / shown_wide, high / shown_high
    left, top = (side - shown_wide) // 2, (side - shown_high) // 2
    return QRectF(x - left * across, y - top * down, side * across, side * down)


class Lens(QObject):
    """What the three show: everything fitted (`scale` 0), or the same place at the same scale.

    `centre` is in pixels of the original, `scale` in points of the screen for each of them.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = 0.0
        self.centre = QPointF()

    def look_at(self, centre: QPointF, scale: float) -> None:
        """Shows one place at one scale."""
        self.centre, self.scale = centre, min(scale, _MOST)
        self.changed.emit()

    @Slot()
    def fit(self) -> None:
        """Shows everything."""
        self.scale = 0.0
        self.changed.emit()


class LinkedPicture(QWidget):
    """One of the three; `place` is where its image lies, in pixels of the original."""

    def __init__(self, name: str, lens: Lens) -> None:
        super().__init__()
        self._lens = lens
        self._image: QImage | None = None
        self._place = QRectF()
        self._held: QPointF | None = None
        self.setAccessibleName(name)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        lens.changed.connect(self.update)

    @property
    def image(self) -> QImage | None:
        """What is shown."""
        return self._image

    def show_image(self, image: QImage | None, place: QRectF) -> None:
        """Shows an image, or nothing."""
        self._image, self._place = image, place
        self.update()

    def target(self) -> QRectF:
        """Where the whole image lies on the widget."""
        scale, centre = self.view()
        middle = QPointF(self.width() / 2, self.height() / 2)
        corner = middle + (self._place.topLeft() - centre) * scale
        return QRectF(corner, self._place.size() * scale)

    def view(self) -> tuple[float, QPointF]:
        """The scale and the centre that are shown here."""
        if self._lens.scale > 0:
            return self._lens.scale, self._lens.centre
        size = self._place.size()
        fits = min(self.width() / max(1.0, size.width()), self.height() / max(1.0, size.height()))
        return fits, self._place.center()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms, the place at `at` (the middle, if not given) staying where it is."""
        scale, centre = self.view()
        fits = min(self.width() / self._place.width(), self.height() / self._place.height())
        newer = min(scale * factor, _MOST)
        if newer <= fits and factor < 1:
            self._lens.fit()
            return
        away = QPointF() if at is None else at - QPointF(self.width() / 2, self.height() / 2)
        self._lens.look_at(centre + away / scale - away / newer, newer)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().canvas))
        if self._image is None:
            return
        target = self.target()
        # Pixels are shown as such once they are large enough to be told apart.
        smooth = target.width() < 4 * self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, self._image, QRectF(self._image.rect()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._image is not None and event.angleDelta().y():
            self.zoom(_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None or self._image is None:
            return
        scale, centre = self.view()
        moved = event.position() - self._held
        self._held = event.position()
        self._lens.look_at(centre - moved / scale, scale)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._lens.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.update()


class LargeView(QDialog):
    """`stepped` carries 1 for the next image, -1 for the previous one."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Original, as trained on, heat")
        self.setProperty("role", "page")
        self.lens = Lens(self)
        self.original = LinkedPicture("Original, large", self.lens)
        self.trained = LinkedPicture("As trained on, large", self.lens)
        self.heat = LinkedPicture("Heat map, large", self.lens)
        self.name, self.heat_words = label("", "name"), label("heat", "dim", wrap=True)
        self.fit = IconButton("fit", "Fit the images", "review.fit")
        self.nearer, self.farther = (
            IconButton("zoom-in", "Zoom in", "review.zoom_in"),
            IconButton("zoom-out", "Zoom out", "review.zoom_out"),
        )
        self.previous = IconButton("arrow-left", "Previous image", "review.previous")
        self.next = IconButton("arrow-right", "Next image", "review.next")
        self.leave = IconButton("cross", "Close", "review.larger")
        self.fit.clicked.connect(self.lens.fit)
        self.nearer.clicked.connect(lambda: self._zoom(_STEP))
        self.farther.clicked.connect(lambda: self._zoom(1 / _STEP))
        self.previous.clicked.connect(lambda: self.stepped.emit(-1))
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        self.leave.clicked.connect(self.close)
        bind(self, "review.next", lambda: self.stepped.emit(1))
        bind(self, "review.previous", lambda: self.stepped.emit(-1))
        bind(self, "review.fit", self.lens.fit)
        bind(self, "review.zoom_in", lambda: self._zoom(_STEP))
        bind(self, "review.zoom_out", lambda: self._zoom(1 / _STEP))
        self._shown = ""
        self._lay_out()
        self.resize(round(parent.width() * 0.94), round(parent.height() * 0.9))

    def show_images(
        self, name: str, details: Details, trained: QImage | None, heat: QImage | None, words: str
    ) -> None:
        """Shows the three; another image's name means everything is fitted again."""
        if name != self._shown:
            self._shown = name
            self.lens.fit()
        self.name.setText(name)
        self.heat_words.setText(words)
        original, wanted = details.original, details.wanted
        whole = QRectF() if original is None else QRectF(original.rect())
        size = round(whole.width()), round(whole.height())
        square = (
            QRectF() if original is None else place_of_square(*size, wanted.edits, wanted.side, wanted.resize)
        )
        self.original.show_image(original, whole)
        self.trained.show_image(trained, square)
        self.heat.show_image(heat, square)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            event.ignore()

    def _zoom(self, factor: float) -> None:
        if self.trained.image is not None:
            self.trained.zoom(factor)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(10)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.name, 1)
        for button in (self.farther, self.nearer, self.fit, self.previous, self.next, self.leave):
            top.addWidget(button)
        column.addLayout(top)
        row = QHBoxLayout()
        row.setSpacing(8)
        captions = (label("original", "dim"), label("as trained on", "dim"), self.heat_words)
        for picture, words in zip((self.original, self.trained, self.heat), captions, strict=True):
            part = QVBoxLayout()
            part.setSpacing(6)
            part.addWidget(picture, 1)
            part.addWidget(words, 0, Qt.AlignmentFlag.AlignTop)
            row.addLayout(part, 1)
        column.addLayout(row, 1)
