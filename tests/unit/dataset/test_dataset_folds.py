"""Folds over whole groups: what holds for any groups, and that scikit-learn balances them no better."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from curator.dataset.folds import assign_folds

Groups = dict[str, tuple[str, int]]


@st.composite
def groups_and_folds(draw: st.DrawFn, largest: int = 6) -> tuple[Groups, int, int]:
    """Groups of one to four labels, a number of folds that they fill, and a seed."""
    folds = draw(st.integers(2, 7))
    facts = st.tuples(st.sampled_from("abcd"), st.integers(1, largest))
    listed = draw(st.lists(facts, min_size=folds, max_size=60))
    groups = {f"g{number}": facts for number, facts in enumerate(listed)}
    return groups, folds, draw(st.integers(0, 2**31 - 1))


def images(groups: Groups, fold_of: dict[str, int]) -> dict[str, Counter[int]]:
    """Images by label and fold."""
    found: dict[str, Counter[int]] = {}
    for name, (label, size) in groups.items():
        found.setdefault(label, Counter())[fold_of[name]] += size
    return found


@given(groups_and_folds())
def test_every_group_is_in_one_fold_and_none_is_empty(drawn: tuple[Groups, int, int]) -> None:
    groups, folds, seed = drawn
    fold_of = assign_folds(groups, folds, seed)
    assert set(fold_of) == set(groups)
    assert set(fold_of.values()) == set(range(1, folds + 1))


@given(groups_and_folds())
def test_labels_are_spread_as_evenly_as_their_groups_allow(drawn: tuple[Groups, int, int]) -> None:
    groups, folds, seed = drawn
    fold_of = assign_folds(groups, folds, seed)
    for label, counted in images(groups, fold_of).items():
        sizes = [size for its, size in groups.values() if its == label]
        if len(sizes) >= folds:
            assert set(counted) == set(range(1, folds + 1))
        filled = [counted[fold] for fold in range(1, folds + 1)]
        assert max(filled) - min(filled) <= max(sizes)


@given(groups_and_folds(largest=1))
def test_single_images_leave_folds_of_one_size(drawn: tuple[Groups, int, int]) -> None:
    groups, folds, seed = drawn
    sizes = Counter(assign_folds(groups, folds, seed).values())
    assert max(sizes.values()) - min(sizes.values()) <= 1


@given(groups_and_folds(), st.randoms())
def test_the_order_of_the_groups_does_not_matter(drawn: tuple[Groups, int, int], random: object) -> None:
    groups, folds, seed = drawn
    names = list(groups)
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = {name: groups[name] for name in names}
    assert assign_folds(shuffled, folds, seed) == assign_folds(groups, folds, seed)


def test_another_seed_draws_other_folds() -> None:
    groups = {f"g{number}": ("ab"[number % 2], 1) for number in range(40)}
    assert len({tuple(sorted(assign_folds(groups, 5, seed).items())) for seed in range(6)}) == 6


@settings(max_examples=60, deadline=None)
@given(groups_and_folds())
def test_it_is_as_balanced_as_that_of_scikit_learn(drawn: tuple[Groups, int, int]) -> None:
    groups, folds, seed = drawn
    ours = images(groups, assign_folds(groups, folds, seed))
    # Theirs refuses labels that are all so small, and of a single label it does not take the largest groups first.
    if len(ours) == 1 or all(sum(counted.values()) < folds for counted in ours.values()):
        return
    labels = [label for label, size in groups.values() for _ in range(size)]
    names = [name for name, (_, size) in groups.items() for _ in range(size)]
    theirs: dict[str, Counter[int]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        parts = StratifiedGroupKFold(folds).split(labels, labels, names)
        for fold, (_, test) in enumerate(parts, 1):
            for index in test:
                theirs.setdefault(labels[index], Counter())[fold] += 1
    for label in ours:
        spread = [sorted(one[label][fold] for fold in range(1, folds + 1)) for one in (ours, theirs)]
        assert spread[0] == spread[1]


def test_classes_smaller_than_the_number_of_folds_are_taken() -> None:
    groups = {f"{label}-{number}": (f"class{label:03d}", 1) for label in range(151) for number in range(4)}
    sizes = Counter(assign_folds(groups, 5, 0).values())
    assert sorted(sizes.values()) == [120, 121, 121, 121, 121]


def test_one_fold_is_none() -> None:
    with pytest.raises(ValueError, match="two"):
        assign_folds({"g": ("a", 1)}, 1, 0)
