"""Builds the edits that a person makes, from the states that are shown. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from curator.project.copies import Candidate, best_of
from curator.records import (
    UNSET,
    CopyEdit,
    Crop,
    Decision,
    DiscardReason,
    Edit,
    Field,
    FieldEdit,
    Fill,
    ImageState,
    Mask,
)

REASON_WORDS: Final[dict[DiscardReason, str]] = {
    "overlay_on_brain": "overlay on the brain",
    "not_brain_mri": "not a brain MRI",
    "duplicate": "copy of another",
    "unreadable": "unreadable",
    "quality": "poor quality",
    "other": "other reason",
}
_PROPOSED: Final[tuple[Field, ...]] = ("decision", "crop", "masks", "accepted")


def accept(state: ImageState) -> Edit:
    """Makes what is shown (decision, crop, masks) the person's own; an undecided image is kept."""
    decision, reason = _shown(state)
    return Edit(f"Accept {_decided(decision, reason)}: {state.file_name}", _accepted(state), (), state.id)


def accept_all(states: Sequence[ImageState]) -> Edit:
    """Accepts many images as one step."""
    fields = tuple(item for state in states for item in _accepted(state))
    return Edit(f"Accept {_these(states)}", fields, (), _focus(states))


def decide(states: Sequence[ImageState], decision: Decision, reason: DiscardReason | None = None) -> Edit:
    """Sets the decision; a discard without reason is for `other`."""
    reason = (reason or "other") if decision == "discard" else None
    fields = tuple(FieldEdit(state.id, "decision", (decision, reason)) for state in states)
    return Edit(f"{_decided(decision, reason).capitalize()}: {_these(states)}", fields, (), _focus(states))


def set_crop(state: ImageState, crop: Crop | None) -> Edit:
    """Sets the crop; None keeps the whole image."""
    words = "Whole image" if crop is None else "Crop"
    return Edit(f"{words}: {state.file_name}", (FieldEdit(state.id, "crop", crop),), (), state.id)


def set_masks(state: ImageState, masks: Sequence[Mask], words: str = "Masks") -> Edit:
    """Replaces all masks; `words` says what was done to them."""
    return Edit(f"{words}: {state.file_name}", (FieldEdit(state.id, "masks", tuple(masks)),), (), state.id)


def set_fill(states: Sequence[ImageState], fill: Fill) -> Edit:
    """Sets how masks are filled."""
    fields = tuple(FieldEdit(state.id, "fill", fill) for state in states)
    return Edit(f"Fill masks with {fill}: {_these(states)}", fields, (), _focus(states))


def relabel(states: Sequence[ImageState], label: str) -> Edit:
    """Sets the class."""
    fields = tuple(FieldEdit(state.id, "label", label) for state in states)
    return Edit(f"Label {label}: {_these(states)}", fields, (), _focus(states))


def set_note(state: ImageState, text: str) -> Edit:
    """Sets the note; an empty one is no note."""
    value = text if text else UNSET
    return Edit(f"Note: {state.file_name}", (FieldEdit(state.id, "note", value),), (), state.id)


def back_to_proposal(state: ImageState) -> Edit:
    """Clears the person's decision, crop and masks, so that the proposal shows through again."""
    fields = tuple(FieldEdit(state.id, name, UNSET) for name in _PROPOSED)
    return Edit(f"Back to the proposal: {state.file_name}", fields, (), state.id)


def keep_best(states_of_group: Sequence[ImageState], best_id: int | None = None) -> Edit:
    """Keeps the best of the copies (or `best_id`) and discards the others as duplicates.

    Raises `ValueError` for an empty group.
    """
    if not states_of_group:
        raise ValueError("there are no copies to choose from")
    if best_id is None:
        best_id = best_of(_candidate(state) for state in states_of_group).id
    fields = tuple(
        FieldEdit(state.id, "decision", ("keep", None) if state.id == best_id else ("discard", "duplicate"))
        for state in states_of_group
    )
    best = next(state for state in states_of_group if state.id == best_id)
    return Edit(f"Keep the best of {len(fields)} copies: {best.file_name}", fields, (), best_id)


def mark_copies(first: ImageState, second: ImageState, same: bool | None) -> Edit:
    """Says that two images are copies (`True`), are not (`False`), or takes that back (None)."""
    words = {True: "Copies", False: "Not copies", None: "No word on copies"}[same]
    copies = (CopyEdit(first.id, second.id, same),)
    return Edit(f"{words}: {first.file_name}, {second.file_name}", (), copies, first.id)


def _accepted(state: ImageState) -> tuple[FieldEdit, ...]:
    method = state.proposal.method if state.proposal is not None else UNSET
    return (
        FieldEdit(state.id, "decision", _shown(state)),
        FieldEdit(state.id, "crop", state.crop),
        FieldEdit(state.id, "masks", state.masks),
        FieldEdit(state.id, "accepted", method),
    )


def _shown(state: ImageState) -> tuple[Decision, DiscardReason | None]:
    return ("keep", None) if state.decision == "undecided" else (state.decision, state.discard_reason)


def _candidate(state: ImageState) -> Candidate:
    """As the machine ranks copies, but what it proposed as a mere duplicate is not held against it."""
    proposal = state.proposal
    if proposal is not None and proposal.discard_reason == "duplicate":
        proposal = replace(proposal, decision="keep", discard_reason=None)
    by_person = state.decided_by == "person" and state.discard_reason != "duplicate"
    return Candidate(
        state.id,
        state.file_name,
        state.label,
        state.sha256,
        (state.width or 0) * (state.height or 0),
        state.size_bytes,
        state.error is not None,
        proposal,
        state.decision if by_person else None,
    )


def _decided(decision: Decision, reason: DiscardReason | None) -> str:
    return f"{decision} ({REASON_WORDS[reason]})" if reason is not None else decision


def _these(states: Sequence[ImageState]) -> str:
    return states[0].file_name if len(states) == 1 else f"{len(states)} images"


def _focus(states: Sequence[ImageState]) -> int | None:
    return states[0].id if states else None
