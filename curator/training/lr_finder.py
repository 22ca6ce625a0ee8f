"""Finding a learning rate: the range test of L. N. Smith (2017) on a copy of the network, before a run begins."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import torch

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.manifest.schema import ManifestRow
from curator.records import Event, Progress
from curator.training.config import TrainConfig
from curator.training.data import load_images, refuse_impossible
from curator.training.device import pick, settings
from curator.training.events import Heartbeat, Phase, RateFound, RateTried
from curator.training.pace import Pace
from curator.training.precision import Casting
from curator.training.ranks import Ranks
from curator.training.rate_curve import Suggestion, diverged, suggest, sweep
from curator.training.settle import most_opened, settle_batch_size, trial_of
from curator.training.trial import Trial, is_out_of_memory, out_of_memory
from curator.training.work import Work, drafted

# Below the lowest nothing moves in so few steps, above the highest every network here runs away.
_LOWEST: Final = 1e-6
_HIGHEST: Final = 10.0
_PER_DECADE: Final = 10
# Images loaded for each step where the batch size is still to be found.
_LARGEST_UNKNOWN: Final = 256


def range_test(
    manifest: Manifest, config: TrainConfig, *, phase: Phase | None = None, root: Path | None = None
) -> Iterator[Event]:
    """The range test on the training images of a manifest, for a phase or for each that the plan has.

    Yields `Progress` and `Warned` while images load, and what `settle_batch_size` and `find_rate` yield: last of
    each phase a `RateFound`. Without pretrained weights nothing is frozen, so there is only "unfrozen". Writes
    nothing. Raises `TrainingError` where the plan or the data don't allow it.
    """
    refuse_impossible(manifest)
    device = torch.device(pick(config.device))
    rows = [row for row in manifest.rows if row.decision == "keep" and row.split == "train"]
    with settings(config.threads, config.deterministic):
        loaded = yield from load_images(
            _some(rows, config),
            root or manifest.root,
            config.image_size,
            config.resize,
            config.cleaning,
            skip=config.skip_unreadable,
        )
        if not loaded.rows:
            raise TrainingError("None of the images of the train split could be read: see the warnings.")
        yield Progress(0, 0, "Building the network")
        work = drafted(
            manifest, config, Path(), manifest.root, {"train": loaded, "val": loaded}, device, Ranks()
        )
        yield from settle_batch_size(work)
        plan = work.run.config
        if plan.precision == "float16":
            # Its gradients vanish unless they are scaled, as a run does step by step.
            work.casting = Casting("float32", device)
        for one in _phases(work, phase):
            opened = 0 if one == "head" else most_opened(work)
            trial = trial_of(work, opened)
            pace = Pace(trial.network, plan.image_size, device, training=True, fixed=plan.deterministic)
            yield from find_rate(trial, pace, phase=one, batch_size=plan.batch_size, seed=plan.seed)


def find_rate(
    trial: Trial, pace: Pace, *, phase: Phase, batch_size: int, seed: int = 0
) -> Generator[Event, None, RateFound]:
    """Trains the trial's copy while the learning rate grows from step to step, until the loss runs away.

    Yields `Progress` and `RateTried` for each step, `Heartbeat` inside slow ones; yields and returns
    `RateFound`. Where the optimiser has layers at different rates, all grow in proportion, and the rate that is
    told is the highest. Raises `TrainingError` where memory runs out.
    """
    optimiser = trial.optimiser(trial.network)
    highest = max(float(group["lr"]) for group in optimiser.param_groups)
    shares = [float(group["lr"]) / highest for group in optimiser.param_groups]
    rates = sweep(_LOWEST, _HIGHEST, _PER_DECADE)
    batches = _batches(trial.images, batch_size, seed)
    losses: list[float] = []
    trial.network.train()
    for step, rate in enumerate(rates):
        yield Progress(step, len(rates), f"Trying a learning rate of {rate:.1e}")
        for group, share in zip(optimiser.param_groups, shares, strict=True):
            group["lr"] = rate * share
        losses.append((yield from _step(trial, pace, optimiser, next(batches))))
        yield RateTried(step, len(rates), rate, losses[-1])
        if diverged(losses):
            break
    tried = rates[: len(losses)]
    read = suggest(tried, losses)
    points = tuple(zip(tried, losses, strict=True))
    found = RateFound(phase, batch_size, points, read.rate, read.steepest, _words(read))
    yield found
    return found


def _phases(work: Work, wanted: Phase | None) -> list[Phase]:
    config, most = work.run.config, most_opened(work)
    if not work.run.pretrained:
        return ["unfrozen"]
    if most == 0:
        return ["head"]
    if wanted is not None:
        return [wanted]
    found: list[Phase] = []
    if config.head_epochs > 0:
        found.append("head")
    if config.epochs > config.head_epochs:
        found.append("unfrozen")
    return found


def _some(rows: list[ManifestRow], config: TrainConfig) -> list[ManifestRow]:
    """As many rows as the test can use, drawn by the plan's seed: others need not be loaded."""
    steps = len(sweep(_LOWEST, _HIGHEST, _PER_DECADE))
    most = steps * (config.batch_size or _LARGEST_UNKNOWN)
    if len(rows) <= most:
        return rows
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(config.seed))
    return [rows[index] for index in sorted(order[:most].tolist())]


def _step(
    trial: Trial, pace: Pace, optimiser: torch.optim.Optimizer, batch: torch.Tensor
) -> Generator[Event, None, float]:
    """One step on one mini-batch, in parts on a slow device; returns the loss before it."""
    optimiser.zero_grad(set_to_none=True)
    loss, done = 0.0, 0
    for part in pace.parts(len(batch)):
        if done:
            yield Heartbeat(0)
        try:
            loss += trial.backward(batch[done : done + part], len(batch))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(trial.device) from None
        done += part
    if math.isfinite(loss):
        trial.step(optimiser)
    return loss


def _batches(images: int, batch_size: int, seed: int) -> Iterator[torch.Tensor]:
    """Indices of mini-batches without end, in a new order each time all images have been seen."""
    generator = torch.Generator().manual_seed(seed)
    size = min(batch_size, images)
    waiting = torch.empty(0, dtype=torch.long)
    while True:
        while len(waiting) < size:
            waiting = torch.cat([waiting, torch.randperm(images, generator=generator)])
        yield waiting[:size]
        waiting = waiting[size:]


def _words(read: Suggestion) -> str:
    if read.rate is None:
        return (
            "The loss fell at no learning rate, so none is suggested: look whether the labels are right, open more "
            "blocks, or keep the rate of the preset."
        )
    rate = f"{read.rate:.1e}".replace("e-0", "e-")
    return f"A learning rate of {rate} lies half way down the fall of the loss."
