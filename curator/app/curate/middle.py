"""What takes the middle of the page: one image, the grid, or the contact sheet."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

View: TypeAlias = Literal["image", "grid", "sheet"]
_VIEWS: Final[tuple[View, ...]] = ("image", "grid", "sheet")


class Middle(QStackedWidget):
    """Shows one of three; `view_changed` says that it is another one now."""

    view_changed = Signal()

    def __init__(self, image: QWidget, grid: QWidget, sheet: QWidget) -> None:
        super().__init__()
        for widget in (image, grid, sheet):
            self.addWidget(widget)

    @property
    def view(self) -> View:
        """What is shown."""
        return _VIEWS[self.currentIndex()]

    def show_view(self, view: View) -> None:
        """Shows another one."""
        if view != self.view:
            self.setCurrentIndex(_VIEWS.index(view))
            self.view_changed.emit()
