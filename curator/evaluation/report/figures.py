"""What the predictions add up to: headline figures, curves, confusion matrix, classes."""

from __future__ import annotations

from typing import Final

import numpy as np

from curator.evaluation import curves
from curator.evaluation.curve_bands import default_positive
from curator.evaluation.intervals import METRICS, Summary, arrays_of
from curator.evaluation.report.charts import Line, chart
from curator.evaluation.report.doubts import figure_name, too_good_words
from curator.evaluation.report.page import (
    Section,
    count,
    figure,
    note,
    number,
    paragraph,
    raw_table,
    table,
    text,
)
from curator.evaluation.results import ResultsReady
from curator.records import Split

# A confusion matrix of more classes is unreadable on a page: the worst pairs are listed instead.
_MATRIX_CLASSES: Final = 12
_PAIRS: Final = 40
_UNIT: Final = (0.0, 1.0)


def headline(results: ResultsReady, touched: int) -> Section:
    """The figures with their intervals, beside what always saying the most frequent class would reach."""
    summary = results.summary
    cards = []
    for name in METRICS:
        interval = summary.metrics.get(name)
        value = "not defined" if interval is None else f"{interval.value:.3f}"
        spread = "" if interval is None else f"95 % interval {interval.low:.3f} to {interval.high:.3f}"
        base = _baseline(summary, name)
        cards.append(
            f'<div class="card"><dt>{figure_name(name)}</dt><dd class="value">{value}</dd>'
            f'<dd class="range">{spread}</dd><dd class="range">{text(base)}</dd></div>'
        )
    words = (
        f"{_where(results)}: {count(summary.n_images, 'image')} in {count(summary.n_groups, 'group')}. "
        "Intervals by bootstrap over whole groups. Always saying the most frequent class (majority class) "
        f"has an accuracy of {summary.majority:.3f}."
    )
    parts = [paragraph(words), f'<dl class="cards">{"".join(cards)}</dl>']
    doubts = too_good_words(results)
    if doubts:
        parts.append(note(doubts))
    if touched and results.split == "test":
        parts.append(note(f"Touched: {count(touched, 'test image')} mended after the prediction was seen."))
    return Section("Result", "".join(parts))


def plots(results: ResultsReady) -> Section:
    """ROC, precision and recall, reliability: of the second of two classes, else the mean over all."""
    classes = results.run.classes
    true, _, probabilities, _ = arrays_of(results.predictions, classes)
    if not len(true):
        return Section("Curves", "")
    positive = default_positive(classes)
    if positive is None:
        of = [index for index in range(len(classes)) if (true == index).any()]
        whose = f"the mean over {len(of)} classes"
    else:
        of, whose = [positive], f"of {classes[positive]}"
    sweeps = [curves.sweep(true == index, probabilities[:, index]) for index in of]
    parts = []
    rocs = [one for one in map(curves.roc, sweeps) if one is not None]
    if rocs:
        curve = rocs[0] if len(rocs) == 1 else curves.mean_curve(rocs, steps=False)
        area = float(np.mean([curves.area(one) for one in rocs]))
        parts.append(
            figure(
                chart(
                    "ROC curve",
                    f"Sensitivity over the false positive rate, {whose}. Area {area:.3f}.",
                    [Line("sensitivity", curve.x.tolist(), curve.y.tolist())],
                    x_label="false positive rate",
                    x_range=_UNIT,
                    y_range=_UNIT,
                    chance=((0, 0), (1, 1)),
                ),
                f"ROC {whose}: area {area:.3f}. Dotted: chance.",
            )
        )
    precise = [one for one in map(curves.precision_recall, sweeps) if one is not None]
    if precise:
        curve = precise[0] if len(precise) == 1 else curves.mean_curve(precise, steps=True)
        mean = float(np.mean([curves.average_precision(one) for one in precise]))
        base = float(np.mean([(true == index).mean() for index in of]))
        parts.append(
            figure(
                chart(
                    "Precision and recall",
                    f"Precision over recall, {whose}. Average precision {mean:.3f}.",
                    [Line("precision", curve.x.tolist(), curve.y.tolist(), steps=True)],
                    x_label="recall",
                    x_range=_UNIT,
                    y_range=_UNIT,
                    chance=((0, base), (1, base)),
                ),
                f"Precision {whose}: average {mean:.3f}. Dotted: its share of the images, {base:.3f}.",
            )
        )
    parts.append(_reliability(true, probabilities))
    return Section("Curves", f'<div class="charts">{"".join(parts)}</div>')


