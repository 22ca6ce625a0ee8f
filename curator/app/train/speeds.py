"""How long a plan takes on this machine, from how fast earlier runs were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import TYPE_CHECKING, TypeAlias

from curator.training.meter import views_of

if TYPE_CHECKING:
    from curator.training.config import TrainConfig
    from curator.training.events import EpochMetrics

# Backbone, side of the images, cached views of each (-1 once more than the head learns), device.
_Kind: TypeAlias = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds that an epoch took for each training image, validation included: the first epochs of a kind, each of
    which works out the features of another view, and those that follow, None where none was seen."""

    seconds: Mapping[_Kind, tuple[float, float | None]] = field(default_factory=dict)

    @classmethod
    def of_runs(cls, runs: Iterable[tuple[TrainConfig, Sequence[EpochMetrics], int]]) -> Speeds:
        """From plan, epochs and number of training images of each run, newest first."""
        seconds: dict[_Kind, tuple[float, float | None]] = {}
        for config, metrics, images in runs:
            for head in (True, False):
                rows = [row.seconds for row in metrics if (row.phase == "head") == head]
                kind = _kind(config, head)
                if rows and images and kind not in seconds:
                    first, rest = rows[: _first(kind)], rows[_first(kind) :]
                    if not rest and _views(kind) < 1:
                        rest = rows
                    seconds[kind] = mean(first) / images, median(rest) / images if rest else None
        return cls(seconds)

    def seconds_of(self, config: TrainConfig, images: int) -> float | None:
        """How long `config` would take on so many training images; None where that was never seen here."""
        head = min(config.head_epochs, config.epochs) if config.weights != "none" else 0
        total = 0.0
        for epochs, is_head in ((head, True), (config.epochs - head, False)):
            if epochs:
                kind = _kind(config, is_head)
                first, then = self.seconds.get(kind, (None, None))
                following = max(epochs - _first(kind), 0)
                if first is None or (following and then is None):
                    return None
                total += ((epochs - following) * first + following * (then or 0.0)) * images
        return total


def _kind(config: TrainConfig, head: bool) -> _Kind:
    return config.backbone, config.image_size, views_of(config) if head else -1, config.device


def _views(kind: _Kind) -> int:
    return kind[2]


def _first(kind: _Kind) -> int:
    """How many epochs are not as those that follow: a new view in each, or but the start."""
    return max(_views(kind), 1)
