"""One history: whatever is edited is undone and redone exactly, also after closing and opening."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curator.project import Project, edits
from curator.records import (
    DISCARD_REASONS,
    FILLS,
    MASK_KINDS,
    UNSET,
    CopyEdit,
    Crop,
    Edit,
    FieldEdit,
    ImageRecord,
    Mask,
    Proposal,
)

IMAGES = 6
small = st.integers(0, 60)
crops = st.builds(Crop, small, small, st.integers(1, 40), st.integers(1, 20))
points = st.tuples(small, small)
masks = st.builds(Mask, st.sampled_from(MASK_KINDS), st.lists(points, min_size=3, max_size=5).map(tuple))
values = st.one_of(
    st.tuples(
        st.just("decision"),
        st.one_of(
            st.sampled_from([("keep", None), ("undecided", None), UNSET]),
            st.tuples(st.just("discard"), st.sampled_from(DISCARD_REASONS)),
        ),
    ),
    st.tuples(st.just("crop"), st.one_of(st.none(), st.just(UNSET), crops)),
    st.tuples(st.just("masks"), st.one_of(st.just(UNSET), st.lists(masks, max_size=3).map(tuple))),
    st.tuples(st.just("fill"), st.sampled_from([*FILLS, UNSET])),
    st.tuples(st.just("label"), st.sampled_from(["yes", "no", "späť \"'", "\ud83d", UNSET])),
    st.tuples(st.just("note"), st.one_of(st.text(max_size=10), st.just(UNSET))),
    st.tuples(st.just("accepted"), st.sampled_from(["classical/1", UNSET])),
)
image_ids = st.integers(1, IMAGES)
field_edits = st.builds(lambda one, pair: FieldEdit(one, pair[0], pair[1]), image_ids, values)
copy_edits = st.builds(CopyEdit, image_ids, image_ids, st.sampled_from([True, False, None])).filter(
    lambda item: item.first_id != item.second_id
)
free_edits = st.builds(
    Edit,
    st.sampled_from(["a", "ü", "\ud800"]),
    st.lists(field_edits, max_size=5).map(tuple),
    st.lists(copy_edits, max_size=2).map(tuple),
    st.one_of(st.none(), image_ids),
)
proposals = st.builds(
    Proposal,
    st.sampled_from(["keep", "discard"]),
    st.just(None),
    st.one_of(st.none(), crops),
    st.lists(masks, max_size=2).map(tuple),
    st.floats(0, 1),
    st.just("why"),
    st.sampled_from(["classical/1", "classical/2"]),
)
actions = st.one_of(
    st.tuples(st.just("edit"), free_edits),
    st.tuples(st.just("edit"), free_edits),
    st.tuples(st.just("accept"), image_ids),
    st.tuples(st.just("bulk"), st.sampled_from(["keep", "discard"])),
    st.tuples(st.just("propose"), st.dictionaries(image_ids, proposals, max_size=3)),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("redo"), st.none()),
)


def records() -> list[ImageRecord]:
    return [
        ImageRecord(f"{'yes' if n % 2 else 'no'}/{n}.png", "yes" if n % 2 else "no", f"{n:064x}", 100, 80, n)
        for n in range(IMAGES)
    ]


def content(project: Project) -> tuple[Any, ...]:
    """What the disk holds of the person: read by a connection of its own, after all was saved."""
    assert project.flush()
    with contextlib.closing(sqlite3.connect(project.folder / "project.sqlite")) as database:
        return (
            database.execute("SELECT image_id, field, value FROM person ORDER BY 1, 2").fetchall(),
            database.execute("SELECT * FROM constraints ORDER BY 1, 2").fetchall(),
        )


def shown(project: Project) -> list[Any]:
    return [(one, one.edited) for one in project.states()]


def act(project: Project, action: tuple[str, Any]) -> None:
    kind, value = action
    if kind == "edit":
        project.apply(value)
    elif kind == "accept":
        project.apply(edits.accept(project.state(value)))
    elif kind == "bulk":
        project.apply(edits.decide(project.states(), value))
    elif kind == "propose":
        project.set_proposals(value)
    elif kind == "undo":
        project.undo()
    else:
        project.redo()


def undo_all(project: Project) -> None:
    while project.undo() is not None:
        pass


def redo_all(project: Project) -> None:
    while project.redo() is not None:
        pass


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=st.lists(actions, max_size=12), between=proposals)
def test_undone_is_the_first_content_and_redone_the_last(
    before: list[tuple[str, Any]], between: Proposal
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "dataset")
        root.mkdir()
        with Project.open(root) as project:
            project.add_records(records())
            first = content(project)
            for action in before:
                act(project, action)
            redo_all(project)
            last, last_shown = content(project), shown(project)

            undo_all(project)
            assert content(project) == first == ([], [])
            kept = project.pixel_proposals().get(1)
            project.set_proposals({1: between})
            redo_all(project)
            assert content(project) == last
            if kept is not None:
                project.set_proposals({1: kept})
                assert shown(project) == last_shown
                last_shown = shown(project)
            else:
                last_shown = shown(project)
        with Project.open(root) as project:
            assert shown(project) == last_shown
            steps = len(project.history())
            undo_all(project)
            assert content(project) == first
        with Project.open(root) as project:
            assert content(project) == first
            assert [step.undone for step in project.history()] == [True] * steps
            redo_all(project)
            assert content(project) == last
            assert shown(project) == last_shown


def decide(project: Project, index: int, decision: Any = "keep") -> Any:
    return project.apply(edits.decide([project.state(project.ids[index])], decision))


def test_a_step_names_where_it_was_made(project: Project) -> None:
    one, two = project.ids[:2]
    decide(project, 0)
    change = decide(project, 1, "discard")
    assert change.focus_id == two
    assert project.undo_words == change.words
    back = project.undo()
    assert back is not None
    assert (back.ids, back.focus_id, back.kind) == ((two,), two, "undo")
    assert project.redo_words == change.words
    again = project.redo()
    assert again is not None
    assert (again.ids, again.kind) == ((two,), "redo")
    assert project.redo() is None
    project.jump(0)
    assert project.undo() is None
    assert project.state(one).decided_by is None


def test_a_new_edit_ends_what_could_be_redone(project: Project) -> None:
    decide(project, 0)
    decide(project, 1)
    project.undo()
    decide(project, 2)
    assert project.redo_words is None
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert [(step.index, step.undone) for step in again.history()] == [(1, False), (2, False)]
        assert again.state(again.ids[1]).decided_by is None
        assert again.state(again.ids[2]).decided_by == "person"


def test_jumping_goes_to_just_after_a_step(project: Project) -> None:
    for index in range(5):
        decide(project, index)
    change = project.jump(2)
    assert change.kind == "undo"
    assert change.ids == tuple(sorted(project.ids[2:5]))
    assert change.focus_id == project.ids[2]
    assert [step.undone for step in project.history()] == [False, False, True, True, True]
    assert project.jump(4).focus_id == project.ids[3]
    assert project.counts().decided == 4
    with pytest.raises(IndexError):
        project.jump(6)
    assert [step.index for step in project.history(limit=2)] == [4, 5]


def test_what_changes_nothing_makes_no_step(project: Project) -> None:
    first = decide(project, 0)
    again = decide(project, 0)
    assert again.ids == ()
    assert again.sequence == first.sequence
    assert len(project.history()) == 1
    project.undo()
    decide(project, 1)
    assert len(project.history()) == 1


def test_machines_leave_no_trace_in_the_history(
    project: Project, make_proposal: Callable[..., Proposal], make_record: Callable[..., ImageRecord]
) -> None:
    decide(project, 0)
    project.undo()
    project.set_proposals({project.ids[0]: make_proposal()})
    project.set_copy_groups([frozenset(project.ids[:2])])
    project.add_records([make_record(50)])
    assert project.redo_words is not None
    assert len(project.history()) == 1
    assert content(project) == ([], [])


def test_a_bulk_edit_is_one_step(project: Project) -> None:
    change = project.apply(edits.decide(project.states(), "discard", "quality"))
    assert change.ids == tuple(sorted(project.ids))
    assert "8 images" in change.words
    assert len(project.history()) == 1
    project.undo()
    assert project.counts().decided == 0
