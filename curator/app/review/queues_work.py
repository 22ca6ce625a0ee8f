"""Finds the queues of what is reviewed on a job's thread, and shows those that were found before at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from curator.app import messages
from curator.app.jobs import Job, Jobs, load
from curator.app.review.queues_pane import QueuesPane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curator.evaluation.flags import Queue
    from curator.evaluation.results import ResultsReady
    from curator.records import Event, Progress

KEY: Final = "review.queues"
KEPT_KEY: Final = "review.kept-queues"


class QueuesWork(QObject):
    """Fills a pane for what is reviewed now; the work for what was reviewed before is cancelled. `shown`: queues
    are shown that were not before."""

    shown = Signal()

    def __init__(self, jobs: Jobs, pane: QueuesPane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self.pane = jobs, pane
        self._results: ResultsReady | None = None
        self._anew = False
        self._job: Job | None = None
        self._waiting = ""
        pane.find_wanted.connect(self.find)
        pane.stop_wanted.connect(self.stop)

    def show(self, results: ResultsReady | None) -> None:
        """Shows what was found of these results, if that is current; None: nothing is reviewed."""
        self.stop()
        self._results = results
        self.pane.show_queues(None)
        self.pane.find_button.setEnabled(results is not None)
        if results is not None:
            self._start(KEPT_KEY)

    @Slot()
    def find(self) -> None:
        """Finds the queues; anew where they are shown already."""
        if self._results is None:
            return
        self._anew = self.pane.found
        self.stop()
        self._start(KEY)

    @Slot()
    def stop(self) -> None:
        """Ends what runs; what was found before stays."""
        self._waiting = ""
        if self._job is not None:
            self._job.cancel()

    def _start(self, key: str) -> None:
        # One at a time: what follows begins when the one before has ended.
        if self._job is not None:
            self._waiting = key
            return
        results, anew = self._results, self._anew
        if results is None:
            return

        def events() -> Iterator[Event]:
            # Imported there: it needs PyTorch.
            queues = load("curator.evaluation.queues")
            found: Iterator[Event] = (
                queues.kept_queues(results) if key == KEPT_KEY else queues.find_queues(results, anew=anew)
            )
            return found

        job = self._jobs.start("Finding what is wrong with the data", events, key=key, quiet=key == KEPT_KEY)
        self._job = job
        if key == KEY:
            from curator.records import Progress

            self.pane.say("")
            self.pane.show_progress(Progress(0, 1, "Reading the predictions"))
            job.progress.connect(self._progress)
        job.event.connect(self._take)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)

    @Slot(object)
    def _progress(self, progress: Progress) -> None:
        if self._job is not None and not self._job.cancelling:
            self.pane.show_progress(progress)

    @Slot(object)
    def _take(self, event: Event) -> None:
        from curator.evaluation.queues import QueuesReady
        from curator.records import Warned

        if self._job is None or self._job.cancelling:
            return
        if isinstance(event, QueuesReady):
            self._show(event.queues)
        elif isinstance(event, Warned):
            messages.show(event.message, "warning")

    def _show(self, queues: tuple[Queue, ...]) -> None:
        if self._results is not None:
            shown = frozenset(one.file_name for one in self._results.predictions)
            self.pane.show_queues(queues, shown)
            self.shown.emit()

    @Slot(str)
    def _failed(self, message: str) -> None:
        if self._job is not None and not self._job.cancelling:
            self.pane.say(message)

    @Slot()
    def _ended(self) -> None:
        self._job = None
        self.pane.show_progress(None)
        if self._waiting:
            key, self._waiting = self._waiting, ""
            self._start(key)
