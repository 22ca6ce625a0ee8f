"""Headline figures with intervals: bootstrap over groups, since images of one group are not independent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curator.metrics import accuracy, auroc, balanced_accuracy, confusion_matrix
from curator.records import Prediction

_SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval (percentiles 2.5 and 97.5 of the bootstrap)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: images that are of it, its recall and its precision (None where nothing was predicted)."""

    name: str
    images: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What predictions with known labels add up to.

    `confusion` has a row a true class and a column a predicted one; `majority` is the accuracy of always
    saying the most frequent class; `metrics` holds None where a figure is not defined.
    """

    n_images: int
    n_groups: int
    classes: tuple[str, ...]
    metrics: dict[str, Interval | None]
    majority: float
    confusion: npt.NDArray[np.int64]
    per_class: tuple[ClassFigures, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "images": self.n_images,
            "groups": self.n_groups,
            "classes": list(self.classes),
            "metrics": {name: asdict(one) if one else None for name, one in self.metrics.items()},
            "majority": self.majority,
            "confusion": self.confusion.tolist(),
            "per_class": [asdict(one) for one in self.per_class],
        }


def summarise(
    predictions: Sequence[Prediction], classes: Sequence[str], *, seed: int = 0, samples: int = _SAMPLES
) -> Summary:
    """Figures of the predictions whose label is among `classes`.

    Whole groups are drawn with replacement, `samples` times, from a generator seeded with `seed`; a prediction
    without a group is one of its own.
    """
    known = [one for one in predictions if one.label in classes]
    index = {name: number for number, name in enumerate(classes)}
    true = np.array([index[one.label] for one in known if one.label is not None], np.int64)
    probabilities = np.array([one.probabilities for one in known], np.float64).reshape(
        len(known), len(classes)
    )
    predicted = np.array([index[one.predicted] for one in known], np.int64)
    names = [one.group or f"\0{one.file_name}" for one in known]
    groups = [np.flatnonzero(np.array(names) == name) for name in sorted(set(names))]
    counts = confusion_matrix(true, predicted, len(classes))
    return Summary(
        n_images=len(known),
        n_groups=len(groups),
        classes=tuple(classes),
        metrics=_with_intervals(true, predicted, probabilities, groups, seed, samples),
        majority=max(Counter(true.tolist()).values(), default=0) / max(1, len(known)),
        confusion=counts,
        per_class=_per_class(counts, classes),
    )


def _with_intervals(
    true: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float64],
    groups: list[npt.NDArray[np.intp]],
    seed: int,
    samples: int,
) -> dict[str, Interval | None]:
    classes = probabilities.shape[1]

    def figures(chosen: npt.NDArray[np.intp]) -> dict[str, float | None]:
        of, said, sure = true[chosen], predicted[chosen], probabilities[chosen]
        return {
            "balanced_accuracy": balanced_accuracy(of, said, classes),
            "auroc": auroc(of, sure),
            "accuracy": accuracy(of, said),
            "loss": float(-np.log(np.maximum(sure[np.arange(len(of)), of], 1e-12)).mean()),
        }

    if not groups:
        return dict.fromkeys(("balanced_accuracy", "auroc", "accuracy", "loss"))
    whole = figures(np.arange(len(true)))
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in whole}
    for _ in range(samples):
        picked = random.integers(0, len(groups), len(groups))
        for name, value in figures(np.concatenate([groups[i] for i in picked])).items():
            if value is not None:
                drawn[name].append(value)
    return {name: _interval(value, drawn[name]) for name, value in whole.items()}


def _interval(value: float | None, drawn: list[float]) -> Interval | None:
    if value is None or math.isnan(value) or not drawn:
        return None
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def _per_class(counts: npt.NDArray[np.int64], classes: Sequence[str]) -> tuple[ClassFigures, ...]:
    rows = []
    for number, name in enumerate(classes):
        right, images, said = (
            int(counts[number, number]),
            int(counts[number].sum()),
            int(counts[:, number].sum()),
        )
        rows.append(
            ClassFigures(name, images, right / images if images else None, right / said if said else None)
        )
    return tuple(rows)
