"""In what order images are worked on: nearest the cursor first, wherever the cursor goes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence


class Focus:
    """The image that the person is at. Set on one thread, read on another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._image_id: int | None = None

    def set(self, image_id: int) -> None:
        """The person went to this image."""
        with self._lock:
            self._image_id = image_id

    def get(self) -> int | None:
        """The image the person is at, None if that is not known."""
        with self._lock:
            return self._image_id


class NearestFirst:
    """Hands out positions 0..n-1, each once: the free one nearest the focus, the later one of two.

    While the focus is on an image that is not among `ids`, the last one that was counts.
    """

    def __init__(self, ids: Sequence[int], focus: Focus | None) -> None:
        self._count = len(ids)
        self._position = {image_id: position for position, image_id in enumerate(ids)}
        self._focus = focus
        self._centre = 0
        # Position + 1 of the nearest free one to the right and to the left; path compression keeps it short.
        self._right = list(range(self._count + 2))
        self._left = list(range(self._count + 2))
        self._free = self._count

    def __len__(self) -> int:
        return self._free

    def take(self) -> int:
        """The next position. Raises `IndexError` when none is left."""
        if not self._free:
            raise IndexError("no image is left")
        focus = self._focus.get() if self._focus is not None else None
        if focus is not None:
            self._centre = self._position.get(focus, self._centre)
        right = _find(self._right, self._centre + 1)
        left = _find(self._left, self._centre + 1)
        to_right, to_left = right - 1 - self._centre, self._centre - (left - 1)
        place = right if right <= self._count and (left < 1 or to_right <= to_left) else left
        self._right[place] = place + 1
        self._left[place] = place - 1
        self._free -= 1
        return place - 1


def _find(parent: list[int], start: int) -> int:
    root = start
    while parent[root] != root:
        root = parent[root]
    while parent[start] != root:
        parent[start], start = root, parent[start]
    return root
