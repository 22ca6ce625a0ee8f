"""The pass over a folder: complete, in the right order, the same whatever the number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curator import proposals
from curator.dataset.scan import Found, scan
from curator.project import Project
from curator.records import CopyEdit, Event, Profile, Progress, Proposal, Warned
from curator.workflow.apply import apply_event
from curator.workflow.draft import bring_up_to_date
from curator.workflow.nearest import Focus, NearestFirst
from curator.workflow.propose import (
    CopiesFound,
    Item,
    Proposed,
    RowsProposed,
    Unreadable,
    propose,
    propose_folder,
    propose_work,
    work_of,
)


def items_of(root: Path) -> list[Item]:
    records = [event.record for event in scan(root) if isinstance(event, Found)]
    return [
        (number, record.file_name, record.sha256, record.error) for number, record in enumerate(records, 1)
    ]


def found(events: Iterable[Event]) -> tuple[dict[int, Proposal], dict[int, Any], dict[int, str], Any]:
    made: dict[int, Proposal] = {}
    hashes: dict[int, Any] = {}
    unreadable: dict[int, str] = {}
    groups = None
    for event in events:
        if isinstance(event, Proposed):
            made.update(event.proposals)
            hashes.update(event.fingerprints)
        elif isinstance(event, Unreadable):
            unreadable[event.id] = event.why
        elif isinstance(event, CopiesFound):
            groups = event.groups
    return made, hashes, unreadable, groups


def test_nothing_depends_on_the_number_of_workers(root: Path) -> None:
    items = items_of(root)
    focus = Focus()
    focus.set(5)
    one = found(propose(items, root, workers=1))
    four = found(propose(items, root, workers=4, focus=focus))
    assert one == four
    assert len(one[0]) == 9
    assert one[3] is not None


def test_copies_are_found_and_the_damaged_file_named(root: Path) -> None:
    items = items_of(root)
    names = {number: name for number, name, _, _ in items}
    _, _, unreadable, groups = found(propose(items, root, workers=2))
    assert [names[one] for one in unreadable] == ["no/damaged.png"]
    assert "no/damaged.png" in next(iter(unreadable.values()))
    assert sorted(sorted(names[one] for one in group) for group in groups) == [
        ["no/0.png", "yes/copy of 0.png"],
        ["yes/1.png", "yes/large 1.png"],
    ]


def test_the_persons_word_on_copies_holds(root: Path) -> None:
    items = items_of(root)
    number = {name: one for one, name, _, _ in items}
    constraints = [
        CopyEdit(number["no/0.png"], number["yes/copy of 0.png"], False),
        CopyEdit(number["no/4.png"], number["no/6.png"], True),
        CopyEdit(number["no/2.png"], number["no/6.png"], None),
    ]
    groups = found(propose(items, root, workers=1, constraints=constraints))[3]
    assert frozenset({number["no/4.png"], number["no/6.png"]}) in groups
    assert not any(number["no/0.png"] in group for group in groups)


def test_progress_ends_at_the_total(root: Path) -> None:
    steps = [event for event in propose(items_of(root), root, workers=2) if isinstance(event, Progress)]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, 10, 10)


def test_the_order_is_nearest_first_and_follows_the_focus() -> None:
    focus = Focus()
    order = NearestFirst(range(100, 110), focus)
    focus.set(105)
    assert [order.take() for _ in range(4)] == [5, 6, 4, 7]
    focus.set(100)
    assert [order.take() for _ in range(2)] == [0, 1]
    focus.set(999)  # not among these: the last one counts
    assert order.take() == 2
    focus.set(109)
    assert [order.take() for _ in range(3)] == [9, 8, 3]
    assert not order
    with pytest.raises(IndexError):
        order.take()


def test_the_first_proposals_are_those_at_the_focus(root: Path) -> None:
    focus = Focus()
    focus.set(7)
    made = found(propose(items_of(root), root, workers=1, focus=focus))[0]
    assert list(made)[:3] == [7, 8, 6]


def test_closing_ends_the_threads(root: Path) -> None:
    before = set(threading.enumerate())
    for stop_after in (1, 2, 3):
        events = propose(items_of(root), root, workers=3)
        for _ in range(stop_after):
            next(events)
        events.close()  # type: ignore[attr-defined]
        assert set(threading.enumerate()) == before


def test_a_file_that_changed_meanwhile_is_said_and_left_out(
    root: Path, make_image: Callable[..., Image.Image]
) -> None:
    items = items_of(root)
    make_image(99).save(root / "no" / "4.png")
    events = list(propose(items, root, workers=1))
    assert [event.message for event in events if isinstance(event, Warned)] == [
        "no/4.png has changed since the folder was read: read the folder again."
    ]
    assert len(found(events)[0]) == 8


def test_a_defect_in_one_image_does_not_stop_the_rest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = proposals.propose_image

    def broken(image: Any, *, profile: Profile, target: Any) -> Proposal:
        if image.shape[0] == 280:
            raise ZeroDivisionError
        return real(image, profile=profile, target=target)

    monkeypatch.setattr(proposals, "propose_image", broken)
    events = list(propose(items_of(root), root, workers=2))
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert len(warned) == 1
    assert "yes/large 1.png" in warned[0]
    assert len(found(events)[0]) == 8


def test_of_byte_for_byte_copies_one_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    real = proposals.propose_image

    def counted(image: Any, *, profile: Profile, target: Any) -> Proposal:
        looked.append(1)
        return real(image, profile=profile, target=target)

    monkeypatch.setattr(proposals, "propose_image", counted)
    items = items_of(root)
    made, hashes, _, _ = found(propose(items, root, workers=1))
    assert len(made) == 9
    assert len(looked) == 8
    of = {name: one for one, name, _, _ in items}
    first, copy = of["no/0.png"], of["yes/copy of 0.png"]
    assert made[first] == made[copy]
    assert hashes[first] == hashes[copy]


def test_two_damaged_copies_are_each_named(root: Path) -> None:
    (root / "yes" / "damaged too.png").write_bytes((root / "no" / "damaged.png").read_bytes())
    items = items_of(root)
    unreadable = found(propose(items, root, workers=1))[2]
    assert len(unreadable) == 2
    of = {one: name for one, name, _, _ in items}
    assert all(of[one] in why for one, why in unreadable.items())


def test_empty_images_are_no_copies_of_each_other(tmp_path: Path) -> None:
    root = tmp_path / "blank"
    (root / "a").mkdir(parents=True)
    for grey in (0, 40, 200):
        Image.new("L", (50, 50 + grey), grey).save(root / "a" / f"{grey}.png")
    assert found(propose(items_of(root), root, workers=1))[3] == ()


def test_a_project_is_brought_up_to_date_once(root: Path) -> None:
    with Project.open(root) as project:
        list(bring_up_to_date(project, workers=2))
        by_name = {state.file_name: state for state in project.states()}
        assert by_name["no/damaged.png"].discard_reason == "unreadable"
        copy = by_name["yes/copy of 0.png"]
        assert copy.discard_reason == "duplicate"
        assert "no/0.png" in copy.proposal.why if copy.proposal else False
        assert by_name["yes/1.png"].discard_reason == "duplicate"
        assert by_name["yes/large 1.png"].decision == "keep"
        assert by_name["yes/1.png"].group == by_name["yes/large 1.png"].group
        assert not work_of(project).needed
        assert len(work_of(project, again=True).items) == 9
        first = project.states()
    with Project.open(root) as project:
        assert project.states() == first
        list(bring_up_to_date(project, workers=2))
        assert project.states() == first


def test_a_pass_that_was_cut_off_is_finished_later(root: Path) -> None:
    with Project.open(root) as project:
        for event in bring_up_to_date(project, workers=1):
            if isinstance(event, Progress) and event.what == "Comparing copies":
                break
        assert project.counts().copies == 0
        work = work_of(project)
        assert not work.items
        assert work.needed
        for event in propose_work(work, workers=1):
            apply_event(project, event)
        assert project.counts().copies == 4


def test_a_pass_over_a_part_keeps_the_other_groups(root: Path) -> None:
    with Project.in_memory(root) as project:
        list(bring_up_to_date(project, workers=2))
        assert project.counts().copies == 4
        part = [item for item in items_of(root) if item[1] in ("no/4.png", "no/6.png")]
        for event in propose(part, root, workers=1):
            apply_event(project, event)
        assert project.counts().copies == 4


def test_recomputing_leaves_the_person_alone(root: Path) -> None:
    from curator.project import edits

    with Project.in_memory(root) as project:
        list(bring_up_to_date(project, workers=2))
        project.apply(edits.accept_all(project.states()))
        kept = project.states()
        for event in propose_work(work_of(project, target="brain", again=True), workers=2):
            apply_event(project, event)
        for before, after in zip(kept, project.states(), strict=True):
            assert (before.decision, before.crop, before.masks) == (after.decision, after.crop, after.masks)


def test_a_folder_is_proposed_without_a_project(root: Path) -> None:
    before = sorted(root.parent.rglob("*"))
    rows = next(event.rows for event in propose_folder(root, workers=2) if isinstance(event, RowsProposed))
    assert [row.file_name for row in rows] == sorted(row.file_name for row in rows)
    assert len(rows) == 10
    assert {row.decided_by for row in rows} == {"proposal"}
    assert all(row.split is None for row in rows)
    assert sorted(root.parent.rglob("*")) == before
    again = next(event.rows for event in propose_folder(root, workers=1) if isinstance(event, RowsProposed))
    assert again == rows


def test_general_images_are_kept_whole(root: Path) -> None:
    events = propose_folder(root, profile="general", workers=2)
    rows = next(event.rows for event in events if isinstance(event, RowsProposed))
    assert all(row.crop is None and row.masks == [] for row in rows)
    assert {row.discard_reason for row in rows} == {None, "duplicate", "unreadable"}
