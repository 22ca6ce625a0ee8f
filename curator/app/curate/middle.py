"""What takes the middle of the page: one image, the grid, or the contact sheet."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget

from curator.app import messages
from curator.app.curate.contact_sheet import ContactSheet
from curator.app.curate.decisions import Decisions
from curator.app.curate.lists import Grid
from curator.app.curate.stage import Stage
from curator.app.project_model import ProjectModel
from curator.app.words import count
from curator.records import Edit

View: TypeAlias = Literal["image", "grid", "sheet"]
_VIEWS: Final[tuple[View, ...]] = ("image", "grid", "sheet")


class Middle(QStackedWidget):
    """Shows one of three; `view_changed` says that it is another one now."""

    view_changed = Signal()

    def __init__(
        self, model: ProjectModel, decisions: Decisions, stage: Stage, grid: Grid, sheet: ContactSheet
    ) -> None:
        super().__init__()
        self._model = model
        self._decisions = decisions
        self._sheet = sheet
        for widget in (stage, grid, sheet):
            self.addWidget(widget)
        grid.opened.connect(self.open_image)
        sheet.accepted.connect(self._accept_all)
        sheet.closed.connect(self.close_sheet)
        sheet.looked_at.connect(self.open_image)

    @property
    def view(self) -> View:
        """What is shown."""
        return _VIEWS[self.currentIndex()]

    def show_view(self, view: View) -> None:
        """Shows another one."""
        if view != self.view:
            self.setCurrentIndex(_VIEWS.index(view))
            self.view_changed.emit()

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
    def open_sheet(self) -> None:
        """Shows which images would be accepted for being sure enough."""
        if self._model.project is not None and self.view != "sheet":
            self._decisions.stop_asking()
            self._sheet.open(self._model.project)
            self.show_view("sheet")
            self._sheet.slider.setFocus()

    @Slot()
    def close_sheet(self) -> None:
        """From the contact sheet back to the image."""
        if self.view == "sheet":
            self._sheet.shut()
            self.show_view("image")

    @Slot(object)
    def _accept_all(self, edit: Edit) -> None:
        number = len(self._sheet.ids())
        if self._model.apply(edit) is not None:
            messages.show(f"{count(number, 'image')} accepted. Undo takes that back.", "done")
        self.close_sheet()
