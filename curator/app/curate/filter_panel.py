"""The panel behind the funnel: class, reason, kind of overlay, split and confidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from curator.app.filter_popup import FilterPopup
from curator.app.image_filter import Filter, Which
from curator.app.widgets import SectionLabel, label
from curator.app.words import count
from curator.project import Project
from curator.project.edits import REASON_WORDS
from curator.records import DISCARD_REASONS, MASK_KINDS, SPLITS

_STATES: Final[tuple[tuple[Which, str], ...]] = (
    ("kept", "kept"),
    ("overlays", "with overlays"),
    ("on-brain", "overlay on the brain"),
    ("conflicts", "copies with different labels"),
)


class FilterPanel(FilterPopup):
    """`changed` carries the `Filter` that is wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._filter = Filter()
        self._count: Callable[[Filter], int] = lambda _wanted: 0
        self.least = self.add_bound("At least this sure", 0.0, 84, self._bounded)
        self.most = self.add_bound("At most this sure", 0.0, 84, self._bounded)
        self.clear_all.clicked.connect(lambda: self._want(self._filter.without_details()))

    def open_below(
        self, button: QWidget, project: Project, wanted: Filter, counts: Callable[[Filter], int]
    ) -> None:
        """Shows the filter `wanted` of a project below a button; `counts` says how many a filter lists."""
        self._count = counts
        column = self._fill(project)
        self.show_filter(wanted)
        self.pop_up(button, column)

    def show_filter(self, wanted: Filter) -> None:
        """Shows a filter that was set otherwise."""
        self._filter = wanted
        for (name, value), chip in self.chips.items():
            chip.setChecked(wanted.which == value if name == "which" else value in getattr(wanted, name))
        for box, bound, default in (
            (self.least, wanted.least_confidence, 0.0),
            (self.most, wanted.most_confidence, 1.0),
        ):
            box.blockSignals(True)
            box.setValue(default if bound is None else bound)
            box.blockSignals(False)
        self.words.setText(count(self._count(wanted), "image"))
        self.clear_all.setEnabled(bool(wanted.details))

    def _fill(self, project: Project) -> QVBoxLayout:
        counts = project.counts()
        column = self.begin()
        add = self.add_section
        add(column, "Show", "which", _STATES, self._clicked)
        classes = [(name, name) for name in project.classes]
        add(column, "Class", "labels", classes, self._clicked, counts.by_label)
        reasons = [(reason, REASON_WORDS[reason]) for reason in DISCARD_REASONS]
        add(column, "Discarded for", "reasons", reasons, self._clicked, counts.by_reason)
        add(column, "Kind of overlay", "kinds", [(kind, kind) for kind in MASK_KINDS], self._clicked)
        if counts.by_split:
            splits = [(one, one) for one in SPLITS]
            add(column, "Split", "splits", splits, self._clicked, counts.by_split)
        column.addSpacing(2)
        column.addWidget(SectionLabel("Confidence of the proposal"))
        row = QHBoxLayout()
        row.setSpacing(8)
        for words, box in (("from", self.least), ("to", self.most)):
            row.addWidget(label(words, "dim"))
            row.addWidget(box)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        return column

    def _clicked(self, name: str, value: str) -> None:
        if name != "which":
            self._want(self._filter.toggled(name, value))
            return
        which: Which = next((one for one, _ in _STATES if one == value), "all")
        wanted: Which = "all" if self._filter.which == which else which
        self._want(replace(self._filter, which=wanted))

    def _bounded(self, _value: float) -> None:
        least, most = self.least.value(), self.most.value()
        self._want(
            replace(
                self._filter,
                least_confidence=least if least > 0 else None,
                most_confidence=most if most < 1 else None,
            )
        )

    def _want(self, wanted: Filter) -> None:
        self.show_filter(wanted)
        self.changed.emit(wanted)
