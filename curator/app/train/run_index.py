"""Reads the project's runs, and the backbones at hand, off the window's thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from curator.app.jobs import load
from curator.app.train.curves import Curves
from curator.app.train.run_table import RunRow
from curator.app.train.speeds import Speeds
from curator.app.words import moment
from curator.errors import CuratorError
from curator.records import Event, Progress

if TYPE_CHECKING:
    from curator.evaluation.honesty import Check
    from curator.evaluation.intervals import Summary
    from curator.training.runs import Run

RUNS_KEY: Final = "runs"
CARDS_KEY: Final = "backbones"
FETCH_KEY: Final = "fetch"
_WITHOUT: Final = (
    "From scratch: ImageNet weights are not on this machine. "
    "That takes more images and more epochs to get as good."
)


@dataclass(frozen=True, slots=True)
class RunsRead(Event):
    """All runs of a project, newest first."""

    rows: tuple[RunRow, ...]
    speeds: Speeds = field(default_factory=Speeds)


@dataclass(frozen=True, slots=True)
class CurvesRead(Event):
    """The curves of one run."""

    run_dir: Path
    curves: Curves


@dataclass(frozen=True, slots=True)
class FiguresRead(Event):
    """What a run is worth on the test split; `summary` is None where it was not evaluated. `doubts` is the
    sentence above `checks` where a figure is too good to be believed at once, else ""."""

    run_dir: Path
    summary: Summary | None
    doubts: str = ""
    checks: tuple[Check, ...] = ()


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

    honesty, runs = load("curator.evaluation.honesty"), load("curator.training.runs")
    found = runs.list_runs(project_folder)
    times = ((run.config, run.metrics, run.sizes["train"]) for run in found)
    rows = [(run.started_at, _row(run, honesty.repeats_of(run, found))) for run in found]
    yield RunsRead(_told_apart(with_comparisons(project_folder, rows)), Speeds.of_runs(times))


def _told_apart(rows: Sequence[RunRow]) -> tuple[RunRow, ...]:
    """Numbers runs that were begun in the same minute, the oldest, which is the last, first."""
    times: Counter[str] = Counter()
    named = []
    for row in reversed(rows):
        times[row.name] += 1
        number = times[row.name]
        named.append(row if number == 1 else replace(row, name=f"{row.name} ({number})"))
    return tuple(reversed(named))


def _row(run: Run, repeats: int) -> RunRow:
    from curator.evaluation.figures import read_figures as kept_figures
    from curator.training.config import PRESETS
    from curator.training.runs import given_name

    preset = PRESETS.get(run.config.preset)
    kind = preset.title if preset is not None else run.config.preset
    best = run.best
    return RunRow(
        run_dir=run.folder,
        name=given_name(run.folder) or f"{kind}, {moment(run.started_at)}",
        backbone=run.config.backbone,
        epochs_done=len(run.metrics),
        epochs=run.config.epochs,
        val_loss=best.val_loss if best is not None else None,
        balanced_accuracy=best.val_balanced_accuracy if best is not None else None,
        seconds=sum(row.seconds for row in run.metrics) if run.metrics else None,
        status="finished" if run.finished else "stopped",
        auroc=best.val_auroc if best is not None else None,
        summary=kept_figures(run.folder),
        config=run.config,
        repeats=repeats,
    )


def read_curves(run_dir: Path) -> Iterator[Event]:
    """Reads the curves of one run: one `CurvesRead`."""
    from curator.training.runs import load_run

    run = load_run(run_dir)
    yield CurvesRead(run_dir, Curves.of_run(run.metrics, run.config.epochs))


def read_figures(run_dir: Path, *, repeats: int = 1, evaluate: bool = False) -> Iterator[Event]:
    """What a run is worth: one `FiguresRead`. Predicts the test images first, with progress, where nobody has
    and `evaluate` says so."""
    from curator.evaluation.figures import read_figures as kept_figures
    from curator.evaluation.figures import write_figures
    from curator.evaluation.honesty import checks, too_good, warning
    from curator.evaluation.shortcut_audit import find_audit
    from curator.training.runs import load_run

    summary = kept_figures(run_dir)
    if summary is None and evaluate:
        yield Progress(0, 0, "Loading PyTorch")
        results = load("curator.evaluation.results")
        for event in results.read_results(run_dir):
            if isinstance(event, results.ResultsReady):
                summary = event.summary
                write_figures(run_dir, event.summary)
            else:
                yield event
    found = too_good(summary) if summary is not None else ()
    if summary is None or not found:
        yield FiguresRead(run_dir, summary)
        return
    manifest = load_run(run_dir).manifest()
    known = checks(
        summary,
        manifest.rows,
        repeats=repeats,
        touched=manifest.info.test_touched,
        audit=find_audit(run_dir, manifest.info.sha256),
    )
    yield FiguresRead(run_dir, summary, warning(found), known)


def rename(run_dir: Path, name: str) -> Iterator[Event]:
    """Calls a run by another name. Raises `CuratorError` where its folder can't be written."""
    from curator.training.runs import give_name

    try:
        give_name(run_dir, name)
    except OSError as error:
        raise CuratorError(f"{run_dir} can't be written to ({error.strerror}): the name stays.") from error
    yield from ()


def read_backbones() -> Iterator[Event]:
    """Looks which backbones there are and where their weights lie: one `BackbonesRead`."""
    from curator.training.backbones import cards
    from curator.training.weights import find_weights

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
    from curator.training.backbones import card_named
    from curator.training.weights import fetch_weights

    yield from fetch_weights(card_named(name))
