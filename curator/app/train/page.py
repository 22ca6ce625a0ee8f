"""The page Train: what is trained on and how on the left, curves and runs on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.shortcuts import bind
from curator.app.train.controls import Controls
from curator.app.train.crossval_bar import Comparison
from curator.app.train.crossval_runner import Validations
from curator.app.train.curve_panel import CurvePanel
from curator.app.train.curves import Curves
from curator.app.train.data_pane import DataPane
from curator.app.train.form import TrainForm
from curator.app.train.header import RunHeader
from curator.app.train.memory import MemoryWatch
from curator.app.train.run_index import CurvesRead
from curator.app.train.run_table import RunRow
from curator.app.train.runs_pane import RunsPane
from curator.app.train.trainer import Trainer
from curator.app.train.weights import WeightsWatch
from curator.app.words import count, duration
from curator.errors import CuratorError
from curator.records import Warned

_LEFT_WIDTH = 312
# Heading, the table's header and four runs, or one in a page lower than `_LOW`.
_RUNS_HEIGHT = 188
_RUNS_HEIGHT_LOW = 112
_LOW = 700


class TrainPage(Page):
    """`review_requested` carries the folder of the run to be reviewed."""

    title = "Train"
    icon = "chart"
    shortcut = "page.train"

    review_requested = Signal(object)

    def __init__(self, model: ProjectModel) -> None:
        super().__init__()
        self.model = model
        self.trainer = Trainer(model, self)
        self.memory = MemoryWatch(self)
        self.data = DataPane(model)
        self.form = TrainForm()
        self.controls = Controls()
        self.header = RunHeader()
        self.panel = CurvePanel(self.memory)
        self.runs = RunsPane(model, self.panel)
        self.weights = WeightsWatch(model.jobs, self.form)
        self.validations = Validations(model, self.trainer, self)
        self._curves = Curves()
        self._failure = ""
        self._best: int | None = None
        self._seconds = 0.0
        self._lay_out()
        self._connect()
        self._show_state()

    def activate(self) -> None:
        """Counts the data and reads the runs anew."""
        super().activate()
        self.data.refresh()
        self.runs.refresh()
        self.weights.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves the plots their room in a low window: the table of runs scrolls."""
        super().resizeEvent(event)
        self.runs.setFixedHeight(_RUNS_HEIGHT if self.height() >= _LOW else _RUNS_HEIGHT_LOW)

    @Slot()
    def start(self) -> None:
        """Begins a training with what the form says."""
        if self.trainer.job is not None or self._trouble() is not None:
            return
        try:
            self.trainer.start(self.form.config(), accept_proposals=self.data.accept_proposals)
        except CuratorError as error:
            messages.show(str(error), "error")

    @Slot()
    def toggle_pause(self) -> None:
        """Pauses the training, or goes on with it."""
        self.trainer.toggle_pause()

    @Slot()
    def stop(self) -> None:
        """Stops the training; its checkpoint is kept."""
        self.trainer.stop()
        self._show_state()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left())
        right = QVBoxLayout()
        right.setContentsMargins(14, 10, 14, 12)
        right.setSpacing(10)
        right.addWidget(self.header)
        right.addWidget(self.validations.stacked(self.panel), 1)
        right.addWidget(self.runs)
        row.addLayout(right, 1)

    def _left(self) -> QWidget:
        side = QWidget()
        side.setProperty("role", "side-left")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setFixedWidth(_LEFT_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(16, 14, 16, 14)
        inside.setSpacing(14)
        inside.addWidget(self.data)
        inside.addWidget(self.form)
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName("Training options")
        area.setWidget(holder)
        column.addWidget(area, 1)
        column.addWidget(self.controls)
        column.addWidget(self.validations.bar)
        return side

    def _connect(self) -> None:
        self.controls.train_wanted.connect(self.start)
        self.controls.pause_wanted.connect(self.toggle_pause)
        self.controls.stop_wanted.connect(self.stop)
        bind(self, "train.start", self.start)
        bind(self, "train.pause", self.toggle_pause)
        bind(self, "train.stop", self.stop)
        self.data.facts_changed.connect(self._show_state)
        self.model.opened.connect(self._opened)
        self.model.closing.connect(self._closing)
        self.trainer.began.connect(self._began)
        self.trainer.event.connect(self._take)
        self.trainer.paused.connect(self._paused)
        self.trainer.failed.connect(self._failed)
        self.trainer.ended.connect(self._ended)
        self.runs.resume_wanted.connect(self._resume)
        self.runs.review_wanted.connect(self.review_requested)
        self.runs.changed.connect(self._show_rail)
        self.runs.newest_read.connect(self._show_newest)
        self.header.review_wanted.connect(self._review)
        self.validations.bar.wanted.connect(self._compare)
        self.validations.part_began.connect(self._part_began)
        self.validations.changed.connect(self.runs.refresh)
        self.runs.result_wanted.connect(self.validations.open)

    def _trouble(self) -> str | None:
        return "Open a folder first." if self.model.project is None else self.data.trouble()

    @Slot()
    def _show_state(self) -> None:
        job = self.trainer.job
        if job is None:
            self.controls.show_idle(self._trouble())
        else:
            self.controls.show_running(paused=job.paused, ending=job.cancelling)
        self.validations.bar.set_ready(self._trouble() is None, running=job is not None)
        self.form.setEnabled(job is None)
        self.data.accept.setVisible(job is None)
        self._show_rail()

    @Slot()
    def _show_rail(self) -> None:
        if self.trainer.job is not None:
            done = len(self._curves.epoch)
            total = self._curves.epochs
            epoch = f"epoch {min(done + 1, total)}/{total}" if total else "starting"
            self.rail_text_changed.emit(self.validations.rail_text() or epoch)
        else:
            runs = len(self.runs.rows())
            self.rail_text_changed.emit(count(runs, "run") if runs else "")

    @Slot()
    def _opened(self) -> None:
        self._curves = Curves()
        self.trainer.run_dir = None
        self.memory.clear()
        self.panel.show_curves(self._curves)
        self.header.show_words("Ready to train", "")
        if self.isVisible():
            self.activate()

    @Slot()
    def _closing(self) -> None:
        self.memory.stop()
        self.runs.clear()

    @Slot(object)
    def _began(self, _config: object) -> None:
        self._failure, self._best, self.header.part = "", None, ""
        self._curves = Curves()
        self.memory.clear()
        self.panel.show_curves(self._curves)
        self.header.show_words("Starting", "Writing the manifest and loading PyTorch …")
        self.status_changed.emit("")
        if self.trainer.run_dir is not None:
            self.runs.set_running(self.trainer.run_dir)
        self._show_state()

    @Slot(object)
    def _take(self, event: Any) -> None:
        # Loaded by now: the training's own thread has made the event.
        from curator.training import events as said

        if isinstance(event, said.BatchDone):
            self._curves.add_batch(event)
            self.header.show_batch(event)
            self.panel.touch()
        elif isinstance(event, said.EpochDone):
            self._curves.add_epoch(event.metrics)
            self.panel.touch()
            if not self.validations.active:
                self.runs.show_epoch(event.metrics, self._curves.epochs)
            self._show_rail()
        elif isinstance(event, said.Started):
            self._started(event)
        elif isinstance(event, said.PhaseChanged):
            self._curves.add_phase(event.epoch, event.name)
            self.panel.touch()
        elif isinstance(event, said.CheckpointSaved):
            what = "best checkpoint" if event.best else "checkpoint"
            self.status_changed.emit(f"{what} of epoch {event.epoch} saved")
        elif isinstance(event, said.Finished):
            self._best, self._seconds = event.best_epoch, event.seconds
        elif isinstance(event, CurvesRead):
            self._curves = event.curves
            self.panel.show_curves(self._curves)
        elif isinstance(event, Warned):
            messages.show(event.message, "warning")

    def _started(self, event: Any) -> None:
        self._curves.epochs = event.epochs
        self.panel.show_curves(self._curves)
        self.header.show_start(event.epochs)
        self.memory.start(event.device)
        self.runs.refresh()
        sizes = " / ".join(str(event.sizes.get(name, 0)) for name in ("train", "val", "test"))
        self.status_changed.emit(f"training on {event.device}, {sizes} images")
        self._show_rail()

    @Slot(object, object)
    def _show_newest(self, row: RunRow | None, curves: Curves) -> None:
        """Before the first training since the folder was opened, the last one of the past is shown."""
        if row is None or self.trainer.run_dir is not None or not curves.epoch:
            return
        self.trainer.run_dir = row.run_dir
        self.panel.show_curves(curves)
        self.header.show_words("Ready to train", f"The curves are of the last run: {row.name}.", review=True)

    @Slot(bool)
    def _paused(self, paused: bool) -> None:
        self.header.show_paused(paused)
        self._show_state()

    @Slot(str)
    def _failed(self, message: str) -> None:
        self._failure = message
        messages.show(message, "error")

    @Slot(str)
    def _ended(self, outcome: str) -> None:
        self.memory.stop()
        self.panel.draw()
        epochs = len(self._curves.epoch)
        compared = self.validations.end_words(outcome)
        if compared is not None:
            self.header.show_words(*compared)
        elif outcome == "failed":
            self.header.show_words("Failed", self._failure)
        elif outcome == "stopped":
            after = f"after {count(epochs, 'epoch')}; what it learnt is kept."
            words = after if epochs else "before the first epoch was over."
            self.header.show_words("Stopped", words, review=epochs > 0)
        else:
            best = f", best epoch {self._best}" if self._best is not None else ""
            took = duration(self._seconds)
            self.header.show_words("Finished", f"in {took}{best}", review=True)
            messages.show(
                f"Training finished in {took}{best}.", "done", messages.Action("Review", self._review)
            )
        self.runs.set_running(None)
        self.runs.refresh()
        self._show_state()

    @Slot(object)
    def _resume(self, run_dir: Path) -> None:
        compared = any(row.run_dir == run_dir and row.kind != "run" for row in self.runs.rows())
        try:
            (self.validations if compared else self.trainer).resume(run_dir)
        except CuratorError as error:
            messages.show(str(error), "error")

    @Slot(object)
    def _compare(self, wanted: Comparison) -> None:
        if self.trainer.job is not None or self._trouble() is not None:
            return
        try:
            config = self.form.config()
            self.validations.start(wanted, config, accept_proposals=self.data.accept_proposals)
        except CuratorError as error:
            messages.show(str(error), "error")

    @Slot(str)
    def _part_began(self, words: str) -> None:
        self.header.part = words
        self._curves = Curves()
        self.panel.show_curves(self._curves)
        self.header.show_words(words, "")
        self._show_rail()

    @Slot()
    def _review(self) -> None:
        if self.trainer.run_dir is not None:
            self.review_requested.emit(self.trainer.run_dir)
