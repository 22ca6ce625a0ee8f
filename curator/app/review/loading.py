"""Reads what is to be reviewed on a job's thread and hands it over once it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from curator.app import messages
from curator.app.jobs import load
from curator.app.project_model import ProjectModel
from curator.app.review.measures import Measured, measure_heat, read_measures
from curator.app.review.sources import SourcesListed, list_sources
from curator.app.review.table import Opened, open_table
from curator.records import Change, Event, Warned

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady, Source

KEY: Final = "review"
_LIST_KEY: Final = "review-sources"
_MEASURES_KEY: Final = "review-measures"
_HEAT_KEY: Final = "review-heat"


class Loader(QObject):
    """`listed` carries the menu's entries, `opened` a `Table`, `measured` what images can also be sorted by;
    `began` a `Source`, `told` and `failed` words."""

    listed = Signal(object)
    began = Signal(object)
    opened = Signal(object)
    measured = Signal(object)
    told = Signal(str)
    failed = Signal(str)

    def __init__(self, model: ProjectModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self.source: Source | None = None
        self._changed: set[int] = set()
        self._list_again = False
        self._to_measure: ResultsReady | None = None
        model.changed.connect(self._project_changed)

    def list(self) -> None:
        """Lists anew what can be reviewed."""
        project, jobs = self._model.project, self._model.jobs
        if project is None:
            return
        if jobs.get(_LIST_KEY) is not None:
            self._list_again = True
            return
        self._list_again = False
        folder, root = project.folder, project.root
        job = jobs.start("Looking for runs", lambda: list_sources(folder, root), key=_LIST_KEY, quiet=True)
        job.event.connect(self._take_list)
        job.ended.connect(self._listed)

    def open(self, source: Source) -> None:
        """Reads a source; what was being read before is cancelled."""
        self.source = source
        running = self._model.jobs.get(KEY)
        if running is not None:
            running.cancel()
            running.ended.connect(self._open_latest)
            return
        self._start(source)

    def close(self) -> None:
        """Forgets what was wanted; the project goes, and ends its jobs itself."""
        self.source = None
        self._list_again = False
        self._to_measure = None

    @property
    def busy(self) -> bool:
        """Whether something is still being read."""
        return any(self._model.jobs.get(key) is not None for key in (KEY, _LIST_KEY))

    def measure(self, opened: Opened) -> None:
        """Reads what was measured of the images that are shown, and where networks disagree."""
        self._to_measure = opened.table.results
        self._measure()

    @Slot()
    def _measure(self) -> None:
        results = self._to_measure
        # Of what was shown before, it is still being read: what is shown now follows.
        if results is None or self._model.jobs.get(_MEASURES_KEY) is not None:
            return
        self._to_measure = None
        job = self._model.jobs.start(
            "Comparing predictions", lambda: read_measures(results), key=_MEASURES_KEY, quiet=True
        )
        job.event.connect(self._take_measures)
        job.ended.connect(self._measure)

    def measure_heat(self, results: ResultsReady) -> bool:
        """Measures the heat outside the head of every image; False, and says so, where that is being done
        already."""
        if self._model.jobs.get(_HEAT_KEY) is not None:
            messages.show("Heat is being measured already: the status bar shows how far it is.", "info")
            return False
        job = self._model.jobs.start("Measuring heat", lambda: measure_heat(results), key=_HEAT_KEY)
        job.event.connect(self._take_measures)
        job.failed.connect(self._measure_failed)
        return True

    def _start(self, source: Source) -> None:
        project = self._model.project
        if project is None:
            return
        self._changed.clear()
        states, root = project.states(), project.root
        self.began.emit(source)
        job = self._model.jobs.start("Predicting", lambda: _events(source, states, root), key=KEY)
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    @Slot()
    def _open_latest(self) -> None:
        if self.source is not None and self._model.jobs.get(KEY) is None:
            self._start(self.source)

    @Slot(object)
    def _take(self, event: Event) -> None:
        from curator.evaluation.elsewhere import NewImagesCleaned

        project = self._model.project
        if isinstance(event, Warned):
            messages.show(event.message, "warning")
        elif isinstance(event, NewImagesCleaned):
            self.told.emit(event.words)
        elif isinstance(event, Opened) and project is not None and self._wanted(event):
            # What changed while the job read is taken over now.
            for image_id in self._changed:
                event.table.take(project.state(image_id))
            self.opened.emit(event.table)
            self.measure(event)

    def _wanted(self, event: Opened) -> bool:
        """Whether what was read is still what is wanted; a cross-validation knows no split."""
        asked = event.asked
        return self.source is not None and asked == self.source

    @Slot(str)
    def _failed(self, message: str) -> None:
        self.failed.emit(message)

    @Slot(str)
    def _measure_failed(self, message: str) -> None:
        messages.show(message, "error")

    @Slot(object)
    def _take_list(self, event: Event) -> None:
        if isinstance(event, SourcesListed) and self._model.project is not None:
            self.listed.emit(event.entries)

    @Slot()
    def _listed(self) -> None:
        if self._list_again:
            self.list()

    @Slot(object)
    def _take_measures(self, event: Event) -> None:
        if isinstance(event, Warned):
            messages.show(event.message, "warning")
        elif isinstance(event, Measured):
            self.measured.emit(event)

    @Slot(object)
    def _project_changed(self, change: Change) -> None:
        if self._model.jobs.get(KEY) is not None:
            self._changed.update(change.ids)


def _events(source: Source, states: list, root: Path) -> Iterator[Event]:
    # Imported on the job's thread: it may need PyTorch.
    results = load("curator.evaluation.results")
    for event in results.read_results(source):
        if isinstance(event, results.ResultsReady):
            yield open_table(source, event, states, root)
        else:
            yield event
