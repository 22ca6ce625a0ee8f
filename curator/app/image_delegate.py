"""Paints an image in a strip or grid: thumbnail, badges with colour and shape, frame of the current one."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from curator.app import theme
from curator.app.image_list import Role
from curator.records import SPLITS

_BADGE: Final = 16
_EDGE: Final = 4
_ROUND: Final = 5.0
_NAME_HEIGHT: Final = 20
_SPLIT_PIXELS: Final = 10


class ImageDelegate(QStyledItemDelegate):
    """Cells of `side` pixels, with the file's name below where `names` is true."""

    def __init__(self, side: int, *, names: bool = False) -> None:
        super().__init__()
        self._side = side
        self._names = names

    @property
    def cell(self) -> QSize:
        """The size of one cell with the gap around it."""
        return QSize(self._side + 8, self._side + 8 + (_NAME_HEIGHT if self._names else 0))

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return self.cell

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.current()
        whole = option.rect
        tile = QRect(whole.center().x() - self._side // 2, whole.y() + 4, self._side, self._side)
        current, selected = bool(index.data(Role.CURRENT)), bool(index.data(Role.SELECTED))
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(tile), _ROUND, _ROUND)
        painter.fillPath(frame, QColor(colours.canvas))
        names = index.data(Role.BADGES) or []
        faded = names[:1] == ["discard"] and not current
        thumbnail = index.data(Role.THUMBNAIL)
        if isinstance(thumbnail, QPixmap):
            painter.setOpacity(0.45 if faded else 1.0)
            self._paint_thumbnail(painter, tile, thumbnail)
            painter.setOpacity(1.0)
        elif index.data(Role.ERROR):
            mark = theme.pixmap("warning", theme.DARK.unsure, 22, painter.device().devicePixelRatioF())
            painter.drawPixmap(tile.center().x() - 11, tile.center().y() - 11, mark)
        if selected:
            veil = QColor(colours.accent)
            veil.setAlphaF(0.2)
            painter.fillPath(frame, veil)
        _paint_badges(painter, tile, names, selected)
        if current or selected:
            painter.setPen(QPen(QColor(colours.accent), 2 if current else 1))
            painter.drawRoundedRect(QRectF(tile).adjusted(-1, -1, 1, 1), _ROUND + 1, _ROUND + 1)
        elif hovered:
            painter.setPen(QPen(QColor(colours.line_strong), 1))
            painter.drawRoundedRect(QRectF(tile).adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
        if self._names:
            painter.setPen(QColor(colours.text if current or selected else colours.dim))
            below = QRect(tile.x(), tile.bottom() + 3, tile.width(), _NAME_HEIGHT - 4)
            text = option.fontMetrics.elidedText(
                str(index.data() or ""), Qt.TextElideMode.ElideMiddle, below.width()
            )
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, tile: QRect, thumbnail: QPixmap) -> None:
        room = tile.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        ratio = painter.device().devicePixelRatioF()
        natural = thumbnail.size() / ratio
        size = thumbnail.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        # A tiny image is not blown up beyond twice its size: its pixels would pretend to detail.
        if size.width() > 2 * natural.width():
            size = natural * 2
        place = QRect(room.topLeft(), size)
        place.moveCenter(room.center())
        painter.drawPixmap(place, thumbnail)


def _paint_badges(painter: QPainter, tile: QRect, names: list[str], selected: bool) -> None:
    """Decision and overlays below on the left, copies on the right, above them split and selection."""
    ratio = painter.device().devicePixelRatioF()
    y = tile.bottom() - _BADGE - 2
    if names:
        painter.drawPixmap(tile.x() + 3, y, badge(names[0], ratio))
    if "overlays" in names:
        painter.drawPixmap(tile.x() + 4 + _BADGE, y, badge("overlays", ratio))
    for name in ("copies", "conflict"):
        if name in names:
            painter.drawPixmap(tile.right() - _BADGE - 2, y, badge(name, ratio))
    if selected:
        painter.drawPixmap(tile.right() - _BADGE - 2, tile.y() + 3, badge("selected", ratio))
    for name in SPLITS:
        if name in names:
            _paint_split(painter, tile, name)


def _paint_split(painter: QPainter, tile: QRect, name: str) -> None:
    font = QFont(painter.font())
    small = QFont(font)
    small.setPixelSize(_SPLIT_PIXELS)
    painter.setFont(small)
    room = QRectF(tile.x() + 4, tile.y() + 4, painter.fontMetrics().horizontalAdvance(name) + 8, 14)
    dark = QColor(_DARK)
    dark.setAlphaF(0.75)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(dark)
    painter.drawRoundedRect(room, 3, 3)
    painter.setPen(QColor(theme.DARK.text if name == "test" else theme.DARK.dim))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(font)


