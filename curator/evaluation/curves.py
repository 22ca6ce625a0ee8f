"""Curves and figures of a classifier at every threshold: pure functions on plain arrays, scikit-learn's numbers.

`true` holds class indices, int (n,); `probabilities` float (n, classes), rows summing to 1. One class against the
rest is `positive`, bool (n,), with `scores`, float (n,) from 0 to 1: an image is said to be of the class where its
score is at or above the threshold. Own code and not scikit-learn's, because a slider asks for it with every pixel
and a bootstrap thousands of times; a test holds it to scikit-learn's values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.metrics import confusion_matrix

Flags: TypeAlias = npt.NDArray[np.bool_]
Indices: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

# Of the reliability curve and the expected calibration error: Guo and others, "On Calibration of Modern Neural
# Networks", ICML 2017, use 15 of equal width.
BINS: Final = 15
HISTOGRAM_BINS: Final = 20
# Where means of curves, and their bands, are taken.
GRID: Final[Floats] = np.linspace(0.0, 1.0, 101)
# Recalls are sums of fractions: one that should equal a place of the grid may lie this much beside it.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Counts:
    """One class against the rest at one threshold. Shares are None where they are not defined."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def sensitivity(self) -> float | None:
        """Of the images of the class, the share that was found (recall)."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float | None:
        """Of the other images, the share that was left alone."""
        return _share(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def precision(self) -> float | None:
        """Of the images said to be of the class, the share that is."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of sensitivity and specificity, of the one that is defined where only one is."""
        known = [one for one in (self.sensitivity, self.specificity) if one is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True)
class Sweep:
    """One class against the rest at every threshold that matters: the distinct scores, falling, shape (m,), and
    how many images of the class and of the rest have at least that score."""

    thresholds: Floats
    true_positives: Indices
    false_positives: Indices
    positives: int
    negatives: int

    def at(self, threshold: float) -> Counts:
        """What is right and wrong at a threshold."""
        above = int(np.searchsorted(-self.thresholds, -threshold, side="right"))
        found = int(self.true_positives[above - 1]) if above else 0
        wrong = int(self.false_positives[above - 1]) if above else 0
        return Counts(found, wrong, self.positives - found, self.negatives - wrong)


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve as the threshold falls, each array (m,). The first threshold is infinite: nothing is said
    to be of the class there. The mean of several curves has no thresholds, all NaN."""

    x: Floats
    y: Floats
    thresholds: Floats


@dataclass(frozen=True, slots=True)
class Bins:
    """A reliability curve: `edges` (bins + 1,), and for each bin how many images fall in, their mean probability
    and the share of them that is of the class, NaN in an empty bin."""

    edges: Floats
    counts: Indices
    probability: Floats
    frequency: Floats


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: how many images are of it, its figures, None where not defined; `auroc` is against the rest."""

    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    auroc: float | None


def sweep(positive: Flags, scores: Floats) -> Sweep:
    """Counts at every distinct score; scores that are equal share a threshold."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.diff(ordered, append=np.nan) != 0)
    found = np.cumsum(positive[order], dtype=np.int64)[ends]
    return Sweep(ordered[ends], found, ends + 1 - found, int(positive.sum()), int((~positive).sum()))


def roc(of: Sweep) -> Curve | None:
    """Sensitivity (y) over false positive rate (x); None without an image of the class or of the rest.

    Every distinct score is a point, as in scikit-learn's `roc_curve` with `drop_intermediate=False`.
    """
    if not of.positives or not of.negatives:
        return None
    return Curve(
        np.concatenate([[0.0], of.false_positives / of.negatives]),
        np.concatenate([[0.0], of.true_positives / of.positives]),
        np.concatenate([[np.inf], of.thresholds]),
    )


def precision_recall(of: Sweep) -> Curve | None:
    """Precision (y) over recall (x), from recall 0 with precision 1; None without an image of the class.

    The points of scikit-learn's `precision_recall_curve`, in the other direction. To be drawn in steps: a
    straight line between two points promises what no threshold gives (Davis and Goadrich, ICML 2006).
    """
    if not of.positives:
        return None
    said = of.true_positives + of.false_positives
    return Curve(
        np.concatenate([[0.0], of.true_positives / of.positives]),
        np.concatenate([[1.0], of.true_positives / said]),
        np.concatenate([[np.inf], of.thresholds]),
    )


def area(curve: Curve) -> float:
    """The area under a ROC curve, by trapezoids."""
    return float(np.diff(curve.x) @ (curve.y[1:] + curve.y[:-1]) / 2)


def average_precision(curve: Curve) -> float:
    """The mean of the precisions, weighted by the recall gained at each, as scikit-learn has it."""
    return float(np.diff(curve.x) @ curve.y[1:])


def on_grid(curve: Curve, *, steps: bool) -> Floats:
    """The curve's height at `GRID`; in steps the height at the next point to the right, else on straight lines."""
    if not steps:
        return np.asarray(np.interp(GRID, curve.x, curve.y), np.float64)
    # At recall 0 the first step counts, not the point that is there by convention.
    at = np.searchsorted(curve.x[1:], GRID - _ROUNDING, side="left")
    return np.asarray(curve.y[1:][np.minimum(at, len(curve.x) - 2)], np.float64)


