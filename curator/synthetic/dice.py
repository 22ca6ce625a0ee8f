"""Random choices that are the same on every machine, Python and library version.

Everything that the truth depends on is drawn here: only `random.Random.random`, whose sequence Python
guarantees, is used. Pixel noise comes from numpy and may differ between numpy's versions.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """One stream of choices, named by what it is for."""

    def __init__(self, *name: object) -> None:
        self._name = "/".join(map(str, name))
        self._random = random.Random(self._name)

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self._random.random()

    def below(self, n: int) -> int:
        """Uniform in 0 .. n - 1."""
        return min(n - 1, int(self._random.random() * n))

    def whole(self, low: int, high: int) -> int:
        """Uniform in low .. high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, share: float) -> bool:
        """True with the given probability."""
        return self._random.random() < share

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[self.below(len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, as likely as its weight says."""
        left = self.between(0.0, sum(weights.values()))
        for item, weight in weights.items():
            left -= weight
            if left < 0:
                return item
        return next(reversed(list(weights)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """A new list in random order."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.below(i + 1)
            out[i], out[j] = out[j], out[i]
        return out

    def noise(self) -> np.random.Generator:
        """A generator for pixels, independent of how much has been drawn here."""
        seed = random.Random(self._name + "/pixels").getrandbits(63)
        return np.random.Generator(np.random.PCG64(seed))
