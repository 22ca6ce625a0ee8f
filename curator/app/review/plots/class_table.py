"""The figures of each class in a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QVBoxLayout, QWidget

from curator.app.review.plots.save_button import SaveButton
from curator.app.train.figure_table import ROW_HEIGHT, FigureTable
from curator.app.widgets import SectionLabel
from curator.evaluation.curves import ClassRow

_HEADINGS: Final = ("Class", "Images", "Prec.", "Recall", "F1", "AUROC")
_TIPS: Final = (
    "",
    "Images that are of the class",
    "Precision: of the images said to be of the class, the share that is",
    "Recall: of the images of the class, the share that was found",
    "Harmonic mean of precision and recall",
    "Area under the ROC curve of the class against the rest: it knows no threshold",
)
_MOST_ROWS: Final = 12
_NUMBER: Final = 60


class ClassTable(QWidget):
    """Support, precision, recall, F1 and AUROC of each class; saves as CSV."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self._rows: tuple[ClassRow, ...] = ()
        self.stem = "classes"
        self.table = FigureTable("Figures of each class", _HEADINGS, tips=_TIPS)
        header = self.table.horizontalHeader()
        # Narrower than the headings ask for: the class has what is left, also in a narrow window.
        header.setStyleSheet("QHeaderView::section { padding: 6px 6px; }")
        for section in range(1, len(_HEADINGS)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(section, _NUMBER)
        self.save = SaveButton("the figures of each class", self.table, lambda: self.stem, self.csv, ("csv",))
        head = QHBoxLayout()
        head.addWidget(SectionLabel("Each class"), 1)
        head.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.table, 1)

    def show_rows(self, classes: Sequence[str], rows: Sequence[ClassRow]) -> None:
        """Shows a row for each class."""
        self._classes, self._rows = tuple(classes), tuple(rows)
        self.table.set_rows(
            [
                (
                    name,
                    str(row.support),
                    *(_shown(value) for value in (row.precision, row.recall, row.f1, row.auroc)),
                )
                for name, row in zip(classes, rows, strict=True)
            ]
        )
        shown = min(len(rows), _MOST_ROWS)
        head = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(head + shown * ROW_HEIGHT + 2 * self.table.frameWidth())

    def csv(self) -> str:
        """The table as it can be read by a machine; what is not defined is empty."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["class", "images", "precision", "recall", "f1", "auroc"])
        for name, row in zip(self._classes, self._rows, strict=True):
            shares = (row.precision, row.recall, row.f1, row.auroc)
            writer.writerow([name, row.support, *("" if one is None else f"{one:.6g}" for one in shares)])
        return buffer.getvalue()


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
