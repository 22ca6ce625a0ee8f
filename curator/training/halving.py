"""A batch that no longer fits memory while a run goes on: it is worked in smaller parts, with the same gradient."""

from __future__ import annotations

import torch

from curator.errors import TrainingError
from curator.records import Warned
from curator.training.network import Network
from curator.training.trial import RandomState, give_back_memory


class Halving:
    """How large a part of a batch may be at most, learnt from memory running out, for the rest of a run.

    For each batch: `begin`, then work it in `pieces`, and where memory runs out, leave the `except` block,
    `halve`, and work the same batch again from its first image. Augment the parts as they were cut before they
    are cut into pieces: the generator that draws the augmentation is back where it was at `begin`, so that the
    same images come again. BatchNorm that gathers statistics gets those from before the batch back; as
    with any gradient accumulation, it then sees the smaller parts, and never fewer than 2 images.
    """

    def __init__(self, network: Network, device: torch.device) -> None:
        self._network = network
        self._device = device
        self._generator: torch.Generator | None = None
        self._most: int | None = None
        self._largest = 0
        self._random: RandomState | None = None
        self._drawn = torch.empty(0, dtype=torch.uint8)
        self._statistics: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._said = False

    @property
    def most(self) -> int | None:
        """The most images worked at once; None as long as memory never ran out."""
        return self._most

    def begin(self, generator: torch.Generator) -> None:
        """Notes what a batch changes before its gradient is whole: random numbers and running statistics."""
        self._random = RandomState(self._device)
        self._generator = generator
        self._drawn = generator.get_state()
        self._largest = 0
        self._statistics = []
        if self._network.learns_statistics():
            self._statistics = [(one, one.clone()) for one in self._network.features.buffers()]

    def pieces(self, part: int) -> list[int]:
        """The sizes that a part of `part` images is worked in: one, or as many equal ones as memory asks for."""
        count = 1 if self._most is None else -(-part // self._most)
        if self._network.learns_statistics():
            count = max(1, min(count, part // 2))
        small, larger = divmod(part, count)
        sizes = [small + 1] * larger + [small] * (count - larger)
        self._largest = max(self._largest, *sizes)
        return sizes

    def halve(self) -> Warned | None:
        """Takes back what the broken batch did and frees memory; the first time in a run, a sentence that says so.

        Raises `TrainingError` where the pieces can't get smaller.
        """
        least = 2 if self._network.learns_statistics() else 1
        if self._largest // 2 < least:
            words = "one image" if self._largest == 1 else f"{self._largest} images"
            raise TrainingError(
                f"Memory ran out on {self._device} even with {words} at a time: close other "
                "programs that use it, or train with smaller images or a smaller backbone."
            )
        self._most, self._largest = self._largest // 2, 0
        self._network.zero_grad(set_to_none=True)
        if self._random is not None and self._generator is not None:
            self._random.restore()
            self._generator.set_state(self._drawn)
        with torch.no_grad():
            for buffer, before in self._statistics:
                buffer.copy_(before)
        give_back_memory(self._device)
        if self._said:
            return None
        self._said = True
        return Warned(
            f"Memory ran out on {self._device}: from here on a batch is worked in parts of {self._most} images at "
            "most. The size of a batch stays as it was; it only takes longer."
        )
