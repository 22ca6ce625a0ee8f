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

import numpy as np
import numpy.typing as npt
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
from curator.training.device import pick, settings
from curator.training.events import (
    BatchDone,
    CheckpointSaved,
    EpochDone,
    EpochMetrics,
    Finished,
    Heartbeat,
    PhaseChanged,
    Started,
)
from curator.training.pace import Pace
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
    with settings(config.threads, config.deterministic):
        yield from _fit(manifest, config, run_dir, source, device, resume)


def _fit(
    manifest: Manifest, config: TrainConfig, run_dir: Path, source: Path, device: torch.device, resume: bool
) -> Generator[Event, None, None]:
    classes = tuple(manifest.info.classes)
    loaded: dict[Split, Loaded] = {}
    for split in ("train", "val"):
        rows = [row for row in manifest.rows if row.decision == "keep" and row.split == split]
        loaded[split] = yield from load_images(
            rows, source, config.image_size, config.resize, skip=config.skip_unreadable
        )
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
        batches = len(_batches(len(work.train), config.batch_size))
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
    train_loss, train_accuracy, trained = yield from _train(work, epoch)
    speed = len(work.train) / max(trained, 1e-9)
    probabilities, validated = yield from _probabilities(work, epoch, speed)
    targets = work.val.targets.numpy()
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
        seconds=trained + validated,
        images_per_second=speed,
    )
    if not math.isfinite(train_loss) or not math.isfinite(val_loss):
        raise TrainingError(f"The loss is no number at epoch {epoch}: choose a smaller learning rate.")
    work.scheduler.step(val_loss)
    work.epoch = epoch
    work.run = replace(work.run, metrics=(*work.run.metrics, metrics))
    best, last = work.run.folder / runs.BEST, work.run.folder / runs.LAST
    is_best = work.run.best is metrics
    # All on disk before the next yield, where the run may be closed. `last.pt` comes last: cut off before it,
    # the epoch is worked again, and its row and `best.pt` are written anew.
    if is_best:
        checkpoint.save(best, model_state(work))
    runs.write_metrics(work.run.folder / runs.METRICS, work.run.metrics)
    checkpoint.save(last, full_state(work))
    log.info("epoch %d: %s", epoch, metrics)
    if is_best:
        yield CheckpointSaved(epoch, True, best)
    yield EpochDone(metrics)
    yield CheckpointSaved(epoch, False, last)


def _train(work: Work, epoch: int) -> Generator[Event, None, tuple[float, float, float]]:
    """Trains on every image once; returns the mean loss an image, the accuracy, and the seconds of work."""
    config, network = work.run.config, work.network
    generator = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
    order = torch.randperm(len(work.train), generator=generator)
    sizes = _batches(len(order), config.batch_size)
    pace = Pace(network, config.image_size, work.device, training=True, fixed=config.deterministic)
    network.train()
    total_loss, right, done, busy = 0.0, 0, 0, 0.0
    for index, size in enumerate(sizes):
        work.optimiser.zero_grad(set_to_none=True)
        parts = pace.parts(size)
        for number, part in enumerate(parts):
            began = time.monotonic()
            images, targets = _batch(work.train, order[done : done + part], work.device)
            images = network.normalised(augment(images, config.augmentation, generator))
            logits = network(images)
            losses = functional.cross_entropy(
                logits, targets, reduction="none", label_smoothing=config.label_smoothing
            )
            seconds = time.monotonic() - began
            # The least part can be slow (an image of VGG16, eight for BatchNorm): then a stop comes half way.
            if pace.is_slow(seconds):
                yield Heartbeat(epoch)
            began = time.monotonic()
            # The mean over the whole batch, gathered part by part: the same gradient as in one piece.
            ((losses * work.class_weights[targets]).sum() / size).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                total_loss += float(functional.cross_entropy(logits, targets, reduction="sum"))
                right += int((logits.argmax(1) == targets).sum())
            done += part
            last = number == len(parts) - 1
            if last:
                if config.gradient_clip:
                    torch.nn.utils.clip_grad_norm_(network.parameters(), config.gradient_clip)
                work.optimiser.step()
            # Pauses lie in the yields: only the work itself is timed.
            seconds += time.monotonic() - began
            pace.learn(part, seconds)
            busy += seconds
            speed = done / max(busy, 1e-9)
            left = _seconds_left(work, epoch, done, speed)
            position = done / (len(order) + len(work.val))
            yield BatchDone(epoch, index + int(last), len(sizes), position, total_loss / done, speed, left)
    return total_loss / len(order), right / len(order), busy


def _probabilities(
    work: Work, epoch: int, speed: float
) -> Generator[Event, None, tuple[npt.NDArray[np.float64], float]]:
    """Class probabilities (n, classes) of the validation images as they are, and the seconds of work."""
    config, network = work.run.config, work.network
    network.eval()
    pace = Pace(network, config.image_size, work.device, training=False, fixed=config.deterministic)
    found: list[torch.Tensor] = []
    train, done, busy = len(work.train), 0, 0.0
    for size in _batches(len(work.val), config.batch_size):
        for part in pace.parts(size):
            began = time.monotonic()
            images, _ = _batch(work.val, torch.arange(done, done + part), work.device)
            # Entered and left between two yields: a grad mode must not leak into whoever asks for events.
            with torch.inference_mode():
                found.append(torch.softmax(network(network.normalised(images)).double(), 1).cpu())
            done += part
            seconds = time.monotonic() - began
            pace.learn(part, seconds)
            busy += seconds
            position = (train + done) / (train + len(work.val))
            left = _seconds_left(work, epoch, train, speed)
            yield BatchDone(epoch, 0, 0, position, None, speed, left)
    return torch.cat(found).numpy(), busy


def _batch(data: SplitData, part: torch.Tensor, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 3, side, side) in 0..1, channels last in memory, and targets, both on the device."""
    images = data.images[part].to(device, non_blocking=True)
    # The bytes are channels-last already: permuting only renames the axes.
    return images.permute(0, 3, 1, 2).float().div_(255), data.targets[part].to(device)


def _batches(count: int, batch_size: int) -> list[int]:
    """The sizes of an epoch's batches, the last one short.

    A last batch of one image would leave BatchNorm nothing to compare: it joins the one before.
    """
    sizes = [min(batch_size, count - start) for start in range(0, count, batch_size)]
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [sizes[-2] + 1]
    return sizes


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
