"""The one place where what background work found enters a project."""

from __future__ import annotations

import numpy as np

from curator.dataset.copies import group_copies
from curator.project import Project
from curator.records import Change, Event
from curator.workflow.learn import Learned
from curator.workflow.open import Gone, RecordsFound
from curator.workflow.propose import CopiesFound, Proposed, Unreadable


def apply_event(project: Project, event: Event) -> Change | None:
    """Applies an event of `open_folder` or `propose` on the project's thread; None if it changes nothing.

    Never touches what a person set.
    """
    if isinstance(event, RecordsFound):
        return project.add_records(event.records, renamed=event.renamed)
    if isinstance(event, Gone):
        return project.mark_missing(event.file_names)
    if isinstance(event, Proposed):
        return project.set_proposals(
            event.proposals, fingerprints=event.fingerprints, sketches=event.sketches
        )
    if isinstance(event, Unreadable):
        return project.mark_unreadable(event.id, event.why)
    if isinstance(event, Learned):
        return project.set_confidences(event.confidences)
    if isinstance(event, CopiesFound):
        return _apply_copies(project, event)
    return None


def _apply_copies(project: Project, event: CopiesFound) -> Change:
    if event.ids.issuperset(project.fingerprints()):
        return project.set_copy_groups(event.groups, links=event.links, compared=event.ids)
    hashes = project.hashes()
    # The pass knew only a part of the images: the groups of the others are found again from what is stored.
    ids = project.ids
    constraints = project.copy_constraints()
    groups = group_copies(
        ids,
        [project.state(one).sha256 for one in ids],
        [np.array([hashes.get(one, (0, 0))[part] for one in ids], np.uint64) for part in (0, 1)],
        same=[(item.first_id, item.second_id) for item in constraints if item.same is True],
        different=[(item.first_id, item.second_id) for item in constraints if item.same is False],
        links=(*project.links(), *event.links),
    )
    return project.set_copy_groups(groups, links=event.links, compared=event.ids)
