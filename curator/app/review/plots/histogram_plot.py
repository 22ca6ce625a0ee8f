"""How the probabilities are spread, by true class; a range that is dragged filters the gallery."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from curator.app import theme
from curator.app.review.plots.curve_plot import CurvePlot
from curator.app.train.plot import Series
from curator.app.widgets import label
from curator.evaluation.curves import HISTOGRAM_BINS, Indices

_WIDTH: Final = 1 / HISTOGRAM_BINS
_FILL_ALPHA: Final = 0.85
_OUTLINED_ALPHA: Final = 0.12
_OUTSIDE_ALPHA: Final = 0.14
_KEYS: Final = ("first", "second")


class _Span(pg.LinearRegionItem):
    """A range over the bars: dragged anew from nothing, afterwards moved as a whole or by its edges."""

    def __init__(self) -> None:
        super().__init__((0.0, 1.0), bounds=(0.0, 1.0))
        self._brushing = False

    def is_whole(self) -> bool:
        """Whether it leaves nothing out."""
        low, high = self.getRegion()
        return bool(low <= 0 and high >= 1)

    def mouseDragEvent(self, event: Any) -> None:
        """Draws a new range while there is none."""
        if event.isStart():
            self._brushing = self.is_whole()
        if not self._brushing:
            super().mouseDragEvent(event)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        self.setRegion(sorted((event.buttonDownPos().x(), event.pos().x())))
        if event.isFinish():
            self._brushing = False
            self.sigRegionChangeFinished.emit(self)


class HistogramPlot(CurvePlot):
    """`span_chosen` carries least and most probability, None for all; by a person only."""

    span_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "Probabilities",
            [
                Series("first", "first", "accent", area="solid"),
                Series("second", "second", "unsure", area="outlined"),
            ],
            x="probability",
            y="images",
        )
        self._counts: dict[str, Indices] = {key: np.zeros(HISTOGRAM_BINS, np.int64) for key in _KEYS}
        self._columns = {
            key: pg.BarGraphItem(x=[], height=[], width=_WIDTH / 2 * 0.92, pen=None) for key in _KEYS
        }
        for column in self._columns.values():
            self._item.addItem(column)
        self._span = _Span()
        self._span.setZValue(4)
        self._span.sigRegionChangeFinished.connect(self._span_dragged)
        self._item.addItem(self._span, ignoreBounds=True)
        self.low, self.high = self._bound("From", 0.0), self._bound("To", 1.0)
        self.all = QPushButton("All")
        self.all.setProperty("role", "link")
        self.all.setAccessibleName("Show images of all probabilities")
        self.all.clicked.connect(self._let_go)
        self.hint = label("", "small")
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 4, 2)
        row.setSpacing(6)
        for part in (label("from", "dim"), self.low, label("to", "dim"), self.high):
            row.addWidget(part)
        row.addWidget(self.hint, 1)
        row.addWidget(self.all)
        below = self.layout()
        assert below is not None
        below.addWidget(self._row)
        self._set_span((0.0, 1.0))
        self.recolour()

    def show_counts(self, names: tuple[str, str], first: Indices, second: Indices) -> None:
        """Bars side by side in each bin; all counts (bins,)."""
        middles = (np.arange(HISTOGRAM_BINS) + 0.5) * _WIDTH
        for key, name, counts, side in zip(_KEYS, names, (first, second), (-1, 1), strict=True):
            self._counts[key] = counts
            self.legend[key].setText(name)
            some = counts > 0
            self._columns[key].setOpts(x=(middles + side * _WIDTH / 4)[some], height=counts[some])
            self.set_data(key, middles.tolist(), counts.tolist())
        edges = np.stack([middles - _WIDTH / 2, middles + _WIDTH / 2], axis=1)
        self.set_table(
            ("from", "to", f"images: {names[0]}", f"images: {names[1]}"),
            np.concatenate([edges, first[:, None], second[:, None]], axis=1),
        )
        top = max(1, int(first.max(initial=0)), int(second.max(initial=0)))
        self.set_range((0.0, 1.0), (0.0, float(top)))
        self.head.fit_value()

    def chosen_range(self) -> tuple[float, float] | None:
        """Least and most probability of the range; None where it holds all."""
        low, high = self.low.value(), self.high.value()
        return None if low <= 0 and high >= 1 else (low, high)

    def controls(self) -> list[QWidget]:
        """What a saved picture leaves out."""
        return [*super().controls(), self._row]

    def show_range(self, span: tuple[float, float] | None) -> None:
        """Shows a range, None for all, without a word to others."""
        self._set_span(span or (0.0, 1.0))

    def recolour(self) -> None:
        """Takes the colours of the scheme that is shown."""
        super().recolour()
        if not hasattr(self, "_span"):
            return
        shown = theme.current()
        for one in self._series:
            shade = QColor(getattr(shown, one.colour))
            column = self._columns[one.key]
            # An outline beside a filled bar: told apart in grey as well.
            pen = pg.mkPen(shade, width=1.4) if one.area == "outlined" else None
            shade.setAlphaF(_OUTLINED_ALPHA if one.area == "outlined" else _FILL_ALPHA)
            column.setOpts(brush=QBrush(shade), pen=pen)
        cover = QColor(shown.text)
        cover.setAlphaF(0.0 if self._span.is_whole() else _OUTSIDE_ALPHA)
        self._span.setBrush(QBrush(cover))
        self._span.setHoverBrush(QBrush(cover))
        for line in self._span.lines:
            line.setPen(pg.mkPen(shown.dim, width=1.4))
            line.setHoverPen(pg.mkPen(shown.accent, width=2.4))

    def _pen_of(self, series: Series) -> Any:
        """The bars are drawn, not the line through their ends that the crosshair reads."""
        return pg.mkPen(None)

    def _bound(self, words: str, value: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(0.0, 1.0)
        box.setDecimals(2)
        box.setSingleStep(0.05)
        box.setValue(value)
        box.setKeyboardTracking(False)
        box.setAccessibleName(f"{words} this probability")
        box.setMaximumWidth(70)
        box.valueChanged.connect(self._typed)
        return box

    def _set_span(self, span: tuple[float, float]) -> None:
        low, high = (round(value, 2) for value in span)
        for box, value in ((self.low, low), (self.high, high)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self._span.blockSignals(True)
        self._span.setRegion((low, high))
        self._span.blockSignals(False)
        self.all.setEnabled(self.chosen_range() is not None)
        self.hint.setText("drag to filter" if self.chosen_range() is None else "")
        self.recolour()

    @Slot()
    def _span_dragged(self) -> None:
        low, high = self._span.getRegion()
        self._set_span((low, high))
        self.span_chosen.emit(self.chosen_range())

    @Slot()
    def _typed(self) -> None:
        low, high = sorted((self.low.value(), self.high.value()))
        self._set_span((low, high))
        self.span_chosen.emit(self.chosen_range())

    @Slot()
    def _let_go(self) -> None:
        self.show_range(None)
        self.span_chosen.emit(None)
