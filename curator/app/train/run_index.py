"""Reads the project's runs, and the backbones at hand, off the window's thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from curator.app.train.curves import Curves
from curator.app.train.run_table import RunRow
from curator.records import Event

if TYPE_CHECKING:
    from curator.training.runs import Run

RUNS_KEY: Final = "runs"
CARDS_KEY: Final = "backbones"
_WITHOUT: Final = (
    "From scratch: ImageNet weights are not on this machine. "
    "That takes more images and more epochs to get as good."
)


@dataclass(frozen=True, slots=True)
class RunsRead(Event):
    """All runs of a project, newest first."""

    rows: tuple[RunRow, ...]


@dataclass(frozen=True, slots=True)
class CurvesRead(Event):
    """The curves of one run."""

    run_dir: Path
    curves: Curves


@dataclass(frozen=True, slots=True)
class Backbone:
    """One backbone and where its weights are. `words` is for the list, `weights` a sentence."""

    name: str
    words: str
    weights: str
    can_fetch: bool


@dataclass(frozen=True, slots=True)
class BackbonesRead(Event):
    """All backbones that can be trained."""

    backbones: tuple[Backbone, ...]


def read_runs(project_folder: Path) -> Iterator[Event]:
    """Lists the runs of a project: one `RunsRead`."""
    from curator.app.train.crossval_rows import with_comparisons
    from curator.training.runs import list_runs

    rows = [(run.started_at, _row(run)) for run in list_runs(project_folder)]
    yield RunsRead(with_comparisons(project_folder, rows))


def _row(run: Run) -> RunRow:
    from curator.training.config import PRESETS

    preset = PRESETS.get(run.config.preset)
    kind = preset.title if preset is not None else run.config.preset
    at = time.strftime("%d %b %H:%M", time.localtime(run.started_at))
    best = run.best
    return RunRow(
        run_dir=run.folder,
        name=f"{kind}, {at}",
        backbone=run.config.backbone,
        epochs_done=len(run.metrics),
        epochs=run.config.epochs,
        val_loss=best.val_loss if best is not None else None,
        balanced_accuracy=best.val_balanced_accuracy if best is not None else None,
        seconds=sum(row.seconds for row in run.metrics) if run.metrics else None,
        status="finished" if run.finished else "stopped",
    )


def read_curves(run_dir: Path) -> Iterator[Event]:
    """Reads the curves of one run: one `CurvesRead`."""
    from curator.training.runs import load_run

    run = load_run(run_dir)
    yield CurvesRead(run_dir, Curves.of_run(run.metrics, run.config.epochs))


def read_backbones() -> Iterator[Event]:
    """Looks which backbones there are and where their weights lie: one `BackbonesRead`."""
    from curator.training.backbones import cards, find_weights

    found = []
    for card in cards():
        weights = find_weights(card)
        there = weights.path is not None
        found.append(
            Backbone(
                card.name,
                f"{card.title}, {card.parameters / 1e6:.1f} M parameters",
                weights.message if there else _WITHOUT,
                can_fetch=not there,
            )
        )
    yield BackbonesRead(tuple(found))


def fetch(name: str) -> Iterator[Event]:
    """Fetches the weights of a backbone."""
    from curator.training.backbones import card_named, fetch_weights

    yield from fetch_weights(card_named(name))
