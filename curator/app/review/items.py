"""One prediction as the gallery shows it, and what galleries are ordered and filtered by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from curator.records import Decision, Edits, ImageState, MaskKind, Prediction, Split

if TYPE_CHECKING:
    from curator.manifest.schema import ManifestRow

Order: TypeAlias = Literal["loss", "confidence", "margin", "queue", "disagreement", "swings", "heat", "name"]
# What each order is called; those of `MEASURED` are only offered where something was measured.
ORDERS: Final[tuple[tuple[Order, str], ...]] = (
    ("loss", "sorted by loss"),
    ("confidence", "least sure first"),
    ("margin", "closest calls first"),
    ("queue", "by the queue"),
    ("disagreement", "networks disagree"),
    ("swings", "swings without mask or crop"),
    ("heat", "heat outside the head"),
    ("name", "sorted by name"),
)
MEASURED: Final[tuple[Order, ...]] = ("queue", "disagreement", "swings", "heat")
Cell: TypeAlias = tuple[int, int]
Right: TypeAlias = Literal["all", "right", "wrong"]
# Class (-1: the one that was said), least and most probability of it.
Range: TypeAlias = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Item:
    """One predicted image. `image_id` is -1 if the project does not have it; `true` is -1 if its label is none
    of the run's classes; `mended`: it was edited, relabelled or decided differently since the run's manifest was
    written, `discarded` if that is how."""

    prediction: Prediction
    edits: Edits
    image_id: int
    true: int
    said: int
    mended: bool
    discarded: bool
    looked: bool

    @property
    def name(self) -> str:
        """The image's file name."""
        return self.prediction.file_name

    @property
    def wrong(self) -> bool:
        """Whether the network said another class than the label."""
        return self.true >= 0 and self.true != self.said

    @property
    def confidence(self) -> float:
        """The probability of what was said."""
        return self.prediction.probabilities[self.said]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which predictions are wanted: those for which all of this holds.

    Of `labels` and `said` (classes by number), `splits`, `decisions` (as they are now), `kinds` (of a mask that
    the network's image had) and `folds` any one has to fit, where there are any; `cell` is of the confusion
    matrix; `only` names images, those of a queue say.
    """

    right: Right = "all"
    cell: Cell | None = None
    labels: frozenset[int] = frozenset()
    said: frozenset[int] = frozenset()
    splits: frozenset[Split] = frozenset()
    decisions: frozenset[Decision] = frozenset()
    kinds: frozenset[MaskKind] = frozenset()
    folds: frozenset[int] = frozenset()
    range: Range | None = None
    only: frozenset[str] | None = None
    only_words: str = ""

    @property
    def details(self) -> int:
        """How many conditions are set beside `right`, `cell` and `only`."""
        parts = (self.labels, self.said, self.splits, self.decisions, self.kinds, self.folds)
        return sum(map(bool, parts)) + (self.range is not None)

    def without_details(self) -> Wish:
        """The same with `right`, `cell` and `only` alone."""
        return Wish(self.right, self.cell, only=self.only, only_words=self.only_words)

    def toggled(self, name: str, value: Any) -> Wish:
        """With one value of `labels`, `said`, `splits`, `decisions`, `kinds` or `folds` put in or taken out."""
        return replace(self, **{name: getattr(self, name) ^ {value}})


def mended(state: ImageState, row: ManifestRow) -> bool:
    """Whether a person has changed the image since the manifest's row was written."""
    return (
        state.label != row.label
        or (state.decided_by == "person" and state.decision != row.decision)
        or _edited(state, row)
    )


def _edited(state: ImageState, row: ManifestRow) -> bool:
    crop = None if state.crop is None else (state.crop.x, state.crop.y, state.crop.width, state.crop.height)
    if crop != row.crop or len(state.masks) != len(row.masks):
        return True
    return bool(row.masks) and state.masks != row.edits.masks
