"""What each page of the window offers to the shell around it."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Page(QWidget):
    """Base of Curate, Train and Review.

    `title` and `icon` are shown in the rail, `shortcut` names the key in `shortcuts` that goes there.
    """

    title: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    shortcut: ClassVar[str] = ""

    rail_text_changed = Signal(str)
    status_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAccessibleName(self.title)

    def top_bar(self) -> QWidget | None:
        """The page's own part of the top bar; made once, shown while the page is."""
        return None

    def activate(self) -> None:
        """Called each time the page comes to the front: take the focus, refresh what may be stale."""
        self.setFocus()
