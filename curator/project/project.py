"""A dataset's project: layers in memory for reading, a journal for undo, a writer for the disk.

All methods are called from one thread. Reading never touches the disk; a change is in memory when its method
returns and on disk once `saved_sequence` reaches its `Change.sequence`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from curator import paths
from curator.errors import ProjectError
from curator.project import grouping, rows
from curator.project.findings import Findings
from curator.project.journal import Journal, Step
from curator.project.lock import FolderLock
from curator.project.schema import prepare
from curator.project.store import Statement, Unsaved, Writer
from curator.project.transition import transition
from curator.project.view import Layers
from curator.records import PROFILES, Change, CopyEdit, Edit, ImageState, Profile

_CLOSE_SECONDS: Final = 10.0
_CLOSE_SECONDS_FAILING: Final = 1.0


class Project(Findings):
    """The state of one dataset; see the module's text. Use `open`, and `close` at the end."""

    _lock: FolderLock | None = None

    @classmethod
    def open(cls, root: Path, *, profile: Profile | None = None, folder: Path | None = None) -> Project:
        """Opens the project of the dataset folder `root`, or creates it.

        `profile` is for a new project ("brain-mri" where None); one that exists keeps its own. `folder` is
        where it lies, or is made, if that is not the dataset's own place for it. Raises `ProjectError` with
        the cure: no such folder, open elsewhere, damaged, made by a newer Curator.
        """
        root = Path(root).resolve()
        if not root.is_dir():
            raise ProjectError(f"{root} is not a folder: choose the folder that holds the class folders.")
        try:
            if folder is None:
                folder = paths.project_dir(root)
            else:
                folder.mkdir(parents=True, exist_ok=True)
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
        project = cls(root, folder, loaded, writer)
        project._lock = lock
        if new:
            project._commit([rows.put_meta(profile=project.profile)])
        return project

    @classmethod
    def in_memory(cls, root: Path, *, profile: Profile = "brain-mri") -> Project:
        """A project that is never written and needs no lock: for what only reads. `folder` does not exist."""
        root = Path(root).resolve()
        folder = root.with_name(f"{root.name}.curator")
        loaded = rows.Loaded(Layers(), Journal(), {"profile": profile}, {})
        return cls(root, folder, loaded, Unsaved())

    def close(self) -> None:
        """Saves what is left and lets go of the project. Raises `ProjectError` if that was not possible."""
        saved = self._writer.close(_CLOSE_SECONDS if self.save_error is None else _CLOSE_SECONDS_FAILING)
        if self._lock is not None:
            self._lock.release()
        if not saved:
            raise ProjectError(self.save_error or f"{self.folder} could not be saved in time.")

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Edits and their history

    def apply(self, edit: Edit) -> Change:
        """Applies a person's edit as one step. What changes nothing makes no step (`Change.ids` is empty).

        Raises `ValueError` for an image that does not exist or a value that its field cannot hold.
        """
        forward, inverse = transition(self._layers, edit)
        if not forward.fields and not forward.copies:
            return Change((), edit.words, self.sequence, edit.focus_id)
        now = time.time()
        merged = self._journal.merge(forward, now) if edit.merges else None
        entry = merged or self._journal.append(forward, inverse, now, merges=edit.merges)
        step = rows.put_step(len(self._journal), entry, self._journal.cursor)
        return self._perform([forward], Change((), edit.words, 0, edit.focus_id), step)

    def preview(self, edit: Edit) -> dict[int, ImageState]:
        """What the states of the edited images would be, by id; nothing is changed.

        Raises `ValueError` as `apply` does.
        """
        return self._view.preview(transition(self._layers, edit)[0])

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

    # The lock of the test split

    def mark_seen(self, ids: Iterable[int]) -> None:
        """Notes that predictions on these images were shown; only those of the test split count."""
        self._commit([rows.put_ids("seen", self._test.mark_seen(ids))])

    def needs_confirmation(self, edit: Edit) -> tuple[int, ...]:
        """Test images whose predictions were seen, which this edit would be the first to change."""
        if not self._test.concerns(edit):
            return ()
        return self._test.would_touch(transition(self._layers, edit)[0])

    @property
    def test_touched(self) -> int:
        """How many test images were changed after their predictions were seen; undo does not lower it."""
        return len(self._test.touched)

    # Inside

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
