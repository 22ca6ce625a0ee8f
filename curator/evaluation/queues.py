"""What is probably wrong with the data, as queues of images to look at, each with the reason in words.

Only images that the judging network did not learn from are judged by it: of a cross-validation all, each by the
network of its own fold; of a single run its validation and test images. Kept with the predictions and found again
only where these or the manifest have changed.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from curator.errors import TrainingError
from curator.evaluation.evaluate import Evaluated, evaluate
from curator.evaluation.feature_space import Space, spaces
from curator.evaluation.flags import QUEUE_NAMES, Flag, Queue, QueueName, in_order
from curator.evaluation.heat import HeatMeasured, checkpoint_key, measure_heat
from curator.evaluation.label_issues import label_flags
from curator.evaluation.near_labels import (
    NearCopiesFound,
    alike_across_labels,
    conflicting_copies,
    neighbour_flags,
)
from curator.evaluation.outliers import FAR, NEIGHBOURS, outlier_flags
from curator.evaluation.results import ResultsReady
from curator.evaluation.swings import LEAST, SwingsMeasured, measure_swings, swing_flags, write_swings
from curator.manifest.files import write_text
from curator.manifest.schema import ManifestRow
from curator.records import Event, Prediction, Split, Warned
from curator.training.events import Predicted
from curator.training.predictions import current_predictions

__all__ = [
    "QUEUES",
    "Flag",
    "Queue",
    "QueueName",
    "QueuesReady",
    "find_queues",
    "kept_queues",
]

QUEUES: Final = "queues.json"
# Rises whenever a queue comes to hold something else: what was found before is found anew.
SCHEMA: Final = "curator-queues/1"

TITLES: Final[Mapping[QueueName, str]] = {
    "label_errors": "Probable label errors",
    "outliers": "Unlike the rest",
    "near_labels": "Alike, labelled differently",
    "swings": "Swings with mask or crop",
    "heat_outside": "Heat outside the head",
}


# The share of heat from which a network looks past the head: most heat maps spread over the edge by less.
_OUTSIDE: Final = 0.33


@dataclass(frozen=True, slots=True)
class QueuesReady(Event):
    """All queues, the empty ones with the reason in their note."""

    queues: tuple[Queue, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """The predictions that count, by the folder of the run that made them, and what to say of them."""

    by_run: dict[Path, list[Prediction]]
    words: str

    @property
    def predictions(self) -> list[Prediction]:
        return [one for ones in self.by_run.values() for one in ones]

    @property
    def names(self) -> dict[Path, frozenset[str]]:
        return {folder: frozenset(one.file_name for one in ones) for folder, ones in self.by_run.items()}


def find_queues(results: ResultsReady, *, device: str = "auto", anew: bool = False) -> Iterator[Event]:
    """Ends with `QueuesReady`; yields `Progress` and `Warned` while there is something to find out.

    What was found before on the same predictions and manifest is read again, unless `anew`. A queue that can't be
    found, as where a network is gone, says so in its note. Raises `TrainingError` or `ManifestError` where the run
    can't be read.
    """
    warned: set[str] = set()
    for event in _all(results, device, anew):
        # What can't be read is met in each step, and said once.
        if isinstance(event, Warned):
            about = str(event.extra.get("file_name", event.message))
            if about in warned:
                continue
            warned.add(about)
        yield event


def kept_queues(results: ResultsReady) -> Iterator[Event]:
    """`QueuesReady` with what was found before, if that is still current; else nothing. Works nothing out."""
    if not results.folds and _own(results) and _lacking(results):
        return
    judged = yield from _judged(results, "cpu")
    kept = _read(results.folder, _key(results, judged))
    if kept is not None:
        yield QueuesReady(kept)


def _all(results: ResultsReady, device: str, anew: bool) -> Iterator[Event]:
    judged = yield from _judged(results, device)
    key = _key(results, judged)
    kept = None if anew else _read(results.folder, key)
    if kept is None:
        kept = yield from _found(results, judged, device)
        try:
            _write(results.folder, key, kept)
        except OSError as error:
            yield _not_kept(results.folder, error)
    yield QueuesReady(kept)


# What is judged


def _judged(results: ResultsReady, device: str) -> Generator[Event, None, _Judged]:
    if results.folds:
        by_run: dict[Path, list[Prediction]] = defaultdict(list)
        for one in results.predictions:
            by_run[results.run_dir_of(one.file_name)].append(one)
        return _Judged(
            dict(sorted(by_run.items())),
            f"Rests on all {len(results.predictions)} images, each judged by the network that did not learn "
            "from it.",
        )
    folder = results.run.folder
    if not _own(results):
        learned = {row.sha256 for row in results.run.manifest().rows if _learned(row)}
        others = [one for one in results.predictions if one.sha256 not in learned]
        return _Judged(
            {folder: others}, f"Rests on the {len(others)} images that the network did not learn from."
        )
    for split in _lacking(results):
        for event in evaluate(folder, root=results.root, splits=(split,), device=device):
            # Their predictions are kept with the run, and read below.
            if not isinstance(event, (Evaluated, Predicted)):
                yield event
    fit = sorted(
        (one for one in current_predictions(folder) if _fit(results, one)), key=lambda one: one.file_name
    )
    return _Judged(
        {folder: fit},
        f"Rests on the {len(fit)} validation and test images of a single run, as its network learned from the "
        "others: a cross-validation judges every image.",
    )


def _own(results: ResultsReady) -> bool:
    return results.source.manifest is None and results.source.images is None


def _learned(row: ManifestRow) -> bool:
    return row.decision == "keep" and row.split == "train"


def _fit(results: ResultsReady, one: Prediction) -> bool:
    row = results.rows.get(one.file_name)
    return row is not None and row.decision == "keep" and row.split != "train"


def _lacking(results: ResultsReady) -> list[Split | None]:
    """The splits of kept images that a single run did not learn from and has no current predictions of."""
    wanted = {row.split for row in results.rows.values() if row.decision == "keep"} - {"train"}
    known = {one.split for one in current_predictions(results.run.folder)}
    return sorted(wanted - known, key=str)


# What is found


def _found(results: ResultsReady, judged: _Judged, device: str) -> Generator[Event, None, tuple[Queue, ...]]:
    classes, cleaning = results.run.classes, results.run.config.cleaning
    rows = [row for row in results.rows.values() if row.decision == "keep"]
    copies = conflicting_copies(results.rows.values())
    for event in alike_across_labels(rows, results.root):
        if isinstance(event, NearCopiesFound):
            copies += event.flags
        else:
            yield event
    outliers: list[Flag] = []
    swings: list[Flag] = []
    heat: list[Flag] = []
    in_space = in_swings = in_heat = ""
    try:
        for event in spaces(judged.names, rows, results.root, device=device):
            if isinstance(event, Space):
                outliers += outlier_flags(event)
                copies += neighbour_flags(event)
            else:
                yield event
    except TrainingError as error:
        in_space = f" Not compared in feature space: {error}"
    try:
        for event in measure_swings(judged.by_run, results.rows, results.root, device=device):
            if isinstance(event, SwingsMeasured):
                try:
                    write_swings(results, event.swings)
                except OSError as error:
                    yield _not_kept(results.folder, error)
                swings = swing_flags(event.swings, classes, cleaning)
            else:
                yield event
    except TrainingError as error:
        in_swings = f" Not measured: {error}"
    try:
        looked_at = replace(results, predictions=tuple(judged.predictions))
        for event in measure_heat(looked_at, device=device):
            if isinstance(event, HeatMeasured):
                heat = _heat_flags(event)
            else:
                yield event
    except TrainingError as error:
        in_heat = f" Not measured: {error}"
    flags: dict[QueueName, Sequence[Flag]] = {
        "label_errors": label_flags(judged.predictions, classes),
        "outliers": outliers,
        "near_labels": copies,
        "swings": swings,
        "heat_outside": heat,
    }
    notes: dict[QueueName, str] = {
        "label_errors": f"Confident learning. {judged.words} {_agreement(judged.predictions)}",
        "outliers": f"Farther from the {NEIGHBOURS}th nearest image, in the network's features, than {FAR} robust "
        f"standard deviations above the median. {judged.words}{in_space}",
        "near_labels": "Copies and groups of the manifest, images alike in fine detail, and neighbours in the "
        f"network's features that are labelled differently. {judged.words}{in_space}",
        "swings": f"Predicted again without masks and without crop, or with them where the run left them out: "
        f"another class is said, or a probability changes by {LEAST} or more. {judged.words}{in_swings}",
        "heat_outside": f"{100 * _OUTSIDE:.0f} % or more of the Grad-CAM heat for what is said lies outside the "
        f"head, or the picture where no head is known. {judged.words}{in_heat}",
    }
    return tuple(Queue(name, TITLES[name], in_order(list(flags[name])), notes[name]) for name in QUEUE_NAMES)


def _agreement(predictions: Sequence[Prediction]) -> str:
    """How much the networks' doubts are worth, in a sentence."""
    if not predictions:
        return ""
    right = sum(one.predicted == one.label for one in predictions) / len(predictions)
    return (
        f"What is said agrees with {100 * right:.0f} % of the labels: the fewer, the less such doubts tell."
    )


