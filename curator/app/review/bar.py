"""Review's part of the top bar: which run, which split, only the wrong ones, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QWidget

from curator.app.review.items import ORDERS, Order
from curator.app.widgets import Chip
from curator.records import Split

if TYPE_CHECKING:
    from curator.training.runs import Run

_SPLITS: tuple[Split, ...] = ("test", "val", "train")


class ReviewBar(QWidget):
    """`run_chosen` carries a run's folder, `split_chosen` a split; `changed`: filter or order."""

    run_chosen = Signal(object)
    split_chosen = Signal(str)
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.runs = QComboBox()
        self.runs.setAccessibleName("Run")
        self.runs.setMinimumWidth(220)
        self.runs.activated.connect(self._run_activated)
        self.splits = {split: Chip(split) for split in _SPLITS}
        self._group = QButtonGroup(self)
        for split, chip in self.splits.items():
            self._group.addButton(chip)
            chip.clicked.connect(lambda _=False, split=split: self.split_chosen.emit(split))
        self.splits["test"].setChecked(True)
        self.wrong = Chip("wrong")
        self.wrong.toggled.connect(self.changed)
        self.orders = QComboBox()
        self.orders.setAccessibleName("Order")
        for order, words in ORDERS:
            self.orders.addItem(words, order)
        self.orders.activated.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.runs)
        for chip in (*self.splits.values(), self.wrong):
            row.addWidget(chip)
        row.addWidget(self.orders)
        row.addStretch(1)

    def show_runs(self, runs: Sequence[Run], chosen: Path | None) -> None:
        """Lists runs, newest first; `chosen` stays chosen if it is among them."""
        self.runs.clear()
        for run in runs:
            self.runs.addItem(f"{run.config.backbone}, {run.config.preset}, {run.name[:15]}", run.folder)
            if run.folder == chosen:
                self.runs.setCurrentIndex(self.runs.count() - 1)
        for widget in (self.runs, *self.splits.values(), self.wrong, self.orders):
            widget.setEnabled(bool(runs))

    def run_dir(self) -> Path | None:
        """The chosen run's folder."""
        data = self.runs.currentData()
        return Path(data) if data is not None else None

    def order(self) -> Order:
        """The chosen order."""
        order: Order = self.orders.currentData()
        return order

    def wrong_only(self) -> bool:
        """Whether only wrong predictions are wanted."""
        return self.wrong.isChecked()

    def set_wrong(self, count: int) -> None:
        """Shows how many predictions are wrong."""
        self.wrong.set_count(count)

    @Slot()
    def _run_activated(self) -> None:
        self.run_chosen.emit(self.run_dir())
