"""The backbones side by side: what was published, what their layers sum up to, what is measured on this machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import nn

from curator.records import Event, Progress
from curator.training.backbones import Card, published
from curator.training.batch_size import TensorBytes
from curator.training.device import settings
from curator.training.summary import layer_table
from curator.training.weights import find_weights

BATCH: Final = 16
MEMORY_WORDS: Final = (
    "Memory: parameters and the most that is alive at once while one image passes, added up tensor by tensor, "
    "without the convolution library's own scratch space."
)
# Each figure is the median of passes that take so long together, of three at least and thirty at most.
_SECONDS: Final = 1.5
_LEAST_PASSES, _MOST_PASSES, _WARM_UP = 3, 30, 2
# How long is looked at what else runs, and from which share on that is said.
_LOOK_SECONDS: Final = 0.3
_MUCH: Final = 0.2
# Steps of the progress bar for a backbone.
_PARTS: Final = 100


@dataclass(frozen=True, slots=True)
class BackboneSummary:
    """A backbone's row: sums over the published network at its own image size, and where its weights are.

    `source` says where weights lie, or from where they could be fetched.
    """

    name: str
    title: str
    parameters: int
    macs: int
    top1: float
    at_hand: bool
    weights: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measured on this machine's CPU at the backbone's image size, `channels_last`, without gradients.

    `latency_ms` is the median for one image; `images_per_second` in batches of `batch`; `memory_bytes` see
    `MEMORY_WORDS`; `threads` is how many torch worked with; `busy` is the share, 0 to 1, of all cores that was in
    use before measuring began.
    """

    name: str
    latency_ms: float
    images_per_second: float
    batch: int
    memory_bytes: int
    threads: int
    busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """One backbone has been measured."""

    measurement: Measurement


def summarise(card: Card) -> BackboneSummary:
    """Counts parameters and multiply-adds layer by layer and looks for weights. Downloads and runs nothing."""
    layers = layer_table(card)
    found = find_weights(card)
    at_hand = found.path is not None
    return BackboneSummary(
        name=card.name,
        title=card.title,
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        top1=card.top1,
        at_hand=at_hand,
        weights="at hand" if at_hand else "to be fetched",
        source=str(found.path) if at_hand else " or ".join(_origins(card)),
        licence=card.licence,
    )


def measure(cards: Sequence[Card], *, threads: int = 0) -> Iterator[Event]:
    """Times each backbone on the CPU, with fresh weights: `Progress` between two passes, `Measured` for each.

    `threads` of 0 leaves torch's own number.
    """
    import psutil

    busy = psutil.cpu_percent(_LOOK_SECONDS) / 100
    with settings(threads, deterministic=False):
        for number, card in enumerate(cards):
            found = yield from _measured(card, _Place(number, len(cards), card.title))
            yield Measured(replace(found, busy=busy))


def busy_words(measurement: Measurement) -> str:
    """A sentence where other programs kept the processor from the measuring, else nothing."""
    if measurement.busy < _MUCH:
        return ""
    return (
        f"Other programs kept the processor {100 * measurement.busy:.0f} % busy, which makes all this too slow: "
        "measure again when it is idle."
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Which of how many backbones is being measured."""

    number: int
    total: int
    title: str

    def progress(self, share: float) -> Progress:
        done = round(_PARTS * (self.number + share))
        return Progress(done, _PARTS * self.total, f"Measuring {self.title}")


def _measured(card: Card, place: _Place) -> Generator[Event, None, Measurement]:
    yield place.progress(0)
    network = published(card).eval().to(memory_format=torch.channels_last)
    yield place.progress(0.1)
    memory = peak_memory(network, card.size)
    one = yield from _seconds_a_pass(network, card.size, 1, place, 0.1)
    many = yield from _seconds_a_pass(network, card.size, BATCH, place, 0.55)
    return Measurement(card.name, one * 1000, BATCH / many, BATCH, memory, torch.get_num_threads())


def _seconds_a_pass(
    network: nn.Module, side: int, batch: int, place: _Place, share: float
) -> Generator[Event, None, float]:
    images = torch.rand(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
    # A whole batch warms up with one pass: it takes long enough itself.
    warm_up = _WARM_UP if batch == 1 else 1
    taken: list[float] = []
    counted = 0.0
    while counted < 1:
        began = time.perf_counter()
        with torch.inference_mode():
            network(images)
        taken.append(time.perf_counter() - began)
        timed = taken[warm_up:]
        enough = max(sum(timed) / _SECONDS, len(timed) / _MOST_PASSES)
        counted = min(enough, len(timed) / _LEAST_PASSES)
        yield place.progress(share + 0.45 * min(counted, 1))
    return statistics.median(taken[warm_up:])


def peak_memory(network: nn.Module, side: int) -> int:
    """Bytes of parameters and buffers, and of the most that lives at once while one image passes."""
    held = sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))
    with torch.no_grad(), TensorBytes(network) as count:
        network(torch.zeros(1, 3, side, side))
    height: int = count.height
    return held + height


def _origins(card: Card) -> list[str]:
    servers = [card.weights_url] if card.weights_url else []
    return [*servers, *(f"{package.name} {package.version} (package index)" for package in card.packages)]
