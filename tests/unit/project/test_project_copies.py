"""Copies, leak groups and sticky splits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.dataset.copies import group_copies
from curator.dataset.split import Shares
from curator.project import Project, edits
from curator.project.copies import Candidate, best_of, duplicate_proposals
from curator.project.splits import regroup
from curator.records import CopyEdit, ImageRecord, Proposal

FAR = 0x0F0F_0F0F_0F0F_0F0F
# Multiples of the golden ratio differ in half of their bits (Knuth).
SPREAD = 0x9E37_79B9_7F4A_7C15


@pytest.fixture
def candidate(make_proposal: Callable[..., Proposal]) -> Callable[..., Candidate]:
    def make(number: int, **changes: object) -> Candidate:
        values: dict[str, object] = {
            "file_name": f"a/{number}.png",
            "label": "a",
            "sha256": f"{number:064x}",
            "area": 100,
            "size_bytes": 10,
            "unreadable": False,
            "proposal": make_proposal(overlays=()),
        }
        return Candidate(number, **{**values, **changes})  # type: ignore[arg-type]

    return make


def test_the_best_copy_is_the_largest_then_cleanest_then_heaviest_then_first(
    candidate: Callable[..., Candidate], make_proposal: Callable[..., Proposal]
) -> None:
    marked = make_proposal()
    assert best_of([candidate(1), candidate(2, area=101)]).id == 2
    assert best_of([candidate(1, proposal=marked), candidate(2)]).id == 2
    assert best_of([candidate(1), candidate(2, size_bytes=11)]).id == 2
    assert best_of([candidate(2), candidate(1)]).id == 1


def test_a_clean_copy_is_better_than_a_larger_one_that_is_to_be_discarded(
    candidate: Callable[..., Candidate], make_proposal: Callable[..., Proposal]
) -> None:
    condemned = make_proposal(decision="discard", discard_reason="overlay_on_brain")
    assert best_of([candidate(1, area=999, proposal=condemned), candidate(2)]).id == 2
    assert best_of([candidate(1, area=999, unreadable=True), candidate(2)]).id == 2


def test_what_a_person_said_of_a_copy_comes_first(candidate: Callable[..., Candidate]) -> None:
    assert best_of([candidate(1, area=999), candidate(2, decided="keep")]).id == 2
    assert best_of([candidate(1, area=999, decided="discard"), candidate(2)]).id == 2


def test_the_others_are_proposed_as_duplicates_of_the_best(
    candidate: Callable[..., Candidate], make_proposal: Callable[..., Proposal]
) -> None:
    condemned = make_proposal(decision="discard", discard_reason="overlay_on_brain", why="Arrow.")
    found = duplicate_proposals(
        [
            candidate(1, area=999),
            candidate(2),
            candidate(3, sha256=f"{1:064x}"),
            candidate(4, label="b"),
            candidate(5, proposal=condemned),
            candidate(6, unreadable=True),
            candidate(7, proposal=None),
        ]
    )
    assert sorted(found) == [2, 3, 4, 5, 7]
    assert {found[one].discard_reason for one in (2, 3, 4, 7)} == {"duplicate"}
    assert all("a/1.png" in found[one].why for one in found)
    assert found[3].confidence > found[2].confidence > found[4].confidence
    assert (found[5].discard_reason, found[5].decision) == ("overlay_on_brain", "discard")
    assert found[5].why.startswith("Arrow.")


def test_copies_are_judged_anew_when_any_of_them_changes(
    project: Project, make_proposal: Callable[..., Proposal]
) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({one: make_proposal(overlays=()) for one in project.ids})
    project.set_copy_groups([frozenset({a, b, c})])
    kept = [one for one in (a, b, c) if project.state(one).decision == "keep"]
    assert kept == [c]  # the heaviest file of equals
    change = project.apply(edits.decide([project.state(c)], "discard", "quality"))
    assert set(change.ids) == {c, b, a}
    assert project.state(b).decision == "keep"
    assert project.state(a).discard_reason == "duplicate"
    project.undo()
    assert project.state(b).discard_reason == "duplicate"
    assert project.counts().copies == 3
    project.set_copy_groups([])
    assert [project.state(one).decision for one in (a, b, c)] == ["keep"] * 3
    assert project.counts().copies == 0


partitions = st.lists(st.integers(0, 5), min_size=8, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(partitions, min_size=1, max_size=6))
def test_groups_that_change_step_by_step_are_those_set_at_once(sequence: list[list[int]]) -> None:
    records = [ImageRecord(f"a/{n}.png", "a", f"{n:064x}", 9, 9, n) for n in range(8)]

    def groups(parts: list[int]) -> list[frozenset[int]]:
        together = [frozenset(n for n, part in enumerate(parts, 1) if part == one) for one in set(parts)]
        return [group for group in together if len(group) > 1]

    stepwise, at_once = Project.in_memory(Path("a")), Project.in_memory(Path("a"))
    for project in (stepwise, at_once):
        project.add_records(records)
    for parts in sequence:
        stepwise.set_copy_groups(groups(parts))
    at_once.set_copy_groups(groups(sequence[-1]))
    assert [one.copy_group for one in stepwise.states()] == [one.copy_group for one in at_once.states()]
    assert [one.proposal for one in stepwise.states()] == [one.proposal for one in at_once.states()]
    for first, second in itertools.combinations(stepwise.states(), 2):
        together = first.copy_group is not None and first.copy_group == second.copy_group
        assert (first.group == second.group) == together


def test_keep_best_decides_on_the_whole_group(
    project: Project, make_proposal: Callable[..., Proposal]
) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({one: make_proposal() for one in project.ids})
    project.set_copy_groups([frozenset({a, b, c})])
    states = [project.state(one) for one in (a, b, c)]
    change = project.apply(edits.keep_best(states))
    assert change.focus_id == c
    assert [project.state(one).decision for one in (a, b, c)] == ["discard", "discard", "keep"]
    assert project.state(a).discard_reason == "duplicate"
    project.apply(edits.keep_best([project.state(one) for one in (a, b, c)], best_id=a))
    assert [project.state(one).decision for one in (a, b, c)] == ["keep", "discard", "discard"]
    with pytest.raises(ValueError, match="no copies"):
        edits.keep_best([])


def test_a_persons_word_on_copies_shows_at_once_and_is_undone(project: Project) -> None:
    a, b = project.ids[:2]
    project.set_proposals({}, fingerprints={one: (one * SPREAD % 2**64, 0) for one in project.ids})
    change = project.apply(edits.mark_copies(project.state(a), project.state(b), True))
    assert set(change.ids) >= {a, b}
    assert project.state(a).copy_group == project.state(b).copy_group is not None
    assert project.state(a).group == project.state(b).group
    assert project.copy_constraints() == (CopyEdit(min(a, b), max(a, b), True),)
    project.undo()
    assert project.state(a).copy_group is None
    assert project.state(a).group != project.state(b).group
    assert project.copy_constraints() == ()
    project.redo()
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert again.state(a).copy_group == again.state(b).copy_group is not None
        assert len(again.copy_constraints()) == 1


def test_not_copies_parts_what_the_hashes_join(project: Project) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({}, fingerprints=dict.fromkeys((a, b), (FAR, FAR)))
    project.set_copy_groups([frozenset({a, b})])
    project.apply(edits.mark_copies(project.state(a), project.state(b), False))
    assert project.state(a).copy_group is None
    project.undo()
    assert project.state(a).copy_group is not None
    project.apply(edits.mark_copies(project.state(a), project.state(c), True))
    assert len({project.state(one).copy_group for one in (a, b, c)}) == 1


words = st.lists(
    st.tuples(st.integers(1, 7), st.integers(1, 7), st.sampled_from([True, False, None])).filter(
        lambda word: word[0] != word[1]
    ),
    max_size=12,
)
near = st.lists(st.integers(0, 3), min_size=7, max_size=7)


@settings(max_examples=100, deadline=None)
@given(words, near)
def test_words_said_one_by_one_come_to_what_a_whole_pass_finds(
    said: list[tuple[int, int, bool | None]], kinds: list[int]
) -> None:
    project = Project.in_memory(Path("a"))
    project.add_records([ImageRecord(f"a/{n}.png", "a", f"{n:064x}", 9, 9, n) for n in range(7)])
    hashes = {one: (kind * SPREAD % 2**64, 0) for one, kind in zip(project.ids, kinds, strict=True)}
    project.set_proposals({}, fingerprints=hashes)

    def whole_pass() -> list[frozenset[int]]:
        return group_copies(
            project.ids,
            [project.state(one).sha256 for one in project.ids],
            [np.array([hashes[one][0] for one in project.ids], np.uint64)],
            same=[(word.first_id, word.second_id) for word in project.copy_constraints() if word.same],
            different=[
                (word.first_id, word.second_id) for word in project.copy_constraints() if not word.same
            ],
        )

    def groups() -> set[frozenset[int]]:
        named: dict[str, set[int]] = {}
        for state in project.states():
            if state.copy_group is not None:
                named.setdefault(state.copy_group, set()).add(state.id)
        return {frozenset(group) for group in named.values()}

    project.set_copy_groups(whole_pass())
    for first, second, same in said:
        project.apply(edits.mark_copies(project.state(first), project.state(second), same))
        assert groups() == set(whole_pass())
    while project.undo():
        assert groups() == set(whole_pass())


def test_an_image_is_no_copy_of_itself(project: Project) -> None:
    one = project.state(project.ids[0])
    with pytest.raises(ValueError, match="two images"):
        project.apply(edits.mark_copies(one, one, True))


def test_merging_over_a_border_goes_to_test_and_says_so() -> None:
    group_of = {1: "g000001", 2: "g000002", 3: "g000003", 4: "g000004"}
    splits = {"g000001": "train", "g000002": "test", "g000003": "val", "g000004": "train"}
    done = regroup(group_of, [frozenset({1, 2}), frozenset({3, 4})], group_of, splits)  # type: ignore[arg-type]
    assert done.group_of[1] == done.group_of[2] == "g000002"
    assert done.splits == {"g000002": "test", "g000003": "val"}
    assert done.moved == (1, 4)
    apart = regroup(group_of, [], done.group_of, done.splits)
    assert len(set(apart.group_of.values())) == 4
    assert [apart.splits[apart.group_of[one]] for one in (1, 2, 3, 4)] == ["test", "test", "val", "val"]
    assert apart.moved == ()


def test_the_project_says_who_moved(project: Project) -> None:
    project.ensure_splits(Shares(50, 25, 25), 3)
    by_split = {project.state(one).split: one for one in project.ids}
    train, test = by_split["train"], by_split["test"]
    change = project.set_copy_groups([frozenset({train, test})])
    assert project.state(train).split == "test"
    assert project.state(train).file_name in change.words
    assert "moved to test" in change.words
    assert train in change.ids


def test_splits_are_sticky(project: Project, make_record: Callable[..., ImageRecord]) -> None:
    project.set_copy_groups([frozenset(project.ids[:2])])
    change = project.ensure_splits(Shares(), 1)
    assert change.kind == "splits"
    assert set(change.ids) == set(project.ids)
    first = {one: project.state(one).split for one in project.ids}
    assert None not in first.values()
    assert project.state(project.ids[0]).split == project.state(project.ids[1]).split
    assert project.ensure_splits(Shares(10, 10, 80), 99).ids == ()
    project.add_records([make_record(number) for number in range(20, 30)])
    assert len(project.ensure_splits(Shares(), 2).ids) == 10
    assert {one: project.state(one).split for one in first} == first
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert {one: again.state(one).split for one in first} == first
        assert (again.seed, again.shares) == (2, Shares())


def test_discarded_images_get_a_split_but_no_weight(project: Project) -> None:
    project.apply(edits.decide(project.states()[:4], "discard", "quality"))
    project.ensure_splits(Shares(), 0)
    assert all(state.split is not None for state in project.states())


def test_the_test_lock_asks_once_and_counts_for_good(
    project: Project, make_proposal: Callable[..., Proposal]
) -> None:
    project.set_proposals({one: make_proposal() for one in project.ids})
    project.ensure_splits(Shares(50, 0, 50), 0)
    test = [one for one in project.ids if project.state(one).split == "test"]
    train = [one for one in project.ids if project.state(one).split == "train"]
    mend = edits.set_crop(project.state(test[0]), None)
    assert project.needs_confirmation(mend) == ()
    project.mark_seen(project.ids)
    both = edits.decide([project.state(test[0]), project.state(train[0])], "discard", "quality")
    assert project.needs_confirmation(both) == (test[0],)
    # Neither a note nor accepting what is shown changes what the model was judged by.
    assert project.needs_confirmation(edits.set_note(project.state(test[0]), "odd")) == ()
    assert project.needs_confirmation(edits.accept(project.state(test[0]))) == ()
    assert project.test_touched == 0
    project.apply(mend)
    assert project.test_touched == 1
    assert project.needs_confirmation(both) == ()
    project.undo()
    assert project.test_touched == 1
    project.apply(edits.relabel([project.state(test[0]), project.state(test[1])], "new"))
    assert project.test_touched == 2
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert again.test_touched == 2
        assert again.needs_confirmation(edits.relabel([again.state(test[1])], "newer")) == ()
        assert len(test) < 3 or again.needs_confirmation(edits.relabel([again.state(test[2])], "newer"))
