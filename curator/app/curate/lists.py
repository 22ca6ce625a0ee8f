"""Film strip and grid: two views on the same list model. The keys stay with the page."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QPushButton

from curator.app import theme
from curator.app.image_delegate import ImageDelegate
from curator.app.image_list import ImageList

STRIP_SIDE: Final = 88
GRID_SIDE: Final = 148
_BATCH: Final = 1000


class _Images(QListView):
    """`chosen` carries the image that was clicked; with Ctrl or Shift it is selected instead.

    `way_out`: nothing is listed, and the button that helps there was pressed.
    """

    chosen = Signal(int)
    way_out = Signal()

    def __init__(self, images: ImageList, side: int, name: str, *, names: bool) -> None:
        super().__init__()
        self._images = images
        self._empty = ""
        self.help = QPushButton(self)
        self.help.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.help.clicked.connect(self.way_out)
        self.help.hide()
        self._toggles = False
        self._delegate = ImageDelegate(side, names=names)
        self.setModel(images)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(name)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(_BATCH)
        self.setGridSize(self._delegate.cell)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # What is current and what is selected is the model's, so that it outlives a filter.
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # The page has the keys: a list that takes the focus would search by letters.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        for signal in (images.modelReset, images.rowsInserted, images.rowsRemoved):
            signal.connect(self._show_button)
        self.clicked.connect(self._clicked)
        theme.notifier().changed.connect(self.viewport().update)

    def show_current(self, image_id: int) -> None:
        """Frames an image and scrolls to it."""
        row = self._images.row_of(image_id)
        if row < 0:
            return
        index = self._images.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._scroll_to(index)

    def set_empty_words(self, words: str, button: str = "") -> None:
        """What is said while nothing is listed, and what the button below that says; empty for none."""
        self._empty = words
        self.help.setText(button)
        self.help.setAccessibleName(button)
        self._show_button()
        self.viewport().update()

    @Slot()
    def _show_button(self) -> None:
        self.help.setVisible(self._images.rowCount() == 0 and bool(self.help.text()))
        size = self.help.sizeHint()
        middle = self.viewport().rect().center()
        self.help.setGeometry(middle.x() - size.width() // 2, middle.y() + 16, size.width(), size.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._images.rowCount() == 0 and self._empty:
            painter = QPainter(self.viewport())
            painter.setPen(theme.current().dim)
            room = self.viewport().rect()
            if not self.help.isHidden():
                self._show_button()
                room.setBottom(room.center().y() + 8)
            flags = Qt.AlignmentFlag.AlignHCenter
            flags |= Qt.AlignmentFlag.AlignVCenter if self.help.isHidden() else Qt.AlignmentFlag.AlignBottom
            painter.drawText(room, flags, self._empty)

    def _scroll_to(self, index: QModelIndex) -> None:
        self.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        image_id = self._images.id_at(index.row())
        held = QApplication.keyboardModifiers()
        if self._toggles:
            self._images.toggle_selected(image_id)
        elif held & Qt.KeyboardModifier.ShiftModifier:
            self._images.select_range(image_id)
        elif held & Qt.KeyboardModifier.ControlModifier:
            self._images.toggle_selected(image_id)
        else:
            self._images.select(())
            self.chosen.emit(image_id)


class FilmStrip(_Images):
    """One row; the current image is kept in the middle."""

    def __init__(self, images: ImageList) -> None:
        super().__init__(images, STRIP_SIDE, "Film strip", names=False)
        self.setProperty("role", "strip")
        self.setViewportMargins(6, 0, 6, 0)
        self.setFlow(QListView.Flow.TopToBottom)
        self.setWrapping(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setFixedHeight(self._delegate.cell.height() + 16)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel goes along the strip."""
        bar = self.horizontalScrollBar()
        turned = event.angleDelta().x() or event.angleDelta().y()
        bar.setValue(bar.value() - turned)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll_to(self.currentIndex())

    def _scroll_to(self, index: QModelIndex) -> None:
        if index.isValid():
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)


class Grid(_Images):
    """All images, row by row; a double click `opened` one. `toggles`: a click selects, or no longer."""

    opened = Signal(int)

    def __init__(self, images: ImageList, *, toggles: bool = False) -> None:
        super().__init__(images, GRID_SIDE, "Grid", names=True)
        self._toggles = toggles
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self._double_clicked)

    @property
    def columns(self) -> int:
        """How many images are in a row."""
        return max(1, self._room() // self._delegate.cell.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Columns share the width, so that no strip of it stays empty."""
        self.setGridSize(QSize(self._room() // self.columns, self._delegate.cell.height()))
        super().resizeEvent(event)

    def _room(self) -> int:
        """The width beside the scroll bar, whether that is shown or not."""
        return max(1, self.contentsRect().width() - self.verticalScrollBar().sizeHint().width() - 2)

    def sizeHint(self) -> QSize:
        return QSize(600, 400)

    @Slot(QModelIndex)
    def _double_clicked(self, index: QModelIndex) -> None:
        if self._toggles:
            return
        self.opened.emit(self._images.id_at(index.row()))
