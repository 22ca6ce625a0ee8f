"""What a queue is made of: images to look at first, each with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

QueueName: TypeAlias = Literal["label_errors", "outliers", "near_labels", "swings", "heat_outside"]
QUEUE_NAMES: Final[tuple[QueueName, ...]] = get_args(QueueName)


@dataclass(frozen=True, slots=True)
class Flag:
    """One image to look at: the larger `score`, the sooner; `reason` says in plain sentences why.

    Scores of one queue are comparable among themselves, not with those of another.
    """

    file_name: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Images to look at for one kind of reason, the most pressing first, each once.

    `note` says what the queue rests on, or why it is empty.
    """

    name: QueueName
    title: str
    flags: tuple[Flag, ...]
    note: str


def in_order(flags: list[Flag]) -> tuple[Flag, ...]:
    """The flags, largest score first, equal ones by name; of one image the strongest, with all its reasons."""
    found: dict[str, Flag] = {}
    for flag in sorted(flags, key=lambda one: (-one.score, one.file_name)):
        first = found.get(flag.file_name)
        reason = flag.reason if first is None else f"{first.reason} {flag.reason}"
        found[flag.file_name] = Flag(flag.file_name, (first or flag).score, reason)
    return tuple(found.values())


def listed(names: list[str]) -> str:
    """Names as a person lists them: "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
