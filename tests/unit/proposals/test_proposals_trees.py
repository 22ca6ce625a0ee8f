"""Trees as numbers say what scikit-learn's say; damaged files are refused with the cure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from curator.errors import WeightsError
from curator.proposals.suspects import FEATURES
from curator.proposals.trees import load_trees, marks_file

_NAMES = ("a", "b", "c")


def _told(model: GradientBoostingClassifier) -> dict[str, Any]:
    share = float(model.init_.class_prior_[1])
    trees = [
        {
            "feature": np.maximum(-1, part.feature).tolist(),
            "threshold": part.threshold.tolist(),
            "left": part.children_left.tolist(),
            "right": part.children_right.tolist(),
            "value": (part.value[:, 0, 0] * model.learning_rate).tolist(),
        }
        for part in (tree.tree_ for (tree,) in model.estimators_)
    ]
    return {
        "features": list(_NAMES),
        "start": float(np.log(share / (1 - share))),
        "gate": 0.9,
        "trees": trees,
    }


@pytest.fixture
def fitted(tmp_path: Path) -> tuple[GradientBoostingClassifier, Path]:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(300, 3))
    model = GradientBoostingClassifier(n_estimators=20, random_state=0)
    model.fit(table, table[:, 0] * table[:, 1] > 0.1)
    path = tmp_path / "trees.json"
    path.write_text(json.dumps(_told(model)), encoding="utf-8")
    return model, path


def test_the_sum_is_scikit_learns(fitted: tuple[GradientBoostingClassifier, Path]) -> None:
    model, path = fitted
    # Rounded to float32, as scikit-learn compares in it.
    new = np.random.default_rng(1).normal(size=(500, 3)).astype(np.float32).astype(np.float64)
    ours = load_trees(path, _NAMES).probability(new)
    assert np.allclose(ours, model.predict_proba(new)[:, 1], atol=1e-9)


def test_no_rows_have_no_probabilities(fitted: tuple[GradientBoostingClassifier, Path]) -> None:
    assert load_trees(fitted[1], _NAMES).probability(np.zeros((0, 3))).shape == (0,)


def test_the_shipped_file_is_of_this_version() -> None:
    trees = load_trees(marks_file(), FEATURES)
    assert len(trees.feature) > 10
    assert 0.5 < trees.gate < 1
    assert ((sure := trees.probability(np.zeros((1, len(FEATURES))))) > 0).all()
    assert (sure < 1).all()


@pytest.mark.parametrize(
    "damage", ["missing", "no json", "other names", "loop", "far child", "uneven", "gate"]
)
def test_damaged_files_are_refused(
    fitted: tuple[GradientBoostingClassifier, Path], tmp_path: Path, damage: str
) -> None:
    told = json.loads(fitted[1].read_text("utf-8"))
    path = tmp_path / "damaged.json"
    if damage == "loop":
        told["trees"][0]["left"][0] = 0
    elif damage == "far child":
        told["trees"][0]["right"][0] = 10_000
    elif damage == "uneven":
        told["trees"][0]["value"].pop()
    elif damage == "gate":
        told["gate"] = 1.5
    elif damage == "other names":
        told["features"] = ["a", "b", "d"]
    if damage != "missing":
        path.write_text("{" if damage == "no json" else json.dumps(told), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"damaged\.json.*[Ii]nstall Curator again"):
        load_trees(path, _NAMES)
