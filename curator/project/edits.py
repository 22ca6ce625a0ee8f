"""Builds the edits that a person makes, from the states that are shown. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from curator.project import crops
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


def set_crop(state: ImageState, crop: Crop | None, words: str = "", *, merges: bool = False) -> Edit:
    """Sets the crop; None keeps the whole image. `merges`: see `Edit`."""
    words = words or ("Whole image" if crop is None else "Crop")
    fields = (FieldEdit(state.id, "crop", crop),)
    return Edit(f"{words}: {state.file_name}", fields, (), state.id, merges)


def add_margin(states: Sequence[ImageState], percent: float) -> Edit:
    """Grows (or with a negative `percent` shrinks) the crops on all sides; whole images stay whole."""
    done = "wider" if percent > 0 else "tighter"
    return _recrop(
        states,
        lambda crop, width, height: crops.with_margin(crop, percent, width, height),
        f"Crop {abs(percent):g} % {done}",
    )


def square(states: Sequence[ImageState]) -> Edit:
    """Makes the crops square."""
    return _recrop(states, crops.squared, "Square crop")


def propagate(
    source: ImageState, targets: Sequence[ImageState], *, crop: bool = True, masks: bool = True
) -> Edit:
    """Gives the targets the crop and the masks (with their fill) of `source`, scaled where sizes differ.

    Targets of unknown size and `source` itself are left out. A fill without a mask is not taken over.
    """
    size = (source.width or 1, source.height or 1)
    fields: list[FieldEdit] = []
    number = 0
    for state in targets:
        if state.id == source.id or not state.width or not state.height or state.error is not None:
            continue
        number += 1
        to = (state.width, state.height)
        if crop:
            cut = None if source.crop is None else crops.scaled_crop(source.crop, size, to)
            fields.append(FieldEdit(state.id, "crop", cut))
        if masks:
            fields.append(FieldEdit(state.id, "masks", crops.scaled_masks(source.masks, size, to)))
            if source.masks and source.fill != state.fill:
                fields.append(FieldEdit(state.id, "fill", source.fill))
    what = {(True, True): "Crop and masks", (True, False): "Crop", (False, True): "Masks"}.get(
        (crop, masks), ""
    )
    words = f"{what} of {source.file_name} applied to {number} {'image' if number == 1 else 'images'}"
    return Edit(words, tuple(fields), (), source.id)


def set_masks(
    state: ImageState, masks: Sequence[Mask], words: str = "Masks", *, merges: bool = False
) -> Edit:
    """Replaces all masks; `words` says what was done to them. `merges`: see `Edit`."""
    fields = (FieldEdit(state.id, "masks", tuple(masks)),)
    return Edit(f"{words}: {state.file_name}", fields, (), state.id, merges)


def clear_masks(states: Sequence[ImageState]) -> Edit:
    """Deletes all masks."""
    fields = tuple(FieldEdit(state.id, "masks", ()) for state in states if state.masks)
    return Edit(f"All masks deleted: {_these(states)}", fields, (), _focus(states))


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


def look(states: Sequence[ImageState], run: str | None) -> Edit:
    """Says that the predictions of `run` were looked at and nothing is to be mended; None takes that back."""
    fields = tuple(FieldEdit(state.id, "looked", UNSET if run is None else run) for state in states)
    words = "Not looked at" if run is None else "Looked at, fine"
    return Edit(f"{words}: {_these(states)}", fields, (), _focus(states))


def back_to_proposal(states: Sequence[ImageState]) -> Edit:
    """Clears the person's decision, crop and masks, so that the proposal shows through again."""
    fields = tuple(FieldEdit(state.id, name, UNSET) for state in states for name in _PROPOSED)
    return Edit(f"Back to the proposal: {_these(states)}", fields, (), _focus(states))


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


def mark_all_copies(states: Sequence[ImageState], same: bool) -> Edit:
    """Says that images are copies of the first of them, or that no two of them are."""
    if same:
        copies = tuple(CopyEdit(states[0].id, other.id, True) for other in states[1:])
    else:
        pairs = itertools.combinations(states, 2)
        copies = tuple(CopyEdit(first.id, second.id, False) for first, second in pairs)
    words = "Copies" if same else "Not copies"
    return Edit(f"{words}: {len(states)} images", (), copies, _focus(states))


def _recrop(states: Sequence[ImageState], change: Callable[[Crop, int, int], Crop], words: str) -> Edit:
    fields = []
    for state in states:
        if state.width and state.height and state.error is None:
            whole = crops.whole(state.width, state.height)
            new = change(state.crop or whole, state.width, state.height)
            if new != (state.crop or whole):
                fields.append(FieldEdit(state.id, "crop", None if new == whole else new))
    return Edit(f"{words}: {_these(states)}", tuple(fields), (), _focus(states))


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
