"""Accept all confident ones at once: how many and which they are, then one step that can be undone."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from curator.app.curate.lists import Grid
from curator.app.image_filter import Filter
from curator.app.image_list import ImageList
from curator.app.image_loader import ImageLoader
from curator.app.widgets import IconButton, label
from curator.app.words import count
from curator.project import Project, edits, is_to_do
from curator.records import Change, Edit
from curator.workflow.audit import open_audit

DEFAULT_CONFIDENCE: Final = 0.9


class ContactSheet(QWidget):
    """`accepted` carries the `Edit`; `closed` that nothing is wanted; `looked_at` an image to go to.

    `resume_wanted`: an earlier random look was not ended, and is to go on.
    """

    accepted = Signal(object)
    closed = Signal()
    looked_at = Signal(int)
    resume_wanted = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Accept all confident ones")
        self._project: Project | None = None
        self._images = ImageList(loader, self, as_accepted=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(label("Accept all confident ones", "title"))
        head.addStretch(1)
        self.resume = QPushButton("Go on with the random look")
        self.resume.setAccessibleName("Go on with the random look at accepted images")
        self.resume.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.resume.clicked.connect(self.resume_wanted)
        head.addWidget(self.resume)
        close = IconButton("cross", "Close without accepting", "curate.leave", size=14)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        head.addWidget(close)
        column.addLayout(head)
        column.addWidget(
            label(
                "Images to do whose proposal is at least this sure, cleaned as proposed. Look them over; "
                "double click one to decide on it by itself. A random twentieth of them comes up afterwards.",
                "dim",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(label("At least"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setMinimumWidth(110)
        self.slider.setMaximumWidth(260)
        self.slider.setAccessibleName("Least confidence")
        self.slider.setValue(round(100 * DEFAULT_CONFIDENCE))
        self.slider.valueChanged.connect(self._refresh)
        self._sure = label("", "value")
        self._sure.setMinimumWidth(70)
        self.words = label("", "dim")
        self.accept = QPushButton("Accept")
        self.accept.setAccessibleName("Accept these images")
        self.accept.setProperty("role", "primary")
        self.accept.clicked.connect(self._accept)
        row.addWidget(self.slider, 1)
        row.addWidget(self._sure)
        row.addStretch(1)
        row.addWidget(self.accept)
        column.addLayout(row)
        column.addWidget(self.words)
        self.grid = Grid(self._images)
        self.grid.setAccessibleName("Images that would be accepted")
        self.grid.opened.connect(self.looked_at)
        column.addWidget(self.grid, 1)
        self.grid.way_out.connect(self._leave_empty)

    def open(self, project: Project) -> None:
        """Lists the images of a project."""
        self._project = project
        self.resume.setVisible(open_audit(project) is not None)
        self._images.set_project(project)
        self._refresh()

    def shut(self) -> None:
        """Forgets the project, so that nothing is kept up to date in vain."""
        self._project = None
        self._images.set_project(None)

    def take(self, change: Change) -> None:
        """Follows a change while it is open."""
        if self._project is not None:
            self._images.take(change)
            self._say()

    def ids(self) -> list[int]:
        """The images that would be accepted."""
        return self._images.listed()

    def edit(self) -> Edit | None:
        """The step that accepts them; None where there are none."""
        project = self._project
        states = [project.state(one) for one in self.ids()] if project is not None else []
        return edits.accept_all(states) if states else None

    def _refresh(self) -> None:
        self._sure.setText(f"{self.slider.value() / 100:.2f} sure")
        self._images.set_filter(Filter("to-do", least_confidence=self.slider.value() / 100))
        self._say()

    def _say(self) -> None:
        project = self._project
        states = [project.state(one) for one in self.ids()] if project is not None else []
        keep = sum(state.decision != "discard" for state in states)
        self.words.setText(f"{count(len(states), 'image')}: {keep} to keep, {len(states) - keep} to discard")
        self.accept.setText(f"Accept {count(len(states), 'image')}")
        self.accept.setAccessibleName(self.accept.text())
        self.accept.setEnabled(bool(states))
        if not states:
            surest = self._surest()
            if surest is None:
                self.grid.set_empty_words("Nothing with a proposal is left to do.", "Close")
            else:
                self.grid.set_empty_words(
                    "No proposal to do is as sure as that.", f"Show the surest, from {surest / 100:.2f}"
                )

    def _surest(self) -> int | None:
        """The confidence of the surest image to do, in percent, rounded down; None where there is none."""
        states = self._project.states() if self._project is not None else []
        sure = [one.confidence for one in states if is_to_do(one) and one.confidence is not None]
        return math.floor(100 * max(sure)) if sure else None

    @Slot()
    def _leave_empty(self) -> None:
        surest = self._surest()
        if surest is None:
            self.closed.emit()
        else:
            self.slider.setValue(surest)

    def _accept(self) -> None:
        edit = self.edit()
        if edit is not None:
            self.accepted.emit(edit)
