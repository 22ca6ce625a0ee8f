"""Training, read from top to bottom: load, plan, and for each epoch train, validate, save.

`fit` is a generator of events. Not asking for the next is a pause; closing it stops after the batch in hand,
with everything up to the last finished epoch on disk.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.metrics import accuracy, auroc, balanced_accuracy
from curator.records import Event, Split
from curator.training import checkpoint, runs
from curator.training.augment import augment
from curator.training.config import TrainConfig
from curator.training.data import Loaded, load_images
from curator.training.device import pick
from curator.training.events import (
    BatchDone,
    CheckpointSaved,
    EpochDone,
    EpochMetrics,
    Finished,
    PhaseChanged,
    Started,
)
from curator.training.network import Network
from curator.training.work import (
    SplitData,
    Work,
    begun,
    full_state,
    make_optimiser,
    model_state,
    open_layers,
    phase_of,
    resumed,
)

# Multiply-adds of the forward pass that a slow device works between two yields: about 0.3 s with its backward
# pass on two CPU cores (measured: MobileNetV2 at 224 px trains some 14 images/s).
_SLOW_STEP = 1.2e9
# BatchNorm that learns its statistics needs this many images at a time to make sense of them.
_LEAST_FOR_STATISTICS = 8


def fit(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    *,
    root: Path | None = None,
    resume: bool = False,
) -> Iterator[Event]:
    """Trains a classifier on the kept images of a manifest and leaves a run in `run_dir`.

    Yields `Progress` and `Warned` while images load, then `Started`, and for each epoch `BatchDone`s,
    `EpochDone`, `CheckpointSaved`; `PhaseChanged` where layers are opened; `Finished` last. With `resume` the
    run in `run_dir` goes on after its last whole epoch; on an unchanged plan in deterministic mode it ends in
    the same numbers as an unbroken one. Raises `TrainingError` where the plan or the data don't allow it.
    """
    source = root or (runs.load_run(run_dir).root if resume else manifest.root)
    classes = tuple(manifest.info.classes)
    _refuse_impossible(manifest, classes)
    if not resume and (run_dir / runs.CONFIG).exists():
        raise TrainingError(f"{run_dir} holds a run already: choose another folder, or resume it.")
    device = torch.device(pick(config.device))
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.use_deterministic_algorithms(config.deterministic, warn_only=True)
    loaded: dict[Split, Loaded] = {}
    for split in ("train", "val"):
        rows = [row for row in manifest.rows if row.decision == "keep" and row.split == split]
        loaded[split] = yield from load_images(rows, source, config.image_size, config.resize)
    _refuse_empty(loaded, classes)
    run_dir.mkdir(parents=True, exist_ok=True)
    log = _log(run_dir)
    began = time.monotonic()
    try:
        if resume:
            work = resumed(manifest, config, run_dir, loaded, device)
        else:
            work = begun(manifest, config, run_dir, source, loaded, device)
        run = work.run
        log.info("%s on %s: %s; %s", config.backbone, device, run.sizes, run.weights_message)
        batches = len(_batches(len(work.train), config.batch_size, work.network, config, device)[0])
        yield Started(
            run_dir, config, str(device), classes, run.sizes, run.weights_message, config.epochs, batches,
            work.epoch + 1,
        )  # fmt: skip
        stopped_early = False
        while work.epoch < config.epochs and not stopped_early:
            yield from _enter_phase(work, log)
            yield from _epoch(work, log)
            stopped_early = _should_stop(work.run)
        run = replace(work.run, finished=True)
        runs.write_config(run)
        best = run.best
        yield Finished(run_dir, best.epoch if best else 0, stopped_early, time.monotonic() - began)
    except GeneratorExit:
        log.info("stopped; what was learnt up to the last whole epoch is kept")
        raise
    except BaseException:
        log.exception("the run failed")
        raise
    finally:
        for handler in list(log.handlers):
            log.removeHandler(handler)
            handler.close()


def _epoch(work: Work, log: logging.Logger) -> Generator[Event, None, None]:
    """One pass over the training images, one over the validation images, both checkpoints, the row on disk."""
    config = work.run.config
    epoch = work.epoch + 1
    # Seeding each epoch by its number makes a resumed run draw what the unbroken one would have drawn.
    torch.manual_seed(config.seed * 100_003 + epoch)
    began = time.monotonic()
    train_loss, train_accuracy = yield from _train(work, epoch)
    trained = time.monotonic()
    probabilities, targets = yield from _probabilities(work, epoch, len(work.train) / (trained - began))
    val_loss = float(-np.log(np.maximum(probabilities[np.arange(len(targets)), targets], 1e-12)).mean())
    predicted = probabilities.argmax(axis=1)
    rate = max(group["lr"] for group in work.optimiser.param_groups)
    metrics = EpochMetrics(
        epoch=epoch,
        phase=work.phase,
        train_loss=train_loss,
        val_loss=val_loss,
        train_accuracy=train_accuracy,
        val_accuracy=accuracy(targets, predicted),
        val_balanced_accuracy=balanced_accuracy(targets, predicted, len(work.run.classes)),
        val_auroc=auroc(targets, probabilities),
        learning_rate=rate,
        seconds=time.monotonic() - began,
        images_per_second=len(work.train) / max(trained - began, 1e-9),
    )
    if not math.isfinite(train_loss) or not math.isfinite(val_loss):
        raise TrainingError(f"The loss is no number at epoch {epoch}: choose a smaller learning rate.")
    work.scheduler.step(val_loss)
    work.epoch = epoch
    work.run = replace(work.run, metrics=(*work.run.metrics, metrics))
    best = work.run.best is metrics
    if best:
        path = work.run.folder / runs.BEST
        checkpoint.save(path, model_state(work))
        yield CheckpointSaved(epoch, True, path)
    runs.write_metrics(work.run.folder / runs.METRICS, work.run.metrics)
    checkpoint.save(work.run.folder / runs.LAST, full_state(work))
    log.info("epoch %d: %s", epoch, metrics)
    yield EpochDone(metrics)
    yield CheckpointSaved(epoch, False, work.run.folder / runs.LAST)


def _train(work: Work, epoch: int) -> Generator[Event, None, tuple[float, float]]:
    """Trains on every image once; returns the mean loss an image and the accuracy while training."""
    config, network = work.run.config, work.network
    generator = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
    order = torch.randperm(len(work.train), generator=generator)
    parts, micro = _batches(len(order), config.batch_size, network, config, work.device)
    network.train()
    total_loss, right, seen = 0.0, 0, 0
    began = time.monotonic()
    for index, size in enumerate(parts):
        chosen = order[seen : seen + size]
        work.optimiser.zero_grad(set_to_none=True)
        for start in range(0, size, micro):
            part = chosen[start : start + micro]
            images, targets = _batch(work.train, part, work.device)
            images = network.normalised(augment(images, config.augmentation, generator))
            logits = network(images)
            losses = functional.cross_entropy(
                logits, targets, reduction="none", label_smoothing=config.label_smoothing
            )
            # The mean over the whole batch, gathered part by part: the same gradient as in one piece.
            ((losses * work.class_weights[targets]).sum() / size).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                total_loss += float(functional.cross_entropy(logits, targets, reduction="sum"))
                right += int((logits.argmax(1) == targets).sum())
            done = seen + min(start + micro, size)
            speed = done / max(time.monotonic() - began, 1e-9)
            left = _seconds_left(work, epoch, done, speed)
            last = start + micro >= size
            if last:
                if config.gradient_clip:
                    torch.nn.utils.clip_grad_norm_(network.parameters(), config.gradient_clip)
                work.optimiser.step()
            position = done / (len(order) + len(work.val))
            yield BatchDone(epoch, index + int(last), len(parts), position, total_loss / done, speed, left)
        seen += size
    return total_loss / len(order), right / len(order)


def _probabilities(
    work: Work, epoch: int, speed: float
) -> Generator[Event, None, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Class probabilities (n, classes) and targets (n,) of the validation images, without augmentation."""
    work.network.eval()
    found: list[torch.Tensor] = []
    step = _part_size(work.run.config.batch_size, work.network, work.run.config, work.device, 1)
    train, val = len(work.train), len(work.val)
    for start in range(0, val, step):
        part = torch.arange(start, min(start + step, val))
        images, _ = _batch(work.val, part, work.device)
        # Entered and left between two yields: a grad mode must not leak into whoever asks for events.
        with torch.inference_mode():
            found.append(torch.softmax(work.network(work.network.normalised(images)).float(), 1).cpu())
        position = (train + start + len(part)) / (train + val)
        left = _seconds_left(work, epoch, train, speed)
        yield BatchDone(epoch, 0, 0, position, None, speed, left)
    return torch.cat(found).numpy().astype(np.float64), work.val.targets.numpy()


