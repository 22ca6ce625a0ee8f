"""Gives one image's crop and masks to others, after a look at what they would become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app.curate.lists import Grid
from curator.app.image_facts import Preview
from curator.app.image_list import ImageList
from curator.app.image_loader import ImageLoader
from curator.app.widgets import Chip, IconButton, Segment, label
from curator.app.words import count
from curator.project import Project, edits, is_to_do
from curator.records import Change, Edit, ImageState

Scope: TypeAlias = Literal["size", "copies", "selected"]
_SCOPES: Final[tuple[tuple[Scope, str], ...]] = (
    ("size", "Same size"),
    ("copies", "Its copies"),
    ("selected", "Selected"),
)


class PropagateSheet(QWidget):
    """`accepted` carries the `Edit`; `closed` that nothing is wanted, `grid_wanted` that some are to be chosen."""

    accepted = Signal(object)
    closed = Signal()
    grid_wanted = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Apply crop and masks to other images")
        self._project: Project | None = None
        self._source: ImageState | None = None
        self._choices: dict[Scope, list[int]] = {}
        # What the person took out; kept while proposals come in and change what is shown.
        self._left_out: frozenset[int] = frozenset()
        self._way_out: Callable[[], object] = self.closed.emit
        self._images = ImageList(loader, self)
        self._images.selected_changed.connect(self._chosen_by_hand)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.title = label("", "title")
        head.addWidget(self.title)
        head.addStretch(1)
        close = IconButton("cross", "Close without applying", "curate.leave", size=14)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        head.addWidget(close)
        column.addLayout(head)
        column.addWidget(
            label(
                "This is what the other images would become. Click one to leave it out, or to take it in "
                "again. Where sizes differ, crop and masks are scaled.",
                "dim",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        self.scope = Segment("Which images", _SCOPES)
        self.scope.chosen.connect(self._scope_chosen)
        row.addWidget(self.scope)
        row.addSpacing(10)
        self.crop = self._chip("crop", "Apply the crop")
        self.masks = self._chip("masks", "Apply the masks and how they are filled")
        self.undecided = self._chip("only to do", "Leave out images that are decided already")
        for chip in (self.crop, self.masks, self.undecided):
            row.addWidget(chip)
        row.addStretch(1)
        column.addLayout(row)
        foot = QHBoxLayout()
        self.words = label("", "dim")
        foot.addWidget(self.words, 1)
        self.apply = QPushButton("Apply")
        self.apply.setAccessibleName("Apply to these images")
        self.apply.setProperty("role", "primary")
        self.apply.clicked.connect(self._apply)
        foot.addWidget(self.apply)
        column.addLayout(foot)
        self.grid = Grid(self._images, toggles=True)
        self.grid.setAccessibleName("What the images would become")
        self.grid.way_out.connect(self._leave_empty)
        column.addWidget(self.grid, 1)

    def open(
        self, project: Project, source: ImageState, copies: Sequence[int], selected: Sequence[int]
    ) -> None:
        """Shows what becomes of images of the same size, of the copies, and of those that are selected."""
        self._project, self._source = project, source
        size = (source.width, source.height)
        same = [one.id for one in project.states() if (one.width, one.height) == size]
        groups: dict[Scope, Sequence[int]] = {"size": same, "copies": copies, "selected": selected}
        self._choices = {name: [one for one in ids if one != source.id] for name, ids in groups.items()}
        for name, words in _SCOPES:
            button = self.scope.button(name)
            button.setText(f"{words} {len(self._choices[name])}")
            button.setEnabled(bool(self._choices[name]))
        order: tuple[Scope, ...] = ("selected", "copies", "size")
        self.scope.set_value(next((name for name in order if self._choices[name]), "size"))
        self.crop.setChecked(True)
        self.masks.setChecked(bool(source.masks))
        self.masks.setEnabled(bool(source.masks))
        self.title.setText(f"Apply crop and masks of {source.file_name}")
        self._scope_chosen()

    def shut(self) -> None:
        """Forgets the project, so that nothing is kept up to date in vain."""
        self._project = self._source = None
        self._images.set_project(None)

    def take(self, change: Change) -> None:
        """Follows a change while it is open."""
        project, source = self._project, self._source
        if project is None or source is None:
            return
        if source.id in change.ids:
            self._source = project.state(source.id)
        if source.id in change.ids or set(change.ids) & set(self._targets()):
            self._refresh()

    def edit(self) -> Edit | None:
        """The step that gives the chosen images crop and masks; None where it would change nothing."""
        chosen = self._images.selected
        return self._edit(chosen) if chosen else None

    def _chip(self, words: str, tip: str) -> Chip:
        chip = Chip(words)
        chip.setToolTip(tip)
        chip.setAccessibleName(tip)
        chip.clicked.connect(self._refresh)
        return chip

    def _scoped(self) -> list[int]:
        scope = self.scope.value()
        return next((ids for name, ids in self._choices.items() if name == scope), [])

    def _targets(self) -> list[int]:
        project, found = self._project, self._scoped()
        if project is None or not self.undecided.isChecked():
            return found
        return [one for one in found if is_to_do(project.state(one))]

    def _edit(self, image_ids: Sequence[int]) -> Edit | None:
        project, source = self._project, self._source
        if project is None or source is None or not (self.crop.isChecked() or self.masks.isChecked()):
            return None
        states = [project.state(one) for one in image_ids]
        made = edits.propagate(source, states, crop=self.crop.isChecked(), masks=self.masks.isChecked())
        return made if made.fields else None

    def _refresh(self, _what: object = None) -> None:
        project = self._project
        edit = self._edit(self._targets())
        preview = project.preview(edit) if project is not None and edit is not None else {}
        if project is None or not preview:
            self._images.set_project(None)
            self._say_empty(edit is not None)
        else:
            order = [one for one in project.ids if one in preview]
            left_out = self._left_out
            self._images.set_project(Preview({one: preview[one] for one in order}))
            self._images.select(one for one in order if one not in left_out)
            self._left_out = left_out
        self._say()

    def _say_empty(self, same: bool) -> None:
        """Says why there is nothing to apply, and what the button below it leads to; `same`: to the same."""
        if not (self.crop.isChecked() or self.masks.isChecked()):
            self._way_out = self.crop.click
            self.grid.set_empty_words("Neither crop nor masks are to be applied.", "Apply the crop")
        elif same:
            self._way_out = self.closed.emit
            self.grid.set_empty_words("The others have this crop and these masks already.", "Close")
        elif self.undecided.isChecked() and self._scoped():
            self._way_out = self.undecided.click
            self.grid.set_empty_words("All of these are decided already.", "Take them all the same")
        else:
            self._way_out = self.grid_wanted.emit
            self.grid.set_empty_words(
                "No other image is like that. Select some in the grid, with Ctrl or Shift and a click.",
                "To the grid",
            )

    @Slot()
    def _leave_empty(self) -> None:
        self._way_out()

    def _scope_chosen(self, _scope: object = None) -> None:
        self._left_out = frozenset()
        self._refresh()

    def _chosen_by_hand(self) -> None:
        self._left_out = frozenset(self._images.listed()) - frozenset(self._images.selected)
        self._say()

    def _say(self) -> None:
        number, shown = len(self._images.selected), self._images.rowCount()
        left = f", {shown - number} left out" if shown > number else ""
        self.words.setText(f"{count(number, 'image')}{left}" if shown else "")
        self.apply.setText(f"Apply to {count(number, 'image')}")
        self.apply.setAccessibleName(self.apply.text())
        self.apply.setEnabled(number > 0)

    def _apply(self) -> None:
        edit = self.edit()
        if edit is not None:
            self.accepted.emit(edit)
