"""The training that runs, or the last one, in figures: heading, plots, memory; fed by the training's events."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from curator.app import messages
from curator.app.train.curve_panel import CurvePanel
from curator.app.train.curves import Curves
from curator.app.train.header import RunHeader
from curator.app.train.memory import MemoryWatch
from curator.app.train.run_index import CurvesRead
from curator.app.words import count, duration
from curator.records import Warned


class Live(QObject):
    """`epoch_done` carries an epoch's `EpochMetrics`, `started` the `Started`, `batch_found` images a batch; `said`
    words for the status."""

    epoch_done = Signal(object)
    started = Signal(object)
    batch_found = Signal(int)
    said = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.memory = MemoryWatch(self)
        self.header = RunHeader()
        self.panel = CurvePanel(self.memory)
        self.curves = Curves()
        self.failure = ""
        self._best: int | None = None
        self._seconds = 0.0
        # How long it waited while it was paused, and since when it does now.
        self._waited = 0.0
        self._waits_since: float | None = None

    def clear(self, title: str, words: str) -> None:
        """Empty plots below a heading."""
        self.failure, self._best, self.header.part = "", None, ""
        self._waited, self._waits_since = 0.0, None
        self.memory.clear()
        self.header.show_words(title, words)
        self._show(Curves())

    def set_paused(self, paused: bool) -> None:
        """It waits, or goes on; what it takes in all is told without the time that it waited."""
        if self._waits_since is not None:
            self._waited += time.monotonic() - self._waits_since
        self._waits_since = time.monotonic() if paused else None
        self.header.show_paused(paused)

    def begin_part(self, words: str) -> None:
        """One of several trainings begins: its own curves, below the same memory."""
        self.header.part = words
        self.header.show_words(words, "")
        self._show(Curves())

    def show_past(self, name: str, curves: Curves) -> None:
        """The curves of a run of the past, before the first training since the folder was opened."""
        self._show(curves)
        self.header.show_words("Ready to train", f"Curves of {name}", review=True)

    def epoch_words(self) -> str:
        """How far the training is, for the rail."""
        total = self.curves.epochs
        return f"epoch {min(len(self.curves.epoch) + 1, total)}/{total}" if total else "starting"

    @Slot(object)
    def take(self, event: Any) -> None:
        """An event of the training."""
        # Loaded by now: the training's own thread has made the event.
        from curator.training import events

        if isinstance(event, events.BatchDone):
            self.curves.add_batch(event)
            self.header.show_batch(event)
            self.panel.touch("batch")
        elif isinstance(event, events.EpochDone):
            self.curves.add_epoch(event.metrics)
            self.panel.touch("epoch")
            self.epoch_done.emit(event.metrics)
        elif isinstance(event, events.Started):
            self._start(event)
        elif isinstance(event, events.PhaseChanged):
            self.curves.add_phase(event.epoch, event.name)
            if event.epoch > 1:
                self.memory.mark(event.name)
            self.panel.touch("epoch")
        elif isinstance(event, events.CheckpointSaved):
            what = "best checkpoint" if event.best else "checkpoint"
            self.said.emit(f"{what} of epoch {event.epoch} saved")
        elif isinstance(event, events.Finished):
            self._best, self._seconds = event.best_epoch, event.seconds
        elif isinstance(event, events.BatchSizeFound):
            self.batch_found.emit(event.batch_size)
            self.said.emit(event.message)
        elif isinstance(event, CurvesRead):
            self._show(event.curves)
        elif isinstance(event, Warned):
            messages.show(event.message, "warning")

    def end(self, outcome: str) -> str:
        """The training ended so; returns what there is to say of a finished one, else ""."""
        self.memory.stop()
        self.panel.draw()
        epochs = len(self.curves.epoch)
        if outcome == "failed":
            self.header.show_words("Failed", self.failure)
        elif outcome == "discarded":
            self.clear("Ready to train", "The run was discarded.")
        elif outcome == "stopped":
            after = f"after {count(epochs, 'epoch')}; what it learnt is kept."
            words = after if epochs else "before the first epoch was over."
            self.header.show_words("Stopped", words, review=epochs > 0)
        else:
            best = f", best epoch {self._best}" if self._best is not None else ""
            took = duration(max(self._seconds - self._waited, 0.0))
            self.header.show_words("Finished", f"in {took}{best}", review=True)
            return f"Training finished in {took}{best}."
        return ""

    def _start(self, event: Any) -> None:
        self.curves.epochs = event.epochs
        self.panel.draw()
        self.header.show_start(event.epochs)
        if not self.header.part or self.memory.last is None:
            self.memory.start(event.device)
        sizes = " / ".join(str(event.sizes.get(name, 0)) for name in ("train", "val", "test"))
        self.said.emit(f"training on {event.device}, {sizes} images")
        self.started.emit(event)

    def _show(self, curves: Curves) -> None:
        self.curves = curves
        self.panel.show_curves(curves)
