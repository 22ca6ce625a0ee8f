"""The history in words; a click goes back or forward to it."""

from __future__ import annotations

import time
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView

from curator.app import theme
from curator.project import Project, Step

_HIGH: Final = 150
_LIMIT: Final = 200


class _Steps(QAbstractListModel):
    """Oldest first, after a line for the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.current = 0

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or not self.steps else len(self.steps) + 1

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        step = self.steps[index.row() - 1] if index.row() > 0 else None
        if role == Qt.ItemDataRole.DisplayRole:
            return step.words if step is not None else "As it was before"
        if role == Qt.ItemDataRole.ToolTipRole and step is not None:
            at = time.strftime("%d %b, %H:%M:%S", time.localtime(step.at))
            return f"{step.words}\n{at}" + ("\nundone" if step.undone else "")
        if role == Qt.ItemDataRole.ForegroundRole:
            colours = theme.current()
            now = index.row() == self.current
            undone = step is not None and step.undone
            return QColor(colours.text if now else colours.line_strong if undone else colours.dim)
        if role == Qt.ItemDataRole.FontRole and step is not None and step.undone:
            font = QFont()
            font.setStrikeOut(True)
            return font
        return None

    def show_steps(self, steps: list[Step]) -> None:
        """Shows other steps."""
        self.beginResetModel()
        self.steps = steps
        done = [row for row, step in enumerate(steps, 1) if not step.undone]
        self.current = done[-1] if done else 0
        self.endResetModel()


class HistoryList(QListView):
    """`jumped` carries the step's index, 0 for before all."""

    jumped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._steps = _Steps()
        self.setModel(self._steps)
        self.setAccessibleName("History")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QListView { background: transparent; } QListView::item { padding: 3px 2px; }")
        self.setUniformItemSizes(True)
        self.setFixedHeight(_HIGH)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self._clicked)

    def show_history(self, project: Project | None) -> None:
        """Shows the project's history, at the step that is in force."""
        self._steps.show_steps(project.history(_LIMIT) if project is not None else [])
        if self._steps.steps:
            self.scrollTo(self._steps.index(self._steps.current), QAbstractItemView.ScrollHint.EnsureVisible)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        row = index.row()
        first = self._steps.steps[0].index
        self.jumped.emit(first - 1 + row)
