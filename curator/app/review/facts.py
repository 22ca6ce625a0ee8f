"""The left side of Review: headline figures with intervals, the confusion matrix, what the gallery shows, and
places for threshold, queues and audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app.review.confusion import ConfusionMatrix
from curator.app.review.items import Wish
from curator.app.widgets import FactRow, KeyTip, SectionLabel, label
from curator.app.words import count

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval, Summary
    from curator.evaluation.results import ResultsReady

Slot: TypeAlias = Literal["threshold", "queues", "audit"]
_FIGURES: Final = (
    ("balanced_accuracy", "Balanced accuracy"),
    ("auroc", "AUROC"),
    ("accuracy", "Accuracy"),
)


class Facts(QWidget):
    """What the predictions add up to. `cell_chosen` carries a `Cell` or None; `all_wanted`: no filter at all."""

    cell_chosen = Signal(object)
    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heading = SectionLabel("Test")
        self.told = label("", "small", wrap=True)
        self.rows = {name: FactRow(words) for name, words in _FIGURES}
        for row in self.rows.values():
            row.setToolTip("With its 95 % interval: bootstrap over groups")
        self.calibration = FactRow(
            "Calibration error",
            tip="Expected calibration error, in 15 bins; its interval comes with the plots",
        )
        self.majority = FactRow(
            "Majority class", tip="The accuracy of always saying the most frequent class."
        )
        self.calibration.hide()
        self.touched = FactRow(
            "Touched", tip="Test images that were mended or relabelled after their prediction was seen."
        )
        self.matrix = ConfusionMatrix()
        self.showing = label("", "dim", wrap=True)
        self.clear = QPushButton("Show all")
        self.clear.setProperty("role", "link")
        self.clear.setAccessibleName("Show all predictions")
        KeyTip(self.clear, "Show all ([review.all])")
        self.clear.clicked.connect(self.all_wanted)
        self.matrix.chosen.connect(self.cell_chosen)
        self._slots: dict[Slot, QVBoxLayout] = {}
        self._lay_out()

    def put(self, slot: Slot, widget: QWidget) -> None:
        """Puts a widget into its place on the left."""
        self._slots[slot].addSpacing(18)
        self._slots[slot].addWidget(widget)

    def show_results(self, results: ResultsReady, touched: int) -> None:
        """Shows the figures of what is reviewed."""
        summary = results.summary
        self.heading.setText(_heading(results).upper())
        self.heading.setAccessibleName(_heading(results))
        for name, row in self.rows.items():
            row.set_value(_with_interval(summary.metrics.get(name)))
        self.majority.set_value(f"{summary.majority:.3f}" if summary.n_images else "not defined")
        self.show_touched(results, touched)
        self.show_confusion(summary)

    def show_confusion(self, summary: Summary) -> None:
        """Shows the counts of a summary."""
        self.matrix.show_counts(summary.classes, summary.confusion)

    def show_calibration(self, value: float | None, interval: Interval | None) -> None:
        """Shows the calibration error, with its interval once there is one; neither: it is not known yet."""
        self.calibration.setVisible(value is not None)
        if value is not None:
            self.calibration.set_value(_with_interval(interval) if interval is not None else f"{value:.3f}")

    def show_touched(self, results: ResultsReady, touched: int) -> None:
        """Says how many test images were changed after they were seen, beside figures that they are part of."""
        tested = any(one.split == "test" for one in results.predictions)
        self.touched.setVisible(tested and touched > 0)
        self.touched.set_value(str(touched), "warn")

    def tell(self, words: str) -> None:
        """Says how the images were come by, "" for nothing to say."""
        self.told.setText(words)
        self.told.setVisible(bool(words))

    def say_showing(self, shown: int, total: int, wish: Wish) -> None:
        """Says in words what the gallery shows."""
        parts = []
        if wish.cell is not None:
            parts.append(self.matrix.words(wish.cell).rpartition(":")[0])
        if wish.only is not None:
            parts.append(wish.only_words or "a queue")
        if wish.right != "all":
            parts.append(wish.right)
        if wish.details:
            parts.append(count(wish.details, "filter"))
        words = f"Showing {shown} of {total}: {'; '.join(parts)}" if parts else f"Showing all {total}"
        self.showing.setText(words)
        self.clear.setVisible(bool(parts))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addSpacing(6)
        column.addWidget(self.told)
        self.told.hide()
        for row in (*self.rows.values(), self.majority, self.calibration, self.touched):
            column.addWidget(row)
        column.addSpacing(18)
        column.addWidget(SectionLabel("Confusion matrix"))
        column.addSpacing(8)
        column.addWidget(self.matrix)
        column.addSpacing(8)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        # The link's own padding: their first lines stand side by side.
        self.showing.setContentsMargins(0, 3, 0, 0)
        foot.addWidget(self.showing, 1)
        foot.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(foot)
        slots: tuple[Slot, ...] = ("threshold", "queues", "audit")
        for slot in slots:
            self._slots[slot] = QVBoxLayout()
            column.addLayout(self._slots[slot])
        column.addStretch(1)


def _heading(results: ResultsReady) -> str:
    if results.source.images is not None:
        first = "New images"
    elif results.folds:
        first = "Out of fold"
    else:
        first = results.split or "all kept"
    images = count(len(results.predictions), "image")
    return f"{first}, {images}, {count(results.summary.n_groups, 'group')}"


def _with_interval(interval: Interval | None) -> str:
    if interval is None:
        return "not defined"
    return f"{interval.value:.3f} [{interval.low:.2f}, {interval.high:.2f}]"
