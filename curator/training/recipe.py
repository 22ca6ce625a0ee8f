"""What a plan means for each epoch: which layers are open, how fast they learn, which images are drawn."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import torch
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from curator.training.config import TrainConfig
from curator.training.events import Phase
from curator.training.network import Network

Scheduler: TypeAlias = "ReduceLROnPlateau | LambdaLR"


def groups_open(config: TrainConfig, pretrained: bool, groups: int, epoch: int) -> int:
    """How many of the backbone's layer groups, from the top, learn in `epoch` (counted from 1)."""
    if not pretrained:
        return groups
    most = min(config.open_groups, groups)
    since = epoch - config.head_epochs
    if since <= 0 or most == 0:
        return 0
    return min(most, 1 + (since - 1) // config.open_every) if config.open_every else most


def opened_since(config: TrainConfig, pretrained: bool, groups: int, epoch: int) -> int:
    """The first epoch, counted from 1, that has the same layers open as `epoch`."""
    opened = groups_open(config, pretrained, groups, epoch)
    return next(e for e in range(1, epoch + 1) if groups_open(config, pretrained, groups, e) == opened)


def phase_of(opened: int) -> Phase:
    """What a state with so many open groups is called."""
    return "unfrozen" if opened else "head"


def last_opening(config: TrainConfig, pretrained: bool, groups: int) -> int:
    """The epoch, counted from 1, in which the last layers are opened."""
    most = min(config.open_groups, groups)
    if not pretrained or most == 0:
        return 1
    return config.head_epochs + 1 + (most - 1) * config.open_every


def optimiser_of(network: Network, config: TrainConfig, pretrained: bool) -> Optimizer:
    """For what the network has open, at the plan's rates, without a history.

    Fine-tuning takes the head along at the rate of the opened layers; from scratch all learn alike. Biases and
    normalisation are not decayed: it does not regularise them, and costs accuracy (He et al., "Bag of Tricks",
    2019, section 3.1).
    """
    rate = config.lr if network.open_groups else config.head_lr
    groups: list[dict[str, Any]] = []
    for group in network.parameter_groups(rate, config.lr, config.lower_rate if pretrained else 1.0):
        parameters: Any = group["params"]
        decayed = [one for one in parameters if one.ndim > 1]
        plain = [one for one in parameters if one.ndim <= 1]
        for part, decay in ((decayed, config.weight_decay), (plain, 0.0)):
            if part:
                groups.append({"params": part, "lr": group["lr"], "weight_decay": decay})
    if config.optimiser == "sgd":
        return SGD(groups, lr=rate, momentum=config.momentum)
    return AdamW(groups, lr=rate)


def take_over(new: Optimizer, old: Optimizer) -> None:
    """Gives a new optimiser what the old one knows of the parameters that both have: moments and steps."""
    for group in new.param_groups:
        for parameter in group["params"]:
            if parameter in old.state:
                new.state[parameter] = old.state[parameter]


def lowered(optimiser: Optimizer, config: TrainConfig) -> float:
    """How far a plateau has brought the rates down: 1 at the start."""
    top = optimiser.param_groups[0]
    return float(top["lr"] / top["initial_lr"]) if config.schedule == "plateau" else 1.0


def scheduler_of(
    optimiser: Optimizer, config: TrainConfig, pretrained: bool, done: int, opened: int, scale: float = 1.0
) -> Scheduler:
    """The schedule from the next epoch on, `done` epochs after the run's begin and with `opened` groups.

    `scale` is how far a plateau had brought the rates down before; its patience starts anew.
    """
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    if config.schedule == "plateau":
        for group in optimiser.param_groups:
            group["lr"] = max(group["lr"] * scale, min(config.min_lr, group["lr"]))
        return ReduceLROnPlateau(
            optimiser,
            factor=config.plateau_factor,
            patience=config.plateau_patience,
            min_lr=[min(config.min_lr, group["initial_lr"]) for group in optimiser.param_groups],
        )
    if config.schedule == "constant":
        return LambdaLR(optimiser, lambda _: 1.0)
    return LambdaLR(optimiser, lambda since: _cosine(config, pretrained, done + since, opened))


def advance(scheduler: Scheduler, val_loss: float) -> None:
    """After an epoch: what the next one's rates are."""
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(val_loss)
    else:
        scheduler.step()


def order_of(targets: torch.Tensor, config: TrainConfig, generator: torch.Generator) -> torch.Tensor:
    """The indices of an epoch's images, int64 (n,), in the order in which they are worked.

    Each image once; or, with `balance` "sampling", drawn with replacement so that classes come alike often.
    """
    if config.balance != "sampling":
        return torch.randperm(len(targets), generator=generator)
    chances = 1 / torch.bincount(targets).clamp(min=1)[targets].double()
    return torch.multinomial(chances, len(targets), replacement=True, generator=generator)


def class_weights(targets: torch.Tensor, classes: int, config: TrainConfig) -> torch.Tensor:
    """The weight of each class in the loss, float (classes,); one in the mean over all images."""
    if config.balance != "class-weights":
        return torch.ones(classes)
    counts = torch.bincount(targets, minlength=classes).float()
    return counts.sum() / (classes * counts.clamp(min=1))


def batches(count: int, batch_size: int, ranks: int = 1) -> list[int]:
    """The sizes of an epoch's batches, the last one short.

    A last batch of one image, or of less than two for each of `ranks` processes, would leave BatchNorm nothing
    to compare: it joins the one before.
    """
    sizes = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    if len(sizes) > 1 and sizes[-1] < 2 * ranks:
        sizes[-2:] = [sizes[-2] + sizes[-1]]
    return sizes


def _cosine(config: TrainConfig, pretrained: bool, done: int, opened: int) -> float:
    """The share of its own rate at which a layer learns, `done` epochs after the run's begin.

    Half a cosine over the epochs of the head, another over those of the opened layers (Loshchilov, Hutter,
    "SGDR", 2017, equation 5, without restarts inside of a phase).
    """
    head = min(config.head_epochs, config.epochs)
    if not opened:
        first, last, rate = 0, head if config.open_groups else config.epochs, config.head_lr
    elif pretrained:
        first, last, rate = head, config.epochs, config.lr
    else:
        first, last, rate = 0, config.epochs, config.lr
    floor = min(1.0, config.min_lr / rate)
    turn = min(1.0, (done - first) / max(1, last - first))
    return floor + (1 - floor) * (1 + math.cos(math.pi * turn)) / 2
