"""The middle of Review: gallery, plots, audit or comparison, of which one is shown."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from curator.app.widgets import KeyTip, label

Pane: TypeAlias = Literal["gallery", "plots", "audit", "compare"]
PANES: Final[tuple[tuple[Pane, str], ...]] = (
    ("gallery", "Gallery"),
    ("plots", "Plots"),
    ("audit", "Audit"),
    ("compare", "Compare"),
)


class Middle(QWidget):
    """A row of tabs over what they show; a tab is there once its pane is. `turned` carries the pane's name."""

    turned = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._panes: dict[Pane, QWidget] = {}
        self._group = QButtonGroup(self)
        self.tabs: dict[Pane, QPushButton] = {}
        self.words = label("", "dim")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.stack = QStackedWidget()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 10, 0)
        row.setSpacing(12)
        for name, words in PANES:
            tab = QPushButton(words)
            tab.setProperty("role", "tab")
            tab.setCheckable(True)
            tab.setAccessibleName(words)
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            KeyTip(tab, f"{words} ([review.{name}])")
            tab.clicked.connect(lambda _=False, name=name: self.turn(name))
            # Room for the words in bold, so that nothing moves or is cut off when the tab is on.
            bold = tab.font()
            bold.setBold(True)
            tab.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(words) + 16)
            tab.hide()
            self._group.addButton(tab)
            self.tabs[name] = tab
            row.addWidget(tab)
        row.addStretch(1)
        row.addWidget(self.words)
        self._row = row
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 4, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.stack, 1)

    def put(self, pane: Pane, widget: QWidget) -> None:
        """Gives a pane its widget; the first one is shown."""
        self._panes[pane] = widget
        self.stack.addWidget(widget)
        self.tabs[pane].show()
        if len(self._panes) == 1:
            self.turn(pane)

    def put_right(self, widget: QWidget) -> None:
        """Puts a widget to the right of the tabs, whichever pane is shown."""
        self._row.addWidget(widget)

    def pane(self) -> Pane:
        """Which is shown."""
        return next(name for name, widget in self._panes.items() if widget is self.stack.currentWidget())

    @Slot(str)
    def turn(self, pane: Pane) -> None:
        """Shows a pane, if it has a widget."""
        widget = self._panes.get(pane)
        if widget is None:
            return
        self.tabs[pane].setChecked(True)
        self.stack.setCurrentWidget(widget)
        widget.setFocus()
        self.turned.emit(pane)
