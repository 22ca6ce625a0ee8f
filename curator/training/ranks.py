"""Training on several processes at once, started by torchrun: each works its part of every batch.

Gradients are summed once a batch, after its last part. torch's DistributedDataParallel does the same in hooks,
but must be wrapped anew whenever layers are opened, and needs every process to work as many parts.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import torch
from torch import distributed
from torch.distributed.rendezvous import rendezvous

from curator.errors import TrainingError

T = TypeVar("T")

# How long one process waits for the others, which may be loading images from a slow disk.
_PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process, `rank`, among `count` that train together; one alone needs nothing of this."""

    rank: int = 0
    count: int = 1
    local: int = 0

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes to the run's folder."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """This process's part of `size` items: together all of them, in order, none twice."""
        return slice(size * self.rank // self.count, size * (self.rank + 1) // self.count)

    def agreed(self, value: T) -> T:
        """The first process's value, which must pickle."""
        if self.count == 1:
            return value
        held = [value]
        distributed.broadcast_object_list(held, src=0)
        return held[0]

    def summed(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all processes, in place."""
        if self.count > 1:
            distributed.all_reduce(values)
        return values

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replaces gradients by their sums over all processes; who had no image adds nothing."""
        if self.count == 1:
            return
        learning = [one for one in parameters if one.requires_grad]
        for one in learning:
            if one.grad is None:
                one.grad = torch.zeros_like(one)
        gradients = [one.grad for one in learning if one.grad is not None]
        total = self.summed(torch.cat([one.reshape(-1) for one in gradients]))
        parts = torch.split(total, [one.numel() for one in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def level(self, network: torch.nn.Module) -> None:
        """Gives all processes the mean of their networks' means and variances, which each has gathered alone."""
        if self.count == 1:
            return
        for buffer in network.buffers():
            if buffer.is_floating_point():
                self.summed(buffer).div_(self.count)


def world_rank() -> int:
    """This process's number among those of torchrun; 0 where there is one alone."""
    return int(os.environ["RANK"]) if are_several() else 0


def speaks() -> bool:
    """To be asked after a failure: whether this process is the first to fail, the one that says why."""
    if not are_several():
        return True
    try:
        return bool(_world()[0].add("curator-failed", 1) == 1)
    except (RuntimeError, TrainingError):  # nowhere to meet: better said twice than never
        return True


@contextmanager
def joined() -> Iterator[Ranks]:
    """The processes that torchrun has started, connected for a while: gloo on the CPU, NCCL on GPUs.

    Raises `TrainingError` where another process has ended before its time.
    """
    if not are_several():
        yield Ranks()
        return
    # Its functions take the group of the time when they are imported as their default. Imported later, as
    # optimisers do, they would keep the group and its threads alive to the end, where one that then wants the
    # interpreter's lock aborts the process (seen once in 24 trainings).
    importlib.import_module("torch.distributed.nn.functional")
    cuda = torch.cuda.is_available()
    store, rank, count = _world()
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if cuda else "gloo", store=store, rank=rank, world_size=count, timeout=_PATIENCE
    )
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if cuda and local < torch.cuda.device_count():
        torch.cuda.set_device(local)
    try:
        yield Ranks(rank, count, local)
    except RuntimeError as error:
        if "gloo" not in str(error) and "NCCL" not in str(error):
            raise
        raise TrainingError(
            f"Another process of this training has ended or can't be reached ({_line(error)}): start it again "
            "with --resume."
        ) from error
    finally:
        distributed.destroy_process_group()


def are_several() -> bool:
    """Whether torchrun has started more than this process."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ


@cache
def _world() -> tuple[Any, int, int]:
    """Where the processes meet, this one's number, and how many there are. Raises `TrainingError` where they
    can't meet."""
    try:
        store, rank, count = next(rendezvous("env://", timeout=_PATIENCE))
    except (ValueError, RuntimeError) as error:
        raise TrainingError(
            f"The processes of this training can't meet ({_line(error)}): start them with torchrun, or unset RANK "
            "and WORLD_SIZE to train with one."
        ) from error
    return store, rank, count


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
