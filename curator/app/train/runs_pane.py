"""The runs below the plots: the table, and what can be done with the run that is marked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.train.curve_panel import OVERLAY_COLOURS, CurvePanel
from curator.app.train.run_index import RUNS_KEY, CurvesRead, RunsRead, read_curves, read_runs
from curator.app.train.run_table import RunRow, RunTable
from curator.app.widgets import SectionLabel, label

if TYPE_CHECKING:
    from curator.training.events import EpochMetrics


class RunsPane(QWidget):
    """`resume_wanted`, `result_wanted` and `review_wanted` carry a run's folder; `changed` comes when the list did;
    `newest_read` carries the newest run and its curves once after a folder was opened.
    """

    resume_wanted = Signal(object)
    result_wanted = Signal(object)
    review_wanted = Signal(object)
    changed = Signal()
    newest_read = Signal(object, object)

    def __init__(self, model: ProjectModel, panel: CurvePanel) -> None:
        super().__init__()
        self.setAccessibleName("Runs of this project")
        self._model, self._panel = model, panel
        self._running: Path | None = None
        self._newest: Path | None = None
        self._newest_told = False
        self._stale = False
        self._colours: dict[Path, str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(SectionLabel("Runs"))
        head.addStretch(1)
        self.resume_button = _action("Go on with it", self._resume)
        self.result_button = _action("Show the result", self._result)
        self.review_button = _action("Review", self._review)
        self.folder_button = _action("Show folder", self._show_folder)
        for button in (self.resume_button, self.result_button, self.review_button, self.folder_button):
            head.addWidget(button)
        column.addLayout(head)
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 4, 1, 1)
        self.table = RunTable()
        empty = label("No run yet. Each training is listed here, with its curves.", "dim")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.setStyleSheet("background: transparent")
        self._stack.addWidget(empty)
        self._stack.addWidget(self.table)
        inside.addWidget(self._stack)
        column.addWidget(card, 1)
        self.table.chosen.connect(self._toggle_curves)
        self.table.selectionModel().currentRowChanged.connect(self._show_actions)
        self.table.runs.modelReset.connect(self._show_actions)
        self._show_actions()

    def rows(self) -> list[RunRow]:
        """The runs, newest first."""
        return self.table.runs.rows

    @Slot()
    def refresh(self) -> None:
        """Reads the runs anew."""
        project = self._model.project
        if project is None:
            self.clear()
            return
        folder = project.folder
        jobs = self._model.jobs
        # What is being read may be older than what was just written: it is read once more then.
        self._stale = jobs.get(RUNS_KEY) is not None
        if not self._stale:
            job = jobs.start("Reading the runs", lambda: read_runs(folder), key=RUNS_KEY, quiet=True)
            job.event.connect(self._take)
            job.failed.connect(self._failed)
            job.ended.connect(self._read)

    @Slot()
    def _read(self) -> None:
        if self._stale:
            self.refresh()

    def clear(self) -> None:
        """Another project: nothing of this one stays."""
        for run_dir in list(self._colours):
            self._panel.drop_overlay(str(run_dir))
        self._colours.clear()
        self._running = self._newest = None
        self._newest_told = False
        self._set([])

    def set_running(self, run_dir: Path | None) -> None:
        """Marks the run that is being trained."""
        self._running = run_dir
        self._set(self.rows())

    def show_epoch(self, metrics: EpochMetrics, epochs: int) -> None:
        """One epoch further in the run that is being trained."""
        rows = []
        for row in self.rows():
            if row.run_dir == self._running:
                losses = [value for value in (row.val_loss, metrics.val_loss) if value is not None]
                figures = (row.balanced_accuracy, metrics.val_balanced_accuracy)
                accuracies = [value for value in figures if value is not None]
                row = replace(
                    row,
                    epochs_done=metrics.epoch,
                    epochs=epochs,
                    val_loss=min(losses, default=None),
                    balanced_accuracy=max(accuracies, default=None),
                    seconds=(row.seconds or 0) + metrics.seconds,
                )
            rows.append(row)
        if not any(row.run_dir == self._running for row in rows):
            self.refresh()
        self._set(rows)

    def _set(self, rows: list[RunRow]) -> None:
        shown = []
        for row in rows:
            status = "running" if row.run_dir == self._running else row.status
            if status == "running" and row.run_dir != self._running:
                status = "stopped"
            shown.append(replace(row, status=status, colour=self._colours.get(row.run_dir)))
        self.table.runs.set_rows(shown)
        self._stack.setCurrentIndex(1 if shown else 0)
        self._show_actions()
        self.changed.emit()

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, RunsRead):
            self._set(list(event.rows))
            newest = next((row for row in event.rows if row.kind == "run"), None)
            if newest is not None and not self._newest_told:
                self._newest_told = True
                self._newest = newest.run_dir
                self._read_curves(self._newest)
        elif isinstance(event, CurvesRead) and event.run_dir == self._newest:
            self._newest = None
            row = next((row for row in self.rows() if row.run_dir == event.run_dir), None)
            self.newest_read.emit(row, event.curves)
        elif isinstance(event, CurvesRead) and event.run_dir in self._colours:
            self._panel.add_overlay(str(event.run_dir), event.curves, self._colours[event.run_dir])

    @Slot(object)
    def _toggle_curves(self, run_dir: Path) -> None:
        if run_dir == self._running:
            return
        if any(row.run_dir == run_dir and row.kind != "run" for row in self.rows()):
            self.result_wanted.emit(run_dir)
            return
        if run_dir in self._colours:
            del self._colours[run_dir]
            self._panel.drop_overlay(str(run_dir))
        else:
            used = set(self._colours.values())
            free = [colour for colour in OVERLAY_COLOURS if colour not in used]
            self._colours[run_dir] = (free or list(OVERLAY_COLOURS))[0]
            self._read_curves(run_dir)
        self._set(self.rows())

    def _read_curves(self, run_dir: Path) -> None:
        jobs, key = self._model.jobs, f"curves of {run_dir}"
        if jobs.get(key) is None:
            job = jobs.start("Reading a run", lambda: read_curves(run_dir), key=key, quiet=True)
            job.event.connect(self._take)
            job.failed.connect(self._failed)

    @Slot()
    def _show_actions(self) -> None:
        row = self.table.selected()
        idle = row is not None and row.run_dir != self._running
        self.resume_button.setVisible(row is not None and idle and row.unfinished and self._running is None)
        compared = row is not None and row.kind != "run"
        self.result_button.setVisible(compared)
        self.review_button.setVisible(row is not None and idle and row.epochs_done > 0 and not compared)
        self.folder_button.setVisible(row is not None)

    @Slot()
    def _resume(self) -> None:
        row = self.table.selected()
        if row is not None:
            self.resume_wanted.emit(row.run_dir)

    @Slot()
    def _result(self) -> None:
        row = self.table.selected()
        if row is not None:
            self.result_wanted.emit(row.run_dir)

    @Slot()
    def _review(self) -> None:
        row = self.table.selected()
        if row is not None:
            self.review_wanted.emit(row.run_dir)

    @Slot()
    def _show_folder(self) -> None:
        row = self.table.selected()
        if row is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(row.run_dir)))

    @Slot(str)
    def _failed(self, message: str) -> None:
        messages.show(message, "error")


def _action(words: str, slot: Any) -> QPushButton:
    button = QPushButton(words)
    button.setProperty("role", "link")
    button.setAccessibleName(words)
    button.clicked.connect(slot)
    return button
