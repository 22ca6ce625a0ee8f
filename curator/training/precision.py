"""Mixed precision, where it is worth it: chosen by a short trial, entered and left around each piece of work."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import torch
from torch.nn import functional

from curator.training.config import Precision
from curator.training.network import Network

# Below this gain the coarser numbers are not worth it.
_LEAST_GAIN: Final = 1.1
_WARM_UP, _TIMED = 2, 4
_TYPES: Final[dict[Precision, torch.dtype]] = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Casting:
    """Autocast to a precision on a device; with float16 also the scaling of gradients that it needs."""

    def __init__(self, precision: Precision, device: torch.device) -> None:
        self._kind = device.type
        self._type = _TYPES.get(precision)
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")

    def __call__(self) -> AbstractContextManager[object]:
        """A context for one forward pass, to be left before the next yield: it holds for the whole thread."""
        return nullcontext() if self._type is None else torch.autocast(self._kind, self._type)


def choose(
    wanted: Precision, network: Network, device: torch.device, side: int, batch: int, *, fixed: bool
) -> Precision:
    """What "auto" comes to: the fastest of a few steps on made-up images, float32 unless another gains 1.1 times.

    On the CPU nothing else gained (bfloat16 ran slower than float32 wherever it was measured), and with `fixed` a
    clock must not choose: float32. The network is left as it was, but for its gradients, which are cleared.
    """
    if wanted != "auto":
        return wanted
    if device.type != "cuda" or fixed:
        return "float32"
    candidates: list[Precision] = ["float32", "float16"]
    if torch.cuda.is_bf16_supported(including_emulation=False):
        candidates.insert(1, "bfloat16")
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.random.fork_rng(devices=[device]):
        times = {one: _seconds(one, network, device, side, batch) for one in candidates}
    network.load_state_dict(kept)
    network.zero_grad(set_to_none=True)
    best = min(times, key=lambda one: times[one])
    return best if times["float32"] / times[best] >= _LEAST_GAIN else "float32"


def _seconds(precision: Precision, network: Network, device: torch.device, side: int, batch: int) -> float:
    """The least of a few steps' seconds; infinite where such a step doesn't fit into memory."""
    casting = Casting(precision, device)
    images = torch.rand(batch, 3, side, side, device=device).to(memory_format=torch.channels_last)
    targets = torch.zeros(batch, dtype=torch.long, device=device)
    network.train()
    found = float("inf")
    try:
        for turn in range(_WARM_UP + _TIMED):
            torch.cuda.synchronize(device)
            began = time.perf_counter()
            with casting():
                loss = functional.cross_entropy(network(images), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.cuda.synchronize(device)
            if turn >= _WARM_UP:
                found = min(found, time.perf_counter() - began)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
    return found
