"""What the gallery shows: one item a prediction, with everything that sorting and filtering need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from curator.records import Edits, ImageState, Prediction

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady
    from curator.manifest.schema import ManifestRow
    from curator.project import Project

Order: TypeAlias = Literal["loss", "confidence", "margin", "name"]
ORDERS: Final[tuple[tuple[Order, str], ...]] = (
    ("loss", "sorted by loss"),
    ("confidence", "least sure first"),
    ("margin", "closest calls first"),
    ("name", "sorted by name"),
)
Cell: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """One predicted image. `image_id` is -1 if the project no longer has it; `mended`: it was edited,
    relabelled or decided differently since the run's manifest was written."""

    prediction: Prediction
    edits: Edits
    image_id: int
    true: int
    said: int
    mended: bool
    looked: bool

    @property
    def name(self) -> str:
        """The image's file name."""
        return self.prediction.file_name

    @property
    def wrong(self) -> bool:
        """Whether the network said another class than the label."""
        return self.true != self.said

    @property
    def confidence(self) -> float:
        """The probability of what was said."""
        return max(self.prediction.probabilities)

    @property
    def margin(self) -> float:
        """The probability of what was said less that of the next class."""
        first, second = sorted(self.prediction.probabilities, reverse=True)[:2]
        return first - second


def items_of(results: ResultsReady, project: Project) -> list[Item]:
    """The items of some results, with the project's images they belong to."""
    index = {name: number for number, name in enumerate(results.run.classes)}
    found = []
    for prediction in results.predictions:
        row = results.rows[prediction.file_name]
        image_id = project.id_of(prediction.file_name)
        found.append(
            Item(
                prediction=prediction,
                edits=row.edits,
                image_id=-1 if image_id is None else image_id,
                true=index.get(prediction.label or "", -1),
                said=index[prediction.predicted],
                mended=image_id is not None and mended(project.state(image_id), row),
                looked=prediction.file_name in results.looked,
            )
        )
    return found


def mended(state: ImageState, row: ManifestRow) -> bool:
    """Whether a person has changed the image since the manifest's row was written."""
    return (
        state.edits.crop != row.edits.crop
        or state.edits.masks != row.edits.masks
        or state.label != row.label
        or (state.decided_by == "person" and state.decision != row.decision)
    )


def chosen(items: Iterable[Item], order: Order, cell: Cell | None, wrong_only: bool) -> list[Item]:
    """The items that pass the filter, in order."""
    found = [
        item
        for item in items
        if (cell is None or (item.true, item.said) == cell) and (item.wrong or not wrong_only)
    ]
    keys = {
        "loss": lambda item: (-(item.prediction.loss or 0.0), item.name),
        "confidence": lambda item: (item.confidence, item.name),
        "margin": lambda item: (item.margin, item.name),
        "name": lambda item: (item.name,),
    }
    return sorted(found, key=keys[order])


def with_looked(item: Item, looked: bool) -> Item:
    """The item, looked at or not."""
    return replace(item, looked=looked)
