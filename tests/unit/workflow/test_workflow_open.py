"""Reading a folder into a project, again and again while files come, change, move and go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from curator.errors import CuratorError
from curator.project import Project, edits
from curator.records import Event
from curator.workflow.apply import apply_event
from curator.workflow.open import Gone, Opened, RecordsFound, open_folder


def read(project: Project) -> list[Event]:
    events = list(open_folder(project))
    for event in events:
        apply_event(project, event)
    return [event for event in events if isinstance(event, (RecordsFound, Gone, Opened))]


def test_a_folder_is_read_once(root: Path) -> None:
    with Project.open(root) as project:
        events = read(project)
        assert len(project) == 10
        assert project.classes == ("no", "yes")
        assert events[-1] == Opened(10, 10)
        assert read(project) == [Opened(10, 0)]
        project.mark_unreadable(1, "Its pixels are damaged.")
        assert read(project) == [Opened(10, 0)]
        assert project.state(1).error == "Its pixels are damaged."


def test_files_that_come_change_and_go(root: Path, make_image: Callable[..., Image.Image]) -> None:
    with Project.open(root) as project:
        read(project)
        for name in ("no/0.png", "no/2.png"):
            one = project.id_of(name)
            assert one is not None
            project.apply(edits.set_note(project.state(one), "mine"))
        make_image(50).save(root / "no" / "new.png")
        make_image(51, 90, 90).save(root / "no" / "0.png")
        (root / "no" / "2.png").unlink()
        events = read(project)
        assert events[-2:] == [Gone(("no/2.png",)), Opened(10, 2)]
        states = {state.file_name: state for state in project.states()}
        assert len(states) == 11
        assert (states["no/0.png"].width, states["no/0.png"].note) == (90, "mine")
        assert states["no/2.png"].discard_reason == "unreadable"
        assert read(project) == [Opened(10, 0)]
        make_image(2).save(root / "no" / "2.png")
        read(project)
        back = {state.file_name: state for state in project.states()}["no/2.png"]
        assert (back.error, back.note) == (None, "mine")


def test_a_moved_file_takes_its_edits_along(root: Path) -> None:
    with Project.open(root) as project:
        read(project)
        one = project.id_of("no/4.png")
        assert one is not None
        project.apply(edits.set_note(project.state(one), "mine"))
        (root / "no" / "4.png").rename(root / "yes" / "moved.png")
        events = read(project)
        assert not any(isinstance(event, Gone) for event in events)
        assert project.id_of("yes/moved.png") == one
        assert (project.state(one).note, project.state(one).label) == ("mine", "yes")
        assert len(project) == 10


def test_a_moved_dataset_keeps_its_project(root: Path) -> None:
    with Project.open(root) as project:
        read(project)
        project.apply(edits.decide(project.states(), "keep"))
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (root.parent / "dataset.curator").rename(elsewhere / "dataset.curator")
    root.rename(elsewhere / "dataset")
    with Project.open(elsewhere / "dataset") as project:
        assert read(project) == [Opened(10, 0)]
        assert project.counts().decided == 10


def test_a_folder_that_vanished_is_one_sentence(root: Path) -> None:
    with Project.open(root) as project:
        read(project)
        root.rename(root.with_name("away"))
        with pytest.raises(CuratorError, match="is not a folder"):
            read(project)
        root.with_name("away").rename(root)
