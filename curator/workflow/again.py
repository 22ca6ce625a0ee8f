"""What was mended since a run: its manifest beside the project as it is now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curator.manifest.changes import Changes, changes
from curator.manifest.files import read_manifest
from curator.manifest.schema import ManifestRow
from curator.records import Event, ImageState


@dataclass(frozen=True, slots=True)
class MendedSince(Event):
    """What a manifest exported now would differ in from that of the run in `folder`. `accept_proposals`: whether
    that run was trained on images which no person had decided on, so that the next one is as well."""

    folder: Path
    changes: Changes
    accept_proposals: bool


def mended_since(folder: Path, states: Sequence[ImageState]) -> Iterator[Event]:
    """Ends with `MendedSince` for the run or cross-validation in `folder` and a project's effective states.

    Raises `ManifestError` where the run's manifest can't be read, or a state fits into none.
    """
    before = read_manifest(folder).rows
    accept = any(row.decision == "keep" and row.decided_by == "proposal" for row in before)
    now = [ManifestRow.from_state(state, accept_proposals=accept) for state in states]
    yield MendedSince(folder, changes(before, now), accept)
