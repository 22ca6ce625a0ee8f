"""A plot of Review: a curve with its band, the threshold marked on it, its figure in the corner."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor

from curator.app import theme
from curator.app.own_keys import keep_keys
from curator.app.train.plot import Plot, Series
from curator.evaluation.intervals import Interval

Floats = npt.NDArray[np.float64]

_TICK_PIXELS: Final = 10
_BAND_ALPHA: Final = 0.22
LEAST_HEIGHT: Final = 190
_WHOLE: Final = (0.0, 1.0)


class CurvePlot(Plot):
    """`threshold_dragged` carries the threshold that a person dragged the line to, where there is one to drag."""

    threshold_dragged = Signal(float)

    def __init__(self, title: str, series: Sequence[Series], *, x: str, y: str) -> None:
        super().__init__(title, series, x=x, x_unit="", y_unit=y)
        self.setMinimumHeight(LEAST_HEIGHT)
        self.view.wheel_zooms = False
        keep_keys(self.view)
        self._stem = ""
        self._figures: tuple[str, ...] = ("",)
        self._headings: tuple[str, ...] = ()
        self._rows: Floats = np.zeros((0, 0))
        # Of a curve without any pen there is no path, and nothing between two of them to fill.
        self._low, self._high = (self._item.plot(pen=pg.mkPen(None), connect="finite") for _ in range(2))
        self._band = pg.FillBetweenItem(self._low, self._high)
        self._band.setZValue(-2)
        self._item.addItem(self._band, ignoreBounds=True)
        self._bars = pg.ErrorBarItem()
        self._bars.setZValue(-1)
        self._item.addItem(self._bars, ignoreBounds=True)
        self._point = self._item.plot(pen=None, symbol="d", symbolSize=12, antialias=True)
        self._point.setZValue(5)
        # Drawn as shapes, not copied from little pictures of them: sharp in a file.
        for drawn in (self._point, *self._curves.values()):
            drawn.scatter.opts["useCache"] = False
        self._line: pg.InfiniteLine | None = None
        self.set_range(_WHOLE, _WHOLE)
        self.recolour()

    def clear(self) -> None:
        """Takes curve, band, mark and figure away."""
        for one in self._series:
            self.set_data(one.key, [], [])
        self.set_band(np.zeros(0), np.zeros(0), np.zeros(0))
        self.set_bars(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
        self.set_point(None)
        self.set_table((), np.zeros((0, 0)))
        self.set_value("")

    def set_band(self, x: Floats, low: Floats, high: Floats) -> None:
        """Shades between two curves; places where they are NaN are left out."""
        known = np.isfinite(low) & np.isfinite(high)
        self._low.setData(x[known], low[known])
        self._high.setData(x[known], high[known])
        self._band.setVisible(bool(known.any()))

    def set_bars(self, x: Floats, y: Floats, low: Floats, high: Floats) -> None:
        """Draws an interval at each point; NaN ones are left out."""
        known = np.isfinite(low) & np.isfinite(high) & np.isfinite(y)
        self._bars.setData(
            x=x[known],
            y=y[known],
            bottom=np.maximum(0.0, y - low)[known],
            top=np.maximum(0.0, high - y)[known],
            beam=0.012,
        )
        self._bars.setVisible(bool(known.any()))

    def set_point(self, at: tuple[float, float] | None) -> None:
        """Marks where a threshold lies on the curve with a diamond; None takes it away."""
        self._point.setData(*([[value] for value in at] if at is not None else ([], [])))

    def point(self) -> tuple[float, float] | None:
        """Where the diamond lies."""
        x, y = self._point.getOriginalDataset()
        return None if x is None or not len(x) else (float(x[0]), float(y[0]))

    def add_threshold_line(self) -> None:
        """Gives the plot a line for the threshold, which can be dragged."""
        self._line = pg.InfiniteLine(
            0.5,
            movable=True,
            bounds=_WHOLE,
            label="",
            labelOpts={"position": 0.94, "anchors": [(0, 0.5), (1, 0.5)]},
        )
        self._line.label.setFont(theme.font(self.font(), _TICK_PIXELS))
        self._line.setZValue(6)
        self._line.sigDragged.connect(self._dragged)
        self._item.addItem(self._line, ignoreBounds=True)
        self.recolour()

    def set_threshold(self, threshold: float | None) -> None:
        """Moves the line; None takes it away."""
        if self._line is None:
            return
        self._line.setVisible(threshold is not None)
        if threshold is not None:
            self._line.setValue(threshold)
            self._line.label.setFormat(f"{threshold:.3g}")

    def threshold(self) -> float | None:
        """Where the line stands; None where there is none."""
        return float(self._line.value()) if self._line is not None and self._line.isVisible() else None

    def set_figure(self, name: str, value: float | None, interval: Interval | None) -> None:
        """Puts a figure into the corner: with its interval where there is room for it."""
        if value is None:
            self._figures = ("not defined",)
        elif interval is None:
            self._figures = (f"{name} {value:.3f}", f"{value:.2f}")
        else:
            spread = f"[{interval.low:.2f}, {interval.high:.2f}]"
            self._figures = (
                f"{name} {value:.3f} {spread}",
                f"{name} {value:.2f}",
                f"{value:.2f}",
            )
        self.set_value(*self._figures)

    def add_figure(self, name: str, value: float | None, interval: Interval | None) -> None:
        """Puts another figure before the one that is there, if there is room for both."""
        if value is None:
            return
        spread = f" [{interval.low:.2f}, {interval.high:.2f}]" if interval is not None else ""
        first = self._figures[0]
        self.set_value(
            f"{name} {value:.3f}{spread}   {first}", f"{name} {value:.2f}   {first}", *self._figures
        )

    def set_table(self, headings: tuple[str, ...], rows: Floats) -> None:
        """What the CSV file holds and the crosshair tells: the first columns are x and y, rising in x."""
        self._headings, self._rows = headings, rows

    def set_stem(self, stem: str) -> None:
        """The name that is offered for files."""
        self._stem = stem

    def file_stem(self) -> str:
        """The name that is offered for a file, without its ending."""
        return self._stem or super().file_stem()

    def csv(self) -> str:
        """The curve with its band as a table, a row a point."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self._headings)
        for row in self._rows.tolist():
            writer.writerow([f"{value:.6g}" if not math.isnan(value) else "" for value in row])
        return buffer.getvalue()

    def recolour(self) -> None:
        """Takes the colours of the scheme that is shown."""
        super().recolour()
        # Once from within the base's own making, before there is anything of this class to colour.
        if not hasattr(self, "_point"):
            return
        shown = theme.current()
        shade = QColor(getattr(shown, self._series[0].colour))
        shade.setAlphaF(_BAND_ALPHA)
        self._band.setBrush(pg.mkBrush(shade))
        self._bars.setData(pen=pg.mkPen(getattr(shown, self._series[0].colour), width=1.2))
        self._point.setSymbolBrush(pg.mkBrush(shown.text))
        self._point.setSymbolPen(pg.mkPen(shown.pane, width=1.5))
        self._item.getAxis("bottom").setLabel(self._x, color=shown.dim, **{"font-size": f"{_TICK_PIXELS}px"})
        if self._line is not None:
            self._line.setPen(pg.mkPen(shown.text, width=1.2, style=Qt.PenStyle.DashDotLine))
            self._line.setHoverPen(pg.mkPen(shown.accent, width=2))
            self._line.label.setColor(shown.text)

    def _words_at(self, x: float) -> str:
        rows = self._rows
        if not len(rows) or not self._headings:
            return super()._words_at(x)
        # Where the curve goes straight up, its upper end.
        at = int(np.searchsorted(rows[:, 0], x + 1e-9, side="right")) - 1
        found = zip(self._headings, rows[max(at, 0)].tolist(), strict=True)
        lines = [f"{escape(name)}&nbsp;&nbsp;{value:.4g}" for name, value in found if math.isfinite(value)]
        return "<br>".join([f"<b>{lines[0]}</b>", *lines[1:]])

    @Slot(object)
    def _dragged(self, line: Any) -> None:
        self.threshold_dragged.emit(float(line.value()))
