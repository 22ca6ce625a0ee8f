"""Curate's part of the top bar: search, chips that filter, more filters, the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from curator.app import theme
from curator.app.curate.filter_panel import FilterPanel
from curator.app.curate.text_field import TextField
from curator.app.image_filter import Filter, Order, Which
from curator.app.widgets import Chip, KeyTip
from curator.project import Counts, Project

_CHIPS: Final[tuple[tuple[Which, str], ...]] = (
    ("all", "all"),
    ("to-do", "to do"),
    ("unsure", "unsure"),
    ("copies", "copies"),
    ("discarded", "discarded"),
)
_ORDERS: Final[tuple[tuple[Order, str, str], ...]] = (
    ("name", "by name", "By name"),
    ("unsure-first", "unsure first", "The least sure proposals first"),
    ("size", "small first", "The smallest images first"),
    ("likeness", "alike first", "The most like this image first"),
)
_TYPING_MS: Final = 120
_GAP: Final = 7
# Chips that go first where the bar is narrow; a second click on a chip that is on means "all" anyway.
_FIRST_TO_GO: Final[tuple[Which, ...]] = ("all", "discarded", "copies", "unsure")


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
    """`changed` carries a `Filter`, `order_changed` an `Order`; `left` gives the focus back to the page.

    `more_wanted` asks the page to open the panel of further filters, which needs the project.
    """

    changed = Signal(object)
    order_changed = Signal(object)
    more_wanted = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Filter")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        self.search = SearchField()
        self.search.setPlaceholderText("Search…")
        self.search.setAccessibleName("Filter by name or note")
        KeyTip(self.search, "Filter by name or note ([curate.search])")
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
        self._filter = Filter()
        self._order_words = ""
        self.chips: dict[Which, Chip] = {}
        for which, words in _CHIPS:
            chip = Chip(words)
            chip.clicked.connect(lambda _on, which=which: self._chip_clicked(which))
            self.chips[which] = chip
            row.addWidget(chip)
        row.addSpacing(6)
        self.more = self._chip_button("filter", "More filters: class, reason, kind of overlay, confidence")
        self.more.clicked.connect(self.more_wanted)
        row.addWidget(self.more)
        self.order = self._chip_button("sort", "Order of the images")
        self.order.setMenu(self._order_menu())
        row.addWidget(self.order)
        row.addStretch(1)
        self.panel = FilterPanel(self)
        self.panel.changed.connect(self._panel_changed)
        self.show_filter(Filter(), "name")

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
        return replace(self._filter, text=self.search.text().strip())

    def show_filter(self, wanted: Filter, order: Order) -> None:
        """Shows a filter that was set otherwise, without a signal."""
        self._filter = wanted
        if wanted.text != self.search.text().strip():
            self.search.blockSignals(True)
            self.search.setText(wanted.text)
            self.search.blockSignals(False)
        self.show_order(order)
        self._press()

    def show_order(self, order: Order) -> None:
        """Shows an order that was set otherwise."""
        words = {one: short for one, short, _ in _ORDERS}[order]
        self._order_words = words
        self.order.setAccessibleName(f"Order: {words}")
        self.order.setChecked(order != "name")
        self.orders[order].setChecked(True)

    def clear(self) -> None:
        """Lists everything again."""
        self._filter = Filter()
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self._press()
        self._emit()

    def open_panel(self, project: Project, counts: Callable[[Filter], int]) -> None:
        """Opens the further filters below their button."""
        self.panel.open_below(self.more, project, self.filter(), counts)
        self._press()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _chip_button(self, icon: str, words: str) -> QPushButton:
        button = QPushButton()
        button.setProperty("role", "chip")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(words)
        button.setAccessibleName(words)
        theme.set_icon(button, icon, "dim")
        return button

    def _order_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName("Order of the images")
        group = QActionGroup(self)
        self.orders: dict[Order, QAction] = {}
        for order, _, words in _ORDERS:
            action = menu.addAction(words)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _on, order=order: self._order_chosen(order))
            self.orders[order] = action
        return menu

    def _make_room(self) -> None:
        """Drops what does not fit, the order's words first; the chip that is on always stays."""
        wide = {which: chip.sizeHint().width() + _GAP for which, chip in self.chips.items()}
        self.order.setText(self._order_words)
        free = self.width() - self.search.minimumWidth() - self.more.sizeHint().width() - 4 * _GAP - 12
        dropped: set[Which] = set()

        def fits() -> bool:
            needed = sum(width for one, width in wide.items() if one not in dropped)
            return needed + self.order.sizeHint().width() <= free

        if not fits():
            self.order.setText("")
        for which in _FIRST_TO_GO:
            if not fits() and which != self._filter.which:
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
        self._filter = replace(self._filter, which="all" if which == self._filter.which else which)
        self._press()
        self._emit()

    def _panel_changed(self, wanted: Filter) -> None:
        self._filter = wanted
        self._press()
        self._emit()

    def _order_chosen(self, order: Order) -> None:
        self.show_order(order)
        self.order_changed.emit(order)

    def _press(self) -> None:
        for which, chip in self.chips.items():
            chip.setChecked(which == self._filter.which)
        number = self._filter.details + (self._filter.which not in self.chips)
        self.more.setText(str(number) if number else "")
        self.more.setChecked(bool(number))
        self._make_room()

    def _emit(self) -> None:
        self._typing.stop()
        self.changed.emit(self.filter())
