"""The right side of Curate: everything about the image that is shown, and a button for each key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from curator.app.curate.copies_strip import CopiesStrip
from curator.app.curate.crop_section import CropSection
from curator.app.curate.decision_section import DecisionSection
from curator.app.curate.history_list import HistoryList
from curator.app.curate.label_section import LabelSection
from curator.app.curate.overlay_rows import OverlayRows
from curator.app.curate.text_field import TextField
from curator.app.image_loader import ImageLoader
from curator.app.theme import restyle
from curator.app.widgets import IconButton, KeyTip, SectionLabel, Segment, label
from curator.project import UNSURE_BELOW, Project
from curator.records import ImageState

WIDTH: Final = 304
_SURE_FROM: Final = 0.85
_FILL_WORDS: Final = (("black", "Black"), ("background", "Median"), ("inpaint", "Inpaint"))


class Inspector(QScrollArea):
    """Its parts emit what the user wants; the page knows how. `left` gives the keys back to the page."""

    proposal_wanted = Signal()
    anew_wanted = Signal()
    fill_chosen = Signal(object)
    note_set = Signal(int, str)
    left = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self.setAccessibleName("Inspector")
        self.setFixedWidth(WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("role", "side-right")
        body = QWidget()
        body.setProperty("role", "scrolled")
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(16, 12, 14, 12)
        self._column.setSpacing(8)
        self.overlays = OverlayRows()
        self.copies = CopiesStrip(loader)
        self.history = HistoryList()
        self._state: ImageState | None = None
        self._classes: tuple[str, ...] = ()
        self.decision = DecisionSection()
        self.crop = CropSection()
        self.label = LabelSection()
        for part in (self.crop, self.label):
            part.left.connect(self.left)
        self._section("Decision", self.decision)
        self._add_proposal()
        self._section("Overlays", self.overlays)
        self.overlays.tab_after(self.anew)
        self._section("Crop", self.crop)
        self._add_fill()
        self._section("Label", self.label)
        self._copies_title = self._section("Copies", self.copies)
        self._add_note()
        self._section("History", self.history)
        self._column.addStretch(1)
        self.setWidget(body)

    def show_state(
        self, state: ImageState, copies: Sequence[ImageState], *, selected: int | None, proposing: bool
    ) -> None:
        """Shows an image; `copies` are all of its group, itself included."""
        self._state = state
        self.decision.show_state(state)
        self._show_proposal(state, proposing)
        self.overlays.show_state(state, selected)
        self.crop.show_state(state)
        self.fill.set_value(state.fill)
        self.label.show_label(state.label)
        self._copies_title.setVisible(len(copies) > 1)
        self.copies.show_copies(copies, state.id)
        if not self.note.isModified():
            self.note.setText(state.note)

    def show_project(self, project: Project | None) -> None:
        """Shows what belongs to the whole dataset: classes and history."""
        classes = project.classes if project is not None else ()
        if classes != self._classes:
            self._classes = classes
            self.label.set_classes(classes)
        self.history.show_history(project)

    def commit_note(self) -> None:
        """Hands over a note that is still being typed."""
        if self._state is not None and self.note.isModified():
            self.note.setModified(False)
            if self.note.text() != self._state.note:
                self.note_set.emit(self._state.id, self.note.text())

    # Building

    def _section(self, title: str, widget: QWidget) -> SectionLabel:
        heading = SectionLabel(title)
        self._column.addSpacing(4)
        self._column.addWidget(heading)
        self._column.addWidget(widget)
        return heading

    def _add_proposal(self) -> None:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._sure_bar = QProgressBar()
        self._sure_bar.setTextVisible(False)
        self._sure_bar.setRange(0, 100)
        self._sure_bar.setAccessibleName("How sure the proposal is")
        self.sure = label("", "value")
        self.back = IconButton("reset", "Back to the proposal", "curate.back_to_proposal", size=15)
        self.back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back.clicked.connect(self.proposal_wanted)
        self.anew = IconButton("refresh", "Propose anew for all images", "curate.propose_anew", size=15)
        self.anew.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.anew.clicked.connect(self.anew_wanted)
        row.addWidget(self._sure_bar, 1)
        row.addWidget(self.sure)
        row.addWidget(self.back)
        row.addWidget(self.anew)
        column.addLayout(row)
        self.why = label("", "dim", wrap=True)
        column.addWidget(self.why)
        self._section("Proposal", holder)

    def _add_fill(self) -> None:
        self.fill = Segment("Fill masks with", _FILL_WORDS)
        for value, words in (
            ("black", "Masks are filled with black"),
            ("background", "Masks are filled with the median of what surrounds them"),
            ("inpaint", "Masks are filled by inpainting (Telea)"),
        ):
            KeyTip(self.fill.button(value), f"{words}; [curate.side_by_side] shows it beside the original")
            self.fill.button(value).setStyleSheet("QPushButton { padding: 3px 4px; font-weight: 400; }")
        self.fill.chosen.connect(self.fill_chosen)
        self._section("Fill", self.fill)

    def _add_note(self) -> None:
        self.note = TextField()
        self.note.setPlaceholderText("Note…")
        self.note.setAccessibleName("Note")
        self.note.editingFinished.connect(self.commit_note)
        self.note.left.connect(self.left)
        self._section("Note", self.note)

    # Showing

    def _show_proposal(self, state: ImageState, proposing: bool) -> None:
        proposal = state.proposal
        self._sure_bar.setVisible(proposal is not None)
        self.sure.setVisible(proposal is not None)
        self.anew.setEnabled(not proposing)
        self.back.setEnabled(bool(state.edited & {"decision", "crop", "masks"}))
        if proposal is None:
            if state.error is not None:
                words = state.error
            elif proposing:
                words = "The proposal for this image is still being made. You can decide without it."
            else:
                words = "There is no proposal for this image."
            self.why.setText(words)
            return
        sure = proposal.confidence if state.confidence is None else state.confidence
        tone = "keep" if sure >= _SURE_FROM else "unsure" if sure < UNSURE_BELOW else "accent"
        if self._sure_bar.property("tone") != tone:
            self._sure_bar.setProperty("tone", tone)
            restyle(self._sure_bar)
        # A progress bar paints itself, and the window with it, at every change: it has to wait like the rest.
        self._sure_bar.setUpdatesEnabled(False)
        self._sure_bar.setValue(round(100 * sure))
        self._sure_bar.setUpdatesEnabled(True)
        self.sure.setText(f"{sure:.2f} sure")
        self.why.setText(proposal.why)
