"""Several trainings as one piece of work: each trained, or gone on with, and predicted; progress over all."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from curator.manifest.files import Manifest
from curator.records import Event, Prediction, Progress, Split
from curator.training import runs
from curator.training.config import TrainConfig
from curator.training.events import BatchDone, Predicted, Started

# Steps of the progress in one training.
_STEPS: Final = 1000


@dataclass(frozen=True, slots=True)
class PartStarted(Event):
    """Training `part` of `parts`, both counted from 1, begins or goes on in `run_dir`. `words` name it."""

    part: int
    parts: int
    words: str
    run_dir: Path


class Whole:
    """Turns what one training says of itself into what is true of all `parts` of them."""

    def __init__(self, parts: int) -> None:
        self.parts = parts
        self.done = 0
        self._of_one = 0.0

    def passed(self, events: Iterator[Event], words: str) -> Generator[Event, None, None]:
        """Passes events on: `Progress` counts over all trainings, and a batch's `seconds_left` is of all.

        What the parts to come will take is judged by the present one.
        """
        epochs = 0
        with closing(cast("Generator[Event, None, None]", events)):
            for event in events:
                if isinstance(event, Progress):
                    yield self._progress(0.0, f"{words}: {event.what.lower()}")
                elif isinstance(event, BatchDone):
                    share = (event.epoch - 1 + event.position) / max(1, epochs)
                    # Near its end a training says little of how long a whole one takes.
                    if share < 0.9:
                        self._of_one = event.seconds_left / (1 - share)
                    to_come = (self.parts - self.done - 1) * self._of_one
                    yield replace(event, seconds_left=event.seconds_left + to_come)
                    yield self._progress(share, f"{words}, epoch {event.epoch} of {epochs}")
                else:
                    if isinstance(event, Started):
                        epochs = event.epochs
                    yield event

    def at_end(self, what: str) -> Progress:
        """The progress where the present part is trained, and only predictions are left."""
        return self._progress(1.0, what)

    def end_part(self) -> None:
        """One training is over, or was before."""
        self.done += 1

    def _progress(self, share: float, what: str) -> Progress:
        return Progress(round(_STEPS * (self.done + min(share, 1.0))), _STEPS * self.parts, what)


def settled(plan: TrainConfig, found: TrainConfig) -> TrainConfig:
    """The plan with the batch size and the precision that one of its trainings has found: they hold for all."""
    return replace(plan, batch_size=found.batch_size, precision=found.precision)


def train_and_predict(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    *,
    root: Path,
    split: Split,
    whole: Whole,
    words: str,
) -> Generator[Event, None, tuple[Prediction, ...]]:
    """Leaves a finished run in `run_dir` and returns its best checkpoint's predictions for `split`.

    A run that is there already is gone on with by its own plan, on the threads of `config`; one that was
    trained to its end is only predicted with. Yields `PartStarted` and what training and predicting yield.
    """
    from curator.evaluation.evaluate import Evaluated, evaluate
    from curator.training.loop import fit

    yield PartStarted(whole.done + 1, whole.parts, words, run_dir)
    if not (run_dir / runs.CONFIG).is_file():
        yield from whole.passed(fit(manifest, config, run_dir, root=root), words)
    elif not runs.load_run(run_dir).finished:
        run = runs.load_run(run_dir)
        plan = replace(run.config, threads=config.threads)
        yield from whole.passed(fit(run.manifest(), plan, run_dir, root=root, resume=True), words)
    found: tuple[Prediction, ...] = ()
    predicted = evaluate(run_dir, root=root, splits=(split,), device=config.device)
    with closing(cast("Generator[Event, None, None]", predicted)):
        for event in predicted:
            if isinstance(event, Evaluated):
                found = event.predictions
            elif isinstance(event, Progress):
                yield whole.at_end(f"{words}: predicting")
            elif not isinstance(event, Predicted):
                yield event
    whole.end_part()
    return found
