"""What cleaning is worth: the same training on raw, on cropped, and on cropped and masked images."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from curator.errors import TrainingError
from curator.evaluation.cross_validated import RESULT as FOLDS_RESULT
from curator.evaluation.cross_validated import read_cross_validation, read_out_of_fold
from curator.evaluation.intervals import Interval, paired_differences, summarise
from curator.manifest.files import Manifest
from curator.records import Event, Prediction
from curator.training import runs
from curator.training.config import Cleaning, TrainConfig
from curator.training.data import refuse_impossible
from curator.training.predictions import read_predictions
from curator.workflow.ablated import (
    CLEANINGS,
    RESULT,
    Ablation,
    Difference,
    Variant,
    pairs,
    read_ablation,
    write_ablation,
)
from curator.workflow.cross_validation import (
    CrossValidated,
    cross_validate,
    resume_cross_validation,
)
from curator.workflow.fold_manifests import folds_of, takes_part
from curator.workflow.trainings import Whole, settled, train_and_predict

KIND = "ablation"


@dataclass(frozen=True, slots=True)
class AblationStarted(Event):
    """The plan is on disk; nothing is trained yet, or goes on after the variants that are done."""

    result: Ablation


@dataclass(frozen=True, slots=True)
class VariantDone(Event):
    """One way of cleaning is judged and on disk; `result` is all that is known so far."""

    variant: Variant
    result: Ablation


@dataclass(frozen=True, slots=True)
class Ablated(Event):
    """All ways of cleaning are done."""

    result: Ablation


def ablate(
    manifest: Manifest,
    config: TrainConfig,
    folder: Path,
    *,
    folds: int = 0,
    include_test: bool = True,
    root: Path | None = None,
) -> Iterator[Event]:
    """Trains the same plan on raw, cropped, and cropped and masked images, and compares what comes out.

    Split or folds, seeds and everything else are the same, so that only the cleaning differs; `config.cleaning`
    is not heeded. With `folds` 0 each variant is a run on the manifest's split, judged on its test images (on
    those of validation where there are none); else each is a cross-validation with that many folds, in which
    `include_test` means what it does there. `folder` gets a folder a variant and, after each, the result so far;
    differences have intervals by bootstrap over groups, paired. Yields `AblationStarted`, `PartStarted` and
    what the trainings yield, `VariantDone`s, and `Ablated` last. Raises `TrainingError` where the data don't
    allow it, before anything is trained.
    """
    if (folder / RESULT).exists() or (folder / runs.CONFIG).exists():
        raise TrainingError(f"{folder} holds results already: choose another folder, or resume it.")
    kept = [row for row in manifest.rows if row.decision == "keep"]
    in_test = sum(row.split == "test" for row in kept)
    if folds:
        folds_of(manifest, folds, config.seed, include_test=include_test)
        images = sum(takes_part(row, include_test) for row in kept)
    else:
        refuse_impossible(manifest)
        images = in_test or sum(row.split == "val" for row in kept)
    result = Ablation(
        folder=folder,
        config=config,
        folds=folds,
        include_test=include_test,
        judged_on="test" if in_test else "val",
        classes=tuple(manifest.info.classes),
        root=(root or manifest.root).resolve(),
        images=images,
        test_images=in_test,
        started_at=time.time(),
    )
    folder.mkdir(parents=True, exist_ok=True)
    runs.copy_manifest(manifest, folder)
    write_ablation(result)
    yield from _all_variants(result, result.root)


def resume_ablation(folder: Path, *, root: Path | None = None, threads: int | None = None) -> Iterator[Event]:
    """Goes on with an unfinished ablation: variants that are done stay, the one in the making goes on.

    Yields as `ablate` does. Raises `TrainingError` where `folder` is none.
    """
    result = read_ablation(folder)
    if threads is not None:
        result = replace(result, config=replace(result.config, threads=threads))
    yield from _all_variants(result, (root or result.root).resolve())


def _all_variants(result: Ablation, root: Path) -> Generator[Event, None, None]:
    trainings = result.folds or 1
    whole = Whole(len(CLEANINGS) * trainings)
    done = {one.cleaning for one in result.variants}
    yield AblationStarted(result)
    for cleaning in CLEANINGS:
        if cleaning in done:
            for _ in range(trainings):
                whole.end_part()
            continue
        if result.folds:
            variant = yield from _cross_validated(result, cleaning, root, whole)
        else:
            variant = yield from _trained(result, cleaning, root, whole)
        config = settled(result.config, _plan_of(result, cleaning))
        result = replace(result, config=config, variants=(*result.variants, variant))
        result = replace(result, differences=_differences(result))
        write_ablation(result)
        yield VariantDone(variant, result)
    yield Ablated(result)


def _trained(
    result: Ablation, cleaning: Cleaning, root: Path, whole: Whole
) -> Generator[Event, None, Variant]:
    """One variant on the manifest's own split."""
    run_dir = result.folder / cleaning
    predictions = yield from train_and_predict(
        result.manifest(),
        replace(result.config, cleaning=cleaning),
        run_dir,
        root=root,
        split=result.judged_on,
        whole=whole,
        words=CLEANINGS[cleaning],
    )
    seconds = sum(row.seconds for row in runs.load_run(run_dir).metrics)
    return _variant(result, cleaning, predictions, None, seconds)


def _cross_validated(
    result: Ablation, cleaning: Cleaning, root: Path, whole: Whole
) -> Generator[Event, None, Variant]:
    """One variant by cross-validation: the seed is the same, and so are the folds."""
    folder, words = result.folder / cleaning, CLEANINGS[cleaning]
    config = replace(result.config, cleaning=cleaning)
    if (folder / FOLDS_RESULT).is_file():
        events = resume_cross_validation(folder, root=root, threads=config.threads, whole=whole, prefix=words)
    else:
        events = cross_validate(
            result.manifest(),
            config,
            folder,
            folds=result.folds,
            include_test=result.include_test,
            root=root,
            whole=whole,
            prefix=words,
        )
    with closing(cast("Generator[Event, None, None]", events)):
        for event in events:
            if not isinstance(event, CrossValidated):
                yield event
    found = read_cross_validation(folder)
    predictions = tuple(one.prediction for one in read_out_of_fold(folder))
    return _variant(result, cleaning, predictions, found.mean, found.seconds)


def _plan_of(result: Ablation, cleaning: Cleaning) -> TrainConfig:
    """What a variant was trained by in the end."""
    folder = result.folder / cleaning
    return read_cross_validation(folder).config if result.folds else runs.load_run(folder).config


def _variant(
    result: Ablation,
    cleaning: Cleaning,
    predictions: tuple[Prediction, ...],
    mean: dict[str, Interval | None] | None,
    seconds: float,
) -> Variant:
    return Variant(cleaning, cleaning, summarise(predictions, result.classes), mean, seconds)


def _differences(result: Ablation) -> tuple[Difference, ...]:
    """Of each two variants that are done, from their predictions on disk."""
    return tuple(
        Difference(
            more.cleaning,
            less.cleaning,
            paired_differences(predictions_of(result, more), predictions_of(result, less), result.classes),
        )
        for less, more in pairs(result.variants)
    )


def predictions_of(result: Ablation, variant: Variant) -> tuple[Prediction, ...]:
    """The predictions that a variant is judged by, from its folder. Raises `TrainingError`."""
    folder = result.folder / variant.folder
    if result.folds:
        return tuple(one.prediction for one in read_out_of_fold(folder))
    return tuple(one for one in read_predictions(folder / runs.PREDICTIONS) if one.split == result.judged_on)
