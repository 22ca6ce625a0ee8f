"""Ties curves, threshold and plots to the rest of Review. The plots are made when they are first seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from curator.app.jobs import Jobs
from curator.app.review.plots.curve_reader import HALF, CurveReader
from curator.app.review.plots.threshold_bar import ThresholdBar
from curator.app.shortcuts import bind

if TYPE_CHECKING:
    from curator.app.review.items import Cell, Range, Wish
    from curator.app.review.plots.pane import PlotsPane
    from curator.app.review.showing import Showing
    from curator.app.review.table import Table

_STEP: Final = 0.01
# Up to so many images the intervals take less than a second: they need not wait until plots are seen.
_FEW: Final = 2000


class _Place(QWidget):
    """Where the plots will be: pyqtgraph takes a third of a second to import, which only who wants plots shall
    wait for. `seen` comes whenever it is shown."""

    seen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Plots")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()


class PlotsLink(QObject):
    """Puts the threshold to the figures on the left and the plots into the middle, and keeps them in step."""

    def __init__(self, showing: Showing, jobs: Jobs, page: QWidget) -> None:
        super().__init__(page)
        self._showing = showing
        self.reader = CurveReader(jobs, self)
        self.bar = ThresholdBar()
        self.pane: PlotsPane | None = None
        self._place = _Place()
        self._positive: int | None = None
        showing.facts.put("threshold", self.bar)
        showing.middle.put("plots", self._place)
        self.bar.hide()
        self._place.seen.connect(self._seen)
        self.reader.changed.connect(self._read)
        self.bar.changed.connect(self._moved)
        showing.shown.connect(self._shown)
        showing.wished.connect(self._wished)
        bind(page, "review.threshold_lower", lambda: self._step(-_STEP))
        bind(page, "review.threshold_higher", lambda: self._step(_STEP))
        bind(page, "review.threshold_best", self._to_best)

    @Slot(object)
    def _shown(self, table: Table | None) -> None:
        """Other predictions, or the same anew."""
        self.bar.set_value(HALF)
        if table is None:
            self.reader.show((), ())
            return
        self.reader.want_bands(self.pane is not None or len(table) <= _FEW)
        self.reader.show(table.results.predictions, table.classes)
        self._positive = self.reader.positive
        if self.pane is not None:
            self.pane.set_stem(table.results.run.folder.name)

    @Slot()
    def _seen(self) -> None:
        if self.pane is None:
            from curator.app.review.plots.pane import PlotsPane

            self.pane = PlotsPane(self.reader, self.bar)
            if self._showing.table is not None:
                self.pane.set_stem(self._showing.table.results.run.folder.name)
            self.pane.range_chosen.connect(self._ranged)
            self.pane.cell_chosen.connect(self._cell_chosen)
            self._place.column.addWidget(self.pane)
            self._place.setFocusProxy(self.pane.choice)
            self._wished(self._showing.wish)

    @Slot()
    def _read(self) -> None:
        """The curves are there, or those of another class."""
        found = self.reader.found
        swept = found.sweep if found is not None else None
        self.bar.setVisible(swept is not None and swept.positives + swept.negatives > 0)
        if self.reader.positive != self._positive:
            # Of two classes the same is said either way.
            two = len(self.reader.classes) == 2
            self.bar.set_value(1 - self.bar.value() if two else HALF)
            self._positive = self.reader.positive
        if self.reader.positive == self.reader.default:
            bands = self.reader.bands
            self._showing.facts.show_calibration(
                found.values["calibration_error"] if found is not None else None,
                bands.figures["calibration_error"] if bands is not None else None,
            )
        if swept is not None:
            from curator.evaluation.curves import best_threshold

            self.bar.set_best(best_threshold(swept))
        self._say()

    def _step(self, by: float) -> None:
        if self.bar.isVisible():
            self.bar.step(by)

    def _to_best(self) -> None:
        if self.bar.isVisible():
            self.bar.go_to_best()

    @Slot(float)
    def _moved(self, threshold: float) -> None:
        self._say()
        if len(self.reader.classes) == 2:
            self._showing.set_threshold(self.reader.of_second(threshold))

    def _say(self) -> None:
        found, positive = self.reader.found, self.reader.positive
        if found is None or found.sweep is None or positive is None:
            return
        more = "" if len(self.reader.classes) == 2 else " Table and matrix go by the most probable class."
        self.bar.say(self.reader.classes[positive], found.sweep.at(self.bar.value()), more)

    @Slot(object)
    def _ranged(self, chosen: Range | None) -> None:
        self._showing.show_wish(replace(self._showing.wish, range=chosen))

    @Slot(object)
    def _cell_chosen(self, cell: Cell | None) -> None:
        """Filters the gallery, and goes there for what was chosen."""
        matrix = self._showing.facts.matrix
        if cell != matrix.cell:
            matrix.choose(cell)
        if cell is not None:
            self._showing.middle.turn("gallery")

    @Slot(object)
    def _wished(self, wish: Wish) -> None:
        if self.pane is not None:
            self.pane.show_filter(wish.cell, wish.range)
