"""Curves of some predictions with their 95 % bands, by bootstrap over groups, ready to be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from curator.evaluation import curves
from curator.evaluation.curves import Bins, Curve, Flags, Floats, Indices, Sweep
from curator.evaluation.intervals import (
    Interval,
    arrays_of,
    group_draws,
    interval_of,
    plain_intervals,
    ranked_samples,
)
from curator.records import Event, Prediction, Progress

_SAMPLES: Final = 2000
# A band is drawn where at least this share of the draws has a value.
_DEFINED: Final = 0.5
_ROUNDING: Final = 1e-9

# The figures, and what a person calls them.
FIGURES: Final[Mapping[str, str]] = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
    "brier": "Brier score",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Predictions with a known label as arrays: `true` (n,) class indices, `probabilities` (n, classes), `groups`
    (n,) numbers from 0, and `classes` in order."""

    true: Indices
    probabilities: Floats
    groups: Indices
    classes: tuple[str, ...]

    def against_rest(self, positive: int) -> tuple[Flags, Floats]:
        """Which images are of one class, and its probability of each."""
        return self.true == positive, self.probabilities[:, positive]

    def stated(self, positive: int | None) -> tuple[Flags, Floats]:
        """What is so, and with what probability it was said: that an image is of a class, or for None that what
        was said is right."""
        if positive is None:
            return curves.confidence(self.true, self.probabilities)
        return self.against_rest(positive)


@dataclass(frozen=True, slots=True)
class CurvesReady(Event):
    """One class against the rest, or for `positive` None the mean of all classes (macro average).

    `reliability` is of the probability of the class; of all classes it is of the probability of what was said
    (Guo and others, 2017). `values` holds the `FIGURES`, `class_areas` each class's AUROC.
    A curve is None where it is not defined.
    """

    sample: Sample
    positive: int | None
    sweep: Sweep | None
    roc: Curve | None
    precision_recall: Curve | None
    reliability: Bins
    values: dict[str, float | None]
    class_areas: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Percentiles 2.5 and 97.5 of a curve's height at each x, all (m,), NaN where too few draws have one."""

    x: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class BandsReady(Event):
    """The bands of the curves of `CurvesReady`, at `curves.GRID`; of the reliability curve a place for each bin.
    `figures` are its values with intervals."""

    positive: int | None
    figures: dict[str, Interval | None]
    roc: Band
    precision_recall: Band
    reliability: Band


def sample_of(predictions: Sequence[Prediction], classes: Sequence[str]) -> Sample:
    """The predictions whose label is among `classes`."""
    true, _, probabilities, groups = arrays_of(predictions, classes)
    return Sample(true, probabilities, groups, tuple(classes))


def default_positive(classes: Sequence[str]) -> int | None:
    """The class that the curves are of unless another is chosen: the second of two, all of more."""
    return 1 if len(classes) == 2 else None


def find_curves(sample: Sample, positive: int | None) -> CurvesReady:
    """The curves of one class against the rest, or for None of all classes."""
    indices = range(len(sample.classes)) if positive is None else (positive,)
    sweeps = [curves.sweep(*sample.against_rest(index)) for index in indices]
    rocs = [one for one in map(curves.roc, sweeps) if one is not None]
    recalls = [one for one in map(curves.precision_recall, sweeps) if one is not None]
    bins = curves.reliability(*sample.stated(positive))
    values = {
        "auroc": curves.mean_of([curves.area(one) for one in rocs]),
        "average_precision": curves.mean_of([curves.average_precision(one) for one in recalls]),
        "calibration_error": curves.calibration_error(bins),
        "brier": float(_squares(sample, positive).mean()) if len(sample.true) else None,
    }
    if positive is not None:
        roc, recall = rocs[0] if rocs else None, recalls[0] if recalls else None
    else:
        roc = curves.mean_curve(rocs, steps=False) if rocs else None
        recall = curves.mean_curve(recalls, steps=True) if recalls else None
    areas = curves.class_areas(sample.true, sample.probabilities)
    swept = sweeps[0] if positive is not None else None
    return CurvesReady(sample, positive, swept, roc, recall, bins, values, areas)


