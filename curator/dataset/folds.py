"""Dividing groups into folds for cross-validation, stratified by label. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from curator.dataset.split import drawn_order


def assign_folds(groups: Mapping[str, tuple[str, int]], folds: int, seed: int) -> dict[str, int]:
    """The fold, counted from 1, of every group; none is empty where there are as many groups as folds.

    `groups` maps a group's name to its label and its number of images (at least 1). Label by label, the
    groups are drawn in a random order given by `seed`, larger ones first, and each goes to the fold with the
    fewest images of that label, of equals to the one with the fewest of all. A label with at least as many
    groups as there are folds is in every one, two folds differ in a label by no more than its largest group,
    and groups of one image each leave folds whose sizes differ by one at most.

    The same greedy choice as scikit-learn's `StratifiedGroupKFold` makes where a group has one label of several
    (a test compares them). That class is not called because it refuses data whose classes are all smaller than the
    number of folds, as with 151 classes of four images each; because with `shuffle=True` its versions before
    1.8 do not stratify at all; and because it draws from a random generator, where a hash of seed and name
    gives the same folds everywhere and does not depend on the order of the images. Raises `ValueError` for
    fewer than two folds.
    """
    if folds < 2:
        raise ValueError(f"{folds} folds: there must be two at least")
    by_label: dict[str, list[str]] = {}
    for name in sorted(groups):
        by_label.setdefault(groups[name][0], []).append(name)
    result: dict[str, int] = {}
    overall: Counter[int] = Counter()
    for label in sorted(by_label):
        filled: Counter[int] = Counter()
        for name in drawn_order(by_label[label], seed, groups):
            fold = min(range(1, folds + 1), key=lambda one: (filled[one], overall[one], one))
            result[name] = fold
            filled[fold] += groups[name][1]
            overall[fold] += groups[name][1]
    return result
