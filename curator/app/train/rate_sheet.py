"""Finds a learning rate over the form: the live curve of a range test, and the rate to take from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from curator.app.jobs import Job, load
from curator.app.project_model import ProjectModel
from curator.app.train.fields import RateBox
from curator.app.train.rate_plot import RatePlot
from curator.app.train.trainer import KEPT_BYTES, beside_the_window, exported, exporting
from curator.app.widgets import Segment, label, set_role
from curator.errors import CuratorError
from curator.records import Event, Progress

if TYPE_CHECKING:
    from curator.training.config import TrainConfig
    from curator.training.events import Phase

KEY: Final = "rate"
_WAITING: Final = "The curve is drawn here as the rate grows."


class RateSheet(QDialog):
    """Begins with the first look; trains nothing that is kept. `chosen` carries phase and rate to be used."""

    chosen = Signal(str, float)

    def __init__(
        self,
        model: ProjectModel,
        config: TrainConfig,
        *,
        accept_proposals: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._config, self._accept_proposals = model, config, accept_proposals
        self._job: Job | None = None
        # Progress is thinned out and may come after the result.
        self._told = False
        self._phase: Phase = "unfrozen" if config.open_groups else "head"
        self.setWindowTitle("Find a learning rate")
        self.setAccessibleName("Find a learning rate")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(620, 500)
        self.what = Segment("What learns", (("head", "The head alone"), ("unfrozen", "Opened blocks too")))
        self.plot = RatePlot()
        self.words = label("", "dim", wrap=True)
        self.rate = RateBox()
        self.rate.setAccessibleName("Learning rate to use")
        self.rate.setFixedWidth(118)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the range test")
        self.again_button = QPushButton("Try again")
        self.close_button = QPushButton("Close")
        self.use_button = QPushButton("Use this rate")
        for button in (self.again_button, self.close_button, self.use_button):
            button.setAccessibleName(button.text())
        self._lay_out()
        self.what.chosen.connect(self._choose)
        self.plot.picked.connect(self.rate.setValue)
        self.rate.valueChanged.connect(self._rate_changed)
        self.again_button.clicked.connect(self.begin)
        self.close_button.clicked.connect(self.reject)
        self.use_button.clicked.connect(self._use)
        model.closing.connect(self.reject)
        self._show_state()

    def begin(self) -> None:
        """Runs the test anew, with what the form says and what is chosen."""
        project = self._model.project
        if project is None or self._job is not None:
            return
        self.rate.setValue(0)
        self.plot.set_steepest(None)
        self.plot.clear(_WAITING)
        self._told = False
        self._say("Writing the manifest and loading PyTorch …")
        config, phase, root = self._config, self._phase, project.root
        try:
            events = exporting(self._model, accept_proposals=self._accept_proposals)
        except CuratorError as error:
            self._fail(str(error))
            return
        self._job = self._model.jobs.start(
            "Finding a learning rate", lambda: _export_and_find(events, config, phase, root), key=KEY
        )
        self._job.event.connect(self._take)
        self._job.progress.connect(self._show_progress)
        self._job.failed.connect(self._fail)
        self._job.cancelled.connect(self._stopped)
        self._job.ended.connect(self._ended)
        self._show_state()

    def done(self, result: int) -> None:
        """Closes; a test that still runs is ended, and nothing of it is kept."""
        if self._job is not None:
            self._job.cancel()
        super().done(result)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(
            label(
                "A copy of the network learns for a moment while the rate grows from step to step. While the loss "
                "falls, a rate is good; where it jumps, it is too high. Nothing of this is kept.",
                "dim",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.addWidget(self.what)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.progress)
        column.addWidget(self.words)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.again_button)
        foot.addStretch(1)
        foot.addWidget(label("Rate", "dim"))
        foot.addWidget(self.rate)
        foot.addWidget(self.close_button)
        self.use_button.setProperty("role", "primary")
        foot.addWidget(self.use_button)
        column.addLayout(foot)

    def _show_state(self) -> None:
        runs = self._job is not None
        self.progress.setVisible(runs)
        self.what.setEnabled(not runs)
        self.what.set_value(self._phase)
        self.again_button.setVisible(not runs)
        self.close_button.setText("Cancel" if runs else "Close")
        self.close_button.setAccessibleName(self.close_button.text())
        usable = not runs and self.rate.value() > 0
        self.rate.setEnabled(not runs and bool(self.plot.points()))
        self.use_button.setEnabled(usable)
        self.use_button.setDefault(usable)

    def _say(self, words: str, role: str = "dim") -> None:
        set_role(self.words, role)
        self.words.setText(words)

    @Slot(object)
    def _choose(self, phase: Phase) -> None:
        if phase != self._phase:
            self._phase = phase
            self.begin()

    @Slot(object)
    def _take(self, event: Any) -> None:
        # Light, and loaded by now: the test's own thread has made the event.
        from curator.training import events as said

        if isinstance(event, said.RateTried):
            self.plot.add(event.rate, event.loss)
        elif isinstance(event, said.RateFound):
            self._phase, self._told = event.phase, True
            self.plot.set_steepest(event.steepest)
            self.rate.setValue(event.suggestion or 0)
            self._say(event.message, "dim" if event.suggestion else "warn")

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        self.progress.setRange(0, progress.total)
        self.progress.setValue(progress.done)
        if not self._told:
            self._say(progress.what)

    @Slot(str)
    def _fail(self, message: str) -> None:
        self.plot.clear("Nothing to show.")
        self._say(message, "bad")

    @Slot()
    def _stopped(self) -> None:
        self._say("Stopped.")

    @Slot()
    def _ended(self) -> None:
        self._job = None
        self._show_state()

    @Slot(float)
    def _rate_changed(self, rate: float) -> None:
        self.plot.set_rate(rate or None)
        self._show_state()

    @Slot()
    def _use(self) -> None:
        self.chosen.emit(self._phase, self.rate.value())
        self.accept()


def _export_and_find(
    events: Iterator[Event], config: TrainConfig, phase: Phase, root: Path
) -> Iterator[Event]:
    manifest = yield from exported(events)
    yield Progress(0, 0, "Loading PyTorch")
    range_test = load("curator.training.lr_finder").range_test
    with load("curator.training.device").memory_kept(KEPT_BYTES):
        yield from range_test(manifest, beside_the_window(config), phase=phase, root=root)
