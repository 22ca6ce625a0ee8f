"""What can be done to the selected images from Review: each is one step of the project's history."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.review.details import DetailsPane
from curator.app.review.gallery import Gallery
from curator.app.review.items import Item
from curator.app.review.table import Table
from curator.project import edits
from curator.records import DISCARD_REASONS, Edit, ImageState


class Acts(QObject):
    """`mend_wanted` carries an image's id; `looked` says that images outside the project were marked."""

    mend_wanted = Signal(int)
    looked = Signal()

    def __init__(self, model: ProjectModel, gallery: Gallery, details: DetailsPane, parent: QObject) -> None:
        super().__init__(parent)
        self._model, self._gallery, self._details = model, gallery, details
        details.wanted.connect(self.act)
        details.picked.connect(self._picked)

    @Slot(str)
    def act(self, name: str) -> None:
        """Does what a button says: "mend", "relabel", "discard" or "fine"."""
        current, project = self._gallery.current_item(), self._model.project
        if current is None or project is None:
            return
        if name == "fine":
            self._look(self._gallery.selected_items())
        elif name == "mend":
            if self._states([current]):
                self.mend_wanted.emit(current.image_id)
        elif self._states(self._gallery.selected_items()):
            names = list(project.classes) if name == "relabel" else self._details.reasons()
            self._details.choices.offer(name, names)

    @Slot(str, str)
    def _picked(self, kind: str, name: str) -> None:
        states = self._states(self._gallery.selected_items())
        if not states:
            return
        if kind == "relabel":
            self._model.apply(edits.relabel(states, name))
        else:
            reason = next(one for one in DISCARD_REASONS if one == name)
            self._model.apply(edits.decide(states, "discard", reason))

    def _look(self, items: Sequence[Item]) -> None:
        """Marks all as looked at, or, if all are already, as not; with one image goes on to the next."""
        table = self._gallery.items.table
        project = self._model.project
        if table is None or project is None or not items:
            return
        on = not all(item.looked for item in items)
        run = table.results.run.name if on else None
        inside = [item for item in items if item.image_id >= 0]
        self._keep_list(table, items, on, {item.name for item in inside})
        if inside:
            edit: Edit = edits.look([project.state(item.image_id) for item in inside], run)
            self._model.apply(edit)
        if on and len(items) == 1:
            self._gallery.step(1)

    def _keep_list(self, table: Table, items: Sequence[Item], on: bool, inside: set[str]) -> None:
        """Images that the project does not have are marked in a list beside their predictions, and leave it;
        those of the project, which its history knows of, can only leave it."""
        from curator.evaluation.results import write_looked

        listed = set(table.listed)
        for item in items:
            if not on:
                listed.discard(item.name)
            elif item.name not in inside:
                listed.add(item.name)
        if listed == table.listed:
            return
        try:
            write_looked(table.results.folder, frozenset(listed))
        except OSError as error:
            messages.show(f"This could not be saved ({error.strerror}): check the disk.", "error")
            return
        table.list_looked(frozenset(listed))
        self.looked.emit()

    def _states(self, items: Sequence[Item]) -> list[ImageState]:
        """The states of the images that the project has; says which it has not where that is all of them."""
        project = self._model.project
        if project is None:
            return []
        found = [project.state(item.image_id) for item in items if item.image_id >= 0]
        lacking = [item for item in items if item.image_id < 0]
        if lacking:
            what = lacking[0].name if len(lacking) == 1 else f"{len(lacking)} of the images"
            is_not = "is" if len(lacking) == 1 else "are"
            messages.show(
                f"{what} {is_not} not in this dataset: add the files to its folder first.", "warning"
            )
        return found
