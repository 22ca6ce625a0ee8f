"""Drawing train, validation and test over whole groups, stratified by label. Pure functions."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
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

    `groups` maps a group's name to its label and its number of images. Within each label the new groups are
    drawn in a random order given by `seed`, larger ones first, and each goes to the split that is furthest
    below its share of that label's images. scikit-learn's splitters draw everything anew each time; this one
    can add to what was drawn before. At the default shares a label needs four groups to be in every split.
    """
    result: dict[str, Split] = {name: existing[name] for name in groups if name in existing}
    for label in sorted({label for label, _ in groups.values()}):
        filled: Counter[Split] = Counter()
        new = []
        for name in sorted(name for name, (its_label, _) in groups.items() if its_label == label):
            if name in result:
                filled[result[name]] += groups[name][1]
            else:
                new.append(name)
        for name in _drawn_order(new, seed, groups):
            split = _neediest(filled, shares, groups[name][1])
            result[name] = split
            filled[split] += groups[name][1]
    return result


def _drawn_order(names: list[str], seed: int, groups: Mapping[str, tuple[str, int]]) -> list[str]:
    """Larger groups first, equal ones in an order that depends on seed and name alone.

    A hash instead of a random generator: the same on every platform and version, and a group's place does not
    depend on which others are there.
    """

    def key(name: str) -> tuple[int, bytes]:
        return -groups[name][1], hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogatepass")).digest()

    return sorted(names, key=key)


def _neediest(filled: Counter[Split], shares: Shares, size: int) -> Split:
    """The split whose share would be least overfull if it took `size` more images; ties go to train."""
    wanted: list[Split] = [split for split in SPLITS if shares.of(split) > 0]
    return min(wanted, key=lambda split: ((filled[split] + size / 2) / shares.of(split), SPLITS.index(split)))
