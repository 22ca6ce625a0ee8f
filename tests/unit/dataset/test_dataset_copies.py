"""Groups of copies: equal to a plain search, true to a person's word, quick on many."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.dataset.copies import group_copies
from curator.imaging.fingerprint import distances

NO_HASH = np.zeros(0, np.uint64)


def plain_groups(
    ids: list[int], sha: list[str | None], hashes: list[np.ndarray], same: list[tuple[int, int]]
) -> set[frozenset[int]]:
    """Connected components by asking every pair; without `different`."""
    groups = [{index} for index in ids]
    position = {image_id: index for index, image_id in enumerate(ids)}
    for a, b in combinations(ids, 2):
        i, j = position[a], position[b]
        near = any(k[i] and k[j] and bin(int(k[i]) ^ int(k[j])).count("1") <= 4 for k in hashes)
        equal = sha[i] is not None and sha[i] == sha[j]
        if near or equal or (a, b) in same or (b, a) in same:
            first = next(group for group in groups if a in group)
            second = next(group for group in groups if b in group)
            if first is not second:
                groups.remove(second)
                first |= second
    return {frozenset(group) for group in groups if len(group) > 1}


# Few bits set in few places, so that many pairs are near and many are equal.
some_hash = st.sets(st.integers(0, 63), max_size=8).map(lambda bits: sum(1 << bit for bit in bits))


@st.composite
def some_images(draw: st.DrawFn) -> tuple[list[int], list[str | None], list[np.ndarray]]:
    n = draw(st.integers(0, 14))
    ids = draw(st.lists(st.integers(0, 99), min_size=n, max_size=n, unique=True))
    sha = draw(st.lists(st.sampled_from(["a", "b", "c", None, None]), min_size=n, max_size=n))
    kinds = [np.array(draw(st.lists(some_hash, min_size=n, max_size=n)), np.uint64) for _ in range(2)]
    return ids, sha, kinds


def some_pairs(ids: list[int]) -> st.SearchStrategy[list[tuple[int, int]]]:
    if len(ids) < 2:
        return st.just([])
    pair = st.lists(st.sampled_from(ids), min_size=2, max_size=2, unique=True).map(tuple)
    return st.lists(pair, max_size=6)


@given(images=some_images(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_groups_are_those_of_a_plain_search(images, data) -> None:
    ids, sha, hashes = images
    same = data.draw(some_pairs(ids))
    found = group_copies(ids, sha, hashes, same)
    assert set(found) == plain_groups(ids, sha, hashes, same)
    assert len(set(found)) == len(found)
    first_positions = [min(ids.index(image_id) for image_id in group) for group in found]
    assert first_positions == sorted(first_positions)


@given(images=some_images(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_images_said_to_differ_never_share_a_group(images, data) -> None:
    ids, sha, hashes = images
    same, different = data.draw(some_pairs(ids)), data.draw(some_pairs(ids))
    groups = group_copies(ids, sha, hashes, same, different)
    assert all(not {a, b} <= group for group in groups for a, b in different)
    assert sum(map(len, groups)) == len(frozenset().union(*groups))
    # A constraint only takes links away.
    whole = plain_groups(ids, sha, hashes, same)
    assert all(any(group <= larger for larger in whole) for group in groups)


def test_images_said_to_be_copies_are_joined_whatever_they_look_like() -> None:
    hashes = [np.array([1, 2**63 + 2**40 + 7, 5], np.uint64) * np.uint64(0x9E3779B97F4A7C15)]
    assert group_copies([7, 8, 9], [None] * 3, hashes) == []
    assert group_copies([7, 8, 9], [None] * 3, hashes, same=[(9, 7)]) == [frozenset({7, 9})]
    assert group_copies([7, 8, 9], [None] * 3, hashes, same=[(9, 7)], different=[(7, 9)]) == []


def test_of_a_chain_between_two_that_differ_the_weakest_link_goes() -> None:
    # 1 -(1 bit)- 2 -(3 bits)- 3: the link of 2 and 3 is the weaker one.
    chain = np.array([0xFF00, 0xFF01, 0xFF0F], np.uint64)
    assert group_copies([1, 2, 3], [None] * 3, [chain]) == [frozenset({1, 2, 3})]
    assert group_copies([1, 2, 3], [None] * 3, [chain], different=[(1, 3)]) == [frozenset({1, 2})]


def test_images_with_one_hash_stay_together_when_one_of_them_is_said_to_differ() -> None:
    equal = np.full(5, 77, np.uint64)
    groups = group_copies([1, 2, 3, 4, 5], [None] * 5, [equal], different=[(1, 2), (1, 3), (1, 4), (1, 5)])
    assert groups == [frozenset({2, 3, 4, 5})]


def test_a_missing_hash_is_like_nothing() -> None:
    assert group_copies([1, 2], [None, None], [np.array([0, 0], np.uint64)]) == []
    assert group_copies([1, 2], [None, None], [np.array([0, 1], np.uint64)]) == []


def test_nothing_at_all() -> None:
    assert group_copies([], [], [NO_HASH], same=[(1, 2)], different=[(3, 4)]) == []


def test_many_images_some_thousand_of_them_blank() -> None:
    n, blank = 6_000, 4_000
    rng = np.random.default_rng(5)
    hashes = rng.integers(1, 2**63, n, dtype=np.uint64)
    hashes[:blank] = 1 << 63
    hashes[-1] = hashes[blank] ^ np.uint64(0b1111)
    groups = group_copies(range(n), [None] * n, [hashes, np.zeros(n, np.uint64)])
    assert groups == [frozenset(range(blank)), frozenset({blank, n - 1})]


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), min_size=1, max_size=20))
def test_distances_count_differing_bits_also_without_numpy_2(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array(side, np.uint64) for side in zip(*pairs, strict=True))
    expected = [bin(a ^ b).count("1") for a, b in pairs]
    assert distances(first, second).tolist() == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(np, "bitwise_count", raising=False)
        assert distances(first, second).tolist() == expected
        assert distances(first[:, None], second[None, :]).diagonal().tolist() == expected
        assert int(distances(first[0], second[0])) == expected[0]
