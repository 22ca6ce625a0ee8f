"""Where each source was left, so that it is found as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from curator.app.review.items import Order, Wish

if TYPE_CHECKING:
    from curator.evaluation.results import Source

_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a gallery: filter, order, chosen image, selected ones, how far it is scrolled in pixels."""

    wish: Wish
    order: Order
    name: str | None
    selected: tuple[str, ...]
    scroll: int


class Places:
    """The last places, one a source."""

    def __init__(self) -> None:
        self._places: dict[Source, Place] = {}

    def keep(self, source: Source, place: Place) -> None:
        """Keeps where a source is left."""
        self._places.pop(source, None)
        self._places[source] = place
        while len(self._places) > _MOST:
            del self._places[next(iter(self._places))]

    def of(self, source: Source | None) -> Place | None:
        """Where a source was left, None if it was not shown yet."""
        return self._places.get(source) if source is not None else None

    def clear(self) -> None:
        """Forgets all."""
        self._places.clear()
