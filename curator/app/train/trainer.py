"""Runs one training as a job: exports the manifest, then fits; passes the events on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from PySide6.QtCore import QObject, Signal, Slot

from curator.app.jobs import Job, load
from curator.app.project_model import ProjectModel
from curator.app.train.curves import Curves
from curator.app.train.run_index import CurvesRead
from curator.records import Event, Progress

if TYPE_CHECKING:
    from curator.manifest.files import Manifest
    from curator.training.config import TrainConfig

KEY: Final = "train"
_MANIFEST_FOLDER: Final = "manifest"
# Steps of the progress bar in an epoch.
_PARTS: Final = 1000
# What the allocator may keep free while it trains: the window's own caches are bounded, and so is this.
KEPT_BYTES: Final = 256 << 20


class Trainer(QObject):
    """At most one training runs. `ended` carries "finished", "stopped", "discarded" or "failed", always
    last."""

    began = Signal(object)
    event = Signal(object)  # type: ignore[assignment]
    paused = Signal(bool)
    failed = Signal(str)
    ended = Signal(str)

    def __init__(self, model: ProjectModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._job: Job | None = None
        self._outcome = "finished"
        self.run_dir: Path | None = None

    @property
    def job(self) -> Job | None:
        """The job of the training that runs."""
        return self._job

    def start(self, config: TrainConfig, *, accept_proposals: bool) -> None:
        """Exports the project as it is now and trains on it. Raises `CuratorError` where that can't begin."""
        from curator.training.runs import new_run_dir

        project = self._model.project
        if project is None or self._job is not None:
            return
        events = exporting(self._model, accept_proposals=accept_proposals)
        run_dir = new_run_dir(project.folder, config)
        root = project.root
        self.begin(run_dir, config, lambda: _export_and_fit(events, config, run_dir, root))

    def resume(self, run_dir: Path) -> None:
        """Goes on with a run that was stopped."""
        project = self._model.project
        if project is None or self._job is not None:
            return
        root = project.root
        self.begin(run_dir, None, lambda: _resume(run_dir, root))

    def toggle_pause(self) -> None:
        """Pauses, or goes on."""
        if self._job is None:
            return
        if self._job.paused:
            self._job.resume()
        else:
            self._job.pause()

    def stop(self) -> None:
        """Ends the training after the batch in the making; what it has learnt is kept."""
        if self._job is not None:
            self._job.cancel()

    def discard(self) -> None:
        """Ends the training; nothing of it is wanted."""
        if self._job is not None:
            self._outcome = "discarded"
            self._job.cancel()

    def begin(self, run_dir: Path, config: TrainConfig | None, make: Callable[[], Iterator[Event]]) -> None:
        """Runs what `make` returns as the one training; nothing may run yet."""
        self.run_dir = run_dir
        self._outcome = "finished"
        job = self._model.jobs.start(f"Training {run_dir.name}", make, key=KEY)
        self._job = job
        job.event.connect(self._pass_on)
        job.paused_changed.connect(self.paused)
        job.failed.connect(self._fail)
        job.cancelled.connect(self._stopped)
        job.ended.connect(self._over)
        self.began.emit(config)

    @Slot(object)
    def _pass_on(self, event: Any) -> None:
        left = getattr(event, "seconds_left", None)
        if left is not None and self._job is not None:
            self._job.seconds_left = left
        self.event.emit(event)

    @Slot(str)
    def _fail(self, message: str) -> None:
        self._outcome = "failed"
        self.failed.emit(message)

    @Slot()
    def _stopped(self) -> None:
        if self._outcome != "discarded":
            self._outcome = "stopped"

    @Slot()
    def _over(self) -> None:
        self._job = None
        self.ended.emit(self._outcome)


def _export_and_fit(
    events: Iterator[Event], config: TrainConfig, run_dir: Path, root: Path
) -> Iterator[Event]:
    manifest = yield from exported(events)
    yield Progress(0, 0, "Loading PyTorch")
    fit = load("curator.training.loop").fit
    yield from _with_progress(fit(manifest, beside_the_window(config), run_dir, root=root))


def exporting(model: ProjectModel, *, accept_proposals: bool) -> Iterator[Event]:
    """The export of the open project as it is now, to be iterated by a job. Raises `CuratorError`."""
    from curator.workflow.export import export

    project = model.project
    assert project is not None
    model.announce(project.ensure_splits(project.shares, project.seed))
    return export(project, project.folder / _MANIFEST_FOLDER, accept_proposals=accept_proposals)


def exported(events: Iterator[Event]) -> Generator[Event, None, Manifest]:
    """Passes an export's events on and returns the manifest that it wrote."""
    from curator.workflow.export import Exported

    manifest = None
    with closing(cast("Generator[Event, None, None]", events)):
        for event in events:
            if isinstance(event, Exported):
                manifest = event.manifest
            yield event
    assert manifest is not None
    return manifest


def _resume(run_dir: Path, root: Path) -> Iterator[Event]:
    yield Progress(0, 0, "Loading PyTorch")
    fit = load("curator.training.loop").fit
    from curator.training.runs import load_run

    run = load_run(run_dir)
    yield CurvesRead(run_dir, Curves.of_run(run.metrics, run.config.epochs))
    config = beside_the_window(run.config)
    yield from _with_progress(fit(run.manifest(), config, run_dir, root=root, resume=True))


def beside_the_window(config: TrainConfig) -> TrainConfig:
    """Leaves the window a core, unless the configuration says how many threads."""
    return dataclasses.replace(
        config, threads=config.threads or load("curator.training.device").spare_threads()
    )


def _with_progress(events: Iterator[Event]) -> Iterator[Event]:
    """Adds what the status bar shows of each batch."""
    from curator.training.events import BatchDone, Started

    epochs = 0
    kept = load("curator.training.device").memory_kept(KEPT_BYTES)
    with kept, closing(cast("Generator[Event, None, None]", events)):
        for event in events:
            yield event
            if isinstance(event, Started):
                epochs = event.epochs
            elif isinstance(event, BatchDone):
                done = round(_PARTS * (event.epoch - 1 + event.position))
                yield Progress(done, _PARTS * epochs, f"Epoch {event.epoch} of {epochs}")
