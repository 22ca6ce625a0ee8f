"""The one bridge between the engine's generators and the window.

A generator of events runs on a thread of its own. Pausing is not asking for its next event; cancelling is a
`threading.Event` looked at between two events, upon which the worker itself closes the generator (closing it
from another thread raises). Events reach the window's thread as `Signal(object)`; progress is thinned to 30 a
second there, nothing else is ever dropped.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QCoreApplication, QObject, QThread, QTimer, Signal, Slot

from curator.app.gentle_import import gently
from curator.errors import CuratorError
from curator.records import Event, Progress

log = logging.getLogger(__name__)

Outcome: TypeAlias = tuple[Literal["finished", "cancelled", "failed"], str]

PROGRESS_INTERVAL_MS: Final = 34
# So many events may wait for the window's thread before the worker waits for it.
_MOST_WAITING: Final = 256
_NICENESS: Final = 10


_importing = threading.Lock()


def load(module: str) -> Any:
    """Imports and returns a heavy module (torch and what needs it) on a job's thread, one thread at a time.

    Two threads that first import one package at once can find it half made where its modules import each
    other, as torch's and pydantic's do.
    """
    with _importing:
        if module in sys.modules:
            return importlib.import_module(module)
        with gently():
            return importlib.import_module(module)


class _Worker(QObject):
    """Lives on the job's thread and iterates the generator there."""

    yielded = Signal(object)
    noted = Signal()
    done = Signal(object)

    def __init__(self, make: Callable[[], Iterator[Event]], title: str) -> None:
        super().__init__()
        self._make = make
        self._title = title
        self.cancelled = threading.Event()
        self.going = threading.Event()
        self.going.set()
        self.room = threading.Semaphore(_MOST_WAITING)
        self._latest: Progress | None = None
        self._lock = threading.Lock()

    def take_progress(self) -> Progress | None:
        """The newest progress that was not taken yet; called from the window's thread."""
        with self._lock:
            latest, self._latest = self._latest, None
        return latest

    @Slot()
    def run(self) -> None:
        _be_nice()
        outcome: Outcome
        try:
            outcome = ("finished", "") if self._iterate() else ("cancelled", "")
        except CuratorError as error:
            outcome = ("failed", str(error))
        except Exception as error:
            log.exception("%s failed", self._title)
            outcome = (
                "failed",
                f"{self._title} failed: {error or type(error).__name__}. The log has the details.",
            )
        self.done.emit(outcome)

    def _iterate(self) -> bool:
        """Runs to the end, True, or until it is cancelled, False."""
        if self.cancelled.is_set():
            return False
        events = self._make()
        try:
            for event in events:
                if isinstance(event, Progress):
                    self._note(event)
                elif not self._hand_over(event):
                    return False
                # Two separate waits: cancel() also sets `going`, so a paused job wakes up to be cancelled.
                self.going.wait()
                if self.cancelled.is_set():
                    return False
            return True
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def _note(self, progress: Progress) -> None:
        with self._lock:
            waiting = self._latest is not None
            self._latest = progress
        if not waiting:
            self.noted.emit()

    def _hand_over(self, event: Event) -> bool:
        while not self.room.acquire(timeout=0.1):
            if self.cancelled.is_set():
                return False
        self.yielded.emit(event)
        return True


