"""How it was trained: curves by epoch, the plan, the device."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

from curator.evaluation.cross_validated import CrossValidation
from curator.evaluation.report.charts import Line, chart
from curator.evaluation.report.page import Section, count, figure, number, paragraph, text
from curator.training.config import PRESETS, TrainConfig
from curator.training.events import EpochMetrics
from curator.training.runs import Run

_Take = Callable[[EpochMetrics], float]
# Where a loss starts far above, the rest would be a flat line: the axis ends here, in medians of the curve.
_HIGHEST: Final = 4.0


def training(run: Run, folds: CrossValidation | None, fold_runs: Sequence[Run]) -> Section:
    """Curves of the run, or of each fold, and the plan."""
    parts = []
    if folds is None:
        best = run.best
        words = f"{run.config.backbone} on {run.device}: {count(len(run.metrics), 'epoch')} of {run.config.epochs}"
        if best is not None:
            words += f"; kept is epoch {best.epoch}, with the lowest validation loss ({best.val_loss:.3f})"
        parts.append(paragraph(f"{words}. {run.weights_message}"))
        parts.append(_charts_of_run(run.metrics))
    else:
        words = f"{folds.config.backbone}, {len(folds.done)} trainings in {_duration(folds.seconds)}."
        parts.append(paragraph(f"{words} {run.weights_message}"))
        parts.append(_charts_of_folds(fold_runs))
    parts.append(_plan(run.config))
    return Section("Training", "".join(parts))


def _charts_of_run(metrics: Sequence[EpochMetrics]) -> str:
    if not metrics:
        return paragraph("No epoch was finished.")
    loss = [
        _line("training", metrics, lambda one: one.train_loss, 0),
        _line("validation", metrics, lambda one: one.val_loss, 1),
    ]
    right = [
        _line("training", metrics, lambda one: one.train_accuracy, 0),
        _line("validation (balanced)", metrics, lambda one: one.val_balanced_accuracy, 1),
    ]
    last = metrics[-1]
    return _pair(
        _chart(
            "Loss by epoch",
            loss,
            f"Loss. Last: training {number(last.train_loss)}, validation {number(last.val_loss)}.",
        ),
        _chart(
            "Accuracy by epoch",
            right,
            f"Accuracy. Last: training {number(last.train_accuracy)}, "
            f"validation, balanced, {number(last.val_balanced_accuracy)}.",
        ),
    )


def _charts_of_folds(runs: Sequence[Run]) -> str:
    runs = [run for run in runs if run.metrics]
    if not runs:
        return ""
    loss = [_line("", run.metrics, lambda one: one.val_loss, 0) for run in runs]
    right = [_line("", run.metrics, lambda one: one.val_balanced_accuracy, 0) for run in runs]
    return _pair(
        _chart("Validation loss by epoch", loss, f"Validation loss, a line a fold ({len(runs)})."),
        _chart(
            "Balanced accuracy by epoch",
            right,
            f"Validation, balanced accuracy, a line a fold ({len(runs)}).",
        ),
    )


def _chart(title: str, lines: Sequence[Line], caption: str) -> str:
    x = [value for line in lines for value in line.x]
    y = [value for line in lines for value in line.y if math.isfinite(value)]
    if not y:
        return ""
    top = max(y)
    if title.lower().find("accuracy") >= 0:
        low, top = min(0.5, min(y)), 1.0
    else:
        low = 0.0
        middle = sorted(y)[len(y) // 2]
        top = min(top, _HIGHEST * middle) if middle > 0 else top
    drawn = chart(
        title,
        caption,
        lines,
        x_label="epoch",
        x_range=(min(x), max(max(x), min(x) + 1)),
        y_range=(low, top or 1.0),
    )
    return figure(drawn, caption)


def _line(name: str, metrics: Sequence[EpochMetrics], take: _Take, style: int) -> Line:
    return Line(name, [float(one.epoch) for one in metrics], [take(one) for one in metrics], style)


def _pair(*figures: str) -> str:
    return f'<div class="charts">{"".join(figures)}</div>'


def _plan(config: TrainConfig) -> str:
    """Every setting; bold what differs from its preset."""
    usual = asdict(TrainConfig.preset_named(config.preset)) if config.preset in PRESETS else {}
    items = []
    for name, value in asdict(config).items():
        shown = text(f"{value:g}" if isinstance(value, float) else str(value))
        other = usual.get(name, value) != value
        words = text(name.replace("_", " "))
        items.append(
            f"<li><span>{words}</span>{f'<b>{shown}</b>' if other else f'<span>{shown}</span>'}</li>"
        )
    head = f"<h3>Plan</h3>{paragraph('In bold what differs from the preset.', 'dim')}"
    return f'{head}<ul class="plan">{"".join(items)}</ul>'


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
