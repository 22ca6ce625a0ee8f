"""Relays one open project to the pages. Holds no state of its own beyond which image is current."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from curator.app import messages
from curator.app.jobs import Job, Jobs, load
from curator.errors import CuratorError
from curator.records import Change, Edit, Event, Profile, Progress, Warned

if TYPE_CHECKING:
    from curator.project import Project
    from curator.workflow.nearest import Focus

log = logging.getLogger(__name__)

_SAVING_POLL_MS: Final = 60
# Events of background jobs are applied for so long at a stretch, then the window gets its turn.
_SLICE_SECONDS: Final = 0.004
_SCAN_KEY: Final = "scan"
_PROPOSE_KEY: Final = "propose"
_LEARN_KEY: Final = "learn"
# After so many more decisions confidence is learnt again.
_LEARN_EVERY: Final = 10


@dataclass(frozen=True, slots=True)
class SaveState:
    """Whether edits wait for the disk; `saved_at` in epoch seconds; `error` of a commit that is retried."""

    pending: bool
    saved_at: float | None
    error: str | None


class ProjectModel(QObject):
    """The pages' view of the open project: all edits go in here, all changes come out here."""

    opened = Signal()
    closing = Signal()
    changed = Signal(object)
    saving = Signal(object)
    current_changed = Signal(int)

    def __init__(self, jobs: Jobs | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = jobs or Jobs(self)
        self.project: Project | None = None
        self.focus: Focus | None = None
        self._current = -1
        self._touch_agreed = False
        self._adopted = False
        self._waiting: deque[Event] = deque()
        # Set when the scan is over (propose once its records are applied), and when new images came to a
        # proposing pass that was already running (propose again after it).
        self._propose_next = False
        self._propose_again = False
        # Decisions since confidence was last learnt from them, and whether it is as soon as all is applied.
        self._to_learn = 0
        self._learn_next = False
        self._feed = QTimer(self)
        self._feed.setInterval(0)
        self._feed.timeout.connect(self._apply_waiting)
        self._poll = QTimer(self)
        self._poll.setInterval(_SAVING_POLL_MS)
        self._poll.timeout.connect(self._look_at_saving)

    # Opening and closing

    def open(self, root: Path, profile: Profile | None = None) -> None:
        """Opens the project of the dataset `root` and starts to scan and propose in the background.

        Raises `ProjectError` where it cannot be opened; what was open before is then still open.
        """
        # pydantic must not be imported by two threads at once, so it is here before any job is.
        load("curator.manifest.files")
        from curator.project import Project
        from curator.workflow.nearest import Focus

        if self.project is not None and self.project.root == root.resolve():
            self.close()
        project = Project.open(root, profile=profile)
        self._show(project, Focus())
        self.rescan()

    def adopt(self, project: Project) -> None:
        """Shows a project that is open already, with the images that it has: its folder is never read again.

        From now on the project is the model's: `close` closes it.
        """
        self._show(project, None, adopted=True)

    @property
    def adopted(self) -> bool:
        """Whether what is open is not the dataset's own project, but one that `adopt` was given."""
        return self._adopted

    def _show(self, project: Project, focus: Focus | None, *, adopted: bool = False) -> None:
        self.close()
        self.project, self.focus = project, focus
        self._touch_agreed, self._adopted, self._to_learn = False, adopted, 0
        self.opened.emit()
        self._restore_current()
        self._look_at_saving()

    def close(self) -> None:
        """Ends the project's jobs, writes what is not written yet and closes it; nothing if none is open."""
        project = self.project
        if project is None:
            return
        self.closing.emit()
        self.jobs.cancel_all_and_wait()
        self._apply_all_waiting()
        current = self._current
        if current >= 0:
            project.set_setting("current", project.state(current).file_name)
        self._poll.stop()
        self.project, self.focus = None, None
        self._current = -1
        if not project.flush():
            log.error("Some edits of %s could not be written: %s", project.root, project.save_error)
        project.close()
        self.current_changed.emit(-1)

    # Edits

    def apply(self, edit: Edit, then: Callable[[], object] | None = None) -> Change | None:
        """Makes `edit` a step of the history. None where the user is asked first: a yes then makes it.

        `then` is called once it is made, be it at once or after the answer.
        """
        project = self._open_project()
        touched = () if self._touch_agreed else project.needs_confirmation(edit)
        if touched:
            messages.confirm_test_touch(len(touched), lambda: self._apply_agreed(edit, project, then))
            return None
        return self._make(edit, project, then)

    def undo(self) -> Change | None:
        """Takes the last step back and goes to its image. None at the start of the history."""
        return self._moved(self.project.undo() if self.project is not None else None)

    def redo(self) -> Change | None:
        """Makes the step that was taken back again. None at the end of the history."""
        return self._moved(self.project.redo() if self.project is not None else None)

    def jump(self, index: int) -> Change | None:
        """Goes to just after step `index` of the history (0 = before all)."""
        return self._moved(self._open_project().jump(index))

    def announce(self, change: Change | None) -> Change | None:
        """Tells the pages of a change that was made on the project itself (splits, export)."""
        return self._announce(change) if change is not None else None

    # The current image

    @property
    def current_id(self) -> int:
        """The image the user is at, -1 for none."""
        return self._current

    def set_current(self, image_id: int) -> None:
        """Goes to an image; proposing goes on nearest to it."""
        if image_id == self._current:
            return
        self._current = image_id
        if self.focus is not None:
            self.focus.set(image_id)
        self.current_changed.emit(image_id)

    # Background work

    def rescan(self) -> None:
        """Looks for new, changed and gone files, then proposes what has no proposal yet."""
        project = self.project
        if project is None or self._adopted:
            return
        from curator.workflow.open import open_folder

        if self.jobs.get(_SCAN_KEY) is not None:
            return
        # Called here, on the project's thread: what it needs of the project is taken now.
        events = open_folder(project)
        self._start_job("Reading the folder", lambda: events, _SCAN_KEY)

    @Slot()
    def propose_anew(self) -> None:
        """Proposes again for every image; what a person set stays. Nothing without a folder of its own."""
        if self.project is not None and not self._adopted:
            self.start_proposing(again=True)

    def start_proposing(self, *, again: bool = False) -> None:
        """Proposes crop, masks, decision and copies for every image that has none (`again`: for all), in the
        background.
        """
        project, focus = self._open_project(), self.focus
        if self.jobs.get(_PROPOSE_KEY) is not None:
            self._propose_again = True
            return
        from curator.workflow.propose import propose_work, work_of

        work = work_of(project, again=again)
        if work.needed:
            # One core is left to the window.
            workers = max(1, (os.cpu_count() or 2) - 1)
            self._start_job(
                "Proposing", lambda: propose_work(work, workers=workers, focus=focus), _PROPOSE_KEY
            )
        else:
            self._learn(project)

    def run_job(self, title: str, make: Callable[[], Iterator[Event]], key: str) -> Job:
        """Starts a job whose events change the project: they are applied here, in slices."""
        return self._start_job(title, make, key)

    @property
    def quiet(self) -> bool:
        """True while no background work of the project runs and all that it found is applied."""
        running = any(self.jobs.get(key) for key in (_SCAN_KEY, _PROPOSE_KEY, _LEARN_KEY))
        return not (self._waiting or self._feed.isActive() or running)

    def save_state(self) -> SaveState | None:
        """How saving stands now; None without a project."""
        project = self.project
        if project is None:
            return None
        return SaveState(project.saved_sequence < project.sequence, project.saved_at, project.save_error)

    def _start_job(self, title: str, make: Callable[[], Iterator[Event]], key: str) -> Job:
        running = self.jobs.get(key)
        if running is not None:
            return running
        job = self.jobs.start(title, make, key=key)
        job.event.connect(self._take)
        job.failed.connect(self._job_failed)
        if key == _SCAN_KEY:
            job.finished.connect(self._scanned)
        elif key == _PROPOSE_KEY:
            job.ended.connect(self._proposed)
        return job

    @Slot(object)
    def _take(self, event: Any) -> None:
        if isinstance(event, Warned):
            log.warning(event.message)
        elif not isinstance(event, Progress):
            self._waiting.append(event)
            self._feed.start()

    @Slot()
    def _scanned(self) -> None:
        self._propose_next = True
        self._feed.start()

    @Slot()
    def _proposed(self) -> None:
        self._learn_next = True
        self._feed.start()
        if self._propose_again:
            self._propose_again = False
            self._propose_next = True
            self._feed.start()

    @Slot(str)
    def _job_failed(self, message: str) -> None:
        messages.show(message, "error")

    @Slot()
    def _apply_waiting(self) -> None:
        end = perf_counter() + _SLICE_SECONDS
        while self._waiting and perf_counter() < end:
            self._apply_one(self._waiting.popleft())
        if self._waiting:
            return
        self._feed.stop()
        if self._propose_next:
            self._propose_next = False
            self.start_proposing()
        elif self._learn_next and self.project is not None:
            self._learn_next = False
            self._learn(self.project)

    def _apply_all_waiting(self) -> None:
        self._feed.stop()
        self._propose_next = self._propose_again = self._learn_next = False
        while self._waiting:
            self._apply_one(self._waiting.popleft())

    def _apply_one(self, event: Event) -> None:
        from curator.workflow.apply import apply_event

        if self.project is None:
            return
        try:
            change = apply_event(self.project, event)
        except CuratorError as error:
            messages.show(str(error), "error")
            return
        if change is not None:
            self._announce(change)
            if change.kind == "records" and self._current < 0:
                self._restore_current()

    def _restore_current(self) -> None:
        project = self.project
        if project is None or not project.ids:
            return
        last = project.setting("current")
        found = project.id_of(last) if isinstance(last, str) else None
        self.set_current(project.ids[0] if found is None else found)

    def _apply_agreed(self, edit: Edit, project: Project, then: Callable[[], object] | None) -> None:
        if self.project is project:
            self._touch_agreed = True
            self._make(edit, project, then)

    def _make(self, edit: Edit, project: Project, then: Callable[[], object] | None) -> Change:
        change = self._announce(project.apply(edit))
        self._to_learn += len({item.image_id for item in edit.fields if item.field == "decision"})
        if self._to_learn >= _LEARN_EVERY:
            self._learn(project)
        if then is not None:
            then()
        return change

    def _learn(self, project: Project) -> None:
        from curator.workflow.learn import learn, lesson_of

        if not self._adopted and self.jobs.get(_LEARN_KEY) is None:
            self._to_learn = 0
            lesson = lesson_of(project)
            self._start_job("Learning from corrections", lambda: learn(lesson), _LEARN_KEY)

    def _moved(self, change: Change | None) -> Change | None:
        if change is None:
            return None
        self._announce(change)
        if change.focus_id is not None:
            self.set_current(change.focus_id)
        return change

    def _announce(self, change: Change) -> Change:
        self.changed.emit(change)
        self._look_at_saving()
        return change

    @Slot()
    def _look_at_saving(self) -> None:
        state = self.save_state()
        if state is None:
            self._poll.stop()
            return
        if state.pending and not self._poll.isActive():
            self._poll.start()
        elif not state.pending:
            self._poll.stop()
        self.saving.emit(state)

    def _open_project(self) -> Project:
        if self.project is None:
            raise CuratorError("No folder is open: open one first.")
        return self.project
