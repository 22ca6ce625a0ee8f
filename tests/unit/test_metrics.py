"""Figures of merit against scikit-learn's, and at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from curator.metrics import accuracy, auroc, balanced_accuracy, confusion_matrix, cross_entropy, wilson


def drawn(seed: int, n: int, classes: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    """True classes, each at least once, and probabilities, with many equal ones where `ties`."""
    rng = np.random.default_rng(seed)
    true = np.concatenate([np.arange(classes), rng.integers(0, classes, n)])
    raw = rng.random((len(true), classes))
    raw[np.arange(len(true)), true] += 0.4
    if ties:
        raw = np.ceil(raw * 3)
    return true, raw / raw.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3, 7])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 60), ties=st.booleans())
@settings(max_examples=25, deadline=None)
def test_figures_equal_scikit_learns(classes: int, seed: int, n: int, ties: bool) -> None:
    true, probabilities = drawn(seed, n, classes, ties=ties)
    predicted = probabilities.argmax(axis=1)
    labels = list(range(classes))
    assert np.array_equal(
        confusion_matrix(true, predicted, classes),
        reference.confusion_matrix(true, predicted, labels=labels),
    )
    assert accuracy(true, predicted) == pytest.approx(reference.accuracy_score(true, predicted))
    assert balanced_accuracy(true, predicted, classes) == pytest.approx(
        reference.balanced_accuracy_score(true, predicted)
    )
    expected = (
        reference.roc_auc_score(true, probabilities[:, 1])
        if classes == 2
        else np.mean([reference.roc_auc_score(true == k, probabilities[:, k]) for k in labels])
    )
    assert auroc(true, probabilities) == pytest.approx(expected)
    assert cross_entropy(true, probabilities).mean() == pytest.approx(
        reference.log_loss(true, probabilities, labels=labels)
    )


def test_auroc_of_a_perfect_a_useless_and_a_wrong_score() -> None:
    true = np.array([0, 0, 1, 1])
    for score, expected in (([0.1, 0.2, 0.8, 0.9], 1.0), ([0.5] * 4, 0.5), ([0.9, 0.8, 0.2, 0.1], 0.0)):
        positive = np.array(score)
        assert auroc(true, np.stack([1 - positive, positive], axis=1)) == expected


def test_auroc_leaves_out_classes_that_do_not_occur_and_is_none_without_any() -> None:
    true, probabilities = drawn(1, 30, 3, ties=False)
    without = true != 2
    kept = [reference.roc_auc_score(true[without] == k, probabilities[without, k]) for k in (0, 1)]
    assert auroc(true[without], probabilities[without]) == pytest.approx(np.mean(kept))
    assert auroc(np.array([1, 1]), np.array([[0.2, 0.8], [0.3, 0.7]])) is None
    assert auroc(np.array([], int), np.empty((0, 2))) is None


def test_balanced_accuracy_counts_only_classes_that_occur() -> None:
    assert balanced_accuracy(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1]), 3) == pytest.approx(0.75)


def test_nothing_is_not_a_number() -> None:
    nothing = np.array([], int)
    assert math.isnan(accuracy(nothing, nothing))
    assert math.isnan(balanced_accuracy(nothing, nothing, 2))
    assert confusion_matrix(nothing, nothing, 2).tolist() == [[0, 0], [0, 0]]


def test_wilson_of_known_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for successes, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
    ):
        assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)
    assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=5e-5)


@given(n=st.integers(1, 10_000), data=st.data())
def test_wilson_holds_the_share_and_lies_between_0_and_1(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    assert wilson(successes, n, 0.5)[1] <= high + 1e-12


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
