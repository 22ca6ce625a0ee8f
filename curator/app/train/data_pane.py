"""The facts of the data that would be trained on, kept up to date without holding up the window."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from curator.app.project_model import ProjectModel
from curator.app.train.balance import BalanceBars
from curator.app.train.facts import DataFacts, counted, trouble
from curator.app.widgets import FactRow, SectionLabel, label
from curator.app.words import count

# Changes come in bursts while proposals stream in; the facts follow so long after the first of them.
_DELAY_MS = 200


class DataPane(QWidget):
    """Counts in slices while the page is shown. `facts_changed` comes when a count is complete."""

    facts_changed = Signal()

    def __init__(self, model: ProjectModel) -> None:
        super().__init__()
        self.setAccessibleName("Data to train on")
        self._model = model
        self.facts = DataFacts()
        self._training = False
        self._counting: Generator[None, None, DataFacts] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(SectionLabel("Data"))
        column.addSpacing(3)
        self.kept = FactRow("Images kept")
        self.splits = FactRow("train / val / test", tip="Kept images in each split; a group never straddles")
        self.astray = FactRow(
            "Groups over splits", tip="Copies, and images of one patient, that lie in two splits: must be 0"
        )
        self.leak = FactRow(
            "… in a plain random split",
            tip="Share of test images that would have a copy in training, were all images split at random",
        )
        self.undecided = FactRow("Undecided", tip="Images that no person has decided on")
        for row in (self.kept, self.splits, self.astray, self.leak, self.undecided):
            column.addWidget(row)
        column.addSpacing(6)
        self.balance = BalanceBars()
        column.addWidget(self.balance)
        column.addSpacing(8)
        self.accept = QCheckBox()
        self.accept.setAccessibleName("Count unreviewed proposals as decided")
        self.accept.toggled.connect(self.refresh)
        column.addWidget(self.accept)
        column.addSpacing(3)
        self.accept_words = label("", "small", wrap=True)
        column.addWidget(self.accept_words)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_DELAY_MS)
        self._delay.timeout.connect(self.refresh)
        self._slice = QTimer(self)
        self._slice.setInterval(0)
        self._slice.timeout.connect(self._count_on)
        model.changed.connect(self._changed)
        self._show()

    @property
    def accept_proposals(self) -> bool:
        """Whether proposals that nobody has reviewed count."""
        return self.accept.isChecked()

    @property
    def counting(self) -> bool:
        """Whether a count is under way, or about to be."""
        return self._counting is not None or self._delay.isActive()

    def trouble(self) -> str | None:
        """Why training cannot begin."""
        return trouble(self.facts, accept_proposals=self.accept_proposals)

    def set_training(self, training: bool) -> None:
        """While a training runs, what it counts is settled."""
        self._training = training
        self._show_accept()

    @Slot()
    def refresh(self) -> None:
        """Counts anew."""
        project = self._model.project
        self._delay.stop()
        if project is None:
            self._slice.stop()
            self._counting = None
            self.facts = DataFacts()
            self._show()
            return
        self._counting = counted(
            project.states(),
            accept_proposals=self.accept_proposals,
            train_share=project.shares.train / 100,
        )
        self._slice.start()

    @Slot(object)
    def _changed(self, _change: object) -> None:
        if self.isVisible() and not self._delay.isActive():
            self._delay.start()

    @Slot()
    def _count_on(self) -> None:
        if self._counting is None:
            self._slice.stop()
            return
        try:
            next(self._counting)
        except StopIteration as done:
            self._slice.stop()
            self._counting = None
            self.facts = done.value
            self._show()
            self.facts_changed.emit()

    def _show(self) -> None:
        facts = self.facts
        self.kept.set_value(f"{facts.kept} of {facts.total}")
        if facts.kept and facts.unsplit == facts.kept:
            self.splits.set_value("drawn at the start", "dim")
        else:
            sizes = " / ".join(str(facts.split.get(name, 0)) for name in ("train", "val", "test"))
            new = f" + {facts.unsplit} new" if facts.unsplit else ""
            self.splits.set_value(sizes + new)
        self.astray.set_value(str(facts.astray), "bad" if facts.astray else "good")
        self.leak.set_value(f"{100 * facts.leak:.0f} % leak", "warn" if facts.leak > 0.005 else "good")
        self.balance.show_balance(facts.balance)
        to_do = facts.unreviewed + facts.undecided
        self.undecided.set_value(str(to_do), "warn" if to_do else "good")
        self.accept.setText(f"Count unreviewed proposals ({facts.unreviewed})")
        self.accept.setEnabled(bool(facts.unreviewed) or self.accept_proposals)
        self.accept_words.setText(
            f"{count(facts.unreviewed_kept, 'image')} would be kept that nobody has looked at."
            if facts.unreviewed_kept
            else ""
        )
        self._show_accept()

    def _show_accept(self) -> None:
        self.accept.setVisible(not self._training)
        self.accept_words.setVisible(bool(self.facts.unreviewed_kept) and not self._training)
