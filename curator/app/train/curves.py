"""The numbers behind the plots of one run; knows no screen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from curator.training.events import BatchDone, EpochMetrics

# So many points of the batch curve are kept; beyond that every second one is dropped.
_MOST_BATCHES: Final = 4000


@dataclass(slots=True)
class Curves:
    """Series over epochs, epoch 1 at x = 1; the batch loss runs between them. Values may be NaN."""

    epochs: int = 0
    epoch: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    val_auroc: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    batch_at: list[float] = field(default_factory=list)
    batch_loss: list[float] = field(default_factory=list)
    phases: list[tuple[float, str]] = field(default_factory=list)
    _step: int = 1
    _before: tuple[int, float, float] = (0, 0.0, 0.0)
    _base: tuple[int, float] = (0, 0.0)

    def add_batch(self, event: BatchDone) -> None:
        """One batch further; while validating there is nothing to add.

        The event's loss is the mean of the epoch so far; drawn is that of the batches since the last point.
        """
        if event.loss is None:
            self._base = (event.epoch, event.position)
            return
        if event.batch % self._step and event.batch != event.batches:
            return
        # What an epoch begins with besides training, such as features being worked out, moves no loss.
        base = self._base[1] if self._base[0] == event.epoch else 0.0
        epoch, position, mean = self._before
        if epoch != event.epoch or event.position <= position:
            position, mean = base, 0.0
        self._before = (event.epoch, event.position, float(event.loss))
        since = max(event.position - position, 1e-12)
        self.batch_at.append(event.epoch - 1 + event.position)
        gained = event.loss * (event.position - base) - mean * (position - base)
        self.batch_loss.append(max(0.0, gained / since))
        if len(self.batch_at) > _MOST_BATCHES:
            self.batch_at, self.batch_loss = self.batch_at[::2], self.batch_loss[::2]
            self._step *= 2

    def add_epoch(self, metrics: EpochMetrics) -> None:
        """One epoch further."""
        self.epoch.append(float(metrics.epoch))
        self.train_loss.append(_number(metrics.train_loss))
        self.val_loss.append(_number(metrics.val_loss))
        self.train_accuracy.append(_number(metrics.train_accuracy))
        self.val_accuracy.append(_number(metrics.val_balanced_accuracy))
        self.val_auroc.append(_number(metrics.val_auroc))
        self.learning_rate.append(_number(metrics.learning_rate))

    def add_phase(self, epoch: int, name: str) -> None:
        """From `epoch` (1-based) on, the network is trained as `name` says; shown where that epoch begins."""
        at = float(epoch - 1)
        if at > 0:
            self.phases.append((at, name))

    @property
    def best(self) -> int | None:
        """Where in the lists the epoch is that `best.pt` holds: the lowest validation loss."""
        return _best(self.val_loss, lowest=True)

    def loss_words(self) -> tuple[str, ...]:
        """Last and best validation loss, in full and shorter."""
        if not self.epoch and self.batch_loss:
            return f"train {_plain(self.batch_loss[-1])}", _plain(self.batch_loss[-1])
        return self._last_and_best(self.val_loss, lowest=True)

    def accuracy_words(self) -> tuple[str, ...]:
        """Last and best balanced accuracy on the validation images, in full and shorter."""
        return self._last_and_best(self.val_accuracy, lowest=False)

    def auroc_words(self) -> tuple[str, ...]:
        """Last and best area under the ROC curve on the validation images, in full and shorter."""
        return self._last_and_best(self.val_auroc, lowest=False)

    def _last_and_best(self, values: list[float], *, lowest: bool) -> tuple[str, ...]:
        best = _best(values, lowest=lowest)
        if best is None:
            return ("",)
        last, top = _plain(values[-1]), _plain(values[best])
        return f"val {last}, best {top} at {self.epoch[best]:.0f}", f"{last}, best {top}", last

    def rate_words(self) -> str:
        """The learning rate now, and how often a plateau lowered it; a cosine lowers it in every epoch."""
        if not self.learning_rate:
            return ""
        words = f"{self.learning_rate[-1]:.1e}".replace("e-0", "e-")
        starts = {at for at, _ in self.phases}
        drops = sum(
            now < before * 0.999 and epoch - 1 not in starts
            for before, now, epoch in zip(
                self.learning_rate, self.learning_rate[1:], self.epoch[1:], strict=False
            )
        )
        opened = sum(epoch - 1 in starts for epoch in self.epoch[1:])
        if 0 < drops < len(self.learning_rate) - 1 - opened:
            words += ", lowered " + {1: "once", 2: "twice"}.get(drops, f"{drops} times")
        return words

    @classmethod
    def of_run(cls, metrics: Iterable[EpochMetrics], epochs: int) -> Curves:
        """The curves of a run on the disk."""
        curves = cls(epochs)
        phase = None
        for row in metrics:
            if phase is not None and row.phase != phase:
                curves.add_phase(row.epoch, row.phase)
            phase = row.phase
            curves.add_epoch(row)
        return curves


def steps(epochs: list[float], values: list[float]) -> tuple[list[float], list[float]]:
    """A step line: each value holds from the beginning to the end of its epoch."""
    x: list[float] = []
    y: list[float] = []
    for epoch, value in zip(epochs, values, strict=True):
        x += [epoch - 1, epoch]
        y += [value, value]
    return x, y


def smoothed(values: list[float], factor: float) -> list[float]:
    """The exponential moving average, its start corrected as in Adam (Kingma and Ba, 2015), so that it does not
    begin at 0; `factor` 0 leaves the values as they are, near 1 they hardly move."""
    if not factor:
        return values
    found: list[float] = []
    mean, weight = 0.0, 0.0
    for value in values:
        mean = factor * mean + (1 - factor) * value
        weight = factor * weight + (1 - factor)
        found.append(mean / weight)
    return found


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _plain(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"


def _best(values: list[float], *, lowest: bool) -> int | None:
    finite = [index for index, value in enumerate(values) if math.isfinite(value)]
    if not finite:
        return None
    choose = min if lowest else max
    return choose(finite, key=lambda index: values[index])
