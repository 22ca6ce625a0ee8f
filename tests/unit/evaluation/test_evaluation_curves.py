"""Every number of the curves against scikit-learn's, on 1,000 random cases, and the bands against draws by hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

from curator.evaluation import curves
from curator.evaluation.curve_bands import (
    BandsReady,
    CurvesReady,
    default_positive,
    find_curves,
    headline,
    read_curves,
    sample_of,
)
from curator.evaluation.intervals import group_draws, summarise
from curator.metrics import confusion_matrix
from curator.records import Prediction, Progress

CASES = 1000


@pytest.fixture(autouse=True)
def plain_sklearn() -> Iterator[None]:
    """scikit-learn without its checks of arguments, which take most of its time, and its warnings of odd cases."""
    with sklearn.config_context(skip_parameter_validation=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def case(number: int) -> tuple[curves.Indices, curves.Floats]:
    """Labels and probabilities: 1 to 60 images of 2 to 8 classes, some classes missing, every second with ties."""
    random = np.random.default_rng(number)
    classes = int(random.integers(2, 9))
    n = int(random.integers(1, 8)) if number % 4 == 0 else int(random.integers(8, 61))
    present = random.choice(classes, int(random.integers(1, classes + 1)), replace=False)
    true = random.choice(present, n).astype(np.int64)
    logits = random.normal(0, 1.5, (n, classes)) + random.uniform(0, 3) * np.eye(classes)[true]
    if number % 2:
        logits = logits.round()
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    if number % 10 == 3:
        # All that can be said for sure, zeros and ones included.
        probabilities = np.eye(classes)[probabilities.argmax(axis=1)]
    return true, probabilities


def same(mine: float | None, theirs: float) -> None:
    if mine is None:
        assert np.isnan(theirs)
    else:
        assert mine == pytest.approx(float(theirs), abs=1e-12)


def check_curves(positive: curves.Flags, scores: curves.Floats) -> None:
    swept = curves.sweep(positive, scores)
    roc, recall = curves.roc(swept), curves.precision_recall(swept)
    if roc is None:
        assert len(set(positive.tolist())) == 1
    else:
        x, y, thresholds = metrics.roc_curve(positive, scores, drop_intermediate=False)
        np.testing.assert_allclose(roc.x, x)
        np.testing.assert_allclose(roc.y, y)
        np.testing.assert_array_equal(roc.thresholds, thresholds)
        same(curves.area(roc), np.trapezoid(y, x))
        best = curves.best_threshold(swept)
        gain = (y - x).max()
        if best is None:
            assert gain <= 0
        else:
            said = scores >= best
            same(said[positive].mean() - said[~positive].mean(), gain)
    if recall is None:
        assert not positive.any()
    else:
        precision, share, thresholds = metrics.precision_recall_curve(positive, scores)
        np.testing.assert_allclose(recall.y, precision[::-1])
        np.testing.assert_allclose(recall.x, share[::-1])
        np.testing.assert_array_equal(recall.thresholds[1:], thresholds[::-1])
        same(curves.average_precision(recall), metrics.average_precision_score(positive, scores))


def check_threshold(positive: curves.Flags, scores: curves.Floats, threshold: float) -> None:
    counts = curves.sweep(positive, scores).at(threshold)
    said = scores >= threshold
    assert (counts.true_positives, counts.false_positives) == (
        (positive & said).sum(),
        (~positive & said).sum(),
    )
    assert counts.true_positives + counts.false_negatives == positive.sum()
    assert counts.false_positives + counts.true_negatives == (~positive).sum()
    precision, recall, _, _ = metrics.precision_recall_fscore_support(
        positive, said, labels=[False, True], zero_division=np.nan
    )
    same(counts.sensitivity, recall[1])
    same(counts.specificity, recall[0])
    same(counts.precision, precision[1])
    same(counts.balanced_accuracy, np.nanmean(recall))


def check_calibration(positive: curves.Flags, scores: curves.Floats) -> None:
    bins = curves.reliability(positive, scores)
    frequency, probability = calibration_curve(positive, scores, n_bins=curves.BINS, pos_label=True)
    filled = bins.counts > 0
    np.testing.assert_allclose(bins.frequency[filled], frequency)
    np.testing.assert_allclose(bins.probability[filled], probability)
    assert bins.counts.sum() == len(scores)
    same(
        curves.calibration_error(bins),
        float(np.average(np.abs(frequency - probability), weights=bins.counts[filled])),
    )


def check_classes(true: curves.Indices, probabilities: curves.Floats, of: int) -> None:
    classes = probabilities.shape[1]
    labels = list(range(classes))
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=np.nan
    )
    counts = confusion_matrix(true, predicted, classes)
    for index, row in enumerate(curves.per_class(counts, curves.class_areas(true, probabilities))):
        assert row.support == support[index]
        same(row.precision, precision[index])
        same(row.recall, recall[index])
        same(row.f1, f1[index])
        if index == of:
            positive = true == index
            assert (row.auroc is None) == (len(set(positive.tolist())) < 2)
            same(row.auroc, metrics.roc_auc_score(positive, probabilities[:, index]))
    if classes == 2:
        same(
            curves.brier(true, probabilities),
            metrics.brier_score_loss(true, probabilities[:, 1], labels=labels),
        )
        at = float(probabilities[0, 0])
        np.testing.assert_array_equal(
            curves.confusion_at(true, probabilities, 0, at),
            metrics.confusion_matrix(true, np.where(probabilities[:, 0] >= at, 0, 1), labels=labels),
        )
    else:
        same(curves.brier(true, probabilities), metrics.brier_score_loss(true, probabilities, labels=labels))


def test_numbers_are_those_of_scikit_learn() -> None:
    for number in range(CASES):
        true, probabilities = case(number)
        index = number % probabilities.shape[1]
        positive, scores = true == index, probabilities[:, index]
        check_curves(positive, scores)
        check_threshold(positive, scores, float(scores[0]) if number % 3 else (number % 11) / 10)
        check_calibration(positive, scores)
        check_classes(true, probabilities, index)


def test_the_expected_calibration_error_is_that_of_its_definition() -> None:
    for number in range(0, CASES, 20):
        true, probabilities = case(number)
        bins: dict[int, list[tuple[float, bool]]] = {}
        for label, row in zip(true, probabilities, strict=True):
            sure = float(row.max())
            which = next(k for k in range(15) if sure <= np.linspace(0, 1, 16)[k + 1])
            bins.setdefault(which, []).append((sure, int(row.argmax()) == label))
        expected = sum(
            abs(np.mean([right for _, right in one]) - np.mean([sure for sure, _ in one])) * len(one)
            for one in bins.values()
        ) / len(true)
        same(curves.expected_calibration_error(true, probabilities), expected)


def predictions_of(true: Any, probabilities: Any, classes: list[str]) -> list[Prediction]:
    return [
        Prediction(
            f"{number}.png",
            None,
            classes[label],
            "test",
            f"g{number // 2}",
            classes[int(np.argmax(row))],
            tuple(row.tolist()),
            float(-np.log(max(row[label], 1e-12))),
        )
        for number, (label, row) in enumerate(zip(true, probabilities, strict=True))
    ]


def read(
    predictions: list[Prediction], classes: list[str], positive: int | None, samples: int = 2000
) -> tuple[CurvesReady, BandsReady]:
    events = list(read_curves(predictions, classes, positive, samples=samples))
    assert isinstance(events[0], CurvesReady)
    assert isinstance(events[-1], BandsReady)
    assert all(isinstance(one, Progress) for one in events[1:-1])
    return events[0], events[-1]


def test_bands_are_the_percentiles_of_draws_that_scikit_learn_judges() -> None:
    true, probabilities = case(26)
    true = (true % 2).astype(np.int64)
    probabilities = np.stack([1 - probabilities[:, 0], probabilities[:, 0]], axis=1).round(2)
    predictions = predictions_of(true, probabilities, ["no", "yes"])
    samples = 200
    found, bands = read(predictions, ["no", "yes"], 1, samples)
    groups = sample_of(predictions, ["no", "yes"]).groups
    drawn: dict[str, list[float]] = {"auroc": [], "average_precision": [], "brier": []}
    heights, precisions = [], []
    scores = probabilities[:, 1]
    for weights in np.concatenate(list(group_draws(groups, 0, samples))):
        drawn["auroc"].append(metrics.roc_auc_score(true, scores, sample_weight=weights))
        drawn["average_precision"].append(
            metrics.average_precision_score(true, scores, sample_weight=weights)
        )
        drawn["brier"].append(metrics.brier_score_loss(true, scores, sample_weight=weights))
        x, y, _ = metrics.roc_curve(true, scores, sample_weight=weights, drop_intermediate=False)
        heights.append(np.interp(curves.GRID, x, y))
        precision, share, _ = metrics.precision_recall_curve(true, scores, sample_weight=weights)
        reached = [index for index in range(len(share)) if share[index] >= 0.5 - 1e-9]
        precisions.append(precision[reached[-1]])
    for name, values in drawn.items():
        low, high = np.percentile(values, [2.5, 97.5])
        figure = bands.figures[name]
        assert figure is not None
        assert figure.value == found.values[name]
        assert (figure.low, figure.high) == pytest.approx((low, high), abs=1e-12)
    low, high = np.percentile(heights, [2.5, 97.5], axis=0)
    np.testing.assert_allclose(bands.roc.low, low, atol=1e-12)
    np.testing.assert_allclose(bands.roc.high, high, atol=1e-12)
    expected = np.percentile(precisions, [2.5, 97.5])
    assert [bands.precision_recall.low[50], bands.precision_recall.high[50]] == pytest.approx(expected)


@pytest.mark.parametrize("classes", [["no", "yes"], ["a", "b", "c"]])
def test_the_auroc_and_its_interval_are_those_of_the_summary(classes: list[str]) -> None:
    random = np.random.default_rng(3)
    true = random.integers(0, len(classes), 80)
    probabilities = random.dirichlet(np.ones(len(classes)), 80)
    predictions = predictions_of(true, probabilities, classes)
    _, bands = read(predictions, classes, default_positive(classes))
    expected, figure = summarise(predictions, classes).metrics["auroc"], bands.figures["auroc"]
    assert expected is not None
    assert figure is not None
    assert (figure.value, figure.low, figure.high) == pytest.approx(
        (expected.value, expected.low, expected.high), abs=1e-12
    )


def test_of_many_classes_the_macro_mean_is_scikit_learns() -> None:
    random = np.random.default_rng(5)
    true, probabilities = random.integers(0, 5, 90), random.dirichlet(np.ones(5), 90)
    predictions = predictions_of(true, probabilities, list("abcde"))
    found = find_curves(sample_of(predictions, list("abcde")), None)
    same(found.values["auroc"], metrics.roc_auc_score(true, probabilities, multi_class="ovr"))
    same(found.values["average_precision"], metrics.average_precision_score(np.eye(5)[true], probabilities))
    same(found.values["calibration_error"], curves.expected_calibration_error(true, probabilities) or 0.0)
    # Of a mean of curves no threshold can be told, and between its ends lies the mean of the classes' heights.
    assert found.sweep is None
    assert found.roc is not None
    heights = [np.interp(0.37, *metrics.roc_curve(true == k, probabilities[:, k])[:2]) for k in range(5)]
    assert np.interp(0.37, found.roc.x, found.roc.y) == pytest.approx(np.mean(heights))


@pytest.mark.parametrize("positive", [None, 0, 1])
def test_what_is_not_defined_is_none(positive: int | None) -> None:
    classes = ["no", "yes"]
    nothing, bands = read([], classes, positive)
    assert nothing.roc is None
    assert nothing.precision_recall is None
    assert set(nothing.values.values()) == {None}
    assert set(bands.figures.values()) == {None}
    one, bands = read(predictions_of([1], np.array([[0.2, 0.8]]), classes), classes, positive)
    assert one.roc is None
    assert bands.figures["auroc"] is None
    assert bands.figures["brier"] is not None
    assert np.isnan(bands.roc.low).all()


def test_the_headline_names_average_precision_calibration_error_and_brier_score() -> None:
    true, probabilities = np.array([0, 1, 1, 0]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    found = headline(predictions_of(true, probabilities, ["no", "yes"]), ["no", "yes"])
    assert found["positive"] == "yes"
    assert found["calibration_bins"] == 15
    assert found["figures"]["average_precision"]["value"] == pytest.approx(1.0)
    assert found["figures"]["brier"]["value"] == pytest.approx((0.01 + 0.04 + 0.36 + 0.09) / 4)
    same(
        found["figures"]["expected_calibration_error"]["value"],
        curves.expected_calibration_error(true, probabilities) or 0,
    )
    low, high = found["figures"]["brier"]["low"], found["figures"]["brier"]["high"]
    assert low < found["figures"]["brier"]["value"] < high
    many = headline(predictions_of([0, 1, 2], np.eye(3), list("abc")), list("abc"))
    assert many["positive"] is None
    assert many["figures"]["brier"]["value"] == 0
