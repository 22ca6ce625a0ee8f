"""A run's predictions for one split, ready to be looked at: read if they are current, else computed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.evaluation.evaluate import Evaluated, evaluate
from curator.evaluation.intervals import Summary, summarise
from curator.manifest.files import write_text
from curator.manifest.schema import ManifestRow
from curator.records import Event, Prediction, Split
from curator.training.predictions import current_predictions
from curator.training.runs import Run, load_run

LOOKED = "looked.json"


@dataclass(frozen=True, slots=True)
class ResultsReady(Event):
    """Predictions of one split with the manifest's rows they belong to, and their summary.

    `looked` names the images that a person has looked at and found fine.
    """

    run: Run
    split: Split
    predictions: tuple[Prediction, ...]
    rows: dict[str, ManifestRow]
    summary: Summary
    looked: frozenset[str]


def read_results(run_dir: Path, split: Split = "test") -> Iterator[Event]:
    """Ends with `ResultsReady`; yields `Progress` and `Warned` while predictions have to be computed.

    Raises `TrainingError` or `ManifestError` where the run can't be used.
    """
    run = load_run(run_dir)
    rows = {row.file_name: row for row in run.manifest().rows}
    wanted = {name for name, row in rows.items() if row.decision == "keep" and row.split == split}
    predictions = tuple(
        one for one in current_predictions(run_dir) if one.split == split and one.file_name in wanted
    )
    if wanted and not predictions:
        for event in evaluate(run_dir, splits=(split,)):
            if isinstance(event, Evaluated):
                predictions = event.predictions
            else:
                yield event
    yield ResultsReady(
        run, split, predictions, rows, summarise(predictions, run.classes), read_looked(run_dir)
    )


def read_looked(run_dir: Path) -> frozenset[str]:
    """The images of a run that were marked as looked at; empty where the list is damaged or not there."""
    try:
        names = json.loads((run_dir / LOOKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return (
        frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()
    )


def write_looked(run_dir: Path, names: frozenset[str]) -> None:
    """Keeps the list of images looked at with the run, whole or not at all."""
    write_text(run_dir / LOOKED, json.dumps(sorted(names), ensure_ascii=False, indent=0) + "\n")
