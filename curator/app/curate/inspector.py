"""The right side of Curate: everything about the image that is shown, and a button for each key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from curator.app.curate.copies_strip import CopiesStrip
from curator.app.curate.flow import FlowLayout
from curator.app.curate.history_list import HistoryList
from curator.app.curate.overlay_rows import OverlayRows
from curator.app.curate.pixel_field import PixelField
from curator.app.curate.text_field import TextField
from curator.app.image_loader import ImageLoader
from curator.app.theme import restyle
from curator.app.widgets import Chip, IconButton, KeyHint, SectionLabel, Segment, label
from curator.project import UNSURE_BELOW, Project, is_to_do
from curator.project.edits import REASON_WORDS
from curator.records import DECISIONS, DISCARD_REASONS, Crop, DiscardReason, ImageState

WIDTH: Final = 304
_SURE_FROM: Final = 0.85
_FILL_WORDS: Final = (("black", "Black"), ("background", "Median"), ("inpaint", "Inpaint"))
# What is only proposed is dashed, as on the canvas.
_SEGMENT: Final = (
    "QPushButton { padding: 7px 4px 25px 4px; }"
    ' QPushButton[proposed="true"]:checked { background: transparent; border-style: dashed; }'
)


class Inspector(QScrollArea):
    """Emits what the user wants; the page knows how. `crop_set` carries a `Crop`, or None for the whole;
    `left` gives the keys back to the page.
    """

    accept_wanted = Signal()
    accept_all_wanted = Signal()
    decided = Signal(object)
    reason_chosen = Signal(object)
    proposal_wanted = Signal()
    crop_set = Signal(object)
    fill_chosen = Signal(object)
    label_chosen = Signal(str)
    note_set = Signal(int, str)
    advance_toggled = Signal(bool)
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
        self._add_decision()
        self._add_proposal()
        self._section("Overlays", self.overlays)
        self._add_crop()
        self._add_fill()
        self._add_label()
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
        self._show_decision(state)
        self._show_reason(state)
        self._show_proposal(state, proposing)
        self.overlays.show_state(state, selected)
        self._show_crop(state)
        self.fill.set_value(state.fill)
        for name, chip in self._labels.items():
            chip.setChecked(name == state.label)
        self._copies_title.setVisible(len(copies) > 1)
        self.copies.show_copies(copies, state.id)
        if not self.note.isModified():
            self.note.setText(state.note)

    def show_project(self, project: Project | None) -> None:
        """Shows what belongs to the whole dataset: classes and history."""
        classes = project.classes if project is not None else ()
        if classes != self._classes:
            self._classes = classes
            self._show_classes()
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

    def _add_decision(self) -> None:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        self.segment = Segment(
            "Decision",
            (("keep", "Keep"), ("discard", "Discard"), ("undecided", "Undecided")),
            tones=("keep", "discard", "undecided"),
        )
        for value, key in (
            ("keep", "curate.keep"),
            ("discard", "curate.discard"),
            ("undecided", "curate.undecided"),
        ):
            button = self.segment.button(value)
            button.setStyleSheet(_SEGMENT)
            below = QVBoxLayout(button)
            below.setContentsMargins(0, 0, 0, 6)
            below.addWidget(KeyHint(key), 0, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter)
        self.segment.chosen.connect(self.decided)
        column.addWidget(self.segment)
        reasons = QWidget()
        flow = FlowLayout(reasons, 5)
        self.reasons: dict[DiscardReason, Chip] = {}
        for number, reason in enumerate(DISCARD_REASONS):
            chip = Chip(REASON_WORDS[reason])
            chip.setStyleSheet("QPushButton { padding: 2px 7px; font-size: 12px; }")
            chip.setAccessibleName(f"Discard: {REASON_WORDS[reason]}")
            chip.setToolTip(f"Discard: {REASON_WORDS[reason]} (X {number + 1})")
            chip.clicked.connect(lambda _on, reason=reason: self.reason_chosen.emit(reason))
            self.reasons[reason] = chip
            flow.addWidget(chip)
        column.addWidget(reasons)
        self.accept = QPushButton("Accept and next")
        self.accept.setProperty("role", "primary")
        self.accept.setStyleSheet("QPushButton { min-height: 26px; }")
        self.accept.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.accept.setAccessibleName("Accept and next")
        self.accept.clicked.connect(self.accept_wanted)
        inside = QHBoxLayout(self.accept)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.addStretch(1)
        inside.addWidget(KeyHint("curate.accept"), 0, Qt.AlignmentFlag.AlignVCenter)
        column.addWidget(self.accept)
        row = QHBoxLayout()
        self.advance = Chip("auto-advance")
        self.advance.setStyleSheet("QPushButton { padding: 2px 8px; font-size: 12px; }")
        self.advance.setToolTip("After keep or discard, go on to the next image")
        self.advance.setChecked(True)
        self.advance.clicked.connect(self.advance_toggled)
        self.accept_all = QPushButton("Accept confident…")
        self.accept_all.setProperty("role", "link")
        self.accept_all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.accept_all.setAccessibleName("Accept all confident ones")
        self.accept_all.clicked.connect(self.accept_all_wanted)
        row.addWidget(self.advance)
        row.addStretch(1)
        row.addWidget(self.accept_all)
        column.addLayout(row)
        self._section("Decision", holder)

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
        row.addWidget(self._sure_bar, 1)
        row.addWidget(self.sure)
        row.addWidget(self.back)
        column.addLayout(row)
        self.why = label("", "dim", wrap=True)
        column.addWidget(self.why)
        self._section("Proposal", holder)

    def _add_crop(self) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        self.crop: dict[str, PixelField] = {}
        for name, words in (("x", "left"), ("y", "top"), ("w", "width"), ("h", "height")):
            box = PixelField(name, words, 0 if name in "xy" else 1)
            box.entered.connect(self._crop_typed)
            box.left.connect(self.left)
            self.crop[name] = box
            row.addWidget(box, 1)
        self.whole = IconButton("fit", "Whole image, no crop", size=15)
        self.whole.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.whole.clicked.connect(lambda: self.crop_set.emit(None))
        row.addWidget(self.whole)
        self._section("Crop", holder)

    def _add_fill(self) -> None:
        self.fill = Segment("Fill masks with", _FILL_WORDS)
        for value, words in (
            ("black", "Masks are filled with black"),
            ("background", "Masks are filled with the median of what surrounds them"),
            ("inpaint", "Masks are filled by inpainting (Telea)"),
        ):
            self.fill.button(value).setToolTip(words)
            self.fill.button(value).setStyleSheet("QPushButton { padding: 3px 4px; font-weight: 400; }")
        self.fill.chosen.connect(self.fill_chosen)
        self._section("Fill", self.fill)

    def _add_label(self) -> None:
        self._label_holder = QWidget()
        self._label_flow = FlowLayout(self._label_holder)
        self._labels: dict[str, Chip] = {}
        self._section("Label", self._label_holder)

    def _add_note(self) -> None:
        self.note = TextField()
        self.note.setPlaceholderText("Note…")
        self.note.setAccessibleName("Note")
        self.note.editingFinished.connect(self.commit_note)
        self.note.left.connect(self.left)
        self._section("Note", self.note)

    # Showing

    def _show_classes(self) -> None:
        for chip in self._labels.values():
            self._label_flow.removeWidget(chip)
            chip.deleteLater()
        self._labels = {}
        for name in self._classes:
            chip = Chip(name)
            chip.setToolTip(f"Label {name}")
            chip.clicked.connect(lambda _on, name=name: self._label_clicked(name))
            self._labels[name] = chip
            self._label_flow.addWidget(chip)
        self._label_holder.updateGeometry()

    def label_chip(self, name: str) -> Chip:
        """The chip of one class."""
        return self._labels[name]

    def _label_clicked(self, name: str) -> None:
        if self._state is not None:
            for one, chip in self._labels.items():
                chip.setChecked(one == self._state.label)
        self.label_chosen.emit(name)

    def _show_decision(self, state: ImageState) -> None:
        self.segment.set_value(state.decision)
        for value in DECISIONS:
            button = self.segment.button(value)
            proposed = is_to_do(state) and value == state.decision
            if button.property("proposed") is not proposed:
                button.setProperty("proposed", proposed)
                restyle(button)

    def _show_reason(self, state: ImageState) -> None:
        for reason, chip in self.reasons.items():
            chip.setChecked(state.decision == "discard" and state.discard_reason == reason)

    def _show_proposal(self, state: ImageState, proposing: bool) -> None:
        proposal = state.proposal
        self._sure_bar.setVisible(proposal is not None)
        self.sure.setVisible(proposal is not None)
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
        sure = proposal.confidence
        tone = "keep" if sure >= _SURE_FROM else "unsure" if sure < UNSURE_BELOW else "accent"
        if self._sure_bar.property("tone") != tone:
            self._sure_bar.setProperty("tone", tone)
            restyle(self._sure_bar)
        self._sure_bar.setValue(round(100 * sure))
        self.sure.setText(f"{sure:.2f} sure")
        self.why.setText(proposal.why)

    def _show_crop(self, state: ImageState) -> None:
        width, height = state.width or 1, state.height or 1
        crop = state.crop or Crop(0, 0, width, height)
        for name, value in (("x", crop.x), ("y", crop.y), ("w", crop.width), ("h", crop.height)):
            box = self.crop[name]
            box.setEnabled(state.error is None)
            box.set_value(value)
        self.whole.setEnabled(state.crop is not None)

    def _crop_typed(self) -> None:
        state = self._state
        if state is None or not state.width or not state.height:
            return
        typed = Crop(*(self.crop[name].value() for name in "xywh")).clipped(state.width, state.height)
        shown = state.crop or Crop(0, 0, state.width, state.height)
        if typed != shown:
            self.crop_set.emit(typed)
        else:
            self._show_crop(state)
