"""How sure proposals are: what can only be worse never raises it; damaged files are refused with the cure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from curator.errors import WeightsError
from curator.proposals.confidence import SIGNS, confidence_file, confidence_of, load_scale


def test_what_can_only_be_worse_never_makes_surer() -> None:
    scale = load_scale(confidence_file())
    for name in SIGNS:
        table = np.repeat(scale.usual[None], 50, axis=0)
        column = SIGNS.index(name)
        table[:, column] += np.linspace(-3, 3, 50) * scale.spread[column]
        rise = np.diff(scale.probability(table))
        assert (rise >= -1e-9).all() if name == "call" else (rise <= 1e-9).all(), name


def test_good_signs_are_sure_and_bad_ones_are_not() -> None:
    scale = load_scale(confidence_file())
    better = np.where(np.array(SIGNS) == "call", 1, -1)
    assert confidence_of(scale.usual + better * scale.spread) > 0.95
    assert confidence_of(scale.usual - 3 * better * scale.spread) < 0.5
    assert confidence_of(scale.usual - 100 * better * scale.spread) > 0
    assert confidence_of(scale.usual + 100 * better * scale.spread) < 1


@pytest.mark.parametrize("damage", ["missing", "no json", "other names", "few weights", "no spread"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str) -> None:
    told = json.loads(confidence_file().read_text("utf-8"))
    path = tmp_path / "damaged.json"
    if damage == "other names":
        told["signs"][0] = "another"
    elif damage == "few weights":
        told["weights"].pop()
    elif damage == "no spread":
        told["spread"][0] = 0
    if damage != "missing":
        path.write_text("{" if damage == "no json" else json.dumps(told), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"damaged\.json.*[Ii]nstall Curator again"):
        load_scale(path)