def confusion(results: ResultsReady) -> Section:
    """The confusion matrix, or of many classes the pairs confused most, and a row a class."""
    summary = results.summary
    if len(summary.classes) > _MATRIX_CLASSES:
        return Section("Confusion and classes", _confused_pairs(summary) + _per_class(results))
    rows = []
    for index, name in enumerate(summary.classes):
        counts = summary.confusion[index].tolist()
        total = max(1, sum(counts))
        rows.append(
            [
                f"is {text(name)}",
                *(
                    f'<td class="{"right" if index == at else "wrong" if n else ""}">{n} '
                    f'<span class="dim">({100 * n / total:.0f} %)</span></td>'
                    for at, n in enumerate(counts)
                ),
            ]
        )
    headings = ["True class", *(f"said {name}" for name in summary.classes)]
    matrix = raw_table(
        "Confusion matrix: images, and their share of the true class", headings, rows, "matrix"
    )
    return Section("Confusion and classes", matrix + _per_class(results))


def _reliability(true: curves.Indices, probabilities: curves.Floats) -> str:
    right, sure = curves.confidence(true, probabilities)
    bins = curves.reliability(right, sure)
    error = curves.calibration_error(bins)
    brier = curves.brier(true, probabilities)
    filled = bins.counts > 0
    return figure(
        chart(
            "Reliability",
            "The share that is right over the probability of what was said. "
            f"Expected calibration error {number(error)}.",
            [
                Line(
                    "share right",
                    bins.probability[filled].tolist(),
                    bins.frequency[filled].tolist(),
                    marked=True,
                )
            ],
            x_label="probability of what was said",
            x_range=_UNIT,
            y_range=_UNIT,
            chance=((0, 0), (1, 1)),
        ),
        f"Expected calibration error {number(error)} ({len(bins.counts)} bins), Brier score {number(brier)}. "
        "Dotted: as sure as right.",
    )


def _confused_pairs(summary: Summary) -> str:
    """Of many classes, the pairs that are confused most: a table that a page can hold."""
    wrong = summary.confusion - np.diag(summary.confusion.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    rows = []
    for true, said in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[true, said]:
            of = int(summary.confusion[true].sum())
            rows.append([summary.classes[true], summary.classes[said], f"{wrong[true, said]} of {of}"])
    if not rows:
        return paragraph("No two classes were confused.")
    return table(
        f"The pairs confused most, of {len(summary.classes)} classes", ["Is", "Said", "Images"], rows
    )


def _per_class(results: ResultsReady) -> str:
    classes = results.run.classes
    true, _, probabilities, _ = arrays_of(results.predictions, classes)
    figures = curves.per_class(results.summary.confusion, curves.class_areas(true, probabilities))
    rows = [
        [name, str(one.support), *(number(value) for value in (one.recall, one.precision, one.f1, one.auroc))]
        for name, one in zip(classes, figures, strict=True)
        if one.support or len(classes) <= _MATRIX_CLASSES
    ]
    return table("Classes", ["Class", "Images", "Recall", "Precision", "F1", "AUROC"], rows)


def _baseline(summary: Summary, name: str) -> str:
    present = int((summary.confusion.sum(axis=1) > 0).sum())
    if name == "accuracy":
        return f"majority class {summary.majority:.3f}"
    if name == "balanced_accuracy" and present:
        return f"majority class {1 / present:.3f}"
    if name == "auroc":
        return "chance 0.500"
    return "lower is better" if name == "loss" else ""


def _where(results: ResultsReady) -> str:
    if results.folds:
        return f"Every image predicted out of fold, by {count(len(set(results.folds.values())), 'network')}"
    names: dict[Split | None, str] = {
        "test": "Locked test split",
        "val": "Validation split",
        "train": "Training split",
    }
    if results.source.images is not None:
        return "New images"
    of_it = f" of the manifest {results.source.manifest.name}" if results.source.manifest is not None else ""
    words = names.get(results.split) if results.split is not None else None
    if words is not None:
        return f"{words}{of_it}"
    return f"All kept images{of_it or ', those trained on among them'}"
