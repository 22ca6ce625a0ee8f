"""Headline figures with intervals: bootstrap over groups, since images of one group are not independent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.metrics import accuracy, auroc, balanced_accuracy, confusion_matrix, cross_entropy
from curator.records import Prediction

Indices: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

# The figures, in the order of how much they say, and what a person calls them.
METRICS: Final[Mapping[str, str]] = {
    "balanced_accuracy": "balanced accuracy",
    "auroc": "AUROC",
    "accuracy": "accuracy",
    "loss": "loss",
}

_SAMPLES = 2000
# The fewest draws that still place the percentiles 2.5 and 97.5.
_LEAST_SAMPLES = 200
# Draws x images x classes that a macro AUROC may cost (about 2 s), and draws x images in memory at once.
_RANKED_CELLS = 200_000_000
_CHUNK_CELLS = 1_000_000
_ROWS_AT_ONCE = 256


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
            "metrics": plain_intervals(self.metrics),
            "majority": self.majority,
            "confusion": self.confusion.tolist(),
            "per_class": [asdict(one) for one in self.per_class],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Summary:
        """What `to_json` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        return cls(
            n_images=int(values["images"]),
            n_groups=int(values["groups"]),
            classes=tuple(values["classes"]),
            metrics=intervals_of(values["metrics"]),
            majority=float(values["majority"]),
            confusion=np.array(values["confusion"], np.int64),
            per_class=tuple(ClassFigures(**one) for one in values["per_class"]),
        )


def plain_intervals(figures: Mapping[str, Interval | None]) -> dict[str, Any]:
    """Figures by name as a JSON file holds them; `intervals_of` reads them again."""
    return {name: asdict(one) if one else None for name, one in figures.items()}


def intervals_of(values: Mapping[str, Any]) -> dict[str, Interval | None]:
    """Figures by name as a JSON file holds them: `{"value", "low", "high"}` or null each."""
    return {name: Interval(**one) if one else None for name, one in values.items()}


def summarise(
    predictions: Sequence[Prediction], classes: Sequence[str], *, seed: int = 0, samples: int = _SAMPLES
) -> Summary:
    """Figures of the predictions whose label is among `classes`.

    Whole groups are drawn with replacement, `samples` times, from a generator seeded with `seed`; a prediction
    without a group is one of its own. Draws in which a figure is not defined are left out of its interval; the
    AUROC of many classes and images takes fewer draws, never below 200.
    """
    true, predicted, probabilities, groups = arrays_of(predictions, classes)
    counts = confusion_matrix(true, predicted, len(classes))
    return Summary(
        n_images=len(true),
        n_groups=len(set(groups.tolist())),
        classes=tuple(classes),
        metrics=_with_intervals(true, predicted, probabilities, groups, seed, samples),
        majority=max(Counter(true.tolist()).values(), default=0) / max(1, len(true)),
        confusion=counts,
        per_class=_per_class(counts, classes),
    )


def paired_differences(
    first: Sequence[Prediction],
    second: Sequence[Prediction],
    classes: Sequence[str],
    *,
    seed: int = 0,
    samples: int = _SAMPLES,
) -> dict[str, Interval | None]:
    """How much each figure of `first` is above that of `second`, of the images that both tell of.

    Both are judged on the same draws of whole groups, so that what makes a draw easy or hard for both falls
    out of the difference (paired bootstrap; Efron and Tibshirani, 1993, chapter 16). The group of an image must
    be the same in both; draws in which a figure is not defined for both are left out.
    """
    others = {one.file_name: one for one in second}
    shared = sorted((one for one in first if one.file_name in others), key=lambda one: one.file_name)
    drawn = [
        _draws(*arrays_of(part, classes), seed, samples)
        for part in (shared, [others[one.file_name] for one in shared])
    ]
    found: dict[str, Interval | None] = {}
    for name in METRICS:
        (value, values), (other, other_values) = (one[name] for one in drawn)
        found[name] = None
        if value is not None and other is not None:
            found[name] = interval_of(value - other, values - other_values)
    return found


def arrays_of(
    predictions: Sequence[Prediction], classes: Sequence[str]
) -> tuple[Indices, Indices, Floats, Indices]:
    """True and predicted classes (n,), probabilities (n, classes) and groups (n,) of what has a known label."""
    known = [one for one in predictions if one.label in classes]
    index = {name: number for number, name in enumerate(classes)}
    true = np.array([index[one.label] for one in known if one.label is not None], np.int64)
    probabilities = np.empty((len(known), len(classes)))
    # In parts: one call for thousands of predictions of many classes would hold up the window's thread meanwhile.
    for first in range(0, len(known), _ROWS_AT_ONCE):
        rows = known[first : first + _ROWS_AT_ONCE]
        probabilities[first : first + len(rows)] = [one.probabilities for one in rows]
    predicted = np.array([index[one.predicted] for one in known], np.int64)
    names = [one.group or f"\0{one.file_name}" for one in known]
    order = {name: number for number, name in enumerate(sorted(set(names)))}
    groups = np.array([order[name] for name in names], np.int64)
    return true, predicted, probabilities, groups


def _with_intervals(
    true: Indices, predicted: Indices, probabilities: Floats, groups: Indices, seed: int, samples: int
) -> dict[str, Interval | None]:
    """The figures of all images, and their intervals from `samples` draws of whole groups."""
    drawn = _draws(true, predicted, probabilities, groups, seed, samples)
    return {name: interval_of(value, values) for name, (value, values) in drawn.items()}


