"""Review's part of the top bar: what is reviewed, which split, only the wrong ones, in which order, and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QSizePolicy, QWidget

from curator.app.review.items import MEASURED, ORDERS, Order, Wish
from curator.app.review.sources import Entry
from curator.app.widgets import Chip, KeyTip
from curator.records import Split

if TYPE_CHECKING:
    from curator.evaluation.results import Source

_SPLITS: Final[tuple[tuple[Split | None, str], ...]] = (
    ("test", "test"),
    ("val", "val"),
    ("train", "train"),
    (None, "all"),
)
# Pixels from which on the bar has room for every split.
_ROOMY: Final = 600
_OTHERS: Final = (
    ("manifest", "Another manifest…"),
    ("images", "New images…"),
    ("model", "Take this model away…"),
)


class ReviewBar(QWidget):
    """`source_chosen` carries an `Entry`, `other_wanted` "manifest", "images" or "model" (to be exported),
    `split_chosen` a split or None; `wish_changed` a `Wish`, `order_changed` an `Order`; `more_wanted`: the panel
    of further filters."""

    source_chosen = Signal(object)
    other_wanted = Signal(str)
    split_chosen = Signal(object)
    wish_changed = Signal(object)
    order_changed = Signal(object)
    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._wish = Wish()
        self._entries: tuple[Entry, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.sources = QComboBox()
        self.sources.setAccessibleName("What is reviewed")
        self.sources.setToolTip("A run, a cross-validation, or other images that a run predicts")
        self.sources.setMinimumWidth(120)
        self.sources.setMaximumWidth(300)
        self.sources.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.sources.activated.connect(self._source_activated)
        self.splits: dict[Split | None, Chip] = {split: Chip(words) for split, words in _SPLITS}
        self._group = QButtonGroup(self)
        for split, chip in self.splits.items():
            self._group.addButton(chip)
            chip.clicked.connect(lambda _=False, split=split: self.split_chosen.emit(split))
        self.splits["test"].setChecked(True)
        self.wrong = Chip("wrong")
        KeyTip(self.wrong, "Only the wrong ones ([review.wrong])")
        self.wrong.clicked.connect(self._wrong_clicked)
        self.orders = QComboBox()
        self.orders.setAccessibleName("Order")
        self.orders.setMinimumWidth(96)
        self.orders.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.orders.activated.connect(lambda: self.order_changed.emit(self.order()))
        self.offer_orders(())
        self.more = Chip("filter", checkable=False)
        KeyTip(self.more, "Filter by class, split, decision, overlays, probability ([review.filter])")
        self.more.clicked.connect(self.more_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(7)
        row.addWidget(self.sources, 4)
        for chip in (*self.splits.values(), self.wrong):
            row.addWidget(chip)
        row.addWidget(self.orders, 2)
        row.addWidget(self.more)
        row.addStretch(1)

    def show_sources(self, entries: Sequence[Entry], chosen: Source | None) -> None:
        """Lists what can be reviewed; `chosen` is marked, in whatever split."""
        self._entries = tuple(entries)
        self.sources.clear()
        for entry in entries:
            self.sources.addItem(entry.words, entry.source)
            self.sources.setItemData(
                self.sources.count() - 1, str(entry.source.folder), Qt.ItemDataRole.ToolTipRole
            )
        if entries:
            self.sources.insertSeparator(self.sources.count())
            for kind, words in _OTHERS:
                self.sources.addItem(words, kind)
        for widget in (self.sources, self.wrong, self.orders, self.more):
            widget.setEnabled(bool(entries))
        self.mark(chosen)

    def mark(self, source: Source | None) -> None:
        """Shows which source is reviewed, and which of its splits."""
        entry = self.entry_of(source)
        self.sources.setCurrentIndex(self._entries.index(entry) if entry is not None else -1)
        for split, chip in self.splits.items():
            chip.setEnabled(entry is not None and entry.splits)
            chip.setChecked(source is not None and source.split == split)
        self._fit()

    def entry_of(self, source: Source | None) -> Entry | None:
        """The line of a source, in whatever split."""
        if source is None:
            return None
        alike = (
            one for one in self._entries if replace(one.source, split=None) == replace(source, split=None)
        )
        return next(alike, None)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All lines, newest first."""
        return self._entries

    def offer_orders(self, measured: Sequence[Order]) -> None:
        """Offers the orders that always are, and those that were measured; the chosen one stays if it can."""
        chosen = self.order() if self.orders.count() else "loss"
        self.orders.clear()
        for order, words in ORDERS:
            if order not in MEASURED or order in measured:
                self.orders.addItem(words, order)
        self.set_order(chosen)

    def order(self) -> Order:
        """The chosen order."""
        order: Order = self.orders.currentData()
        return order

    def set_order(self, order: Order) -> None:
        """Chooses an order, the first where it is not offered."""
        self.orders.setCurrentIndex(max(0, self.orders.findData(order)))

    def show_wish(self, wish: Wish) -> None:
        """Shows a filter that was set anywhere."""
        self._wish = wish
        self.wrong.setChecked(wish.right == "wrong")
        self.more.set_count(wish.details or None)
        self.more.setAccessibleName(f"More filters: {wish.details} set" if wish.details else "More filters")

    def set_wrong(self, count: int) -> None:
        """Shows how many predictions are wrong."""
        self.wrong.set_count(count)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Shows splits where there is a choice; where the bar is narrow those that are asked for least go: they
        are in the filters as well."""
        for split, chip in self.splits.items():
            narrow = self.width() < _ROOMY and split in ("train", "val") and not chip.isChecked()
            chip.setVisible(chip.isEnabled() and not narrow)

    @Slot(bool)
    def _wrong_clicked(self, on: bool) -> None:
        self.wish_changed.emit(replace(self._wish, right="wrong" if on else "all"))

    @Slot(int)
    def _source_activated(self, index: int) -> None:
        data = self.sources.itemData(index)
        if isinstance(data, str):
            self.other_wanted.emit(data)
        elif 0 <= index < len(self._entries):
            self.source_chosen.emit(self._entries[index])