class Job(QObject):
    """One piece of long work. All signals come on the window's thread; `ended` is always the last."""

    # Hides QObject.event(), which Qt still finds: a signal is no method to override it with.
    event = Signal(object)  # type: ignore[assignment]
    progress = Signal(object)
    paused_changed = Signal(bool)
    finished = Signal()
    failed = Signal(str)
    cancelled = Signal()
    ended = Signal()
    gone = Signal(object)

    def __init__(
        self, title: str, make: Callable[[], Iterator[Event]], name: str, parent: QObject | None
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.title = title
        self.running = True
        self.quiet = False
        self.last_progress: Progress | None = None
        self.started_at = time.monotonic()
        # Where the work itself knows better than the share that is done.
        self.seconds_left: float | None = None
        self._ended = False
        self._worker = _Worker(make, title)
        self._thread = QThread()
        self._thread.setObjectName(f"job {name}")
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.run)
        self._worker.yielded.connect(self._on_event)
        self._worker.noted.connect(self._on_noted)
        self._worker.done.connect(self._on_done)
        self._thread.finished.connect(self._on_thread_finished)
        self._beat = QTimer(self)
        self._beat.setSingleShot(True)
        self._beat.setInterval(PROGRESS_INTERVAL_MS)
        self._beat.timeout.connect(self._send_progress)

    def begin(self) -> None:
        """Starts the thread; called once, by `Jobs`."""
        self._thread.start()

    @property
    def paused(self) -> bool:
        """True between `pause()` and `resume()`."""
        return not self._worker.going.is_set()

    @property
    def cancelling(self) -> bool:
        """True from `cancel()` on."""
        return self._worker.cancelled.is_set()

    def pause(self) -> None:
        """Stops asking the generator for events; the one in the making is still finished."""
        if self.running and not self.paused and not self.cancelling:
            self._worker.going.clear()
            self.paused_changed.emit(True)

    def resume(self) -> None:
        """Goes on after `pause()`."""
        if self.paused:
            self._worker.going.set()
            self.paused_changed.emit(False)

    def cancel(self) -> None:
        """Asks the job to end after the event in the making; safe to call twice and after the end."""
        self._worker.cancelled.set()
        self.resume()

    def wait(self) -> None:
        """Blocks until the thread is over and delivers what it had sent; for the closing of the window."""
        self._thread.quit()
        self._thread.wait()
        QCoreApplication.sendPostedEvents(self)
        self._end()

    @Slot(object)
    def _on_event(self, event: Any) -> None:
        self._worker.room.release()
        self.event.emit(event)

    @Slot()
    def _on_noted(self) -> None:
        if not self._beat.isActive():
            self._send_progress()

    @Slot()
    def _send_progress(self) -> None:
        progress = self._worker.take_progress()
        if progress is not None:
            self.last_progress = progress
            self.progress.emit(progress)
            self._beat.start()

    @Slot(object)
    def _on_done(self, outcome: Outcome) -> None:
        self._send_progress()
        self._beat.stop()
        self.running = False
        kind, message = outcome
        if kind == "finished":
            self.finished.emit()
        elif kind == "cancelled":
            self.cancelled.emit()
        else:
            self.failed.emit(message)
        self._thread.quit()

    @Slot()
    def _on_thread_finished(self) -> None:
        # `finished` is emitted by the ending thread itself: wait until it is really over.
        self._thread.wait()
        self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self.running = False
        # The owner first: whoever hears `ended` may start another job of that key.
        self.gone.emit(self)
        self.ended.emit()


class Jobs(QObject):
    """The jobs that run now, at most one a key."""

    started = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[str, Job] = {}

    def start(self, title: str, make: Callable[[], Iterator[Event]], *, key: str, quiet: bool = False) -> Job:
        """Runs the generator that `make` returns on a thread of its own; `make` is called there too.

        Where a job of that key still runs, that one is returned and nothing new is started. Connect to the
        returned job's signals at once: none is sent before the event loop turns. `quiet` keeps short work
        out of the status bar.
        """
        running = self._jobs.get(key)
        if running is not None:
            return running
        job = Job(title, make, key, self)
        job.quiet = quiet
        self._jobs[key] = job
        job.gone.connect(self._on_gone)
        self.started.emit(job)
        job.begin()
        return job

    def get(self, key: str) -> Job | None:
        """The running job of that key."""
        return self._jobs.get(key)

    def active(self) -> list[Job]:
        """All jobs whose thread is not over yet, oldest first."""
        return list(self._jobs.values())

    def cancel_all_and_wait(self) -> None:
        """Cancels every job and returns once no thread runs any more."""
        # What hears of an end may begin something new: that ends as well.
        while jobs := self.active():
            for job in jobs:
                job.cancel()
            for job in jobs:
                job.wait()

    @Slot(object)
    def _on_gone(self, job: Job) -> None:
        if self._jobs.get(job.name) is job:
            del self._jobs[job.name]
        self.ended.emit(job)
        job.deleteLater()


def _be_nice() -> None:
    """Lowers the priority of this thread, and of those it will start, below the window's (Linux only)."""
    if sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        except OSError as error:
            log.debug("The job's thread keeps its priority: %s", error)
