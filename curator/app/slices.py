"""Cuts large events of background jobs into pieces small enough to be applied between two frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from curator.records import Event

# Applying one image's record or proposal costs some 20 µs; 64 of them stay well below a frame.
_PIECE: Final = 64
_PARTS: Final = ("proposals", "records")


def sliced(event: Event) -> Iterator[Event]:
    """`event` itself, or several of its kind whose `proposals` or `records` add up to the event's."""
    for name in _PARTS:
        whole = getattr(event, name, None)
        if isinstance(whole, (Mapping, tuple, list)) and len(whole) > _PIECE:
            for part in _pieces(whole):
                yield dataclasses.replace(event, **{name: part})
            return
    yield event


def _pieces(whole: Mapping[Any, Any] | tuple[Any, ...] | list[Any]) -> Iterator[Any]:
    if isinstance(whole, Mapping):
        items = iter(whole.items())
        while piece := dict(islice(items, _PIECE)):
            yield piece
    else:
        for start in range(0, len(whole), _PIECE):
            yield whole[start : start + _PIECE]
