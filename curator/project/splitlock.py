"""The lock of the test split: which test images a person changed after seeing their predictions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from curator.project.view import View
from curator.records import Edit, ImageState


class SplitLock:
    """`seen` and `touched` only grow: what was seen cannot be unseen, and undo does not mend it."""

    def __init__(self, view: View, seen: set[int], touched: set[int]) -> None:
        self._view = view
        self._seen = seen
        self.touched = touched

    def mark_seen(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Notes that predictions were shown; returns the test images for which that is new."""
        new = {one for one in ids if one in self._view and self._view[one].split == "test"} - self._seen
        self._seen |= new
        return tuple(sorted(new))

    def concerns(self, edit: Edit) -> bool:
        """Whether the edit is about any seen, yet untouched image at all: quick, also for thousands."""
        locked = self._seen - self.touched
        return bool(locked) and not locked.isdisjoint(item.image_id for item in edit.fields)

    def would_touch(self, edit: Edit) -> tuple[int, ...]:
        """Seen, yet untouched test images whose decision, pixels or label the edit would change."""
        locked = self._seen - self.touched
        if not self.concerns(edit):
            return ()
        return tuple(
            sorted(
                image_id
                for image_id, after in self._view.preview(edit).items()
                if image_id in locked
                and after.split == "test"
                and _substance(after) != _substance(self._view[image_id])
            )
        )

    def touch(self, edit: Edit) -> tuple[int, ...]:
        """Notes what the edit, about to be carried out, touches; returns the images for which that is new."""
        new = self.would_touch(edit)
        self.touched.update(new)
        return new


def _substance(state: ImageState) -> tuple[Any, ...]:
    return (state.decision, state.discard_reason, state.crop, state.masks, state.fill, state.label)
