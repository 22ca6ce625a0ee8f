"""What is listed of the images and in which order, as values that can be stored with the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from curator.records import DISCARD_REASONS, MASK_KINDS, SPLITS, DiscardReason, MaskKind, Split

Which: TypeAlias = Literal[
    "all", "to-do", "unsure", "copies", "conflicts", "discarded", "kept", "overlays", "on-brain"
]
Order: TypeAlias = Literal["name", "unsure-first", "size", "likeness"]

WHICH: Final[tuple[Which, ...]] = get_args(Which)
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is listed: images for which all of this holds.

    `text` is looked for in names and notes; `least_confidence` and `most_confidence` (both included, 0..1)
    also drop images without a proposal; of `labels`, `reasons`, `kinds` (of an overlay or mask) and `splits`
    any one has to fit, where there are any; `only` lists no others than these ids, and is not stored.
    """

    which: Which = "all"
    text: str = ""
    least_confidence: float | None = None
    most_confidence: float | None = None
    labels: frozenset[str] = frozenset()
    reasons: frozenset[DiscardReason] = frozenset()
    kinds: frozenset[MaskKind] = frozenset()
    splits: frozenset[Split] = frozenset()
    only: frozenset[int] | None = None

    @property
    def details(self) -> int:
        """How many conditions are set beside `which` and `text`."""
        parts = (self.labels, self.reasons, self.kinds, self.splits, self.only)
        sure = self.least_confidence is not None or self.most_confidence is not None
        return sum(map(bool, parts)) + sure

    def without_details(self) -> Filter:
        """The same with `which` and `text` alone."""
        return Filter(self.which, self.text)

    def toggled(self, name: str, value: str) -> Filter:
        """With one value of `labels`, `reasons`, `kinds` or `splits` put in or taken out."""
        return replace(self, **{name: getattr(self, name) ^ {value}})


def to_json(wanted: Filter, order: Order) -> dict[str, Any]:
    """What is stored with the project."""
    return {
        "which": wanted.which,
        "text": wanted.text,
        "confidence": [wanted.least_confidence, wanted.most_confidence],
        "labels": sorted(wanted.labels),
        "reasons": sorted(wanted.reasons),
        "kinds": sorted(wanted.kinds),
        "splits": sorted(wanted.splits),
        # Likeness is to an image that the person was at: it means nothing later.
        "order": "name" if order == "likeness" else order,
    }


def from_json(data: object) -> tuple[Filter, Order]:
    """The inverse of `to_json`; whatever makes no sense counts as not set."""
    stored: Mapping[str, Any] = data if isinstance(data, dict) else {}
    which, order, text = stored.get("which"), stored.get("order"), stored.get("text")
    bounds = stored.get("confidence")
    least, most = bounds if isinstance(bounds, list) and len(bounds) == 2 else (None, None)
    labels = stored.get("labels")
    return (
        Filter(
            next((one for one in WHICH if one == which), "all"),
            text if isinstance(text, str) else "",
            least if isinstance(least, float) else None,
            most if isinstance(most, float) else None,
            frozenset(one for one in labels if isinstance(one, str))
            if isinstance(labels, list)
            else frozenset(),
            frozenset(one for one in DISCARD_REASONS if one in _listed(stored, "reasons")),
            frozenset(one for one in MASK_KINDS if one in _listed(stored, "kinds")),
            frozenset(one for one in SPLITS if one in _listed(stored, "splits")),
        ),
        next((one for one in ORDERS if one == order), "name"),
    )


def _listed(stored: Mapping[str, Any], name: str) -> list[Any]:
    value = stored.get(name)
    return value if isinstance(value, list) else []
