"""How long a plan takes on this machine, from how fast earlier runs were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from curator.training.config import TrainConfig
    from curator.training.events import EpochMetrics

# Backbone, side of the images, cached views of each (-1 once more than the head learns), device.
_Kind: TypeAlias = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds that an epoch took for each training image, validation included: the first epoch of a kind, in which
    features are worked out, and those that follow."""

    seconds: Mapping[_Kind, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of_runs(cls, runs: Iterable[tuple[TrainConfig, Sequence[EpochMetrics], int]]) -> Speeds:
        """From plan, epochs and number of training images of each run, newest first."""
        seconds: dict[_Kind, tuple[float, float]] = {}
        for config, metrics, images in runs:
            for head in (True, False):
                rows = [row.seconds for row in metrics if (row.phase == "head") == head]
                kind = _kind(config, head)
                if rows and images and kind not in seconds:
                    seconds[kind] = rows[0] / images, median(rows[1:] or rows) / images
        return cls(seconds)

    def seconds_of(self, config: TrainConfig, images: int) -> float | None:
        """How long `config` would take on so many training images; None where that was never seen here."""
        head = min(config.head_epochs, config.epochs) if config.weights != "none" else 0
        total = 0.0
        for epochs, is_head in ((head, True), (config.epochs - head, False)):
            if epochs:
                each = self.seconds.get(_kind(config, is_head))
                if each is None:
                    return None
                total += (each[0] + (epochs - 1) * each[1]) * images
        return total


def _kind(config: TrainConfig, head: bool) -> _Kind:
    return config.backbone, config.image_size, config.feature_views if head else -1, config.device
