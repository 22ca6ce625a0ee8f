"""What the view of backbones has done on a thread of its own: comparing, measuring, layers, the raw classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from curator.app.jobs import load
from curator.app.train.trainer import KEPT_BYTES
from curator.records import Edits, Event, Progress

if TYPE_CHECKING:
    from curator.imaging.render import Resize
    from curator.training.comparison import BackboneSummary
    from curator.training.summary import KindSum, Layer

COMPARE_KEY: Final = "backbones.compare"
MEASURE_KEY: Final = "backbones.measure"
ASK_KEY: Final = "backbones.ask"


@dataclass(frozen=True, slots=True)
class Compared(Event):
    """All backbones, in the order of the table."""

    rows: tuple[BackboneSummary, ...]


@dataclass(frozen=True, slots=True)
class LayersRead(Event):
    """The layers of one backbone, their sums by kind, and what depthwise convolutions spare, if there are any."""

    name: str
    layers: tuple[Layer, ...]
    kinds: tuple[KindSum, ...]
    spared: str


def compare() -> Iterator[Event]:
    """Counts the backbones' costs and looks for their weights: one `Compared`."""
    summarise = load("curator.training.comparison").summarise
    from curator.training.backbones import cards

    yield Compared(tuple(summarise(card) for card in cards()))


def layers_of(name: str) -> Iterator[Event]:
    """Lists the layers of one backbone: one `LayersRead`."""
    summary = load("curator.training.summary")
    from curator.training.backbones import card_named

    layers = summary.layer_table(card_named(name))
    found = summary.separable_sums(layers)
    spared = summary.separable_words(found) if found is not None else ""
    yield LayersRead(name, layers, tuple(summary.sums_by_kind(layers)), spared)


def measure() -> Iterator[Event]:
    """Measures every backbone, with a core left to the window."""
    yield Progress(0, 0, "Loading PyTorch")
    comparison = load("curator.training.comparison")
    from curator.training.backbones import cards
    from curator.training.device import memory_kept, spare_threads

    # As while a training runs, so that what is measured is what it will be.
    with memory_kept(KEPT_BYTES):
        yield from comparison.measure(cards(), threads=spare_threads())


def ask(name: str, path: Path, edits: Edits | None, resize: Resize) -> Iterator[Event]:
    """Asks the raw ImageNet classes of one backbone about one image."""
    yield Progress(0, 0, "Loading PyTorch")
    imagenet = load("curator.training.imagenet")
    from curator.training.backbones import card_named
    from curator.training.device import spare_threads

    card = card_named(name)
    yield from imagenet.ask_imagenet(card, path, edits=edits, resize=resize, threads=spare_threads())