def read_curves(
    predictions: Sequence[Prediction],
    classes: Sequence[str],
    positive: int | None,
    *,
    bands: bool = True,
    seed: int = 0,
    samples: int = _SAMPLES,
) -> Iterator[Event]:
    """Yields `CurvesReady`, then with `bands` `Progress`, and ends with `BandsReady`.

    Whole groups are drawn with replacement, `samples` times, the same draws as `intervals.summarise` makes;
    bands are pointwise, sensitivity and precision over the same false positive rate or recall in each draw
    (vertical averaging: Fawcett, Pattern Recognition Letters 27, 2006). Draws in which a figure is not defined are
    left out of its interval; many classes and images take fewer draws, never below 200.
    """
    sample = sample_of(predictions, classes)
    found = find_curves(sample, positive)
    yield found
    if not bands:
        return
    indices = range(len(classes)) if positive is None else (positive,)
    drawn = _Drawn(sample, positive, indices)
    if not len(sample.true):
        yield drawn.bands(found.values)
        return
    samples = ranked_samples(samples, len(sample.true), len(indices))
    for weights in group_draws(sample.groups, seed, samples):
        yield from drawn.add(weights)
        yield Progress(drawn.done, samples, "Drawing bands")
    yield drawn.bands(found.values)


def headline(predictions: Sequence[Prediction], classes: Sequence[str]) -> dict[str, Any]:
    """What the curves come to, as plain values.

    `figures` holds average precision (of the second of two classes, the macro mean of more), expected calibration
    error (of what was said: Guo and others, 2017) and Brier score, each with its interval as `Summary.to_json`
    has the metrics.
    """
    positive = default_positive(classes)
    of_class = _intervals(predictions, classes, positive)
    of_all = of_class if positive is None else _intervals(predictions, classes, None)
    figures = {
        "average_precision": of_class["average_precision"],
        "expected_calibration_error": of_all["calibration_error"],
        "brier": of_all["brier"],
    }
    return {
        "positive": None if positive is None else classes[positive],
        "calibration_bins": curves.BINS,
        "figures": plain_intervals(figures),
    }


def _intervals(
    predictions: Sequence[Prediction], classes: Sequence[str], positive: int | None
) -> dict[str, Interval | None]:
    for event in read_curves(predictions, classes, positive):
        if isinstance(event, BandsReady):
            return event.figures
    raise AssertionError("read_curves ends with the bands")


def _squares(sample: Sample, positive: int | None) -> Floats:
    if positive is None:
        return curves.squared_errors(sample.true, sample.probabilities)
    is_of_it, scores = sample.against_rest(positive)
    return np.square(scores - is_of_it)


