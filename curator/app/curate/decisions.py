"""What a person decides of the current image, and where the page goes then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, Signal

from curator.app import messages
from curator.app.image_filter import Which
from curator.app.image_list import ImageList
from curator.app.project_model import ProjectModel
from curator.project import edits
from curator.records import DISCARD_REASONS, Crop, Decision, DiscardReason, Edit, Fill, ImageState

_ADVANCE: Final = "curate.advance"
_NONE_LEFT: Final[dict[Which, str]] = {
    "to-do": "Nothing is left to do here.",
    "unsure": "No unsure image is left here.",
    "on-brain": "No image here has an overlay on the brain.",
    "conflicts": "No copies here have different labels.",
}


class Decisions(QObject):
    """Builds edits from what is shown, hands them to the model, moves on. `asking` is for a reason.

    `accepted` says that one image was accepted as it was shown.
    """

    asking_changed = Signal(bool)
    accepted = Signal()

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

    @property
    def targets(self) -> list[ImageState]:
        """What a decision is about: the selected images if there are any, else the current one."""
        project, selected, state = self._model.project, self._images.selected, self.state
        if project is not None and selected:
            return [project.state(one) for one in selected]
        return [state] if state is not None else []

    @property
    def many(self) -> bool:
        """Whether a decision is about a selection that is not just the current image."""
        selected = self._images.selected
        return bool(selected) and selected != [self._model.current_id]

    # Deciding

    def accept(self) -> None:
        """Accepts what is shown and goes on."""
        self.stop_asking()
        states = self.targets
        if self.many:
            self._decide_all(edits.accept_all(states), "accepted")
        elif states and self._apply(edits.accept(states[0])):
            self.accepted.emit()
            self._say_if_none_is_kept()
            self.go(1)

    def decide(self, decision: Decision) -> None:
        """Keep or undecided; discard first asks why."""
        states = self.targets
        if decision == "discard":
            self.ask_or_repeat()
        elif self.many:
            self.stop_asking()
            self._decide_all(edits.decide(states, decision), "kept" if decision == "keep" else "undecided")
        elif states:
            self.stop_asking()
            if self._apply(edits.decide(states, decision)) and decision == "keep" and self.advances:
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

    def discard_again(self) -> None:
        """Discards for the last reason, without a question, and says which that is."""
        reason = self.last_reason
        if self.targets:
            one = not self.many
            self.discard(reason)
            if one:
                messages.show(f"Discarded: {edits.REASON_WORDS[reason]}. Undo takes that back.", "done")

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
        """Discards the current image, or all that are selected."""
        states = self.targets
        self.stop_asking()
        if not states:
            return
        self._last_reason = reason
        if self.many:
            self._decide_all(edits.decide(states, "discard", reason), "discarded")
        elif self._apply(edits.decide(states, "discard", reason)):
            self._say_if_none_is_kept()
            if self.advances:
                self.go(1)

    def back_to_proposal(self) -> None:
        """Lets the proposal show through again."""
        if self.targets:
            self._apply_to_all(edits.back_to_proposal(self.targets), "back to the proposal")

    def keep_best(self) -> None:
        """Keeps the best of the current image's copies, discards the others."""
        states = self.copies
        if len(states) < 2:
            messages.show("This image has no copies.")
        else:
            self.keep_all_best(states)

    def keep_all_best(self, states: Sequence[ImageState]) -> None:
        """Keeps the best of several copies, discards the others."""
        self._apply(edits.keep_best(states))

    def keep_only(self, image_id: int, others: Sequence[ImageState]) -> None:
        """Keeps one of several copies, discards the others."""
        self._apply(edits.keep_best(others, image_id))

    @property
    def copies(self) -> list[ImageState]:
        """All images of the current one's copy group, itself included; none where it is in no group."""
        project, state = self._model.project, self.state
        if project is None or state is None:
            return []
        return [project.state(one) for one in self._images.copies_of(state.id)]

    def say_copies(self, states: Sequence[ImageState], same: bool) -> None:
        """Says that images are copies of each other, or that they are not."""
        if len(states) == 2:
            self._apply(edits.mark_copies(states[0], states[1], same))
        elif len(states) > 2:
            self._apply(edits.mark_all_copies(states, same))

    def set_crop(self, crop: Crop | None) -> None:
        """Sets the current image's crop; None for the whole image."""
        if self.state is not None:
            self._apply(edits.set_crop(self.state, crop, merges=crop is not None))

    def add_margin(self, percent: float) -> None:
        """Grows the crop by so many percent of its size on each side; shrinks it where that is negative."""
        self._apply_to_all(edits.add_margin(self.targets, percent), "cropped anew")

    def square(self) -> None:
        """Makes the crop square."""
        self._apply_to_all(edits.square(self.targets), "made square")

    def clear_masks(self) -> None:
        """Deletes all masks."""
        if any(state.masks for state in self.targets):
            self._apply_to_all(edits.clear_masks(self.targets), "without masks now")
        else:
            messages.show("There is no mask to delete.")

    def set_fill(self, fill: Fill) -> None:
        """Sets how masks are filled."""
        if self.targets:
            self._apply_to_all(edits.set_fill(self.targets, fill), f"filled with {fill}")

    def relabel(self, label: str) -> None:
        """Sets the class; a new name makes a new class."""
        if label.strip() and self.targets:
            self._apply_to_all(edits.relabel(self.targets, label.strip()), f"labelled {label.strip()}")

    def next_label(self) -> None:
        """L: gives the next of the classes, in their order."""
        project, state = self._model.project, self.state
        if project is not None and state is not None:
            classes = project.classes
            self.relabel(classes[(classes.index(state.label) + 1) % len(classes)])

    def set_note(self, image_id: int, text: str) -> None:
        """Sets the note of an image."""
        if self._model.project is not None:
            self._apply(edits.set_note(self._model.project.state(image_id), text))

    def apply(self, edit: Edit) -> bool:
        """Makes an edit; False where the user is asked first."""
        return self._apply(edit)

    # Going

    def go(self, step: int, which: Which = "all", kind: str = "") -> None:
        """To the next (1) or previous (-1) image for which `which` holds, with an overlay of `kind`."""
        self.stop_asking()
        found = self._images.next_id(self._model.current_id, step, which, kind=kind)
        if found is not None:
            self._model.set_current(found)
        elif kind:
            messages.show(f"No other image here has an overlay of the kind {kind}.")
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

    def _say_if_none_is_kept(self) -> None:
        """Of copies one is meant to stay: what was discarded as a copy may have been the last of them."""
        copies = self.copies
        if copies and all(state.decision == "discard" for state in copies):
            names = ", ".join(state.file_name for state in copies if state.discard_reason == "duplicate")
            if names:
                text = f"No copy of this image is kept any more. Discarded only as copies: {names}."
                messages.show(text, "warning")

    def _decide_all(self, edit: Edit, done: str) -> None:
        """A decision on all that are selected, after which they no longer are: the next one is for one image."""

        def then() -> None:
            self._say_many(edit, done)
            self._images.select(())

        self._model.apply(edit, then)

    def _apply_to_all(self, edit: Edit, done: str) -> None:
        """Makes an edit of one image or of all that are selected, and says so of many."""
        self._model.apply(edit, lambda: self._say_many(edit, done))

    def _say_many(self, edit: Edit, done: str) -> None:
        number = len({item.image_id for item in edit.fields})
        if number > 1:
            messages.show(f"{number} images {done}. Undo takes that back.", "done")