@lru_cache(maxsize=64)
def badge(name: str, ratio: float) -> QPixmap:
    """A badge for the corner of an image, 16 x 16: readable on black and on white."""
    drawn = QPixmap(round(_BADGE * ratio), round(_BADGE * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _DRAW[name](painter)
    painter.end()
    return drawn


_DISC: Final = QRectF(2, 2, 12, 12)
_DARK: Final = "#0b0c0d"
_LIGHT: Final = "#d5d9dc"


def _draw_keep(painter: QPainter) -> None:
    _disc(painter, theme.DARK.keep)
    _stroke(painter, [(5.2, 8.3), (7.2, 10.3), (10.9, 6.1)])


def _draw_discard(painter: QPainter) -> None:
    _disc(painter, theme.DARK.discard)
    _stroke(painter, [(5.8, 5.8), (10.2, 10.2)])
    _stroke(painter, [(10.2, 5.8), (5.8, 10.2)])


def _draw_undecided(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_DARK, 4.0), ("#d5d9dc", 1.6)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawEllipse(_DISC.adjusted(1, 1, -1, -1))


def _draw_unsure(painter: QPainter) -> None:
    diamond = QPolygonF([QPointF(8, 0.8), QPointF(15.2, 8), QPointF(8, 15.2), QPointF(0.8, 8)])
    painter.setPen(QPen(QColor(_DARK), 1.2))
    painter.setBrush(QColor(theme.DARK.unsure))
    painter.drawPolygon(diamond)
    bold = QFont(painter.font())
    bold.setPixelSize(10)
    bold.setWeight(QFont.Weight.Black)
    painter.setFont(bold)
    painter.setPen(QColor(_DARK))
    painter.drawText(QRectF(0, 0, 16, 16), Qt.AlignmentFlag.AlignCenter, "?")


def _draw_copies(painter: QPainter, colour: str = _LIGHT) -> None:
    for square in (QRectF(2.5, 2.5, 8, 8), QRectF(5.5, 5.5, 8, 8)):
        painter.setPen(QPen(QColor(_DARK), 3.4))
        painter.setBrush(QColor(_DARK))
        painter.drawRoundedRect(square, 1, 1)
        painter.setPen(QPen(QColor(colour), 1.3))
        painter.drawRoundedRect(square, 1, 1)


def _draw_conflict(painter: QPainter) -> None:
    """Copies in the colour of trouble, with a stroke through them that says "not equal"."""
    _draw_copies(painter, theme.DARK.discard)
    painter.setPen(QPen(QColor(theme.DARK.discard), 1.6))
    painter.drawLine(QPointF(3.2, 13.6), QPointF(13.4, 2.6))


def _draw_overlays(painter: QPainter) -> None:
    """A dashed amber frame, as masks are on the canvas."""
    painter.setPen(QPen(QColor(_DARK), 1.0))
    painter.setBrush(QColor(_DARK))
    painter.drawRoundedRect(QRectF(2, 2, 12, 12), 2, 2)
    pen = QPen(QColor(theme.DARK.unsure), 1.4)
    pen.setDashPattern([1.7, 1.2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(4, 4, 8, 8))


def _draw_selected(painter: QPainter) -> None:
    painter.setPen(QPen(QColor(_DARK), 1.2))
    painter.setBrush(QColor(theme.DARK.accent))
    painter.drawRoundedRect(QRectF(1.5, 1.5, 13, 13), 3, 3)
    _stroke(painter, [(4.8, 8.3), (7.0, 10.5), (11.2, 5.6)])


def _disc(painter: QPainter, colour: str) -> None:
    painter.setPen(QPen(QColor(_DARK), 1.2))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(_DISC)


def _stroke(painter: QPainter, points: list[tuple[float, float]]) -> None:
    pen = QPen(QColor(_DARK), 1.8)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF([QPointF(*point) for point in points]))


_DRAW: Final = {
    "keep": _draw_keep,
    "discard": _draw_discard,
    "undecided": _draw_undecided,
    "unsure": _draw_unsure,
    "copies": _draw_copies,
    "conflict": _draw_conflict,
    "overlays": _draw_overlays,
    "selected": _draw_selected,
}
