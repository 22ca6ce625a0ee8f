"""Splits: sticky, seeded, near their shares, every class in every split where it can be."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.dataset.split import Shares, assign
from curator.errors import CuratorError
from curator.records import SPLITS, Split

some_groups = st.dictionaries(
    st.text(min_size=1, max_size=4),
    st.tuples(st.sampled_from(["yes", "no", "a third"]), st.integers(1, 5)),
    max_size=60,
)
some_shares = st.tuples(st.integers(1, 100), st.integers(0, 99)).filter(lambda two: sum(two) <= 100)
shares_of = some_shares.map(lambda two: Shares(two[0], two[1], 100 - sum(two)))
seeds = st.integers(0, 2**31)


def sizes(groups: dict[str, tuple[str, int]], splits: dict[str, Split], label: str) -> Counter[Split]:
    """Images of one label in each split."""
    counts: Counter[Split] = Counter()
    for name, (its_label, size) in groups.items():
        if its_label == label:
            counts[splits[name]] += size
    return counts


@given(groups=some_groups, shares=shares_of, seed=seeds, data=st.data())
@settings(deadline=None)
def test_existing_groups_never_move_and_every_group_has_one_split(groups, shares, seed, data) -> None:
    existing = {name: data.draw(st.sampled_from(SPLITS)) for name in groups if data.draw(st.booleans())}
    splits = assign(groups, shares, seed, existing | {"gone": "test"})
    assert splits.keys() == groups.keys()
    assert {name: splits[name] for name in existing} == existing
    assert all(shares.of(splits[name]) > 0 for name in groups if name not in existing)


@given(groups=some_groups, shares=shares_of, seed=seeds)
@settings(deadline=None)
def test_the_same_seed_draws_the_same_whatever_the_order(groups, shares, seed) -> None:
    backwards = dict(reversed(groups.items()))
    assert assign(groups, shares, seed, {}) == assign(backwards, shares, seed, {})


@given(groups=some_groups, more=some_groups, shares=shares_of, seed=seeds)
@settings(deadline=None)
def test_new_groups_are_added_and_old_ones_stay(groups, more, shares, seed) -> None:
    first = assign(groups, shares, seed, {})
    both = more | groups
    second = assign(both, shares, seed, first)
    assert {name: second[name] for name in first} == first
    assert second.keys() == both.keys()


@given(groups=some_groups, shares=shares_of, seed=seeds)
@settings(deadline=None)
def test_every_class_is_in_every_split_where_it_can_be(groups, shares, seed) -> None:
    splits = assign(groups, shares, seed, {})
    wanted = {split for split in SPLITS if shares.of(split)}
    for label, count in Counter(label for label, _ in groups.values()).items():
        if count >= len(wanted):
            assert set(sizes(groups, splits, label)) == wanted


@given(
    sizes_drawn=st.lists(st.integers(1, 4), min_size=40, max_size=120),
    train=st.integers(40, 90),
    seed=seeds,
)
@settings(deadline=None)
def test_shares_hold_by_images_in_each_class(sizes_drawn: list[int], train: int, seed: int) -> None:
    shares = Shares(train, (100 - train) // 2, 100 - train - (100 - train) // 2)
    groups = {str(index): ("yes" if index % 3 else "no", size) for index, size in enumerate(sizes_drawn)}
    splits = assign(groups, shares, seed, {})
    for label in ("yes", "no"):
        counts = sizes(groups, splits, label)
        for split in SPLITS:
            # Off by less than the largest group.
            assert abs(counts[split] - counts.total() * shares.of(split) / 100) <= 4


def test_shares_hold_when_images_come_one_by_one() -> None:
    splits: dict[str, Split] = {}
    groups: dict[str, tuple[str, int]] = {}
    for index in range(200):
        groups[f"g{index}"] = ("yes", 1)
        splits = assign(groups, Shares(), 3, splits)
    assert Counter(splits.values()) == {"train": 140, "val": 30, "test": 30}


def test_151_classes_of_ten_fill_their_shares_together() -> None:
    groups = {f"{label}-{index}": (f"class {label}", 1) for label in range(151) for index in range(10)}
    counts = Counter(assign(groups, Shares(), 0, {}).values())
    assert counts["train"] == pytest.approx(1057, abs=2)
    assert counts["val"] == pytest.approx(counts["test"], abs=2)


def test_151_tiny_classes() -> None:
    for per_class, expected in ((1, {"train"}), (2, {"train"}), (3, set(SPLITS))):
        groups = {f"{k}-{i}": (f"class {k}", 1) for k in range(151) for i in range(per_class)}
        splits = assign(groups, Shares(), 0, {})
        for k in range(151):
            assert set(sizes(groups, splits, f"class {k}")) == expected


def test_another_seed_draws_another_split() -> None:
    groups = {str(index): ("yes", 1) for index in range(50)}
    assert assign(groups, Shares(), 0, {}) != assign(groups, Shares(), 1, {})


@pytest.mark.parametrize("parts", [(70, 15, 16), (0, 50, 50), (110, -5, -5), (-70, 85, 85)])
def test_shares_that_make_no_sense_are_refused(parts: tuple[int, int, int]) -> None:
    with pytest.raises(CuratorError, match="70,15,15"):
        Shares(*parts)


@pytest.mark.parametrize("text", ["", "70,30", "70,15,fifteen", "70;15;15", "70,15,15,0"])
def test_shares_that_are_no_three_numbers_are_refused(text: str) -> None:
    with pytest.raises(CuratorError, match="70,15,15"):
        Shares.parse(text)


def test_shares_are_read_from_text() -> None:
    assert Shares.parse(" 80, 20,0") == Shares(80, 20, 0)
    assert set(assign({str(i): ("a", 1) for i in range(9)}, Shares(80, 20, 0), 0, {}).values()) == {
        "train",
        "val",
    }
