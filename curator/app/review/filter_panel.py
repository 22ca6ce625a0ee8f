"""The panel behind Review's funnel: class, what was said, split, decision, overlays, fold, probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from curator.app.filter_popup import FilterPopup
from curator.app.review.items import Right, Wish
from curator.app.review.table import Table
from curator.app.widgets import SectionLabel, label
from curator.app.words import count
from curator.records import DECISIONS, MASK_KINDS, SPLITS

# More classes than this would be a wall of chips: then a list of the most frequent ones is shown.
_MOST_CLASSES: Final = 24
_RIGHT: Final[tuple[tuple[Right, str], ...]] = (("right", "right"), ("wrong", "wrong"))


class ReviewFilterPanel(FilterPopup):
    """`changed` carries the `Wish` that is wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wish = Wish()
        self._table: Table | None = None
        self.of = QComboBox()
        self.of.setAccessibleName("Probability of")
        self.of.setMinimumWidth(90)
        self.of.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.of.activated.connect(self._ranged)
        self.least = self.add_bound("Probability from", 0.0, 70, self._ranged)
        self.most = self.add_bound("Probability to", 1.0, 70, self._ranged)
        self.clear_all.clicked.connect(lambda: self._want(self._wish.without_details()))

    def open_below(self, button: QWidget, table: Table, wish: Wish) -> None:
        """Shows the wish below a button, with the choices that the predictions leave."""
        self._table = table
        column = self._fill(table)
        self.show_wish(wish)
        self.pop_up(button, column)

    def show_wish(self, wish: Wish) -> None:
        """Shows a filter that was set otherwise."""
        self._wish = wish
        for (name, value), chip in self.chips.items():
            chip.setChecked(wish.right == value if name == "right" else value in getattr(wish, name))
        number, least, most = wish.range or (self.of.currentData(), 0.0, 1.0)
        self.of.setCurrentIndex(max(0, self.of.findData(number)))
        for box, value in ((self.least, least), (self.most, most)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        if self._table is not None:
            self.words.setText(count(int(self._table.flags(wish).sum()), "image"))
        self.clear_all.setEnabled(bool(wish.details))

    def _fill(self, table: Table) -> QVBoxLayout:
        column = self.begin()
        classes = list(enumerate(table.classes))[:_MOST_CLASSES]
        self._section(column, "The network was", "right", _RIGHT)
        self._section(column, "Is", "labels", classes)
        self._section(column, "Said", "said", classes)
        self._section(column, "Split", "splits", [(one, one) for one in SPLITS])
        self._section(column, "Decision now", "decisions", [(one, one) for one in DECISIONS])
        self._section(column, "Overlay that was masked", "kinds", [(one, one) for one in MASK_KINDS])
        folds = sorted(set(table.results.folds.values()))
        self._section(column, "Predicted by fold", "folds", [(one, str(one)) for one in folds])
        column.addSpacing(2)
        column.addWidget(SectionLabel("Probability of"))
        chosen = self.of.currentData()
        self.of.clear()
        self.of.addItem("what was said", -1)
        for number, name in enumerate(table.classes):
            self.of.addItem(name, number)
        self.of.setCurrentIndex(max(0, self.of.findData(chosen)))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.of, 1)
        for words, box in (("from", self.least), ("to", self.most)):
            row.addWidget(label(words, "dim"))
            row.addWidget(box)
        column.addLayout(row)
        column.addStretch(1)
        return column

    def _section(
        self, column: QVBoxLayout, title: str, name: str, choices: Sequence[tuple[Any, str]]
    ) -> None:
        if choices:
            self.add_section(column, title, name, choices, self._clicked)

    def _clicked(self, name: str, value: Any) -> None:
        if name != "right":
            self._want(self._wish.toggled(name, value))
        else:
            self._want(replace(self._wish, right="all" if self._wish.right == value else value))

    def _ranged(self, _value: float) -> None:
        least, most = self.least.value(), self.most.value()
        whole = least <= 0 and most >= 1
        self._want(replace(self._wish, range=None if whole else (self.of.currentData(), least, most)))

    def _want(self, wish: Wish) -> None:
        self.show_wish(wish)
        self.changed.emit(wish)
