"""The left side of Review: headline figures with intervals, the confusion matrix, what the gallery shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app.review.confusion import ConfusionMatrix
from curator.app.review.items import Cell
from curator.app.widgets import FactRow, SectionLabel, label

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval, Summary

_FIGURES: Final = (
    ("balanced_accuracy", "Balanced accuracy"),
    ("auroc", "AUROC"),
    ("accuracy", "Accuracy"),
)


class Facts(QWidget):
    """What the predictions of one split add up to."""

    cell_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.heading = SectionLabel("Test")
        self.rows = {name: FactRow(words) for name, words in _FIGURES}
        self.majority = FactRow(
            "Majority class", tip="The accuracy of always saying the most frequent class."
        )
        self.touched = FactRow(
            "Touched", tip="Test images that were mended or relabelled after their prediction was seen."
        )
        self.matrix = ConfusionMatrix()
        self.showing = label("", "dim", wrap=True)
        self.clear = QPushButton("Show all")
        self.clear.setProperty("role", "link")
        self.clear.setAccessibleName("Show all predictions")
        self.clear.clicked.connect(lambda: self.matrix.choose(None))
        self.matrix.chosen.connect(self.cell_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addSpacing(6)
        for row in (*self.rows.values(), self.majority, self.touched):
            column.addWidget(row)
        column.addSpacing(18)
        column.addWidget(SectionLabel("Confusion matrix"))
        column.addSpacing(8)
        column.addWidget(self.matrix)
        column.addSpacing(8)
        foot = QHBoxLayout()
        foot.addWidget(self.showing, 1)
        foot.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(foot)
        column.addStretch(1)

    def show_summary(self, split: str, summary: Summary, touched: int) -> None:
        """Shows the figures of a split."""
        groups = f"{summary.n_groups} group" + ("" if summary.n_groups == 1 else "s")
        images = f"{summary.n_images} image" + ("" if summary.n_images == 1 else "s")
        self.heading.setText(f"{split}, {images}, {groups}".upper())
        for name, row in self.rows.items():
            row.set_value(_with_interval(summary.metrics.get(name)))
        self.majority.set_value(f"{summary.majority:.3f}")
        self.touched.setVisible(split == "test" and touched > 0)
        self.touched.set_value(str(touched), "warn")
        self.matrix.show_counts(summary.classes, summary.confusion)

    def say_showing(self, shown: int, total: int, cell: Cell | None, wrong_only: bool) -> None:
        """Says in words what the gallery shows."""
        if cell is not None:
            words = f"Showing {shown}: {self.matrix.words(cell).rpartition(':')[0]}"
        elif wrong_only:
            words = f"Showing the {shown} wrong of {total}"
        else:
            words = f"Showing all {total}"
        self.showing.setText(words)
        self.clear.setVisible(cell is not None)


def _with_interval(interval: Interval | None) -> str:
    if interval is None:
        return "not defined"
    return f"{interval.value:.3f} [{interval.low:.2f}, {interval.high:.2f}]"
