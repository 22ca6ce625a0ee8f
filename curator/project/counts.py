"""Figures over all images, kept up to date image by image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from curator.records import ImageState, Mask

UNSURE_BELOW: Final = 0.6
"""A proposal with less confidence than this is shown as unsure."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far the work on a dataset is, in images.

    `decided` is what a person decided, `keep` and `discard` are its parts, and `undecided` is what is left
    to do; `unsure` are those to do whose proposal is not confident; `proposed_keep` and `proposed_discard`
    those to do by what is proposed. `by_label`, `by_reason` and `by_split` count the effective values of all
    images, only the classes, reasons and splits that occur.
    """

    total: int = 0
    decided: int = 0
    keep: int = 0
    discard: int = 0
    undecided: int = 0
    unsure: int = 0
    copies: int = 0
    unreadable: int = 0
    proposed: int = 0
    proposed_keep: int = 0
    proposed_discard: int = 0
    by_label: dict[str, int] = field(default_factory=dict)
    by_reason: dict[str, int] = field(default_factory=dict)
    by_split: dict[str, int] = field(default_factory=dict)


def is_to_do(state: ImageState) -> bool:
    """Whether nobody has decided on the image yet (badge: hollow ring or question mark)."""
    return state.decided_by != "person"


def proposed_masks(state: ImageState) -> frozenset[Mask]:
    """The masks that are the machine's and that no person has confirmed, by accepting the image or one by one.

    One that a person draws makes all masks of the image the person's own to keep, but looked at are only
    those that were touched; the others count as confirmed once the image is decided.
    """
    if "masks" in state.edited and not is_to_do(state):
        return frozenset()
    return frozenset(state.proposal.masks if state.proposal is not None else ())


def is_unsure(state: ImageState) -> bool:
    """Whether the image is to do and its proposal is not confident (badge: amber question mark)."""
    return is_to_do(state) and state.confidence is not None and state.confidence < UNSURE_BELOW


class Tally:
    """Adds and takes away single images; `counts` reads the sums."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._labels: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._splits: Counter[str] = Counter()

    def add(self, state: ImageState, sign: int = 1) -> None:
        """Counts an image in (`sign` 1) or out (-1)."""
        sums = self._sums
        sums["total"] += sign
        if is_to_do(state):
            sums["undecided"] += sign
            if is_unsure(state):
                sums["unsure"] += sign
            if state.decision != "undecided":
                sums[f"proposed_{state.decision}"] += sign
        else:
            sums["decided"] += sign
            sums[state.decision] += sign
        if state.copy_group is not None:
            sums["copies"] += sign
        if state.error is not None:
            sums["unreadable"] += sign
        if state.proposal is not None:
            sums["proposed"] += sign
        self._labels[state.label] += sign
        if state.discard_reason is not None:
            self._reasons[state.discard_reason] += sign
        if state.split is not None:
            self._splits[state.split] += sign

    def counts(self) -> Counts:
        """The present sums."""
        return Counts(
            **{name: number for name, number in self._sums.items() if number},
            by_label=_present(self._labels),
            by_reason=_present(self._reasons),
            by_split=_present(self._splits),
        )


def _present(counter: Counter[str]) -> dict[str, int]:
    return {name: counter[name] for name in sorted(counter) if counter[name]}
