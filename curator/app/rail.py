"""The narrow bar on the left: the pages, the key of each and how far it is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QLabel, QPushButton, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.shortcuts import shortcuts
from curator.app.widgets import label, set_role

_WIDTH = 72
_ICON = 20


class RailButton(QPushButton):
    """Icon, name and progress text, one below the other."""

    def __init__(self, icon: str, title: str, shortcut: str) -> None:
        super().__init__()
        self._icon, self._title, self._shortcut = icon, title, shortcut
        self._progress = ""
        self.setProperty("role", "rail")
        self.setCheckable(True)
        self.setFixedWidth(_WIDTH - 1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 9, 2, 8)
        column.setSpacing(2)
        self._picture = QLabel()
        self._name = label(title, "rail-name")
        self._text = label("", "rail-text")
        for part in (self._picture, self._name, self._text):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(part)
        self.toggled.connect(self._refresh)
        theme.notifier().changed.connect(self._refresh)
        shortcuts.changed.connect(self._name_it)
        self._refresh()
        self._name_it()

    def set_text(self, text: str) -> None:
        """Shows how far the page is, shortened to fit; the whole text is in the tool tip."""
        self._progress = text
        metrics = QFontMetrics(self._text.font())
        self._text.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, _WIDTH - 4))
        self._name_it()

    def text_shown(self) -> str:
        """The progress text as shown."""
        return self._text.text()

    def _name_it(self) -> None:
        text = self._progress
        self.setAccessibleName(f"{self._title} page {text}".strip())
        tip = shortcuts.words(self._shortcut)
        self.setToolTip(f"{tip}\n{text}" if text else tip)

    def _refresh(self) -> None:
        colours = theme.current()
        on = self.isChecked()
        colour = colours.accent if on else colours.dim
        self._picture.setPixmap(theme.pixmap(self._icon, colour, _ICON, self.devicePixelRatioF()))
        set_role(self._name, "rail-name-on" if on else "rail-name")


class Rail(QWidget):
    """`chosen` carries the index of the page the user wants."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Pages")
        self.setFixedWidth(_WIDTH)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 0, 8)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.chosen)
        self.buttons: list[RailButton] = []

    def add(self, icon: str, title: str, shortcut: str) -> RailButton:
        """Adds the next page's button."""
        button = RailButton(icon, title, shortcut)
        index = len(self.buttons)
        self._group.addButton(button, index)
        self._column.insertWidget(index, button)
        self.buttons.append(button)
        return button

    def close_project(self) -> None:
        """No folder is open: there is no page to go to and nothing to tell of any."""
        self.setEnabled(False)
        self.set_current(-1)
        for button in self.buttons:
            button.set_text("")

    def set_current(self, index: int) -> None:
        """Lights the button of a page; -1 lights none."""
        self._group.setExclusive(False)
        for number, button in enumerate(self.buttons):
            button.setChecked(number == index)
        self._group.setExclusive(True)
