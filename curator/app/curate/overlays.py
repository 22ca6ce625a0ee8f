"""Graphics items over the image: its crop, its masks, and what a gesture is drawing.

Scene coordinates are image pixels. Lines, handles and tags keep their size on the screen at any zoom: each
item is told the view's scale (screen pixels an image pixel). Colours are data and the same in both schemes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from curator.app import theme
from curator.app.curate.shapes import HANDLES, bounds
from curator.app.curate.tools import Draft
from curator.records import Crop, Mask

CROP_COLOUR: Final = theme.DARK.accent
MASK_COLOUR: Final = theme.DARK.unsure
BRAIN_COLOUR: Final = theme.DARK.discard
_DIM: Final = QColor(0, 0, 0, 150)
_VEIL: Final = QColor(48, 33, 6, 115)
_VEIL_SELECTED: Final = QColor(110, 78, 20, 125)
_HANDLE: Final = 9.0
_TAG_PIXELS: Final = 11


class _Overlay(QGraphicsItem):
    """An item whose lines keep their width on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.scale_shown = 1.0

    def set_scale(self, scale: float) -> None:
        """Tells the item how many screen pixels an image pixel takes."""
        if scale != self.scale_shown:
            self.prepareGeometryChange()
            self.scale_shown = scale

    def px(self, screen: float) -> float:
        """Screen pixels in image pixels."""
        return screen / self.scale_shown


class ShadeItem(QGraphicsItem):
    """The dimmed rest of the image outside its crop."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QRectF()
        self._outside: list[QRectF] = []

    def show_crop(self, crop: Crop | None, width: int, height: int) -> None:
        """Dims what is outside the crop."""
        self.prepareGeometryChange()
        self._image = QRectF(0, 0, width, height)
        self._outside = []
        if crop is not None:
            right, foot = crop.x + crop.width, crop.y + crop.height
            # Four plain rectangles: a path with a hole takes ten times as long to fill.
            self._outside = [
                QRectF(0, 0, width, crop.y),
                QRectF(0, foot, width, height - foot),
                QRectF(0, crop.y, crop.x, crop.height),
                QRectF(right, crop.y, width - right, crop.height),
            ]
        self.update()

    def boundingRect(self) -> QRectF:
        return self._image

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        for rect in self._outside:
            painter.fillRect(rect, _DIM)


class CropItem(_Overlay):
    """The crop's frame with eight handles."""

    def __init__(self) -> None:
        super().__init__()
        self._crop = QRectF()
        self._image = QRectF()
        self._none = True
        self._proposed = True
        self._active = False

    def show_crop(self, crop: Crop | None, width: int, height: int, proposed: bool, active: bool) -> None:
        """`crop=None` frames the whole image; `proposed` is dashed; `active` fills the handles."""
        self.prepareGeometryChange()
        self._image = QRectF(0, 0, width, height)
        self._none = crop is None
        self._crop = QRectF(crop.x, crop.y, crop.width, crop.height) if crop is not None else self._image
        self._proposed, self._active = proposed, active
        self.update()

    def boundingRect(self) -> QRectF:
        edge = self.px(_HANDLE)
        return self._image.united(self._crop).adjusted(-edge, -edge, edge, edge)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        colour = QColor(CROP_COLOUR)
        if self._none:
            colour.setAlphaF(0.55)
        pen = _line(painter, colour, 1.5)
        if self._proposed:
            pen.setDashPattern([5, 3.5])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self._crop)
        solid = _line(painter, colour, 1.5)
        painter.setPen(solid)
        painter.setBrush(QColor(CROP_COLOUR) if self._active else QColor(theme.DARK.canvas))
        side = self.px(_HANDLE)
        for a, b in HANDLES.values():
            x = self._crop.x() + a * self._crop.width()
            y = self._crop.y() + b * self._crop.height()
            painter.drawRect(QRectF(x - side / 2, y - side / 2, side, side))


