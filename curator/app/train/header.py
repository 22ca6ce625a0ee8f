"""What the training does now: epoch, batch, speed, time left; or how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from curator.app.widgets import label, set_role
from curator.app.words import time_left

if TYPE_CHECKING:
    from curator.training.events import BatchDone

_PARTS = 1000


class _OneLine(QLabel):
    """Shows as much of a sentence as there is room for; the whole in its tip, and to screen readers."""

    def __init__(self) -> None:
        super().__init__()
        set_role(self, "dim")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words = ""

    def say(self, words: str) -> None:
        """Shows another sentence."""
        self.words = words
        self.setAccessibleName(words)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows more of it, or less."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, self.width()))
        self.setToolTip("" if self.text() == self.words else self.words)


class RunHeader(QWidget):
    """One line above the plots."""

    review_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Training now")
        self.setFixedHeight(34)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(18)
        self._title = label("", "title")
        self._of = label("", "title-dim")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(60)
        self._bar.setMaximumWidth(240)
        self._bar.setAccessibleName("Progress of the training")
        self._batch = label("", "dim")
        self._speed = label("", "dim")
        self._left = label("", "dim")
        self._words = _OneLine()
        self.review_button = QPushButton("Review the run")
        self.review_button.setAccessibleName("Review the run")
        self.review_button.clicked.connect(self.review_wanted)
        titles = QHBoxLayout()
        titles.setSpacing(6)
        titles.addWidget(self._title)
        titles.addWidget(self._of)
        row.addLayout(titles)
        row.addWidget(self._bar, 2)
        for part in (self._batch, self._speed, self._left):
            row.addWidget(part)
        row.addWidget(self._words, 1)
        row.addWidget(self.review_button)
        self.epochs = 0
        # Which of several trainings it is, as "Fold 2 of 5"; "" for a single one.
        self.part = ""
        self.show_words("Ready to train", "")

    def text(self) -> str:
        """All that is shown, for tests and screen readers."""
        parts = [part.text() for part in (self._title, self._of, self._batch, self._speed, self._left)]
        return " ".join(words for words in (*parts, self._words.words) if words)

    def show_words(self, title: str, words: str, *, review: bool = False) -> None:
        """Shows a title and a sentence in place of figures."""
        self._title.setText(title)
        self._words.say(words)
        for part in (self._of, self._batch, self._speed, self._left):
            part.setText("")
            part.hide()
        self._bar.hide()
        self.review_button.setVisible(review)

    def show_start(self, epochs: int) -> None:
        """A run of so many epochs begins."""
        self.epochs = epochs
        self.show_words(self._epoch(1), "")
        self._of.setText(f"of {epochs}")
        self._bar.setRange(0, _PARTS)
        self._bar.setValue(0)
        for part in (self._of, self._bar, self._batch, self._speed, self._left):
            part.show()

    def show_batch(self, event: BatchDone) -> None:
        """One batch further."""
        self._title.setText(self._epoch(event.epoch))
        self._of.setText(f"of {self.epochs}")
        done = event.epoch - 1 + event.position
        self._bar.setValue(round(_PARTS * done / max(self.epochs, 1)))
        words = {"features": "working out features", "validating": "validating"}
        self._batch.setText(words.get(event.stage, f"batch {event.batch} / {event.batches}"))
        self._speed.setText(f"{event.images_per_second:.0f} images/s")
        self._left.setText(time_left(event.seconds_left))

    def _epoch(self, number: int) -> str:
        return f"{self.part}, epoch {number}" if self.part else f"Epoch {number}"

    def show_paused(self, paused: bool) -> None:
        """Says that it waits."""
        self._words.say("paused" if paused else "")
