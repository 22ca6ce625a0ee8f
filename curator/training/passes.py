"""One pass over images: forward alone over all of them in order, or one batch of training in parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from curator.records import Event
from curator.training import recipe
from curator.training.augment import augment
from curator.training.data import room
from curator.training.events import Heartbeat
from curator.training.meter import FROZEN, Meter, views_of
from curator.training.pace import Pace
from curator.training.trial import is_out_of_memory, out_of_memory
from curator.training.work import Features, SplitData, Work

# Keeps the chance that varies images apart from the one that orders them.
_VARYING = 500_000_003
# Between two events of batches that take no time.
_QUIET_SECONDS = 0.05


@dataclass(slots=True)
class Tally:
    """Sums over the images that this process has trained on: cross-entropy in nats, right answers, images."""

    loss: float = 0.0
    right: int = 0
    images: int = 0

    def add(self, other: Tally) -> None:
        """Takes in another."""
        self.loss += other.loss
        self.right += other.right
        self.images += other.images


class Training:
    """What the batches of one epoch share. `features` (n, channels) stand for the images where given."""

    def __init__(self, work: Work, epoch: int, features: torch.Tensor | None, meter: Meter) -> None:
        config = work.run.config
        self._work = work
        self._features = features
        self._meter = meter
        self._generator = generator_of(work, epoch)
        self._told = 0.0
        self.tally = Tally()
        self.pace = Pace(
            work.network, config.image_size, work.device, training=True, fixed=config.deterministic
        )

    def batch(self, number: int, indices: torch.Tensor, *, last: bool) -> Generator[Event, None, None]:
        """One batch of all processes, this one's share of it worked in parts; the optimiser steps once.

        Where memory runs out, what was done is taken back, and the batch is worked again in smaller parts.
        """
        halving = self._work.halving
        halving.begin(self._generator)
        while True:
            try:
                yield from self._attempt(number, indices, last)
                return
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Not before the `except` is left does nothing hold the tensors of what failed.
            warning = halving.halve()
            if warning is not None:
                yield warning

    def _attempt(self, number: int, indices: torch.Tensor, last: bool) -> Generator[Event, None, None]:
        work, size = self._work, len(indices)
        mine = indices[work.ranks.share(size)]
        work.optimiser.zero_grad(set_to_none=True)
        tally = Tally()
        parts = [len(mine)] if self._features is not None and len(mine) else self.pace.parts(len(mine))
        for part in parts:
            began, paused = time.monotonic(), 0.0
            chosen = mine[tally.images : tally.images + part]
            all_inputs, all_targets = self._inputs(chosen), work.train.targets[chosen].to(work.device)
            # Varied as a part, worked in pieces: when memory has run out, the same images come again.
            pieces = work.halving.pieces(part)
            for inputs, targets in zip(
                torch.split(all_inputs, pieces), torch.split(all_targets, pieces), strict=True
            ):
                started = time.monotonic()
                logits = self._logits(inputs)
                # The least part can be slow (an image of VGG16, eight for BatchNorm): then a stop comes half way.
                if self.pace.is_slow(time.monotonic() - started):
                    asked = time.monotonic()
                    yield Heartbeat(self._meter.epoch)
                    paused += time.monotonic() - asked
                # The mean over the whole batch, gathered part by part and process by process: the gradient of
                # one piece.
                loss = losses_of(work, logits, targets).sum() / size
                work.casting.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
                with torch.no_grad():
                    plain = float(functional.cross_entropy(logits, targets, reduction="sum"))
                    tally.add(Tally(plain, int((logits.argmax(1) == targets).sum()), len(targets)))
            is_last = tally.images == len(mine)
            if is_last:
                self._step()
            # Pauses lie in the yields: only the work itself is timed.
            seconds = time.monotonic() - began - paused
            if self._features is None:
                self.pace.learn(part, seconds)
            self._meter.work(part, seconds)
            if self._features is None or last or time.monotonic() - self._told > _QUIET_SECONDS:
                self._told = time.monotonic()
                images = self.tally.images + tally.images
                yield self._meter.event(number + int(is_last), (self.tally.loss + tally.loss) / images)
        if not parts:  # the others step too
            self._step()
        self.tally.add(tally)

    def _inputs(self, chosen: torch.Tensor) -> torch.Tensor:
        if self._features is not None:
            return self._features[chosen].to(self._work.device)
        return varied_images(self._work, chosen, self._generator)

    def _logits(self, inputs: torch.Tensor) -> torch.Tensor:
        network = self._work.network
        if self._features is not None:
            return network.classified(inputs).float()
        return forward(self._work, network, inputs)

    def _step(self) -> None:
        try:
            self._all_step()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            # Weights may have moved already: this can't be taken back as the parts of a batch can.
            raise out_of_memory(self._work.device) from None

    def _all_step(self) -> None:
        work, clip = self._work, self._work.run.config.gradient_clip
        work.ranks.sum_gradients(work.network.parameters())
        if clip:
            work.casting.scaler.unscale_(work.optimiser)
            torch.nn.utils.clip_grad_norm_(work.network.parameters(), clip)
        work.casting.scaler.step(work.optimiser)
        work.casting.scaler.update()


def probabilities(work: Work, meter: Meter) -> Generator[Event, None, torch.Tensor]:
    """Class probabilities, float64 (n, classes), of the validation images as they are."""
    network = work.network
    network.eval()
    if work.features is not None and work.features.val is not None:
        began = time.monotonic()
        with torch.inference_mode():
            logits = network.classified(work.features.val.to(work.device))
            found = torch.softmax(logits.double(), 1).cpu()
        meter.work(len(work.val), time.monotonic() - began)
        yield meter.event(0, None)
        return found.clone()

    def compute(images: torch.Tensor) -> torch.Tensor:
        return torch.softmax(forward(work, network, images).double(), 1)

    found = torch.empty(len(work.val), len(work.run.classes), dtype=torch.float64)
    yield from _each_image(work, work.val, compute, meter, found)
    return found


def features_of(work: Work, epoch: int, meter: Meter) -> Generator[Event, None, torch.Tensor | None]:
    """The features (n, channels) of the view that an epoch trains the head on; None where layers are open.

    The epochs go through the views in turn; each is worked out when it is first needed, the validation images'
    with the first. A view follows from seed and number alone, so that it comes out the same after a resumption.
    """
    views = views_of(work.run.config)
    if work.opened or not views:
        return None
    work.network.eval()
    channels = work.network.card.channels
    if work.features is None:
        most = min(views, work.run.config.epochs)
        work.features = Features(_room(most, len(work.train), channels), set())
    kept, view = work.features, (epoch - 1) % views
    if view not in kept.known:
        generator = generator_of(work, view + 1)
        kind = work.run.config.augmentation

        def varied(images: torch.Tensor) -> torch.Tensor:
            return forward(work, work.network.pooled, augment(images, kind, generator))

        meter.enter("features", FROZEN)
        yield from _each_image(work, work.train, varied, meter, kept.views[view])
        kept.known.add(view)
    if kept.val is None:

        def plain(images: torch.Tensor) -> torch.Tensor:
            return forward(work, work.network.pooled, images)

        meter.enter("features", FROZEN)
        found = _room(1, len(work.val), channels)[0]
        yield from _each_image(work, work.val, plain, meter, found)
        kept.val = found
    return kept.views[view]


def missing_images(work: Work, epoch: int) -> int:
    """How many images frozen convolutions still have to work out before an epoch."""
    views = views_of(work.run.config)
    if work.opened or not views:
        return 0
    kept = work.features
    train = 0 if kept is not None and (epoch - 1) % views in kept.known else len(work.train)
    return train + (0 if kept is not None and kept.val is not None else len(work.val))


def varied_images(work: Work, chosen: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Training images (n, 3, side, side) in 0..1 on the device, augmented as the plan says."""
    images = on_device(work.train, chosen, work.device)
    return augment(images, work.run.config.augmentation, generator)


