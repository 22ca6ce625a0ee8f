"""Confidence follows a person's corrections, and neither the proposals nor what the person set ever do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curator.project import Project
from curator.project.edits import accept
from curator.records import Crop, Edit, FieldEdit, ImageRecord, Mask, Proposal
from curator.workflow.apply import apply_event
from curator.workflow.learn import is_unchanged, learn, lesson_of

_RULER = (Mask("ruler", ((0, 0), (9, 0), (9, 3))),)
_COUNT = 40


def _proposal(number: int) -> Proposal:
    return Proposal("keep", None, Crop(0, 0, 90, 90), _RULER if number % 2 else (), 0.9, "", "network/2")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Forty images, every other one with a ruler."""
    with Project.in_memory(tmp_path) as made:
        made.add_records(
            [
                ImageRecord(f"a/{number:02}.png", "a", f"{number:064x}", 100, 100, 1000 + number, None)
                for number in range(_COUNT)
            ]
        )
        made.set_proposals({one: _proposal(number) for number, one in enumerate(made.ids)})
        yield made


def _learn(project: Project) -> None:
    for event in learn(lesson_of(project)):
        apply_event(project, event)


def _correct_rulers(project: Project, count: int) -> None:
    """Decides on the first images: those with a ruler lose their mask, the others are accepted."""
    for number, one in enumerate(project.ids[:count]):
        project.apply(accept(project.state(one)))
        if number % 2:
            project.apply(Edit("No mask", (FieldEdit(one, "masks", ()),)))


def test_nothing_is_learnt_of_few_decisions(project: Project) -> None:
    _correct_rulers(project, 6)
    _learn(project)
    assert {state.confidence for state in project.states()} == {0.9}


def test_images_like_those_corrected_become_less_sure(project: Project) -> None:
    _correct_rulers(project, 20)
    _learn(project)
    plain, ruler = (project.state(one) for one in project.ids[-2:])
    assert ruler.confidence is not None
    assert plain.confidence is not None
    assert ruler.confidence < 0.6 < 0.85 < plain.confidence
    assert ruler.proposal is not None
    assert ruler.proposal.confidence == 0.9
    assert project.counts().unsure == 10


def test_decided_images_keep_their_confidence_and_everything_a_person_set(project: Project) -> None:
    _correct_rulers(project, 20)
    before = {state.id: replace(state, confidence=None) for state in project.states()}
    _learn(project)
    assert {state.id: replace(state, confidence=None) for state in project.states()} == before
    assert {project.state(one).confidence for one in project.ids[:20]} == {0.9}


def test_a_new_proposal_starts_from_what_it_says(project: Project) -> None:
    _correct_rulers(project, 20)
    _learn(project)
    last = project.ids[-1]
    project.set_proposals({last: _proposal(1)})
    assert project.state(last).confidence == 0.9


def test_a_small_nudge_of_the_crop_is_no_correction(project: Project) -> None:
    one = project.ids[0]
    project.apply(accept(project.state(one)))
    project.apply(Edit("Crop", (FieldEdit(one, "crop", Crop(1, 0, 89, 90)),)))
    assert is_unchanged(project.state(one), _proposal(0))
    project.apply(Edit("Crop", (FieldEdit(one, "crop", Crop(0, 0, 60, 90)),)))
    assert not is_unchanged(project.state(one), _proposal(0))
