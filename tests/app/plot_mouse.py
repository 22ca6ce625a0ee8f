"""The mouse on a plot: presses, moves and drags in the plot's own values."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from curator.app.train.plot import Plot

LEFT = Qt.MouseButton.LeftButton


def at(plot: Plot, x: float, y: float) -> QPoint:
    """Where a value is drawn, in the view's own pixels."""
    box = plot.view.getPlotItem().getViewBox()
    return plot.view.mapFromScene(box.mapViewToScene(QPointF(x, y)))


def mouse(widget: QWidget, kind: QMouseEvent.Type, where: QPoint, buttons: Qt.MouseButton) -> None:
    """One event of the mouse, as Qt sends it."""
    button = LEFT if kind != QMouseEvent.Type.MouseMove else Qt.MouseButton.NoButton
    place = QPointF(where)
    event = QMouseEvent(
        kind, place, widget.mapToGlobal(place), button, buttons, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def drag(plot: Plot, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drags with the left button from one value to another."""
    target, none = plot.view.viewport(), Qt.MouseButton.NoButton
    first, last = at(plot, *start), at(plot, *end)
    mouse(target, QMouseEvent.Type.MouseMove, first, none)
    mouse(target, QMouseEvent.Type.MouseButtonPress, first, LEFT)
    for step in range(1, 11):
        mouse(target, QMouseEvent.Type.MouseMove, first + (last - first) * step / 10, LEFT)
    mouse(target, QMouseEvent.Type.MouseButtonRelease, last, none)
