"""What a person decides of the current image, and where the page goes then."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from curator.app import messages
from curator.app.image_list import ImageList, Which
from curator.app.project_model import ProjectModel
from curator.project import edits
from curator.records import DISCARD_REASONS, Crop, Decision, DiscardReason, Edit, Fill, ImageState

_ADVANCE: Final = "curate.advance"
_NONE_LEFT: Final[dict[Which, str]] = {
    "to-do": "Nothing is left to do here.",
    "unsure": "No unsure image is left here.",
}


class Decisions(QObject):
    """Builds edits from what is shown, hands them to the model, moves on. `asking` is for a reason."""

    asking_changed = Signal(bool)

    def __init__(self, model: ProjectModel, images: ImageList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._images = images
        self._asking = False
        self._last_reason: DiscardReason | None = None

    @property
    def state(self) -> ImageState | None:
        """The current image, None where there is none."""
        project, current = self._model.project, self._model.current_id
        return project.state(current) if project is not None and current >= 0 else None

    @property
    def advances(self) -> bool:
        """Whether keep and discard go on to the next image."""
        project = self._model.project
        return project is None or bool(project.setting(_ADVANCE, True))

    def set_advances(self, advances: bool) -> None:
        """Changes that; stored with the project."""
        if self._model.project is not None:
            self._model.project.set_setting(_ADVANCE, advances)

    # Deciding

    def accept(self) -> None:
        """Accepts what is shown and goes on."""
        self.stop_asking()
        state = self.state
        if state is not None and self._apply(edits.accept(state)):
            self.go(1)

    def decide(self, decision: Decision) -> None:
        """Keep or undecided; discard first asks why."""
        state = self.state
        if decision == "discard":
            self.ask_or_repeat()
        elif state is not None:
            self.stop_asking()
            if self._apply(edits.decide([state], decision)) and decision == "keep" and self.advances:
                self.go(1)

    @property
    def asking(self) -> bool:
        """Whether a reason to discard is waited for."""
        return self._asking

    @property
    def last_reason(self) -> DiscardReason:
        """What a second X takes: the last reason, else the proposed one."""
        if self._last_reason is not None:
            return self._last_reason
        state = self.state
        proposal = state.proposal if state is not None else None
        return (proposal.discard_reason if proposal is not None else None) or "other"

    def ask_or_repeat(self) -> None:
        """X: asks for a reason; once more takes the last one again."""
        if self.state is None:
            return
        if self._asking:
            self.discard(self.last_reason)
        else:
            self._asking = True
            self.asking_changed.emit(True)

    def stop_asking(self) -> None:
        """Gives up a question for a reason."""
        if self._asking:
            self._asking = False
            self.asking_changed.emit(False)

    def discard_by_digit(self, digit: int) -> None:
        """Takes the reason with that number."""
        if 1 <= digit <= len(DISCARD_REASONS):
            self.discard(DISCARD_REASONS[digit - 1])

    def discard(self, reason: DiscardReason) -> None:
        """Discards the current image."""
        state = self.state
        self.stop_asking()
        if state is None:
            return
        self._last_reason = reason
        if self._apply(edits.decide([state], "discard", reason)) and self.advances:
            self.go(1)

    def back_to_proposal(self) -> None:
        """Lets the proposal show through again."""
        if self.state is not None:
            self._apply(edits.back_to_proposal(self.state))

    def keep_best(self) -> None:
        """Keeps the best of the current image's copies, discards the others."""
        project, state = self._model.project, self.state
        if project is None or state is None:
            return
        ids = self._images.copies_of(state.id)
        if len(ids) < 2:
            messages.show("This image has no copies.")
            return
        self._apply(edits.keep_best([project.state(one) for one in ids]))

    def set_crop(self, crop: Crop | None) -> None:
        """Sets the current image's crop; None for the whole image."""
        if self.state is not None:
            self._apply(edits.set_crop(self.state, crop))

    def set_fill(self, fill: Fill) -> None:
        """Sets how the current image's masks are filled."""
        if self.state is not None:
            self._apply(edits.set_fill([self.state], fill))

    def relabel(self, label: str) -> None:
        """Sets the current image's class."""
        if self.state is not None:
            self._apply(edits.relabel([self.state], label))

    def set_note(self, image_id: int, text: str) -> None:
        """Sets the note of an image."""
        if self._model.project is not None:
            self._apply(edits.set_note(self._model.project.state(image_id), text))

    def apply(self, edit: Edit) -> bool:
        """Makes an edit; False where the user is asked first."""
        return self._apply(edit)

    # Going

    def go(self, step: int, which: Which = "all") -> None:
        """To the next (1) or previous (-1) image for which `which` holds."""
        self.stop_asking()
        found = self._images.next_id(self._model.current_id, step, which)
        if found is not None:
            self._model.set_current(found)
        elif which in _NONE_LEFT:
            messages.show(_NONE_LEFT[which])

    def go_by(self, rows: int) -> None:
        """Down or up by rows of the list, as far as there are."""
        row = self._images.row_of(self._model.current_id)
        last = self._images.rowCount() - 1
        if row >= 0 and last >= 0:
            self.stop_asking()
            self._model.set_current(self._images.id_at(min(max(row + rows, 0), last)))

    def go_to(self, image_id: int) -> None:
        """To an image, listed or not."""
        self.stop_asking()
        self._model.set_current(image_id)

    def _apply(self, edit: Edit) -> bool:
        return self._model.apply(edit) is not None
