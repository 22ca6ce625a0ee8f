"""Finds near-copies among sketches of many images: what could be one, by points, and what is, by detail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.dataset.copies import Link, Pair
from curator.imaging.fingerprint import distances
from curator.imaging.likeness import CODE_DISTANCE, likeness
from curator.imaging.sketch import decoded, decoded_codes, mirrored

I64: TypeAlias = npt.NDArray[np.int64]
U64: TypeAlias = npt.NDArray[np.uint64]

ALIKE: Final = 0.94
"""Correlation of fine detail from which two images are copies (`likeness`).

Chosen on half of the groups of copies of 138 real and 192 synthetic images, each changed in eight ways: but for
one in a hundred, copies have 0.955 or more, other real slices 0.4 or less, other synthetic ones 0.74 or less, and
synthetic slices two steps apart of one head in the same frame 0.945 or less.
"""

# Codes are put in order by so many choices of their leading bits; in each, a code meets so many that follow it.
_ORDERS: Final = 6
_FOLLOWERS: Final = 6
# Pairs of images with fewer points in common, as found so, are not looked at; of the others, each image's best.
_LEAST_VOTES: Final = 3
_MOST_PARTNERS: Final = 16
# More than the bits of a code.
_FAR: Final = 256


def candidates(sketches: Mapping[int, bytes], compared: Iterable[int] = ()) -> list[Pair]:
    """Pairs of images (lower id first) that share enough points to be copies, in no order that ids or files set.

    `sketches` are `Sketch.encoded`. Pairs with both in `compared` are left out. Takes about n log n steps: codes
    that are near stand near one another in one of several orders of all codes (Charikar, "Similarity estimation
    techniques from rounding algorithms", 2002).
    """
    old = frozenset(compared)
    # By content, so that neither ids nor the order of files decide which of many equals is looked at.
    ids = sorted(sketches, key=lambda one: (sketches[one], one))
    leaders: list[int] = []
    equal: list[Pair] = []
    for place, one in enumerate(ids):
        if place and sketches[one] == sketches[ids[place - 1]]:
            equal.append((leaders[-1], one))
        else:
            leaders.append(one)
    found = [(leaders[a], leaders[b]) for a, b in _sharing([sketches[one] for one in leaders])]
    return sorted({(min(pair), max(pair)) for pair in (*equal, *found) if not old.issuperset(pair)})


def compare(pairs: Sequence[Pair], sketches: Mapping[int, bytes]) -> list[Link]:
    """Those of the pairs that are copies, each with its strength: 0 (alike in all) to 1000."""
    known = {one: decoded(sketches[one]) for one in {one for pair in pairs for one in pair}}
    links = []
    for first, second in pairs:
        equal = sketches[first] == sketches[second]
        alike = 1.0 if equal else likeness(known[first], known[second])
        if alike >= ALIKE:
            links.append((first, second, round(1000 * (1 - alike))))
    return links


def _sharing(encoded: Sequence[bytes]) -> list[tuple[int, int]]:
    """Pairs of positions, lower first, of sketches with `_LEAST_VOTES` points or more in common."""
    codes = [decoded_codes(one) for one in encoded]
    counts = np.array([len(one) for one in codes], np.int64)
    if counts.sum() == 0:
        return []
    plain = np.concatenate(codes)
    both = np.concatenate([plain, mirrored(plain)])
    # Twice the position of the image, odd for its mirrored codes.
    image = np.repeat(np.arange(len(codes), dtype=np.int64), counts)
    owner = np.concatenate([2 * image, 2 * image + 1])
    dice = np.random.default_rng(0)
    # A point of one image may meet a point of another in several orders: it counts once.
    met = np.unique(np.concatenate([_met(_shuffled(both, dice), owner) for _ in range(_ORDERS)]))
    places, apart = np.divmod(met, _FAR)
    first, second = (owner[one] for one in np.divmod(places, len(both)))
    low, high = np.minimum(first >> 1, second >> 1), np.maximum(first >> 1, second >> 1)
    key = (low * len(codes) + high) * 2 + ((first ^ second) & 1)
    pairs, which, shared = np.unique(key, return_inverse=True, return_counts=True)
    # A closer meeting says more: by chance, few codes are so near.
    weight = np.bincount(which, weights=CODE_DISTANCE + 1 - apart, minlength=len(pairs)).astype(np.int64)
    enough = shared >= _LEAST_VOTES
    pairs, weight = pairs[enough] >> 1, weight[enough]
    return _best(pairs // len(codes), pairs % len(codes), weight, len(codes))


def _met(keys: U64, owner: I64) -> I64:
    """Near codes of different images that stand close in the order of `keys` (n, 2).

    Each is one number: ((place in `keys`) * n + (later place)) * `_FAR` + bits that differ.
    """
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    ordered, owners = keys[order], owner[order]
    found = []
    for step in range(1, _FOLLOWERS + 1):
        ours, theirs = owners[:-step], owners[step:]
        # Two mirrored codes say what the plain ones of the same images say.
        asked = np.flatnonzero(((ours >> 1) != (theirs >> 1)) & ((ours & theirs & 1) == 0))
        apart = distances(ordered[asked], ordered[asked + step]).sum(axis=1, dtype=np.int64)
        near = apart <= CODE_DISTANCE
        a, b = order[asked[near]], order[asked[near] + step]
        found.append((np.minimum(a, b) * len(keys) + np.maximum(a, b)) * _FAR + apart[near])
    return np.concatenate(found)


def _shuffled(codes: U64, dice: np.random.Generator) -> U64:
    """The codes with their bits in another order, shape (n, 2), so that other bits lead."""
    order = dice.permutation(128)
    out = np.empty((len(codes), 16), np.uint8)
    step = 1 << 17
    for start in range(0, len(codes), step):
        part = np.ascontiguousarray(codes[start : start + step]).view(np.uint8).reshape(-1, 16)
        out[start : start + step] = np.packbits(np.unpackbits(part, axis=1)[:, order], axis=1)
    return np.asarray(out.view(np.uint64).reshape(-1, 2), np.uint64)


def _best(low: I64, high: I64, weight: I64, count: int) -> list[tuple[int, int]]:
    """Of each image the pairs with most in common; a pair stays if it is among the best of either."""
    if not len(low):
        return []
    strongest = np.zeros(len(low), np.int64)
    images = np.concatenate([low, high])
    pair = np.tile(np.arange(len(low)), 2)
    order = np.lexsort((np.concatenate([high, low]), -np.concatenate([weight, weight]), images))
    rank = np.arange(len(order)) - np.searchsorted(images[order], images[order])
    np.add.at(strongest, pair[order[rank < _MOST_PARTNERS]], 1)
    kept = np.unique(low[strongest > 0] * count + high[strongest > 0])
    return [(int(one) // count, int(one) % count) for one in kept]
