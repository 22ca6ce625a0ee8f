"""A cache with a limit in bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class ByteCache(Generic[V]):
    """Least recently used values up to a number of bytes; the newest one always stays."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._items: OrderedDict[object, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: object) -> V | None:
        """The value, which counts as used now, or None."""
        item = self._items.get(key)
        if item is None:
            return None
        self._items.move_to_end(key)
        return item[0]

    def put(self, key: object, value: V, size: int) -> None:
        """Stores a value of `size` bytes."""
        old = self._items.pop(key, None)
        self._bytes += size - (old[1] if old is not None else 0)
        self._items[key] = (value, size)
        while self._bytes > self._most and len(self._items) > 1:
            _, (_, gone) = self._items.popitem(last=False)
            self._bytes -= gone

    def clear(self) -> None:
        """Forgets everything."""
        self._items.clear()
        self._bytes = 0
