"""Devices whose memory runs out, for tests: of a known size, with other processes, or refusing large batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from curator.training.backbones import card_named
from curator.training.network import Network

MIB = 1024**2


def small_network(dropout: float = 0.0) -> Network:
    """Three groups of a convolution with BatchNorm each: works a batch in a millisecond."""
    layers = [
        nn.Sequential(nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU())
        for before, after in ((3, 8), (8, 16), (16, 24))
    ]
    card = replace(
        card_named("mobilenet_v2"), channels=24, groups=(("2",), ("1",), ("0",)), cam_layer="2", size=16
    )
    return Network(nn.Sequential(*layers), card, 2, dropout)


class FakeProbe:
    """A device of `capacity` bytes where a batch takes `fixed` and `each` image more.

    `others` are bytes that other processes hold at the first, second, ... look; the last one stays.
    """

    def __init__(
        self,
        capacity: int,
        *,
        fixed: int = 100 * MIB,
        each: int = 50 * MIB,
        others: Sequence[int] = (0,),
        refuses: bool = True,
    ) -> None:
        self.name = "cuda:0" if refuses else "this machine"
        self.refuses = refuses
        self.capacity = capacity
        self.fixed, self.each = fixed, each
        self.others = list(others)
        self.tried: list[tuple[int, int]] = []
        self.failed: list[int] = []
        self._now = 0

    def needs(self, images: int) -> int:
        return self.fixed + self.each * images

    def free(self) -> int:
        self._now = self.others.pop(0) if len(self.others) > 1 else self.others[0]
        return self.capacity - self._now

    def measure(self, images: int, steps: int) -> int:
        self.tried.append((images, steps))
        if self.refuses and self.needs(images) > self.capacity - self._now:
            self.failed.append(images)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.needs(images)


class RunsOut(nn.Module):
    """In place of a network's first layers: runs out of memory above `capacity` images, half of the time
    only in the backward pass."""

    def __init__(self, inner: nn.Module, capacity: int) -> None:
        super().__init__()
        self.inner = inner
        self.capacity = capacity
        self.failed: list[int] = []
        self.late = False

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        too_many = self.training and len(images) > self.capacity
        if too_many and not self.late:
            self._fail(len(images))
        out: torch.Tensor = self.inner(images)
        if too_many and out.requires_grad:
            out.register_hook(lambda _: self._fail(len(images)))
        return out

    def _fail(self, images: int) -> None:
        self.failed.append(images)
        self.late = not self.late
        raise torch.OutOfMemoryError(f"CUDA out of memory with {images} images")
