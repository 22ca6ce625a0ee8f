"""Trying things on a run's network without the run noticing: on a copy, with random numbers of its own."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from types import TracebackType

import torch

from curator.errors import TrainingError
from curator.training.network import Network

# What backends without an error class of their own say: MPS, the CPU's allocator, cuBLAS and cuDNN.
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "status_alloc_failed")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had no memory left."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _OUT_OF_MEMORY)


def out_of_memory(device: torch.device) -> TrainingError:
    """What to do where memory ran out and a smaller part of a batch does not help."""
    return TrainingError(
        f"Memory ran out on {device}: close other programs that use it, choose a smaller batch or let it be found, "
        "or train with smaller images or a smaller backbone."
    )


def give_back_memory(device: torch.device) -> None:
    """Frees what nobody uses any more and hands torch's cache back to the device.

    Not from inside an `except`: its traceback still holds the tensors of what failed.
    """
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


class RandomState:
    """The state of torch's random numbers on the CPU and on `device`, taken when it is made."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._cpu = torch.get_rng_state()
        self._own: torch.Tensor | None = None
        if device.type == "cuda":
            self._own = torch.cuda.get_rng_state(device)
        elif device.type == "mps":
            self._own = torch.mps.get_rng_state()

    def restore(self) -> None:
        """Puts the random numbers back to where they were."""
        torch.set_rng_state(self._cpu)
        if self._own is not None and self._device.type == "cuda":
            torch.cuda.set_rng_state(self._own, self._device)
        elif self._own is not None:
            torch.mps.set_rng_state(self._own)


class RandomAside:
    """Inside `with`, random numbers go on from where the last `with` left them; outside, as if nothing happened."""

    def __init__(self, device: torch.device, seed: int) -> None:
        self._device = device
        self._seed = seed
        self._inner: RandomState | None = None
        self._outer: RandomState | None = None

    def __enter__(self) -> None:
        self._outer = RandomState(self._device)
        if self._inner is not None:
            self._inner.restore()
            return
        # One by one: `torch.manual_seed` would seed the other devices too.
        torch.default_generator.manual_seed(self._seed)
        if self._device.type == "cuda":
            with torch.cuda.device(self._device):
                torch.cuda.manual_seed(self._seed)
        elif self._device.type == "mps":
            torch.mps.manual_seed(self._seed)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner = RandomState(self._device)
        if self._outer is not None:
            self._outer.restore()


class Trial:
    """A copy of a network, and how a run works images with it.

    The run's own network, optimiser, gradients and random numbers stay as they are, bit for bit, whatever is
    tried and wherever it breaks off. `losses` gives the loss of each training image of a part (n,), augmented
    and weighed as the run does; `look` works images as validation does; `optimiser` makes a new one. `images`
    are the training images there are.
    """

    def __init__(
        self,
        network: Network,
        device: torch.device,
        images: int,
        *,
        optimiser: Callable[[Network], torch.optim.Optimizer],
        losses: Callable[[Network, torch.Tensor], torch.Tensor],
        look: Callable[[Network, torch.Tensor], object],
        gradient_clip: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.network = copy.deepcopy(network)
        self.device = device
        self.images = images
        self.losses = losses
        self.look = look
        self.optimiser = optimiser
        self.gradient_clip = gradient_clip
        self.random = RandomAside(device, seed)

    def backward(self, part: torch.Tensor, size: int) -> float:
        """Adds the gradient of one part (indices) of a batch of `size` images; returns its share of the loss."""
        with self.random:
            loss = self.losses(self.network, part).sum() / size
            loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def step(self, optimiser: torch.optim.Optimizer) -> None:
        """Clips as the run does and steps."""
        if self.gradient_clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.gradient_clip)
        optimiser.step()
