"""Which images two sides of a comparison have in common, and why others are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from curator.manifest.schema import ManifestRow
from curator.records import Prediction, Split
from curator.training.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared. `learnt` holds the SHA-256 of the images that it was trained on or whose
    loss chose its checkpoint: none for a cross-validation, which predicts every image out of fold."""

    name: str
    folder: Path
    classes: tuple[str, ...]
    config: TrainConfig
    predictions: tuple[Prediction, ...]
    rows: Mapping[str, ManifestRow]
    learnt: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """An image that both predicted. `file_name`, `label` and `split` are those of the second; `was` is the
    label in the first."""

    file_name: str
    split: Split | None
    was: str
    label: str
    first: Prediction
    second: Prediction

    @property
    def relabelled(self) -> bool:
        """Whether its label differs between the two manifests."""
        return self.was != self.label

    @property
    def right(self) -> tuple[bool, bool]:
        """Whether the first and the second said what their own manifest calls it."""
        return self.first.predicted == self.was, self.second.predicted == self.label


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Images that are not compared, and why in a few words."""

    reason: str
    names: tuple[str, ...]


def matched(first: Side, second: Side) -> tuple[list[Pair], list[LeftOut]]:
    """The pairs that can be compared, in order of the second's file names, and what is left out."""
    learnt = {side.name: side.learnt for side in (first, second)}
    dropped = {
        side.name: keys_of(row for row in side.rows.values() if row.decision != "keep")
        for side in (first, second)
    }
    partners = _partners(first.predictions, second.predictions)
    pairs: list[Pair] = []
    reasons: dict[str, list[str]] = {}

    def leave_out(one: Prediction, own: Side, missing: Side) -> None:
        """`own` predicted it, and `missing` did not, or one of them learnt from it."""
        by = next((name for name, keys in learnt.items() if _key(one) in keys), None)
        if by is not None:
            reason = f"trained on by {by}"
        elif _key(one) in dropped[missing.name]:
            reason = f"not kept in {missing.name}"
        else:
            reason = f"only in {own.name}"
        reasons.setdefault(reason, []).append(one.file_name)

    seen = frozenset[str]().union(*learnt.values())
    # New images without a label stand in no manifest, and are left out without a word.
    classes = {*first.classes, *second.classes, None}
    for one in sorted(second.predictions, key=lambda one: one.file_name):
        other = partners.get(one.file_name)
        if other is None or _key(one) in seen:
            leave_out(one, second, first)
        elif not {one.label, other.label} <= classes:
            reasons.setdefault("of a class that neither knows", []).append(one.file_name)
        elif one.label is not None and other.label is not None:
            pairs.append(Pair(one.file_name, one.split, other.label, one.label, other, one))
    taken = {one.file_name for one in partners.values()}
    for one in first.predictions:
        if one.file_name not in taken:
            leave_out(one, first, second)
    return pairs, [LeftOut(reason, tuple(sorted(names))) for reason, names in sorted(reasons.items())]


def with_reason(left_out: Sequence[LeftOut], reason: str, names: Sequence[str]) -> list[LeftOut]:
    return [*left_out, LeftOut(reason, tuple(sorted(set(names))))] if names else list(left_out)


def _key(one: Prediction | ManifestRow) -> str:
    return one.sha256 or f"\0{one.file_name}"


def keys_of(rows: Iterable[ManifestRow]) -> frozenset[str]:
    """What rows are known by: the SHA-256 of their files."""
    return frozenset(_key(row) for row in rows)


def _partners(first: Sequence[Prediction], second: Sequence[Prediction]) -> dict[str, Prediction]:
    """For file names of the second, the first's prediction of the same bytes: that of the same name, else one
    whose own name the second does not have."""
    found = {}
    names = {one.file_name: _key(one) for one in second}
    free: dict[str, list[Prediction]] = {}
    for one in first:
        if names.get(one.file_name) == _key(one):
            found[one.file_name] = one
        else:
            free.setdefault(_key(one), []).append(one)
    for two in second:
        others = free.get(_key(two))
        if two.file_name not in found and others:
            found[two.file_name] = others.pop(0)
    return found
