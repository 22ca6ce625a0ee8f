"""Cross-validations and ablations among the runs of a project, and reading one; no torch here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curator.app.train.crossval_lines import Result
from curator.app.train.run_table import RunRow
from curator.app.words import moment
from curator.evaluation import cross_validated
from curator.records import Event
from curator.workflow import ablated

if TYPE_CHECKING:
    from curator.evaluation.intervals import Summary


@dataclass(frozen=True, slots=True)
class ResultRead(Event):
    """A cross-validation or an ablation was read, or has grown."""

    result: Result


@dataclass(frozen=True, slots=True)
class PartBegan(Event):
    """Training `part` of `parts`, both from 1, begins; `words` name it."""

    part: int
    parts: int
    words: str


def read_result(folder: Path) -> Iterator[Event]:
    """One `ResultRead`. Raises `TrainingError` where the folder holds neither."""
    if (folder / ablated.RESULT).is_file():
        yield ResultRead(ablated.read_ablation(folder))
    else:
        yield ResultRead(cross_validated.read_cross_validation(folder))


def with_comparisons(project_folder: Path, runs: Sequence[tuple[float, RunRow]]) -> tuple[RunRow, ...]:
    """The rows of runs, each with when it began, joined by those of comparisons; newest first."""
    rows = [
        *runs,
        *((one.started_at, _folds(one)) for one in cross_validated.list_cross_validations(project_folder)),
        *((one.started_at, _ablation(one)) for one in ablated.list_ablations(project_folder)),
    ]
    return tuple(row for _, row in sorted(rows, key=lambda one: -one[0]))


def _folds(result: cross_validated.CrossValidation) -> RunRow:
    done = (len(result.done), result.folds)
    return _row(result, "Cross-validation", done, result.pooled, "crossval")


def _ablation(result: ablated.Ablation) -> RunRow:
    masked = next((one.summary for one in result.variants if one.cleaning == "masked"), None)
    name = f"Ablation, {result.folds} folds" if result.folds else "Ablation"
    return _row(result, name, (len(result.variants), len(ablated.CLEANINGS)), masked, "ablation")


def _row(result: Result, name: str, done: tuple[int, int], judged: Summary | None, kind: str) -> RunRow:
    from curator.training.runs import given_name

    figures = judged.metrics if judged is not None else {}
    accuracy, auroc = figures.get("balanced_accuracy"), figures.get("auroc")
    return RunRow(
        run_dir=result.folder,
        name=given_name(result.folder) or f"{name}, {moment(result.started_at)}",
        backbone=result.config.backbone,
        epochs_done=done[0],
        epochs=done[1],
        val_loss=None,
        balanced_accuracy=accuracy.value if accuracy else None,
        seconds=result.seconds if done[0] else None,
        status="finished" if result.finished else "stopped",
        auroc=auroc.value if auroc else None,
        kind=kind,
    )
