"""ROC, precision-recall, reliability and the spread of probabilities, all moved by one threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from curator.app.jobs import Job, Jobs
from curator.app.review.confusion_pane import ConfusionPane
from curator.app.review.plots import drawing
from curator.app.review.plots.class_table import ClassTable
from curator.app.review.plots.curve_plot import LEAST_HEIGHT, CurvePlot
from curator.app.review.plots.histogram_plot import HistogramPlot
from curator.app.review.plots.threshold_bar import DEFAULT, ThresholdBar
from curator.app.widgets import label
from curator.evaluation import curves
from curator.evaluation.curve_bands import (
    BandsReady,
    CurvesReady,
    default_positive,
    read_curves,
)
from curator.metrics import confusion_matrix
from curator.records import Event, Prediction

if TYPE_CHECKING:
    from curator.app.review.items import Cell

KEY: Final = "review-curves"
# Narrower than this, plots stand below each other.
_TWO_COLUMNS: Final = 620
_GAP: Final = 10
_MOST_HEIGHT: Final = 360
# Table and matrix beside each other, where there is room for both and the matrix needs no more than half.
_BESIDE: Final = 860
_BESIDE_CLASSES: Final = 4


class PlotsPane(QWidget):
    """Reads the curves on a worker as soon as it is seen.

    `threshold_changed` carries the probability from which on the second of two classes is said, None where what is
    more probable is; `range_chosen` a class (-1: the one that was said) with least and most probability of it, or
    None for all; `cell_chosen` a cell of the confusion matrix or None.
    """

    threshold_changed = Signal(object)
    range_chosen = Signal(object)
    cell_chosen = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setAccessibleName("Plots")
        self._jobs = jobs
        self._predictions: tuple[Prediction, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._positive: int | None = None
        self._stale = False
        self._read: dict[int | None, CurvesReady] = {}
        self._bands: dict[int | None, BandsReady] = {}
        self._wanted_after = False
        self.choice = QComboBox()
        self.choice.setAccessibleName("Curves of this class")
        self.choice.setToolTip("Each class is judged against all the others together")
        self.choice.setMaxVisibleItems(20)
        self.state = label("", "small")
        self.bar = ThresholdBar()
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

    def show_predictions(
        self, predictions: Sequence[Prediction], classes: Sequence[str], *, stem: str = ""
    ) -> None:
        """Shows the curves of predictions, of which those with a known label count; `stem` begins the names that
        are offered for files. The threshold goes back to 0.5."""
        self._predictions, self._classes = tuple(predictions), tuple(classes)
        self._read, self._bands = {}, {}
        self._positive = default_positive(classes)
        self.bar.set_value(DEFAULT)
        self.histogram.let_go()
        self._name_files(stem)
        self._fill_choice()
        self._stale = True
        if self.isVisible():
            self._start()

    def positive(self) -> int | None:
        """The class that the curves are of; None for the mean of all."""
        return self._positive

    def choose_class(self, positive: int | None) -> None:
        """Draws the curves of another class, as if the user had chosen it."""
        self.choice.setCurrentIndex(self.choice.findData(-1 if positive is None else positive))

    def counts(self) -> npt.NDArray[np.int64]:
        """The confusion matrix as shown, (classes, classes)."""
        return self.confusion.matrix.counts

    def set_threshold(self, threshold: float) -> None:
        """Goes to a threshold as if the user had."""
        self.bar.move_to(threshold)

    def showEvent(self, event: QShowEvent) -> None:
        """Begins to read what has not been."""
        super().showEvent(event)
        if self._stale:
            self._start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Two plots beside each other where there is room for two."""
        super().resizeEvent(event)
        self._place()

    # Reading

    def _start(self) -> None:
        """Reads the curves of the chosen class; once what is still being read has let go."""
        self._stale = False
        running = self._jobs.get(KEY)
        if running is not None:
            running.cancel()
            if not self._wanted_after:
                self._wanted_after = True
                running.ended.connect(self._start_after)
            return
        if not self._predictions:
            self._draw()
            return
        self.state.setText("reading …")
        predictions, classes, positive = self._predictions, self._classes, self._positive
        job: Job = self._jobs.start(
            "Drawing curves", lambda: read_curves(predictions, classes, positive), key=KEY, quiet=True
        )
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    @Slot()
    def _start_after(self) -> None:
        self._wanted_after = False
        self._start()

    @Slot(object)
    def _take(self, event: Event) -> None:
        if self._wanted_after:
            return
        if isinstance(event, CurvesReady):
            self._read[event.positive] = event
            self.state.setText("drawing the bands …")
        elif isinstance(event, BandsReady):
            self._bands[event.positive] = event
            self.state.setText("bands: 95 %, by bootstrap over groups")
        else:
            return
        if event.positive == self._positive:
            self._draw()

    @Slot(str)
    def _failed(self, message: str) -> None:
        self.state.setText(message)

    # Showing

    def _draw(self) -> None:
        found = self._read.get(self._positive)
        if found is None or not len(found.sample.true):
            for plot in self.plots.values():
                plot.set_empty("No image with a known label: there is nothing to judge.")
            self.state.setText("")
            self.bar.setVisible(False)
            return
        bands = self._bands.get(self._positive)
        for plot in self.plots.values():
            plot.set_empty("")
        drawing.draw_roc(self.roc, found, bands)
        drawing.draw_recall(self.recall, found, bands)
        drawing.draw_reliability(self.reliability, found, bands)
        drawing.draw_histogram(self.histogram, found)
        for plot in (self.roc, self.recall):
            empty = "Not defined: it takes images of this class and of others." if found.roc is None else ""
            plot.set_empty(empty)
        self.bar.setVisible(found.sweep is not None)
        self.bar.set_best(curves.best_threshold(found.sweep) if found.sweep is not None else None)
        self._show_threshold()

    def _show_threshold(self) -> None:
        """Everything that a threshold moves."""
        found = self._read.get(self._positive)
        if found is None:
            return
        sample, threshold = found.sample, self.bar.value()
        drawing.mark(self.plots, found.sweep, threshold)
        if found.sweep is not None and self._positive is not None:
            more = "" if len(self._classes) == 2 else "  Table and matrix go by the most probable class."
            self.bar.say(self._classes[self._positive], found.sweep.at(threshold), more)
        if len(self._classes) == 2 and self._positive is not None and threshold != DEFAULT:
            counts = curves.confusion_at(sample.true, sample.probabilities, self._positive, threshold)
        else:
            said = sample.probabilities.argmax(axis=1)
            counts = confusion_matrix(sample.true, said, len(self._classes))
        self.confusion.show_counts(self._classes, counts, keep=True)
        self.table.show_rows(self._classes, curves.per_class(counts, found.class_areas))

    @Slot(float)
    def _threshold_moved(self, threshold: float) -> None:
        self.bar.set_value(threshold)
        self._show_threshold()
        if len(self._classes) == 2:
            self.threshold_changed.emit(self._of_second(threshold))

    def _of_second(self, threshold: float) -> float | None:
        """The threshold as one of the second class; None where the more probable class is said anyway."""
        if threshold == DEFAULT:
            return None
        # The first is said from `threshold` on: the second only above what is left.
        return float(np.nextafter(1 - threshold, 2.0)) if self._positive == 0 else threshold

    @Slot(int)
    def _class_chosen(self, _index: int) -> None:
        data = self.choice.currentData()
        positive = None if data is None or data < 0 else int(data)
        if positive == self._positive:
            return
        if self.histogram.chosen_range() is not None:
            self.histogram.let_go()
            self.range_chosen.emit(None)
        # Of two classes the same images are said either way.
        two = len(self._classes) == 2
        self.bar.set_value(1 - self.bar.value() if two else DEFAULT)
        self._positive = positive
        if positive in self._bands:
            self._draw()
        else:
            self._start()

    @Slot(object)
    def _span_chosen(self, span: tuple[float, float] | None) -> None:
        number = -1 if self._positive is None else self._positive
        self.range_chosen.emit(None if span is None else (number, *span))

    # Layout

    def _fill_choice(self) -> None:
        self.choice.blockSignals(True)
        self.choice.clear()
        if len(self._classes) > 2:
            self.choice.addItem("all classes (macro average)", -1)
        for number, name in enumerate(self._classes):
            self.choice.addItem(f"{name} against the rest" if len(self._classes) > 2 else name, number)
        self.choice.setCurrentIndex(self.choice.findData(-1 if self._positive is None else self._positive))
        self.choice.blockSignals(False)

    def _name_files(self, stem: str) -> None:
        start = f"{stem}-" if stem else ""
        for name, plot in self.plots.items():
            plot.set_stem(start + name.replace("_", "-"))
        self.table.stem, self.confusion.stem = f"{start}classes", f"{start}confusion-matrix"

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
        beside = self.width() >= _BESIDE and len(self._classes) <= _BESIDE_CLASSES
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
        area = self._area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName("Plots and figures of each class")
        area.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(head)
        whole.addWidget(self.bar)
        whole.addWidget(area, 1)

    def _connect(self) -> None:
        self.choice.currentIndexChanged.connect(self._class_chosen)
        self.bar.changed.connect(self._threshold_moved)
        for plot in self.plots.values():
            plot.threshold_dragged.connect(self.bar.move_to)
        for plot in (self.reliability, self.histogram):
            plot.add_threshold_line()
        self.histogram.span_chosen.connect(self._span_chosen)
        self.confusion.chosen.connect(self._cell_chosen)

    @Slot(object)
    def _cell_chosen(self, cell: Cell | None) -> None:
        self.cell_chosen.emit(cell)
