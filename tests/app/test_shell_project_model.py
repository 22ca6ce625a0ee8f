"""The model between an open project and the pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_waiting import wait_until_quiet
from pytestqt.qtbot import QtBot

from curator.app import messages, project_model
from curator.app.messages import Message
from curator.app.project_model import ProjectModel
from curator.errors import CuratorError
from curator.project import edits
from curator.proposals import learned


@pytest.fixture
def shown() -> Any:
    heard: list[Message] = []
    messages.hub().shown.connect(heard.append)
    yield heard
    messages.hub().shown.disconnect(heard.append)


def test_opening_reads_proposes_and_goes_to_the_first_image(
    model: ProjectModel, dataset: Path, qtbot: QtBot
) -> None:
    kinds: list[str] = []
    model.changed.connect(lambda change: kinds.append(change.kind))
    with qtbot.waitSignal(model.opened):
        model.open(dataset, "general")
    wait_until_quiet(model, qtbot)
    project = model.project
    assert project is not None
    assert len(project) == 8
    assert all(state.proposal is not None for state in project.states())
    assert model.current_id == project.ids[0]
    assert {"records", "proposals"} <= set(kinds)


def test_proposing_anew_replaces_proposals_and_nothing_that_a_person_set(
    open_model: ProjectModel, qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    first, *others = project.ids
    open_model.apply(edits.decide([project.state(first)], "discard", "quality"))
    right = project.pixel_proposals()
    project.set_proposals({one: replace(said, why="stale") for one, said in right.items()})
    open_model.propose_anew()
    wait_until_quiet(open_model, qtbot)
    assert project.pixel_proposals() == right
    assert project.state(first).discard_reason == "quality"
    assert project.state(first).decided_by == "person"
    assert all(project.state(one).decided_by != "person" for one in others)


def test_confidence_is_learnt_from_corrections_as_they_come(
    open_model: ProjectModel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "LEAST", 4)
    monkeypatch.setattr(project_model, "_LEARN_EVERY", 4)
    project = open_model.project
    assert project is not None
    *decided, last = project.ids
    before = project.state(last).confidence
    for one in decided[:3]:
        open_model.apply(edits.decide([project.state(one)], "discard", "quality"))
    wait_until_quiet(open_model, qtbot)
    assert project.state(last).confidence == before
    open_model.apply(edits.decide([project.state(decided[3])], "discard", "quality"))
    wait_until_quiet(open_model, qtbot)
    after = project.state(last).confidence
    assert before is not None
    assert after is not None
    assert after < before


def test_edits_are_announced_saved_undone_and_redone(open_model: ProjectModel, qtbot: QtBot) -> None:
    project = open_model.project
    assert project is not None
    first, second = project.ids[:2]
    open_model.set_current(second)
    with qtbot.waitSignal(open_model.changed) as said:
        open_model.apply(edits.decide([project.state(first)], "discard", "quality"))
    assert said.args[0].ids == (first,)
    assert project.state(first).decision == "discard"
    qtbot.waitUntil(lambda: open_model.save_state().pending is False)
    open_model.undo()
    assert project.state(first).decided_by != "person"
    assert open_model.current_id == first
    open_model.redo()
    assert project.state(first).discard_reason == "quality"
    open_model.jump(0)
    assert project.state(first).decided_by != "person"
    assert open_model.undo() is None


def test_saving_is_told_until_all_is_on_the_disk(open_model: ProjectModel, qtbot: QtBot) -> None:
    project = open_model.project
    assert project is not None
    told: list[bool] = []
    open_model.saving.connect(lambda state: told.append(state.pending))
    open_model.apply(edits.set_note(project.state(project.ids[0]), "blurred"))
    qtbot.waitUntil(lambda: bool(told) and told[-1] is False)
    assert project.saved_sequence == project.sequence


def test_the_current_image_is_found_again_after_a_restart(
    open_model: ProjectModel, dataset: Path, qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    name = project.state(project.ids[5]).file_name
    open_model.set_current(project.ids[5])
    open_model.apply(edits.set_note(project.state(project.ids[5]), "here"))
    open_model.close()
    assert open_model.project is None
    assert open_model.current_id == -1
    open_model.open(dataset)
    wait_until_quiet(open_model, qtbot)
    again = open_model.project
    assert again is not None
    assert again.state(open_model.current_id).file_name == name
    assert again.state(open_model.current_id).note == "here"


def test_a_new_file_is_found_by_a_rescan(open_model: ProjectModel, dataset: Path, qtbot: QtBot) -> None:
    project = open_model.project
    assert project is not None
    (dataset / "yes" / "new.png").write_bytes((dataset / "no" / "scan0.png").read_bytes())
    open_model.rescan()
    wait_until_quiet(open_model, qtbot)
    new = project.id_of("yes/new.png")
    assert new is not None
    assert project.state(new).proposal is not None
    assert (
        project.state(new).copy_group == project.state(project.id_of("no/scan0.png")).copy_group is not None
    )


def test_a_test_image_is_changed_only_after_a_yes(
    open_model: ProjectModel, shown: list[Message], qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    open_model.announce(project.ensure_splits(project.shares, project.seed))
    tests = [state for state in project.states() if state.split == "test"]
    assert tests
    project.mark_seen([state.id for state in tests])
    edit = edits.relabel([tests[0]], "no" if tests[0].label == "yes" else "yes")
    assert open_model.apply(edit) is None
    assert project.state(tests[0].id).label == tests[0].label
    (question,) = shown
    assert question.stays
    question.actions[0].run()
    assert project.state(tests[0].id).label != tests[0].label
    assert project.test_touched == 1


def test_without_a_folder_nothing_can_be_edited(model: ProjectModel) -> None:
    assert model.undo() is None
    assert model.save_state() is None
    with pytest.raises(CuratorError, match="No folder is open"):
        model.jump(0)


def test_closing_while_the_folder_is_read(model: ProjectModel, dataset: Path) -> None:
    model.open(dataset, "general")
    model.close()
    assert model.project is None
    assert model.jobs.active() == []
