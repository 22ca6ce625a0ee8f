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
import torch

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.metrics import accuracy, auroc, balanced_accuracy
from curator.records import Event, Progress, Split
from curator.training import checkpoint, recipe, runs
from curator.training.config import TrainConfig
from curator.training.data import Loaded, load_images, refuse_impossible
from curator.training.device import pick, settings
from curator.training.events import (
    CheckpointSaved,
    EpochDone,
    EpochMetrics,
    Finished,
    PhaseChanged,
    Started,
)
from curator.training.meter import FROZEN, Meter, training_cost, validating_cost
from curator.training.passes import Training, features_of, missing_images, probabilities
from curator.training.ranks import Ranks, joined
from curator.training.settle import settle_batch_size
from curator.training.trial import is_out_of_memory, out_of_memory
from curator.training.work import Work, begin, drafted, full_state, model_state, resumed


def fit(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    *,
    root: Path | None = None,
    resume: bool = False,
) -> Iterator[Event]:
    """Trains a classifier on the kept images of a manifest and leaves a run in `run_dir`.

    Yields `Progress` and `Warned` while images load, `BatchSizeTried` and `BatchSizeFound` where the plan leaves
    the batch size to be found, then `Started`, and for each epoch `BatchDone`s,
    `EpochDone`, `CheckpointSaved`; `PhaseChanged` where layers are opened; `Finished` last. With `resume` the
    run in `run_dir` goes on after its last whole epoch; on an unchanged plan in deterministic mode it ends in
    the same numbers as an unbroken one. Raises `TrainingError` where the plan or the data don't allow it.

    Under torchrun its processes train together: each yields the same events of its own share, the first alone
    writes, and where one fails all do (`ranks.speaks` tells which of them says why).
    """
    with joined() as ranks, settings(config.threads, config.deterministic):
        run_dir = ranks.agreed(run_dir)
        source = root or (runs.load_run(run_dir).root if resume else manifest.root)
        refuse_impossible(manifest)
        if not resume and ranks.agreed((run_dir / runs.CONFIG).exists()):
            raise TrainingError(f"{run_dir} holds a run already: choose another folder, or resume it.")
        device = torch.device(pick(config.device, ranks.local if ranks.count > 1 else None))
        yield from _fit(manifest, config, run_dir, source, device, resume, ranks)


def _fit(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    source: Path,
    device: torch.device,
    resume: bool,
    ranks: Ranks,
) -> Generator[Event, None, None]:
    loaded = yield from _load(manifest, config, source)
    yield Progress(0, 0, "Building the network")
    if ranks.writes:
        run_dir.mkdir(parents=True, exist_ok=True)
    log = _log(run_dir, ranks)
    began = time.monotonic()
    try:
        stopped_early = False
        if resume:
            planned = runs.load_run(run_dir).config.epochs
            work = resumed(manifest, config, run_dir, loaded, device, ranks)
            # Cut off where it would have ended early, it ends there; a longer plan is to go on.
            stopped_early = ranks.agreed(config.epochs == planned and _should_stop(work))
        else:
            work = drafted(manifest, config, run_dir, source, loaded, device, ranks)
            yield from settle_batch_size(work)
            begin(work, manifest)
        run, config = work.run, work.run.config
        log.info("%s on %s (%d): %s", config.backbone, device, ranks.count, run.sizes)
        log.info("%s", run.weights_message)
        yield Started(
            run_dir, config, str(device), run.classes, run.sizes, run.weights_message, config.epochs,
            len(_batches(work)), work.epoch + 1, ranks.count,
        )  # fmt: skip
        while work.epoch < config.epochs and not stopped_early:
            yield from _open_layers(work, log)
            yield from _epoch(work, log)
            stopped_early = _should_stop(work)
        if ranks.writes:
            runs.write_config(replace(work.run, finished=True))
        best = work.run.best
        yield Finished(run_dir, best.epoch if best else 0, stopped_early, time.monotonic() - began)
    except (GeneratorExit, KeyboardInterrupt):
        log.info("stopped; what was learnt up to the last whole epoch is kept")
        raise
    except BaseException as error:
        log.exception("the run failed")
        if is_out_of_memory(error):
            raise out_of_memory(device) from error
        raise
    finally:
        for handler in list(log.handlers):
            log.removeHandler(handler)
            handler.close()


def _load(
    manifest: Manifest, config: TrainConfig, source: Path
) -> Generator[Event, None, dict[Split, Loaded]]:
    loaded: dict[Split, Loaded] = {}
    for split in ("train", "val"):
        rows = [row for row in manifest.rows if row.decision == "keep" and row.split == split]
        loaded[split] = yield from load_images(
            rows, source, config.image_size, config.resize, config.cleaning, skip=config.skip_unreadable
        )
    _refuse_empty(loaded, tuple(manifest.info.classes))
    return loaded


def _open_layers(work: Work, log: logging.Logger) -> Generator[Event, None, None]:
    """At the start of an epoch: opens one more group of layers where the plan says so."""
    epoch = work.epoch + 1
    opened = work.opened_in(epoch)
    if opened == work.opened:
        return
    work.open(opened)
    phase = recipe.phase_of(opened)
    log.info("epoch %d: %s, %d groups", epoch, phase, opened)
    yield PhaseChanged(epoch, phase, opened)


