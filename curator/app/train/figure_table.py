"""A plain table of figures: names on the left, numbers right-aligned, a row can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

ROW_HEIGHT: Final = 28
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class FigureModel(QAbstractTableModel):
    """Rows of words, all of one length."""

    def __init__(self, headings: Sequence[str], words: Sequence[int], tips: Sequence[str]) -> None:
        super().__init__()
        self._headings = [heading.upper() for heading in headings]
        self._words = frozenset(words)
        self._tips = list(tips)
        self.rows: list[tuple[str, ...]] = []

    def set_rows(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Shows these rows; what was chosen stays chosen where there are as many as before."""
        if len(rows) == len(self.rows):
            self.rows = list(rows)
            if self.rows:
                self.dataChanged.emit(
                    self.index(0, 0), self.index(len(self.rows) - 1, len(self._headings) - 1)
                )
            return
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many rows."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return 0 if parent.isValid() else len(self._headings)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names, aligned as what is below."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        if role == Qt.ItemDataRole.ToolTipRole and section < len(self._tips):
            return self._tips[section]
        return None

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What a cell shows."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        return _LEFT if column in self._words else _RIGHT


class FigureTable(QTableView):
    """`chosen` carries the number of the row that the user went to, by mouse or keys."""

    chosen = Signal(int)

    def __init__(
        self, name: str, headings: Sequence[str], *, words: Sequence[int] = (0,), tips: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.figures = FigureModel(headings, words, tips)
        self.setModel(self.figures)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._moved)

    def set_rows(self, rows: Sequence[tuple[str, ...]]) -> None:
        """Shows these rows."""
        self.figures.set_rows(rows)

    def row_words(self, row: int) -> tuple[str, ...]:
        """One row as shown."""
        return self.figures.rows[row]

    def choose(self, row: int) -> None:
        """Goes to a row as if the user had."""
        self.setCurrentIndex(self.figures.index(row, 0))

    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(current.row())
