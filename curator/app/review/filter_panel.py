"""The panel behind Review's funnel: class, what was said, split, decision, overlays, fold, probability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from curator.app.curate.flow import FlowLayout
from curator.app.review.items import Right, Wish
from curator.app.review.table import Table
from curator.app.widgets import Chip, PopupPanel, SectionLabel, label
from curator.app.words import count
from curator.records import DECISIONS, MASK_KINDS, SPLITS

_WIDTH: Final = 404
_HIGHEST: Final = 620
# More classes than this would be a wall of chips: then a list of the most frequent ones is shown.
_MOST_CLASSES: Final = 24
_RIGHT: Final[tuple[tuple[Right, str], ...]] = (("right", "right"), ("wrong", "wrong"))


class ReviewFilterPanel(PopupPanel):
    """`changed` carries the `Wish` that is wanted; a click beside the panel closes it."""

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("More filters", parent)
        self.setFixedWidth(_WIDTH)
        self._wish = Wish()
        self._table: Table | None = None
        self.chips: dict[tuple[str, Any], Chip] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer.addWidget(self._area, 1)
        self.of = QComboBox()
        self.of.setAccessibleName("Probability of")
        self.of.setMinimumWidth(90)
        self.of.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.of.activated.connect(self._ranged)
        self.least, self.most = self._bound("Probability from", 0.0), self._bound("Probability to", 1.0)
        self.words = label("", "dim")
        self.clear_all = QPushButton("Clear")
        self.clear_all.setAccessibleName("Clear these filters")
        self.clear_all.clicked.connect(lambda: self._want(self._wish.without_details()))
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 4, 14, 12)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.clear_all)
        outer.addLayout(foot)

    def open_below(self, button: QWidget, table: Table, wish: Wish) -> None:
        """Shows the wish below a button, with the choices that the predictions leave."""
        self._table = table
        body = self._fill(table)
        self.show_wish(wish)
        column = body.layout()
        high = column.totalHeightForWidth(_WIDTH) if column is not None else 0
        self._area.setFixedHeight(min(_HIGHEST, high))
        self.adjustSize()
        place = button.mapToGlobal(QPoint(button.width() - _WIDTH, button.height() + 4))
        self.move(max(0, place.x()), place.y())
        self.show()

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

    def _fill(self, table: Table) -> QWidget:
        self.chips = {}
        body = QWidget()
        body.setProperty("role", "scrolled")
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 14, 4)
        column.setSpacing(7)
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
        column.addWidget(SectionLabel("Probability"))
        chosen = self.of.currentData()
        self.of.clear()
        self.of.addItem("of what was said", -1)
        for number, name in enumerate(table.classes):
            self.of.addItem(f"of {name}", number)
        self.of.setCurrentIndex(max(0, self.of.findData(chosen)))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.of, 1)
        for words, box in (("from", self.least), ("to", self.most)):
            row.addWidget(label(words, "dim"))
            row.addWidget(box)
        column.addLayout(row)
        column.addStretch(1)
        # The controls of the last time are in the new body by now.
        old = self._area.takeWidget()
        self._area.setWidget(body)
        if old is not None:
            old.deleteLater()
        return body

    def _section(
        self, column: QVBoxLayout, title: str, name: str, choices: Sequence[tuple[Any, str]]
    ) -> None:
        if not choices:
            return
        column.addSpacing(2)
        column.addWidget(SectionLabel(title))
        holder = QWidget()
        flow = FlowLayout(holder, 5)
        for value, words in choices:
            chip = Chip(words)
            chip.setAccessibleName(f"{title}: {words}")
            chip.setStyleSheet("QPushButton { padding: 2px 8px; font-size: 12px; }")
            chip.clicked.connect(self._clicking(name, value))
            self.chips[name, value] = chip
            flow.addWidget(chip)
        column.addWidget(holder)

    def _clicking(self, name: str, value: Any) -> Callable[[], None]:
        def clicked() -> None:
            if name != "right":
                self._want(self._wish.toggled(name, value))
            else:
                self._want(replace(self._wish, right="all" if self._wish.right == value else value))

        return clicked

    def _bound(self, words: str, value: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(0.0, 1.0)
        box.setSingleStep(0.05)
        box.setDecimals(2)
        box.setFixedWidth(70)
        box.setValue(value)
        box.setAccessibleName(words)
        box.valueChanged.connect(self._ranged)
        return box

    def _ranged(self, _value: float) -> None:
        least, most = self.least.value(), self.most.value()
        whole = least <= 0 and most >= 1
        self._want(replace(self._wish, range=None if whole else (self.of.currentData(), least, most)))

    def _want(self, wish: Wish) -> None:
        self.show_wish(wish)
        self.changed.emit(wish)
