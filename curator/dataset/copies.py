"""Which images are copies or near-copies of each other, from hashes and a person's word. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from curator.imaging.fingerprint import NEAR_COPY_DISTANCE, distances

Pair = tuple[int, int]

# Rows of the distance matrix that are held at once: 512 x 20,000 x 8 bytes are 80 MB.
_CHUNK = 512


def group_copies(
    ids: Sequence[int],
    sha256: Sequence[str | None],
    hashes: Sequence[npt.NDArray[np.uint64]],
    same: Iterable[Pair] = (),
    different: Iterable[Pair] = (),
) -> list[frozenset[int]]:
    """Groups of two or more images that show the same slice, ordered by their smallest position in `ids`.

    `hashes` holds one array of fingerprints per kind (whole image, head crop), each shape (n,), 0 where there
    is none; two images are near-copies when any kind is within `NEAR_COPY_DISTANCE`. Pairs in `same` (ids)
    are joined whatever the hashes say; pairs in `different` never end up in one group, not even by way of a
    third image: links are tried from the strongest (a person's word, equal bytes, then growing distance), and
    one that would join such a pair is left out. A contradiction between `same` and `different` is settled for
    `different`.
    """
    position = {image_id: index for index, image_id in enumerate(ids)}
    forbidden = [(position[a], position[b]) for a, b in different if a in position and b in position]
    links: list[tuple[int, int, int]] = [
        (-2, position[a], position[b]) for a, b in same if a in position and b in position
    ]
    first_with: dict[str, int] = {}
    for index, digest in enumerate(sha256):
        if digest is not None:
            first = first_with.setdefault(digest, index)
            if first != index:
                links.append((-1, first, index))
    for kind in hashes:
        links.extend(_near(np.asarray(kind, dtype=np.uint64)))
    links.sort()
    return _joined(ids, links, forbidden)


def _near(values: npt.NDArray[np.uint64]) -> Iterator[tuple[int, int, int]]:
    present = np.flatnonzero(values)
    known = values[present]
    for start in range(0, len(known), _CHUNK):
        found = distances(known[start : start + _CHUNK, None], known[None, start:])
        rows, columns = np.nonzero(found <= NEAR_COPY_DISTANCE)
        keep = columns > rows
        for row, column in zip(rows[keep].tolist(), columns[keep].tolist(), strict=True):
            yield int(found[row, column]), int(present[start + row]), int(present[start + column])


def _joined(
    ids: Sequence[int], links: Sequence[tuple[int, int, int]], forbidden: Sequence[Pair]
) -> list[frozenset[int]]:
    """Union-find over the links in their order, each root with its members and whom they must not meet."""
    parent = list(range(len(ids)))
    members: dict[int, list[int]] = {}
    enemies: dict[int, set[int]] = {}
    for a, b in forbidden:
        enemies.setdefault(a, set()).add(b)
        enemies.setdefault(b, set()).add(a)

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for _, a, b in links:
        first, second = root(a), root(b)
        if first == second:
            continue
        both = members.get(second, [second])
        if any(root(enemy) == second for enemy in enemies.get(first, ())):
            continue
        parent[second] = first
        members[first] = members.get(first, [first]) + both
        members.pop(second, None)
        if second in enemies:
            enemies.setdefault(first, set()).update(enemies.pop(second))
    groups = [sorted(group) for group in members.values() if len(group) > 1]
    return [frozenset(ids[index] for index in group) for group in sorted(groups)]
