"""Images that are the same or nearly so, but labelled differently."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from curator.dataset.near_copies import candidates
from curator.errors import ImageError
from curator.evaluation.feature_space import Space, nearest
from curator.evaluation.flags import Flag, listed
from curator.imaging.likeness import likeness
from curator.imaging.sketch import decoded, sketch
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import Event, Progress

ALIKE: Final = 0.75
"""Correlation of fine detail from which images of two labels are worth a look (`likeness`).

Lower than for copies, as nobody is harmed by a look: other real slices reach 0.4, neighbouring slices of one
head and copies more than this.
"""

# Wilson, "Asymptotic Properties of Nearest Neighbor Rules Using Edited Data", 1972: an image is doubted where most
# of its three nearest neighbours are labelled otherwise.
_NEIGHBOURS: Final = 3
# The nearest image of the own label is farther than that of another by so much, or it is a close call.
_FARTHER: Final = 1.05

# Scores: what a person or the copy finder has joined comes before what is alike, then groups, then neighbours.
_COPIES: Final = 4.0
_ALIKE: Final = 2.0
_GROUP: Final = 1.0
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class NearCopiesFound(Event):
    """Flags of images that look like one of another label."""

    flags: tuple[Flag, ...]


def conflicting_copies(rows: Iterable[ManifestRow]) -> list[Flag]:
    """Kept images with a copy, kept or not, of another label, and those whose label is not their group's usual
    one."""
    every = list(rows)
    copies: dict[str, list[ManifestRow]] = defaultdict(list)
    groups: dict[str, list[ManifestRow]] = defaultdict(list)
    for row in every:
        if row.copy_group is not None:
            copies[row.copy_group].append(row)
        groups[row.group].append(row)
    flags = []
    for row in every:
        if row.decision != "keep":
            continue
        others = [one for one in copies.get(row.copy_group or "", ()) if one.label != row.label]
        if others:
            flags.append(
                Flag(
                    row.file_name,
                    _COPIES,
                    f"Labelled {row.label}, but {_named(others)} of one image with it.",
                )
            )
            continue
        counts = Counter(one.label for one in groups[row.group])
        usual, most = max(sorted(counts.items()), key=lambda one: one[1])
        if usual != row.label and most > counts[row.label]:
            flags.append(
                Flag(
                    row.file_name,
                    _GROUP,
                    f"Labelled {row.label}, but {most} of the {counts.total()} images of its group (copies, or one "
                    f"patient) are labelled {usual}.",
                )
            )
    return flags


def alike_across_labels(rows: Sequence[ManifestRow], root: Path) -> Iterator[Event]:
    """Ends with `NearCopiesFound`: images that look the same in fine detail as one of another label and are not
    known as copies of it. Yields `Progress`; what can't be read is left out, as other steps say so.
    """
    sketches: dict[int, bytes] = {}
    for number, row in enumerate(rows):
        yield Progress(number, len(rows), "Looking for near-copies across labels")
        try:
            sketches[number] = sketch(read_verified(root, row)).encoded()
        except ImageError:
            continue
    yield Progress(len(rows), len(rows), "Looking for near-copies across labels")
    flags = []
    for first, second in candidates(sketches):
        one, other = rows[first], rows[second]
        if one.label == other.label or (one.copy_group is not None and one.copy_group == other.copy_group):
            continue
        alike = likeness(decoded(sketches[first]), decoded(sketches[second]))
        yield Progress(len(rows), len(rows), "Looking for near-copies across labels")
        if alike < ALIKE:
            continue
        for mine, theirs in ((one, other), (other, one)):
            flags.append(
                Flag(
                    mine.file_name,
                    _ALIKE + alike,
                    f"Labelled {mine.label}, but it looks like {theirs.file_name}, which is labelled "
                    f"{theirs.label}: once one is laid on the other, their detail agrees to {100 * alike:.0f} %.",
                )
            )
    yield NearCopiesFound(tuple(flags))


def neighbour_flags(space: Space) -> list[Flag]:
    """The judged images of one space that lie among images of another label; scores below 1, by how much farther
    the nearest image of their own label is."""
    labels = np.array([row.label for row in space.rows])
    flags = []
    for part, apart in space.distances():
        closest = nearest(apart, _NEIGHBOURS)
        for place, distances, order in zip(part.tolist(), apart, closest, strict=True):
            row = space.rows[place]
            near = [int(one) for one in order if np.isfinite(distances[one])]
            others = [one for one in near if labels[one] != row.label]
            own = float(distances[labels == row.label].min())
            if not others or others[0] != near[0] or 2 * len(others) <= _NEIGHBOURS:
                continue
            ratio = own / max(float(distances[near[0]]), 1e-6)
            if ratio < _FARTHER:
                continue
            names = [f"{space.rows[one].file_name} ({labels[one]})" for one in others]
            farther = (
                "no image of its own label lies near"
                if not np.isfinite(ratio)
                else f"the nearest labelled {row.label} is {100 * (ratio - 1):.0f} % farther"
            )
            flags.append(
                Flag(
                    row.file_name,
                    float(min(0.999, ratio - 1)),
                    f"Labelled {row.label}, but of the {_NEIGHBOURS} images that a network which did not learn "
                    f"from it puts nearest, {len(others)} are labelled otherwise: {listed(names)}; {farther}.",
                )
            )
    return flags


def _named(rows: Sequence[ManifestRow]) -> str:
    shown = [f"{row.file_name} ({row.label})" for row in rows[:_MOST_NAMED]]
    if len(rows) > _MOST_NAMED:
        shown.append(f"{len(rows) - _MOST_NAMED} more")
    return f"{listed(shown)} {'is a copy' if len(rows) == 1 else 'are copies'}"
