"""How long a plan takes on this machine, from how fast earlier runs were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from curator.training.config import TrainConfig
    from curator.training.events import EpochMetrics

# Backbone, side of the images, whether only the head learns, device.
_Kind: TypeAlias = tuple[str, int, bool, str]


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds that an epoch took for each training image, validation included, by kind of epoch."""

    seconds: Mapping[_Kind, float] = field(default_factory=dict)

    @classmethod
    def of_runs(cls, runs: Iterable[tuple[TrainConfig, Sequence[EpochMetrics], int]]) -> Speeds:
        """From plan, epochs and number of training images of each run, newest first."""
        seconds: dict[_Kind, float] = {}
        for config, metrics, images in runs:
            for head in (True, False):
                rows = [row for row in metrics if (row.phase == "head") == head]
                kind = (config.backbone, config.image_size, head, config.device)
                if rows and images and kind not in seconds:
                    seconds[kind] = median(row.seconds for row in rows) / images
        return cls(seconds)

    def seconds_of(self, config: TrainConfig, images: int) -> float | None:
        """How long `config` would take on so many training images; None where that was never seen here."""
        head = min(config.head_epochs, config.epochs) if config.weights != "none" else 0
        total = 0.0
        for epochs, is_head in ((head, True), (config.epochs - head, False)):
            if epochs:
                each = self.seconds.get((config.backbone, config.image_size, is_head, config.device))
                if each is None:
                    return None
                total += epochs * each * images
        return total
