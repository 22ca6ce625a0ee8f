"""The Review page: what a network says of each image, and the way back to mend the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.review.acting import Acts
from curator.app.review.auditor import Auditor
from curator.app.review.comparing import Comparing
from curator.app.review.empty import EmptyReview
from curator.app.review.filter_panel import ReviewFilterPanel
from curator.app.review.loading import Loader
from curator.app.review.middle import PANES
from curator.app.review.others import Others
from curator.app.review.places import Places
from curator.app.review.plots.link import PlotsLink
from curator.app.review.queueing import Queueing
from curator.app.review.reporting import Reporting
from curator.app.review.showing import Showing
from curator.app.review.sides import left_side, right_side
from curator.app.review.sources import Entry, words_of
from curator.app.review.table import Table
from curator.app.review.take_away import TakeAway
from curator.app.shortcuts import bind
from curator.records import Split

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady, Source


class ReviewPage(Page):
    """Gallery or plots in the middle, figures and confusion matrix on the left, the chosen image on the right."""

    title = "Review"
    icon = "eye"
    shortcut = "page.review"

    mend_requested = Signal(int)
    train_requested = Signal()

    def __init__(self, model: ProjectModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        # A run that is to be shown as soon as it is listed, and how far the shown one had come.
        self._wanted: Path | None = None
        self._stamp = -1
        self.places = Places()
        self.loader = Loader(model, self)
        self.showing = Showing(model, self)
        self.bar, self.facts, self.middle = self.showing.bar, self.showing.facts, self.showing.middle
        self.gallery, self.details = self.showing.gallery, self.showing.details
        self.pictures = self.showing.pictures
        self.curves = PlotsLink(self.showing, model.jobs, self)
        self.queueing = Queueing(model.jobs, self.showing, self)
        self.acts = Acts(model, self.gallery, self.details, self)
        self.auditor = Auditor(model.jobs, self)
        self.middle.put("audit", self.auditor.pane)
        self.facts.put("audit", self.auditor.short)
        self.filters = ReviewFilterPanel(self)
        self.others = Others(self)
        self.comparing = Comparing(model, self.loader, self.showing, self)
        self.reporting = Reporting(model, lambda: self.results, lambda: self.comparing.comparison, self)
        self.middle.put_right(self.reporting.button)
        self.take_away = TakeAway(model, self)
        self.empty = EmptyReview()
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_empty()

    @property
    def results(self) -> ResultsReady | None:
        """What is reviewed."""
        return self.showing.results

    def top_bar(self) -> QWidget:
        """Source, split, wrong only, order, filters."""
        return self.bar

    def activate(self) -> None:
        """Looks anew for what can be reviewed; what is shown stays where it was."""
        super().activate()
        self.loader.list()
        self.gallery.setFocus()

    def show_run(self, run_dir: Path) -> None:
        """Goes to a run or a cross-validation."""
        self._wanted = Path(run_dir)
        self.loader.list()

    def show_comparison(self, before: Path, after: Path) -> None:
        """Goes to a run and compares it with an earlier one."""
        self.show_run(after)
        self.comparing.compare_with(before)

    @Slot(object)
    def show_source(self, source: Source | None) -> None:
        """Reads a source; one that was left before comes back as it was left. None: stays at what is shown."""
        shown = self.loader.source
        if source is None:
            self.bar.mark(shown)
            return
        if shown is not None and self.results is not None:
            self.places.keep(shown, self.showing.place())
        self.loader.open(source)

    # Loading

    @Slot(object)
    def _listed(self, entries: tuple[Entry, ...]) -> None:
        """Shows the source that was asked for, else the one that was shown, else the newest."""
        shown, wanted = self.loader.source, self._wanted
        self._wanted = None
        self.bar.show_sources(entries, shown)
        if not entries:
            self._close()
            return
        chosen = next((one for one in entries if one.source.folder == wanted), None)
        if chosen is None and shown is not None:
            chosen = self.bar.entry_of(shown)
            # What is being predicted for the first time is not in the list yet.
            if chosen is None and shown.folder.is_dir():
                return
        chosen = chosen or entries[0]
        if shown is None or self.bar.entry_of(shown) != chosen:
            self.show_source(chosen.source)
        elif chosen.stamp != self._stamp:
            self.show_source(shown)
        self._stamp = chosen.stamp

    @Slot(object)
    def _began(self, source: Source) -> None:
        self.facts.tell("")
        self.bar.mark(source)
        self.empty.say_loading(source.folder.name, words_of(source))
        self._stack.setCurrentWidget(self.empty)

    @Slot(object)
    def _opened(self, table: Table) -> None:
        project = self.model.project
        if project is None:
            return
        project.mark_seen(table.image_ids[table.image_ids >= 0].tolist())
        self._stack.setCurrentIndex(0 if len(table) else 1)
        self.showing.show_table(table, self.places.of(self.loader.source))
        self.auditor.show_results(table.results)
        if not len(table):
            self.empty.say_nothing_in(words_of(table.results.source))
        elif self.isVisible():
            self.gallery.setFocus()
        # A source that is new by being predicted is in the menu from now on.
        if self.bar.entry_of(table.results.source) is None:
            self.loader.list()

    @Slot(str)
    def _failed(self, message: str) -> None:
        self.showing.show_nothing()
        self.auditor.show_results(None)
        self.empty.say_error(message)
        self._stack.setCurrentWidget(self.empty)

    @Slot()
    def _close(self) -> None:
        """The project goes, or its last run did."""
        self.loader.close()
        self.places.clear()
        self._wanted, self._stamp = None, -1
        self.showing.forget()
        self.auditor.show_results(None)
        self._show_empty()

    def _show_empty(self) -> None:
        self.bar.show_sources((), None)
        self.empty.say_no_run()
        self._stack.setCurrentWidget(self.empty)

    # What is asked for

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = event.key() - Qt.Key.Key_0
        if 1 <= digit <= 9 and self.details.choices.pick_number(digit):
            return
        super().keyPressEvent(event)

    @Slot()
    def _escape(self) -> None:
        """Puts away what is offered, else lets go of the filters."""
        if self.details.choices.isVisible():
            self.details.choices.hide()
        else:
            self.showing.show_all()

    @Slot(object)
    def _entry_chosen(self, entry: Entry) -> None:
        self._stamp = entry.stamp
        self.show_source(entry.source)

    @Slot(str)
    def _other_wanted(self, kind: str) -> None:
        if kind == "model":
            self.bar.mark(self.loader.source)
            self.take_away.ask(self.loader.source)
        else:
            self.others.ask(kind, self.loader.source, self.bar.entries)

    @Slot(object)
    def _split_chosen(self, split: Split | None) -> None:
        source = self.loader.source
        if source is not None and split != source.split:
            self.show_source(replace(source, split=split))

    @Slot()
    def _measure_heat(self) -> None:
        """Measures it for every image of what is shown, and sorts by it once it is there."""
        if self.results is not None and self.loader.measure_heat(self.results):
            self.showing.order = "heat"

    @Slot()
    def _more(self) -> None:
        if self.showing.table is not None:
            self.filters.open_below(self.bar.more, self.showing.table, self.showing.wish)

    def _connect(self) -> None:
        for signal, slot in (
            (self.showing.status, self.status_changed),
            (self.showing.to_see, self.rail_text_changed),
            (self.acts.mend_wanted, self.mend_requested),
            (self.acts.looked, self.showing.looked),
            (self.loader.listed, self._listed),
            (self.loader.began, self._began),
            (self.loader.opened, self._opened),
            (self.loader.measured, self.showing.measured),
            (self.loader.told, self.facts.tell),
            (self.details.measure_wanted, self._measure_heat),
            (self.loader.failed, self._failed),
            (self.bar.source_chosen, self._entry_chosen),
            (self.bar.other_wanted, self._other_wanted),
            (self.bar.split_chosen, self._split_chosen),
            (self.bar.more_wanted, self._more),
            (self.others.chosen, self.show_source),
            (self.auditor.short.opened, lambda: self.middle.turn("audit")),
            (self.filters.changed, self.showing.show_wish),
            (self.empty.train_wanted, self.train_requested),
            (self.model.closing, self._close),
        ):
            signal.connect(slot)
        self.details.bind_keys(self)
        for name in ("mend", "relabel", "discard", "fine"):
            bind(self, f"review.{name}", lambda name=name: self.acts.act(name))
        bind(self, "review.next", lambda: self.gallery.step(1))
        bind(self, "review.previous", lambda: self.gallery.step(-1))
        bind(self, "review.queue_next", self.queueing.pane.step)
        bind(self, "review.wrong", self.bar.wrong.click)
        bind(self, "review.filter", self._more)
        bind(self, "review.all", self._escape)
        bind(self, "review.again", self.comparing.train_again)
        bind(self, "review.report", self.reporting.ask)
        for pane, _ in PANES:
            bind(self, f"review.{pane}", lambda pane=pane: self.middle.turn(pane))

    def _lay_out(self) -> None:
        main = QWidget()
        row = QHBoxLayout(main)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left_side(self.facts, "Figures"))
        row.addWidget(self.middle, 1)
        row.addWidget(right_side(self.details))
        self._stack.addWidget(main)
        self._stack.addWidget(self.empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
