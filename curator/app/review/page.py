"""The Review page: what a run says of each image, and the way back to mend the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.jobs import load
from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.review.bar import ReviewBar
from curator.app.review.details import DetailsPane
from curator.app.review.empty import EmptyReview
from curator.app.review.facts import Facts
from curator.app.review.gallery import Gallery
from curator.app.review.items import Cell, Item, chosen, items_of, mended, with_looked
from curator.app.review.pictures import Pictures, Wanted
from curator.app.shortcuts import bind
from curator.records import Change, Event, Split

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady

_SIDE: Final = 300
KEY: Final = "review"


class ReviewPage(Page):
    """Gallery in the middle, figures and confusion matrix on the left, the chosen image on the right."""

    title = "Review"
    icon = "eye"
    shortcut = "page.review"

    mend_requested = Signal(int)
    train_requested = Signal()

    def __init__(self, model: ProjectModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.results: ResultsReady | None = None
        self._items: list[Item] = []
        self._run_dir: Path | None = None
        self._split: Split = "test"
        self._cell: Cell | None = None
        self._name: str | None = None
        self.pictures = Pictures(self)
        self.bar = ReviewBar()
        self.facts = Facts()
        self.gallery = Gallery(self._picture)
        self.details = DetailsPane(self.pictures)
        self.empty = EmptyReview()
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_empty()

    def top_bar(self) -> QWidget:
        """Run, split, wrong only, order."""
        return self.bar

    def activate(self) -> None:
        """Reads the list of runs anew; the gallery stays where it was."""
        super().activate()
        self.refresh_runs()
        self.gallery.setFocus()

    def show_run(self, run_dir: Path) -> None:
        """Goes to a run."""
        self._run_dir = Path(run_dir)
        self._name = None
        self.refresh_runs()

    def refresh_runs(self) -> None:
        """Lists the runs, newest first, and shows the one that was shown, else the newest."""
        from curator.training.runs import list_runs

        project = self.model.project
        runs = [run for run in list_runs(project.folder) if run.metrics] if project is not None else []
        self.bar.show_runs(runs, self._run_dir)
        folder = self.bar.run_dir()
        if folder is None:
            self.results, self._run_dir = None, None
            self._show_empty()
        elif self.results is None or self.results.run.folder != folder or self._is_stale(runs, folder):
            self._load(folder, self._split)

    def _is_stale(self, runs: list[Any], folder: Path) -> bool:
        """Whether the run has gone on since its results were read."""
        shown = self.results
        return shown is not None and any(
            run.folder == folder and len(run.metrics) != len(shown.run.metrics) for run in runs
        )

    # Loading

    def _load(self, run_dir: Path, split: Split) -> None:
        running = self.model.jobs.get(KEY)
        if running is not None:
            running.cancel()
            running.ended.connect(lambda: self._load_latest(run_dir, split))
            return
        self._run_dir, self._split = run_dir, split
        self.empty.say_loading(run_dir.name, split)
        self._stack.setCurrentWidget(self.empty)
        # Imported on the job's thread: it needs PyTorch.
        job = self.model.jobs.start(
            "Predicting",
            lambda: load("curator.evaluation.results").read_results(run_dir, split),
            key=KEY,
        )
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    def _load_latest(self, run_dir: Path, split: Split) -> None:
        if self.model.jobs.get(KEY) is None:
            self._load(run_dir, split)

    @Slot(object)
    def _take(self, event: Event) -> None:
        from curator.evaluation.results import ResultsReady
        from curator.records import Warned

        if isinstance(event, Warned):
            messages.show(event.message, "warning")
        if not isinstance(event, ResultsReady) or self.model.project is None:
            return
        if event.run.folder != self._run_dir or event.split != self._split:
            return
        self.results = event
        self._items = items_of(event, self.model.project)
        self.details.heat_bar.show_classes(event.run.classes)
        self._cell = None
        if event.split == "test":
            self.model.project.mark_seen(item.image_id for item in self._items if item.image_id >= 0)
        self._show_facts()
        self._fill()
        self._stack.setCurrentIndex(0 if self._items else 1)
        if not self._items:
            self.empty.say_nothing_in(event.split)

    @Slot(str)
    def _failed(self, message: str) -> None:
        self.empty.say_error(message)
        self._stack.setCurrentWidget(self.empty)

    # Showing

    def _show_facts(self) -> None:
        project = self.model.project
        if self.results is None or project is None:
            return
        self.facts.show_summary(self.results.split or "all", self.results.summary, project.test_touched)

    def _fill(self) -> None:
        if self.results is None:
            return
        shown = chosen(self._items, self.bar.order(), self._cell, self.bar.wrong_only())
        name = self._name
        self.gallery.items.show_items(shown, self.results.run.classes)
        self.gallery.go_to(name)
        self.facts.say_showing(len(shown), len(self._items), self._cell, self.bar.wrong_only())
        self._say_counts()
        if not shown:
            self._chosen(None)

    def _say_counts(self) -> None:
        self.bar.set_wrong(sum(item.wrong for item in self._items))
        left = sum(item.wrong and not item.looked and not item.mended for item in self._items)
        self.rail_text_changed.emit(f"{left} to see" if self._items else "")

    def _show_empty(self) -> None:
        self._items = []
        self.empty.say_no_run()
        self._stack.setCurrentWidget(self.empty)
        self._say_counts()
        self.status_changed.emit("")

    def _picture(self, item: Item) -> QPixmap | None:
        wanted = self._wanted(item)
        return self.pictures.square(wanted) if wanted is not None else None

    def _wanted(self, item: Item) -> Wanted | None:
        if self.results is None:
            return None
        from curator.training.data import cleaned

        run = self.results.run
        return Wanted(
            self.results.run_dir_of(item.name),
            self.results.root / item.name,
            item.prediction.sha256,
            cleaned(item.edits, run.config.cleaning),
            run.config.image_size,
            run.config.resize,
            item.said,
            profile=self.model.project.profile if self.model.project is not None else "general",
        )

    @Slot(object)
    def _chosen(self, item: Item | None) -> None:
        self.details.show_item(item, None if item is None else self._wanted(item))
        if item is None:
            self.status_changed.emit("no predictions here")
            return
        self._name = item.name
        row = self.gallery.currentIndex().row() + 1
        self.status_changed.emit(f"{row} of {len(self.gallery.items.items)}    {item.name}")

    @Slot(object)
    def _cell_chosen(self, cell: Cell | None) -> None:
        self._cell = cell
        self._fill()

    # Acting

    @Slot(str)
    def act(self, name: str) -> None:
        """Does what a button says: "mend", "relabel", "discard" or "fine"."""
        item, project = self.gallery.current_item(), self.model.project
        if item is None or project is None:
            return
        if name == "fine":
            self._look(item)
        elif item.image_id < 0:
            messages.show(f"{item.name} is no longer in this dataset.", "warning")
        elif name == "mend":
            self.mend_requested.emit(item.image_id)
        elif name == "relabel":
            self.details.offer("relabel", list(project.classes))
        else:
            self.details.offer("discard", self.details.reasons())

    @Slot(str, str)
    def _picked(self, kind: str, name: str) -> None:
        from curator.project import edits
        from curator.records import DISCARD_REASONS

        item, project = self.gallery.current_item(), self.model.project
        if item is None or project is None or item.image_id < 0:
            return
        state = project.state(item.image_id)
        if kind == "relabel":
            self.model.apply(edits.relabel([state], name))
        else:
            reason = next(one for one in DISCARD_REASONS if one == name)
            self.model.apply(edits.decide([state], "discard", reason))

    def _look(self, item: Item) -> None:
        from curator.evaluation.results import write_looked

        newer = with_looked(item, not item.looked)
        self._replace(newer)
        names = frozenset(one.name for one in self._items if one.looked)
        if self.results is not None:
            others = self.results.looked - {one.name for one in self._items}
            try:
                write_looked(self.results.run.folder, names | others)
            except OSError as error:
                messages.show(f"This could not be saved ({error.strerror}): check the disk.", "error")
        self.details.show_item(newer, self._wanted(newer))
        if newer.looked:
            self.gallery.step(1)

    def _replace(self, item: Item) -> None:
        self._items = [item if one.name == item.name else one for one in self._items]
        self.gallery.items.replace(item)
        self._say_counts()

    @Slot(object)
    def _project_changed(self, change: Change) -> None:
        """Marks what was mended since the run, here or in Curate, or undone again."""
        project, results = self.model.project, self.results
        if project is None or results is None or change.kind not in ("edit", "undo", "redo"):
            return
        changed = set(change.ids)
        for item in [one for one in self._items if one.image_id in changed]:
            now = mended(project.state(item.image_id), results.rows[item.name])
            if now != item.mended:
                self._replace(replace(item, mended=now))
        self.facts.touched.setVisible(results.split == "test" and project.test_touched > 0)
        self.facts.touched.set_value(str(project.test_touched), "warn")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = event.key() - Qt.Key.Key_0
        if 1 <= digit <= 9 and self.details.pick_number(digit):
            return
        if event.key() == Qt.Key.Key_Escape and self.details.choices.isVisible():
            self.details.choices.hide()
            return
        super().keyPressEvent(event)

    @Slot()
    def _closing(self) -> None:
        self.pictures.close()
        self.results, self._run_dir, self._name, self._cell = None, None, None, None
        self.gallery.items.show_items([], ())
        self._show_empty()

    @Slot(object)
    def _run_chosen(self, folder: Path) -> None:
        self._name = None
        self._load(folder, self._split)

    @Slot(str)
    def _split_chosen(self, split: Split) -> None:
        if self._run_dir is not None and split != self._split:
            self._name = None
            self._load(self._run_dir, split)

    def _connect(self) -> None:
        self.pictures.square_ready.connect(self.gallery.viewport().update)
        self.gallery.item_chosen.connect(self._chosen)
        self.facts.cell_chosen.connect(self._cell_chosen)
        self.details.wanted.connect(self.act)
        self.details.picked.connect(self._picked)
        self.details.stepped.connect(self.gallery.step)
        self.details.bind_keys(self)
        self.bar.run_chosen.connect(self._run_chosen)
        self.bar.split_chosen.connect(self._split_chosen)
        self.bar.changed.connect(self._fill)
        self.empty.train_wanted.connect(self.train_requested)
        self.model.changed.connect(self._project_changed)
        self.model.closing.connect(self._closing)
        for name in ("mend", "relabel", "discard", "fine"):
            bind(self, f"review.{name}", lambda name=name: self.act(name))
        bind(self, "review.next", lambda: self.gallery.step(1))
        bind(self, "review.previous", lambda: self.gallery.step(-1))

    def _lay_out(self) -> None:
        main = QWidget()
        row = QHBoxLayout(main)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(_scrolled(self.facts, "side-left", "Figures"))
        middle = QVBoxLayout()
        middle.setContentsMargins(14, 14, 4, 0)
        middle.addWidget(self.gallery)
        row.addLayout(middle, 1)
        side = QWidget()
        side.setProperty("role", "side-right")
        side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        side.setFixedWidth(_SIDE - 20)
        inside = QVBoxLayout(side)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.details)
        row.addWidget(side)
        self._stack.addWidget(main)
        self._stack.addWidget(self.empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)


def _scrolled(inside: QWidget, role: str, name: str) -> QWidget:
    side = QWidget()
    side.setProperty("role", role)
    side.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    side.setFixedWidth(_SIDE)
    inside.setProperty("role", "scrolled")
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(name)
    area.setWidget(inside)
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(area)
    return side
