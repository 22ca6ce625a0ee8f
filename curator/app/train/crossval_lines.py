"""What the sheet of a cross-validation or an ablation draws, as lines of figures; knows no screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from curator.app.words import count, duration
from curator.evaluation.cross_validated import CrossValidation
from curator.workflow.ablated import CLEANINGS, Ablation

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval, Summary

Result: TypeAlias = CrossValidation | Ablation

# What a figure of no worth is, where it is not that of the majority class.
_COIN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the plot: words, a dim detail, a figure with or without an interval. None is not defined.

    `strong` marks what sums the others up; `signed` what is a difference.
    """

    words: str
    detail: str
    value: float | None
    low: float | None = None
    high: float | None = None
    strong: bool = False
    signed: bool = False

    def figure(self) -> str:
        """The figure as written beside it."""
        if self.value is None:
            return "not defined"
        if self.low is None or self.high is None:
            return self._written(self.value)
        return f"{self._written(self.value)} [{self._written(self.low)}, {self._written(self.high)}]"

    def _written(self, value: float) -> str:
        return f"{value:+.3f}".replace("-", "−") if self.signed else f"{value:.3f}"


def title(result: Result) -> tuple[str, str]:
    """What stands above: a title, and how much was worked."""
    backbone, took = result.config.backbone, duration(result.seconds)
    if isinstance(result, CrossValidation):
        done = (
            f"{len(result.done)} of {result.folds} folds" if not result.finished else f"{result.folds} folds"
        )
        rest = f"{done}, {count(result.images, 'image')} in {count(result.groups, 'group')}"
        return "Cross-validation", f"{backbone}, {rest}, {took} of training"
    way = f"{result.folds} folds each" if result.folds else "on the fixed split"
    if not result.finished:
        way += f", {len(result.variants)} of {len(CLEANINGS)} done"
    return "Ablation", f"{backbone}, {way}, {took} of training"


def lines(result: Result, metric: str) -> tuple[Line, ...]:
    """The rows of the plot of one metric, in the order in which they are drawn."""
    return (
        _fold_lines(result, metric) if isinstance(result, CrossValidation) else _variant_lines(result, metric)
    )


def differences(result: Result, metric: str) -> tuple[Line, ...]:
    """What each two variants differ by, the one that is cleaned more less the other; none of folds."""
    if isinstance(result, CrossValidation):
        return ()
    rows = []
    for one in result.differences:
        found = one.metrics.get(metric)
        row = _summed(one.pair(), one.verdict(metric), found)
        rows.append(replace(row, signed=True))
    return tuple(rows)


def headline(result: Result) -> str:
    """The figure that says most, in a few words."""
    if isinstance(result, CrossValidation):
        shown = lines(result, "balanced_accuracy")
        return f"balanced accuracy {shown[-1].figure()} over all images" if shown else ""
    figures = {one.cleaning: one.summary.metrics.get("balanced_accuracy") for one in result.variants}
    raw, masked = figures.get("raw"), figures.get("masked")
    if raw is None or masked is None:
        return ""
    said = next(one for one in result.differences if (one.more, one.less) == ("masked", "raw"))
    verdict = said.verdict("balanced_accuracy")
    return f"balanced accuracy {masked.value:.3f} cleaned, {raw.value:.3f} raw: {verdict}"


def baseline(result: Result, metric: str) -> tuple[float, str] | None:
    """What always saying the most frequent class gets, and what it is called; None for the loss."""
    summary = _judged(result)
    if summary is None or metric == "loss":
        return None
    if metric == "accuracy":
        return summary.majority, "majority class"
    if metric == "auroc":
        return _COIN, "chance"
    present = sum(one.images > 0 for one in summary.per_class)
    return 1 / max(1, present), "majority class"


def notes(result: Result, metric: str) -> tuple[str, ...]:
    """Sentences below the plot."""
    found: list[str] = []
    if isinstance(result, Ablation):
        if result.differences:
            found.append("\n".join(one.words(metric) for one in result.differences))
        found.append(
            "Differences are paired: both are judged on the same draws of whole groups, so they can be clear where "
            "the intervals above overlap."
        )
    else:
        found.append(
            "The mean's interval is over folds (Student's t), which share most of their training images, and so "
            "rather too narrow; that of all images at once is by bootstrap over groups."
        )
        if result.missing:
            found.append(f"{count(len(result.missing), 'image')} could not be read and have no prediction.")
    found.append(result.about_test())
    return tuple(found)


def _judged(result: Result) -> Summary | None:
    if isinstance(result, CrossValidation):
        return result.pooled
    return result.variants[-1].summary if result.variants else None


def _fold_lines(result: CrossValidation, metric: str) -> tuple[Line, ...]:
    rows = [
        Line(
            f"Fold {one.fold}",
            f"{count(one.images, 'image')}, best epoch {one.best_epoch} of {one.epochs}",
            one.metrics.get(metric),
        )
        for one in result.done
    ]
    mean = (result.mean or {}).get(metric)
    if len(result.done) > 1:
        rows.append(_summed("Mean over folds", f"{len(result.done)} folds", mean))
    if result.pooled is not None:
        detail = f"{count(result.pooled.n_images, 'image')} in {count(result.pooled.n_groups, 'group')}"
        rows.append(_summed("All images at once", detail, result.pooled.metrics.get(metric)))
    return tuple(rows)


def _variant_lines(result: Ablation, metric: str) -> tuple[Line, ...]:
    rows: Sequence[Line] = [
        _summed(
            CLEANINGS[one.cleaning],
            count(one.summary.n_images, "image"),
            one.summary.metrics.get(metric),
        )
        for one in result.variants
    ]
    return tuple(rows)


def _summed(words: str, detail: str, one: Interval | None) -> Line:
    if one is None:
        return Line(words, detail, None, strong=True)
    return Line(words, detail, one.value, one.low, one.high, strong=True)
