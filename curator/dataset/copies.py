"""Which images are copies or near-copies of each other, from hashes and a person's word. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from curator.imaging.fingerprint import NEAR_COPY_DISTANCE, distances

Pair: TypeAlias = tuple[int, int]
Link: TypeAlias = tuple[int, int, int]
"""Two images that were compared and found to be copies, and how sure that is: from 0, equal, to 1000."""
# Rows of (strength, position, position): the smaller the strength, the surer the link.
_Links = npt.NDArray[np.int64]

_SAID_SAME, _SAME_BYTES = -2, -1

# Rows of the distance matrix that are held at once: 256 x 20,000 differences of 8 bytes are 40 MB.
_CHUNK = 256


def group_copies(
    ids: Sequence[int],
    sha256: Sequence[str | None],
    hashes: Sequence[npt.NDArray[np.uint64]],
    same: Iterable[Pair] = (),
    different: Iterable[Pair] = (),
    links: Iterable[Link] = (),
) -> list[frozenset[int]]:
    """Groups of two or more images that show the same slice, ordered by their smallest position in `ids`.

    `hashes` holds one array of fingerprints per kind (whole image, head crop), each shape (n,), 0 where there
    is none; two images are near-copies when any kind is within `NEAR_COPY_DISTANCE`, or when `links` says so.
    Pairs in `same` (ids) are joined whatever hashes and links say; pairs in `different` never end up in one
    group, not even by way of a third image: links are tried from the strongest (a person's word, equal bytes,
    then growing distance), and one that would join such a pair is left out. A contradiction between `same` and
    `different` is settled for `different`. Pairs that name an id outside `ids` are passed over.
    """
    position = {image_id: index for index, image_id in enumerate(ids)}
    said_same = _positions(same, position)
    said_different = _positions(different, position)
    named = np.zeros(len(ids), bool)
    named[[index for pair in (*said_same, *said_different) for index in pair]] = True

    rows = [
        _rows((_SAID_SAME, a, b) for a, b in said_same),
        _rows(
            (strength, min(position[a], position[b]), max(position[a], position[b]))
            for a, b, strength in links
            if a in position and b in position
        ),
    ]
    first_with: dict[str, int] = {}
    equal: list[tuple[int, int, int]] = []
    for index, digest in enumerate(sha256):
        if digest is not None and (first := first_with.setdefault(digest, index)) != index:
            equal.append((_SAME_BYTES, first, index))
    rows.append(_rows(equal))
    rows += [_near(np.asarray(kind, dtype=np.uint64), named) for kind in hashes]
    ordered = np.concatenate(rows)
    ordered = ordered[np.lexsort((ordered[:, 2], ordered[:, 1], ordered[:, 0]))]
    roots = _joined(len(ids), ordered, said_different)

    members: dict[int, list[int]] = {}
    for index, root in enumerate(roots):
        members.setdefault(root, []).append(index)
    groups = sorted(group for group in members.values() if len(group) > 1)
    return [frozenset(ids[index] for index in group) for group in groups]


def _positions(pairs: Iterable[Pair], position: dict[int, int]) -> list[Pair]:
    return [(position[a], position[b]) for a, b in pairs if a in position and b in position]


def _rows(rows: Iterable[tuple[int, int, int]]) -> _Links:
    return np.array(list(rows), np.int64).reshape(-1, 3)


def _near(values: npt.NDArray[np.uint64], named: npt.NDArray[np.bool_]) -> _Links:
    """Links between near hashes, `values` (n,); `named` (n,) are the images that a person's word is about.

    Of the other images with exactly the same hash only the first is compared with the rest and the others
    hang on it: a thousand blank images would else have half a million links, all saying the same.
    """
    present = np.flatnonzero(values)
    plain = present[~named[present]]
    _, first, which = np.unique(values[plain], return_index=True, return_inverse=True)
    leaders = plain[first]
    leader_of = leaders[which]
    followers = plain != leader_of
    found = [
        np.stack(
            [np.zeros(int(followers.sum()), np.int64), leader_of[followers], plain[followers]], axis=1
        ).astype(np.int64)
    ]
    compared = np.sort(np.concatenate([leaders, present[named[present]]]))
    known = values[compared]
    for start in range(0, len(known), _CHUNK):
        apart = distances(known[start : start + _CHUNK, None], known[None, start:])
        rows, columns = np.nonzero(apart <= NEAR_COPY_DISTANCE)
        rows, columns = rows[columns > rows], columns[columns > rows]
        found.append(
            np.stack(
                [
                    apart[rows, columns].astype(np.int64),
                    compared[start + rows],
                    compared[start + columns],
                ],
                axis=1,
            ).astype(np.int64)
        )
    return np.concatenate(found)


def _joined(count: int, links: _Links, forbidden: Sequence[Pair]) -> list[int]:
    """The root of each position's group: union-find over the links in their order.

    Each root carries the positions that its group must not meet.
    """
    parent = list(range(count))
    enemies: dict[int, set[int]] = {}
    for a, b in forbidden:
        enemies.setdefault(a, set()).add(b)
        enemies.setdefault(b, set()).add(a)

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for _, a, b in links.tolist():
        first, second = root(a), root(b)
        if first == second or any(root(enemy) == second for enemy in enemies.get(first, ())):
            continue
        parent[second] = first
        if second in enemies:
            enemies.setdefault(first, set()).update(enemies.pop(second))
    return [root(index) for index in range(count)]
