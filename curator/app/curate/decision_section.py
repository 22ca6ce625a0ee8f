"""The inspector's decision: three segments, the reasons, accept, and how many images it is about."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app.curate.flow import FlowLayout
from curator.app.theme import restyle
from curator.app.widgets import Chip, IconButton, KeyHint, KeyTip, Segment, label
from curator.app.words import count
from curator.project import is_to_do
from curator.project.edits import REASON_WORDS
from curator.records import DECISIONS, DISCARD_REASONS, DiscardReason, ImageState

# What is only proposed is dashed, as on the canvas.
_SEGMENT: Final = (
    "QPushButton { padding: 7px 4px 25px 4px; }"
    ' QPushButton[proposed="true"]:checked { background: transparent; border-style: dashed; }'
)


class DecisionSection(QWidget):
    """Emits what was clicked; `unselect_wanted` that only the current image is meant again."""

    accept_wanted = Signal()
    accept_all_wanted = Signal()
    decided = Signal(object)
    reason_chosen = Signal(object)
    advance_toggled = Signal(bool)
    unselect_wanted = Signal()
    second_look_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        self._many = QWidget()
        many = QHBoxLayout(self._many)
        many.setContentsMargins(0, 0, 0, 0)
        self.many = label("", "warn", wrap=True)
        self.unselect = IconButton("cross", "Select none", "curate.leave", size=12)
        self.unselect.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.unselect.clicked.connect(self.unselect_wanted)
        many.addWidget(self.many, 1)
        many.addWidget(self.unselect)
        self._many.hide()
        column.addWidget(self._many)
        self._add_segment(column)
        self._add_reasons(column)
        self._add_accept(column)

    def show_state(self, state: ImageState) -> None:
        """Shows the decision of an image."""
        self.segment.set_value(state.decision)
        for value in DECISIONS:
            button = self.segment.button(value)
            proposed = is_to_do(state) and value == state.decision
            if button.property("proposed") is not proposed:
                button.setProperty("proposed", proposed)
                restyle(button)
        for reason, chip in self.reasons.items():
            chip.setChecked(state.decision == "discard" and state.discard_reason == reason)

    def show_selected(self, number: int) -> None:
        """Says how many selected images a decision is about; 0 where it is about the current one."""
        self._many.setVisible(number > 0)
        self.many.setText(
            f"{count(number, 'image')} selected: what you decide is for {'all of them' if number > 1 else 'it'}."
        )
        words = f"Accept {count(number, 'image')}" if number else "Accept and next"
        self.accept.setText(words)
        self.accept.setAccessibleName(words)

    def _add_segment(self, column: QVBoxLayout) -> None:
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

    def _add_reasons(self, column: QVBoxLayout) -> None:
        reasons = QWidget()
        flow = FlowLayout(reasons, 5)
        self.reasons: dict[DiscardReason, Chip] = {}
        for number, reason in enumerate(DISCARD_REASONS):
            chip = Chip(REASON_WORDS[reason])
            chip.setStyleSheet("QPushButton { padding: 2px 7px; font-size: 12px; }")
            chip.setAccessibleName(f"Discard: {REASON_WORDS[reason]}")
            KeyTip(chip, f"Discard: {REASON_WORDS[reason]} ([curate.discard] {number + 1})")
            chip.clicked.connect(lambda _on, reason=reason: self.reason_chosen.emit(reason))
            self.reasons[reason] = chip
            flow.addWidget(chip)
        column.addWidget(reasons)

    def _add_accept(self, column: QVBoxLayout) -> None:
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
        self.accept_all = QPushButton("Accept all confident…")
        self.accept_all.setStyleSheet("QPushButton { text-align: left; }")
        self.accept_all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.accept_all.setAccessibleName("Accept all confident ones")
        self.accept_all.clicked.connect(self.accept_all_wanted)
        inside = QHBoxLayout(self.accept_all)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.addStretch(1)
        inside.addWidget(KeyHint("curate.accept_confident"), 0, Qt.AlignmentFlag.AlignVCenter)
        column.addWidget(self.accept_all)
        row = QHBoxLayout()
        self.advance = Chip("auto-advance")
        self.advance.setStyleSheet("QPushButton { padding: 2px 8px; font-size: 12px; }")
        self.advance.setToolTip("After keep or discard, go on to the next image")
        self.advance.setChecked(True)
        self.advance.clicked.connect(self.advance_toggled)
        row.addWidget(self.advance)
        row.addStretch(1)
        self.second_look = QPushButton("Second look…")
        self.second_look.setProperty("role", "link")
        self.second_look.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.second_look.setAccessibleName("Second look")
        self.second_look.setToolTip(
            "Decide a random part again, blind, and see how far you agree with yourself"
        )
        self.second_look.clicked.connect(self.second_look_wanted)
        row.addWidget(self.second_look)
        column.addLayout(row)
