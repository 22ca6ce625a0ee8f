"""What is reviewed: predictions of a run, of a cross-validation, or of other images by a run, with all that
belongs to them. Read if they are current, else computed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from curator.errors import TrainingError
from curator.evaluation.cross_validated import (
    RESULT,
    CrossValidation,
    read_cross_validation,
    read_out_of_fold,
)
from curator.evaluation.elsewhere import (
    folder_of,
    manifest_folder,
    predict_new_images,
    predict_other_manifest,
)
from curator.evaluation.intervals import Summary, summarise
from curator.manifest.files import write_text
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import any_readable
from curator.records import SPLITS, Event, Prediction, Split
from curator.training.predictions import current_predictions
from curator.training.runs import Run, load_run

LOOKED: Final = "looked.json"
SUMMARIES: Final = "summaries.json"
# So many splits and stages of a run are gone back to.
_MOST_SUMMARIES: Final = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """What is reviewed: the folder of a run or of a cross-validation, and which of its images.

    `split` None stands for all kept images, as always of a cross-validation, whose every image is predicted by
    the network that did not learn from its fold. `manifest` is another manifest to predict on instead of the
    run's own; `images` a folder of new images, which are cleaned as the run's dataset was first. `root` is where
    the images of a manifest lie, if not where the run or that manifest says, as on another machine.
    """

    folder: Path
    split: Split | None = "test"
    manifest: Path | None = None
    images: Path | None = None
    root: Path | None = None

    @property
    def cross_validated(self) -> bool:
        """Whether it is a cross-validation."""
        return (self.folder / RESULT).is_file()

    @property
    def kept_in(self) -> Path:
        """Where what is found out about these images is kept: with the run, other images in a folder of their
        own."""
        if self.images is not None:
            return folder_of(self.folder, self.images, "images")
        if self.manifest is not None:
            return folder_of(self.folder, manifest_folder(self.manifest), "manifest")
        return self.folder


@dataclass(frozen=True, slots=True)
class ResultsReady(Event):
    """Predictions with the manifest's rows they belong to, and their summary.

    `run` of a cross-validation is that of a fold, in the cross-validation's folder. `looked` names the
    images that a person has looked at and found fine; `folds` the fold, from 1, whose network did not learn
    from an image (empty for a run); `root` is what file names are relative to.
    """

    run: Run
    source: Source
    split: Split | None
    predictions: tuple[Prediction, ...]
    rows: dict[str, ManifestRow]
    summary: Summary
    looked: frozenset[str]
    folds: dict[str, int]
    root: Path

    @property
    def folder(self) -> Path:
        """Where what is found out about these images is kept."""
        return self.source.kept_in

    def run_dir_of(self, file_name: str) -> Path:
        """The run whose network made that prediction."""
        fold = self.folds.get(file_name)
        return self.run.folder if fold is None else self.run.folder / f"fold-{fold}"


def read_results(source: Source | Path, split: Split | None = "test") -> Iterator[Event]:
    """Ends with `ResultsReady`; yields `Progress`, `Warned` and `NewImagesCleaned` while predictions have to be
    computed. A folder alone stands for the `split` of that run.

    Raises `TrainingError`, `ManifestError` or `ImageError` where it can't be used.
    """
    wanted = source if isinstance(source, Source) else Source(source, split)
    if wanted.cross_validated:
        yield _out_of_fold(wanted)
    elif wanted.manifest is not None or wanted.images is not None:
        yield (yield from _elsewhere(wanted))
    else:
        yield (yield from _own(wanted))


def _own(source: Source) -> Generator[Event, None, ResultsReady]:
    """A run on its own manifest."""
    run = load_run(source.folder)
    rows = {row.file_name: row for row in run.manifest().rows}
    root = source.root or run.root
    kept = {name: row for name, row in rows.items() if row.decision == "keep" and _in(row.split, source)}
    splits: Sequence[Split | None] = (*SPLITS, None) if source.split is None else (source.split,)
    known = {one.file_name: one for one in current_predictions(source.folder) if one.file_name in kept}
    for one in splits:
        lacking = [row for name, row in kept.items() if row.split == one and name not in known]
        begun = any(two.split == one for two in known.values())
        # What could not be read the last time is tried again once it is there.
        if not lacking or (begun and not any_readable(root, lacking)):
            continue
        # PyTorch only where something has to be predicted: the window imports this module on its own thread.
        from curator.evaluation.evaluate import Evaluated, evaluate

        for event in evaluate(source.folder, root=root, splits=(one,)):
            if isinstance(event, Evaluated):
                known |= {two.file_name: two for two in event.predictions}
            else:
                yield event
    found = [known[name] for name in sorted(known)]
    summary = _summary(source.folder, found, run.classes)
    looked = read_looked(source.folder)
    return ResultsReady(run, source, source.split, tuple(found), rows, summary, looked, {}, root)


def _summary(folder: Path, predictions: Sequence[Prediction], classes: Sequence[str]) -> Summary:
    """The figures, whose intervals take seconds for thousands of images: kept in `folder` by what they are of."""
    made = hashlib.sha256(repr(tuple(classes)).encode("utf-8", "surrogatepass"))
    # One by one: all at once would hold up the window's thread.
    for one in predictions:
        values = (one.file_name, one.label, one.group, one.predicted, one.probabilities)
        made.update(repr(values).encode("utf-8", "surrogatepass"))
    digest = made.hexdigest()
    kept: Any = {}
    try:
        kept = json.loads((folder / SUMMARIES).read_text(encoding="utf-8"))
        return Summary.from_json(kept[digest])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        summary = summarise(predictions, classes)
    newest = list(kept.items())[-_MOST_SUMMARIES + 1 :] if isinstance(kept, dict) else []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / SUMMARIES, json.dumps({**dict(newest), digest: summary.to_json()}) + "\n")
    except OSError as error:
        log.warning("The figures can't be kept in %s (%s).", folder, error.strerror)
    return summary


def _out_of_fold(source: Source) -> ResultsReady:
    if source.manifest is not None or source.images is not None:
        raise TrainingError(
            f"{source.folder} is a cross-validation, which has no single network to predict other images with: "
            "choose a run."
        )
    result = read_cross_validation(source.folder)
    if not result.done:
        raise TrainingError(f"No fold of {source.folder} is done yet: wait, or cross-validate again.")
    first = _any_fold(result)
    run = replace(first, folder=source.folder, root=result.root, classes=result.classes, metrics=())
    rows = {row.file_name: row for row in result.manifest().rows}
    found = [one for one in read_out_of_fold(source.folder) if one.prediction.file_name in rows]
    predictions = tuple(one.prediction for one in found)
    summary = result.pooled if result.finished else None
    return ResultsReady(
        run=run,
        source=replace(source, split=None),
        split=None,
        predictions=predictions,
        rows=rows,
        summary=summary or _summary(source.folder, predictions, run.classes),
        looked=read_looked(source.folder),
        folds={one.prediction.file_name: one.fold for one in found},
        root=source.root or result.root,
    )


def _any_fold(result: CrossValidation) -> Run:
    """The first fold's run that can be read: where one was cleared away, the others still tell the plan.

    Raises `TrainingError` where none is left.
    """
    *others, last = result.done
    for one in others:
        try:
            return load_run(result.folder / one.folder)
        except TrainingError as error:
            log.info("%s is passed over: %s", one.folder, error)
    return load_run(result.folder / last.folder)


def _elsewhere(source: Source) -> Generator[Event, None, ResultsReady]:
    """A run on another manifest, or on new images."""
    run = load_run(source.folder)
    if source.images is not None:
        other = yield from predict_new_images(run, source.images)
        source = replace(source, split=None)
    elif source.manifest is not None:
        other = yield from predict_other_manifest(run, source.manifest, source.root)
    else:
        raise ValueError("neither another manifest nor new images are given")
    found = tuple(one for one in other.predictions if _in(one.split, source))
    return ResultsReady(
        run=run,
        source=source,
        split=source.split,
        predictions=found,
        rows={row.file_name: row for row in other.rows},
        summary=_summary(source.kept_in, found, run.classes),
        looked=read_looked(source.kept_in),
        folds={},
        root=other.root,
    )


def _in(split: Split | None, source: Source) -> bool:
    return source.split is None or split == source.split


def read_looked(folder: Path) -> frozenset[str]:
    """The images that were marked as looked at, by `ResultsReady.folder`; empty where the list is damaged or
    not there."""
    try:
        names = json.loads((folder / LOOKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return (
        frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()
    )


def write_looked(folder: Path, names: frozenset[str]) -> None:
    """Keeps the list of images looked at, whole or not at all."""
    write_text(folder / LOOKED, json.dumps(sorted(names), ensure_ascii=False, indent=0) + "\n")
