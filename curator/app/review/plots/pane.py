"""ROC, precision-recall, reliability and the spread of probabilities, all moved by one threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from curator.app.review.confusion_pane import ConfusionPane
from curator.app.review.plots import drawing
from curator.app.review.plots.class_table import ClassTable
from curator.app.review.plots.curve_plot import LEAST_HEIGHT, CurvePlot
from curator.app.review.plots.curve_reader import CurveReader
from curator.app.review.plots.histogram_plot import HistogramPlot
from curator.app.review.plots.threshold_bar import ThresholdBar
from curator.app.widgets import label, scrolling
from curator.evaluation import curves

if TYPE_CHECKING:
    from curator.app.review.items import Cell, Range

# Narrower than this, plots stand below each other.
_TWO_COLUMNS: Final = 620
_GAP: Final = 10
_MOST_HEIGHT: Final = 360
# Table and matrix beside each other, where there is room for both and the matrix needs no more than half.
_BESIDE: Final = 860
_BESIDE_CLASSES: Final = 4


class PlotsPane(QWidget):
    """Shows what `reader` read, the bands as soon as it is seen, at the threshold of `bar`.

    `range_chosen` carries a class (-1: the one that was said) with least and most probability of it, or None for
    all; `cell_chosen` a cell of the confusion matrix or None.
    """

    range_chosen = Signal(object)
    cell_chosen = Signal(object)

    def __init__(self, reader: CurveReader, bar: ThresholdBar) -> None:
        super().__init__()
        self.setAccessibleName("Plots")
        self.reader, self.bar = reader, bar
        self.choice = QComboBox()
        self.choice.setAccessibleName("Curves of this class")
        self.choice.setToolTip("Each class is judged against all the others together")
        self.choice.setMaxVisibleItems(20)
        self.state = label("", "small")
        self.state.setToolTip("Bootstrap: whole groups of copies are drawn, 2,000 times")
        self.roc, self.recall = drawing.roc_plot(), drawing.recall_plot()
        self.reliability, self.histogram = drawing.reliability_plot(), HistogramPlot()
        self.plots: dict[str, CurvePlot] = {
            "roc": self.roc,
            "precision_recall": self.recall,
            "reliability": self.reliability,
            "histogram": self.histogram,
        }
        self.table = ClassTable()
        self.confusion = ConfusionPane()
        self._lay_out()
        self._connect()
        self.set_stem("")
        self._show_choice()
        self._draw()

    def set_stem(self, stem: str) -> None:
        """What the names that are offered for files begin with, such as the run's."""
        start = f"{stem}-" if stem else ""
        for name, plot in self.plots.items():
            plot.set_stem(start + name.replace("_", "-"))
        self.table.stem, self.confusion.stem = f"{start}classes", f"{start}confusion-matrix"

    def choose_class(self, positive: int | None) -> None:
        """Draws the curves of another class, as if the user had chosen it."""
        self.choice.setCurrentIndex(self.choice.findData(-1 if positive is None else positive))

    def counts(self) -> npt.NDArray[np.int64]:
        """The confusion matrix as shown, (classes, classes)."""
        return self.confusion.matrix.counts

    def show_filter(self, cell: Cell | None, chosen: Range | None) -> None:
        """Marks by which cell and range the gallery is filtered, without a word to others."""
        self.confusion.mark(cell)
        number = -1 if self.reader.positive is None else self.reader.positive
        self.histogram.show_range(chosen[1:] if chosen is not None and chosen[0] == number else None)

    def showEvent(self, event: QShowEvent) -> None:
        """The bands are wanted now."""
        super().showEvent(event)
        self.reader.want_bands(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two plots beside each other where there is room for two."""
        super().resizeEvent(event)
        self._place()

    @Slot()
    def show_threshold(self) -> None:
        """Moves all that a threshold moves."""
        found = self.reader.found
        if found is None:
            return
        drawing.mark(self.plots, found.sweep, self.bar.value())
        counts = self.reader.counts(self.bar.value())
        self.confusion.show_counts(self.reader.classes, counts, keep=True)
        self.table.show_rows(self.reader.classes, curves.per_class(counts, found.class_areas))

    @Slot()
    def _renewed(self) -> None:
        """Other predictions."""
        self.histogram.show_range(None)
        self._show_choice()
        self._place()

    @Slot()
    def _draw(self) -> None:
        found, bands = self.reader.found, self.reader.bands
        self.state.setText(self.reader.state)
        nothing = found is None or not len(found.sample.true)
        words = "No image with a known label: there is nothing to judge." if nothing else ""
        if found is None and self.reader.is_reading:
            words = "Reading …"
        for plot in self.plots.values():
            plot.set_empty(words)
        if found is None or nothing:
            return
        drawing.draw_roc(self.roc, found, bands)
        drawing.draw_recall(self.recall, found, bands)
        drawing.draw_reliability(self.reliability, found, bands)
        drawing.draw_histogram(self.histogram, found)
        if found.roc is None:
            for plot in (self.roc, self.recall):
                plot.set_empty("Not defined: it takes images of this class and of others.")
        self.show_threshold()

    @Slot(int)
    def _class_chosen(self, _index: int) -> None:
        data = self.choice.currentData()
        positive = None if data is None or data < 0 else int(data)
        if positive == self.reader.positive:
            return
        if self.histogram.chosen_range() is not None:
            self.histogram.show_range(None)
            self.range_chosen.emit(None)
        self.reader.choose(positive)

    @Slot(object)
    def _span_chosen(self, span: tuple[float, float] | None) -> None:
        number = -1 if self.reader.positive is None else self.reader.positive
        self.range_chosen.emit(None if span is None else (number, *span))

    # Layout

    @Slot()
    def _show_choice(self) -> None:
        classes, positive = self.reader.classes, self.reader.positive
        many = len(classes) > 2
        self.choice.blockSignals(True)
        self.choice.clear()
        if many:
            self.choice.addItem("all classes (macro average)", -1)
        for number, name in enumerate(classes):
            self.choice.addItem(f"{name} against the rest" if many else name, number)
        self.choice.setCurrentIndex(self.choice.findData(-1 if positive is None else positive))
        self.choice.blockSignals(False)

    def _place(self) -> None:
        """Puts plots, table and matrix into one or two columns."""
        wide = self.width() >= _TWO_COLUMNS
        parts = list(self.plots.values())
        # All of the plots are seen at once where they are high enough then to be read.
        height = (self._area.height() - _GAP) // 2
        for plot in parts:
            plot.setFixedHeight(min(max(height, LEAST_HEIGHT), _MOST_HEIGHT))
        for number, plot in enumerate(parts):
            row, column = divmod(number, 2) if wide else (number, 0)
            self._grid.addWidget(plot, row, column)
        self._grid.setColumnStretch(1, 1 if wide else 0)
        beside = self.width() >= _BESIDE and len(self.reader.classes) <= _BESIDE_CLASSES
        self._below.addWidget(self.table, 0, 0, Qt.AlignmentFlag.AlignTop)
        where = (0, 1) if beside else (1, 0)
        self._below.addWidget(self.confusion, *where, Qt.AlignmentFlag.AlignTop)
        self._below.setColumnStretch(1, 1 if beside else 0)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label("Curves of", "dim"))
        head.addWidget(self.choice)
        head.addWidget(self.state, 1)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        self._grid, self._below = QGridLayout(), QGridLayout()
        for grid in (self._grid, self._below):
            grid.setSpacing(_GAP)
            grid.setColumnStretch(0, 1)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 6, 10)
        column.setSpacing(2 * _GAP)
        column.addLayout(self._grid, 1)
        column.addLayout(self._below)
        self._area = scrolling(inside, "Plots and figures of each class")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(head)
        whole.addWidget(self._area, 1)

    def _connect(self) -> None:
        self.reader.renewed.connect(self._renewed)
        self.reader.changed.connect(self._draw)
        self.choice.currentIndexChanged.connect(self._class_chosen)
        self.bar.moved.connect(self.show_threshold)
        for plot in self.plots.values():
            plot.threshold_dragged.connect(self.bar.move_to)
        for plot in (self.reliability, self.histogram):
            plot.add_threshold_line()
        self.histogram.span_chosen.connect(self._span_chosen)
        self.confusion.chosen.connect(self.cell_chosen)
