"""Probable label errors by confident learning, from predictions of networks that did not learn from the image.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021, as their
package cleanlab has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from curator.evaluation.flags import Flag, in_order

if TYPE_CHECKING:
    from curator.records import Prediction

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

# The paper's "prune by noise rate": of each pair of classes as many as the confident joint holds off its diagonal,
# the least self-confident. On planted errors it found more of them than the confident joint's own members, at
# little more false alarm (138 images of two classes, 5 % flipped: recall 0.89 against 0.84, precision 0.90
# against 1.00).
_FILTER: Final = "prune_by_noise_rate"
# Of fewer images a class, the average confidence that is the threshold of its class is chance.
FEWEST: Final = 5


def probable_errors(labels: I64, probabilities: F64) -> I64:
    """Positions of probable label errors, least self-confident first.

    `labels`: int64 (n), the class of each image as given; `probabilities`: float64 (n, classes), each row sums
    to 1, from networks that did not learn from the image. Classes with fewer than `FEWEST` images neither accuse
    nor are accused.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    known = np.flatnonzero(counts >= FEWEST)
    rows = np.flatnonzero(np.isin(labels, known))
    if len(known) < 2:
        return np.zeros(0, np.int64)
    kept = probabilities[np.ix_(rows, known)]
    total = kept.sum(axis=1, keepdims=True)
    # A network that sees an unknown class alone says nothing of the known ones.
    kept = np.where(total > 0, kept / np.where(total > 0, total, 1), 1 / len(known))
    from cleanlab.filter import find_label_issues

    found = find_label_issues(
        np.searchsorted(known, labels[rows]),
        kept,
        filter_by=_FILTER,
        return_indices_ranked_by="self_confidence",
        n_jobs=1,  # others are forked processes, which a program with threads must not make
    )
    return np.asarray(rows[np.asarray(found, np.int64)], np.int64)


def label_flags(predictions: Sequence[Prediction], classes: Sequence[str]) -> tuple[Flag, ...]:
    """The probable label errors among out-of-sample predictions; scores are 1 less the label's probability."""
    index = {name: number for number, name in enumerate(classes)}
    known = [one for one in predictions if one.label in index]
    if not known:
        return ()
    labels = np.array([index[one.label or ""] for one in known], np.int64)
    probabilities = np.array([one.probabilities for one in known], np.float64)
    usual = [
        float(probabilities[labels == number, number].mean()) if (labels == number).any() else 1.0
        for number in range(len(classes))
    ]
    flags = []
    for position in probable_errors(labels, probabilities):
        row, label = probabilities[position], int(labels[position])
        others = row.copy()
        others[label] = -1.0
        said = int(others.argmax())
        reason = (
            f"Labelled {classes[label]}, but a network that did not learn from it says {classes[said]} "
            f"({row[said]:.2f}; {classes[label]} {row[label]:.2f})"
        )
        if row[said] >= usual[said]:
            reason += (
                f", as surely as of the average image that is labelled {classes[said]} ({usual[said]:.2f})"
            )
        flags.append(Flag(known[position].file_name, float(1 - row[label]), f"{reason}."))
    return in_order(flags)
