"""Confidence refitted on a person's own corrections, as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from curator.project import Project
from curator.records import Crop, Event, ImageState, Proposal

# A crop counts as left alone from this intersection over union on.
_SAME_CROP: Final = 0.95
# Images whose new confidence is applied at a stretch: a millisecond or two.
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Learned(Event):
    """New confidences 0..1 by image id."""

    confidences: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What stood in a project when `lesson_of` was called: all states, and the proposals made from pixels."""

    states: Sequence[ImageState]
    proposals: Mapping[int, Proposal]


def lesson_of(project: Project) -> Lesson:
    """What there is to learn from. Called on the project's thread; quick."""
    return Lesson(project.states(), project.pixel_proposals())


def learn(lesson: Lesson) -> Iterator[Learned]:
    """The confidences of all images that are to be looked at, in parts.

    Duplicates teach nothing: what is proposed of them follows from other images.
    """
    from curator.proposals.learned import learned_confidences

    seen: list[Proposal] = []
    unchanged: list[bool] = []
    others: dict[int, Proposal] = {}
    for state in lesson.states:
        proposal = lesson.proposals.get(state.id)
        if proposal is None or state.error is not None or state.discard_reason == "duplicate":
            continue
        if state.decided_by == "person":
            seen.append(proposal)
            unchanged.append(is_unchanged(state, proposal))
        else:
            others[state.id] = proposal
    ids = list(others)
    sure = learned_confidences(seen, unchanged, list(others.values())).tolist()
    for start in range(0, len(ids), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        pairs = zip(ids[part], sure[part], strict=True)
        yield Learned({one: round(value, 3) for one, value in pairs})


def is_unchanged(state: ImageState, proposal: Proposal) -> bool:
    """Whether a person decided as was proposed: the same decision and, if kept, the same masks and about the
    same crop."""
    if state.decision != proposal.decision:
        return False
    if state.decision == "discard":
        return state.discard_reason == proposal.discard_reason
    return state.masks == proposal.masks and _agree(state.crop, proposal.crop)


def _agree(one: Crop | None, other: Crop | None) -> bool:
    if one is None or other is None:
        return one == other
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(0, wide) * max(0, high)
    return both >= _SAME_CROP * (one.width * one.height + other.width * other.height - both)
