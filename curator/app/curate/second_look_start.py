"""The first page of the second look: what it is, how many images, and those that were done earlier."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSpinBox, QVBoxLayout, QWidget

from curator.app.widgets import SectionLabel, label, line
from curator.app.words import count

if TYPE_CHECKING:
    from curator.workflow.second_look import SecondLook

_COLUMN: Final = 680
_LEAST_SHARE: Final = 5
_MOST_SHARE: Final = 50
_EXPLAINED: Final = (
    "Some of the images that are decided come up once more, drawn at random and without what was decided "
    "then. How far the two rounds agree says how well your decisions can be repeated: report it with the data."
)
_LEFT_OUT: Final = (
    "The decisions that you have are not changed by it. Images discarded as copies are not drawn, as one image "
    "by itself does not show that it is a copy."
)
_NOTHING: Final = "No image is decided yet. Decide some in Curate first: there is nothing to look at twice."


class StartPane(QWidget):
    """`begun` carries the share of images, 0..1; `shown` an earlier second look."""

    begun = Signal(float)
    gone_on = Signal()
    ended = Signal()
    shown = Signal(object)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._population = 0
        column = pane_column(self)
        column.addSpacing(18)
        column.addWidget(label("Second look", "title"))
        column.addWidget(label(_EXPLAINED, wrap=True))
        column.addWidget(label(_LEFT_OUT, "dim", wrap=True))
        column.addSpacing(8)
        column.addWidget(self._make_new())
        column.addWidget(self._make_open())
        self.nothing = label(_NOTHING, "warn", wrap=True)
        column.addWidget(self.nothing)
        self.trouble = label("", "bad", wrap=True)
        column.addWidget(self.trouble)
        column.addSpacing(22)
        self._heading = SectionLabel("Earlier")
        column.addWidget(self._heading)
        self._earlier = QWidget()
        self._rows = QVBoxLayout(self._earlier)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        column.addWidget(self._earlier)
        column.addStretch(1)
        self.close_button = pane_button("Close", self.closed.emit)
        column.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        column.addSpacing(14)
        self.earlier: list[QPushButton] = []
        self.say("")

    def show_looks(
        self, population: int, earlier: Sequence[SecondLook], unfinished: tuple[int, int] | None
    ) -> None:
        """Shows what can be done; `unfinished` is how many of how many images were looked at already."""
        self._population = population
        self._new.setVisible(unfinished is None)
        self._open.setVisible(unfinished is not None)
        self.nothing.setVisible(unfinished is None and population == 0)
        self.begin.setEnabled(population > 0)
        self.share.setEnabled(population > 0)
        self.number.setVisible(population > 0)
        self._say_share()
        if unfinished is not None:
            done, total = unfinished
            rename(self.go_on, f"Go on ({done} of {total})")
            rename(self.end, f"Finish with {count(done, 'image')}" if done else "Drop it and draw anew")
        self._show_earlier([look for look in earlier if look.results is not None])
        first = self.begin if unfinished is None else self.go_on
        first.setDefault(True)
        first.setFocus()

    def say(self, trouble: str) -> None:
        """Shows what went wrong, or nothing."""
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))

    def _make_new(self) -> QWidget:
        self._new = QWidget()
        row = _row(self._new)
        row.addWidget(label("Look again at"))
        self.share = QSpinBox()
        self.share.setRange(_LEAST_SHARE, _MOST_SHARE)
        self.share.setValue(10)
        self.share.setSuffix(" %")
        self.share.setAccessibleName("Share of decided images to look at again")
        self.share.valueChanged.connect(self._say_share)
        row.addWidget(self.share)
        self.number = label("", "dim")
        row.addWidget(self.number)
        row.addStretch(1)
        self.begin = pane_button("Begin", lambda: self.begun.emit(self.share.value() / 100), primary=True)
        row.addWidget(self.begin)
        return self._new

    def _make_open(self) -> QWidget:
        self._open = QWidget()
        row = _row(self._open)
        row.addWidget(label("One is not finished."), 1)
        self.end = pane_button("Finish", self.ended.emit)
        self.go_on = pane_button("Go on", self.gone_on.emit, primary=True)
        row.addWidget(self.end)
        row.addWidget(self.go_on)
        return self._open

    @Slot()
    def _say_share(self) -> None:
        from curator.workflow.second_look import sample_size

        size = sample_size(self._population, self.share.value() / 100)
        self.number.setText(f"= {size} of {count(self._population, 'decided image')}")

    def _show_earlier(self, earlier: Sequence[SecondLook]) -> None:
        self._heading.setVisible(bool(earlier))
        for old in self._earlier.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            self._rows.removeWidget(old)
            old.deleteLater()
        self.earlier = []
        for look in reversed(earlier):
            button = QPushButton()
            button.setProperty("role", "row")
            words = _earlier_words(look)
            button.setAccessibleName("Show the second look of " + ", ".join(words))
            button.clicked.connect(lambda _on=False, look=look: self.shown.emit(look))
            cells = QHBoxLayout(button)
            cells.setContentsMargins(8, 0, 8, 0)
            for number, text in enumerate(words):
                cell = label(text, "value" if number == 0 else "dim")
                cell.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                cells.addWidget(cell, 4 if number == 0 else 3)
            more = label("Show ›", "dim")
            more.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            cells.addWidget(more)
            self.earlier.append(button)
            self._rows.addWidget(button)
            self._rows.addWidget(line())


def pane_column(pane: QWidget, *, wide: bool = False) -> QVBoxLayout:
    """A column in the middle of a pane."""
    pane.setProperty("role", "page")
    pane.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    outer = QHBoxLayout(pane)
    outer.setContentsMargins(32, 0, 32, 0)
    body = QWidget()
    body.setMaximumWidth(1000 if wide else _COLUMN)
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    outer.addStretch(1)
    outer.addWidget(body, 100)
    outer.addStretch(1)
    return column


def pane_button(words: str, slot: Callable[[], object], *, primary: bool = False) -> QPushButton:
    """A button that calls `slot`."""
    button = QPushButton(words)
    button.setAccessibleName(words)
    if primary:
        button.setProperty("role", "primary")
    button.clicked.connect(lambda _on=False: slot())
    return button


def rename(button: QPushButton, words: str) -> None:
    """Changes what a button says, to a screen reader too."""
    button.setText(words)
    button.setAccessibleName(words)


def _row(holder: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    return row


def _earlier_words(look: SecondLook) -> list[str]:
    results = look.results
    assert results is not None
    at = time.strftime("%d %b %Y, %H:%M", time.localtime(look.finished or look.began))
    kappa = "kappa undefined" if results.kappa is None else f"kappa {results.kappa:.2f}"
    iou = "no crops" if results.mean_iou is None else f"IoU {results.mean_iou:.2f}"
    return [at, count(results.reviewed, "image"), f"{100 * (results.observed or 0):.0f} % alike", kappa, iou]
