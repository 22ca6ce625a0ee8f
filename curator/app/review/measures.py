"""What images can also be sorted by, where it was measured: disagreement, swings, heat outside the head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curator.app.jobs import load
from curator.app.review.items import Order
from curator.records import Event

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """Values by file name for each order, of the results they belong to; empty where nothing was measured."""

    results: ResultsReady
    values: Mapping[Order, Mapping[str, float]]


def read_measures(results: ResultsReady) -> Iterator[Event]:
    """Reads all of it: one `Measured`."""
    yield Measured(
        results,
        {
            "disagreement": load("curator.evaluation.disagreement").find_disagreement(results),
            "swings": load("curator.evaluation.swings").read_swings(results),
            "heat": load("curator.evaluation.heat").heat_outside(results),
        },
    )


def measure_heat(results: ResultsReady) -> Iterator[Event]:
    """Measures the heat outside the head of what is not measured yet, then reads all there is."""
    device = load("curator.training.device")
    with device.settings(device.spare_threads(), deterministic=False):
        yield from load("curator.evaluation.heat").measure_heat(results)
    yield from read_measures(results)
