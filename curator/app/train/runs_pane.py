"""The runs below the plots: the table, what the marked run is worth, and what can be done with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from curator.app import messages, theme
from curator.app.jobs import Job
from curator.app.project_model import ProjectModel
from curator.app.train.curve_panel import CurvePanel
from curator.app.train.overlays import Overlays
from curator.app.train.run_actions import RunActions
from curator.app.train.run_compare import RunCompare
from curator.app.train.run_figures import RunFigures
from curator.app.train.run_index import (
    RUNS_KEY,
    CurvesRead,
    FiguresRead,
    RunsRead,
    read_curves,
    read_figures,
    read_runs,
    rename,
)
from curator.app.train.run_table import RunRow, RunTable
from curator.app.train.speeds import Speeds
from curator.app.train.trash import PutBack, Trashed, put_back, to_trash
from curator.app.widgets import label

if TYPE_CHECKING:
    from curator.evaluation.intervals import Summary
    from curator.training.events import EpochMetrics

# From this width on, the figures stand beside the table; below, they take its place when they are asked for.
_WIDE: Final = 860
_DETAILS_WIDTH: Final = 320
_COMPARISON_WIDTH: Final = 480


class RunsPane(QWidget):
    """`resume_wanted`, `result_wanted` and `review_wanted` carry a run's folder; `changed` comes when the list did;
    `newest_read` carries the newest run and its curves once after a folder was opened; `doubted` the `FiguresRead`
    that are too good; `gone` the folder of a run that went to the trash.
    """

    resume_wanted = Signal(object)
    result_wanted = Signal(object)
    review_wanted = Signal(object)
    changed = Signal()
    newest_read = Signal(object, object)
    doubted = Signal(object)
    gone = Signal(object)

    def __init__(self, model: ProjectModel, panel: CurvePanel) -> None:
        super().__init__()
        self.setAccessibleName("Runs of this project")
        self._model = model
        self.overlays = Overlays(panel, self._read_curves)
        self.speeds = Speeds()
        self._running: Path | None = None
        self._paused = False
        self._newest: Path | None = None
        self._newest_told = False
        self._stale = False
        self._to_mark: Path | None = None
        self._figures: dict[Path, FiguresRead] = {}
        self.bar = RunActions()
        self._lay_out()
        self.bar.resume_wanted.connect(self.resume_wanted)
        self.bar.result_wanted.connect(self.result_wanted)
        self.bar.review_wanted.connect(self.review_wanted)
        self.bar.delete_wanted.connect(self._delete)
        self.bar.figures_wanted.connect(self._arrange)
        self.bar.rename_wanted.connect(self.table.rename)
        self.table.toggled.connect(self._toggle_curves)
        self.table.selected.connect(self._show_marked)
        self.table.delete_wanted.connect(self._delete)
        self.table.runs.renamed.connect(self._rename)
        self.figures.evaluate_wanted.connect(self._evaluate_marked)
        theme.notifier().changed.connect(self._recolour)
        self._show_marked()

    def rows(self) -> list[RunRow]:
        """The runs as they are listed."""
        return self.table.runs.rows

    @Slot()
    def refresh(self) -> None:
        """Reads the runs anew."""
        project = self._model.project
        if project is None:
            self.clear()
            return
        folder = project.folder
        # What is being read may be older than what was just written: it is read once more then.
        self._stale = self._model.jobs.get(RUNS_KEY) is not None
        if not self._stale:
            self._start("Reading the runs", lambda: read_runs(folder), RUNS_KEY).ended.connect(self._read)

    @Slot()
    def _read(self) -> None:
        if self._stale:
            self.refresh()

    def clear(self) -> None:
        """Another project: nothing of this one stays."""
        self.overlays.clear()
        self._figures.clear()
        self._running = self._newest = None
        self._newest_told = False
        self._set([])

    def set_running(self, run_dir: Path | None) -> None:
        """Marks the run that is being trained."""
        self._running, self._paused = run_dir, False
        self._set(self.rows())

    @Slot(bool)
    def set_paused(self, paused: bool) -> None:
        """Whether the run that is being trained waits."""
        self._paused = paused
        self._set(self.rows())

    def set_shown(self, run_dir: Path | None) -> None:
        """The run whose curves the plots show before all others; it becomes the marked one."""
        self.overlays.set_shown(run_dir)
        self._to_mark = run_dir
        self._set(self.rows())

    def show_epoch(self, metrics: EpochMetrics, epochs: int) -> None:
        """One epoch further in the run that is being trained."""
        rows = [
            _one_further(row, metrics, epochs) if row.run_dir == self._running else row for row in self.rows()
        ]
        if not any(row.run_dir == self._running for row in rows):
            self.refresh()
        self._set(rows)

    def evaluate(self, run_dir: Path) -> None:
        """Predicts the test images of a run, and shows its figures."""
        repeats = next((row.repeats for row in self.rows() if row.run_dir == run_dir), 1)
        job = self._start(
            f"Predicting the test images of {run_dir.name}",
            lambda: read_figures(run_dir, repeats=repeats, evaluate=True),
            f"evaluate {run_dir}",
            quiet=False,
        )
        job.ended.connect(self._show_marked)
        self._show_marked()

    def discard(self, run_dir: Path) -> None:
        """Moves a run to the trash; a message offers to put it back."""
        self._start(f"Deleting {run_dir.name}", lambda: to_trash(run_dir), f"delete {run_dir}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts the figures beside the table where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 1, 1, 1)
        self.table = RunTable()
        empty = label("No run yet. Each training is listed here, with its curves.", "dim")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.setStyleSheet("QStackedWidget { background: transparent; }")
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)
        inside.addWidget(self._stack)
        self._card = card
        self.figures, self.comparison = RunFigures(), RunCompare()
        self.details = QStackedWidget()
        self.details.setAccessibleName("Figures of the marked runs")
        self.details.addWidget(self.figures)
        self.details.addWidget(self.comparison)
        across = QHBoxLayout()
        across.setSpacing(12)
        across.addWidget(card, 1)
        across.addWidget(self.details)
        column.addLayout(across, 1)

    @Slot()
    def _arrange(self) -> None:
        wide = self.width() >= _WIDE
        rows = bool(self.rows())
        asked = self.bar.figures_button.isChecked()
        self.bar.figures_button.setVisible(rows and not wide)
        self.bar.figures_button.setText("Table" if asked else "Figures")
        self._card.setVisible(wide or not (asked and rows))
        self.details.setVisible(rows and (wide or asked))
        if wide:
            comparing = self.details.currentWidget() is self.comparison
            self.details.setFixedWidth(_COMPARISON_WIDTH if comparing else _DETAILS_WIDTH)
        else:
            self.details.setMinimumWidth(0)
            self.details.setMaximumWidth(16_777_215)

    def _set(self, rows: list[RunRow]) -> None:
        shown = []
        for row in rows:
            if row.run_dir == self._running:
                status = "paused" if self._paused else "running"
            else:
                status = "stopped" if row.status in ("running", "paused") else row.status
            shown.append(replace(row, status=status, colour=self.overlays.colour(row.run_dir)))
        self.table.show_rows(shown)
        # A run that begins is listed only once its folder is there.
        if self._to_mark is not None and any(row.run_dir == self._to_mark for row in shown):
            self.table.choose([self._to_mark])
            self._to_mark = None
        self._stack.setCurrentIndex(1 if shown else 0)
        self._show_marked()
        self.changed.emit()

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, RunsRead):
            self.speeds = event.speeds
            self._set(list(event.rows))
            newest = next((row for row in event.rows if row.kind == "run"), None)
            if newest is not None and not self._newest_told:
                self._newest_told = True
                self._newest = newest.run_dir
                self._read_curves(self._newest)
        elif isinstance(event, CurvesRead):
            row = next((row for row in self.rows() if row.run_dir == event.run_dir), None)
            if event.run_dir == self._newest:
                self._newest = None
                self.newest_read.emit(row, event.curves)
            elif row is not None:
                self.overlays.take(event.run_dir, event.curves, row.name)
        elif isinstance(event, FiguresRead):
            self._take_figures(event)
        elif isinstance(event, Trashed):
            self._say_trashed(event)
            self._figures.pop(event.folder, None)
            self.overlays.forget(event.folder)
            self._set([row for row in self.rows() if row.run_dir != event.folder])
            self.gone.emit(event.folder)
        elif isinstance(event, PutBack):
            self._to_mark = event.folder
            self.refresh()

    def _take_figures(self, event: FiguresRead) -> None:
        known = self._figures.get(event.run_dir)
        new = known is None or not _same(known.summary, event.summary)
        self._figures[event.run_dir] = event
        self._set(
            [
                replace(row, summary=event.summary) if row.run_dir == event.run_dir else row
                for row in self.rows()
            ]
        )
        if new and event.doubts:
            self.doubted.emit(event)

    def _say_trashed(self, event: Trashed) -> None:
        actions = []
        if event.place is not None:

            def back() -> None:
                self._start(
                    f"Putting {event.folder.name} back", lambda: put_back(event), f"put back {event.folder}"
                )

            actions.append(messages.Action("Put back", back))
        name = next((row.name for row in self.rows() if row.run_dir == event.folder), event.folder.name)
        messages.show(f"The run {name} lies in the trash.", "done", *actions)

    @Slot()
    def _show_marked(self) -> None:
        marked = self.table.chosen()
        row = marked[0] if len(marked) == 1 else None
        runs = [one for one in marked if one.kind == "run"]
        self.overlays.set_marked([one.run_dir for one in runs if one.run_dir != self._running])
        self.bar.show_for(marked, self._running)
        if len(runs) > 1:
            self.comparison.show_runs(
                [replace(one, colour=self.overlays.colour(one.run_dir)) for one in runs]
            )
            self.details.setCurrentWidget(self.comparison)
        else:
            self.details.setCurrentWidget(self.figures)
            self._show_figures(row)
        self._recolour()
        self._arrange()

    def _show_figures(self, row: RunRow | None) -> None:
        if row is None:
            self.figures.show_nothing("Mark a run to see what it is worth; two or more to compare them.")
        elif row.kind != "run":
            self.figures.show_nothing("Many trainings compared: show the result for intervals and baseline.")
        elif row.run_dir == self._running:
            self.figures.show_nothing("It is being trained. Its test images are predicted when it is done.")
        elif self._model.jobs.get(f"evaluate {row.run_dir}") is not None:
            self.figures.show_nothing("Predicting the test images …")
        elif row.summary is None:
            there = row.epochs_done > 0
            words = "Nobody has predicted its test images yet." if there else "It has no finished epoch."
            self.figures.show_nothing(words, evaluate=there)
        else:
            known = self._figures.get(row.run_dir)
            if known is not None and not _same(known.summary, row.summary):
                known = None
            self.figures.show_run(row, known.doubts if known else "", known.checks if known else ())
            if known is None:
                run_dir, repeats = row.run_dir, row.repeats
                self._start(
                    "Reading the figures",
                    lambda: read_figures(run_dir, repeats=repeats),
                    f"figures of {run_dir}",
                )

    @Slot()
    def _recolour(self) -> None:
        rows = [replace(row, colour=self.overlays.colour(row.run_dir)) for row in self.rows()]
        if [row.colour for row in rows] != [row.colour for row in self.rows()]:
            self.table.show_rows(rows)

    @Slot(object)
    def _toggle_curves(self, run_dir: Path) -> None:
        if any(row.run_dir == run_dir and row.kind != "run" for row in self.rows()):
            self.result_wanted.emit(run_dir)
        elif run_dir != self._running:
            self.overlays.toggle(run_dir)
            self._recolour()

    def _read_curves(self, run_dir: Path) -> None:
        self._start("Reading a run", lambda: read_curves(run_dir), f"curves of {run_dir}")

    def _start(self, title: str, make: Any, key: str, *, quiet: bool = True) -> Job:
        jobs = self._model.jobs
        running = jobs.get(key)
        if running is not None:
            return running
        job = jobs.start(title, make, key=key, quiet=quiet)
        job.event.connect(self._take)
        job.failed.connect(self._failed)
        return job

    @Slot(object, str)
    def _rename(self, run_dir: Path, name: str) -> None:
        self._start(f"Renaming {run_dir.name}", lambda: rename(run_dir, name), f"rename {run_dir}")
        if name:
            self._set([replace(row, name=name) if row.run_dir == run_dir else row for row in self.rows()])
        else:
            self.refresh()

    @Slot()
    def _evaluate_marked(self) -> None:
        for row in self.table.chosen()[:1]:
            self.evaluate(row.run_dir)

    @Slot()
    def _delete(self) -> None:
        for row in self.table.chosen():
            if row.run_dir != self._running:
                self.discard(row.run_dir)

    @Slot(str)
    def _failed(self, message: str) -> None:
        messages.show(message, "error")


def _one_further(row: RunRow, metrics: EpochMetrics, epochs: int) -> RunRow:
    """The row of a run after one more epoch: what stands in it is of the epoch with the lowest loss."""
    better = row.val_loss is None or metrics.val_loss < row.val_loss
    row = replace(row, epochs_done=metrics.epoch, epochs=epochs, seconds=(row.seconds or 0) + metrics.seconds)
    if not better:
        return row
    return replace(
        row,
        val_loss=metrics.val_loss,
        balanced_accuracy=metrics.val_balanced_accuracy,
        auroc=metrics.val_auroc,
        summary=None,
    )


def _same(one: Summary | None, other: Summary | None) -> bool:
    """Whether two summaries hold the same figures; they hold arrays, which don't compare to a truth."""
    return (one is None) == (other is None) and (one is None or other is None or one.metrics == other.metrics)
