"""The confusion matrix with what can be done with it: counts or rates, zoom, the worst confusions, files."""

from __future__ import annotations

import csv
import io
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from curator.app.review.confusion import WIDEST, ConfusionMatrix
from curator.app.review.items import Cell
from curator.app.review.plots.save_button import SaveButton
from curator.app.train.figure_table import ROW_HEIGHT, FigureTable
from curator.app.widgets import Chip, IconButton, Segment, label

_ZOOM: Final = 0.6
_WORST: Final = 100
_SHOWN_WORST: Final = 9


class ConfusionPane(QWidget):
    """`chosen` carries a `Cell` or None."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.stem = "confusion-matrix"
        self.setMaximumWidth(WIDEST)
        self.matrix = ConfusionMatrix()
        self.mode = Segment("Cells show", [("both", "Both"), ("counts", "Counts"), ("rates", "Rates")])
        self.mode.set_value("both")
        self.zoom_in = IconButton("zoom-in", "Zoom into the confusion matrix (+)", size=14)
        self.zoom_out = IconButton("zoom-out", "Zoom out of the confusion matrix (−)", size=14)
        self.worst_chip = Chip("Worst")
        self.worst_chip.setToolTip("The pairs of classes that are confused most, as a list")
        self.save = SaveButton("the confusion matrix", self.matrix, lambda: self.stem, self.csv)
        self.worst = FigureTable("Worst confusions", ("Is", "Said", "Images", "Share"), words=(0, 1))
        self._pairs: list[Cell] = []
        self.words = label("", "small", wrap=True)
        self.words.setMinimumHeight(self.words.fontMetrics().height() + 2)
        self.worst.hide()
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.mode, 1)
        for part in (self.worst_chip, self.zoom_out, self.zoom_in, self.save):
            head.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.matrix)
        column.addWidget(self.worst)
        column.addWidget(self.words)
        self.mode.chosen.connect(self._set_mode)
        self.zoom_in.clicked.connect(self._zoom_in)
        self.zoom_out.clicked.connect(self._zoom_out)
        self.worst_chip.toggled.connect(self._show_worst)
        self.worst.chosen.connect(self._pair_chosen)
        self.matrix.chosen.connect(self.chosen)
        self.matrix.pointed.connect(self._say)
        self.matrix.zoomed.connect(self._offer_zoom)
        self._offer_zoom()

    def show_counts(
        self, classes: tuple[str, ...], counts: npt.NDArray[np.int64], *, keep: bool = False
    ) -> None:
        """Shows counts, shape (classes, classes); `keep` as of `ConfusionMatrix.show_counts`."""
        self.matrix.show_counts(classes, counts, keep=keep)
        wrong = counts - np.diag(counts.diagonal())
        totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        # The most images first, of as many the larger share of its class.
        order = np.lexsort((-(wrong / totals).ravel(), -wrong.ravel()))[:_WORST]
        rows, columns = np.unravel_index(order, wrong.shape) if wrong.size else ((), ())
        self._pairs = [
            (int(row), int(column)) for row, column in zip(rows, columns, strict=True) if wrong[row, column]
        ]
        self.worst.set_rows(
            [
                (
                    classes[row],
                    classes[column],
                    str(wrong[row, column]),
                    f"{100 * wrong[row, column] / totals[row, 0]:.0f} %",
                )
                for row, column in self._pairs
            ]
        )
        self.worst_chip.setEnabled(bool(self._pairs))
        self.worst.setMinimumHeight(ROW_HEIGHT * (min(len(self._pairs), _SHOWN_WORST) + 1) + 8)
        self._offer_zoom()
        self._say(None)

    def mark(self, cell: Cell | None) -> None:
        """Frames a cell, without a word to others."""
        if cell != self.matrix.cell:
            self.matrix.blockSignals(True)
            self.matrix.choose(cell)
            self.matrix.blockSignals(False)
            self._say(cell)

    def csv(self) -> str:
        """The counts as a table: a row for each true class, a column for each that was said."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        classes = self.matrix.classes
        writer.writerow(["is", *(f"said {name}" for name in classes)])
        for name, row in zip(classes, self.matrix.counts.tolist(), strict=True):
            writer.writerow([name, *row])
        return buffer.getvalue()

    @Slot(object)
    def _set_mode(self, mode: object) -> None:
        if mode == "counts" or mode == "rates" or mode == "both":
            self.matrix.set_mode(mode)

    @Slot()
    def _zoom_in(self) -> None:
        self.matrix.zoom(_ZOOM)

    @Slot()
    def _zoom_out(self) -> None:
        self.matrix.zoom(1 / _ZOOM)

    @Slot(bool)
    def _show_worst(self, on: bool) -> None:
        self.worst.setVisible(on)
        for part in (self.matrix, self.words, self.mode):
            part.setVisible(not on)
        self._offer_zoom()

    @Slot(int)
    def _pair_chosen(self, row: int) -> None:
        if self._pairs[row] != self.matrix.cell:
            self.matrix.choose(self._pairs[row])

    @Slot(object)
    def _say(self, cell: Cell | None) -> None:
        at = cell if cell is not None else self.matrix.cell
        if at is not None:
            self.words.setText(self.matrix.rate_words(at))
        elif self.matrix.is_dense():
            self.words.setText("Rows: what it is; columns: what was said. Point at a cell, or zoom.")
        else:
            self.words.setText("")

    @Slot()
    def _offer_zoom(self) -> None:
        """Zooming is for matrices whose cells have no room for numbers."""
        offered = (self.matrix.is_dense() or self.matrix.is_zoomed()) and not self.worst_chip.isChecked()
        self.zoom_in.setVisible(offered)
        self.zoom_out.setVisible(offered)
        self.zoom_out.setEnabled(self.matrix.is_zoomed())