def losses_of(work: Work, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """What each image adds to the loss that is trained on, (n,): smoothed and weighed as the plan says."""
    smoothing = work.run.config.label_smoothing
    losses = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
    return losses * work.class_weights[targets]


def generator_of(work: Work, number: int) -> torch.Generator:
    """Chance of an epoch or view, for this process: seeded by number, it is the same after a resumption."""
    seed = work.run.config.seed * 100_003 + number + (work.ranks.rank + 1) * _VARYING
    return torch.Generator().manual_seed(seed)


def on_device(data: SplitData, chosen: torch.Tensor | slice, device: torch.device) -> torch.Tensor:
    """Images (n, 3, side, side) in 0..1, channels last in memory."""
    images = data.images[chosen].to(device, non_blocking=True)
    # The bytes are channels-last already: permuting only renames the axes.
    return images.permute(0, 3, 1, 2).float().div_(255)


def forward(
    work: Work, compute: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor
) -> torch.Tensor:
    """What `compute` makes of images in 0..1, normalised, in the run's precision; float32."""
    images = work.network.normalised(images).contiguous(memory_format=torch.channels_last)
    with work.casting():
        return compute(images).float()


def _each_image(
    work: Work,
    data: SplitData,
    compute: Callable[[torch.Tensor], torch.Tensor],
    meter: Meter,
    found: torch.Tensor,
) -> Generator[Event, None, None]:
    """Fills `found` (n, width) with what `compute` makes of each image (k, 3, side, side), processes in turn."""
    config = work.run.config
    pace = Pace(work.network, config.image_size, work.device, training=False, fixed=config.deterministic)
    start = 0
    for size in recipe.batches(len(data), config.batch_size):
        share = work.ranks.share(size)
        batch = torch.zeros(size, found.shape[1], dtype=found.dtype)
        done = share.start
        for part in pace.parts(share.stop - share.start):
            began = time.monotonic()
            # Entered and left between two yields: a grad mode must not leak into whoever asks for events.
            with torch.inference_mode():
                images = on_device(data, slice(start + done, start + done + part), work.device)
                batch[done : done + part] = compute(images).cpu()
            done += part
            seconds = time.monotonic() - began
            pace.learn(part, seconds)
            meter.work(part, seconds)
            yield meter.event(0, None)
        found[start : start + size] = work.ranks.summed(batch)
        start += size


def _room(views: int, count: int, channels: int) -> torch.Tensor:
    array: Any = room((views, count, channels), np.float32)
    return torch.from_numpy(array)
