"""The page Train: what is trained on and how on the left, curves and runs on the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.shortcuts import bind
from curator.app.train.again import Again
from curator.app.train.augment_preview import AugmentPreview
from curator.app.train.controls import Controls
from curator.app.train.crossval_bar import Comparison
from curator.app.train.crossval_runner import Validations
from curator.app.train.curves import Curves
from curator.app.train.data_pane import DataPane
from curator.app.train.form import TrainForm
from curator.app.train.live import Live
from curator.app.train.run_figures import ChecksSheet
from curator.app.train.run_index import FiguresRead
from curator.app.train.run_table import RunRow
from curator.app.train.runs_pane import RunsPane
from curator.app.train.trainer import Trainer
from curator.app.train.weights import WeightsWatch
from curator.app.words import count, rough_duration
from curator.errors import CuratorError
from curator.training.config import TrainConfig

_LEFT_WIDTH = 312
# Heading, the table's header and four runs, or one in a page lower than `_LOW`.
_RUNS_HEIGHT = 196
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
        self.live = Live(self)
        self.memory, self.header, self.panel = self.live.memory, self.live.header, self.live.panel
        self.data = DataPane(model)
        self.form = TrainForm()
        self.controls = Controls()
        self.runs = RunsPane(model, self.panel)
        self.weights = WeightsWatch(model.jobs, self.form)
        self.validations = Validations(model, self.trainer, self)
        self.again = Again(self.trainer, self.validations, self)
        self._lay_out()
        self._connect()
        self._show_state()

    def activate(self) -> None:
        """Counts the data and reads the runs anew."""
        super().activate()
        self.data.refresh()
        self.runs.refresh()
        self.weights.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts the curves back in the place of a result."""
        if event.key() == Qt.Key.Key_Escape and self.validations.showing_result():
            self.validations.show_curves()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves the plots their room in a low window: the table of runs scrolls."""
        super().resizeEvent(event)
        self.runs.setFixedHeight(_RUNS_HEIGHT if self.height() >= _LOW else _RUNS_HEIGHT_LOW)

    @Slot()
    def start(self) -> None:
        """Begins a training with what the form says."""
        if self.trainer.job is not None or self._trouble() is not None:
            return
        config = self._config()
        if config is None:
            return
        try:
            self.trainer.start(config, accept_proposals=self.data.accept_proposals)
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

    @Slot()
    def compare_backbones(self) -> None:
        """Shows the backbones side by side."""
        from curator.app.train.models_view import ModelsDialog

        dialog = ModelsDialog(
            self.model, str(self.form.backbone.currentData()), self.form.resize_choice(), self
        )
        dialog.backbone_chosen.connect(self.form.choose_backbone)
        dialog.weights_changed.connect(self.weights.refresh)
        dialog.open()

    @Slot()
    def discard(self) -> None:
        """Stops the training and moves the run to the trash."""
        self.trainer.discard()
        self._show_state()

    @Slot()
    def find_rate(self) -> None:
        """Opens the sheet that finds a learning rate for what the form says."""
        trouble = self._trouble()
        if self.trainer.job is not None or trouble is not None:
            messages.show(trouble or "Wait for the training to end.", "warning")
            return
        config = self._config()
        if config is None:
            return
        from curator.app.train.rate_sheet import RateSheet

        sheet = RateSheet(self.model, config, accept_proposals=self.data.accept_proposals, parent=self)
        sheet.chosen.connect(self.form.use_rate)
        sheet.open()
        sheet.begin()

    @Slot()
    def preview(self) -> None:
        """Shows training images as the network will see them."""
        project, config = self.model.project, self._config()
        if project is not None and config is not None:
            AugmentPreview(self.model.jobs, project.root, project.states(), config, self.window()).open()

    def _config(self) -> TrainConfig | None:
        """What the form says; None where it makes no sense, which is said."""
        try:
            return self.form.config()
        except CuratorError as error:
            messages.show(str(error), "error")
            return None

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
        bar = area.verticalScrollBar()

        def leave_room(_least: int, most: int) -> None:
            # The bar takes of the margin: what stands beside it stays as wide as it was.
            inside.setContentsMargins(16, 14, 16 - (bar.sizeHint().width() if most else 0), 14)

        bar.rangeChanged.connect(leave_room)
        column.addWidget(area, 1)
        column.addWidget(self.controls)
        column.addWidget(self.validations.bar)
        return side

    def _connect(self) -> None:
        self.controls.train_wanted.connect(self.start)
        self.controls.pause_wanted.connect(self.toggle_pause)
        self.controls.stop_wanted.connect(self.stop)
        self.controls.discard_wanted.connect(self.discard)
        bind(self, "train.discard", self.controls.discard)
        bind(self, "train.start", self.start)
        bind(self, "train.pause", self.toggle_pause)
        bind(self, "train.stop", self.stop)
        self.data.facts_changed.connect(self._show_state)
        self.data.facts_changed.connect(self._show_times)
        self.form.changed.connect(self._show_times)
        self.form.preview_wanted.connect(self.preview)
        self.model.opened.connect(self._opened)
        self.model.closing.connect(self._closing)
        self.trainer.began.connect(self._began)
        self.trainer.event.connect(self.live.take)
        self.live.epoch_done.connect(self._epoch_done)
        self.live.started.connect(self._started)
        self.live.batch_found.connect(self.form.show_found_batch)
        self.live.said.connect(self.status_changed)
        self.trainer.paused.connect(self._paused)
        self.trainer.failed.connect(self._failed)
        self.trainer.ended.connect(self._ended)
        self.runs.resume_wanted.connect(self._resume)
        self.runs.review_wanted.connect(self.review_requested)
        self.runs.changed.connect(self._runs_changed)
        self.runs.doubted.connect(self._doubt)
        self.runs.gone.connect(self._gone)
        self.runs.newest_read.connect(self._show_newest)
        self.header.review_wanted.connect(self._review)
        self.form.find_rate_wanted.connect(self.find_rate)
        self.form.compare_button.clicked.connect(self.compare_backbones)
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
        self.data.set_training(job is not None)
        self._show_rail()

    @Slot()
    def _show_rail(self) -> None:
        if self.trainer.job is not None:
            self.rail_text_changed.emit(self.validations.rail_text() or self.live.epoch_words())
        else:
            runs = len(self.runs.rows())
            self.rail_text_changed.emit(count(runs, "run") if runs else "")

    @Slot()
    def _opened(self) -> None:
        self.trainer.run_dir = None
        self.runs.set_shown(None)
        self.live.clear("Ready to train", "")
        if self.isVisible():
            self.activate()

    @Slot()
    def _closing(self) -> None:
        self.memory.stop()
        self.runs.clear()

    @Slot(object)
    def _began(self, _config: object) -> None:
        self.live.clear("Starting", "Writing the manifest and loading PyTorch …")
        self.status_changed.emit("")
        if self.trainer.run_dir is not None:
            self.runs.set_running(self.trainer.run_dir)
            self.runs.set_shown(self.trainer.run_dir)
        self._show_state()

    @Slot(object)
    def _started(self, _event: object) -> None:
        self.runs.refresh()
        self._show_rail()

    @Slot(object)
    def _epoch_done(self, metrics: Any) -> None:
        if not self.validations.active:
            self.runs.show_epoch(metrics, self.live.curves.epochs)
        self._show_rail()

    @Slot(object, object)
    def _show_newest(self, row: RunRow | None, curves: Curves) -> None:
        """Before the first training since the folder was opened, the last one of the past is shown."""
        if row is None or self.trainer.run_dir is not None or not curves.epoch:
            return
        self.trainer.run_dir = row.run_dir
        self.runs.set_shown(row.run_dir)
        self.live.show_past(row.name, curves)

    @Slot(bool)
    def _paused(self, paused: bool) -> None:
        self.live.set_paused(paused)
        self.runs.set_paused(paused)
        self._show_state()

    @Slot(str)
    def _failed(self, message: str) -> None:
        self.live.failure = message
        messages.show(message, "error")

    @Slot(str)
    def _ended(self, outcome: str) -> None:
        compared = self.validations.end_words(outcome)
        done = self.live.end(outcome)
        run_dir = self.trainer.run_dir
        if compared is not None:
            self.header.show_words(*compared)
        elif done:
            messages.show(done, "done", messages.Action("Review", self._review))
        self.runs.set_running(None)
        if outcome == "discarded":
            self.trainer.run_dir = None
            self.runs.set_shown(None)
            if run_dir is not None and run_dir.exists():
                self.runs.discard(run_dir)
        self.runs.refresh()
        if outcome == "finished" and run_dir is not None and compared is None:
            self.runs.evaluate(run_dir)
        self._show_state()

    @Slot()
    def _runs_changed(self) -> None:
        self._show_rail()
        self._show_times()

    @Slot()
    def _show_times(self) -> None:
        images = self.data.facts.split.get("train", 0)
        times = {}
        for name in self.form.cards:
            seconds = self.runs.speeds.seconds_of(self.form.plan_of(name), images) if images else None
            times[name] = f"About {rough_duration(seconds)} here." if seconds else ""
        self.form.show_times(times)

    @Slot(object)
    def _doubt(self, read: FiguresRead) -> None:
        def show() -> None:
            ChecksSheet(read.doubts, read.checks, self.window()).open()

        messages.show(read.doubts, "warning", messages.Action("Show the checks", show))

    @Slot(object)
    def _gone(self, run_dir: Path) -> None:
        if run_dir == self.trainer.run_dir and self.trainer.job is None:
            self.trainer.run_dir = None
            self.runs.set_shown(None)
            self.live.clear("Ready to train", "The run that was shown lies in the trash.")

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
        self.live.begin_part(words)
        self._show_rail()

    @Slot()
    def _review(self) -> None:
        if self.trainer.run_dir is not None:
            self.review_requested.emit(self.trainer.run_dir)
