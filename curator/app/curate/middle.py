"""What takes the middle of the page: one image, the grid, or a sheet that is about many images."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget

from curator.app import messages
from curator.app.curate.compare_view import CompareView
from curator.app.curate.contact_sheet import ContactSheet
from curator.app.curate.decisions import Decisions
from curator.app.curate.lists import Grid
from curator.app.curate.propagate import PropagateSheet
from curator.app.curate.stage import Stage
from curator.app.image_list import ImageList
from curator.app.image_loader import ImageLoader
from curator.app.project_model import ProjectModel
from curator.app.words import count
from curator.records import Change, Edit, ImageState

View: TypeAlias = Literal["image", "grid", "confident", "propagate", "compare"]
_VIEWS: Final[tuple[View, ...]] = ("image", "grid", "confident", "propagate", "compare")


class Middle(QStackedWidget):
    """Shows one of these; `view_changed` says that it is another one now.

    `accepted_many` carries the states that were just accepted at once.
    """

    view_changed = Signal()
    accepted_many = Signal(object)

    def __init__(
        self,
        model: ProjectModel,
        decisions: Decisions,
        images: ImageList,
        stage: Stage,
        grid: Grid,
        loader: ImageLoader,
    ) -> None:
        super().__init__()
        self._model = model
        self._decisions = decisions
        self._images = images
        self.confident = ContactSheet(loader)
        self.propagate = PropagateSheet(loader)
        self.compare = CompareView(loader)
        # Where a sheet goes back to.
        self._before: View = "image"
        for widget in (stage, grid, self.confident, self.propagate, self.compare):
            self.addWidget(widget)
        grid.opened.connect(self.open_image)
        self.confident.accepted.connect(self._accept_all)
        self.confident.looked_at.connect(self.open_image)
        self.propagate.accepted.connect(self._propagate)
        self.propagate.grid_wanted.connect(self._leave_for_grid)
        self.compare.keep_wanted.connect(self._keep_only)
        self.compare.keep_best_wanted.connect(self._keep_best)
        self.compare.verdict.connect(self._say_copies)
        for sheet in (self.confident, self.propagate, self.compare):
            sheet.closed.connect(self.close_sheet)

    @property
    def view(self) -> View:
        """What is shown."""
        return _VIEWS[self.currentIndex()]

    @property
    def in_sheet(self) -> bool:
        """Whether something is shown that has keys of its own."""
        return self.view not in ("image", "grid")

    def show_view(self, view: View) -> None:
        """Shows another one."""
        if view != self.view:
            if not self.in_sheet:
                self._before = self.view
            self.setCurrentIndex(_VIEWS.index(view))
            self.view_changed.emit()

    def take(self, change: Change) -> None:
        """Follows a change in whatever sheet is open."""
        self.confident.take(change)
        self.propagate.take(change)
        project = self._model.project
        if self.view == "compare" and project is not None:
            self.compare.take([project.state(one) for one in change.ids])

    @Slot()
    def toggle_grid(self) -> None:
        """From canvas and film strip to the grid, or back."""
        self.show_view("image" if self.view == "grid" else "grid")

    @Slot(int)
    def open_image(self, image_id: int) -> None:
        """Shows one image of the grid or the sheet."""
        self._decisions.go_to(image_id)
        self.close_sheet()
        self.show_view("image")

    @Slot()
    def open_confident(self) -> None:
        """Shows which images would be accepted for being sure enough."""
        if self._model.project is not None and not self.in_sheet:
            self._decisions.stop_asking()
            self.confident.open(self._model.project)
            self.show_view("confident")
            self.confident.slider.setFocus()

    @Slot()
    def open_propagate(self) -> None:
        """Shows what others would become with the current image's crop and masks."""
        project, state = self._model.project, self._decisions.state
        if project is None or state is None or self.in_sheet:
            return
        if state.error is not None:
            messages.show("There is no image here to take a crop from.")
            return
        self._decisions.stop_asking()
        copies = self._images.copies_of(state.id)
        self.propagate.open(project, state, copies, self._images.selected)
        self.show_view("propagate")
        self.propagate.apply.setFocus()

    @Slot()
    def open_compare(self) -> None:
        """Shows the current image beside its copies, or the selected images beside each other."""
        if self._model.project is None or self._decisions.state is None or self.in_sheet:
            return
        states = self._decisions.targets
        if len(states) < 2:
            states = self._decisions.copies
        if len(states) < 2:
            messages.show("This image has no copies. Select two images (Ctrl and click) to compare them.")
            return
        self._decisions.stop_asking()
        self.compare.open(states, self._decisions.state.id)
        self.show_view("compare")
        self.compare.setFocus()

    @Slot()
    def close_sheet(self) -> None:
        """From a sheet back to what was there before."""
        if self.in_sheet:
            self.confident.shut()
            self.propagate.shut()
            self.show_view(self._before)

    @Slot()
    def _leave_for_grid(self) -> None:
        self.close_sheet()
        self.show_view("grid")

    @Slot(object)
    def _accept_all(self, edit: Edit) -> None:
        project, ids = self._model.project, self.confident.ids()
        self.close_sheet()
        if project is None:
            return

        def then() -> None:
            messages.show(f"{count(len(ids), 'image')} accepted. Undo takes that back.", "done")
            self.accepted_many.emit([project.state(one) for one in ids])

        self._model.apply(edit, then)

    @Slot(object)
    def _propagate(self, edit: Edit) -> None:
        self.close_sheet()
        self._model.apply(edit, lambda: messages.show(f"{edit.words}. Undo takes that back.", "done"))

    @Slot(int)
    def _keep_only(self, image_id: int) -> None:
        compared = self._compared()
        group = next(state.copy_group for state in compared if state.id == image_id)
        self._decisions.keep_only(image_id, [one for one in compared if one.copy_group == group])

    @Slot()
    def _keep_best(self) -> None:
        self._decisions.keep_all_best(self._compared())

    @Slot(object)
    def _say_copies(self, same: bool) -> None:
        first, second = self.compare.first, self.compare.second
        if first is not None and second is not None:
            self._decisions.say_copies([first, second], same)
            words = "copies of each other" if same else "not copies of each other"
            messages.show(f"{first.file_name} and {second.file_name} are {words}.", "done")

    def _compared(self) -> list[ImageState]:
        project = self._model.project
        return [] if project is None else [project.state(one) for one in self.compare.ids]