def mean_curve(curves: Sequence[Curve], *, steps: bool) -> Curve:
    """The mean height of several curves at `GRID` (macro average); at least one curve."""
    heights = np.mean([on_grid(one, steps=steps) for one in curves], axis=0)
    if not steps:
        return Curve(np.append(0.0, GRID), np.append(0.0, heights), np.full(len(GRID) + 1, np.nan))
    return Curve(GRID, heights, np.full(len(GRID), np.nan))


def best_threshold(of: Sweep) -> float | None:
    """Where sensitivity + specificity is highest (Youden, Cancer 1950), of equal ones the highest threshold.

    Midway to the next score below, as all thresholds between the two give the same counts. None without an image
    of the class or of the rest.
    """
    if not of.positives or not of.negatives:
        return None
    gain = of.true_positives / of.positives - of.false_positives / of.negatives
    at = int(np.argmax(gain))
    if gain[at] <= 0:
        return None
    below = float(of.thresholds[at + 1]) if at + 1 < len(of.thresholds) else 0.0
    middle = (float(of.thresholds[at]) + below) / 2
    return middle if middle > below else float(of.thresholds[at])


def bin_of(probabilities: Floats, bins: int = BINS) -> Indices:
    """The bin of equal width of each probability, from 0; a bin holds its upper edge, not its lower."""
    return np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], probabilities).astype(np.int64)


def reliability(positive: Flags, probabilities: Floats, bins: int = BINS) -> Bins:
    """How often what is said with a probability is so. Both (n,); scikit-learn's `calibration_curve` gives the same
    for the bins that are not empty."""
    at = bin_of(probabilities, bins)
    counts = np.bincount(at, minlength=bins).astype(np.int64)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(at, probabilities, minlength=bins) / counts
        share = np.bincount(at, positive, minlength=bins) / counts
    return Bins(np.linspace(0.0, 1.0, bins + 1), counts, mean, share)


def calibration_error(of: Bins) -> float | None:
    """The mean distance between probability and frequency, weighted by the bins' images; None of nothing."""
    filled = of.counts > 0
    if not filled.any():
        return None
    gaps = np.abs(of.frequency[filled] - of.probability[filled])
    return float(gaps @ of.counts[filled] / of.counts.sum())


def confidence(true: Indices, probabilities: Floats) -> tuple[Flags, Floats]:
    """Whether what was said is right, and with what probability it was said, each (n,)."""
    return probabilities.argmax(axis=1) == true, probabilities.max(axis=1)


def expected_calibration_error(true: Indices, probabilities: Floats, bins: int = BINS) -> float | None:
    """ECE of Guo and others (2017): over bins of the probability of what was said, the mean distance between that
    probability and the share that is right, weighted by the bins' images. None of nothing."""
    return calibration_error(reliability(*confidence(true, probabilities), bins))


def squared_errors(true: Indices, probabilities: Floats) -> Floats:
    """What each image adds to the Brier score, (n,): of two classes (p - y)² of one, 0 to 1; of more the sum over
    all classes, 0 to 2 (Brier, 1950). scikit-learn's `brier_score_loss` is the mean of these."""
    if probabilities.shape[1] == 2:
        return np.asarray(np.square(probabilities[:, 1] - (true == 1)), np.float64)
    return np.asarray(np.square(probabilities - np.eye(probabilities.shape[1])[true]).sum(axis=1), np.float64)


def brier(true: Indices, probabilities: Floats) -> float | None:
    """The Brier score, see `squared_errors`; None of nothing."""
    return float(squared_errors(true, probabilities).mean()) if len(true) else None


def histogram(probabilities: Floats, bins: int = HISTOGRAM_BINS) -> Indices:
    """How many fall in each bin of equal width, (bins,); a bin holds its lower edge, the last both edges."""
    return np.histogram(probabilities, bins, (0.0, 1.0))[0].astype(np.int64)


def class_areas(true: Indices, probabilities: Floats) -> tuple[float | None, ...]:
    """The AUROC of each class against the rest; None where it is not defined."""
    found = (roc(sweep(true == index, probabilities[:, index])) for index in range(probabilities.shape[1]))
    return tuple(area(curve) if curve is not None else None for curve in found)


def per_class(confusion: Indices, areas: Sequence[float | None]) -> tuple[ClassRow, ...]:
    """A row for each class, from counts (classes, classes), rows true, and `class_areas`."""
    rows = []
    for index, of_class in enumerate(areas):
        right, support, said = (
            int(confusion[index, index]),
            int(confusion[index].sum()),
            int(confusion[:, index].sum()),
        )
        rows.append(
            ClassRow(
                support,
                _share(right, said),
                _share(right, support),
                _share(2 * right, said + support),
                of_class,
            )
        )
    return tuple(rows)


def said_at(probabilities: Floats, positive: int, threshold: float) -> Indices:
    """Of two classes, which is said (n,): `positive` where its probability is at or above the threshold.

    At 0.5 that is what is said anyway, but for images whose two probabilities are equal: there the first class
    is said without a threshold.
    """
    return np.where(probabilities[:, positive] >= threshold, positive, 1 - positive).astype(np.int64)


def confusion_at(true: Indices, probabilities: Floats, positive: int, threshold: float) -> Indices:
    """Of two classes, the counts at a threshold of one of them, (2, 2), rows true."""
    return confusion_matrix(true, said_at(probabilities, positive, threshold), 2)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of those that are defined; None of none."""
    known = [one for one in values if one is not None and not math.isnan(one)]
    return sum(known) / len(known) if known else None
