"""What would be trained on if training began now; pure counting, in slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Final

from curator.records import ImageState

_SLICE: Final = 400


@dataclass(frozen=True, slots=True)
class DataFacts:
    """Counts of images. `kept` and `split` depend on whether proposals count; `unreviewed` are those images
    that a proposal decides and no person has. `astray` are groups that lie in more than one split. `leak` is
    the expected share of test images with a copy in training, were all images split at random. `balance` counts
    the kept images by class and split ("" for those that are in none yet).
    """

    total: int = 0
    kept: int = 0
    unreviewed: int = 0
    unreviewed_kept: int = 0
    undecided: int = 0
    split: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    unsplit: int = 0
    astray: int = 0
    leak: float = 0.0
    balance: dict[tuple[str, str], int] = field(default_factory=dict)


def counted(
    states: Sequence[ImageState], *, accept_proposals: bool, train_share: float = 0.7
) -> Generator[None, None, DataFacts]:
    """Yields after every few hundred images, so that the window gets its turn, and returns the facts."""
    kept = unreviewed = unreviewed_kept = undecided = unsplit = 0
    split: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    balance: Counter[tuple[str, str]] = Counter()
    groups: Counter[str] = Counter()
    splits_of: dict[str, set[str]] = {}
    for number, state in enumerate(states, 1):
        groups[state.group] += 1
        proposed = state.decided_by == "proposal" and state.error is None
        if proposed:
            unreviewed += 1
            unreviewed_kept += state.decision == "keep"
        elif state.decided_by is None:
            undecided += 1
        if state.decision == "keep" and (accept_proposals or not proposed):
            kept += 1
            labels[state.label] += 1
            balance[state.label, state.split or ""] += 1
            if state.split is None:
                unsplit += 1
            else:
                split[state.split] += 1
                splits_of.setdefault(state.group, set()).add(state.split)
        if number % _SLICE == 0:
            yield
    astray = sum(len(splits) > 1 for splits in splits_of.values())
    leaking = sum(size * (1 - (1 - train_share) ** (size - 1)) for size in groups.values())
    return DataFacts(
        total=len(states),
        kept=kept,
        unreviewed=unreviewed,
        unreviewed_kept=unreviewed_kept,
        undecided=undecided,
        split=dict(split),
        labels=dict(labels),
        unsplit=unsplit,
        astray=astray,
        leak=leaking / len(states) if states else 0.0,
        balance=dict(balance),
    )


def trouble(facts: DataFacts, *, accept_proposals: bool) -> str | None:
    """Why training cannot begin yet, in one sentence with the cure; None where it can."""
    if facts.total == 0:
        return "The folder is still being read."
    if facts.kept == 0 and not accept_proposals and facts.unreviewed_kept:
        return "No image is decided on yet. Review some in Curate, or count the proposals as decided."
    if facts.kept == 0:
        return "No image is kept. Keep some in Curate first."
    if len(facts.labels) < 2:
        only = next(iter(facts.labels))
        return f"All kept images are of the class {only}: a classifier needs at least two classes."
    return None
