"""Runs side by side: their figures with intervals, and the settings in which they differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from curator.app.train.run_table import RunRow, dot, with_interval
from curator.app.words import duration

_FIGURES: Final = (
    ("balanced_accuracy", "bal. accuracy"),
    ("auroc", "AUROC"),
    ("accuracy", "accuracy"),
    ("loss", "loss"),
)
_ROW_HEIGHT: Final = 24
# Room for a figure with its interval.
_LEAST_COLUMN: Final = 128


def compared(rows: Sequence[RunRow]) -> list[list[str]]:
    """Lines of a table, each a name and a cell for every run: figures of the test split, time, then what differs
    in the plans; "same plan" where nothing does."""
    lines = []
    for name, words in _FIGURES:
        figures = [row.figure(name) for row in rows]
        if any(figures):
            lines.append([words, *("–" if one is None else with_interval(one) for one in figures)])
    if not lines:
        cells = ("–" if row.balanced_accuracy is None else f"{row.balanced_accuracy:.3f}" for row in rows)
        lines.append(["bal. acc., val", *cells])
    lines.append(["time", *("–" if row.seconds is None else duration(row.seconds) for row in rows)])
    differing = [
        [name, *(words for words in cells)]
        for name, cells in _settings(rows)
        if len({words for words in cells if words != "–"}) > 1
    ]
    return lines + (differing or [["plan", *("same plan" for _ in rows)]])


def _settings(rows: Sequence[RunRow]) -> list[tuple[str, list[str]]]:
    plans: list[dict[str, Any]] = [
        dataclasses.asdict(row.config) if row.config is not None else {} for row in rows
    ]
    names = list(dict.fromkeys(name for plan in plans for name in plan))
    return [(name.replace("_", " "), [_shown(plan.get(name)) for plan in plans]) for name in names]


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


class RunCompare(QFrame):
    """A small table, a column for each run."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName("Comparison of runs")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        self.table = QTableWidget()
        self.table.setAccessibleName("Differences of the marked runs")
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(_LEAST_COLUMN)
        column.addWidget(self.table)

    def show_runs(self, rows: Sequence[RunRow]) -> None:
        """Compares these runs."""
        lines = compared(rows)
        self.table.clear()
        self.table.setColumnCount(1 + len(rows))
        self.table.setRowCount(len(lines))
        for place, row in enumerate(rows, 1):
            head = QTableWidgetItem(dot(row.colour), row.name)
            head.setToolTip(row.name)
            self.table.setHorizontalHeaderItem(place, head)
        self.table.setHorizontalHeaderItem(0, QTableWidgetItem(""))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for number, cells in enumerate(lines):
            for place, words in enumerate(cells):
                self.table.setItem(number, place, QTableWidgetItem(words))
