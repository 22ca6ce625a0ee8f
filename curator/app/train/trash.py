"""Puts a run's folder into the system's trash, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from curator.errors import CuratorError
from curator.records import Event


@dataclass(frozen=True, slots=True)
class Trashed(Event):
    """`folder` lies in the trash now, at `place` (None where the system does not say)."""

    folder: Path
    place: Path | None


@dataclass(frozen=True, slots=True)
class PutBack(Event):
    """`folder` is back where it was."""

    folder: Path


def to_trash(folder: Path) -> Iterator[Event]:
    """Ends with `Trashed`. Raises `CuratorError` where there is no trash."""
    # Qt makes the trash itself where there is none yet, but not the folder that it lies in.
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    with suppress(OSError):
        Path(home).mkdir(parents=True, exist_ok=True)
    file = QFile(str(folder))
    if not file.moveToTrash():
        raise CuratorError(
            f"{folder} could not be moved to the trash ({file.errorString()}): "
            "choose Show folder and delete it there, if you are sure."
        )
    place = Path(file.fileName())
    yield Trashed(folder, place if place != folder else None)


def put_back(trashed: Trashed) -> Iterator[Event]:
    """Takes the folder out of the trash again: `PutBack`. Raises `CuratorError` where it is gone."""
    place = trashed.place
    try:
        if place is None or trashed.folder.exists():
            raise FileNotFoundError
        trashed.folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place, trashed.folder)
    except OSError:
        raise CuratorError(
            f"{trashed.folder.name} could not be put back: take it out of the system's trash yourself."
        ) from None
    # What freedesktop.org's trash keeps of where a thing came from; without the thing it is a dead entry.
    (place.parent.parent / "info" / f"{place.name}.trashinfo").unlink(missing_ok=True)
    yield PutBack(trashed.folder)
