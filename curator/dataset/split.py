"""Drawing train, validation and test over whole groups, stratified by label. Pure functions."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curator.errors import CuratorError
from curator.records import SPLITS, Split


@dataclass(frozen=True, slots=True)
class Shares:
    """What part of the images each split gets, in percent; whole numbers that sum to 100, train not 0."""

    train: int = 70
    val: int = 15
    test: int = 15

    def __post_init__(self) -> None:
        parts = (self.train, self.val, self.test)
        if any(part < 0 for part in parts):
            raise CuratorError(f"Shares {parts} must not be negative: for example 70,15,15.")
        if sum(parts) != 100 or self.train == 0:
            given = ",".join(map(str, parts))
            raise CuratorError(
                f"Shares {given} must sum to 100 with some for training: for example 70,15,15."
            )

    @classmethod
    def parse(cls, text: str) -> Shares:
        """From `train,val,test`, e.g. `70,15,15`. Raises `CuratorError`."""
        try:
            train, val, test = (int(part) for part in text.split(","))
        except ValueError:
            raise CuratorError(
                f"Shares {text!r} must be three whole numbers: for example 70,15,15."
            ) from None
        return cls(train, val, test)

    def of(self, split: Split) -> int:
        """The percent of one split."""
        return {"train": self.train, "val": self.val, "test": self.test}[split]


def assign(
    groups: Mapping[str, tuple[str, int]],
    shares: Shares,
    seed: int,
    existing: Mapping[str, Split],
) -> dict[str, Split]:
    """The split of every group: those in `existing` keep theirs, new ones fill up the shares.

    `groups` maps a group's name to its label and its number of images (at least 1). Within each label the new
    groups are drawn in a random order given by `seed`, larger ones first, and each goes to the split that is
    furthest below its share of that label's images (Webster's divisors, under which a split that has been
    filled once never has to give back when more comes), of equals to the one furthest below its share of
    all. A label with at least as many groups as there are splits is in every one; with fewer, training comes
    first. scikit-learn's splitters draw everything anew each time; this one adds to what was drawn before.
    """
    result: dict[str, Split] = {name: existing[name] for name in groups if name in existing}
    wanted: list[Split] = [split for split in SPLITS if shares.of(split) > 0]
    overall: Counter[Split] = Counter()
    by_label: dict[str, list[str]] = {}
    for name in sorted(groups):
        label, size = groups[name]
        by_label.setdefault(label, []).append(name)
        if name in result:
            overall[result[name]] += size
    for label in sorted(by_label):
        names = by_label[label]
        filled: Counter[Split] = Counter()
        for name in names:
            if name in result:
                filled[result[name]] += groups[name][1]
        new = drawn_order([name for name in names if name not in result], seed, groups)
        for index, name in enumerate(new):
            size = groups[name][1]
            empty = [split for split in wanted if not filled[split]]
            # The last ones drawn, which are the smallest, are what is owed to splits without this label.
            owed = len(names) >= len(wanted) and len(new) - index <= len(empty)
            split = _neediest(empty if owed else wanted, filled, overall, shares, size)
            result[name] = split
            filled[split] += size
            overall[split] += size
    return result


def drawn_order(names: list[str], seed: int, groups: Mapping[str, tuple[str, int]]) -> list[str]:
    """Larger groups first, equal ones in an order that depends on seed and name alone.

    A hash instead of a random generator: the same on every platform and version, and a group's place does not
    depend on which others are there.
    """

    def key(name: str) -> tuple[int, bytes]:
        return -groups[name][1], hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest()

    return sorted(names, key=key)


def _neediest(
    among: Sequence[Split], filled: Counter[Split], overall: Counter[Split], shares: Shares, size: int
) -> Split:
    """The split whose share would be least overfull if it took `size` more images; last ties go to train."""
    return min(
        among,
        key=lambda split: (
            (filled[split] + size / 2) / shares.of(split),
            (overall[split] + size / 2) / shares.of(split),
            SPLITS.index(split),
        ),
    )
