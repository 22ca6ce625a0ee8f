"""What Review shows of the predictions that were read: which, in which order, and how they stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QPixmap

from curator.app.project_model import ProjectModel
from curator.app.review.bar import ReviewBar
from curator.app.review.details import DetailsPane
from curator.app.review.facts import Facts
from curator.app.review.gallery import Gallery
from curator.app.review.items import Cell, Item, Order, Wish
from curator.app.review.measures import Measured
from curator.app.review.middle import Middle
from curator.app.review.pictures import Pictures, Wanted
from curator.app.review.places import Place
from curator.app.review.table import Table
from curator.records import Change

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady

_HISTORY: Final = ("edit", "undo", "redo")


class Showing(QObject):
    """Ties filter, order and the project's changes to gallery, figures and details. `status` is where one is,
    `to_see` how many are wrong and neither mended nor looked at, "" for none; `shown` carries the table that is
    shown from now on, None for none, `wished` what the gallery is filtered by."""

    status = Signal(str)
    to_see = Signal(str)
    shown = Signal(object)
    wished = Signal(object)

    def __init__(self, model: ProjectModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self.table: Table | None = None
        self.wish = Wish()
        self.order: Order = "loss"
        self._order_before: Order = "loss"
        self.pictures = Pictures(self)
        self.bar = ReviewBar()
        self.facts = Facts()
        self.gallery = Gallery(self._picture)
        self.details = DetailsPane(self.pictures)
        self.middle = Middle()
        self.middle.put("gallery", self.gallery)
        self._connect()

    @property
    def results(self) -> ResultsReady | None:
        """What is reviewed."""
        return self.table.results if self.table is not None else None

    def show_table(self, table: Table, place: Place | None) -> None:
        """Shows predictions that were read, at the place where they were left, if they were."""
        before, self.table = self.table, table
        self.pictures.forget_details()
        same = before is not None and before.classes == table.classes
        self.wish = replace(self.wish, cell=None, only=None) if same else Wish(self.wish.right)
        self.order = self._order_before if self.order == "queue" else self.order
        self.bar.offer_orders(())
        self.bar.mark(table.results.source)
        self.facts.show_results(table.results, self._touched())
        self.details.heat_bar.show_classes(table.results.run.classes)
        if place is None:
            self.bar.set_order(self.order)
            self._fill(None)
        else:
            self._restore(place)
        self.shown.emit(table)

    def show_nothing(self) -> None:
        """There are no predictions."""
        self.table = None
        self.gallery.show_rows(None, self.gallery.items.rows[:0])
        self._say_counts()
        self.status.emit("")
        self.shown.emit(None)

    def forget(self) -> None:
        """The project goes, and with it what was wanted of it."""
        self.pictures.close()
        self.wish = Wish()
        self.show_nothing()

    def place(self) -> Place:
        """Where one is now, though not in which queue."""
        selected = tuple(item.name for item in self.gallery.selected_items())
        scroll = self.gallery.verticalScrollBar().value()
        wish = replace(self.wish, only=None, only_words="")
        order = self._order_before if self.order == "queue" else self.order
        return Place(wish, order, self._name(), selected, scroll)

    @Slot(object)
    def show_wish(self, wish: Wish) -> None:
        """Filters the gallery; the chosen image stays chosen if it is still shown."""
        if wish.only is None:
            self._rank(None)
        self.wish = wish
        self._fill(self._name())

    def show_only(self, scores: Mapping[str, float], words: str) -> None:
        """Shows these images alone, the largest score first; `words` name what they have in common."""
        self._rank(scores)
        self._mark_cell(None)
        self.show_wish(Wish(only=frozenset(scores), only_words=words))

    @Slot()
    def show_all(self) -> None:
        """Lets go of every filter."""
        self._mark_cell(None)
        self.show_wish(Wish())

    @Slot(object)
    def show_order(self, order: Order) -> None:
        """Sorts the gallery; the chosen image stays chosen."""
        self.order = order
        self._fill(self._name())

    @Slot(object)
    def measured(self, measured: Measured) -> None:
        """Takes over what images can also be sorted by."""
        if self.table is None or self.table.results is not measured.results:
            return
        for order, values in measured.values.items():
            self.table.measure(order, values)
        self.bar.offer_orders(self.table.measured_orders())
        self.bar.set_order(self.order)
        if self.table.measured(self.order) is not None:
            self._fill(self._name())

    def set_threshold(self, threshold: float | None) -> None:
        """Of two classes: takes the second as said from that probability on; None as the network says."""
        if self.table is None:
            return
        self.table.set_threshold(threshold)
        self.facts.matrix.show_counts(self.table.classes, self.table.confusion(), keep=True)
        self._fill(self._name())

    # Inside

    def _rank(self, scores: Mapping[str, float] | None) -> None:
        """Sorts by scores; None: no longer, but as before."""
        if self.table is None or (scores is None and self.table.measured("queue") is None):
            return
        if scores is None:
            self.order = self._order_before if self.order == "queue" else self.order
        elif self.order != "queue":
            self._order_before, self.order = self.order, "queue"
        self.table.measure("queue", scores or {})
        self.bar.offer_orders(self.table.measured_orders())
        self.bar.set_order(self.order)

    def _fill(self, name: str | None) -> None:
        """Shows what the wish lets through, in order."""
        table = self.table
        if table is None:
            return
        rows = table.rows(self.wish, self.order)
        self.gallery.show_rows(table, rows, name)
        self.bar.show_wish(self.wish)
        self.facts.say_showing(len(rows), len(table), self.wish)
        self._say_counts()
        self.wished.emit(self.wish)

    def _restore(self, place: Place) -> None:
        self.wish, self.order = place.wish, place.order
        self.bar.set_order(place.order)
        self._mark_cell(place.wish.cell)
        self._fill(place.name)
        self.gallery.select(place.selected)
        self.gallery.scroll_to(place.scroll)

    def _mark_cell(self, cell: Cell | None) -> None:
        """Frames a cell of the matrix, which then does not ask for it again."""
        matrix = self.facts.matrix
        if matrix.cell != cell:
            matrix.blockSignals(True)
            matrix.choose(cell)
            matrix.blockSignals(False)

    def _name(self) -> str | None:
        item = self.gallery.current_item()
        return item.name if item is not None else None

    def _touched(self) -> int:
        project = self._model.project
        return project.test_touched if project is not None else 0

    def _say_counts(self) -> None:
        table = self.table
        self.bar.set_wrong(int(table.wrong.sum()) if table is not None else 0)
        self.to_see.emit(f"{table.to_see} to see" if table is not None and len(table) else "")

    def _picture(self, item: Item) -> QPixmap | None:
        wanted = self._wanted(item)
        return self.pictures.square(wanted) if wanted is not None else None

    def _wanted(self, item: Item) -> Wanted | None:
        results = self.results
        if results is None:
            return None
        from curator.training.data import cleaned

        run, project = results.run, self._model.project
        return Wanted(
            results.run_dir_of(item.name),
            results.root / item.name,
            item.prediction.sha256,
            cleaned(item.edits, run.config.cleaning),
            run.config.image_size,
            run.config.resize,
            item.said,
            profile=project.profile if project is not None else "general",
        )

    @Slot(object)
    def _chosen(self, item: Item | None) -> None:
        self.details.show_item(item, self._wanted(item) if item is not None else None)
        self._say_place()

    @Slot()
    def _say_place(self) -> None:
        item, shown = self.gallery.current_item(), len(self.gallery.items.rows)
        if item is None:
            self.status.emit("no predictions here" if self.table is not None else "")
            self.middle.words.setText("")
            return
        selected = self.gallery.selected_count()
        words = f"{selected} selected" if selected > 1 else ""
        self.status.emit(
            f"{self.gallery.currentIndex().row() + 1} of {shown}    {item.name}    {words}".rstrip()
        )
        self.middle.words.setText(words)

    @Slot(object)
    def _project_changed(self, change: Change) -> None:
        """Marks what was mended since the run, here or in Curate, or undone again."""
        project, table = self._model.project, self.table
        if project is None or table is None or change.kind not in _HISTORY:
            return
        self.gallery.items.refresh([table.take(project.state(image_id)) for image_id in change.ids])
        self._refresh_chosen()
        self.facts.show_touched(table.results, project.test_touched)
        self._say_counts()
        if change.kind != "edit" and change.focus_id is not None and self.gallery.isVisible():
            self._follow(table.position_of_image(change.focus_id), change.ids)

    def _follow(self, position: int, changed: Sequence[int]) -> None:
        """Goes to the image of a step that was undone or redone, unless one of the step's is in view already."""
        current = self.gallery.current_item()
        if self.table is None or position < 0 or (current is not None and current.image_id in changed):
            return
        name = self.table.item(position).name
        if self.gallery.items.row_of(name) >= 0:
            self.gallery.go_to(name)

    @Slot()
    def looked(self) -> None:
        """Images were marked as looked at, or no longer, outside the project's history."""
        self.gallery.items.refresh_all()
        self._refresh_chosen()
        self._say_counts()

    def _refresh_chosen(self) -> None:
        item = self.gallery.current_item()
        if item is not None:
            self.details.show_item(item, self._wanted(item))

    @Slot(object)
    def _cell_chosen(self, cell: Cell | None) -> None:
        self.show_wish(replace(self.wish, cell=cell))

    def _connect(self) -> None:
        self.pictures.square_ready.connect(self.gallery.viewport().update)
        self.gallery.item_chosen.connect(self._chosen)
        self.gallery.selected.connect(self._say_place)
        self.details.stepped.connect(self.gallery.step)
        self.facts.cell_chosen.connect(self._cell_chosen)
        self.facts.all_wanted.connect(self.show_all)
        self.bar.wish_changed.connect(self.show_wish)
        self.bar.order_changed.connect(self.show_order)
        self._model.changed.connect(self._project_changed)
