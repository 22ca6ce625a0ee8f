"""Curate's part of the top bar: search, chips that filter, the order."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from curator.app.curate.text_field import TextField
from curator.app.image_filter import Filter, Order, Which
from curator.app.widgets import Chip
from curator.project import Counts

_CHIPS: Final[tuple[tuple[Which, str], ...]] = (
    ("all", "all"),
    ("to-do", "to do"),
    ("unsure", "unsure"),
    ("copies", "copies"),
    ("discarded", "discarded"),
)
_TYPING_MS: Final = 120
_GAP: Final = 7
# Chips that go first where the bar is narrow; a second click on a chip that is on means "all" anyway.
_FIRST_TO_GO: Final[tuple[Which, ...]] = ("all", "discarded", "copies")


class SearchField(TextField):
    """Esc empties it; Esc, Enter and down hand the keys back to the page."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc and down are no letters."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FilterBar(QWidget):
    """`changed` carries a `Filter`, `order_changed` an `Order`; `left` gives the focus back to the page."""

    changed = Signal(object)
    order_changed = Signal(object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Filter")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        self.search = SearchField()
        self.search.setPlaceholderText("Filter by name, note…")
        self.search.setAccessibleName("Filter by name or note")
        self.search.setToolTip("Filter by name or note (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(90)
        self.search.setMaximumWidth(240)
        self.search.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self._emit)
        self.search.textChanged.connect(self._typed)
        self.search.left.connect(self._leave)
        row.addWidget(self.search, 1)
        row.addSpacing(6)
        self._which: Which = "all"
        self.chips: dict[Which, Chip] = {}
        for which, words in _CHIPS:
            chip = Chip(words)
            chip.clicked.connect(lambda _on, which=which: self._chip_clicked(which))
            self.chips[which] = chip
            row.addWidget(chip)
        row.addSpacing(6)
        self.unsure_first = Chip("unsure first")
        self.unsure_first.setToolTip("Order: the least sure proposals first, else by name")
        self.unsure_first.clicked.connect(
            lambda on: self.order_changed.emit("unsure-first" if on else "name")
        )
        row.addWidget(self.unsure_first)
        row.addStretch(1)
        self._press()

    def show_counts(self, counts: Counts, discarded: int) -> None:
        """Shows how many images each chip lists."""
        numbers: dict[Which, int] = {
            "all": counts.total,
            "to-do": counts.undecided,
            "unsure": counts.unsure,
            "copies": counts.copies,
            "discarded": discarded,
        }
        for which, chip in self.chips.items():
            chip.set_count(numbers[which])
        self._make_room()

    def filter(self) -> Filter:
        """What is asked for."""
        return Filter(self._which, self.search.text().strip())

    def show_filter(self, wanted: Filter, order: Order) -> None:
        """Shows a filter that was set otherwise, without a signal."""
        self._which = wanted.which
        self.search.blockSignals(True)
        self.search.setText(wanted.text)
        self.search.blockSignals(False)
        self.unsure_first.setChecked(order == "unsure-first")
        self._press()

    def clear(self) -> None:
        """Lists everything again."""
        self.show_filter(Filter(), "unsure-first" if self.unsure_first.isChecked() else "name")
        self._emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Drops chips that do not fit; the one that is on always stays."""
        wide = {which: chip.sizeHint().width() + _GAP for which, chip in self.chips.items()}
        free = self.width() - self.search.minimumWidth() - self.unsure_first.sizeHint().width() - 40
        dropped: set[Which] = set()
        for which in _FIRST_TO_GO:
            if sum(width for one, width in wide.items() if one not in dropped) <= free:
                break
            if which != self._which:
                dropped.add(which)
        for which, chip in self.chips.items():
            chip.setVisible(which not in dropped)

    def _typed(self) -> None:
        self._typing.start()

    def _leave(self) -> None:
        if self._typing.isActive():
            self._emit()
        self.left.emit()

    def _chip_clicked(self, which: Which) -> None:
        self._which = "all" if which == self._which else which
        self._press()
        self._emit()

    def _press(self) -> None:
        for which, chip in self.chips.items():
            chip.setChecked(which == self._which)

    def _emit(self) -> None:
        self._typing.stop()
        self.changed.emit(self.filter())
