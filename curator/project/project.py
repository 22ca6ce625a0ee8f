"""A dataset's project: layers in memory for reading, a journal for undo, a writer for the disk.

All methods are called from one thread. Reading never touches the disk; a change is in memory when its method
returns and on disk once `saved_sequence` reaches its `Change.sequence`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from curator import paths
from curator.errors import ProjectError
from curator.project import grouping, intake, rows
from curator.project.codec import dumps
from curator.project.counts import Counts
from curator.project.journal import Journal, Step
from curator.project.lock import FolderLock
from curator.project.schema import prepare
from curator.project.splitlock import SplitLock
from curator.project.splits import draw
from curator.project.store import Statement, Writer
from curator.project.transition import transition
from curator.project.view import Layers, View
from curator.records import (
    PROFILES,
    Change,
    CopyEdit,
    Edit,
    ImageRecord,
    ImageState,
    Profile,
    Proposal,
)

if TYPE_CHECKING:
    from curator.dataset.split import Shares

DEFAULT_SEED: Final = 0
ChangeKind: TypeAlias = Literal["edit", "undo", "redo", "proposals", "copies", "records", "splits"]
_CLOSE_SECONDS: Final = 10.0
_CLOSE_SECONDS_FAILING: Final = 1.0


class Project:
    """The state of one dataset; see the module's text. Use `open`, and `close` at the end."""

    def __init__(
        self, root: Path, folder: Path, lock: FolderLock, loaded: rows.Loaded, writer: Writer
    ) -> None:
        self.root = root
        self.folder = folder
        self.profile: Profile = loaded.meta["profile"]
        self.sequence = 0
        self._lock = lock
        self._writer = writer
        self._layers: Layers = loaded.layers
        self._journal: Journal = loaded.journal
        self._view = View(loaded.layers)
        self._test = SplitLock(self._view, loaded.seen, loaded.touched)
        self._meta = loaded.meta
        self._settings = loaded.settings
        self._id_of: dict[str, int] = {}
        self._ids: tuple[int, ...] = ()
        self._index_names()

    @classmethod
    def open(cls, root: Path, *, profile: Profile | None = None) -> Project:
        """Opens the project of the dataset folder `root`, or creates it.

        `profile` is for a new project ("brain-mri" where None); one that exists keeps its own. Raises
        `ProjectError` with the cure: no such folder, open elsewhere, damaged, made by a newer Curator.
        """
        root = Path(root).resolve()
        if not root.is_dir():
            raise ProjectError(f"{root} is not a folder: choose the folder that holds the class folders.")
        try:
            folder = paths.project_dir(root)
        except OSError as error:
            raise ProjectError(f"No project folder for {root} could be made ({error.strerror}).") from error
        lock = FolderLock(folder / "project.lock", str(root))
        try:
            database = prepare(folder)
            loaded = rows.load(database)
            new = "profile" not in loaded.meta
            if new:
                loaded.meta["profile"] = profile or "brain-mri"
            elif loaded.meta["profile"] not in PROFILES:
                raise ProjectError(f"{database} names no profile that is known: update Curator to open it.")
            writer = Writer(database)
        except BaseException:
            lock.release()
            raise
        project = cls(root, folder, lock, loaded, writer)
        if new:
            project._commit([rows.put_meta(profile=project.profile)])
        return project

    def close(self) -> None:
        """Saves what is left and lets go of the project. Raises `ProjectError` if that was not possible."""
        saved = self._writer.close(_CLOSE_SECONDS if self.save_error is None else _CLOSE_SECONDS_FAILING)
        self._lock.release()
        if not saved:
            raise ProjectError(self.save_error or f"{self.folder} could not be saved in time.")

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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
        names = {facts.record.label for facts in self._layers.files.values()}
        return tuple(sorted(names | self._view.tally.counts().by_label.keys()))

    def counts(self) -> Counts:
        """The figures over all images."""
        return self._view.tally.counts()

    def known_files(self) -> dict[str, tuple[int, int]]:
        """Size in bytes and modification time in nanoseconds of files read before, by file name."""
        return {
            facts.record.file_name: (facts.record.size_bytes, facts.changed_ns)
            for facts in self._layers.files.values()
            if facts.changed_ns is not None and facts.record.error is None and not facts.missing
        }

    def earlier_sha256(self, image_id: int) -> str | None:
        """The hash that the file had before it was last found changed, None if it never was."""
        return self._layers.files[image_id].earlier_sha256

    def pixel_proposals(self) -> dict[int, Proposal]:
        """The proposals as made from each image's pixels alone, before copies are compared."""
        return dict(self._layers.proposals)

    def fingerprints(self) -> dict[int, tuple[int, int]]:
        """Perceptual hashes (whole image, head crop) by image id, as far as computed."""
        return dict(self._layers.fingerprints)

    # Edits and their history

    def apply(self, edit: Edit) -> Change:
        """Applies a person's edit as one step. What changes nothing makes no step (`Change.ids` is empty).

        Raises `ValueError` for an image that does not exist or a value that its field cannot hold.
        """
        forward, inverse = transition(self._layers, edit)
        if not forward.fields and not forward.copies:
            return Change((), edit.words, self.sequence, edit.focus_id)
        entry = self._journal.append(forward, inverse, time.time())
        step = rows.put_step(len(self._journal), entry, self._journal.cursor)
        return self._perform([forward], Change((), edit.words, 0, edit.focus_id), step)

    def undo(self) -> Change | None:
        """Takes the last step back; None where there is none."""
        entry = self._journal.last_done
        if entry is None:
            return None
        blank = Change((), f"Undo: {entry.words}", 0, entry.focus_id, "undo")
        return self._walk(self._journal.cursor - 1, blank)

    def redo(self) -> Change | None:
        """Does the next undone step again; None where there is none."""
        entry = self._journal.next_undone
        if entry is None:
            return None
        blank = Change((), f"Redo: {entry.words}", 0, entry.focus_id, "redo")
        return self._walk(self._journal.cursor + 1, blank)

    def jump(self, index: int) -> Change:
        """Goes to just after step `index` of the history, 0 being before all. Raises `IndexError`."""
        back = index < self._journal.cursor
        focus = self._journal.focus(index + 1 if back else index)
        words = f"Back to step {index}" if back else f"Forward to step {index}"
        return self._walk(index, Change((), words, 0, focus, "undo" if back else "redo"))

    @property
    def undo_words(self) -> str | None:
        """What undo would take back."""
        entry = self._journal.last_done
        return entry.words if entry else None

    @property
    def redo_words(self) -> str | None:
        """What redo would do again."""
        entry = self._journal.next_undone
        return entry.words if entry else None

    def history(self, limit: int = 200) -> list[Step]:
        """The last `limit` steps, oldest first, undone ones included."""
        return self._journal.steps(limit)

    def copy_constraints(self) -> tuple[CopyEdit, ...]:
        """What the person said of pairs of images."""
        return tuple(CopyEdit(*pair, same) for pair, same in sorted(self._layers.constraints.items()))

    # What machines found out

    def add_records(
        self,
        records: Sequence[ImageRecord],
        *,
        changed_ns: Mapping[str, int] | None = None,
        renamed: Mapping[str, str] | None = None,
    ) -> Change:
        """Takes in files by name: new ones are inserted, known ones updated and no longer missing.

        `changed_ns` are modification times by file name; `renamed` gives the former name of files that only
        moved. A file whose bytes changed keeps the person's layer, loses its proposal (made from other
        pixels) and is named in the words.
        """
        taken = intake.take_in(self._layers, self._id_of, records, changed_ns or {}, renamed or {})
        self._index_names()
        statements: list[Statement] = [
            rows.put_files({one: self._layers.files[one] for one in taken.ids}),
            rows.put_groups(taken.new, self._layers),
            *rows.drop_proposals(taken.stale),
        ]
        return self._changed(self._view.refresh(taken.ids), taken.words, "records", statements)

    def mark_missing(self, file_names: Iterable[str]) -> Change:
        """Notes that these files are no longer in the folder; everything else about them is kept."""
        ids = [one for one in map(self._id_of.get, file_names) if one is not None]
        for image_id in ids:
            self._layers.files[image_id].missing = True
        statements = [rows.put_files({one: self._layers.files[one] for one in ids})]
        words = f"{len(ids)} files are no longer in the folder"
        return self._changed(self._view.refresh(ids), words, "records", statements)

    def set_proposals(
        self,
        proposals: Mapping[int, Proposal],
        *,
        fingerprints: Mapping[int, tuple[int, int]] | None = None,
    ) -> Change:
        """Replaces the machine's proposals of these images; what a person set stays untouched."""
        known = {one: proposal for one, proposal in proposals.items() if one in self._layers.files}
        hashes = {one: pair for one, pair in (fingerprints or {}).items() if one in self._layers.files}
        self._layers.proposals.update(known)
        self._layers.fingerprints.update(hashes)
        statements = [rows.put_proposals(known), rows.put_fingerprints(hashes)]
        words = f"{len(known)} new proposals"
        return self._changed(self._view.refresh(known), words, "proposals", statements)

    def set_copy_groups(self, groups: Sequence[frozenset[int]]) -> Change:
        """Replaces all copy groups, and with them the leak groups; splits stay, test wins over a border."""
        known = [group & self._layers.files.keys() for group in groups]
        known = [group for group in known if len(group) > 1]
        done = grouping.group(self._layers, self._view, self._ids, known)
        return self._changed(done.ids, f"{len(known)} groups of copies{done.said}", "copies", done.statements)

    def set_profile(self, profile: Profile) -> Change:
        """Changes the profile; proposals of the former one are dropped, what a person set stays."""
        if profile == self.profile:
            return self._changed((), f"Profile {profile}", "proposals", [])
        self.profile = profile
        ids = tuple(self._layers.proposals)
        self._layers.proposals.clear()
        self._layers.fingerprints.clear()
        statements = [rows.put_meta(profile=profile), *rows.drop_proposals(self._ids)]
        return self._changed(self._view.refresh(ids), f"Profile {profile}", "proposals", statements)

    def ensure_splits(self, shares: Shares, seed: int) -> Change:
        """Gives every leak group a split; those that have one keep it. `shares` and `seed` are stored."""
        labels = {one: self._view[one].label for one in self._ids}
        kept = frozenset(one for one in self._ids if self._view[one].decision != "discard")
        before = self._layers.splits
        after = draw(self._layers.leak_group, labels, kept, before, shares, seed)
        self._layers.splits = {**before, **after}
        self._meta.update(shares=[shares.train, shares.val, shares.test], seed=seed)
        statements = [
            rows.put_meta(shares=self._meta["shares"], seed=seed),
            *rows.put_splits(before, self._layers.splits),
        ]
        new = {name for name in after if name not in before}
        ids = self._view.refresh(one for one, name in self._layers.leak_group.items() if name in new)
        return self._changed(ids, f"{len(ids)} images got a split", "splits", statements)

    @property
    def shares(self) -> Shares:
        """The shares that splits were last drawn with, else the default ones."""
        from curator.dataset.split import Shares

        stored = self._meta.get("shares")
        return Shares() if stored is None else Shares(*stored)

    @property
    def seed(self) -> int:
        """The seed that splits were last drawn with."""
        return int(self._meta.get("seed", DEFAULT_SEED))

    # The lock of the test split

    def mark_seen(self, ids: Iterable[int]) -> None:
        """Notes that predictions on these images were shown; only those of the test split count."""
        self._commit([rows.put_ids("seen", self._test.mark_seen(ids))])

    def needs_confirmation(self, edit: Edit) -> tuple[int, ...]:
        """Test images whose predictions were seen, which this edit would be the first to change."""
        return self._test.would_touch(transition(self._layers, edit)[0])

    @property
    def test_touched(self) -> int:
        """How many test images were changed after their predictions were seen; undo does not lower it."""
        return len(self._test.touched)

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

    # Inside

    def _index_names(self) -> None:
        files = self._layers.files
        self._id_of = {facts.record.file_name: image_id for image_id, facts in files.items()}
        self._ids = tuple(self._id_of[name] for name in sorted(self._id_of))

    def _walk(self, index: int, blank: Change) -> Change:
        edits = self._journal.walk(index)
        return self._perform(edits, blank, [rows.put_meta(cursor=self._journal.cursor)])

    def _perform(self, edits: Sequence[Edit], blank: Change, statements: list[Statement]) -> Change:
        """Carries edits out in memory, in order, and queues their sum."""
        fields = {(item.image_id, item.field): item for edit in edits for item in edit.fields}
        copies = {(item.first_id, item.second_id): item for edit in edits for item in edit.copies}
        total = Edit(blank.words, tuple(fields.values()), tuple(copies.values()))
        touched = self._test.touch(total)
        for item in total.fields:
            self._view.set_field(item)
        for pair, word in copies.items():
            if word.same is None:
                self._layers.constraints.pop(pair, None)
            else:
                self._layers.constraints[pair] = word.same
        statements += [*rows.put_fields(total.fields), *rows.put_constraints(total.copies)]
        statements.append(rows.put_ids("touched", touched))
        ids = set(self._view.refresh({item.image_id for item in total.fields}))
        words = blank.words
        if copies:
            pairs = {image_id for pair in copies for image_id in pair}
            done = grouping.group_around(self._layers, self._view, pairs)
            ids |= set(done.ids)
            statements += done.statements
            words += done.said
        return self._changed(tuple(sorted(ids)), words, blank.kind, statements, blank.focus_id)

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
