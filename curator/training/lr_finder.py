"""Finding a learning rate: the range test of L. N. Smith (2017) on a copy of the network, before a run begins."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from typing import Final

import torch

from curator.errors import TrainingError
from curator.records import Event, Progress
from curator.training.events import Heartbeat, Phase, RateFound, RateTried
from curator.training.pace import Pace
from curator.training.rate_curve import Suggestion, diverged, suggest, sweep
from curator.training.trial import Trial, is_out_of_memory

# Below the lowest nothing moves in so few steps, above the highest every network here runs away.
_LOWEST: Final = 1e-6
_HIGHEST: Final = 10.0
_PER_DECADE: Final = 10


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
            raise TrainingError(
                f"Memory ran out on {trial.device} with a batch of {len(batch)} images: choose a smaller batch, "
                "or let it be found."
            ) from None
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
    return f"A learning rate of {read.rate:.1e} lies well inside the longest fall of the loss."
