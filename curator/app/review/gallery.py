"""The gallery: what the network got, the true class and what was said, thousands of them, painted on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from curator.app import theme
from curator.app.review.items import Item
from curator.app.review.pictures import GALLERY_SIDE
from curator.app.review.table import Positions, Table

_TEXT_HEIGHT: Final = 30
_GAP: Final = 10
# Tiles that are laid out in one turn of the event loop.
_BATCH: Final = 500
ITEM_ROLE: Final = Qt.ItemDataRole.UserRole + 1
SAID_ROLE: Final = Qt.ItemDataRole.UserRole + 2
_ROLES: Final = frozenset(
    {
        ITEM_ROLE,
        SAID_ROLE,
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.ToolTipRole,
    }
)


class GalleryModel(QAbstractListModel):
    """Rows are positions in a `Table`, chosen and ordered by it."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Table | None = None
        self.rows: Positions = np.zeros(0, np.intp)
        self._row_of: Positions = np.zeros(0, np.intp)
        self._count = 0

    def show_rows(self, table: Table | None, rows: Positions) -> None:
        """Shows these positions of a table, in this order."""
        self.beginResetModel()
        self.table, self.rows, self._count = table, rows, len(rows)
        self._row_of = np.full(len(table) if table is not None else 0, -1, np.intp)
        self._row_of[rows] = np.arange(len(rows))
        self.endResetModel()

    def item(self, row: int) -> Item:
        """What is shown in a row."""
        assert self.table is not None
        return self.table.item(int(self.rows[row]))

    def refresh(self, positions: Sequence[int]) -> None:
        """Says that what is known of these positions, -1 for none, is another now."""
        rows = [int(self._row_of[one]) for one in positions if 0 <= one < len(self._row_of)]
        shown = [row for row in rows if row >= 0]
        if shown:
            # Once for all between the first and the last: a thousand words of it would hold the window up.
            self.dataChanged.emit(self.index(min(shown)), self.index(max(shown)))

    def refresh_all(self) -> None:
        """Says that what is known of all is another now; rows stay."""
        if len(self.rows):
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def row_of(self, name: str) -> int:
        """The row of an image, -1 if it is not shown."""
        position = self.table.position_of(name) if self.table is not None else -1
        return int(self._row_of[position]) if position >= 0 else -1

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        # Asked twice for each of 10,000 rows when they are laid out; a list's rows have no children.
        return self._count

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid() or role not in _ROLES:
            return None
        item = self.item(index.row())
        if role == ITEM_ROLE:
            return item
        assert self.table is not None
        if role == SAID_ROLE:
            return self.table.classes[item.said]
        since = "discarded since" if item.discarded else "mended since"
        marks = [word for word, on in ((since, item.mended), ("looked at", item.looked)) if on]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([item.name, *marks])
        said = f"{item.name}: is {item.prediction.label}, said {self.table.classes[item.said]}"
        return ", ".join([f"{said} {item.confidence:.2f}", *marks])


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
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            QPen(QColor(colours.accent if current or chosen else colours.line), 2 if current else 1)
        )
        painter.setBrush(QColor(colours.accent_soft if chosen and not current else colours.pane))
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
        self._write(painter, tile, item, index.data(SAID_ROLE))
        painter.restore()

    def _write(self, painter: QPainter, tile: QRect, item: Item, name: str) -> None:
        colours = theme.current()
        text = QRect(tile.x() + 9, tile.bottom() - _TEXT_HEIGHT + 1, tile.width() - 18, _TEXT_HEIGHT)
        metrics = QFontMetrics(painter.font())
        number = f" {item.confidence:.2f}"
        room = text.width() * 6 // 10 - metrics.horizontalAdvance(number)
        said = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room) + number
        tone = colours.discard if item.wrong else colours.keep if item.true >= 0 else colours.text
        painter.setPen(QColor(tone))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, said)
        painter.setPen(QColor(colours.text if item.true >= 0 else colours.dim))
        left = text.adjusted(0, 0, -metrics.horizontalAdvance(said) - 8, 0)
        words = f"is {item.prediction.label}" if item.true >= 0 else item.prediction.label or "no label"
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, left.width())
        painter.drawText(left, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        since = ("cross", colours.discard) if item.discarded else ("mend", colours.text)
        marks = ((("check", colours.text), item.looked), (since, item.mended))
        for number_of, (icon, tint) in enumerate(mark for mark, on in marks if on):
            at = QRect(tile.right() - 28 - 24 * number_of, tile.y() + 7, 20, 20)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.pane))
            painter.drawEllipse(at)
            painter.drawPixmap(at.adjusted(3, 3, -3, -3), theme.pixmap(icon, tint, 14, 1.0))


