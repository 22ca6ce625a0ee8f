"""Boosted trees as numbers: how sure it is that a candidate is a drawn mark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curator.paths import models_dir
from curator.proposals.fitted import Told, read_fitted

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    """Nodes of one tree: where `feature` is -1 it is a leaf; left where a value is at most `threshold`."""

    feature: npt.NDArray[np.int64]
    threshold: Table
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: Table


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """A sum of trees over named features (Friedman, "Greedy function approximation", 2001).

    The trees' nodes lie side by side, each array (trees, nodes), leaves where a tree has fewer; all are walked at
    once. `gate`: from which probability on what they look for is called found, chosen where they were fitted.
    """

    features: tuple[str, ...]
    start: float
    feature: npt.NDArray[np.int64]
    threshold: Table
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: Table
    gate: float

    def probability(self, table: Table) -> Table:
        """Probability 0..1 of each row of `table`, float64 (n, len(features))."""
        rows, trees = np.arange(len(table))[:, None], np.arange(len(self.feature))[None]
        at = np.zeros((len(table), len(self.feature)), np.int64)
        while (inner := (feature := self.feature[trees, at]) >= 0).any():
            low = table[rows, np.maximum(0, feature)] <= self.threshold[trees, at]
            at = np.where(inner, np.where(low, self.left[trees, at], self.right[trees, at]), at)
        total = self.start + self.value[trees, at].sum(axis=1)
        return np.asarray(1 / (1 + np.exp(-total)), np.float64)


def marks_file() -> Path:
    """The shipped trees for marks on the brain."""
    return models_dir() / "proposals" / "marks.json"


@lru_cache(maxsize=4)
def load_trees(path: Path, features: tuple[str, ...]) -> Trees:
    """Reads trees over just these features. Raises `WeightsError` if they cannot be read or are others."""

    def built(told: Told) -> Trees:
        trees = tuple(_tree(tree, len(features)) for tree in told["trees"])
        start, gate = float(told["start"]), float(told["gate"])
        if not 0 < gate <= 1:
            raise ValueError("the gate is no probability")
        return Trees(tuple(told["features"]), start, *_side_by_side(trees), gate)

    return read_fitted(path, "features", features, built)


def _side_by_side(
    trees: tuple[_Tree, ...],
) -> tuple[npt.NDArray[np.int64], Table, npt.NDArray[np.int64], npt.NDArray[np.int64], Table]:
    most = max((len(tree.feature) for tree in trees), default=1)
    shape = (len(trees), most)
    feature, left, right = np.full(shape, -1), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    threshold, value = np.zeros(shape), np.zeros(shape)
    for index, tree in enumerate(trees):
        own = np.s_[index, : len(tree.feature)]
        feature[own], left[own], right[own] = tree.feature, tree.left, tree.right
        threshold[own], value[own] = tree.threshold, tree.value
    return feature, threshold, left, right, value


def _tree(told: dict[str, Any], features: int) -> _Tree:
    index = {name: np.array(told[name], np.int64) for name in ("feature", "left", "right")}
    number = {name: np.array(told[name], np.float64) for name in ("threshold", "value")}
    tree = _Tree(index["feature"], number["threshold"], index["left"], index["right"], number["value"])
    count = len(tree.feature)
    inner = tree.feature >= 0
    here = np.arange(count)[inner]
    after = (tree.left[inner], tree.right[inner])
    sizes = {len(tree.threshold), len(tree.left), len(tree.right), len(tree.value)}
    # Children come after their parents, so that walking down ends.
    if sizes != {count} or not count or (tree.feature >= features).any():
        raise ValueError("nodes do not fit")
    if any((child <= here).any() or (child >= count).any() for child in after):
        raise ValueError("children do not follow their parents")
    return tree
