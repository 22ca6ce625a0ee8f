"""The one history: steps with what they did and what undoes it, and a cursor between done and undone.

Pure bookkeeping in memory; what it returns is applied and stored by `Project`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from curator.project.codec import edit_from_json, edit_to_json
from curator.records import Edit

# Seconds between two nudges that count as one step.
_MOMENT: Final = 1.5


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history panel. `index` counts from 1, `at` is in epoch seconds."""

    index: int
    words: str
    at: float
    undone: bool
    focus_id: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One step: what it did and what undoes it.

    Steps of former sessions stay JSON (of `codec.edit_to_json`) until they are needed, those of this one
    stay edits until the writer needs JSON: neither costs time while a person waits.
    """

    words: str
    forward: Edit | str
    inverse: Edit | str
    at: float
    focus_id: int | None
    merges: bool = False

    def edit(self, inverse: bool) -> Edit:
        """The edit that redoes or (`inverse`) undoes the step."""
        wanted = self.inverse if inverse else self.forward
        return edit_from_json(wanted, self.words, self.focus_id) if isinstance(wanted, str) else wanted

    def as_json(self, inverse: bool) -> str:
        """The same as JSON."""
        wanted = self.inverse if inverse else self.forward
        return wanted if isinstance(wanted, str) else edit_to_json(wanted)


class Journal:
    """The steps in order; the first `cursor` of them are in force."""

    def __init__(self, entries: Iterable[Entry] = (), cursor: int = 0) -> None:
        self._entries = list(entries)
        self.cursor = min(max(cursor, 0), len(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, forward: Edit, inverse: Edit, at: float, *, merges: bool = False) -> Entry:
        """Records a new step after the cursor; what was undone can no longer be redone."""
        entry = Entry(forward.words, forward, inverse, at, forward.focus_id, merges)
        del self._entries[self.cursor :]
        self._entries.append(entry)
        self.cursor += 1
        return entry

    def merge(self, forward: Edit, at: float) -> Entry | None:
        """Lets the last step do `forward` too; None where the two do not belong together.

        They do if the last step is one that others join, of this session, has the same words and fields, is at
        most `_MOMENT` old, and nothing is undone after it.
        """
        last = self.last_done
        if last is None or not last.merges or self.cursor < len(self._entries) or at - last.at > _MOMENT:
            return None
        if isinstance(last.forward, str) or last.words != forward.words or last.forward.copies:
            return None
        if _names(last.forward) != _names(forward) or forward.copies:
            return None
        entry = Entry(last.words, forward, last.inverse, at, forward.focus_id, True)
        self._entries[-1] = entry
        return entry

    @property
    def last_done(self) -> Entry | None:
        """The step that undo takes back."""
        return self._entries[self.cursor - 1] if self.cursor else None

    @property
    def next_undone(self) -> Entry | None:
        """The step that redo does again."""
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    def focus(self, number: int) -> int | None:
        """The image that step `number` (from 1) was made on, None where there is no such step."""
        return self._entries[number - 1].focus_id if 0 < number <= len(self._entries) else None

    def walk(self, index: int) -> list[Edit]:
        """Moves the cursor to just after step `index` (0: before all) and returns the edits on the way.

        Raises `IndexError` for a step that does not exist.
        """
        if not 0 <= index <= len(self._entries):
            raise IndexError(f"the history has no step {index}")
        if index < self.cursor:
            edits = [entry.edit(inverse=True) for entry in reversed(self._entries[index : self.cursor])]
        else:
            edits = [entry.edit(inverse=False) for entry in self._entries[self.cursor : index]]
        self.cursor = index
        return edits

    def steps(self, limit: int) -> list[Step]:
        """The last `limit` steps in order, undone ones included."""
        first = max(0, len(self._entries) - limit)
        return [
            Step(number, entry.words, entry.at, number > self.cursor, entry.focus_id)
            for number, entry in enumerate(self._entries[first:], first + 1)
        ]


def _names(edit: Edit) -> set[tuple[int, str]]:
    return {(item.image_id, item.field) for item in edit.fields}
