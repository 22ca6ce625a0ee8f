"""Reads a dataset's folder into its project: new files, changed ones, moved ones, those that are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from curator.dataset.scan import Found, scan
from curator.project import Project
from curator.records import Event, ImageRecord

# Applying a record costs some 20 µs; a batch stays far below a frame of the window.
_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class RecordsFound(Event):
    """New and changed files, sorted by name. `renamed` gives the former name of those that only moved
    within the folder.
    """

    records: tuple[ImageRecord, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gone(Event):
    """Files that the project knows and the folder no longer holds."""

    file_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """The folder was read to its end: `images` files are there, `read` of them were new or changed."""

    images: int
    read: int


def open_folder(project: Project) -> Iterator[Event]:
    """Reads the project's folder; yields `RecordsFound`, `Gone`, `Progress`, `Warned` and last `Opened`.

    Changes nothing itself: each event goes through `apply_event` on the project's thread. What it needs of
    the project is taken when it is called, so that the events may be made on another thread.
    """
    return _read(project.root, project.records(), tuple(state.file_name for state in project.states()))


def _read(root: Path, known: Mapping[str, ImageRecord], names: Sequence[str]) -> Iterator[Event]:
    lost = {name for name in names if not (root / name).is_file()}
    # A file that is gone and one that is new with the same bytes are the same image, moved. Where several
    # are gone with the same bytes nobody can say which is which.
    former: dict[str, list[str]] = {}
    for name in lost & known.keys():
        former.setdefault(known[name].sha256 or "", []).append(name)
    records: list[ImageRecord] = []
    renamed: dict[str, str] = {}
    taken = frozenset(names)
    files = read = 0
    for event in scan(root):
        if not isinstance(event, Found):
            yield event
            continue
        record = event.record
        files += 1
        lost.discard(record.file_name)
        old = known.get(record.file_name)
        if old is not None and _same(old, record):
            continue
        read += 1
        records.append(record)
        candidates = former.pop(record.sha256, []) if record.sha256 and record.file_name not in taken else []
        if len(candidates) == 1:
            renamed[record.file_name] = candidates[0]
            lost.discard(candidates[0])
        if len(records) == _BATCH:
            yield RecordsFound(tuple(records), renamed)
            records, renamed = [], {}
    if records:
        yield RecordsFound(tuple(records), renamed)
    gone = tuple(sorted(lost & known.keys()))
    if gone:
        yield Gone(gone)
    yield Opened(files, read)


def _same(old: ImageRecord, new: ImageRecord) -> bool:
    """Whether nothing is new; that pixels could not be decoded is known of the old record alone."""
    return old == new or (new.error is None and replace(old, error=None) == new)
