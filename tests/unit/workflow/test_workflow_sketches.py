"""The pass over a project from before there were sketches, and over one that got more images."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from curator.project import Project
from curator.project.schema import FILE_NAME
from curator.records import Event
from curator.workflow.apply import apply_event
from curator.workflow.draft import bring_up_to_date
from curator.workflow.propose import CopiesFound, Proposed, propose_work, work_of


def brought_up(project: Project) -> list[Event]:
    events = list(propose_work(work_of(project), workers=1))
    for event in events:
        apply_event(project, event)
    return events


def test_a_former_project_only_gets_the_sketches(root: Path) -> None:
    with Project.open(root) as project:
        list(bring_up_to_date(project))
        proposals, sketches = project.pixel_proposals(), project.sketches()
        groups = {one.id: one.copy_group for one in project.states()}
        folder = project.folder
        assert set(sketches) == set(proposals)
    with contextlib.closing(sqlite3.connect(folder / FILE_NAME)) as database:
        database.executescript("DROP TABLE sketches; DROP TABLE links; PRAGMA user_version = 1;")
    with Project.open(root) as project:
        work = work_of(project)
        assert work.needed
        assert work.only_sketch == {item[0] for item in work.items} == set(sketches)
        made = [event for event in brought_up(project) if isinstance(event, Proposed)]
        assert all(not event.proposals and not event.fingerprints for event in made)
        assert project.sketches() == sketches
        assert project.pixel_proposals() == proposals
        assert {one.id: one.copy_group for one in project.states()} == groups
        assert not work_of(project).needed


def test_only_what_is_new_is_compared(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from curator.workflow import propose as module

    with Project.open(root) as project:
        list(bring_up_to_date(project))
        links = project.links()
        groups = {one.copy_group for one in project.states()}
        one = project.id_of("yes/large 1.png")
        assert one is not None
        project.set_proposals({}, sketches={one: project.sketches()[one]})
        looked: list[tuple[int, int]] = []
        compare = module.compare
        monkeypatch.setattr(
            module, "compare", lambda pairs, known: (looked.extend(pairs), compare(pairs, known))[1]
        )
        (found,) = [event for event in brought_up(project) if isinstance(event, CopiesFound)]
        assert looked
        assert all(one in pair for pair in looked)
        assert all(one in link for link in found.links)
        assert project.links() == links
        assert {state.copy_group for state in project.states()} == groups
