"""What a plan leaves open is settled by trials before the first epoch, on a copy of the run's network."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import torch

from curator.records import Event
from curator.training import recipe
from curator.training.batch_size import SMALLEST, DeviceProbe, find_batch_size
from curator.training.network import Network
from curator.training.passes import forward, losses_of, on_device, varied_images
from curator.training.trial import Trial
from curator.training.work import Work


def settle_batch_size(work: Work) -> Generator[Event, None, None]:
    """Finds the batch size where the plan has 0, and puts it into the plan; yields what the search does.

    Several processes each look at their own device; the batch is as many times the smallest find.
    """
    config, ranks = work.run.config, work.ranks
    if config.batch_size:
        return
    trial = trial_of(work, most_opened(work))
    found = yield from find_batch_size(DeviceProbe(trial), max(SMALLEST, len(work.train) // ranks.count))
    sizes = torch.zeros(ranks.count, dtype=torch.int64)
    sizes[ranks.rank] = found.batch_size
    size = int(ranks.summed(sizes).min()) * ranks.count
    work.run = replace(work.run, config=replace(config, batch_size=size))


def trial_of(work: Work, opened: int) -> Trial:
    """A trial of a run's network with so many layer groups open, which works images as the run does."""
    config = work.run.config
    generator = torch.Generator().manual_seed(config.seed)

    def losses(network: Network, part: torch.Tensor) -> torch.Tensor:
        images = varied_images(work, part, generator)
        targets = work.train.targets[part].to(work.device)
        return losses_of(work, forward(work, network, images), targets)

    def look(network: Network, part: torch.Tensor) -> torch.Tensor:
        return forward(work, network, on_device(work.train, part, work.device))

    trial = Trial(
        work.network,
        work.device,
        len(work.train),
        optimiser=lambda network: recipe.optimiser_of(network, config, work.run.pretrained),
        losses=losses,
        look=look,
        gradient_clip=config.gradient_clip,
        seed=config.seed,
    )
    trial.network.open(opened)
    return trial


def most_opened(work: Work) -> int:
    """How many layer groups learn once all are open that the plan names, also if a longer plan only gets there."""
    config, pretrained, groups = work.run.config, work.run.pretrained, len(work.network.card.groups)
    last = recipe.last_opening(config, pretrained, groups)
    return recipe.groups_open(config, pretrained, groups, max(last, config.epochs))