class MaskItem(_Overlay):
    """One mask: hatched, with its kind as a tag; dashed while it is proposed, solid once a person set it.

    In another colour and not hatched it stands for an overlay that is not masked.
    """

    def __init__(self, colour: str = MASK_COLOUR, *, hatched: bool = True) -> None:
        super().__init__()
        self._colour = colour
        self._hatched = hatched
        self._mask: Mask | None = None
        self._path = QPainterPath()
        # What the path is where it is a box: those are painted the quick way.
        self._box: QRectF | None = None
        self._bounds = QRectF()
        self._proposed = True
        self._selected = False
        self._fine = False

    def show_mask(self, mask: Mask, proposed: bool, selected: bool, fine: bool) -> None:
        """`fine` also shows the vertices of a selected mask, to be dragged."""
        if mask != self._mask:
            self.prepareGeometryChange()
            self._mask = mask
            self._box, self._path = _covered(mask)
            self._bounds = self._path.boundingRect() if self._box is None else self._box
        self._proposed, self._selected, self._fine = proposed, selected, fine
        self.setZValue(1 if selected else 0)
        self.update()

    @property
    def mask(self) -> Mask | None:
        """What it shows."""
        return self._mask

    @property
    def proposed(self) -> bool:
        """Whether it is dashed."""
        return self._proposed

    def boundingRect(self) -> QRectF:
        edge = self.px(6)
        return self._bounds.adjusted(-edge, -edge, edge, edge).united(self._tag_rect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._mask is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._box is None)
        if self._hatched:
            self._paint_hatch(painter)
        pen = _line(painter, QColor(self._colour), 2.0 if self._selected else 1.2)
        if self._proposed:
            pen.setDashPattern([3.5, 2.5])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._box is not None:
            painter.drawRect(self._box)
        else:
            painter.drawPath(self._path)
        if self._selected and self._fine:
            self._paint_vertices(painter)
        self._paint_tag(painter)

    def _paint_hatch(self, painter: QPainter) -> None:
        # Darkened first, so that the hatch stands out on a white bar as on black.
        veil = _VEIL_SELECTED if self._selected else _VEIL
        hatch = _hatch(painter.device().devicePixelRatioF())
        if self._box is not None:
            painter.fillRect(self._box, veil)
            place = painter.worldTransform().mapRect(self._box)
            painter.save()
            painter.resetTransform()
            # Tiled from the window's corner, so that neighbouring masks are hatched as one.
            painter.drawTiledPixmap(place, hatch, place.topLeft())
            painter.restore()
            return
        painter.fillPath(self._path, veil)
        brush = QBrush(hatch)
        inverse, _ = painter.worldTransform().inverted()
        brush.setTransform(inverse)
        painter.fillPath(self._path, brush)

    def _paint_vertices(self, painter: QPainter) -> None:
        assert self._mask is not None
        thin = _line(painter, QColor(self._colour), 1.2)
        painter.setPen(thin)
        painter.setBrush(QColor(theme.DARK.canvas))
        half = self.px(3.5)
        for x, y in self._mask.polygon:
            painter.drawRect(QRectF(x + 0.5 - half, y + 0.5 - half, 2 * half, 2 * half))

    def _paint_tag(self, painter: QPainter) -> None:
        assert self._mask is not None
        tag = _tag(self._mask.kind, self._colour, self._selected, painter.device().devicePixelRatioF())
        at = painter.worldTransform().map(self._tag_rect().topLeft())
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(at, tag)
        painter.restore()

    def _tag_rect(self) -> QRectF:
        """Above the mask, or below it where that would be above the image."""
        if self._mask is None:
            return QRectF()
        wide, high = _tag_size(self._mask.kind)
        width, height, gap = self.px(wide), self.px(high), self.px(3)
        top = self._bounds.top() - gap - height
        left = bounds(self._mask.polygon)[0]
        return QRectF(left, self._bounds.bottom() + gap if top < 0 else top, width, height)


