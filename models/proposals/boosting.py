"""Boosted trees as plain numbers, as `curator/proposals/trees.py` reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier

Model = GradientBoostingClassifier | HistGradientBoostingClassifier


def numbers_of(model: GradientBoostingClassifier, features: Sequence[str]) -> dict[str, Any]:
    """The trees as lists: `feature` is -1 at a leaf; left where a value is at most the threshold."""
    share = float(model.init_.class_prior_[1])
    trees = []
    for (tree,) in model.estimators_:
        part = tree.tree_
        trees.append(
            {
                "feature": [max(-1, int(value)) for value in part.feature],
                "threshold": [round(float(value), 6) for value in part.threshold],
                "left": [int(value) for value in part.children_left],
                "right": [int(value) for value in part.children_right],
                "value": [round(float(value) * model.learning_rate, 6) for value in part.value[:, 0, 0]],
            }
        )
    return {"features": list(features), "start": float(np.log(share / (1 - share))), "trees": trees}


def numbers_of_histogram(model: HistGradientBoostingClassifier, features: Sequence[str]) -> dict[str, Any]:
    """The same of boosting over histograms, whose trees scikit-learn shows only inside.

    Thresholds are values of the table itself: rounded they would part what they join.
    """
    trees = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            {
                "feature": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
                "threshold": np.where(leaf, 0, nodes["num_threshold"]).tolist(),
                "left": nodes["left"].tolist(),
                "right": nodes["right"].tolist(),
                "value": [round(float(value), 6) for value in np.where(leaf, nodes["value"], 0)],
            }
        )
    return {
        "features": list(features),
        "start": float(np.ravel(model._baseline_prediction)[0]),
        "trees": trees,
    }


def write_trees(model: Model, features: Sequence[str], path: Path) -> None:
    """Writes the trees to a file."""
    told = (
        numbers_of(model, features)
        if isinstance(model, GradientBoostingClassifier)
        else numbers_of_histogram(model, features)
    )
    path.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