class Gallery(QListView):
    """The view. `item_chosen` carries the current `Item` or None; `selected` says that others are selected."""

    item_chosen = Signal(object)
    selected = Signal()

    def __init__(self, picture: Callable[[Item], QPixmap | None]) -> None:
        super().__init__()
        self.items = GalleryModel()
        self.setModel(self.items)
        self.setItemDelegate(GalleryDelegate(picture, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setBatchSize(_BATCH)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setAccessibleName("Predictions")
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.selectionModel().selectionChanged.connect(self.selected)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tiles share the width, so that no strip of it stays empty."""
        width = self.contentsRect().width() - self.verticalScrollBar().sizeHint().width() - 2
        columns = max(1, round(width / (GALLERY_SIDE + _GAP)))
        side = width // columns
        self.setGridSize(QSize(side, side + _TEXT_HEIGHT))
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters and digits are keys of the page, not the beginning of a name to look for."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        if plain and event.text().strip():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def current_item(self) -> Item | None:
        """The image that the details are of."""
        index = self.currentIndex()
        return self.items.item(index.row()) if index.isValid() else None

    def selected_items(self) -> list[Item]:
        """What is selected, in the order of the gallery; the current one where nothing is."""
        rows = sorted(row for part in self._selection() for row in range(part.top(), part.bottom() + 1))
        current = self.currentIndex()
        if not rows and current.isValid():
            rows = [current.row()]
        return [self.items.item(row) for row in rows]

    def selected_count(self) -> int:
        """How many are selected."""
        return sum(part.height() for part in self._selection())

    def _selection(self) -> list[QItemSelectionRange]:
        # A list in C++, which the stubs don't know.
        return list(self.selectionModel().selection())  # type: ignore[call-overload]

    def show_rows(self, table: Table | None, rows: Positions, name: str | None = None) -> None:
        """Shows these positions; `name` becomes the current image, the first where it is not shown."""
        self.items.show_rows(table, rows)
        row = self.items.row_of(name) if name is not None else 0
        # In parts, so that the first are there at once, unless the place to go to would only come with the last.
        far = row >= _BATCH
        self.setLayoutMode(QListView.LayoutMode.SinglePass if far else QListView.LayoutMode.Batched)
        self.go_to(name)

    def scroll_to(self, value: int) -> None:
        """Scrolls to so many pixels from the top, as `verticalScrollBar` counts them."""
        self.setLayoutMode(QListView.LayoutMode.SinglePass)
        self.executeDelayedItemsLayout()
        self.verticalScrollBar().setValue(value)

    def go_to(self, name: str | None) -> None:
        """Chooses an image, the first where it is not shown."""
        row = self.items.row_of(name) if name is not None else -1
        if not len(self.items.rows):
            self.item_chosen.emit(None)
            return
        index = self.items.index(max(0, row))
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, flag)
        self.scrollTo(index)

    def select(self, names: Iterable[str]) -> None:
        """Selects these images, those that are shown; the current one stays."""
        chosen = QItemSelection()
        rows = np.unique([self.items.row_of(name) for name in names]).astype(int)
        rows = rows[rows >= 0]
        # A range for each run of neighbours: Qt compares every two ranges that it is given.
        for part in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            if len(part):
                chosen.select(self.items.index(int(part[0])), self.items.index(int(part[-1])))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def step(self, by: int) -> None:
        """Goes to the next (1) or the previous (-1) item."""
        count = len(self.items.rows)
        if count:
            row = min(max(self.currentIndex().row() + by, 0), count - 1)
            self.go_to(self.items.item(row).name)

    @Slot()
    def _current_changed(self) -> None:
        self.item_chosen.emit(self.current_item())
