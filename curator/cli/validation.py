"""What `train --folds` and `train --ablation` do: many trainings, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curator.cli.output import complain, drawn, say, say_json, table

if TYPE_CHECKING:
    from curator.evaluation.cross_validated import CrossValidation
    from curator.evaluation.intervals import Interval
    from curator.records import Event
    from curator.workflow.ablated import Ablation


def is_validation(folder: Path) -> bool:
    """Whether a folder holds a cross-validation or an ablation, and no single run."""
    from curator.evaluation import cross_validated
    from curator.workflow import ablated

    return any((folder / name).is_file() for name in (ablated.RESULT, cross_validated.RESULT))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted: an ablation or a cross-validation; `folds` 0 is an ablation on the fixed split."""

    folds: int
    ablation: bool
    include_test: bool


def begin(
    manifest: Path,
    asked: Asked,
    preset: str,
    changes: Mapping[str, Any],
    out: Path | None,
    root: Path | None,
    as_json: bool,
) -> None:
    """Trains what was asked for by the preset's plan with `changes`, and prints the result."""
    from curator.manifest.files import read_manifest
    from curator.training.config import TrainConfig
    from curator.training.runs import new_run_dir
    from curator.workflow import ablation as ablations
    from curator.workflow import cross_validation

    read = read_manifest(manifest)
    config = replace(TrainConfig.preset_named(preset), **changes)
    kind = ablations.KIND if asked.ablation else cross_validation.KIND
    folder = out or new_run_dir(read.folder, config, kind)
    work = ablations.ablate if asked.ablation else cross_validation.cross_validate
    events = work(read, config, folder, folds=asked.folds, include_test=asked.include_test, root=root)
    _followed(events, as_json)


def other_than(folder: Path, changes: Mapping[str, Any], asked: Asked) -> str:
    """The first thing asked for that the plan of what was begun in `folder` has otherwise; "" where all fits.

    Raises `TrainingError` where the folder is damaged.
    """
    begun = _begun(folder)
    # Found by the first training; where it runs is free.
    open_still = {"batch_size": 0, "precision": "auto", "threads": changes.get("threads")}
    for name, value in changes.items():
        if value not in (getattr(begun.config, name), open_still.get(name)):
            return name
    if asked.folds and asked.folds != begun.folds:
        return "folds"
    if asked.ablation and not _is_ablation(folder):
        return "ablation"
    return "" if asked.include_test or not begun.include_test else "leave-out-test"


def go_on(folder: Path, root: Path | None, threads: int | None, as_json: bool) -> None:
    """Goes on with what was cut off in `folder`, and prints the result."""
    from curator.workflow.ablation import resume_ablation
    from curator.workflow.cross_validation import resume_cross_validation

    resume = resume_ablation if _is_ablation(folder) else resume_cross_validation
    _followed(resume(folder, root=root, threads=threads), as_json)


def _is_ablation(folder: Path) -> bool:
    from curator.workflow import ablated

    return (folder / ablated.RESULT).is_file()


def _begun(folder: Path) -> Ablation | CrossValidation:
    from curator.evaluation.cross_validated import read_cross_validation
    from curator.workflow.ablated import read_ablation

    return read_ablation(folder) if _is_ablation(folder) else read_cross_validation(folder)


def _followed(events: Iterator[Event], as_json: bool) -> None:
    from curator.workflow.ablation import Ablated, AblationStarted, VariantDone
    from curator.workflow.cross_validation import CrossValidated, CrossValidationStarted, FoldDone
    from curator.workflow.trainings import PartStarted

    for event in drawn(events):
        if isinstance(event, (CrossValidationStarted, AblationStarted)):
            complain(f"{event.result.config.backbone} in {event.result.folder}. {event.result.about_test()}")
        elif isinstance(event, PartStarted):
            complain(f"training {event.part} of {event.parts}: {event.words.lower()}")
        elif isinstance(event, FoldDone):
            figures = _figures(event.fold.metrics)
            complain(f"fold {event.fold.fold} of {event.result.folds}: {figures}")
        elif isinstance(event, VariantDone):
            values = {name: one.value if one else None for name, one in event.variant.summary.metrics.items()}
            complain(f"{event.variant.cleaning}: {_figures(values)}")
        elif isinstance(event, CrossValidated):
            _print_folds(event.result, as_json)
        elif isinstance(event, Ablated):
            _print_ablation(event.result, as_json)


def _print_folds(result: CrossValidation, as_json: bool) -> None:
    from curator.evaluation.intervals import METRICS

    if as_json:
        say_json({"folder": str(result.folder), **result.to_json()})
        return
    say(f"{result.folds} folds: {result.images} images in {result.groups} groups")
    say(result.about_test())
    say()
    rows = [
        [
            f"fold {one.fold}",
            *(str(value) for value in (one.train, one.val, one.images, one.best_epoch)),
            *(_plain(one.metrics.get(name)) for name in METRICS),
        ]
        for one in result.done
    ]
    table(["", "trained", "validated", "tested", "best epoch", *METRICS.values()], rows)
    say()
    pooled = result.pooled
    rows = [["mean over folds", *(_interval((result.mean or {}).get(name)) for name in METRICS)]]
    if pooled is not None:
        rows.append(["all images at once", *(_interval(pooled.metrics.get(name)) for name in METRICS)])
        present = sum(one.images > 0 for one in pooled.per_class)
        rows.append(["majority class", _plain(1 / max(1, present)), "0.500", _plain(pooled.majority), "-"])
    table(["95 % intervals", *METRICS.values()], rows)
    say()
    say(f"{result.seconds / 60:.1f} minutes of training; everything is in {result.folder}")


def _print_ablation(result: Ablation, as_json: bool) -> None:
    from curator.evaluation.intervals import METRICS
    from curator.workflow.ablated import CLEANINGS

    if as_json:
        say_json({"folder": str(result.folder), **result.to_json()})
        return
    say(f"{result.folds} folds each" if result.folds else "the manifest's own split")
    say(result.about_test())
    say()
    rows = [
        [CLEANINGS[one.cleaning], *(_interval(one.summary.metrics.get(name)) for name in METRICS)]
        for one in result.variants
    ]
    majority = result.variants[-1].summary
    present = sum(one.images > 0 for one in majority.per_class)
    rows.append(["Majority class", _plain(1 / max(1, present)), "0.500", _plain(majority.majority), "-"])
    table(["95 % intervals", *METRICS.values()], rows)
    say()
    for difference in result.differences:
        say(difference.words())
    say()
    say(f"{result.seconds / 60:.1f} minutes of training; everything is in {result.folder}")


def _figures(metrics: Mapping[str, float | None]) -> str:
    from curator.evaluation.intervals import METRICS

    return ", ".join(f"{words} {_plain(metrics.get(name))}" for name, words in METRICS.items())


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(one: Interval | None) -> str:
    return "-" if one is None else f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
