"""Hands that count: keys to whatever has the focus, the mouse to whatever lies under it, problems on the way."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage

_LEFT, _MIDDLE, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
_NO_KEY = Qt.KeyboardModifier.NoModifier
# Tab from control to control for longer than this leads nowhere.
_MOST_TABS = 80
# One notch of a wheel, in Qt's eighths of a degree.
_NOTCH = 120
# One pan goes this far, in screen pixels.
_PAN = 160


@dataclass
class Effort:
    """Keys pressed and gestures made (clicks, drags, turns of the wheel) for one image."""

    file: str
    keys: int = 0
    gestures: int = 0
    # What the program took to do them, until the window was up to date again.
    seconds: float = 0.0
    done: list[str] = field(default_factory=list)

    @property
    def actions(self) -> int:
        return self.keys + self.gestures


def summary(efforts: list[Effort]) -> dict[str, float]:
    """Actions an image: mean, median, most; the share of images that took one key; the program's time."""
    actions = np.array([one.actions for one in efforts])
    return {
        "images": len(efforts),
        "actions": float(actions.mean()),
        "keys": float(np.mean([one.keys for one in efforts])),
        "gestures": float(np.mean([one.gestures for one in efforts])),
        "median": float(np.median(actions)),
        "most": int(actions.max()),
        "one key": float(np.mean([one.keys == 1 and one.gestures == 0 for one in efforts])),
        "milliseconds": 1000 * float(np.mean([one.seconds for one in efforts])),
    }


def kinds_of_work(efforts: list[Effort]) -> Counter[str]:
    """How often each thing was done."""
    return Counter(done for one in efforts for done in one.done)


