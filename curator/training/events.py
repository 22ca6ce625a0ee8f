"""What training and predicting yield. No torch here: the window imports it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from curator.records import Event, Prediction, Split
from curator.training.config import TrainConfig

Phase: TypeAlias = Literal["head", "unfrozen"]
Stage: TypeAlias = Literal["features", "training", "validating"]


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """A row of `metrics.csv`. Losses are cross-entropy in nats, averaged over images without class weights or
    smoothing; the training figures are of the images as augmented, gathered while the weights still moved."""

    epoch: int
    phase: Phase
    train_loss: float
    val_loss: float
    train_accuracy: float
    val_accuracy: float
    val_balanced_accuracy: float
    val_auroc: float | None
    learning_rate: float
    seconds: float
    images_per_second: float


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The images are loaded and the first batch comes next. `batches` are those of one epoch, `ranks` the
    processes that train together; `config` has the batch size and the precision that were found."""

    run_dir: Path
    config: TrainConfig
    device: str
    classes: tuple[str, ...]
    sizes: Mapping[Split, int]
    weights_message: str
    epochs: int
    batches: int
    first_epoch: int
    ranks: int = 1


@dataclass(frozen=True, slots=True)
class PhaseChanged(Event):
    """From `epoch` (counted from 1) on, other layers are trained: the head and the top `open_groups` groups."""

    epoch: int
    name: Phase
    open_groups: int = 0


@dataclass(frozen=True, slots=True)
class BatchDone(Event):
    """A batch, or a part of one, is worked. `position` runs from 0 to 1 over the epoch; `loss` is the mean of
    the epoch so far, None outside of training: while frozen convolutions work out the features that the head
    then trains on, and while validating. Batches that take no time are told of some at once."""

    epoch: int
    batch: int
    batches: int
    position: float
    loss: float | None
    images_per_second: float
    seconds_left: float
    stage: Stage = "training"


@dataclass(frozen=True, slots=True)
class Heartbeat(Event):
    """Nothing to tell but that work goes on: a point to pause or stop at, inside a slow part of a batch."""

    epoch: int


@dataclass(frozen=True, slots=True)
class EpochDone(Event):
    """An epoch with its validation is over, and its row is on disk."""

    metrics: EpochMetrics


@dataclass(frozen=True, slots=True)
class CheckpointSaved(Event):
    """A checkpoint is on disk; `best` if it has the lowest validation loss so far."""

    epoch: int
    best: bool
    path: Path


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The plan is done, or early stopping ended it (`stopped_early`). `best_epoch` is what `best.pt` holds."""

    run_dir: Path
    best_epoch: int
    stopped_early: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Predicted(Event):
    """Predictions of some more images."""

    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class BatchSizeTried(Event):
    """A batch of so many images was worked while the batch size is looked for. `needed` and `free` are bytes of
    the device's memory; `needed` is None where memory ran out."""

    images: int
    fits: bool
    needed: int | None
    free: int


@dataclass(frozen=True, slots=True)
class BatchSizeFound(Event):
    """The batch size that the run will have. It takes `needed` of `free` bytes; `message` says what bounds it."""

    batch_size: int
    needed: int
    free: int
    message: str


@dataclass(frozen=True, slots=True)
class RateTried(Event):
    """A mini-batch was worked at a learning rate of `rate`; `loss` is what it was before that step."""

    step: int
    steps: int
    rate: float
    loss: float


@dataclass(frozen=True, slots=True)
class RateFound(Event):
    """What the range test of learning rates suggests for a phase; `suggestion` is None where the loss never fell.

    `points` are all (rate, loss) in order; `message` is a sentence for the user.
    """

    phase: Phase
    batch_size: int
    points: tuple[tuple[float, float], ...]
    suggestion: float | None
    steepest: float | None
    message: str
