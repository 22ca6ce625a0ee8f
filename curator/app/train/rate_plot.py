"""The curve of a range test: loss over learning rate, the rates to choose from marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout

from curator.app import theme
from curator.app.train.axes import round_steps
from curator.app.widgets import label
from curator.training.rate_curve import smoothed

_AXIS_WIDTH: Final = 40
_TICK_PIXELS: Final = 10
# The rates of the test before it has begun, as decadic logarithms.
_RANGE: Final = (-6.0, 1.0)
# Above this many times the range that was learnt over, the loss has run away: the axis leaves it out.
_HEADROOM: Final = 1.6


class RatePlot(QFrame):
    """`picked` carries the rate that a person dragged the mark to, or clicked on."""

    picked = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName("Plot: loss over learning rate")
        self._points: list[tuple[float, float]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(4)
        column.addWidget(label("Loss", "dim"))
        self._canvas = pg.PlotWidget(background=None)
        self._canvas.setAccessibleName("Curve of the loss over the learning rate")
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setFrameShape(QFrame.Shape.NoFrame)
        self._canvas.setStyleSheet("PlotWidget { background: transparent; }")
        self._canvas.viewport().setAutoFillBackground(False)
        item = self._item = self._canvas.getPlotItem()
        item.setMenuEnabled(False)
        item.setMouseEnabled(False, False)
        item.hideButtons()
        item.layout.setContentsMargins(0, 4, 16, 0)
        item.getAxis("left").setWidth(_AXIS_WIDTH)
        self._raw = item.plot(pen=None, symbol="o", symbolSize=4, symbolPen=None)
        self._curve = item.plot(antialias=True, connect="finite")
        self._mark = pg.InfiniteLine(movable=True, label="", labelOpts={"position": 0.93})
        self._steepest = pg.InfiniteLine(label="steepest", labelOpts={"position": 0.83})
        for line in (self._mark, self._steepest):
            line.label.setFont(theme.font(self.font(), _TICK_PIXELS))
            line.hide()
            item.addItem(line, ignoreBounds=True)
        self._mark.sigDragged.connect(self._dragged)
        self._canvas.scene().sigMouseClicked.connect(self._clicked)
        self._empty = label("", "dim", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._canvas, 1)
        column.addWidget(self._empty, 1)
        under = label("Learning rate", "dim")
        under.setAlignment(Qt.AlignmentFlag.AlignRight)
        column.addWidget(under)
        theme.notifier().changed.connect(self._recolour)
        self._recolour()
        self.clear("")

    def clear(self, words: str) -> None:
        """Takes the curve away and shows a sentence in its place; "" shows empty axes."""
        self._points = []
        for mark in (self._mark, self._steepest):
            mark.hide()
        self._empty.setText(words)
        self._empty.setVisible(bool(words))
        self._canvas.setVisible(not words)
        self._draw()

    def add(self, rate: float, loss: float) -> None:
        """One point more."""
        self._empty.hide()
        self._canvas.show()
        self._points.append((rate, loss))
        self._draw()

    def set_rate(self, rate: float | None) -> None:
        """Moves the mark of the rate to take; None takes it away."""
        self._mark.setVisible(bool(rate))
        if rate:
            self._mark.setPos(math.log10(rate))
            self._mark.label.setFormat(f"{rate:.1e}".replace("e-0", "e-").replace("e+0", "e"))
            self._place()

    def set_steepest(self, rate: float | None) -> None:
        """Marks where the loss falls fastest; None takes the mark away."""
        self._steepest.setVisible(bool(rate))
        if rate:
            self._steepest.setPos(math.log10(rate))
            self._place()

    def points(self) -> list[tuple[float, float]]:
        """The rates and losses that are drawn."""
        return list(self._points)

    def rate(self) -> float | None:
        """Where the mark stands, None while it is not shown."""
        return float(10 ** self._mark.value()) if self._mark.isVisible() else None

    def words(self) -> str:
        """The sentence that stands in place of the curve."""
        return self._empty.text()

    def _draw(self) -> None:
        finite = [(math.log10(rate), loss) for rate, loss in self._points if math.isfinite(loss)]
        at, losses = [x for x, _ in finite], [loss for _, loss in finite]
        curve = smoothed(losses)
        self._raw.setData(at, losses)
        self._curve.setData(at, curve)
        low, high = _span(curve)
        self._item.setXRange(*_RANGE, padding=0.02)
        self._item.setYRange(low, high, padding=0.02)
        decades = range(math.floor(_RANGE[0]), math.ceil(_RANGE[1]) + 1)
        self._item.getAxis("bottom").setTicks([[(at, f"1e{at}") for at in decades]])
        self._item.getAxis("left").setTicks([[(value, f"{value:g}") for value in round_steps(low, high)]])

    def _place(self) -> None:
        """The words of the two marks stand on their outer sides, where no line crosses them."""
        right = self._mark.value() >= self._steepest.value() or not self._steepest.isVisible()
        for line, outside in ((self._mark, right), (self._steepest, not right)):
            line.label.anchors = [(0, 0.5), (0, 0.5)] if outside else [(1, 0.5), (1, 0.5)]
            line.label.updatePosition()

    @Slot(object)
    def _dragged(self, line: pg.InfiniteLine) -> None:
        self._pick(line.value())

    @Slot(object)
    def _clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        if self._mark.isVisible():
            at: QPointF = self._item.getViewBox().mapSceneToView(event.scenePos())
            self._pick(at.x())

    def _pick(self, at: float) -> None:
        rate = float(f"{10 ** min(max(at, _RANGE[0]), _RANGE[1]):.1e}")
        self.set_rate(rate)
        self.picked.emit(rate)

    @Slot()
    def _recolour(self, _colours: object = None) -> None:
        colours = theme.current()
        for side in ("left", "bottom"):
            axis = self._item.getAxis(side)
            axis.setTextPen(pg.mkPen(colours.dim))
            axis.setTickPen(pg.mkPen(colours.line))
            axis.setTickFont(theme.font(self.font(), _TICK_PIXELS))
            axis.setStyle(tickLength=0, tickTextOffset=6)
            axis.enableAutoSIPrefix(False)
        self._item.getAxis("bottom").setPen(pg.mkPen(colours.line_strong))
        self._item.getAxis("left").setPen(pg.mkPen(None))
        self._item.showGrid(y=True, alpha=1.0)
        self._raw.setSymbolBrush(pg.mkBrush(colours.dim))
        self._curve.setPen(pg.mkPen(colours.accent, width=2))
        self._mark.setPen(pg.mkPen(colours.keep, width=2))
        self._mark.setHoverPen(pg.mkPen(colours.keep, width=3))
        self._mark.label.setColor(colours.keep)
        self._steepest.setPen(pg.mkPen(colours.dim, width=1, style=Qt.PenStyle.DashLine))
        self._steepest.label.setColor(colours.dim)


def _span(curve: Sequence[float]) -> tuple[float, float]:
    """What the loss axis shows: all that was learnt over, and the beginning of where it runs away."""
    if not curve:
        return 0.0, 1.0
    low, start = min(curve), max(curve[: max(1, len(curve) // 2)])
    return max(0.0, low - 0.1 * start), low + max(start - low, 0.05 * start) * _HEADROOM