def _heat_flags(measured: HeatMeasured) -> list[Flag]:
    return [
        Flag(
            one.file_name,
            one.outside,
            f"Of the heat for {one.predicted}, which is said, {100 * one.outside:.0f} % lies outside the "
            f"{one.ground}.",
        )
        for one in measured.shares
        if one.outside is not None and one.outside >= _OUTSIDE
    ]


# What is kept


def _key(results: ResultsReady, judged: _Judged) -> str:
    """A digest of all that the queues depend on: predictions, manifest, checkpoints."""
    digest = hashlib.sha256(
        f"{SCHEMA} {results.run.classes} {results.root}".encode("utf-8", "surrogateescape")
    )
    for name in sorted(results.rows):
        digest.update(results.rows[name].to_json_line().encode())
    for folder, predictions in judged.by_run.items():
        digest.update(f"{folder.name} {checkpoint_key(folder)}".encode())
        for one in predictions:
            digest.update(f"{one.file_name} {one.label} {one.probabilities}".encode())
    return digest.hexdigest()


def _read(folder: Path, key: str) -> tuple[Queue, ...] | None:
    """What was kept under that key; None where there is nothing, or it is damaged."""
    try:
        values = json.loads((folder / QUEUES).read_text(encoding="utf-8"))
        if values["schema"] != SCHEMA or values["key"] != key:
            return None
        return tuple(_queue(one) for one in values["queues"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _queue(values: dict[str, Any]) -> Queue:
    if values["name"] not in QUEUE_NAMES:
        raise ValueError(f"{values['name']!r} is no queue")
    flags = tuple(
        Flag(str(one["file_name"]), float(one["score"]), str(one["reason"])) for one in values["flags"]
    )
    return Queue(values["name"], str(values["title"]), flags, str(values["note"]))


def _not_kept(folder: Path, error: OSError) -> Warned:
    return Warned(f"What was found can't be kept in {folder} ({error.strerror}): check the disk.")


def _write(folder: Path, key: str, queues: Sequence[Queue]) -> None:
    values = {"schema": SCHEMA, "key": key, "queues": [asdict(one) for one in queues]}
    write_text(folder / QUEUES, json.dumps(values, ensure_ascii=False, indent=1) + "\n")
