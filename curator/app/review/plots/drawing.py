"""Puts curves and bands into the plots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from curator.app.review.plots.curve_plot import CurvePlot
from curator.app.review.plots.histogram_plot import HistogramPlot
from curator.app.train.plot import Series
from curator.evaluation import curves
from curator.evaluation.curve_bands import Band, BandsReady, CurvesReady
from curator.evaluation.curves import Curve, Floats

if TYPE_CHECKING:
    from curator.evaluation.curves import Sweep

_CHANCE: Final = Series("chance", "", "dim", dashed=True, loose=True)
_DIAGONAL: Final = ((0.0, 1.0), (0.0, 1.0))


def roc_plot() -> CurvePlot:
    """Sensitivity over false positive rate, chance as a dashed line."""
    plot = CurvePlot(
        "ROC", [Series("curve", "", "accent", "sensitivity"), _CHANCE], x="1 - specificity", y="sensitivity"
    )
    plot.set_data("chance", *_DIAGONAL)
    return plot


def recall_plot() -> CurvePlot:
    """Precision over recall, what guessing gives as a dashed line."""
    return CurvePlot(
        "Precision-recall", [Series("curve", "", "accent", "precision"), _CHANCE], x="recall", y="precision"
    )


def reliability_plot() -> CurvePlot:
    """How often what is said with a probability is so; where the two are the same as a dashed line."""
    plot = CurvePlot(
        "Reliability",
        [Series("curve", "", "accent", "share that is so"), _CHANCE],
        x="probability",
        y="share that is so",
    )
    plot.set_data("chance", *_DIAGONAL)
    plot.setToolTip(
        f"Probabilities in {curves.BINS} bins of equal width. Expected calibration error (ECE): the mean distance "
        "to the diagonal, weighted by the images in each bin (Guo and others, 2017)."
    )
    return plot


def draw_roc(plot: CurvePlot, found: CurvesReady, bands: BandsReady | None) -> None:
    """The curve, its band once it is there, and the area in the corner."""
    band = bands.roc if bands is not None else None
    _draw(plot, found.roc, band, ("1 - specificity", "sensitivity"), steps=False)
    _say(plot, "AUROC", found, bands, "auroc")


def draw_recall(plot: CurvePlot, found: CurvesReady, bands: BandsReady | None) -> None:
    """The curve in steps, its band, and the average precision in the corner."""
    band = bands.precision_recall if bands is not None else None
    _draw(plot, found.precision_recall, band, ("recall", "precision"), steps=found.positive is not None)
    _say(plot, "AP", found, bands, "average_precision")
    true, classes = found.sample.true, len(found.sample.classes)
    share = 1 / classes if found.positive is None else float(np.mean(true == found.positive))
    plot.set_data("chance", (0.0, 1.0) if len(true) else (), (share, share) if len(true) else ())


def draw_reliability(plot: CurvePlot, found: CurvesReady, bands: BandsReady | None) -> None:
    """A point for each bin with an interval, and the calibration error in the corner."""
    bins = found.reliability
    filled = bins.counts > 0
    x, y = bins.probability[filled], bins.frequency[filled]
    plot.set_data("curve", x.tolist(), y.tolist(), dots=True)
    none = np.full(len(x), np.nan)
    low, high = (none, none)
    if bands is not None:
        low, high = bands.reliability.low[filled], bands.reliability.high[filled]
    plot.set_bars(x, y, low, high)
    plot.set_table(
        ("probability", "share that is so", "2.5 %", "97.5 %", "images", "from", "to"),
        np.stack([x, y, low, high, bins.counts[filled], bins.edges[:-1][filled], bins.edges[1:][filled]], 1),
    )
    _say(plot, "ECE", found, bands, "calibration_error")
    brier = bands.figures["brier"] if bands is not None else None
    plot.add_figure("Brier", found.values["brier"], brier)


def draw_histogram(plot: HistogramPlot, found: CurvesReady) -> None:
    """Of one class the images of it and the others', of all classes what is right and what is wrong."""
    is_so, probabilities = found.sample.stated(found.positive)
    names = ("right", "wrong")
    if found.positive is not None:
        classes = found.sample.classes
        other = classes[1 - found.positive] if len(classes) == 2 else "others"
        names = (classes[found.positive], other)
    plot.show_counts(names, curves.histogram(probabilities[is_so]), curves.histogram(probabilities[~is_so]))


def mark(plots: Mapping[str, CurvePlot], sweep: Sweep | None, threshold: float) -> None:
    """Marks the threshold on all of them; takes the marks away where there is no class to say from it on."""
    counts = sweep.at(threshold) if sweep is not None else None
    for name in ("reliability", "histogram"):
        plots[name].set_threshold(threshold if counts is not None else None)
    at_roc = at_recall = None
    if counts is not None and counts.sensitivity is not None:
        if counts.specificity is not None:
            at_roc = (1 - counts.specificity, counts.sensitivity)
        if counts.precision is not None:
            at_recall = (counts.sensitivity, counts.precision)
    plots["roc"].set_point(at_roc)
    plots["precision_recall"].set_point(at_recall)


def _draw(
    plot: CurvePlot, curve: Curve | None, band: Band | None, headings: tuple[str, str], *, steps: bool
) -> None:
    if curve is None:
        plot.set_data("curve", [], [])
        plot.set_band(np.zeros(0), np.zeros(0), np.zeros(0))
        plot.set_table((), np.zeros((0, 0)))
        return
    x, y = curve.x, curve.y
    if steps:
        # From each recall to the next at the precision of the next.
        x, y = np.repeat(curve.x, 2)[1:-1], np.repeat(curve.y[1:], 2)
    plot.set_data("curve", x.tolist(), y.tolist(), dots=False)
    low = high = np.full(len(curve.x), np.nan)
    if band is not None:
        plot.set_band(band.x, band.low, band.high)
        low, high = (np.interp(curve.x, band.x, side) for side in (band.low, band.high))
    else:
        plot.set_band(np.zeros(0), np.zeros(0), np.zeros(0))
    plot.set_table(
        (*headings, "2.5 %", "97.5 %", "threshold"),
        np.stack([curve.x, curve.y, low, high, _finite(curve.thresholds)], axis=1),
    )


def _finite(thresholds: Floats) -> Floats:
    return np.where(np.isfinite(thresholds), thresholds, np.nan)


def _say(plot: CurvePlot, name: str, found: CurvesReady, bands: BandsReady | None, key: str) -> None:
    plot.set_figure(name, found.values[key], bands.figures[key] if bands is not None else None)
