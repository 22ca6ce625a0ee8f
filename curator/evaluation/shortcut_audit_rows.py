"""Which images of a manifest an audit looks at, and whether they are enough."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from curator.manifest.schema import ManifestRow

# Fewer groups than this, in all and outside the largest class, leave intervals of 30 points and more.
LEAST_GROUPS: Final = 40
LEAST_OTHERS: Final = 10
# A class of one group can't be both learned and guessed.
_LEAST_OF_CLASS: Final = 2
# With 1,000 images an interval is some 6 points wide: more would cost minutes and tell little more.
MOST_IMAGES: Final = 1000


def judged(rows: Sequence[ManifestRow], classes: Sequence[str]) -> list[ManifestRow]:
    """The rows of classes that have two groups at least."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        groups[row.label].add(row.group)
    wanted = {name for name in classes if len(groups[name]) >= _LEAST_OF_CLASS}
    return [row for row in rows if row.label in wanted]


def drawn(rows: Sequence[ManifestRow], seed: int) -> list[ManifestRow]:
    """At most `MOST_IMAGES` of the rows, whole groups, drawn with `seed`, in their own order."""
    if len(rows) <= MOST_IMAGES:
        return list(rows)
    size = Counter(row.group for row in rows)
    wanted: set[str] = set()
    room = MOST_IMAGES
    for name in np.random.default_rng(seed).permutation(sorted(size)).tolist():
        if size[name] <= room:
            wanted.add(name)
            room -= size[name]
    return [row for row in rows if row.group in wanted]


def too_few(rows: Sequence[ManifestRow]) -> str:
    """Why nothing can be told, in a sentence; "" where it can."""
    of_class: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        of_class[row.label].add(row.group)
    groups = len({row.group for row in rows})
    if len(of_class) < 2:
        return "There is only one class: nothing can be told apart."
    others = sum(map(len, of_class.values())) - max(map(len, of_class.values()))
    if groups >= LEAST_GROUPS and others >= LEAST_OTHERS:
        return ""
    return (
        f"Too few images to tell: {groups} groups, {others} of them outside the largest class; it takes "
        f"{LEAST_GROUPS} and {LEAST_OTHERS}. Keep more images, or look at the classes side by side yourself."
    )
