"""A project in memory with fresh proposals, for commands that only read."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from curator.project import Project
from curator.records import Event, Profile, Progress, Warned
from curator.workflow.apply import apply_event
from curator.workflow.learn import learn, lesson_of
from curator.workflow.open import open_folder
from curator.workflow.propose import Target, Unreadable, propose_work, work_of


def bring_up_to_date(
    project: Project, *, target: Target | None = None, workers: int = 0
) -> Generator[Event, None, None]:
    """Reads the project's folder, proposes what is not yet, and applies all of it; yields what to show.

    Runs on the project's thread.
    """
    for event in open_folder(project):
        apply_event(project, event)
        if isinstance(event, (Progress, Warned)):
            yield event
    work = work_of(project, target=target)
    for event in propose_work(work, workers=workers) if work.needed else ():
        apply_event(project, event)
        if isinstance(event, Unreadable):
            yield Warned(event.why)
        elif isinstance(event, (Progress, Warned)):
            yield event
    for learned in learn(lesson_of(project)):
        apply_event(project, learned)


def draft(
    root: Path, *, profile: Profile = "brain-mri", target: Target = "head", workers: int = 0
) -> Generator[Event, None, Project]:
    """Makes a project in memory from a folder and returns it; yields `Progress` and `Warned` meanwhile."""
    project = Project.in_memory(root, profile=profile)
    yield from bring_up_to_date(project, target=target, workers=workers)
    return project
