"""Where networks that did not learn from an image disagree on it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from curator.errors import CuratorError
from curator.evaluation.cross_validated import read_cross_validation, read_out_of_fold
from curator.evaluation.results import ResultsReady
from curator.records import Prediction
from curator.training.predictions import current_predictions
from curator.training.runs import load_run

log = logging.getLogger(__name__)

# Beside a run lie the others of its project; beside a fold's or a variant's lie those of the same experiment.
_PLACES = ("*", "*/*")


def find_disagreement(results: ResultsReady) -> dict[str, float]:
    """The largest difference between the probabilities that different networks give to one class of an image,
    0 to 1, by file name; only images of which a second network tells.

    Told are: these results, and what the other runs and cross-validations in the same `runs` folder have kept of
    the same file (same name and hash) for the same classes. Left out is what a network says of an image that it
    has learnt from, which agrees with the label by heart: of a run its training split, of a cross-validation
    nothing, as each image is told of by the network of the one fold that had left it out. So the folds of one
    cross-validation are compared through cross-validations that drew other folds, and through runs.
    """
    learnt: set[str | None] = set()
    if not results.folds:
        rows = results.run.manifest().rows
        learnt = {row.sha256 for row in rows if row.decision == "keep" and row.split == "train"}
    # By the run's own manifest: the split in another one says nothing of what the run has learnt from.
    own = [one for one in results.predictions if one.sha256 not in learnt]
    least = {one.file_name: list(one.probabilities) for one in own}
    most = {one.file_name: list(one.probabilities) for one in own}
    digests = {one.file_name: one.sha256 for one in own}
    told: set[str] = set()
    for one in _others(results):
        low = least.get(one.file_name)
        if low is None or one.sha256 != digests[one.file_name]:
            continue
        high = most[one.file_name]
        told.add(one.file_name)
        for number, value in enumerate(one.probabilities):
            low[number], high[number] = min(low[number], value), max(high[number], value)
    return {
        name: max(top - bottom for top, bottom in zip(most[name], least[name], strict=True)) for name in told
    }


def _others(results: ResultsReady) -> Iterator[Prediction]:
    """What others say of images that they have not learnt from."""
    runs = _runs_folder(results.run.folder)
    for pattern in _PLACES:
        for path in sorted(runs.glob(f"{pattern}/predictions.jsonl")):
            folder = path.parent
            # A fold's own file says of its part what the cross-validation's file says too.
            if folder == results.run.folder or (folder.parent / "cross_validation.json").is_file():
                continue
            try:
                yield from _honest(folder, results.run.classes)
            except CuratorError as error:
                log.info("%s is not compared with: %s", folder, error)


def _honest(folder: Path, classes: tuple[str, ...]) -> Iterator[Prediction]:
    if (folder / "cross_validation.json").is_file():
        if read_cross_validation(folder).classes == classes:
            yield from (one.prediction for one in read_out_of_fold(folder))
    elif load_run(folder).classes == classes:
        yield from (one for one in current_predictions(folder) if one.split != "train")


def _runs_folder(folder: Path) -> Path:
    """The `runs` folder that a run or cross-validation lies in, also one that is part of an experiment."""
    return next((one for one in folder.parents if one.name == "runs"), folder.parent)