def _draws(
    true: Indices, predicted: Indices, probabilities: Floats, groups: Indices, seed: int, samples: int
) -> dict[str, tuple[float | None, Floats]]:
    """Each figure of all images, and of each draw, NaN where it is not defined there; the draws follow from
    `groups` and `seed` alone.
    """
    if not len(true):
        return {name: (None, np.zeros(0)) for name in METRICS}
    losses = cross_entropy(true, probabilities)
    whole = (
        balanced_accuracy(true, predicted, probabilities.shape[1]),
        auroc(true, probabilities),
        accuracy(true, predicted),
        float(losses.mean()),
    )
    # By class, so that a class is one run of columns.
    by_class = np.argsort(true, kind="stable")
    true, losses, groups = true[by_class], losses[by_class], groups[by_class]
    right = (predicted[by_class] == true).astype(np.float64)
    curves = _rank_orders(true, probabilities[by_class])
    starts = np.flatnonzero(np.diff(true, prepend=-1))
    # A macro AUROC sorts every draw once a class: with many classes fewer draws, not minutes.
    # By the number of classes, not by the curves there are: two runs that are paired sort equally many draws.
    classes = probabilities.shape[1]
    ranked = ranked_samples(samples, len(true), classes if classes > 2 else 1)
    drawn: list[list[Floats]] = [[] for _ in METRICS]
    first = 0
    for weights in group_draws(groups, seed, samples):
        total = weights.sum(axis=1)
        of_class = np.add.reduceat(weights, starts, axis=1)
        hits = np.add.reduceat(weights * right, starts, axis=1)
        present = of_class > 0
        recalls = np.divide(hits, of_class, out=np.zeros_like(hits), where=present)
        drawn[0].append(recalls.sum(axis=1) / present.sum(axis=1))
        drawn[1].append(_areas(weights[: max(0, ranked - first)], curves))
        drawn[2].append(weights @ right / total)
        drawn[3].append(weights @ losses / total)
        first += len(weights)
    return {
        name: (value, np.concatenate(parts)) for name, value, parts in zip(METRICS, whole, drawn, strict=True)
    }


def group_draws(groups: Indices, seed: int, samples: int) -> Iterator[Floats]:
    """How often each image counts in each of `samples` draws of whole groups with replacement: parts of (draws, n),
    each about 8 MB. `groups` (n,) are numbers from 0; the draws follow from them and `seed` alone.
    """
    random = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    rows = max(1, _CHUNK_CELLS // max(len(groups), count))
    for first in range(0, samples, rows):
        here = min(rows, samples - first)
        yield _times_drawn(random.integers(0, count, (here, count)), count)[:, groups]


def ranked_samples(samples: int, images: int, curves: int) -> int:
    """How many of `samples` draws to take where each sorts all images for each of `curves`: never below 200."""
    return min(samples, max(_LEAST_SAMPLES, _RANKED_CELLS // max(1, images * curves)))


def _times_drawn(picked: Indices, count: int) -> Floats:
    """How often each of `count` groups was drawn, (draws, count), from the groups drawn, (draws, any)."""
    rows = np.arange(len(picked))[:, None] * count
    times = np.bincount((picked + rows).ravel(), minlength=len(picked) * count)
    return times.reshape(len(picked), count).astype(np.float64)


@dataclass(frozen=True, slots=True)
class _RankOrder:
    """Images by rising probability of one class: `order` (n,), which of them are of it, and for those the
    range [first, end) of equal probabilities they stand in."""

    order: Indices
    positive: npt.NDArray[np.bool_]
    first: Indices
    end: Indices


def _rank_orders(true: Indices, probabilities: Floats) -> list[_RankOrder]:
    """Of class 1 for two classes, else of each class, as `metrics.auroc` does."""
    classes = probabilities.shape[1]
    found = []
    for index in [1] if classes == 2 else range(classes):
        order = np.argsort(probabilities[:, index], kind="stable")
        ordered = probabilities[order, index]
        positive = true[order] == index
        if positive.any():
            values = ordered[positive]
            first = np.searchsorted(ordered, values, "left")
            found.append(_RankOrder(order, positive, first, np.searchsorted(ordered, values, "right")))
    return found


def _areas(weights: Floats, curves: Sequence[_RankOrder]) -> Floats:
    """The AUROC of each draw, NaN where it has none, from the images' weights (draws, n); Mann-Whitney, ties
    halved."""
    total, defined = np.zeros(len(weights)), np.zeros(len(weights))
    below = np.zeros((len(weights), weights.shape[1] + 1))
    for curve in curves:
        ordered = weights[:, curve.order]
        of_it = ordered[:, curve.positive]
        ordered[:, curve.positive] = 0
        np.cumsum(ordered, axis=1, out=below[:, 1:])
        above = (of_it * (below[:, curve.first] + below[:, curve.end])).sum(axis=1) / 2
        pairs = of_it.sum(axis=1) * below[:, -1]
        total += np.divide(above, pairs, out=np.zeros_like(above), where=pairs > 0)
        defined += pairs > 0
    areas: Floats = np.divide(total, defined, out=np.full_like(total, np.nan), where=defined > 0)
    return areas


def interval_of(value: float | None, drawn: Floats) -> Interval | None:
    """`value` with the percentiles 2.5 and 97.5 of what was drawn, NaN left out; None where it or all draws are
    undefined."""
    drawn = drawn[~np.isnan(drawn)]
    if value is None or math.isnan(value) or not len(drawn):
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
