"""Two runs side by side: what turned right and what wrong, how the figures differ, what was mended since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from curator.app.curate.flow import FlowLayout
from curator.app.review.sources import Entry
from curator.app.widgets import Chip, KeyHint, KeyTip, SectionLabel, label, line, scrolling

if TYPE_CHECKING:
    from curator.evaluation.common_images import Pair
    from curator.evaluation.comparison import Comparison
    from curator.evaluation.intervals import Interval

Part: TypeAlias = Literal["turned_right", "turned_wrong", "both_wrong", "relabelled"]
PARTS: Final[tuple[tuple[Part, str], ...]] = (
    ("turned_right", "turned right"),
    ("turned_wrong", "turned wrong"),
    ("both_wrong", "both wrong"),
    ("relabelled", "relabelled"),
)
_FIGURES: Final = (
    ("balanced_accuracy", "Balanced accuracy"),
    ("auroc", "AUROC"),
    ("accuracy", "Accuracy"),
    ("loss", "Loss"),
)
_NAME: Final = Qt.ItemDataRole.UserRole
_LIST_ROWS: Final = 9
_ROW: Final = 26
# From here on the figures have room for their intervals beside them.
_WIDE: Final = 600


class ComparePane(QWidget):
    """`other_chosen`: another run or another way to judge is wanted; `names_chosen` carries file names and words
    for the gallery, `image_chosen` one file name, `image_pointed` one that was only marked; `again_wanted`: train
    again."""

    other_chosen = Signal()
    names_chosen = Signal(object, str)
    image_chosen = Signal(str)
    image_pointed = Signal(str)
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Comparison of two runs")
        self._comparison: Comparison | None = None
        self._part: Part = "turned_right"
        self.others = QComboBox()
        self.others.setAccessibleName("Run to compare with")
        self.others.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.others.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.others.setMaximumWidth(360)
        self.others.activated.connect(self.other_chosen)
        self.own_labels = QCheckBox("Judge relabelled images by each run's own label")
        self.own_labels.setAccessibleName("Judge relabelled images by each run's own label")
        self.own_labels.setToolTip("Else images whose label changed are left out, and listed")
        self.own_labels.clicked.connect(self.other_chosen)
        self.verdict = label("", "value", wrap=True)
        self.verdict.setAccessibleName("What came out")
        self.figures_of: dict[str, tuple[QLabel, ...]] = {}
        self._titles: dict[str, QLabel] = {}
        self.figures = self._figures()
        self.chips: dict[Part, Chip] = {}
        self.list = QListWidget()
        self.list.setAccessibleName("Images of the chosen kind")
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(self._activated)
        self.list.currentItemChanged.connect(self._pointed)
        self.gallery_button = QPushButton("Show in the gallery")
        self.gallery_button.setAccessibleName("Show these images in the gallery")
        self.gallery_button.clicked.connect(self._show_names)
        self.facts = label("", "dim", wrap=True)
        self.facts.setAccessibleName("What is compared, and what differs")
        self.caveats = label("", "small", wrap=True)
        self.mended = label("", "value", wrap=True)
        self.mended.setAccessibleName("What changed in the manifest since this run")
        self.again_button = QPushButton("Train again")
        self.again_button.setProperty("role", "primary")
        self.again_button.setAccessibleName("Train again on the mended manifest")
        KeyTip(self.again_button, "The same plan on the manifest as it is now ([review.again])")
        self.again_button.clicked.connect(self.again_wanted)
        self._lay_out()
        self.say_mended("", ready=False)
        self.show_comparison(None)

    # What is shown

    def show_others(self, entries: Sequence[Entry], chosen: Entry | None) -> None:
        """Offers what can be compared with; `chosen` is marked."""
        self.others.clear()
        for entry in entries:
            self.others.addItem(entry.words, entry)
        self.others.setCurrentIndex(list(entries).index(chosen) if chosen is not None else -1)
        self.others.setEnabled(bool(entries))
        if not entries:
            self.say("There is no other run to compare with yet: mend what is wrong, then train again.")

    def other(self) -> Entry | None:
        """What is compared with."""
        entry: Entry | None = self.others.currentData()
        return entry

    def say(self, words: str) -> None:
        """Shows words in place of a comparison."""
        self.show_comparison(None)
        self.verdict.setText(words)

    def show_comparison(self, found: Comparison | None) -> None:
        """Shows a comparison; None: there is none."""
        self._comparison = found
        self.body.setVisible(found is not None)
        if found is None:
            self.verdict.setText("")
            return
        self.verdict.setText(found.verdict())
        self._show_figures()
        self.own_labels.setVisible(bool(found.relabelled))
        for part, words in PARTS:
            number = len(getattr(found, part))
            self.chips[part].setText(f"{number} {words}")
            self.chips[part].setAccessibleName(f"{number} {words}")
            self.chips[part].setEnabled(number > 0)
        self.chips["relabelled"].setVisible(bool(found.relabelled))
        filled = [part for part, _ in PARTS if getattr(found, part)]
        self.show_part(self._part if self._part in filled else (filled or ["turned_right"])[0])
        self.facts.setText("\n".join(_facts(found)))
        self.caveats.setText(" ".join(found.caveats()))

    def _show_figures(self) -> None:
        """In a narrow window an interval stands below its figure."""
        found = self._comparison
        if found is None:
            return
        between = " " if self.width() >= _WIDE else "\n"
        self.figures.setHorizontalSpacing(16 if self.width() >= _WIDE else 8)
        for name, words in _FIGURES:
            self._titles[name].setText(words.replace(" ", between))
            values = (found.first.get(name), found.second.get(name), found.differences.get(name))
            for cell, value in zip(self.figures_of[name], values, strict=True):
                cell.setText(_spread(value, between))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_figures()

    @Slot(str)
    def show_part(self, part: Part) -> None:
        """Lists the images that turned so."""
        self._part = part
        self.chips[part].setChecked(True)
        pairs = self.pairs()
        self.list.clear()
        for pair in pairs:
            item = QListWidgetItem(_words(pair))
            item.setData(_NAME, pair.file_name)
            item.setSizeHint(QSize(0, _ROW))
            item.setToolTip(f"{pair.file_name}: Return or a double click shows it")
            self.list.addItem(item)
        if pairs:
            self.list.setCurrentRow(0)
        self.list.setVisible(bool(pairs))
        self.gallery_button.setVisible(bool(pairs))
        self.list.setFixedHeight(_ROW * min(len(pairs), _LIST_ROWS) + 2 * self.list.frameWidth() + 2)

    def pairs(self) -> tuple[Pair, ...]:
        """The images that are listed."""
        found: tuple[Pair, ...] = getattr(self._comparison, self._part) if self._comparison else ()
        return found

    def say_mended(self, words: str, *, ready: bool) -> None:
        """Says what changed since the run; `ready`: training again can be asked for."""
        self.mended.setText(words)
        self.again_button.setEnabled(ready)

    # Acting

    @Slot()
    def _show_names(self) -> None:
        words = dict(PARTS)[self._part]
        self.names_chosen.emit(frozenset(pair.file_name for pair in self.pairs()), words)

    @Slot(QListWidgetItem)
    def _activated(self, item: QListWidgetItem) -> None:
        self.image_chosen.emit(item.data(_NAME))

    @Slot(QListWidgetItem)
    def _pointed(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.image_pointed.emit(item.data(_NAME))

    # Layout

    def _figures(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(5)
        for column, words in enumerate(("", "before", "this", "difference")):
            head = label(words, "small")
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(head, 0, column)
        for row, (name, words) in enumerate(_FIGURES, start=1):
            self._titles[name] = label(words, "dim")
            grid.addWidget(self._titles[name], row, 0, Qt.AlignmentFlag.AlignTop)
            cells = []
            for column in (1, 2, 3):
                cell = label("", "value")
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setAccessibleName(f"{words}, {('before', 'this', 'difference')[column - 1]}")
                grid.addWidget(cell, row, column)
                cells.append(cell)
            self.figures_of[name] = tuple(cells)
        grid.setColumnStretch(4, 1)
        return grid

    def _lay_out(self) -> None:
        self.body = QWidget()
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(10)
        body.addLayout(self.figures)
        body.addSpacing(4)
        holder = QWidget()
        chips = FlowLayout(holder, 7)
        for part, words in PARTS:
            chip = Chip(words)
            chip.setAutoExclusive(True)
            chip.clicked.connect(lambda _=False, part=part: self.show_part(part))
            self.chips[part] = chip
            chips.addWidget(chip)
        body.addWidget(holder)
        body.addWidget(self.list)
        row = QHBoxLayout()
        row.addWidget(self.gallery_button)
        row.addStretch(1)
        body.addLayout(row)
        body.addSpacing(4)
        body.addWidget(SectionLabel("What is compared"))
        body.addWidget(self.own_labels)
        body.addWidget(self.facts)
        body.addWidget(self.caveats)

        inside = QWidget()
        inside.setProperty("role", "scrolled")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 14, 14)
        column.setSpacing(10)
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(label("Compared with", "dim"))
        top.addWidget(self.others, 9)
        top.addStretch(1)
        column.addLayout(top)
        column.addWidget(self.verdict)
        column.addWidget(self.body)
        column.addStretch(1)
        area = scrolling(inside, "Comparison")

        foot = QHBoxLayout()
        foot.setContentsMargins(0, 10, 14, 14)
        foot.setSpacing(10)
        foot.addWidget(self.mended, 1)
        foot.addWidget(KeyHint("review.again"), 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.again_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(line())
        whole.addLayout(foot)
        self.setFocusProxy(self.others)


def _words(pair: Pair) -> str:
    said = (
        f"said {pair.first.predicted} ({max(pair.first.probabilities):.2f}), "
        f"says {pair.second.predicted} ({max(pair.second.probabilities):.2f})"
    )
    is_now = f"was {pair.was}, is {pair.label}" if pair.relabelled else f"is {pair.label}"
    return f"{pair.file_name}    {is_now}, {said}"


def _facts(found: Comparison) -> list[str]:
    """What is compared, what is not, and what differs, a line each."""
    lines = [f"{len(found.common)} images common to both, in {found.groups} groups."]
    lines += [f"Not compared, {one.reason}: {len(one.names)}." for one in found.left_out]
    if found.plan:
        differs = "; ".join(f"{name} {before}, now {after}" for name, before, after in found.plan)
        lines.append(f"The plans differ: {differs}.")
    else:
        lines.append("The plans are the same.")
    if found.changes:
        lines.append(f"The manifests differ: {found.changes.words()}.")
    else:
        lines.append("The manifests are the same.")
    return lines


def _spread(interval: Interval | None, between: str) -> str:
    if interval is None:
        return "not defined"
    return f"{interval.value:.3f}{between}[{interval.low:.2f}, {interval.high:.2f}]"
