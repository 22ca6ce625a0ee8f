"""Evaluating a run: predict, summarise, keep the predictions with the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from curator.evaluation.elsewhere import warn_of_known
from curator.evaluation.figures import write_figures
from curator.evaluation.intervals import Summary, summarise
from curator.manifest.files import Manifest
from curator.records import Event, Prediction, Split, Warned
from curator.training.events import Predicted
from curator.training.inference import predict_manifest
from curator.training.predictions import current_predictions, write_predictions
from curator.training.runs import PREDICTIONS, load_run


@dataclass(frozen=True, slots=True)
class Evaluated(Event):
    """All predictions that were asked for, and what they add up to."""

    predictions: tuple[Prediction, ...]
    summary: Summary


def evaluate(
    run_dir: Path,
    manifest: Manifest | None = None,
    root: Path | None = None,
    splits: Sequence[Split | None] = ("test",),
    *,
    device: str = "auto",
) -> Iterator[Event]:
    """Predicts the kept images of the given splits (None: those in no split) and ends with `Evaluated`.

    On the run's own manifest the predictions are written to the run's `predictions.jsonl`, beside those that its
    checkpoint has made already: of other splits, and of images that are gone now. The figures of the test split
    are written too, unless they would be of fewer images than before.
    """
    run = load_run(run_dir)
    found: list[Prediction] = []
    for event in predict_manifest(run_dir, manifest=manifest, root=root, splits=splits, device=device):
        if isinstance(event, Predicted):
            found.extend(event.predictions)
        yield event
    if manifest is None:
        names = {one.file_name for one in found}
        others = [one for one in current_predictions(run_dir) if one.file_name not in names]
        fewer = any(one.split in splits for one in others)
        try:
            if found:
                write_predictions(run_dir / PREDICTIONS, [*others, *found])
        except OSError as error:
            yield Warned(f"The predictions can't be kept in {run_dir} ({error.strerror}): check the disk.")
            fewer = True
    else:
        fewer = False
        yield from warn_of_known(run, [one.sha256 for one in found])
    summary = summarise(found, run.classes)
    if manifest is None and tuple(splits) == ("test",) and not fewer:
        write_figures(run_dir, summary)
    yield Evaluated(tuple(found), summary)
