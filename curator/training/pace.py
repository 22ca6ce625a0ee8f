"""How many images are worked between two yields, so that a slow device can be paused and stopped at once."""

from __future__ import annotations

import math

import torch

from curator.training.network import Network

# Seconds that one part should take: below the 0.3 s after which stopping feels late.
_TARGET = 0.22
# Multiply-adds of a forward pass that take about as long with their backward pass on one core of 2020's:
# the first guess, and the fixed size in deterministic mode (measured: MobileNetV2 at 224 px, 15 images/s).
_FIRST_WORK = 1.0e9
# BatchNorm that learns its statistics needs this many images at a time to make sense of them (Wu, He, "Group
# Normalization", 2018, figure 1: the error climbs steeply below).
_LEAST_FOR_STATISTICS = 8


class Pace:
    """The size of a part of a batch: guessed from the work an image takes, then learnt from the clock.

    With `fixed` the guess stays, since the clock would make sums, and so the last digits, differ from run to
    run. Accelerators work a batch in one piece.
    """

    def __init__(
        self, network: Network, image_size: int, device: torch.device, *, training: bool, fixed: bool
    ) -> None:
        self.least = _LEAST_FOR_STATISTICS if training and network.learns_statistics() else 1
        work = network.card.multiply_adds * (image_size / network.card.size) ** 2
        self._whole = device.type != "cpu"
        self._fixed = fixed or self._whole
        self._images = max(1.0, _FIRST_WORK / work)

    def parts(self, size: int) -> list[int]:
        """The parts of a batch of `size` images: equal to one image, and none below `least` if `size` is not."""
        if size == 0:
            return []
        if self._whole:
            return [size]
        count = math.ceil(size / max(1, int(self._images)))
        count = max(1, min(count, size // self.least))
        small, larger = divmod(size, count)
        return [small + 1] * larger + [small] * (count - larger)

    def is_slow(self, seconds: float) -> bool:
        """Whether a forward pass that took so long should be followed by a yield of its own."""
        return not self._whole and seconds > _TARGET / 2

    def learn(self, images: int, seconds: float) -> None:
        """Takes in how long a part of so many images took; at most doubles or halves what comes next."""
        if self._fixed:
            return
        wanted = images * _TARGET / max(seconds, 1e-6)
        self._images = max(1.0, min(max(wanted, self._images / 2), self._images * 2))