def _batch(data: SplitData, part: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 3, side, side) in 0..1, channels last in memory, and targets, both on the device."""
    images = data.images[part].to(device, non_blocking=True)
    # The bytes are channels-last already: permuting only renames the axes.
    return images.permute(0, 3, 1, 2).float().div_(255), data.targets[part].to(device)


def _batches(
    count: int, batch_size: int, network: Network, config: TrainConfig, device: torch.device
) -> tuple[list[int], int]:
    """The sizes of an epoch's batches and of the parts they are worked in.

    A last batch of one image would leave BatchNorm nothing to compare: it joins the one before.
    """
    sizes = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [sizes[-2] + 1]
    learns_statistics = network.open_groups > 0 and not network.keep_statistics
    least = _LEAST_FOR_STATISTICS if learns_statistics else 1
    return sizes, _part_size(max(sizes), network, config, device, least)


def _part_size(size: int, network: Network, config: TrainConfig, device: torch.device, least: int) -> int:
    """How many images are worked between two yields; never leaves a part of one where `least` is more."""
    if device.type != "cpu":
        return size
    work = network.card.multiply_adds * (config.image_size / network.card.size) ** 2
    part = max(least, int(_SLOW_STEP / work), 1)
    # Equal parts: a remainder of one or two images would be noise to BatchNorm.
    return math.ceil(size / max(1, size // part))


def _enter_phase(work: Work, log: logging.Logger) -> Generator[Event, None, None]:
    """At the start of an epoch: opens layers and makes a new optimiser where the plan says so."""
    config = work.run.config
    phase = phase_of(config, work.run.pretrained, work.epoch + 1)
    if phase == work.phase:
        return
    open_layers(work.network, phase, config, work.run.pretrained)
    work.optimiser, work.scheduler = make_optimiser(work.network, config, phase, work.run.pretrained)
    work.phase = phase
    log.info("epoch %d: %s", work.epoch + 1, phase)
    yield PhaseChanged(work.epoch + 1, phase)


def _should_stop(run: runs.Run) -> bool:
    best = run.best
    patience = run.config.early_stopping
    return bool(patience and best and run.metrics[-1].epoch - best.epoch >= patience)


def _seconds_left(work: Work, epoch: int, done: int, speed: float) -> float:
    """By the speed of this epoch; validation costs about a third of training an image."""
    train, val = len(work.train), len(work.val)
    images = (work.run.config.epochs - epoch) * (train + val / 3) + (train - done) + val / 3
    return images / max(speed, 1e-9)


def _refuse_impossible(manifest: Manifest, classes: tuple[str, ...]) -> None:
    if len(classes) < 2:
        raise TrainingError("There is only one class: a classifier needs images of at least two.")
    kept = [row for row in manifest.rows if row.decision == "keep"]
    if not kept:
        raise TrainingError(
            "No image is kept: decide in Curate first, or export with proposals accepted (--accept-proposals)."
        )
    if not any(row.split == "val" for row in kept):
        raise TrainingError("No kept image is in the validation split: export with a share for it.")
    trained = {row.label for row in kept if row.split == "train"}
    lacking = [name for name in classes if name not in trained]
    if lacking:
        raise TrainingError(
            f"No kept training image is of class {lacking[0]}: keep some, or remove the class."
        )


def _refuse_empty(loaded: dict[Split, Loaded], classes: tuple[str, ...]) -> None:
    for split, part in loaded.items():
        if not part.rows:
            raise TrainingError(f"None of the images of the {split} split could be read: see the warnings.")
    lacking = [name for name in classes if all(row.label != name for row in loaded["train"].rows)]
    if lacking:
        raise TrainingError(f"No training image of class {lacking[0]} could be read: see the warnings.")


def _log(run_dir: Path) -> logging.Logger:
    log = logging.Logger(f"curator.run.{run_dir.name}", logging.INFO)
    handler = logging.FileHandler(run_dir / runs.LOG, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return log
