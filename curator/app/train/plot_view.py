"""The canvas of a plot: it zooms, goes back to the whole, and carries the crosshair."""

from __future__ import annotations

from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel

from curator.app import theme
from curator.app.train.axes import PlotAxis

_AXIS_WIDTH: Final = 40
_KEY_ZOOM: Final = 0.7
# A drag lower than this chooses a span of the x axis only.
_FLAT: Final = 12
_GAP: Final = 12


class _ZoomBox(pg.ViewBox):
    """Drag a box, or turn the wheel, to zoom."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pg.ViewBox.RectMode)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """A flat box leaves the y axis as it is."""
        flat = abs(event.pos().y() - event.buttonDownPos().y()) < _FLAT
        if event.isFinish() and flat and event.button() == Qt.MouseButton.LeftButton and axis is None:
            event.accept()
            self.rbScaleBox.hide()
            ends = sorted(self.mapToView(at).x() for at in (event.buttonDownPos(), event.pos()))
            if ends[1] > ends[0]:
                self.setXRange(*ends, padding=0)
                self.sigRangeChangedManually.emit([True, False])
            return
        super().mouseDragEvent(event, axis)

    def showAxRect(self, rect: Any, **_options: Any) -> None:
        """Shows just what the box held, without a margin."""
        super().showAxRect(rect, padding=0)


class PlotView(pg.PlotWidget):
    """`pointed` carries the x under the pointer, None when it left; `stepped` -1 or 1 by the arrow keys; `zoomed`
    whether a part is shown. While a part is shown, `set_home` does not move it."""

    pointed = Signal(object)
    stepped = Signal(int)
    zoomed = Signal(bool)

    def __init__(self, name: str, *, x_unit: str, y_unit: str, whole: bool) -> None:
        self._box = _ZoomBox()
        axes = {"left": PlotAxis("left"), "bottom": PlotAxis("bottom", whole=whole, unit=x_unit)}
        super().__init__(background=None, viewBox=self._box, axisItems=axes)
        self.setAccessibleName(name)
        self.setAccessibleDescription("Arrows: values; plus and minus: zoom; 0: all")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(110)
        # The card below shows through.
        self.setStyleSheet("PlotView { background: transparent; }")
        self.viewport().setAutoFillBackground(False)
        self._home: tuple[tuple[float, float], tuple[float, float]] = ((0, 1), (0, 1))
        self._is_zoomed = False
        # Where the plot stands in what is scrolled, the wheel alone is for that.
        self.wheel_zooms = True
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        # Above, room for the unit; on the right, for half of the last tick.
        item.layout.setContentsMargins(0, 15, 30, 0)
        item.getAxis("left").setWidth(_AXIS_WIDTH)
        for side in ("left", "bottom"):
            item.getAxis(side).enableAutoSIPrefix(False)
            # The grid belongs below the curves.
            item.getAxis(side).setZValue(-1)
        self._unit = QLabel(y_unit, self)
        self._unit.move(4, 0)
        self._line = pg.InfiniteLine(angle=90)
        self._line.setZValue(20)
        self._line.hide()
        item.addItem(self._line, ignoreBounds=True)
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words.hide()
        self._box.sigRangeChangedManually.connect(self._zoomed_by_hand)
        self.recolour()

    @property
    def is_zoomed(self) -> bool:
        """Whether a part is shown."""
        return self._is_zoomed

    def set_home(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """What the whole is; shown at once unless a part is. In logarithms where an axis is logarithmic."""
        if (x, y) == self._home:
            return
        self._home = (x, y)
        self._box.setLimits(xMin=x[0], xMax=x[1], yMin=y[0], yMax=y[1])
        if not self._is_zoomed:
            self._show_home()

    def go_home(self) -> None:
        """Shows the whole, and follows it from now on."""
        if self._is_zoomed:
            self._is_zoomed = False
            self.zoomed.emit(False)
        self._show_home()

    def zoom(self, factor: float) -> None:
        """Shows `factor` times as much as now, round the crosshair if there is one."""
        center = None
        if self._line.isVisible():
            center = pg.Point(self._line.value(), self._box.viewRect().center().y())
        self._box.scaleBy((factor, factor), center)
        self._zoomed_by_hand()

    def show_crosshair(self, x: float, words: str) -> None:
        """Draws the line at `x` with `words` (rich text) beside it."""
        self._line.setValue(x)
        self._line.show()
        self._words.setText(words)
        self._words.adjustSize()
        at = round(self.mapFromScene(self._box.mapViewToScene(pg.Point(x, 0))).x())
        left = (
            at + _GAP if at + _GAP + self._words.width() <= self.width() else at - _GAP - self._words.width()
        )
        self._words.move(max(left, 0), 18)
        self._words.show()
        self._words.raise_()

    def hide_crosshair(self) -> None:
        """Takes line and words away."""
        self._line.hide()
        self._words.hide()

    def crosshair(self) -> str:
        """The words beside the line, "" while there is none."""
        return "" if self._words.isHidden() else self._words.text()

    def recolour(self) -> None:
        """Takes the colours of the scheme that is shown."""
        colours = theme.current()
        self._line.setPen(pg.mkPen(colours.line_strong, width=1))
        self._unit.setStyleSheet(f"color: {colours.dim}; font-size: 10px")
        self._words.setStyleSheet(
            f"background: {colours.pane_raised}; border: 1px solid {colours.line_strong}; "
            f"border-radius: 5px; padding: 4px 7px; font-size: 11px; color: {colours.text}"
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms round the pointer; with Ctrl only where the wheel alone scrolls."""
        if self.wheel_zooms or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Moves the crosshair."""
        super().mouseMoveEvent(event)
        at = self.mapToScene(event.position().toPoint())
        inside = event.buttons() == Qt.MouseButton.NoButton and self._box.sceneBoundingRect().contains(at)
        self.pointed.emit(self._box.mapSceneToView(at).x() if inside else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Shows the whole."""
        super().mouseDoubleClickEvent(event)
        self.go_home()

    def leaveEvent(self, event: QEvent) -> None:
        """Takes the crosshair away."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """All that the mouse can do."""
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_KEY_ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _KEY_ZOOM)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.go_home()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.stepped.emit(-1 if key == Qt.Key.Key_Left else 1)
        elif key == Qt.Key.Key_Escape:
            self.pointed.emit(None)
        else:
            super().keyPressEvent(event)

    def _show_home(self) -> None:
        self._box.setRange(xRange=self._home[0], yRange=self._home[1], padding=0, disableAutoRange=True)

    def _zoomed_by_hand(self, _axes: object = None) -> None:
        (left, right), _ = self._box.viewRange()
        (bottom, top) = self._box.viewRange()[1]
        x, y = self._home
        whole = (right - left) > 0.999 * (x[1] - x[0]) and (top - bottom) > 0.999 * (y[1] - y[0])
        if self._is_zoomed == whole:
            self._is_zoomed = not whole
            self.zoomed.emit(self._is_zoomed)
