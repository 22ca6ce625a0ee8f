"""Makes the shortcut audit for Review, off the window's thread, and hands it to whoever shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot

from curator.app import messages
from curator.app.jobs import Jobs, load
from curator.app.review.audit_pane import AuditPane, AuditShort
from curator.records import Event, Progress, Warned

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady
    from curator.evaluation.shortcut_audit import Audit

_NEW_IMAGES: Final = "New images have no labels that could be guessed: the audit is of the run's own dataset."
KEY: Final = "review.audit"
_READ_KEY: Final = "review.audit-read"


@dataclass(frozen=True, slots=True)
class Place:
    """What is audited: `manifest`, a file or the folder that holds it; `root`, where the images lie; `folder`,
    where the audit is kept, which is a run's or the manifest's own."""

    folder: Path
    manifest: Path
    root: Path


@dataclass(frozen=True, slots=True)
class AuditRead(Event):
    """The audit that was kept for a place; None where there is none of its manifest."""

    place: Place
    audit: Audit | None


class Auditor(QObject):
    """Between the jobs and the two widgets that show an audit: `pane`, all of it, and `short`, a few lines."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.place: Place | None = None
        self.pane, self.short = AuditPane(), AuditShort()
        self._jobs = jobs
        self._made_for: Place | None = None
        for one in (self.pane, self.short):
            one.wanted.connect(self.start)
        self.pane.stop_wanted.connect(self.stop)

    def show_results(self, results: ResultsReady | None) -> None:
        """Shows the audit of the manifest that predictions were made on; None: there are none."""
        if results is None:
            self.show_place(None)
        elif results.source.images is not None:
            self.show_place(None, _NEW_IMAGES)
        else:
            manifest = results.source.manifest or results.run.folder
            self.show_place(Place(results.folder, manifest, results.root))

    def show_place(self, place: Place | None, unfit: str = "") -> None:
        """Shows the audit kept for a place, if there is one; `unfit` says why nothing can be audited."""
        if place != self._made_for:
            self.stop()
        self.place = place
        if place is None:
            self.pane.say_unfit(unfit)
            self.short.say_unfit(unfit)
            return
        self._show(None)
        self._read()

    @Slot()
    def start(self) -> None:
        """Audits the place that is shown."""
        place = self.place
        if place is None or self._jobs.get(KEY) is not None:
            return
        self._made_for = place
        job = self._jobs.start("Auditing", lambda: _audited(place), key=KEY)
        job.progress.connect(self._progressed)
        job.event.connect(self._take)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)
        self._say(None)

    @Slot()
    def stop(self) -> None:
        """Ends the audit that is being made."""
        job = self._jobs.get(KEY)
        if job is not None:
            job.cancel()

    def _read(self) -> None:
        place = self.place
        if place is None:
            return
        running = self._jobs.get(_READ_KEY)
        if running is not None:
            running.ended.connect(self._read_again)
            return
        self._jobs.start("Reading the audit", lambda: _kept(place), key=_READ_KEY, quiet=True).event.connect(
            self._take
        )

    @Slot()
    def _read_again(self) -> None:
        self._read()

    @Slot(object)
    def _take(self, event: Event) -> None:
        if isinstance(event, Warned):
            messages.show(event.message, "warning")
        elif isinstance(event, AuditRead) and event.place == self.place:
            self._show(event.audit)

    @Slot(object)
    def _progressed(self, progress: Progress) -> None:
        if self._made_for == self.place:
            self._say(progress)

    @Slot(str)
    def _failed(self, message: str) -> None:
        if self._made_for == self.place:
            self.pane.say_failed(message)
            messages.show(message, "error")

    @Slot()
    def _ended(self) -> None:
        self._made_for = None
        self.pane.say_done()
        self.short.show_audit(self.pane.audit)

    def _show(self, audit: Audit | None) -> None:
        self.pane.show_audit(audit)
        self.short.show_audit(audit)
        job = self._jobs.get(KEY)
        if job is not None and self._made_for == self.place:
            self._say(job.last_progress)

    def _say(self, progress: Progress | None) -> None:
        self.pane.say_running(progress)
        self.short.say_running(progress)


def _kept(place: Place) -> Iterator[Event]:
    found = load("curator.evaluation.shortcut_audit")
    manifest = load("curator.manifest.files").read_manifest(place.manifest)
    yield AuditRead(place, found.find_audit(place.folder, manifest.info.sha256))


def _audited(place: Place) -> Iterator[Event]:
    found = load("curator.evaluation.shortcut_audit")
    load("sklearn.ensemble")
    manifest = load("curator.manifest.files").read_manifest(place.manifest)
    for event in found.run_audit(manifest, place.root):
        if isinstance(event, found.AuditReady):
            # Shown also where it can't be kept.
            yield AuditRead(place, event.audit)
            place.folder.mkdir(parents=True, exist_ok=True)
            found.write_audit(place.folder, event.audit)
        else:
            yield event
