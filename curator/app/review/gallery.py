"""The gallery: what the network got, the true class and what was said, thousands of them, painted on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from curator.app import theme
from curator.app.review.items import Item
from curator.app.review.pictures import GALLERY_SIDE

_TEXT_HEIGHT: Final = 30
_GAP: Final = 10
ITEM_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class GalleryModel(QAbstractListModel):
    """The items that pass the filter, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[Item] = []
        self._classes: tuple[str, ...] = ()

    @property
    def items(self) -> Sequence[Item]:
        """The items shown."""
        return self._items

    def show_items(self, items: Sequence[Item], classes: tuple[str, ...]) -> None:
        """Replaces all items."""
        self.beginResetModel()
        self._items, self._classes = list(items), classes
        self.endResetModel()

    def replace(self, item: Item) -> None:
        """Puts a newer version in an item's place."""
        row = self.row_of(item.name)
        if row >= 0:
            self._items[row] = item
            self.dataChanged.emit(self.index(row), self.index(row))

    def row_of(self, name: str) -> int:
        """The row of an image, -1 if it is not shown."""
        return next((row for row, item in enumerate(self._items) if item.name == name), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._items)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        if role == ITEM_ROLE:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            said = f"{item.name}: is {item.prediction.label}, said {item.prediction.predicted}"
            return f"{said} {item.confidence:.2f}"
        if role == Qt.ItemDataRole.ToolTipRole:
            marks = [word for word, on in (("mended since", item.mended), ("looked at", item.looked)) if on]
            return "\n".join([item.name, *marks])
        return None


class GalleryDelegate(QStyledItemDelegate):
    """Paints one item; `picture` gives its pixmap, or None while that is being made."""

    def __init__(self, picture: Callable[[Item], QPixmap | None], parent: QListView) -> None:
        super().__init__(parent)
        self._picture = picture

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        view = self.parent()
        grid = view.gridSize() if isinstance(view, QListView) else QSize()
        return grid if grid.isValid() else QSize(GALLERY_SIDE + _GAP, GALLERY_SIDE + _TEXT_HEIGHT + _GAP)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item: Item = index.data(ITEM_ROLE)
        colours = theme.current()
        rect: QRect = option.rect
        tile = QRect(rect.x(), rect.y(), rect.width() - _GAP, rect.height() - _GAP)
        view = self.parent()
        current = isinstance(view, QListView) and view.currentIndex() == index
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.accent if current else colours.line), 2 if current else 1))
        painter.setBrush(QColor(colours.pane))
        painter.drawRoundedRect(tile.adjusted(1, 1, -1, -1), 6, 6)
        picture = self._picture(item)
        square = QRect(tile.x() + 3, tile.y() + 3, tile.width() - 6, tile.height() - _TEXT_HEIGHT - 3)
        if picture is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            side = min(square.width(), square.height())
            painter.drawPixmap(
                QRect(square.center().x() - side // 2, square.center().y() - side // 2, side, side), picture
            )
        else:
            painter.fillRect(square, QColor(colours.canvas))
        self._write(painter, tile, item)
        painter.restore()

    def _write(self, painter: QPainter, tile: QRect, item: Item) -> None:
        colours = theme.current()
        text = QRect(tile.x() + 9, tile.bottom() - _TEXT_HEIGHT + 1, tile.width() - 18, _TEXT_HEIGHT)
        metrics = QFontMetrics(painter.font())
        said = f"{item.prediction.predicted} {item.confidence:.2f}"
        painter.setPen(QColor(colours.discard if item.wrong else colours.keep))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, said)
        painter.setPen(QColor(colours.text))
        left = text.adjusted(0, 0, -metrics.horizontalAdvance(said) - 8, 0)
        words = f"is {item.prediction.label}" + (" · mended" if item.mended else "")
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, left.width())
        painter.drawText(left, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        if item.looked:
            badge = theme.pixmap("check", colours.dim, 16, 1.0)
            painter.drawPixmap(tile.right() - 24, tile.y() + 8, badge)


class Gallery(QListView):
    """The view. `item_chosen` carries the current `Item` or None."""

    item_chosen = Signal(object)

    def __init__(self, picture: Callable[[Item], QPixmap | None]) -> None:
        super().__init__()
        self.items = GalleryModel()
        self.setModel(self.items)
        self.setItemDelegate(GalleryDelegate(picture, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(1000)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setAccessibleName("Predictions")
        self.selectionModel().currentChanged.connect(self._current_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tiles share the width, so that no strip of it stays empty."""
        width = self.contentsRect().width() - self.verticalScrollBar().sizeHint().width() - 2
        columns = max(1, width // (GALLERY_SIDE + _GAP))
        side = width // columns
        self.setGridSize(QSize(side, side + _TEXT_HEIGHT))
        super().resizeEvent(event)

    def current_item(self) -> Item | None:
        """The chosen item."""
        index = self.currentIndex()
        return index.data(ITEM_ROLE) if index.isValid() else None

    def go_to(self, name: str | None) -> None:
        """Chooses an image, the first where it is not shown."""
        row = self.items.row_of(name) if name is not None else -1
        if not self.items.items:
            self.item_chosen.emit(None)
            return
        index = self.items.index(max(0, row))
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, flag)
        self.scrollTo(index)

    def step(self, by: int) -> None:
        """Goes to the next (1) or the previous (-1) item."""
        count = len(self.items.items)
        if count:
            row = min(max(self.currentIndex().row() + by, 0), count - 1)
            self.go_to(self.items.items[row].name)

    @Slot()
    def _current_changed(self) -> None:
        self.item_chosen.emit(self.current_item())
