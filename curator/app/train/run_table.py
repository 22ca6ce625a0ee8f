"""The runs of a project in a table; a click draws a run's curves below the present ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from curator.app import theme
from curator.app.words import duration

_ROW_HEIGHT: Final = 30
_DOT: Final = 9
_LEAST_COLUMN: Final = 56
_TIME: Final = 5
_NARROW: Final = 700


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the table shows it. `colour` is set while its curves are drawn. `kind` is "run", or "crossval" or
    "ablation" for many trainings compared, whose "epochs" are folds or variants."""

    run_dir: Path
    name: str
    backbone: str
    epochs_done: int
    epochs: int
    val_loss: float | None
    balanced_accuracy: float | None
    seconds: float | None
    status: str
    colour: str | None = None
    kind: str = "run"

    @property
    def unfinished(self) -> bool:
        """Whether it can be gone on with."""
        return self.status == "stopped"


_COLUMNS: Final[tuple[tuple[str, Callable[[RunRow], str]], ...]] = (
    ("RUN", lambda row: row.name),
    ("BACKBONE", lambda row: row.backbone),
    ("EPOCHS", lambda row: _epochs(row)),
    ("VAL LOSS", lambda row: _figure(row.val_loss)),
    ("BAL. ACC.", lambda row: _figure(row.balanced_accuracy)),
    ("TIME", lambda row: "–" if row.seconds is None else duration(row.seconds)),
    ("STATUS", lambda row: row.status),
)


class RunTableModel(QAbstractTableModel):
    """Rows of runs, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RunRow] = []

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Shows these runs."""
        if [row.run_dir for row in rows] == [row.run_dir for row in self.rows]:
            changed = list(rows)
            self.rows = changed
            if changed:
                self.dataChanged.emit(self.index(0, 0), self.index(len(changed) - 1, len(_COLUMNS) - 1))
            return
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section][0]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """What a cell shows."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[index.column()][1](row)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return _dot(theme.current().accent if row.status == "running" else row.colour)
        if role == Qt.ItemDataRole.ForegroundRole and row.status not in ("running", "paused"):
            return QColor(theme.current().text if row.colour else theme.current().dim)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.name}\n{row.run_dir}\nClick to draw its curves, or to take them away"
        return None


class RunTable(QTableView):
    """`chosen` carries the run's folder."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.runs = RunTableModel()
        self.setModel(self.runs)
        self.setAccessibleName("Runs")
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(_LEAST_COLUMN)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(self._chosen)
        self.activated.connect(self._chosen)
        theme.notifier().changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the run's name is worth more than how long it took."""
        super().resizeEvent(event)
        self.setColumnHidden(_TIME, self.width() < _NARROW)

    def selected(self) -> RunRow | None:
        """The run that is marked."""
        index = self.currentIndex()
        return self.runs.rows[index.row()] if index.isValid() else None

    def _chosen(self, index: QModelIndex) -> None:
        self.chosen.emit(self.runs.rows[index.row()].run_dir)


def _epochs(row: RunRow) -> str:
    unit = {"crossval": " folds", "ablation": " variants"}.get(row.kind, "")
    done = str(row.epochs_done) if row.epochs_done >= row.epochs else f"{row.epochs_done} / {row.epochs}"
    return done + unit


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _dot(colour: str | None) -> QPixmap:
    ratio = 2.0
    drawn = QPixmap(round(_DOT * ratio), round(_DOT * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    drawn.setDevicePixelRatio(ratio)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour or theme.current().line_strong))
    painter.drawEllipse(0, 0, _DOT, _DOT)
    painter.end()
    return drawn