def _epoch(work: Work, log: logging.Logger) -> Generator[Event, None, None]:
    """One pass over the training images, one over the validation images, both checkpoints, the row on disk."""
    config = work.run.config
    epoch = work.epoch + 1
    # Seeding each epoch by its number makes a resumed run draw what the unbroken one would have drawn.
    torch.manual_seed(config.seed * 100_003 + epoch + work.ranks.rank)
    meter = _meter(work, epoch)
    train_loss, train_accuracy = yield from _train(work, epoch, meter)
    trained = meter.seconds
    meter.enter("validating", validating_cost(config, work.opened))
    found = (yield from probabilities(work, meter)).numpy()
    targets = work.val.targets.numpy()
    val_loss = float(-np.log(np.maximum(found[np.arange(len(targets)), targets], 1e-12)).mean())
    predicted = found.argmax(axis=1)
    metrics = EpochMetrics(
        epoch=epoch,
        phase=recipe.phase_of(work.opened),
        train_loss=train_loss,
        val_loss=val_loss,
        train_accuracy=train_accuracy,
        val_accuracy=accuracy(targets, predicted),
        val_balanced_accuracy=balanced_accuracy(targets, predicted, len(work.run.classes)),
        val_auroc=auroc(targets, found),
        learning_rate=max(group["lr"] for group in work.optimiser.param_groups),
        seconds=meter.seconds,
        images_per_second=len(work.train) / max(trained, 1e-9),
    )
    if not math.isfinite(train_loss) or not math.isfinite(val_loss):
        raise TrainingError(f"The loss is no number at epoch {epoch}: choose a smaller learning rate.")
    recipe.advance(work.scheduler, val_loss)
    work.epoch = epoch
    work.run = replace(work.run, metrics=(*work.run.metrics, metrics))
    best, last = work.run.folder / runs.BEST, work.run.folder / runs.LAST
    is_best = work.run.best is metrics
    # All on disk before the next yield, where the run may be closed. `last.pt` comes last: cut off before it,
    # the epoch is worked again, and its row and `best.pt` are written anew.
    if work.ranks.writes:
        if is_best:
            checkpoint.save(best, model_state(work))
        runs.write_metrics(work.run.folder / runs.METRICS, work.run.metrics)
        checkpoint.save(last, full_state(work))
    log.info("epoch %d: %s", epoch, metrics)
    # The epoch first: closed at any of these yields, what was heard of is never less than what is on disk.
    yield EpochDone(metrics)
    if is_best:
        yield CheckpointSaved(epoch, True, best)
    yield CheckpointSaved(epoch, False, last)


def _train(work: Work, epoch: int, meter: Meter) -> Generator[Event, None, tuple[float, float]]:
    """Trains on an epoch's images; returns the mean loss an image and the accuracy."""
    config = work.run.config
    features = yield from features_of(work, epoch, meter)
    meter.enter("training", training_cost(config, work.opened))
    order = recipe.order_of(
        work.train.targets, config, torch.Generator().manual_seed(config.seed * 100_003 + epoch)
    )
    work.network.train()
    training = Training(work, epoch, features, meter)
    sizes = _batches(work)
    done = 0
    for number, size in enumerate(sizes):
        yield from training.batch(number, order[done : done + size], last=number == len(sizes) - 1)
        done += size
    if work.network.learns_statistics():
        work.ranks.level(work.network)
    tally = training.tally
    sums = work.ranks.summed(torch.tensor([tally.loss, tally.right, tally.images], dtype=torch.float64))
    loss, right, images = sums.tolist()
    return loss / images, right / images


def _batches(work: Work) -> list[int]:
    """The sizes of an epoch's batches; where statistics are learnt, each process gets two images at least."""
    ranks = work.ranks.count if work.network.learns_statistics() else 1
    return recipe.batches(len(work.train), work.run.config.batch_size, ranks)


def _meter(work: Work, epoch: int) -> Meter:
    config, train, val = work.run.config, len(work.train), len(work.val)
    costs = [
        training_cost(config, opened) * train + validating_cost(config, opened) * val
        for opened in map(work.opened_in, range(epoch, config.epochs + 1))
    ]
    total = costs[0] + FROZEN * missing_images(work, epoch)
    return Meter(epoch, len(_batches(work)), total, sum(costs[1:]), work.ranks.count)


def _should_stop(work: Work) -> bool:
    """Whether the validation loss has been no better for the plan's patience, all layers being open."""
    run, config = work.run, work.run.config
    best = run.best
    if not config.early_stopping or best is None:
        return False
    opening = recipe.last_opening(config, run.pretrained, len(work.network.card.groups))
    return work.epoch - max(best.epoch, opening - 1) >= config.early_stopping


def _refuse_empty(loaded: dict[Split, Loaded], classes: tuple[str, ...]) -> None:
    for split, part in loaded.items():
        if not part.rows:
            raise TrainingError(f"None of the images of the {split} split could be read: see the warnings.")
    lacking = [name for name in classes if all(row.label != name for row in loaded["train"].rows)]
    if lacking:
        raise TrainingError(f"No training image of class {lacking[0]} could be read: see the warnings.")


def _log(run_dir: Path, ranks: Ranks) -> logging.Logger:
    log = logging.Logger(f"curator.run.{run_dir.name}", logging.INFO)
    if not ranks.writes:
        log.addHandler(logging.NullHandler())
        return log
    handler = logging.FileHandler(run_dir / runs.LOG, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    return log
