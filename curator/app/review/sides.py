"""The frames of Review's two sides."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from curator.app.widgets import scrolling

_LEFT: Final = 300
_RIGHT: Final = 280


def left_side(inside: QWidget, name: str) -> QWidget:
    """A side that scrolls where it is too long."""
    side = _side("side-left", _LEFT)
    inside.setProperty("role", "scrolled")
    _fill(side, scrolling(inside, name))
    return side


def right_side(inside: QWidget) -> QWidget:
    """A side that is as high as the page."""
    side = _side("side-right", _RIGHT)
    _fill(side, inside)
    return side


def _side(role: str, width: int) -> QWidget:
    side = QWidget()
    side.setProperty("role", role)
    side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    side.setFixedWidth(width)
    return side


def _fill(side: QWidget, inside: QWidget) -> None:
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(inside)
