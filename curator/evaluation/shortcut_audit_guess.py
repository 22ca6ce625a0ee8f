"""Guessing labels from a few numbers an image, by a small forest that never saw the image's group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.dataset.folds import assign_folds
from curator.metrics import balanced_accuracy

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

FOLDS: Final = 5
_TREES: Final = 100
# A leaf of two images at least: single images are noise at these sizes.
_LEAF: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """`probabilities` (n, classes): the mean over the repeats, each by forests that did not see the image's group.
    `permuted`: the balanced accuracy of each repeat when labels were dealt out anew."""

    probabilities: Floats
    permuted: tuple[float, ...]


def guess(
    signs: Floats, true: Ints, groups: Sequence[str], classes: int, seed: int, repeats: int
) -> Generator[int, None, Guess]:
    """Cross-validates a forest on `signs` (n, any) for the class indices `true` (n,).

    Yields how many forests are grown after each of `2 * repeats * FOLDS`, returns the `Guess`. Every repeat draws
    other folds over whole groups, stratified by label, and grows them once more for labels that were dealt out
    anew among the groups: what is reached then is chance with these very signs, groups and folds.
    """
    total = np.zeros((len(true), classes))
    permuted = []
    done = 0
    for repeat in range(repeats):
        for dealt in (False, True):
            labels = _dealt(true, groups, seed + repeat) if dealt else true
            fold = folds_of(labels, groups, seed + repeat)
            probabilities = np.full((len(true), classes), 1 / classes)
            for held in range(1, FOLDS + 1):
                out = fold == held
                if out.any() and not out.all():
                    probabilities[out] = _grown(signs[~out], labels[~out], signs[out], classes, seed + repeat)
                done += 1
                yield done
            if dealt:
                permuted.append(balanced_accuracy(labels, probabilities.argmax(axis=1), classes))
            else:
                total += probabilities
    return Guess(total / repeats, tuple(permuted))


def folds_of(true: Ints, groups: Sequence[str], seed: int) -> Ints:
    """The fold of each image, 1 to `FOLDS` (n,): none divides a group, each has its share of every class."""
    label, size = _labels_of(true, groups), Counter(groups)
    folds = assign_folds({name: (f"{label[name]:06}", size[name]) for name in label}, FOLDS, seed)
    return np.array([folds[name] for name in groups], np.int64)


def _labels_of(true: Ints, groups: Sequence[str]) -> dict[str, int]:
    """The most frequent label of each group: copies may have been filed under two."""
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for name, label in zip(groups, true.tolist(), strict=True):
        found[name][label] += 1
    return {name: min(counts, key=lambda one: (-counts[one], one)) for name, counts in found.items()}


def _dealt(true: Ints, groups: Sequence[str], seed: int) -> Ints:
    """The labels of whole groups, shuffled among the groups."""
    label = _labels_of(true, groups)
    names = sorted(label)
    shuffled = np.random.default_rng([seed, 1]).permutation([label[name] for name in names])
    dealt = dict(zip(names, shuffled.tolist(), strict=True))
    return np.array([dealt[name] for name in groups], np.int64)


def _grown(signs: Floats, labels: Ints, others: Floats, classes: int, seed: int) -> Floats:
    """Probabilities (m, classes) of `others` by a forest grown on `signs` (Breiman, Machine Learning 2001).

    Classes weigh the same, however many images they have. A forest takes signs of any scale as they are and has
    nothing that must be tuned, so that every row of an audit is judged alike.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        n_estimators=_TREES, min_samples_leaf=_LEAF, class_weight="balanced", random_state=seed, n_jobs=1
    )
    forest.fit(signs, labels)
    probabilities = np.zeros((len(others), classes))
    probabilities[:, forest.classes_] = forest.predict_proba(others)
    return probabilities
