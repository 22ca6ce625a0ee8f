"""Figures of merit of a classifier, on plain numpy arrays.

`true` and `predicted` are integer class indices, shape (n,); `probabilities` is float, shape (n, classes),
rows summing to 1.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.integer]
Floats: TypeAlias = npt.NDArray[np.floating]


def confusion_matrix(true: Ints, predicted: Ints, classes: int) -> npt.NDArray[np.int64]:
    """Counts, shape (classes, classes): row = true class, column = predicted class."""
    flat = np.bincount(np.asarray(true) * classes + np.asarray(predicted), minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def accuracy(true: Ints, predicted: Ints) -> float:
    """Share of right predictions; NaN of nothing."""
    return float(np.mean(np.asarray(true) == np.asarray(predicted))) if len(true) else math.nan


def balanced_accuracy(true: Ints, predicted: Ints, classes: int) -> float:
    """Mean recall over the classes that occur in `true`; NaN of nothing."""
    counts = confusion_matrix(true, predicted, classes)
    totals = counts.sum(axis=1)
    present = totals > 0
    return float(np.mean(counts.diagonal()[present] / totals[present])) if present.any() else math.nan


def auroc(true: Ints, probabilities: Floats) -> float | None:
    """Area under the ROC curve: of class 1 for two classes, else the macro mean of one against the rest.

    Computed from ranks, ties shared (Mann-Whitney). Classes without a positive or a negative are left out;
    None if no class is left.
    """
    true = np.asarray(true)
    classes = probabilities.shape[1] if probabilities.ndim == 2 else 0
    chosen = [1] if classes == 2 else range(classes)
    areas = []
    for index in chosen:
        positive = true == index
        n_positive = int(positive.sum())
        n_negative = len(true) - n_positive
        if n_positive == 0 or n_negative == 0:
            continue
        ranks = _mean_ranks(probabilities[:, index])
        above = float(ranks[positive].sum()) - n_positive * (n_positive + 1) / 2
        areas.append(above / (n_positive * n_negative))
    return float(np.mean(areas)) if areas else None


def cross_entropy(true: Ints, probabilities: Floats) -> Floats:
    """The loss of each image in nats, shape (n,); probabilities below 1e-12 count as 1e-12."""
    chosen = probabilities[np.arange(len(true)), true]
    return np.asarray(-np.log(np.maximum(chosen, 1e-12)), dtype=np.float64)


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a proportion (Wilson, JASA 1927); (0, 1) of nothing."""
    if n <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def cohen_kappa(first: Ints, second: Ints, classes: int) -> float | None:
    """Agreement of two raters beyond chance (Cohen, 1960), -1..1; both are class indices, shape (n,).

    None of nothing, and where both gave one and the same class to all: chance alone agrees as well then.
    """
    counts = confusion_matrix(first, second, classes)
    n = int(counts.sum())
    by_chance = int(counts.sum(axis=1) @ counts.sum(axis=0))
    if by_chance == n * n:
        return None
    expected = by_chance / (n * n)
    return (int(counts.trace()) / n - expected) / (1 - expected)


def clopper_pearson_upper(errors: int, n: int, confidence: float = 0.95) -> float:
    """The largest rate at which `errors` or fewer of `n` would still come in 1 - `confidence` of all cases.

    The exact one-sided bound (Clopper and Pearson, Biometrika 1934), to about 1e-12; 1 of nothing.
    """
    if n <= 0 or errors >= n:
        return 1.0
    logs = [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in range(errors + 1)]

    def chance(rate: float) -> float:
        inside, outside = math.log(rate), math.log1p(-rate)
        return math.fsum(math.exp(log + i * inside + (n - i) * outside) for i, log in enumerate(logs))

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if 0 < middle < 1 and chance(middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _mean_ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)
