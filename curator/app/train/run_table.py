"""The runs of a project in a table: dot, name and figures; sorted by a click on a column's head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from curator.app import theme
from curator.app.words import duration

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval, Summary
    from curator.training.config import TrainConfig

Index: TypeAlias = QModelIndex | QPersistentModelIndex

_ROW_HEIGHT: Final = 30
_DOT: Final = 9
# The dot stands in the middle of an icon of the style's own size: heads of tables know no other.
_ICON: Final = 16
_DOT_COLUMN: Final = 36
_LEAST_COLUMN: Final = 36
DOT: Final = 0
NAME: Final = 1
_BACKBONE: Final = 2
_TIME: Final = 6
_STATUS: Final = 7
_COMPACT: Final = 780
_NARROW: Final = 620
_PADDING: Final = 26
_HEAD_PIXELS: Final = 11
# Of a column's head, the mark of sorting included.
_HEAD_PADDING: Final = 26


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the table shows it. Figures are of the test split once `summary` is there, else of the
    validation images at the best epoch. `colour` is set while its curves are drawn; `repeats` counts the seeds
    that its plan was trained with. `kind` is "run", or "crossval" or "ablation" for many trainings compared,
    whose "epochs" are folds or variants, and whose figures are of all images judged."""

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
    auroc: float | None = None
    summary: Summary | None = None
    config: TrainConfig | None = None
    repeats: int = 1
    kind: str = "run"

    @property
    def unfinished(self) -> bool:
        """Whether it can be gone on with."""
        return self.status == "stopped"

    def figure(self, name: str) -> Interval | None:
        """A metric of the test split with its interval."""
        return None if self.summary is None else self.summary.metrics.get(name)


def with_interval(figure: Interval) -> str:
    """A figure and its 95 % interval: "0.93 [0.87, 0.97]"."""
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


def _accuracy(row: RunRow) -> float | None:
    figure = row.figure("balanced_accuracy")
    return figure.value if figure is not None else row.balanced_accuracy


def _auroc(row: RunRow) -> float | None:
    figure = row.figure("auroc")
    return figure.value if figure is not None else row.auroc


def _auroc_words(row: RunRow) -> str:
    figure = row.figure("auroc")
    return with_interval(figure) if figure is not None else _of_val(row, row.auroc)


def _of_val(row: RunRow, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if row.summary is not None or row.kind != "run" else f"{value:.3f} val"


# Head, what is shown, what it is sorted by.
_COLUMNS: Final[tuple[tuple[str, Callable[[RunRow], str], Callable[[RunRow], Any]], ...]] = (
    ("", lambda row: "", lambda row: row.colour is None),
    ("RUN", lambda row: row.name, lambda row: row.name.casefold()),
    ("BACKBONE", lambda row: row.backbone, lambda row: row.backbone),
    ("EPOCHS", lambda row: _epochs(row), lambda row: row.epochs_done),
    ("BAL. ACC.", lambda row: _of_val(row, _accuracy(row)), _accuracy),
    ("AUROC [95 %]", _auroc_words, _auroc),
    ("TIME", lambda row: "–" if row.seconds is None else duration(row.seconds), lambda row: row.seconds),
    ("STATUS", lambda row: row.status, lambda row: row.status),
)


class RunTableModel(QAbstractTableModel):
    """Rows of runs, newest first unless they were sorted. `renamed` carries a run's folder and its new name."""

    renamed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RunRow] = []
        self.compact = False
        self._given: list[RunRow] = []
        self._sorted_by: tuple[int, bool] | None = None

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Shows these runs; they come newest first."""
        self._given = list(rows)
        ordered = self._in_order()
        if [row.run_dir for row in ordered] == [row.run_dir for row in self.rows]:
            self.rows = ordered
            if ordered:
                self.dataChanged.emit(self.index(0, 0), self.index(len(ordered) - 1, len(_COLUMNS) - 1))
            return
        self.beginResetModel()
        self.rows = ordered
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; below 0 newest first."""
        self._sorted_by = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self.set_rows(self._given)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """How many columns."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A name can be changed in place."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """The columns' names."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section][0]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row, column = self.rows[index.row()], index.column()
        if (
            role == Qt.ItemDataRole.DisplayRole
            and column == _TIME
            and self.compact
            and row.status != "finished"
        ):
            return row.status
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return _COLUMNS[column][1](row)
        if role == Qt.ItemDataRole.DecorationRole and column == DOT:
            return dot(row.colour)
        if role == Qt.ItemDataRole.ForegroundRole and row.status != "running":
            return QColor(theme.current().text if row.colour else theme.current().dim)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column == DOT:
            return f"{row.name}: curves {'drawn' if row.colour else 'not drawn'}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Renames a run."""
        row = self.rows[index.row()]
        if role != Qt.ItemDataRole.EditRole or index.column() != NAME or str(value).strip() == row.name:
            return False
        self.renamed.emit(row.run_dir, str(value).strip())
        return True

    def _tip(self, row: RunRow, column: int) -> str:
        if column == DOT and row.kind != "run":
            return "Show the result"
        if column == DOT:
            return "Draw its curves below, or take them away (Space)"
        if column == NAME:
            return f"{row.name}\n{row.run_dir}\nDouble click, or F2, to rename it"
        if _COLUMNS[column][0] in ("BAL. ACC.", "AUROC [95 %]"):
            return (
                "Of the test images, at the best epoch; the interval is by bootstrap over groups"
                if row.summary is not None
                else "Of all images judged, at once"
                if row.kind != "run"
                else "Of the validation images, by which the best epoch was chosen: too good by a little"
            )
        return ""

    def _in_order(self) -> list[RunRow]:
        if self._sorted_by is None:
            return list(self._given)
        column, descending = self._sorted_by
        key = _COLUMNS[column][2]
        known = [row for row in self._given if key(row) is not None]
        unknown = [row for row in self._given if key(row) is None]
        return sorted(known, key=key, reverse=descending) + unknown


