"""The panel behind the funnel: class, reason, kind of overlay, split and confidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

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
from curator.app.image_filter import Filter, Which
from curator.app.widgets import Chip, PopupPanel, SectionLabel, label
from curator.app.words import count
from curator.project import Project
from curator.project.edits import REASON_WORDS
from curator.records import DISCARD_REASONS, MASK_KINDS, SPLITS

_WIDTH: Final = 372
_HIGHEST: Final = 620
_STATES: Final[tuple[tuple[Which, str], ...]] = (
    ("kept", "kept"),
    ("overlays", "with overlays"),
    ("on-brain", "overlay on the brain"),
    ("conflicts", "copies with different labels"),
)


class FilterPanel(PopupPanel):
    """`changed` carries the `Filter` that is wanted; a click beside the panel closes it."""

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("More filters", parent)
        self.setFixedWidth(_WIDTH)
        self._filter = Filter()
        self._count: Callable[[Filter], int] = lambda _wanted: 0
        self.chips: dict[tuple[str, str], Chip] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer.addWidget(self._area, 1)
        self.least, self.most = self._bound("At least"), self._bound("At most")
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 4, 14, 12)
        self._words = label("", "dim")
        self.clear_all = QPushButton("Clear")
        self.clear_all.setAccessibleName("Clear these filters")
        self.clear_all.clicked.connect(lambda: self._want(self._filter.without_details()))
        foot.addWidget(self._words, 1)
        foot.addWidget(self.clear_all)
        outer.addLayout(foot)

    def open_below(
        self, button: QWidget, project: Project, wanted: Filter, counts: Callable[[Filter], int]
    ) -> None:
        """Shows the filter `wanted` of a project below a button; `counts` says how many a filter lists."""
        self._count = counts
        body = self._fill(project)
        self.show_filter(wanted)
        column = body.layout()
        high = column.totalHeightForWidth(_WIDTH) if column is not None else 0
        self._area.setFixedHeight(min(_HIGHEST, high))
        self.adjustSize()
        place = button.mapToGlobal(QPoint(button.width() - _WIDTH, button.height() + 4))
        self.move(max(0, place.x()), place.y())
        self.show()

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
        self._words.setText(count(self._count(wanted), "image"))
        self.clear_all.setEnabled(bool(wanted.details))

    def _fill(self, project: Project) -> QWidget:
        counts = project.counts()
        self.chips = {}
        body = QWidget()
        body.setProperty("role", "scrolled")
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 14, 4)
        column.setSpacing(7)
        self._section(column, "Show", "which", _STATES, {})
        classes = [(name, name) for name in project.classes]
        self._section(column, "Class", "labels", classes, counts.by_label)
        reasons = [(reason, REASON_WORDS[reason]) for reason in DISCARD_REASONS]
        self._section(column, "Discarded for", "reasons", reasons, counts.by_reason)
        self._section(column, "Kind of overlay", "kinds", [(kind, kind) for kind in MASK_KINDS], {})
        if counts.by_split:
            self._section(column, "Split", "splits", [(one, one) for one in SPLITS], counts.by_split)
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
        old = self._area.takeWidget()
        if old is not None:
            old.deleteLater()
        self._area.setWidget(body)
        return body

    def _section(
        self,
        column: QVBoxLayout,
        title: str,
        name: str,
        choices: Sequence[tuple[str, str]],
        numbers: Mapping[str, int],
    ) -> None:
        column.addSpacing(2)
        column.addWidget(SectionLabel(title))
        holder = QWidget()
        flow = FlowLayout(holder, 5)
        for value, words in choices:
            chip = Chip(words, numbers.get(value))
            chip.setStyleSheet("QPushButton { padding: 2px 8px; font-size: 12px; }")
            chip.clicked.connect(lambda _on, name=name, value=value: self._clicked(name, value))
            self.chips[name, value] = chip
            flow.addWidget(chip)
        column.addWidget(holder)

    def _bound(self, words: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(0.0, 1.0)
        box.setSingleStep(0.05)
        box.setDecimals(2)
        box.setFixedWidth(84)
        box.setAccessibleName(f"{words} this sure")
        box.valueChanged.connect(self._bounded)
        return box

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
