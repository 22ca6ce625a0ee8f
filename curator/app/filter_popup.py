"""The card behind a funnel: sections of chips and bounds, how many images they list, and a button to clear them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from curator.app.curate.flow import FlowLayout
from curator.app.widgets import Chip, PopupPanel, SectionLabel, label

_WIDTH: Final = 404
_HIGHEST: Final = 620


class FilterPopup(PopupPanel):
    """`changed` carries the filter that is wanted; a click beside the panel closes it. What is in it, and which
    filter that is, is for the heir to say."""

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("More filters", parent)
        self.setFixedWidth(_WIDTH)
        self.chips: dict[tuple[str, Any], Chip] = {}
        self.words = label("", "dim")
        self.clear_all = QPushButton("Clear")
        self.clear_all.setAccessibleName("Clear these filters")
        self._body = QWidget()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 4, 14, 12)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.clear_all)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._area, 1)
        outer.addLayout(foot)

    def begin(self) -> QVBoxLayout:
        """The column of a new body without any chip; `pop_up` shows it."""
        self.chips = {}
        self._body = QWidget()
        self._body.setProperty("role", "scrolled")
        column = QVBoxLayout(self._body)
        column.setContentsMargins(16, 12, 14, 4)
        column.setSpacing(7)
        return column

    def pop_up(self, button: QWidget, column: QVBoxLayout) -> None:
        """Shows the body with the column that `begin` gave below a button."""
        # Controls that stay from time to time are in the new body by now.
        old = self._area.takeWidget()
        if old is not None:
            old.deleteLater()
        self._area.setWidget(self._body)
        self._area.setFixedHeight(min(_HIGHEST, column.totalHeightForWidth(_WIDTH)))
        self.adjustSize()
        place = button.mapToGlobal(QPoint(button.width() - _WIDTH, button.height() + 4))
        self.move(max(0, place.x()), place.y())
        self.show()

    def add_section(
        self,
        column: QVBoxLayout,
        title: str,
        name: str,
        choices: Sequence[tuple[Any, str]],
        clicked: Callable[[str, Any], None],
        numbers: Mapping[Any, int] | None = None,
    ) -> None:
        """Adds a chip for each choice, (value, words), with its number where there is one; `clicked` is told the
        section's name and the value."""
        column.addSpacing(2)
        column.addWidget(SectionLabel(title))
        holder = QWidget()
        flow = FlowLayout(holder, 5)
        for value, words in choices:
            chip = Chip(words, numbers.get(value) if numbers is not None else None)
            # The words alone occur in several sections.
            chip.setAccessibleName(f"{title}: {chip.text()}")
            chip.setStyleSheet("QPushButton { padding: 2px 8px; font-size: 12px; }")
            chip.clicked.connect(lambda _on, value=value: clicked(name, value))
            self.chips[name, value] = chip
            flow.addWidget(chip)
        column.addWidget(holder)

    def add_bound(
        self, words: str, value: float, width: int, changed: Callable[[float], None]
    ) -> QDoubleSpinBox:
        """A box for a number from 0 to 1, `width` pixels wide, of the accessible name `words`; in no layout yet."""
        box = QDoubleSpinBox(self)
        box.setRange(0.0, 1.0)
        box.setSingleStep(0.05)
        box.setDecimals(2)
        box.setFixedWidth(width)
        box.setValue(value)
        box.setAccessibleName(words)
        box.valueChanged.connect(changed)
        return box
