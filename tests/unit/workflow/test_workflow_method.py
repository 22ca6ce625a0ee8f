"""A better method proposes again, but changes nothing that a person has edited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from curator.project import Project
from curator.project.edits import accept
from curator.proposals import METHOD
from curator.records import Crop
from curator.workflow.draft import bring_up_to_date
from curator.workflow.propose import work_of


def test_proposals_of_an_older_method_are_made_again_where_nobody_edited(root: Path) -> None:
    with Project.open(root) as project:
        list(bring_up_to_date(project))
        now = project.pixel_proposals()
        assert {proposal.method for proposal in now.values()} == {METHOD}
        older = {one: replace(said, method="older/1", crop=Crop(3, 4, 50, 60)) for one, said in now.items()}
        project.set_proposals(older)
        accepted, other = project.id_of("no/0.png"), project.id_of("no/4.png")
        assert accepted is not None
        assert other is not None
        project.apply(accept(project.state(accepted)))
        asked = {item[0] for item in work_of(project).items}
        assert asked == set(now) - {accepted}
        list(bring_up_to_date(project))
        assert project.state(accepted).crop == Crop(3, 4, 50, 60)
        assert project.state(other).crop == now[other].crop
        assert not work_of(project).items
