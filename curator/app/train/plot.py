"""One plot on a card: title, legend, value and menu above, curves below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.saved_picture import Ending, ask_path, save_text, save_widget
from curator.app.train.plot_head import FAINT, Area, PlotHead
from curator.app.train.plot_values import Points, as_csv, line_of, nearest, points, value_at
from curator.app.train.plot_view import PlotView
from curator.app.widgets import label

_TICK_PIXELS: Final = 10
# So far, in pixels, the last tick's words may reach beyond the axis.
_TICK_OVERHANG: Final = 40
# A line of more points is drawn thin: a wider one takes Qt some 20 ms to paint, a thin one 1 ms.
_DENSE: Final = 200
# Of the x axis beyond its last value, so that the ring of a best epoch there is whole.
_RING_ROOM: Final = 0.015


@dataclass(frozen=True, slots=True)
class Series:
    """One curve. `colour` names a field of `Colours`; without `words` it is not in the legend. Values at the
    crosshair are of `name`. A `loose` series has points between those of the others; `area` is how the
    legend marks one that is filled."""

    key: str
    words: str
    colour: str
    name: str = ""
    faint: bool = False
    dashed: bool = False
    loose: bool = False
    area: Area = ""


class Plot(QFrame):
    """`tab_chosen` comes where the card shows one of several plots, `log_changed` when the scale did."""

    tab_chosen = Signal(int)
    log_changed = Signal()
    smoothing_changed = Signal(float)

    def __init__(
        self,
        title: str,
        series: Sequence[Series],
        *,
        log_y: bool = False,
        x: str = "epoch",
        x_unit: str = "epochs",
        y_unit: str = "",
        tabs: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.setProperty("role", "card")
        # Plots side by side are equally wide whatever their words need.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.title = title
        self._series = tuple(series)
        self._x = x
        self._overlays: dict[tuple[str, str], tuple[Any, str, str]] = {}
        self._marks: list[Any] = []
        self._level: Any = None
        self._dense: set[str] = set()
        self._marked: tuple[tuple[float, str], ...] = ()
        self._at: float | None = None
        self._range = ((0.0, 1.0), (0.0, 1.0))
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(12, 5, 8, 6)
        column.setSpacing(2)
        self.head = PlotHead(title, tabs, tabs.index(title) if tabs else 0)
        column.addWidget(self.head)
        self.view = PlotView(f"Curves of {title}", x_unit=x_unit, y_unit=y_unit, whole=x == "epoch")
        self._item = self.view.getPlotItem()
        self.log_y = log_y
        self._item.setLogMode(y=log_y)
        self._curves = {one.key: self._item.plot(antialias=True, connect="finite") for one in self._series}
        self._best = self._item.plot(pen=None, symbol="o", symbolSize=10, symbolBrush=None, antialias=True)
        self.legend = {
            one.key: self.head.add_legend(one.words, one.colour, faint=one.faint, area=one.area)
            for one in series
            if one.words
        }
        self._empty = label("", "dim", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.hide()
        column.addWidget(self.view, 1)
        column.addWidget(self._empty, 1)
        theme.notifier().changed.connect(self._scheme_changed)
        self._connect()
        self.recolour()
        self.setAccessibleName(f"Plot: {title}")

    def set_data(self, key: str, x: Sequence[float], y: Sequence[float], *, dots: bool = False) -> None:
        """Draws one series anew. `dots` marks its points, which a line of one point needs to be seen."""
        values = np.asarray(y, np.float64)
        if self.log_y:
            values = np.where(values > 0, values, np.nan)
        if (len(x) > _DENSE) != (key in self._dense):
            self._dense ^= {key}
            self._curves[key].setPen(self._pen_of(next(one for one in self._series if one.key == key)))
        self._curves[key].setData(
            np.asarray(x, np.float64), values, symbol="o" if dots else None, symbolSize=4, symbolPen=None
        )

    def data(self, key: str) -> Points:
        """What is drawn of one series."""
        return points(self._curves[key])

    def set_overlay(
        self, run: str, key: str, x: Sequence[float], y: Sequence[float], colour: str, name: str = ""
    ) -> None:
        """Draws a curve of another run below, thin, in `colour` (`#rrggbb`); `name` is the run's."""
        curve, _, _ = self._overlays.get((run, key), (None, "", ""))
        if curve is None:
            curve = self._item.plot(antialias=True, connect="finite")
            curve.setZValue(-5)
        self._overlays[run, key] = (curve, name, colour)
        style = Qt.PenStyle.SolidLine if key.startswith("val") else Qt.PenStyle.DotLine
        curve.setPen(pg.mkPen(colour, width=1.0, style=style))
        curve.setData(np.asarray(x, np.float64), np.asarray(y, np.float64))

    def drop_overlay(self, run: str) -> None:
        """Takes another run's curves away."""
        for which in [which for which in self._overlays if which[0] == run]:
            self._item.removeItem(self._overlays.pop(which)[0])

    def overlays(self) -> set[str]:
        """The runs drawn below."""
        return {run for run, _ in self._overlays}

    def span(self) -> tuple[float, float, float]:
        """Of everything drawn: the last x, the least positive and the highest y; 0, inf, 0 for nothing."""
        last, least, highest = 0.0, math.inf, 0.0
        for curve in [*self._curves.values(), *(curve for curve, _, _ in self._overlays.values())]:
            x, y = curve.getOriginalDataset()
            if x is not None and len(x):
                finite = y[np.isfinite(y)]
                last = max(last, float(x[-1]))
                highest = max(highest, float(finite.max(initial=0.0)))
                least = min(least, float(finite[finite > 0].min(initial=math.inf)))
        return last, least, highest

    def set_marks(self, marks: Sequence[tuple[float, str]], best: tuple[float, float] | None = None) -> None:
        """Draws dotted vertical lines with a word each, and a ring at the point of the best epoch."""
        self._best.setData(*([[value] for value in best] if best is not None else ([], [])))
        shown = (*marks, *([(best[0], "best")] if best is not None else ()))
        if shown == self._marked:
            return
        self._marked = shown
        for old in self._marks:
            self._item.removeItem(old)
        self._marks = []
        for at, words in shown:
            place = 0.06 if words == "best" else 0.94
            mark = pg.InfiniteLine(
                at, label=words, labelOpts={"position": place, "anchors": [(0, 0.5), (1, 0.5)]}
            )
            mark.label.setFont(theme.font(self.font(), _TICK_PIXELS))
            mark.setZValue(-8)
            self._item.addItem(mark, ignoreBounds=True)
            self._marks.append(mark)
        self._colour_marks()

    def set_level(self, y: float, words: str) -> None:
        """Draws a dashed level line with its words, such as what there is at most."""
        if self._level is None:
            self._level = pg.InfiniteLine(
                y, angle=0, label=words, labelOpts={"position": 0.98, "anchors": [(1, 1), (1, 1)]}
            )
            self._level.label.setFont(theme.font(self.font(), _TICK_PIXELS))
            self._item.addItem(self._level, ignoreBounds=True)
            self._colour_marks()
        self._level.setValue(y)
        self._level.label.setFormat(words)

    def level(self) -> str:
        """The words of the level line."""
        return "" if self._level is None else str(self._level.label.format)

    def marks(self) -> tuple[tuple[float, str], ...]:
        """The vertical lines: where, and their words."""
        return self._marked

    def set_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """What the axes show, unless a part is zoomed into; for a logarithmic axis `y` must be positive."""
        self._range = (x, y)
        # On the right, room for half of a ring.
        x = (x[0], x[1] + _RING_ROOM * (x[1] - x[0]))
        if self.log_y:
            low, high = math.log10(y[0]), math.log10(y[1])
            pad = max(0.03 * (high - low), 0.02)
            self.view.set_home(x, (low - pad, high + pad))
        else:
            pad = 0.03 * (y[1] - y[0])
            self.view.set_home(x, (y[0] - pad, y[1] + pad))

    def set_value(self, *variants: str) -> None:
        """What stands in the corner: the first of `variants`, longest first, that there is room for."""
        self.setAccessibleName(f"Plot: {self.title}. {variants[0]}")
        self.head.set_value(*variants)

    def value(self) -> str:
        """What stands in the corner, as shown."""
        return self.head.value()

    def set_empty(self, words: str) -> None:
        """Shows a sentence in place of the curves; "" shows the curves."""
        self._empty.setText(words)
        self._empty.setVisible(bool(words))
        self.view.setVisible(not words)
        self.head.menu_button.setVisible(not words)

    def set_log(self, on: bool) -> None:
        """Makes the y axis logarithmic or linear."""
        if on != self.log_y:
            self.log_y = on
            self._item.setLogMode(y=on)
            self.log_changed.emit()
            self.view.go_home()

    def csv(self) -> str:
        """What is drawn as a table: a row for each x, a column for each series, other runs' after them."""
        columns = [(one.name or one.words or one.key, self.data(one.key)) for one in self._series]
        columns += [
            (f"{name or run}: {key}", points(curve))
            for (run, key), (curve, name, _) in self._overlays.items()
        ]
        return as_csv(self._x, columns)

    def crosshair(self) -> str:
        """The values at the crosshair as rich text, "" while there is none."""
        return self.view.crosshair()

    @Slot()
    def save_png(self) -> None:
        """Asks for a file and draws the card into it, twice as fine as on the screen."""
        self._save("png")

    @Slot()
    def save_svg(self) -> None:
        """Asks for a file and draws the card into it, to be scaled."""
        self._save("svg")

    @Slot()
    def save_csv(self) -> None:
        """Asks for a file and writes the values that are drawn into it."""
        self._save("csv")

    @Slot(object)
    def point_at(self, x: float | None) -> None:
        """Shows the values at the point nearest to `x`; None takes the crosshair away."""
        places = self._places()
        if x is None or not places:
            self._at = None
            self.view.hide_crosshair()
            return
        self._at = places[nearest(places, x)]
        self.view.show_crosshair(self._at, self._words_at(self._at))

    @Slot(int)
    def step(self, by: int) -> None:
        """Moves the crosshair by so many points; the first step goes to the last point."""
        places = self._places()
        if places:
            at = len(places) - 1 if self._at is None else nearest(places, self._at) + by
            self.point_at(places[min(max(at, 0), len(places) - 1)])

    @Slot(object)
    def _scheme_changed(self, _colours: object) -> None:
        # A slot that a class above overrides would be called on plots that are gone.
        self.recolour()

    def recolour(self) -> None:
        """Takes the colours of the scheme that is shown."""
        colours = theme.current()
        ticks = theme.font(self.font(), _TICK_PIXELS)
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setTickPen(pg.mkPen(colours.line))
            axis.setTickFont(ticks)
            axis.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=_TICK_OVERHANG)
        self._item.getAxis("bottom").setPen(pg.mkPen(colours.line_strong))
        self._item.getAxis("left").setPen(pg.mkPen(None))
        self._item.showGrid(y=True, alpha=1.0)
        for one in self._series:
            curve = self._curves[one.key]
            curve.setPen(self._pen_of(one))
            curve.setSymbolBrush(pg.mkBrush(getattr(colours, one.colour)))
            curve.setZValue(0 if one.faint else 1)
        self._best.setSymbolPen(pg.mkPen(colours.text, width=1.4))
        self._best.setZValue(2)
        self.head.recolour()
        self.view.recolour()
        self._colour_marks()

    def _pen_of(self, series: Series) -> Any:
        shade = QColor(getattr(theme.current(), series.colour))
        shade.setAlphaF(FAINT if series.faint else 1.0)
        width = 1.0 if series.faint or series.dashed or series.key in self._dense else 1.8
        style = Qt.PenStyle.DashLine if series.dashed else Qt.PenStyle.SolidLine
        return pg.mkPen(shade, width=width, style=style)

    def _connect(self) -> None:
        self.view.pointed.connect(self.point_at)
        self.view.stepped.connect(self.step)
        self.view.zoomed.connect(self._show_zoom)
        self.head.tab_chosen.connect(self.tab_chosen)
        self.head.home_wanted.connect(self.view.go_home)
        self.head.zoom_wanted.connect(self.view.zoom)
        self.head.log_wanted.connect(self.set_log)
        self.head.smoothing_wanted.connect(self.smoothing_changed)
        self.head.png_wanted.connect(self.save_png)
        self.head.svg_wanted.connect(self.save_svg)
        self.head.csv_wanted.connect(self.save_csv)

    @Slot(bool)
    def _show_zoom(self, zoomed: bool) -> None:
        self.head.home_button.setVisible(zoomed)
        self.head.fit_value()

    def _places(self) -> list[float]:
        drawn = [self._curves[one.key] for one in self._series if not one.loose]
        drawn += [curve for curve, _, _ in self._overlays.values()]
        places = sorted({x for curve in drawn for x in points(curve)[0]})
        return places or sorted({x for one in self._series for x in self.data(one.key)[0]})

    def _words_at(self, x: float) -> str:
        colours = theme.current()
        of_x = f"{self._x} {x:.4g}" if self._x == "epoch" else f"{x:.4g} {self._x}"
        lines = [f"<b>{of_x}</b>" + (", best" if (x, "best") in self._marked else "")]
        for one in self._series:
            found = value_at(self.data(one.key), x, exact=not one.loose)
            if found is not None and (one.name or one.words):
                lines.append(line_of(getattr(colours, one.colour), one.name or one.words, found))
        for (_, key), (curve, name, colour) in self._overlays.items():
            found = value_at(points(curve), x, exact=True)
            if found is not None:
                lines.append(line_of(colour, f"{name} {key}".strip(), found))
        return "<br>".join(lines)

    def file_stem(self) -> str:
        """The name that is offered for a file, without its ending."""
        return self.title.lower().replace(" ", "-")

    def controls(self) -> list[QWidget]:
        """What a saved picture leaves out."""
        return [self.head.menu_button, self.head.home_button]

    def _save(self, ending: Ending) -> None:
        path = ask_path(self, f"the plot of {self.title}", self.file_stem(), ending)
        if path is None:
            return
        if ending == "csv":
            save_text(self.csv(), path)
            return
        self.view.hide_crosshair()
        controls = [one for one in self.controls() if one.isVisible()]
        for one in controls:
            one.hide()
        self.head.fit_value()
        self._column.activate()
        save_widget(self, path, ending, self.title)
        for one in controls:
            one.show()
        self.head.fit_value()

    def _colour_marks(self) -> None:
        colours = theme.current()
        if self._level is not None:
            self._level.setPen(pg.mkPen(colours.discard, width=1.2, style=Qt.PenStyle.DashLine))
            self._level.label.setColor(colours.discard)
        for mark, (_, words) in zip(self._marks, self._marked, strict=True):
            colour = colours.dim if words == "best" else colours.accent
            mark.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DotLine))
            mark.label.setColor(colour)