class RunTable(QTableView):
    """`toggled` carries the folder of a run whose dot was clicked, `selected` comes when other rows are marked."""

    toggled = Signal(object)
    selected = Signal()
    delete_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.runs = RunTableModel()
        self.setModel(self.runs)
        self.setAccessibleName("Runs")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(_ICON, _ICON))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_LEAST_COLUMN)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(DOT, _DOT_COLUMN)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.clicked.connect(self._clicked)
        self.selectionModel().selectionChanged.connect(self.selected)
        theme.notifier().changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room the status takes the time's place."""
        super().resizeEvent(event)
        if self.runs.compact != (self.width() < _COMPACT):
            self.runs.compact = not self.runs.compact
            self._fit_columns()
        self._hide_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space draws the marked runs' curves or takes them away; Delete wants them deleted."""
        if event.key() == Qt.Key.Key_Space:
            for row in self.chosen():
                self.toggled.emit(row.run_dir)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)

    def chosen(self) -> list[RunRow]:
        """The marked runs, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.runs.rows[row] for row in rows if row < len(self.runs.rows)]

    def choose(self, run_dirs: Sequence[Path]) -> None:
        """Marks these runs, of which the first gets the cursor."""
        model = self.selectionModel()
        model.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for number, row in enumerate(self.runs.rows):
            if row.run_dir in run_dirs:
                model.select(self.runs.index(number, NAME), flags)
                if row.run_dir == run_dirs[0]:
                    model.setCurrentIndex(
                        self.runs.index(number, NAME), QItemSelectionModel.SelectionFlag.NoUpdate
                    )

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Shows these runs; those that are marked stay so."""
        marked = [row.run_dir for row in self.chosen()]
        self.runs.set_rows(rows)
        self._fit_columns()
        self._hide_columns()
        if marked and [row.run_dir for row in self.chosen()] != marked:
            self.choose(marked)

    def rename(self) -> None:
        """Opens the name of the marked run for typing."""
        rows = self.selectionModel().selectedRows(NAME)
        if rows:
            self.edit(rows[0])

    def _hide_columns(self) -> None:
        """The backbone goes in a narrow window; where there is little room, also if it is the same in all rows."""
        self.setColumnHidden(_STATUS, self.runs.compact)
        same = len({row.backbone for row in self.runs.rows}) < 2
        self.setColumnHidden(_BACKBONE, self.width() < _NARROW or (self.runs.compact and same))

    def _fit_columns(self) -> None:
        """As wide as what stands in them; Qt's own way leaves room for a mark of sorting in each."""
        metrics, head = self.fontMetrics(), QFontMetrics(theme.font(self.font(), _HEAD_PIXELS))
        for column in range(NAME + 1, len(_COLUMNS)):
            name = _COLUMNS[column][0]
            cells = (self.runs.data(self.runs.index(row, column)) for row in range(len(self.runs.rows)))
            widths = [metrics.horizontalAdvance(words) + _PADDING for words in cells]
            widths.append(head.horizontalAdvance(name) + _HEAD_PADDING)
            self.horizontalHeader().resizeSection(column, max(widths))

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == DOT:
            self.toggled.emit(self.runs.rows[index.row()].run_dir)


def _epochs(row: RunRow) -> str:
    unit = {"crossval": " folds", "ablation": " variants"}.get(row.kind, "")
    done = str(row.epochs_done) if row.epochs_done >= row.epochs else f"{row.epochs_done} / {row.epochs}"
    return done + unit


def dot(colour: str | None) -> QIcon:
    """The mark of a run in the colour of its curves; grey while they are not drawn."""
    ratio = 2.0
    drawn = QPixmap(round(_ICON * ratio), round(_ICON * ratio))
    drawn.fill(Qt.GlobalColor.transparent)
    drawn.setDevicePixelRatio(ratio)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour or theme.current().line_strong))
    painter.drawEllipse(QRectF((_ICON - _DOT) / 2, (_ICON - _DOT) / 2, _DOT, _DOT))
    painter.end()
    icon = QIcon(drawn)
    # In a marked row Qt would tint it, and it is the colour that tells runs apart.
    icon.addPixmap(drawn, QIcon.Mode.Selected)
    return icon