class _Ranked:
    """One class against the rest, images by falling score: what each draw's curves are summed up from."""

    def __init__(self, positive: Flags, scores: Floats) -> None:
        self.order = np.argsort(-scores, kind="stable")
        self.ends = np.flatnonzero(np.diff(scores[self.order], append=np.nan) != 0)
        self.positive = positive[self.order]

    def curves(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """False positive rate, sensitivity and precision at each threshold of each draw, (draws, m) each, NaN in
        draws that lack the class or the rest."""
        ordered = weights[:, self.order]
        said = np.cumsum(ordered, axis=1)[:, self.ends]
        found = np.cumsum(ordered * self.positive, axis=1)[:, self.ends]
        wrong = said - found
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(said > 0, found / said, 0.0)
            return wrong / wrong[:, -1:], found / found[:, -1:], precision


class _Drawn:
    """Collects the draws."""

    def __init__(self, sample: Sample, positive: int | None, indices: Sequence[int]) -> None:
        self.done = 0
        self._positive = positive
        self._ranked = [_Ranked(*sample.against_rest(index)) for index in indices]
        stated, probabilities = sample.stated(positive)
        in_bin = np.eye(curves.BINS)[curves.bin_of(probabilities)]
        self._in_bin, self._is_so, self._said = (
            in_bin,
            in_bin * stated[:, None],
            in_bin * probabilities[:, None],
        )
        self._squares = _squares(sample, positive)
        self._values: dict[str, list[Floats]] = {name: [] for name in FIGURES}
        self._heights: dict[str, list[Floats]] = {"roc": [], "precision_recall": [], "reliability": []}

    def add(self, weights: Floats) -> Iterator[Event]:
        """Judges draws, (draws, n), with a word between two classes, so that it can be cancelled."""
        self._add_calibration(weights)
        total: dict[str, Any] = {"roc": [], "precision_recall": [], "auroc": [], "average_precision": []}
        for number, ranked in enumerate(self._ranked):
            for name, values in _of_class(ranked, weights).items():
                total[name].append(values)
            if number % 8 == 7:
                yield Progress(number + 1, len(self._ranked), "Drawing bands")
        for name, parts in total.items():
            kept = self._heights if name in self._heights else self._values
            kept[name].append(_nan_mean(parts))
        self.done += len(weights)

    def _add_calibration(self, weights: Floats) -> None:
        counts, so, said = weights @ self._in_bin, weights @ self._is_so, weights @ self._said
        total = weights.sum(axis=1)
        self._values["calibration_error"].append(np.abs(so - said).sum(axis=1) / total)
        self._values["brier"].append(weights @ self._squares / total)
        with np.errstate(invalid="ignore"):
            self._heights["reliability"].append(so / counts)

    def bands(self, values: Mapping[str, float | None]) -> BandsReady:
        """What all draws come to."""
        figures: dict[str, Interval | None] = {}
        for name, parts in self._values.items():
            drawn = np.concatenate(parts) if parts else np.zeros(0)
            figures[name] = interval_of(values[name], drawn[np.isfinite(drawn)])
        edges = np.linspace(0.0, 1.0, curves.BINS + 1)
        return BandsReady(
            self._positive,
            figures,
            _band(curves.GRID, self._heights["roc"]),
            _band(curves.GRID, self._heights["precision_recall"]),
            _band((edges[1:] + edges[:-1]) / 2, self._heights["reliability"]),
        )


def _of_class(ranked: _Ranked, weights: Floats) -> dict[str, Floats]:
    """Heights at the grid, (draws, grid), and areas, (draws,), of one class in each draw."""
    wrong, found, precision = ranked.curves(weights)
    none = np.zeros((len(weights), 1))
    across, up = np.diff(wrong, axis=1, prepend=none), np.diff(found, axis=1, prepend=none)
    areas = (across * (found - up / 2)).sum(axis=1)
    sensitivity = np.full((len(weights), len(curves.GRID)), np.nan)
    precise = np.full_like(sensitivity, np.nan)
    for draw in range(len(weights)):
        if np.isfinite(areas[draw]):
            sensitivity[draw] = np.interp(
                curves.GRID, np.append(0.0, wrong[draw]), np.append(0.0, found[draw])
            )
        if np.isfinite(found[draw, -1]):
            at = np.searchsorted(found[draw], curves.GRID - _ROUNDING, side="left")
            # What no image of the draw reaches gives no step: the first that does gives recall 0's too.
            at = np.maximum(at, np.searchsorted(found[draw], 0.0, side="right"))
            precise[draw] = precision[draw, np.minimum(at, found.shape[1] - 1)]
    return {
        "roc": sensitivity,
        "precision_recall": precise,
        "auroc": areas,
        "average_precision": (up * precision).sum(axis=1),
    }


def _nan_mean(parts: Sequence[Floats]) -> Floats:
    """The mean over the classes that are defined in a draw."""
    if len(parts) == 1:
        return parts[0]
    stacked = np.stack(parts)
    known = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, stacked, 0.0).sum(axis=0) / known.sum(axis=0), np.float64)


def _band(x: Floats, parts: Sequence[Floats]) -> Band:
    heights = np.concatenate(parts) if parts else np.zeros((0, len(x)))
    low, high = np.full(len(x), np.nan), np.full(len(x), np.nan)
    known = np.isfinite(heights)
    for place in np.flatnonzero(known.sum(axis=0) > _DEFINED * len(heights)):
        low[place], high[place] = np.percentile(heights[known[:, place], place], [2.5, 97.5])
    return Band(x, low, high)
