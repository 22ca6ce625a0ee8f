"""One plot on a card: title, legend and value above, curves below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from curator.app import theme
from curator.app.train.axes import RateAxis, round_steps
from curator.app.widgets import label

_AXIS_WIDTH: Final = 40
_TICK_PIXELS: Final = 10


@dataclass(frozen=True, slots=True)
class Series:
    """One curve. `colour` names a field of `Colours`; without `words` it is not in the legend."""

    key: str
    words: str
    colour: str
    faint: bool = False
    dashed: bool = False


class Plot(QFrame):
    """Not to be zoomed or dragged: the axes always show the whole."""

    def __init__(self, title: str, series: Sequence[Series], *, log_y: bool = False, unit: str = "") -> None:
        super().__init__()
        self.setProperty("role", "card")
        # Plots side by side are equally wide whatever their words need.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._title = title
        self._series = tuple(series)
        self._log_y = log_y
        self._unit = unit
        self._overlays: dict[tuple[str, str], Any] = {}
        self._marks: list[Any] = []
        self._marked: tuple[tuple[float, str], ...] = ()
        self._variants: tuple[str, ...] = ("",)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 12, 6)
        column.setSpacing(6)
        column.addLayout(self._head())
        self._widget = self._canvas()
        self._item = self._widget.getPlotItem()
        self._curves = {one.key: self._item.plot(antialias=True, connect="finite") for one in self._series}
        self._empty = label("", "dim", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.hide()
        column.addWidget(self._widget, 1)
        column.addWidget(self._empty, 1)
        theme.notifier().changed.connect(self.recolour)
        self.recolour()
        self.setAccessibleName(f"Plot: {title}")

    def set_data(self, key: str, x: Sequence[float], y: Sequence[float], *, dots: bool = False) -> None:
        """Draws one series anew. `dots` marks its points, which a line of one point needs to be seen."""
        curve = self._curves[key]
        curve.setData(list(x), list(y), symbol="o" if dots else None, symbolSize=4, symbolPen=None)

    def data(self, key: str) -> tuple[list[float], list[float]]:
        """What is drawn of one series."""
        x, y = self._curves[key].getOriginalDataset()
        return ([] if x is None else list(map(float, x)), [] if y is None else list(map(float, y)))

    def set_overlay(self, run: str, key: str, x: Sequence[float], y: Sequence[float], colour: str) -> None:
        """Draws a curve of another run below, thin, in `colour` (`#rrggbb`)."""
        curve = self._overlays.get((run, key))
        if curve is None:
            curve = self._item.plot(antialias=True, connect="finite")
            curve.setZValue(-5)
            self._overlays[run, key] = curve
        style = Qt.PenStyle.SolidLine if key.startswith("val") else Qt.PenStyle.DotLine
        curve.setPen(pg.mkPen(colour, width=1.2, style=style))
        curve.setData(list(x), list(y))

    def drop_overlay(self, run: str) -> None:
        """Takes another run's curves away."""
        for which in [which for which in self._overlays if which[0] == run]:
            self._item.removeItem(self._overlays.pop(which))

    def overlays(self) -> set[str]:
        """The runs drawn below."""
        return {run for run, _ in self._overlays}

    def overlay_span(self) -> tuple[float, float]:
        """The last x and the highest y of the runs drawn below, 0 for none."""
        last = highest = 0.0
        for curve in self._overlays.values():
            x, y = curve.getOriginalDataset()
            if x is not None and len(x):
                last = max(last, float(x[-1]))
                highest = max(highest, *(float(value) for value in y if value == value), 0.0)
        return last, highest

    def set_marks(self, marks: Sequence[tuple[float, str]]) -> None:
        """Draws dotted vertical lines with a word each."""
        if tuple(marks) == self._marked:
            return
        self._marked = tuple(marks)
        for old in self._marks:
            self._item.removeItem(old)
        self._marks = []
        for at, words in marks:
            mark = pg.InfiniteLine(
                at, label=words, labelOpts={"position": 0.94, "anchors": [(0, 0.5), (0, 0.5)]}
            )
            mark.label.setFont(theme.font(self.font(), _TICK_PIXELS))
            self._item.addItem(mark)
            self._marks.append(mark)
        self._colour_marks()

    def set_range(self, x: tuple[float, float], y: tuple[float, float] | None = None) -> None:
        """Fixes the axes; `y` None follows the curves."""
        self._item.setXRange(*x, padding=0)
        ticks = [(value, f"{value:g}") for value in round_steps(*x, whole=not self._unit)]
        if self._unit and len(ticks) > 1:
            ticks[-1] = (ticks[-1][0], f"{ticks[-1][1]} {self._unit}")
        self._item.getAxis("bottom").setTicks([ticks])
        if y is not None:
            self._item.setYRange(*y, padding=0.03)
            self._item.getAxis("left").setTicks([[(value, f"{value:g}") for value in round_steps(*y)]])

    def set_value(self, *variants: str) -> None:
        """What stands in the corner: the first of `variants`, longest first, that there is room for."""
        if variants != self._variants:
            self._variants = variants
            self.setAccessibleName(f"Plot: {self._title}. {variants[0]}")
            self._value.setToolTip(variants[0])
            self._fit_value()

    def value(self) -> str:
        """What stands in the corner, as shown."""
        return self._value.text()

    def set_empty(self, words: str) -> None:
        """Shows a sentence in place of the curves; "" shows the curves."""
        self._empty.setText(words)
        self._empty.setVisible(bool(words))
        self._widget.setVisible(not words)

    def recolour(self, _colours: object = None) -> None:
        """Takes the colours of the scheme that is shown."""
        colours = theme.current()
        ticks = theme.font(self.font(), _TICK_PIXELS)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setTickPen(pg.mkPen(colours.line))
            axis.setTickFont(ticks)
            axis.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
        self._item.getAxis("bottom").setPen(pg.mkPen(colours.line_strong))
        self._item.getAxis("left").setPen(pg.mkPen(None))
        self._item.showGrid(y=True, alpha=1.0)
        for one in self._series:
            shade = QColor(getattr(colours, one.colour))
            shade.setAlphaF(0.4 if one.faint else 1.0)
            curve = self._curves[one.key]
            style = Qt.PenStyle.DashLine if one.dashed else Qt.PenStyle.SolidLine
            curve.setPen(pg.mkPen(shade, width=1.2 if one.faint or one.dashed else 1.8, style=style))
            curve.setSymbolBrush(pg.mkBrush(shade))
            curve.setZValue(0 if one.faint else 1)
        for mark, colour in self._legend:
            mark.setStyleSheet(f"background: {getattr(colours, colour)}; border-radius: 1px")
        self._colour_marks()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Says as much in the corner as there is room for."""
        super().resizeEvent(event)
        self._fit_value()

    def _fit_value(self) -> None:
        others = self._head_row.sizeHint().width() - self._value.sizeHint().width()
        room = self._head_row.geometry().width() - others
        metrics = self._value.fontMetrics()
        fitting = (words for words in (*self._variants, "") if metrics.horizontalAdvance(words) + 4 <= room)
        self._value.setText(next(fitting, ""))

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(label(self._title, "name"))
        self._legend: list[tuple[QLabel, str]] = []
        for one in self._series:
            if one.words:
                mark = QLabel()
                mark.setFixedSize(12, 3)
                self._legend.append((mark, one.colour))
                head.addSpacing(4)
                head.addWidget(mark, 0, Qt.AlignmentFlag.AlignVCenter)
                head.addWidget(label(one.words, "dim"))
        self._head_row = head
        self._value = label("", "value")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._value, 1)
        return head

    def _canvas(self) -> Any:
        axes = {"left": RateAxis("left")} if self._log_y else {}
        canvas = pg.PlotWidget(background=None, axisItems=axes)
        canvas.setAccessibleName(f"Curves of {self._title}")
        canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.setFrameShape(QFrame.Shape.NoFrame)
        canvas.setMinimumHeight(110)
        # The card below shows through.
        canvas.setStyleSheet("background: transparent")
        canvas.viewport().setAutoFillBackground(False)
        item = canvas.getPlotItem()
        item.setMenuEnabled(False)
        item.setMouseEnabled(False, False)
        item.hideButtons()
        # Room for half of the last tick's number.
        item.layout.setContentsMargins(0, 6, 26 if self._unit else 12, 0)
        item.setLogMode(y=self._log_y)
        item.getAxis("left").setWidth(_AXIS_WIDTH)
        for side in ("left", "bottom"):
            item.getAxis(side).enableAutoSIPrefix(False)
        item.getViewBox().setDefaultPadding(0.06)
        return canvas

    def _colour_marks(self) -> None:
        colour = theme.current().accent
        for mark in self._marks:
            mark.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DotLine))
            mark.label.setColor(colour)
