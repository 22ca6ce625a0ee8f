"""k-fold cross-validation over whole groups: every kept image is predicted by a network that never saw it."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from curator.errors import TrainingError
from curator.evaluation.cross_validated import (
    RESULT,
    CrossValidation,
    FoldResult,
    OutOfFold,
    read_cross_validation,
    read_out_of_fold,
    write_cross_validation,
)
from curator.evaluation.folds import over_folds
from curator.evaluation.intervals import summarise
from curator.manifest.files import Manifest
from curator.records import Event, Prediction, Warned
from curator.training import runs
from curator.training.config import TrainConfig
from curator.workflow.fold_manifests import fold_splits, folds_of, takes_part, write_fold
from curator.workflow.trainings import Whole, settled, train_and_predict

KIND = "crossval"
# Draws for the figures of one fold, whose own intervals are not shown.
_FEW_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class CrossValidationStarted(Event):
    """What takes part is known and is on disk; nothing is trained yet, or goes on after the folds in `done`."""

    result: CrossValidation


@dataclass(frozen=True, slots=True)
class FoldDone(Event):
    """A fold's figures and predictions are on disk; `result` is all that is known so far."""

    fold: FoldResult
    result: CrossValidation


@dataclass(frozen=True, slots=True)
class CrossValidated(Event):
    """Every fold is done."""

    result: CrossValidation


def cross_validate(
    manifest: Manifest,
    config: TrainConfig,
    folder: Path,
    *,
    folds: int = 5,
    include_test: bool = True,
    root: Path | None = None,
    whole: Whole | None = None,
    prefix: str = "",
) -> Iterator[Event]:
    """Trains `folds` networks on the kept images of a manifest, each tested on the fold it did not see.

    Groups are never divided; folds, validation parts and runs follow from `config.seed`. `folder` gets a copy
    of the manifest, a whole run in `fold-1` and so on, the out-of-fold predictions and, after each fold, the
    result so far: whoever is cut off can go on with `resume_cross_validation`.

    By default the locked test split takes part, since an out-of-fold prediction for *every* image is what
    finds label errors and what the data can teach; the price is that a choice made by these figures (of a
    backbone, a preset) has seen the test images, and the test split no longer judges it fairly. With
    `include_test` False it is left out and stays fit to judge. Yields `CrossValidationStarted`; for each fold
    `PartStarted`, the events of its training, with progress and time left of the whole, and `FoldDone`;
    `CrossValidated` last. `whole` and `prefix` are for callers of which this is but a part. Raises
    `TrainingError` where the data don't allow it, before anything is trained.
    """
    if (folder / RESULT).exists() or (folder / runs.CONFIG).exists():
        raise TrainingError(f"{folder} holds results already: choose another folder, or resume it.")
    source = (root or manifest.root).resolve()
    fold_of = folds_of(manifest, folds, config.seed, include_test=include_test)
    kept = [row for row in manifest.rows if row.decision == "keep"]
    result = CrossValidation(
        folder=folder,
        config=config,
        folds=folds,
        include_test=include_test,
        classes=tuple(manifest.info.classes),
        root=source,
        images=sum(takes_part(row, include_test) for row in kept),
        groups=len(fold_of),
        test_images=sum(row.split == "test" for row in kept),
        started_at=time.time(),
    )
    folder.mkdir(parents=True, exist_ok=True)
    runs.copy_manifest(manifest, folder)
    write_cross_validation(result, ())
    yield from _all_folds(manifest, result, source, whole or Whole(folds), prefix)


def resume_cross_validation(
    folder: Path,
    *,
    root: Path | None = None,
    threads: int | None = None,
    whole: Whole | None = None,
    prefix: str = "",
) -> Iterator[Event]:
    """Goes on with an unfinished cross-validation: folds that are done stay, the one in the making goes on.

    Yields as `cross_validate` does. Raises `TrainingError` where `folder` is none.
    """
    result = read_cross_validation(folder)
    if threads is not None:
        result = replace(result, config=replace(result.config, threads=threads))
    source = (root or result.root).resolve()
    yield from _all_folds(result.manifest(), result, source, whole or Whole(result.folds), prefix)


def _all_folds(
    manifest: Manifest, result: CrossValidation, root: Path, whole: Whole, prefix: str
) -> Generator[Event, None, None]:
    seed = result.config.seed
    fold_of = folds_of(manifest, result.folds, seed, include_test=result.include_test)
    splits = {row.file_name: row.split for row in manifest.rows}
    there = read_out_of_fold(result.folder)
    # A fold whose predictions are gone is predicted anew by its run.
    done = {one.fold for one in result.done} & {one.fold for one in there}
    result = replace(result, done=tuple(one for one in result.done if one.fold in done))
    found = [one for one in there if one.fold in done]
    yield CrossValidationStarted(result)
    for fold in range(1, result.folds + 1):
        if fold in done:
            whole.end_part()
            continue
        run_dir = result.folder / f"fold-{fold}"
        rows = fold_splits(manifest, fold_of, fold, seed, include_test=result.include_test)
        variant = write_fold(manifest, rows, run_dir, root)
        words = f"{prefix}, fold {fold} of {result.folds}" if prefix else f"Fold {fold} of {result.folds}"
        predictions = yield from train_and_predict(
            variant, result.config, run_dir, root=root, split="test", whole=whole, words=words
        )
        found += [OutOfFold(fold, replace(one, split=splits[one.file_name])) for one in predictions]
        run = runs.load_run(run_dir)
        one = _figures(fold, run, predictions)
        predicted = {one.file_name for one in predictions}
        lost = [row.file_name for row in rows if row.split == "test" and row.file_name not in predicted]
        done_folds = (*result.done, one)
        result = replace(
            result,
            config=settled(result.config, run.config),
            done=done_folds,
            mean=over_folds([each.metrics for each in done_folds]),
            pooled=summarise([one.prediction for one in found], result.classes),
            missing=tuple(dict.fromkeys((*result.missing, *lost))),
        )
        write_cross_validation(result, found)
        yield FoldDone(one, result)
    if result.missing:
        yield Warned(
            f"{len(result.missing)} of {result.images} images could not be read and have no prediction; "
            f"{RESULT} names them."
        )
    yield CrossValidated(result)


def _figures(fold: int, run: runs.Run, predictions: tuple[Prediction, ...]) -> FoldResult:
    summary = summarise(predictions, run.classes, samples=_FEW_SAMPLES)
    return FoldResult(
        fold=fold,
        folder=run.folder.name,
        train=run.sizes["train"],
        val=run.sizes["val"],
        images=summary.n_images,
        groups=summary.n_groups,
        epochs=len(run.metrics),
        best_epoch=run.best.epoch if run.best else 0,
        seconds=sum(row.seconds for row in run.metrics),
        metrics={name: one.value if one else None for name, one in summary.metrics.items()},
        majority=summary.majority,
    )
