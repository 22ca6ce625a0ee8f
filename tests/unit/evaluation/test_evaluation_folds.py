"""Figures over folds, and paired differences of two sets of predictions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from curator.evaluation.folds import over_folds
from curator.evaluation.intervals import METRICS, Summary, paired_differences, summarise
from curator.metrics import accuracy, balanced_accuracy
from curator.records import Prediction

CLASSES = ("no", "yes")


def predictions(seed: int, lean: float, n: int = 60) -> list[Prediction]:
    """Images of two classes in groups of one to three; labels and groups do not depend on `seed`."""
    fixed = np.random.default_rng(99)
    true = fixed.integers(0, 2, n)
    groups = np.sort(fixed.integers(0, n // 2, n))
    scores = np.random.default_rng(seed).normal(0, 1, n) + lean * (2 * true - 1)
    found = []
    for number in range(n):
        p = float(1 / (1 + math.exp(-scores[number])))
        name, said = f"{number:03d}.png", CLASSES[int(p > 0.5)]
        label = CLASSES[true[number]]
        found.append(Prediction(name, None, label, "test", f"g{groups[number]}", said, (1 - p, p), None))
    return found


def test_the_mean_over_folds_has_students_interval() -> None:
    figures = [{"balanced_accuracy": value, "auroc": None} for value in (0.7, 0.8, 0.75, 0.85, 0.8)]
    found = over_folds(figures)
    one = found["balanced_accuracy"]
    # t(0.975, 4) = 2.776445, standard deviation 0.05701, standard error 0.025495
    assert one is not None
    assert one.value == pytest.approx(0.78)
    assert one.high - one.value == pytest.approx(2.776445 * 0.0254951, rel=1e-5)
    assert one.value - one.low == pytest.approx(one.high - one.value)
    assert found["auroc"] is None
    assert set(found) == set(METRICS)


def test_the_mean_is_cut_to_what_can_be_and_leaves_out_what_is_not_defined() -> None:
    found = over_folds([{"accuracy": 1.0, "loss": 0.1}, {"accuracy": 0.8, "loss": 0.9}, {"accuracy": None}])
    assert found["accuracy"] is not None
    assert found["accuracy"].value == pytest.approx(0.9)
    assert found["accuracy"].high == 1.0
    assert found["loss"] is not None
    assert found["loss"].low == 0.0
    assert found["loss"].high > 1
    assert over_folds([{"accuracy": 0.5}])["accuracy"] is None


def test_a_paired_difference_is_that_of_the_figures_on_the_same_draws() -> None:
    first, second = predictions(1, 1.2), predictions(2, 0.6)
    found = paired_differences(first, second, CLASSES, samples=400, seed=3)
    names = sorted({one.group for one in first})
    random = np.random.default_rng(3)
    drawn = random.integers(0, len(names), (400, len(names)))
    expected = []
    for row in drawn:
        picked = [index for group in row for index, one in enumerate(first) if one.group == names[group]]
        true = np.array([CLASSES.index(first[index].label or "") for index in picked])
        said = [np.array([CLASSES.index(which[i].predicted) for i in picked]) for which in (first, second)]
        expected.append(balanced_accuracy(true, said[0], 2) - balanced_accuracy(true, said[1], 2))
    one = found["balanced_accuracy"]
    assert one is not None
    low, high = np.percentile(expected, [2.5, 97.5])
    assert (one.low, one.high) == (pytest.approx(low), pytest.approx(high))
    true = np.array([CLASSES.index(each.label or "") for each in first])
    right = [
        accuracy(true, np.array([CLASSES.index(each.predicted) for each in which]))
        for which in (first, second)
    ]
    assert found["accuracy"] is not None
    assert found["accuracy"].value == pytest.approx(right[0] - right[1])


def test_pairing_takes_out_what_is_common_to_both() -> None:
    first = predictions(1, 0.8)
    # The same but for two images.
    second = [
        replace(one, predicted=one.label or "", probabilities=(0.1, 0.9)[:: 1 if one.label == "yes" else -1])
        if number in (3, 11)
        else one
        for number, one in enumerate(first)
    ]
    one = paired_differences(second, first, CLASSES)["accuracy"]
    alone = summarise(first, CLASSES).metrics["accuracy"]
    assert one is not None
    assert alone is not None
    assert one.high - one.low < 0.5 * (alone.high - alone.low)


def test_of_the_same_there_is_no_difference_and_turned_round_it_turns_its_sign() -> None:
    first, second = predictions(1, 1.2), predictions(2, 0.6)
    for one in paired_differences(first, first, CLASSES).values():
        assert one is not None
        assert (one.value, one.low, one.high) == (0, 0, 0)
    there, back = (paired_differences(*both, CLASSES)["auroc"] for both in ((first, second), (second, first)))
    assert there is not None
    assert back is not None
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


def test_only_what_both_tell_of_is_compared_and_nothing_gives_none() -> None:
    first, second = predictions(1, 1.2), predictions(2, 0.6)
    some = paired_differences(first[:30], second, CLASSES)
    assert some == paired_differences(first[:30], list(reversed(second[:30])), CLASSES)
    assert set(paired_differences(first[:10], second[20:], CLASSES).values()) == {None}


def test_a_summary_survives_its_json() -> None:
    summary = summarise(predictions(1, 1.0), CLASSES)
    again = Summary.from_json(summary.to_json())
    assert again.to_json() == summary.to_json()
