"""Runs cross-validations and ablations by the page's one trainer, and shows what came out."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from curator.app import messages
from curator.app.jobs import load
from curator.app.project_model import ProjectModel
from curator.app.train.crossval_bar import Comparison, Kind, ValidationBar
from curator.app.train.crossval_lines import Result, headline, lines, title
from curator.app.train.crossval_rows import PartBegan, ResultRead, read_result
from curator.app.train.crossval_sheet import ResultSheet
from curator.app.train.curves import Curves
from curator.app.train.run_index import CurvesRead
from curator.app.train.trainer import KEPT_BYTES, Trainer, beside_the_window, exported, exporting
from curator.records import Event, Progress
from curator.workflow.ablated import RESULT as ABLATION

if TYPE_CHECKING:
    from curator.training.config import TrainConfig


class Validations(QObject):
    """`part_began` carries the words for the training among several that begins; `changed` comes when a
    result on the disk has grown.
    """

    part_began = Signal(str)
    changed = Signal()

    def __init__(self, model: ProjectModel, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._trainer = model, trainer
        self.bar = ValidationBar()
        self.sheet = ResultSheet()
        self._stack = QStackedWidget()
        self._stack.setAccessibleName("Curves or result")
        self._starting = False
        self._part = ""
        self._result: Result | None = None
        self.active = False
        self.sheet.closed.connect(self.show_curves)
        trainer.began.connect(self._began)
        trainer.event.connect(self._take)

    def stacked(self, curves: QWidget) -> QStackedWidget:
        """The place of the curves, which results take while they are looked at."""
        self._stack.addWidget(curves)
        self._stack.addWidget(self.sheet)
        return self._stack

    def start(self, wanted: Comparison, config: TrainConfig, *, accept_proposals: bool) -> None:
        """Exports the project as it is now and begins. Raises `CuratorError` where that can't be."""
        from curator.training.runs import new_run_dir

        project = self._model.project
        if project is None or self._trainer.job is not None:
            return
        events = exporting(self._model, accept_proposals=accept_proposals)
        folder = new_run_dir(project.folder, config, wanted.kind)
        root = project.root
        self._begin(folder, config, lambda: _export_and_compare(events, config, folder, root, wanted))

    def resume(self, folder: Path) -> None:
        """Goes on with what was stopped."""
        project = self._model.project
        if project is None or self._trainer.job is not None:
            return
        root = project.root
        self._begin(folder, None, lambda: _go_on(folder, root))

    def open(self, folder: Path) -> None:
        """Reads a result and shows it."""
        jobs, key = self._model.jobs, f"result of {folder}"
        if jobs.get(key) is None:
            job = jobs.start("Reading a result", lambda: read_result(folder), key=key, quiet=True)
            job.event.connect(self._read)
            job.failed.connect(self._failed)

    def end_words(self, outcome: str) -> tuple[str, str] | None:
        """Title and sentence for the header once it has ended, and shows the result that is there.

        None where a single training ended, or this failed or was discarded.
        """
        if not self.active:
            return None
        self.active = False
        result = self._result
        if outcome in ("failed", "discarded"):
            return None
        if result is None:
            return "Stopped", "before anything was trained."
        name, worked = title(result)
        if _has_figures(result):
            self._show(result)
        if outcome == "stopped":
            return "Stopped", f"{worked}. Go on with it from the table of runs."
        messages.show(f"{name} finished: {headline(result)}.", "done")
        return f"{name} finished", headline(result)

    def rail_text(self) -> str:
        """How far it is, for the rail; "" where a single training runs or none."""
        return self._part if self.active else ""

    @Slot()
    def show_curves(self) -> None:
        """Puts the curves in front."""
        self._stack.setCurrentIndex(0)

    def showing_result(self) -> bool:
        """Whether a result is in front."""
        return self._stack.currentWidget() is self.sheet

    def _begin(self, folder: Path, config: TrainConfig | None, make: Any) -> None:
        self._starting, self._result, self._part = True, None, "starting"
        try:
            self._trainer.begin(folder, config, make)
        finally:
            self._starting = False

    @Slot(object)
    def _began(self, _config: object) -> None:
        self.active = self._starting
        self.show_curves()

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, PartBegan):
            self._part = f"training {event.part}/{event.parts}"
            self.part_began.emit(event.words)
        elif isinstance(event, ResultRead):
            self._grown(event.result)

    def _grown(self, result: Result) -> None:
        self._result = result
        self.changed.emit()

    @Slot(object)
    def _read(self, event: Any) -> None:
        if isinstance(event, ResultRead):
            self._show(event.result)

    @Slot(str)
    def _failed(self, message: str) -> None:
        messages.show(message, "error")

    def _show(self, result: Result) -> None:
        self.sheet.show_result(result)
        self._stack.setCurrentWidget(self.sheet)


def _has_figures(result: Result) -> bool:
    return bool(lines(result, "accuracy"))


def _export_and_compare(
    events: Iterator[Event], config: TrainConfig, folder: Path, root: Path, wanted: Comparison
) -> Iterator[Event]:
    manifest = yield from exported(events)
    yield Progress(0, 0, "Loading PyTorch")
    load("curator.training.loop")
    plan = beside_the_window(config)
    options = {"folds": wanted.folds, "include_test": wanted.include_test, "root": root}
    if wanted.kind == "ablation":
        work = load("curator.workflow.ablation").ablate
    else:
        work = load("curator.workflow.cross_validation").cross_validate
    yield from _told(work(manifest, plan, folder, **options), wanted.kind)


def _go_on(folder: Path, root: Path) -> Iterator[Event]:
    yield Progress(0, 0, "Loading PyTorch")
    load("curator.training.loop")
    threads = load("curator.training.device").spare_threads()
    if (folder / ABLATION).is_file():
        yield from _told(
            load("curator.workflow.ablation").resume_ablation(folder, root=root, threads=threads), "ablation"
        )
    else:
        resume = load("curator.workflow.cross_validation").resume_cross_validation
        yield from _told(resume(folder, root=root, threads=threads), "crossval")


def _told(events: Iterator[Event], kind: Kind) -> Iterator[Event]:
    """Puts the work's events into those of the page, which then need not import what does the work.

    Adds the curves so far of a training that is gone on with. A cross-validation inside an ablation is but a
    part of the result.
    """
    from curator.training.runs import CONFIG, load_run
    from curator.workflow import ablation
    from curator.workflow import cross_validation as folds
    from curator.workflow.trainings import PartStarted

    grown: tuple[type[Any], ...] = {
        "ablation": (ablation.AblationStarted, ablation.VariantDone, ablation.Ablated),
        "crossval": (folds.CrossValidationStarted, folds.FoldDone, folds.CrossValidated),
    }[kind]
    kept = load("curator.training.device").memory_kept(KEPT_BYTES)
    with kept, closing(cast("Generator[Event, None, None]", events)):
        for event in events:
            if isinstance(event, grown):
                yield ResultRead(event.result)
            elif isinstance(event, PartStarted):
                yield PartBegan(event.part, event.parts, event.words)
                if (event.run_dir / CONFIG).is_file():
                    run = load_run(event.run_dir)
                    yield CurvesRead(event.run_dir, Curves.of_run(run.metrics, run.config.epochs))
            else:
                yield event
