"""How far an epoch is, how fast it goes, and how long the run still takes."""

from __future__ import annotations

from typing import Final

from curator.training.config import TrainConfig
from curator.training.events import BatchDone, Stage

# What an image costs, in full training steps of one image (measured on MobileNetV2 at 224 px, one core): through
# frozen convolutions, through the head alone, validated.
FROZEN: Final = 0.22
HEAD: Final = 0.002
VALIDATED: Final = 0.3


def views_of(config: TrainConfig) -> int:
    """On how many views of each image the head is trained, 0 if their features are not kept."""
    return min(config.feature_views, 1) if config.augmentation == "none" else config.feature_views


def training_cost(config: TrainConfig, opened: int) -> float:
    """What an image costs in an epoch that has so many layer groups open."""
    if opened:
        return 1.0
    return HEAD if views_of(config) else FROZEN


def validating_cost(config: TrainConfig, opened: int) -> float:
    """What a validation image costs in such an epoch."""
    return VALIDATED if opened or not views_of(config) else HEAD


class Meter:
    """Counts the work of one epoch of `total` units, with `later` units to follow in later epochs.

    A unit is a full training step of one image; `count` processes work alike.
    """

    def __init__(self, epoch: int, batches: int, total: float, later: float, count: int) -> None:
        self.epoch = epoch
        self.seconds = 0.0
        self._batches = batches
        self._total = total
        self._later = later
        self._count = count
        self._units = 0.0
        self.enter("training", 1.0)

    def enter(self, stage: Stage, cost: float) -> None:
        """From here on each image costs so many units."""
        self._stage = stage
        self._cost = cost
        self._images = 0
        self._busy = 0.0

    def work(self, images: int, seconds: float) -> None:
        """This process has worked so many more images, in so many seconds."""
        self._units += images * self._count * self._cost
        self._images += images * self._count
        self._busy += seconds
        self.seconds += seconds

    def event(self, batch: int, loss: float | None) -> BatchDone:
        """What is told of it: after `batch` batches, with the mean loss so far."""
        left = max(0.0, self._total - self._units) + self._later
        return BatchDone(
            epoch=self.epoch,
            batch=batch,
            batches=self._batches,
            position=min(1.0, self._units / self._total),
            loss=loss,
            images_per_second=self._images / max(self._busy, 1e-9),
            seconds_left=left * self.seconds / max(self._units, 1e-9),
            stage=self._stage,
        )