class DraftItem(_Overlay):
    """A line or a stroke that is being drawn, and the brush's size at the pointer."""

    def __init__(self) -> None:
        super().__init__()
        self._draft = Draft()
        self._brush: tuple[QPointF, float] | None = None
        self._rect = QRectF()
        self.setZValue(3)

    def show_draft(self, draft: Draft | None) -> None:
        """Shows the line of a draft, or nothing."""
        self._draft = draft or Draft()
        self._changed()

    def show_brush(self, at: QPointF | None, radius: float = 0) -> None:
        """Shows the brush's outline, or takes it away."""
        self._brush = None if at is None else (at, radius)
        self._changed()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(theme.DARK.discard if self._draft.erases else MASK_COLOUR)
        line = [QPointF(*point) for point in self._draft.line]
        if line and self._draft.radius:
            soft = QColor(colour)
            soft.setAlphaF(0.45)
            pen = QPen(soft, 2 * self._draft.radius)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            # A line of one point is not drawn at all; a second one beside it makes it a dot.
            painter.drawPolyline(QPolygonF([*line, line[-1] + QPointF(0.001, 0)]))
        elif line:
            pen = _line(painter, colour, 1.5)
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(line))
            half = self.px(3.5)
            painter.setBrush(QColor(theme.DARK.canvas))
            for number, point in enumerate(line[:-1]):
                if number == 0 and self._draft.closes:
                    painter.setBrush(colour)
                    painter.drawEllipse(point, 1.6 * half, 1.6 * half)
                    painter.setBrush(QColor(theme.DARK.canvas))
                else:
                    painter.drawRect(QRectF(point.x() - half, point.y() - half, 2 * half, 2 * half))
        if self._brush is not None:
            at, radius = self._brush
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for shade, width in ((QColor(theme.DARK.canvas), 2.5), (QColor("#ffffff"), 1.0)):
                pen = _line(painter, shade, width)
                painter.setPen(pen)
                painter.drawEllipse(at, radius, radius)

    def _changed(self) -> None:
        self.prepareGeometryChange()
        rect = QPolygonF([QPointF(*point) for point in self._draft.line]).boundingRect()
        edge = self._draft.radius + self.px(8)
        self._rect = rect.adjusted(-edge, -edge, edge, edge) if self._draft.line else QRectF()
        if self._brush is not None:
            at, radius = self._brush
            edge = radius + self.px(4)
            self._rect = self._rect.united(QRectF(at.x() - edge, at.y() - edge, 2 * edge, 2 * edge))
        self.update()


def _line(painter: QPainter, colour: QColor, width: float) -> QPen:
    """A pen of `width` screen pixels at any zoom. Qt's cosmetic pens count device pixels: whole ones, or a line
    would be thicker on one side of a frame than on the other.
    """
    pen = QPen(colour, max(1, round(width * painter.device().devicePixelRatioF())))
    pen.setCosmetic(True)
    return pen


def _covered(mask: Mask) -> tuple[QRectF | None, QPainterPath]:
    """What the mask covers. A box is exact; other edges are drawn through the middle of their pixels, which
    belong to the mask: half a pixel that nobody sees.
    """
    path = QPainterPath()
    x0, y0, x1, y1 = bounds(mask.polygon)
    corners = {(x0, y0), (x1 - 1, y0), (x1 - 1, y1 - 1), (x0, y1 - 1)}
    if len(mask.polygon) == len(corners) and set(mask.polygon) == corners:
        return QRectF(x0, y0, x1 - x0, y1 - y0), path
    path.addPolygon(QPolygonF([QPointF(x + 0.5, y + 0.5) for x, y in mask.polygon]))
    path.closeSubpath()
    return None, path


@lru_cache(maxsize=4)
def _hatch(ratio: float) -> QPixmap:
    """A tile of oblique lines, 7 screen pixels apart."""
    side = round(7 * ratio)
    tile = QPixmap(side, side)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(MASK_COLOUR)
    colour.setAlphaF(0.7)
    painter.setPen(QPen(colour, ratio))
    for shift in (-side, 0, side):
        painter.drawLine(QPointF(shift, side), QPointF(shift + side, 0))
    painter.end()
    tile.setDevicePixelRatio(ratio)
    return tile


@lru_cache(maxsize=1)
def _tag_font() -> QFont:
    font = QFont()
    font.setPixelSize(_TAG_PIXELS)
    return font


@lru_cache(maxsize=32)
def _tag_size(kind: str) -> tuple[float, float]:
    """Width and height of a tag in screen pixels."""
    metrics = QFontMetricsF(_tag_font())
    return math.ceil(metrics.horizontalAdvance(kind)) + 8, math.ceil(metrics.height()) + 1


@lru_cache(maxsize=128)
def _tag(kind: str, colour: str, selected: bool, ratio: float) -> QPixmap:
    """The tag as it is painted, so that a dozen of them cost no more than a dozen copies."""
    wide, high = _tag_size(kind)
    tag = QPixmap(math.ceil(wide * ratio), math.ceil(high * ratio))
    tag.setDevicePixelRatio(ratio)
    tag.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tag)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    room = QRectF(0, 0, wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour) if selected else QColor(11, 12, 13, 190))
    painter.drawRoundedRect(room, 3, 3)
    painter.setFont(_tag_font())
    painter.setPen(QColor(theme.DARK.canvas) if selected else QColor(colour))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, kind)
    painter.end()
    return tag