class Hands:
    """`idle` lets the window work until the current image is there and everything beside it is up to date."""

    def __init__(self, page: CuratePage, idle: Callable[[], None]) -> None:
        self.page = page
        self.effort = Effort("")
        # What stood in the way, and how often.
        self.problems: Counter[str] = Counter()
        self._idle = idle

    def wait(self) -> None:
        """Until the window is up to date; counts as the program's time."""
        with self._timed():
            self._idle()

    # Keys

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = _NO_KEY) -> None:
        """One key, with what is held."""
        self._count_key(key.name)
        with self._timed():
            QTest.keyClick(_focus(), key, held)
            QApplication.processEvents()

    def text(self, text: str) -> None:
        """Letters and digits, a key each."""
        for letter in text:
            self._count_key(letter)
            with self._timed():
                QTest.keyClicks(_focus(), letter)
                QApplication.processEvents()

    def tab_to(self, widget: QWidget) -> None:
        """From control to control until one has the focus."""
        for _ in range(_MOST_TABS):
            if widget.hasFocus():
                return
            self.key(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {widget.accessibleName()}")

    # Mouse on controls

    def click(self, widget: QWidget, *, twice: bool = False) -> None:
        """A click on a control, or a double one; the inspector is scrolled to it first."""
        self._scroll_to(widget)
        place = widget.rect().center()
        hit = self._under(widget, place)
        assert hit is widget or (hit is not None and widget.isAncestorOf(hit)), (
            f"{widget.accessibleName()} lies below {hit.accessibleName() if hit else None}"
        )
        self._count_gesture(f"{'double click' if twice else 'click'} {_title(widget)}")
        with self._timed():
            if twice:
                QTest.mouseDClick(widget, _LEFT, _NO_KEY, place)
            else:
                QTest.mouseClick(widget, _LEFT, _NO_KEY, place)
            QApplication.processEvents()

    def click_inside(self, outer: QWidget, inner: QWidget) -> None:
        """A click on what shows only while the pointer is over `outer`."""
        self._scroll_to(outer)
        place = QPointF(outer.rect().center())
        at = QPointF(outer.mapToGlobal(place))
        with self._timed():
            outer.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
            QApplication.sendEvent(outer, QEnterEvent(place, at, at))
            QApplication.processEvents()
        self.click(inner)
        with self._timed():
            outer.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
            QApplication.sendEvent(outer, QEvent(QEvent.Type.Leave))
            QApplication.processEvents()

    def _scroll_to(self, widget: QWidget) -> None:
        inspector = self.page.inspector
        if not inspector.isAncestorOf(widget):
            return
        view = inspector.viewport()
        for _ in range(40):
            y = widget.mapTo(view, widget.rect().center()).y()
            if 0 <= y < view.height():
                return
            self.problems["inspector scrolled to reach a control"] += 1
            self._wheel(view, QPointF(view.rect().center()), -_NOTCH if y >= view.height() else _NOTCH)
        raise AssertionError(f"the inspector does not scroll to {widget.accessibleName()}")

    # Mouse on the image

    def can_press(self, x: float, y: float) -> bool:
        """Whether the canvas, and no panel on it, is under a point of the image."""
        return self.covering(x, y) is None

    def covering(self, x: float, y: float) -> str | None:
        """What keeps a point of the image from being pressed; None for nothing."""
        view = self.page.canvas.viewport()
        place = self._place(x, y)
        if not view.rect().contains(place):
            return "the edge of the view"
        hit = self._under(view, place)
        return None if hit is view else f"the panel {_panel(hit)}"

    def click_image(self, x: float, y: float) -> None:
        """A click on a point of the image."""
        self._bring_out(x, y)
        self._count_gesture("click the image")
        with self._timed():
            QTest.mouseClick(self.page.canvas.viewport(), _LEFT, _NO_KEY, self._place(x, y))
            QApplication.processEvents()

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, grips: bool = False) -> None:
        """A drag between two points of the image; with `grips` it counts from where the pointer took hold."""
        self._bring_out(*start)
        a, b = self._place(*start), self._place(*end)
        if grips:
            held = self._at(a)
            b = self._place(held.x() + end[0] - start[0], held.y() + end[1] - start[1])
        if not self.page.canvas.viewport().rect().contains(b):
            self.problems["drag ended beside the canvas"] += 1
        self._count_gesture("drag")
        self._drag(a, b, _LEFT)

    def wheel(self, x: float, y: float) -> None:
        """One notch towards the image, over a point of it."""
        self._bring_out(x, y)
        self._wheel(self.page.canvas.viewport(), QPointF(self._place(x, y)), _NOTCH)

    def _bring_out(self, x: float, y: float) -> None:
        """Pans until a point that is to be pressed is on the canvas and below no panel."""
        view = self.page.canvas.viewport()
        for _ in range(8):
            if self.can_press(x, y):
                return
            self.problems[f"a point of the image lay below {self.covering(x, y)}: panned"] += 1
            self._count_gesture("pan")
            middle, place = view.rect().center(), self._place(x, y)
            # From the middle towards where the point comes free.
            away = QPoint(*(max(-_PAN, min(_PAN, n)) for n in (middle - place).toTuple()))
            self._drag(middle, middle + away, _MIDDLE)
        raise AssertionError(f"the point {x}, {y} cannot be pressed")

    def _drag(self, a: QPoint, b: QPoint, button: Qt.MouseButton) -> None:
        """By way of a third point, as a hand does."""
        view = self.page.canvas.viewport()
        with self._timed():
            for kind, place, changed, held in (
                (QEvent.Type.MouseButtonPress, a, button, button),
                (QEvent.Type.MouseMove, (a + b) / 2, _NONE, button),
                (QEvent.Type.MouseMove, b, _NONE, button),
                (QEvent.Type.MouseButtonRelease, b, button, _NONE),
            ):
                at = QPointF(view.mapToGlobal(place))
                QApplication.sendEvent(view, QMouseEvent(kind, QPointF(place), at, changed, held, _NO_KEY))
            QApplication.processEvents()

    def _wheel(self, view: QWidget, place: QPointF, turned: int) -> None:
        self._count_gesture("wheel")
        at = QPointF(view.mapToGlobal(place.toPoint()))
        phase = Qt.ScrollPhase.NoScrollPhase
        with self._timed():
            QApplication.sendEvent(
                view, QWheelEvent(place, at, QPoint(), QPoint(0, turned), _NONE, _NO_KEY, phase, False)
            )
            QApplication.processEvents()

    # Inside

    def _place(self, x: float, y: float) -> QPoint:
        point = self.page.canvas.viewportTransform().map(QPointF(x, y))
        return QPoint(math.floor(point.x() + 0.5), math.floor(point.y() + 0.5))

    def _at(self, place: QPoint) -> QPointF:
        inverse, _ = self.page.canvas.viewportTransform().inverted()
        return inverse.map(QPointF(place))

    def _under(self, widget: QWidget, place: QPoint) -> QWidget | None:
        window = self.page.window()
        return window.childAt(widget.mapTo(window, place))

    def _count_key(self, name: str) -> None:
        self.effort.keys += 1
        self.effort.done.append(name)

    def _count_gesture(self, name: str) -> None:
        self.effort.gestures += 1
        self.effort.done.append(name)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.effort.seconds += time.perf_counter() - began


def _focus() -> QWidget:
    focus = QApplication.focusWidget()
    assert focus is not None
    return focus


def _panel(widget: QWidget | None) -> str:
    """The name of the card on the canvas that a widget belongs to."""
    while widget is not None and widget.property("role") != "card":
        widget = widget.parentWidget()
    return widget.accessibleName() if widget is not None else "(no name)"


def _title(widget: QWidget) -> str:
    """Its name, without what is another for each row."""
    return widget.accessibleName().split(",")[0]
