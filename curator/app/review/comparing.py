"""Fills the pane that compares two runs, and finds out what was mended since the one that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot

from curator.app import messages
from curator.app.jobs import load
from curator.app.project_model import ProjectModel
from curator.app.review.compare_pane import ComparePane
from curator.app.review.items import Wish
from curator.app.review.loading import Loader
from curator.app.review.showing import Showing
from curator.app.review.sources import Entry
from curator.app.review.table import Table
from curator.records import Change, Event, Warned

if TYPE_CHECKING:
    from curator.evaluation.comparison import Comparison
    from curator.evaluation.results import ResultsReady, Source
    from curator.workflow.again import MendedSince

_KEY: Final = "review-compare"
_MENDED_KEY: Final = "review-mended"


class Comparing(QObject):
    """`again_wanted` carries the `MendedSince` of the run that is to be trained again. Nothing is worked out
    while the pane is not shown."""

    again_wanted = Signal(object)

    def __init__(self, model: ProjectModel, loader: Loader, showing: Showing, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._showing = model, showing
        self.pane = ComparePane()
        self.comparison: Comparison | None = None
        self._entries: tuple[Entry, ...] = ()
        # The folder to compare with as soon as it is listed, and whether what is shown is no longer right.
        self._wanted: Path | None = None
        self._results: ResultsReady | None = None
        self._stale = self._mended_stale = True
        self._mended: MendedSince | None = None
        self._go = False
        loader.listed.connect(self._listed)
        loader.began.connect(self._began)
        loader.opened.connect(self._opened)
        showing.middle.put("compare", self.pane)
        showing.middle.turned.connect(self._turned)
        model.changed.connect(self._project_changed)
        model.closing.connect(self._closing)
        self.pane.other_chosen.connect(self._other_chosen)
        self.pane.names_chosen.connect(self._show_names)
        self.pane.image_chosen.connect(self._show_image)
        self.pane.image_pointed.connect(self._point)
        self.pane.again_wanted.connect(self.train_again)

    def compare_with(self, folder: Path) -> None:
        """Shows the pane, with the comparison with the run in `folder` once both are read."""
        self._wanted = Path(folder)
        self._offer()
        self._showing.middle.turn("compare")

    @Slot()
    def train_again(self) -> None:
        """Asks for the run that is shown to be trained again on the manifest as it is now."""
        if self._results is None:
            messages.show("There is no run to train again: choose one first.", "warning")
            return
        self._go = True
        self._find_mended()

    # What there is

    @Slot(object)
    def _listed(self, entries: tuple[Entry, ...]) -> None:
        self._entries = entries
        self._offer()

    @Slot()
    def _began(self) -> None:
        """Another source is being read."""
        self._results, self.comparison = None, None
        # What is being compared is no longer asked for, nor is it to get into a report of what comes now.
        self._stale = True
        running = self._model.jobs.get(_KEY)
        if running is not None:
            running.cancel()
        self._mended, self._mended_stale = None, True
        self.pane.say("")
        self.pane.say_mended("", ready=False)

    @Slot(object)
    def _opened(self, table: Table) -> None:
        self._results = table.results
        self._offer()

    @Slot(object)
    def _project_changed(self, change: Change) -> None:
        self._mended_stale = True
        if self._visible():
            self._find_mended()

    @Slot()
    def _closing(self) -> None:
        self._began()
        self._entries, self._wanted, self._go = (), None, False
        self.pane.show_others((), None)

    def _offer(self) -> None:
        """Offers what is not shown itself; chooses what was asked for, what was chosen, or the next older."""
        results = self._results
        if results is None:
            return
        shown = results.source
        own = [one for one in self._entries if one.source.manifest is None and one.source.images is None]
        others = [one for one in own if one.source.folder != shown.folder]
        before = self.pane.other()
        chosen = next((one for one in others if one.source.folder == self._wanted), None)
        if chosen is not None:
            self._wanted = None
        elif before is not None:
            chosen = next((one for one in others if one.source == before.source), None)
        self.pane.show_others(others, chosen or _next_older(own, shown))
        self._stale = True
        self._update()

    # Working out

    @Slot(str)
    def _turned(self, pane: str) -> None:
        if pane == "compare":
            self._update()

    def _visible(self) -> bool:
        return self._showing.middle.pane() == "compare"

    def _update(self) -> None:
        """Brings the pane up to date, if it is shown."""
        if not self._visible():
            return
        if self._stale:
            self._compare()
        if self._mended_stale:
            self._find_mended()

    @Slot()
    def _other_chosen(self) -> None:
        self._stale = True
        self._update()

    def _compare(self) -> None:
        results, other = self._results, self.pane.other()
        self.comparison = None
        running = self._model.jobs.get(_KEY)
        if running is not None:
            running.cancel()
            running.ended.connect(self._update)
            return
        self._stale = False
        if results is None or other is None:
            return
        self.pane.say(f"Comparing with {other.words} …")
        first = _as_of(other.source, results)
        own_labels = self.pane.own_labels.isChecked()
        job = self._model.jobs.start("Comparing runs", lambda: _events(first, results, own_labels), key=_KEY)
        job.event.connect(self._take)
        job.failed.connect(self.pane.say)

    @Slot(object)
    def _take(self, event: Event) -> None:
        from curator.evaluation.comparison import ComparisonReady

        if isinstance(event, Warned):
            messages.show(event.message, "warning")
        elif isinstance(event, ComparisonReady) and not self._stale:
            self.comparison = event.comparison
            self.pane.show_comparison(event.comparison)

    def _find_mended(self) -> None:
        results, project = self._results, self._model.project
        if results is None or project is None or self._model.jobs.get(_MENDED_KEY) is not None:
            return
        self._mended_stale = False
        folder, states = results.source.folder, project.states()
        job = self._model.jobs.start(
            "Looking for what was mended",
            lambda: load("curator.workflow.again").mended_since(folder, states),
            key=_MENDED_KEY,
            quiet=True,
        )
        job.event.connect(self._take_mended)
        job.failed.connect(self._mended_failed)
        job.ended.connect(self._mended_done)

    @Slot(object)
    def _take_mended(self, event: MendedSince) -> None:
        results = self._results
        if results is None or event.folder != results.source.folder:
            self._mended_stale = True
            return
        self._mended = event
        self.pane.say_mended(_mended_words(event), ready=True)

    @Slot(str)
    def _mended_failed(self, words: str) -> None:
        self._go = False
        self.pane.say_mended(words, ready=False)

    @Slot()
    def _mended_done(self) -> None:
        if self._mended_stale and (self._go or self._visible()):
            self._find_mended()
        elif self._go and self._mended is not None:
            self._go = False
            self._ask_again(self._mended)

    def _ask_again(self, mended: MendedSince) -> None:
        if mended.changes:
            self.again_wanted.emit(mended)
            return
        messages.ask(
            "Nothing in the manifest has changed since that run: another one would differ by chance alone.",
            "Train again all the same",
            lambda: self.again_wanted.emit(mended),
        )

    # Going to images

    @Slot(object, str)
    def _show_names(self, names: frozenset[str], words: str) -> None:
        self._showing.show_wish(Wish(only=names, only_words=words))
        self._showing.middle.turn("gallery")

    @Slot(str)
    def _show_image(self, name: str) -> None:
        gallery = self._showing.gallery
        if gallery.items.row_of(name) < 0:
            self._showing.show_all()
        self._showing.middle.turn("gallery")
        gallery.go_to(name)

    @Slot(str)
    def _point(self, name: str) -> None:
        """The right side shows the marked image, if the gallery has it."""
        gallery = self._showing.gallery
        if gallery.items.row_of(name) >= 0:
            gallery.go_to(name)


def _next_older(own: list[Entry], shown: Source) -> Entry | None:
    """Of the same kind the next older, else the next newer, else anything."""
    places = [index for index, one in enumerate(own) if one.source.folder == shown.folder]
    at = places[0] if places else -1
    ranked = [*own[at + 1 :], *reversed(own[: max(at, 0)])]
    alike = [one for one in ranked if one.splits == (not shown.cross_validated)]
    return next(iter([*alike, *ranked]), None)


def _as_of(other: Source, results: ResultsReady) -> Source:
    """The other run's images that can be compared: the same split; beside a cross-validation the test split."""
    if other.cross_validated:
        return other
    return replace(other, split="test" if results.folds else results.split)


def _events(first: Source, second: ResultsReady, own_labels: bool) -> Iterator[Event]:
    yield from load("curator.evaluation.comparison").compare_with(first, second, own_labels=own_labels)


def _mended_words(mended: MendedSince) -> str:
    if not mended.changes:
        return "Nothing in the manifest has changed since this run."
    return f"Mended since this run: {mended.changes.words()}."
