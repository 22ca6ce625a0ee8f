"""The bar at the bottom: what the page says, the running job, and whether everything is saved."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from curator.app.jobs import Job, Jobs
from curator.app.project_model import SaveState
from curator.app.widgets import IconButton, label, set_role
from curator.app.words import time_left
from curator.records import Progress

_PARTS_OF_BAR = 1000


class StatusBar(QWidget):
    """Follows the newest running job; with several, says how many more there are."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("status_bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Status bar")
        self.setFixedHeight(30)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 14, 0)
        row.setSpacing(10)
        self._page = label("", "dim")
        # Where there is little room this gives way, never whether everything is saved.
        self._page.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._job_title = label("", "dim")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(150)
        self._bar.setAccessibleName("Progress of the running job")
        self._left = label("", "dim")
        self._cancel = IconButton("cross", "Cancel the running job", size=12)
        self._cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._cancel.clicked.connect(self._cancel_job)
        self._saved = label("", "dim")
        row.addWidget(self._page, 1)
        for widget in (self._job_title, self._bar, self._left, self._cancel):
            row.addWidget(widget)
        row.addSpacing(6)
        row.addWidget(self._saved)
        self._jobs = jobs
        self._job: Job | None = None
        jobs.started.connect(self._job_started)
        jobs.ended.connect(self._job_ended)
        self._follow(None)

    def set_page_text(self, text: str) -> None:
        """Shows what the page in front says."""
        self._page.setText(text)

    def page_text(self) -> str:
        """What the page says, as shown."""
        return self._page.text()

    def job_text(self) -> str:
        """What is said of the running job, as shown."""
        return self._job_title.text()

    def saved_text(self) -> str:
        """What is said of saving, as shown."""
        return self._saved.text()

    @Slot(object)
    def show_saving(self, state: SaveState | None) -> None:
        """Shows "saving…", "saved" with its time, or why saving does not work."""
        if state is None:
            text, role, tip = "", "dim", ""
        elif state.error:
            text, role, tip = "not saved yet, trying again", "bad", state.error
        elif state.pending:
            text, role, tip = "saving…", "dim", ""
        elif state.saved_at is not None:
            at = time.strftime("%H:%M:%S", time.localtime(state.saved_at))
            text, role, tip = f"saved {at}", "good", "Every edit is on the disk."
        else:
            text, role, tip = "", "dim", ""
        self._saved.setText(text)
        self._saved.setToolTip(tip)
        set_role(self._saved, role)

    @Slot(object)
    def _job_started(self, job: Job) -> None:
        if not job.quiet:
            self._follow(job)

    @Slot(object)
    def _job_ended(self, _job: Job) -> None:
        active = self._active()
        self._follow(active[-1] if active else None)

    def _active(self) -> list[Job]:
        return [job for job in self._jobs.active() if not job.quiet]

    def _follow(self, job: Job | None) -> None:
        if self._job is not None:
            self._job.progress.disconnect(self._show_progress)
            self._job.paused_changed.disconnect(self._show_pause)
        self._job = job
        for widget in (self._job_title, self._bar, self._left, self._cancel):
            widget.setVisible(job is not None)
        if job is None:
            return
        job.progress.connect(self._show_progress)
        job.paused_changed.connect(self._show_pause)
        self._job_title.setText(self._title(job))
        self._cancel.set_words(f"Cancel: {job.title}")
        self._bar.setRange(0, 0)
        self._left.setText("")
        if job.last_progress is not None:
            self._show_progress(job.last_progress)

    def _title(self, job: Job) -> str:
        others = len(self._active()) - 1
        what = (
            job.last_progress.what if job.last_progress is not None and job.last_progress.what else job.title
        )
        return f"{what} (and {others} more)" if others > 0 else what

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        job = self._job
        if job is None:
            return
        self._job_title.setText(self._title(job))
        if progress.total <= 0:
            self._bar.setRange(0, 0)
            self._left.setText("")
            return
        self._bar.setRange(0, _PARTS_OF_BAR)
        self._bar.setValue(round(_PARTS_OF_BAR * min(progress.done / progress.total, 1)))
        if job.seconds_left is not None:
            self._left.setText("paused" if job.paused else time_left(job.seconds_left))
            return
        spent = time.monotonic() - job.started_at
        share = progress.done / progress.total
        # The first moments say nothing about the rest.
        known = spent > 1 and share > 0.02 and not job.paused
        self._left.setText(
            time_left(spent / share - spent) if known else f"{progress.done} / {progress.total}"
        )

    @Slot(bool)
    def _show_pause(self, paused: bool) -> None:
        if paused:
            self._left.setText("paused")

    @Slot()
    def _cancel_job(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._left.setText("ending…")
