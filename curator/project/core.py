"""What every part of a project shares: layers in memory, reading them, and the way to the disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from curator.dataset.copies import Link
from curator.project import rows
from curator.project.codec import dumps
from curator.project.counts import Counts
from curator.project.splitlock import SplitLock
from curator.project.store import Statement, Unsaved, Writer
from curator.project.view import View
from curator.records import Change, ImageRecord, ImageState, Profile, Proposal

ChangeKind: TypeAlias = Literal["edit", "undo", "redo", "proposals", "copies", "records", "splits"]


class Core:
    """Reading and saving. `root` is the dataset's folder, `folder` the project's own."""

    def __init__(self, root: Path, folder: Path, loaded: rows.Loaded, writer: Writer | Unsaved) -> None:
        self.root = root
        self.folder = folder
        self.profile: Profile = loaded.meta["profile"]
        self.sequence = 0
        self._writer = writer
        self._layers = loaded.layers
        self._journal = loaded.journal
        self._view = View(loaded.layers)
        self._test = SplitLock(self._view, loaded.seen, loaded.touched)
        self._meta = loaded.meta
        self._settings = loaded.settings
        self._id_of: dict[str, int] = {}
        self._ids: tuple[int, ...] = ()
        self._folder_labels: set[str] | None = None
        self._index_names()

    # Reading

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> tuple[int, ...]:
        """All image ids, ordered by file name."""
        return self._ids

    def state(self, image_id: int) -> ImageState:
        """The effective state. Raises `KeyError` for an id that does not exist."""
        return self._view[image_id]

    def states(self) -> list[ImageState]:
        """All effective states, ordered by file name."""
        return [self._view[image_id] for image_id in self._ids]

    def id_of(self, file_name: str) -> int | None:
        """The id of the image at this path below the root."""
        return self._id_of.get(file_name)

    @property
    def classes(self) -> tuple[str, ...]:
        """All class names in order: those of the folders and those that a person gave."""
        if self._folder_labels is None:
            self._folder_labels = {facts.record.label for facts in self._layers.files.values()}
        return tuple(sorted(self._folder_labels | self._view.tally.counts().by_label.keys()))

    def counts(self) -> Counts:
        """The figures over all images."""
        return self._view.tally.counts()

    def records(self) -> dict[str, ImageRecord]:
        """What the last scan found, by file name; without files that have gone since."""
        files = self._layers.files.values()
        return {facts.record.file_name: facts.record for facts in files if not facts.missing}

    def earlier_sha256(self, image_id: int) -> str | None:
        """The hash that the file had before it was last found changed, None if it never was."""
        return self._layers.files[image_id].earlier_sha256

    def pixel_proposals(self) -> dict[int, Proposal]:
        """The proposals as made from each image's pixels alone, before copies are compared."""
        return dict(self._layers.proposals)

    @property
    def copies_are_stale(self) -> bool:
        """Whether images or their hashes came or changed since copies were last compared."""
        return bool(self._meta.get("copies_are_stale", False))

    def fingerprints(self) -> dict[int, tuple[int, int]]:
        """Perceptual hashes (whole image, head crop) by image id, as far as computed."""
        return dict(self._layers.fingerprints)

    def hashes(self) -> dict[int, tuple[int, int]]:
        """The fingerprints of the images that have too little detail, or no sketch, to be told by links."""
        return self._layers.hashes(self._layers.fingerprints)

    def sketches(self) -> dict[int, bytes]:
        """The sketches (`imaging.sketch.Sketch.encoded`) by image id, as far as made."""
        return dict(self._layers.sketches)

    def compared(self) -> frozenset[int]:
        """The images whose sketches were compared with one another."""
        return frozenset(self._layers.compared)

    def links(self) -> tuple[Link, ...]:
        """What was found alike in detail among the images that were compared."""
        return tuple((*pair, strength) for pair, strength in sorted(self._layers.links.items()))

    # Settings

    def setting(self, key: str, default: Any = None) -> Any:
        """A value stored with the project."""
        return self._settings.get(key, default)

    def set_setting(self, key: str, value: Any) -> None:
        """Stores a JSON value with the project. It is saved like a change, but is none."""
        text = dumps(value)
        self._settings[key] = json.loads(text)
        self._commit([rows.put_setting(key, text)])

    # Saving

    @property
    def saved_sequence(self) -> int:
        """The last change that is on disk."""
        return self._writer.saved_sequence

    @property
    def saved_at(self) -> float | None:
        """When that was, in epoch seconds; None if nothing was saved yet."""
        return self._writer.saved_at

    @property
    def save_error(self) -> str | None:
        """Why saving fails at present, in one sentence, or None."""
        return self._writer.error

    def flush(self, timeout: float = 10) -> bool:
        """Waits until all is on disk; False if that took longer than `timeout` seconds."""
        return self._writer.flush(timeout)

    def _index_names(self, new: Sequence[int] = (), *, reorder: bool = True) -> None:
        """Brings the order by file name up to date after the images `new` came, or names changed."""
        self._folder_labels = None
        files = self._layers.files
        names = [files[image_id].record.file_name for image_id in new]
        last = files[self._ids[-1]].record.file_name if self._ids else ""
        if not reorder and names == sorted(names) and (not names or names[0] > last):
            # A scan comes in order of names: no need to sort all of them for each of its batches.
            self._id_of.update(zip(names, new, strict=True))
            self._ids += tuple(new)
            return
        self._id_of = {facts.record.file_name: image_id for image_id, facts in files.items()}
        self._ids = tuple(self._id_of[name] for name in sorted(self._id_of))

    def _changed(
        self,
        ids: tuple[int, ...],
        words: str,
        kind: ChangeKind,
        statements: Iterable[Statement],
        focus_id: int | None = None,
    ) -> Change:
        self.sequence += 1
        self._commit(statements)
        return Change(ids, words, self.sequence, focus_id, kind)

    def _commit(self, statements: Iterable[Statement]) -> None:
        self._writer.submit([item for item in statements if item[1]], self.sequence)
