"""The hands of the tour: real key and mouse events on real widgets, waits on conditions, screenshots."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QSpinBox, QWidget

from curator.app.main_window import MainWindow
from curator.errors import CuratorError

W = TypeVar("W", bound=QWidget)

_LOOK_EVERY_MS = 20
# Long enough for what was painted late (thumbnails, curves) to be there, and for a toast to be read.
_SETTLE_MS = 350


class Hands:
    """Works a window as a person would. Raises `CuratorError` where something expected does not happen."""

    def __init__(self, window: MainWindow, out: Path) -> None:
        self.window = window
        self._out = out
        self._shots: list[str] = []

    @property
    def shots(self) -> tuple[str, ...]:
        """The screenshots taken so far, by file name."""
        return tuple(self._shots)

    def rest(self, milliseconds: int = _SETTLE_MS) -> None:
        """Lets the window work. Not QTest.qWait: that keeps Python's lock and starves the worker threads."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def until(self, what: str, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Waits until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise CuratorError(f"The tour waited {seconds:.0f} s in vain: {what}.")
            self.rest(_LOOK_EVERY_MS)

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Takes a screenshot of the window, numbered in order."""
        self.rest()
        file = f"{len(self._shots) + 1:02d}-{name}.png"
        picture = self.window.grab()
        if widget is not None:
            # A dialog is a window of its own: it is laid over the picture where it would stand.
            from PySide6.QtGui import QPainter

            painter = QPainter(picture)
            painter.setOpacity(0.55)
            painter.fillRect(self.window.rect(), Qt.GlobalColor.black)
            painter.setOpacity(1)
            place = self.window.rect().center() - widget.rect().center()
            painter.drawPixmap(place, widget.grab())
            painter.end()
        if not picture.save(str(self._out / file)):
            raise CuratorError(f"{self._out / file} could not be written: check the folder and free space.")
        self._shots.append(file)

    def key(
        self,
        widget: QWidget,
        key: Qt.Key,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Presses a key on a widget."""
        if QApplication.activeWindow() is None:
            # Offscreen nobody gives the window back what a dialog took.
            self.window.activateWindow()
            self.rest(_LOOK_EVERY_MS)
        QTest.keyClick(widget, key, modifiers)
        self.rest(_LOOK_EVERY_MS)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Clicks a widget with the left button, in its middle unless a point is given."""
        button = Qt.MouseButton.LeftButton
        QTest.mouseClick(widget, button, Qt.KeyboardModifier.NoModifier, at or widget.rect().center())
        self.rest(_LOOK_EVERY_MS)

    def drag(self, widget: QWidget, start: QPointF, end: QPointF) -> None:
        """Drags with the left button from one point of a widget to another."""
        first, last = start.toPoint(), end.toPoint()
        none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
        QTest.mouseMove(widget, first)
        QTest.mousePress(widget, left, none, first)
        for step in range(1, 9):
            QTest.mouseMove(widget, (start + (end - start) * (step / 8)).toPoint())
            self.rest(_LOOK_EVERY_MS)
        QTest.mouseRelease(widget, left, none, last)
        self.rest(_LOOK_EVERY_MS)

    def named(self, kind: type[W], name: str, within: QWidget | None = None) -> W:
        """The widget with an accessible name."""
        for widget in (within or self.window).findChildren(kind):
            if widget.accessibleName() == name:
                return widget
        raise CuratorError(f"The tour found no {kind.__name__} named {name!r}.")

    def press(self, name: str, within: QWidget | None = None) -> None:
        """Clicks the button with an accessible name."""
        self.click(self.named(QAbstractButton, name, within))

    def close_message(self) -> None:
        """Closes the message over the window, if there is one."""
        if self.window.toast.isVisible():
            self.press("Close the message", self.window.toast)

    def type_number(self, name: str, number: int, within: QWidget) -> None:
        """Types a number into the box with an accessible name."""
        box = self.named(QSpinBox, name, within)
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, str(number))
        QTest.keyClick(box, Qt.Key.Key_Tab)
        if box.value() != number:
            raise CuratorError(f"{name} shows {box.value()} after {number} was typed.")

    def dialog(self) -> QWidget:
        """The dialog that is open over the window."""
        for widget in QApplication.topLevelWidgets():
            if widget.isVisible() and widget.isWindow() and widget is not self.window and widget.isModal():
                return widget
        raise CuratorError("The tour found no dialog open.")
