"""What fits the judges of proposals: gates make for few wrong decisions, weights keep their signs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from curator.paths import models_dir
from curator.proposals import propose, suspects
from curator.proposals.page import make_page


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for folder in ("marks", "proposals"):
        monkeypatch.syspath_prepend(str(models_dir() / folder))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(models_dir())):
            del sys.modules[name]


def test_the_gate_makes_for_few_wrong_decisions() -> None:
    from fit_marks import gate_of

    rng = np.random.default_rng(0)

    def sure(middle: float, count: int) -> npt.NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-rng.logistic(middle, 1.0, count))))

    clean, marked = sure(-3, 20_000), sure(3, 20_000)
    gates = np.linspace(0.01, 0.999, 400)
    wrong = [0.9 * (clean >= gate).mean() + 0.1 * (marked < gate).mean() for gate in gates]
    few = []
    for _ in range(30):
        gate = gate_of(sure(-3, 120), sure(3, 400))
        few.append(0.9 * (clean >= gate).mean() + 0.1 * (marked < gate).mean())
    assert np.mean(few) < 1.15 * min(wrong)
    # One clean head that looks marked does not move it as far as to that head.
    assert gate_of(np.r_[sure(-3, 120), 0.9999], sure(3, 400)) < 0.995


def test_weights_keep_to_their_ways_and_probabilities_hold() -> None:
    from logistic import calibrated, calibration_of, fit_logistic

    rng = np.random.default_rng(1)
    table = rng.normal(size=(3000, 3))
    odds = 2 - table[:, 0] + 0.5 * table[:, 1]
    right = rng.random(3000) < 1 / (1 + np.exp(-odds))
    model = fit_logistic(table[:2000], right[:2000], np.ones(2000), (-1, -1, 1))
    assert model.weights[0] == pytest.approx(-1, abs=0.2)
    assert model.weights[1] == pytest.approx(-0.25)
    off = replace(model, weights=model.weights * 2, start=model.start - 1)
    slope, offset = calibration_of(off.odds(table[:2000]), right[:2000])
    straight, _ = calibration_of(model.odds(table[:2000]), right[:2000])
    assert slope == pytest.approx(straight / 2, abs=0.06)
    sure = 1 / (1 + np.exp(-calibrated(off, slope, offset).odds(table[2000:])))
    for low, high in ((0.6, 0.9), (0.9, 1.0)):
        inside = (sure >= low) & (sure < high)
        assert inside.sum() > 50
        assert right[2000:][inside].mean() == pytest.approx(sure[inside].mean(), abs=0.06)


def test_what_is_kept_is_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seen import Seen

    page = make_page(np.random.default_rng(2).integers(0, 255, (48, 64, 3), np.uint8))
    first = Seen(tmp_path)
    maps, drawn = first.look(page), first.drawn_map(page, np.ones((48, 64), np.uint8))
    again = Seen(tmp_path)
    monkeypatch.setattr(again, "_look", None)
    monkeypatch.setattr(again, "_drawn_map", None)
    for name in ("head", "mark", "border", "inside"):
        assert (getattr(again.look(page), name) == getattr(maps, name)).all()
        assert (getattr(maps, name) == getattr(propose.look(page), name)).all()
    assert again.look(page).verdict == propose.look(page).verdict
    kept = again.drawn_map(page, np.zeros((48, 64), np.uint8))
    assert (kept == drawn).all()
    assert (drawn == suspects.drawn_map(page, np.ones((48, 64), np.uint8))).all()


def test_parts_of_heads_carry_their_truth() -> None:
    from fit_confidence import _part

    image = np.arange(100 * 80 * 3, dtype=np.uint8).reshape(100, 80, 3)
    truth = {
        "head_box": [20, 10, 60, 90],
        "overlays": [{"box": [0, 0, 9, 9]}, {"box": [20, 40, 30, 50]}, {"box": [50, 50, 70, 60]}],
    }
    part, told = _part(image, truth, (0.25, 0.0, 0.0, 0.25))
    assert (part == image[:70, 30:]).all()
    assert told["head_box"] == [0, 10, 30, 70]
    assert told["overlays"] == [{"box": [20, 50, 40, 60]}]
