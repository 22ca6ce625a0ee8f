"""Boosted trees as plain numbers, as `curator/proposals/trees.py` reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier


def numbers_of(model: HistGradientBoostingClassifier, features: Sequence[str], gate: float) -> dict[str, Any]:
    """The trees as lists: `feature` is -1 at a leaf; left where a value is at most the threshold.

    Scikit-learn shows the trees only inside. Thresholds are values of the table itself: rounded they would part
    what they join.
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
    start = float(np.ravel(model._baseline_prediction)[0])
    return {"features": list(features), "start": start, "gate": round(gate, 4), "trees": trees}


def write_trees(
    model: HistGradientBoostingClassifier, features: Sequence[str], path: Path, gate: float
) -> None:
    """Writes the trees to a file, with the probability from which on they call what they look for."""
    told = numbers_of(model, features, gate)
    path.write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
