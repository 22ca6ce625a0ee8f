"""The state of a run between epochs: begun, resumed, and written to checkpoints."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.records import SPLITS, Split
from curator.training import checkpoint, precision, recipe, runs
from curator.training.backbones import build, card_named, rebuilt
from curator.training.config import TrainConfig
from curator.training.data import Loaded
from curator.training.halving import Halving
from curator.training.network import Network
from curator.training.precision import Casting
from curator.training.ranks import Ranks
from curator.training.weights import find_weights

# What precisions are compared with where the batch size is found later: torchvision's recipes' per device.
_USUAL_BATCH = 32


@dataclass(slots=True)
class SplitData:
    """Everything a device needs of one split: images `uint8` (n, side, side, 3) and class indices (n,)."""

    images: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(slots=True)
class Features:
    """Pooled features of frozen convolutions: `views` float32 (views, n, channels), those of `known` are
    filled; `val` (n, channels) of the plain validation images."""

    views: torch.Tensor
    known: set[int]
    val: torch.Tensor | None = None


@dataclass(slots=True)
class Work:
    """The state of a run between epochs. `opened` is how many layer groups learn, `epoch` how many are done."""

    run: runs.Run
    network: Network
    device: torch.device
    ranks: Ranks
    train: SplitData
    val: SplitData
    class_weights: torch.Tensor
    casting: Casting
    optimiser: torch.optim.Optimizer
    scheduler: recipe.Scheduler
    opened: int
    halving: Halving
    epoch: int = 0
    features: Features | None = None

    def opened_in(self, epoch: int) -> int:
        """How many layer groups learn in an epoch, counted from 1."""
        return recipe.groups_open(self.run.config, self.run.pretrained, len(self.network.card.groups), epoch)

    def open(self, opened: int) -> None:
        """Opens layers, with an optimiser that keeps what it knows of those that were open before."""
        config = self.run.config
        before, was_head = self.optimiser, self.opened == 0
        self.network.open(opened)
        self.optimiser = recipe.optimiser_of(self.network, config, self.run.pretrained)
        recipe.take_over(self.optimiser, before)
        # The head's own rate ends with its phase; between openings a plateau's lower rates stay.
        scale = 1.0 if was_head else recipe.lowered(before, config)
        self.scheduler = recipe.scheduler_of(
            self.optimiser, config, self.run.pretrained, self.epoch, opened, scale
        )
        self.opened = opened
        self.features = None


def drafted(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    root: Path,
    loaded: dict[Split, Loaded],
    device: torch.device,
    ranks: Ranks,
) -> Work:
    """A new run that is on no disk yet: network and first phase; the batch size may still have to be found."""
    card = card_named(config.backbone)
    found = find_weights(card, config.weights)
    classes = tuple(manifest.info.classes)
    torch.manual_seed(config.seed)
    network = build(card, len(classes), dropout=config.dropout, weights=found)
    pretrained = found.path is not None
    counts = {
        split: sum(row.decision == "keep" and row.split == split for row in manifest.rows) for split in SPLITS
    }
    run = runs.Run(
        folder=run_dir,
        config=config,
        classes=classes,
        root=root.resolve(),
        sizes={**counts, "train": len(loaded["train"].rows), "val": len(loaded["val"].rows)},
        device=str(device),
        weights_message=found.message,
        pretrained=pretrained,
        metrics=(),
        finished=False,
        started_at=time.time(),
        ranks=ranks.count,
    )
    _place(network, device, pretrained)
    run = replace(run, config=ranks.agreed(_settled(run, network, device)))
    return _assembled(run, network, loaded, device, ranks, epoch=0)


def begin(work: Work, manifest: Manifest) -> None:
    """Writes the folder of a new run: plan, manifest and a checkpoint to resume from."""
    run = work.run
    if work.ranks.writes:
        runs.sweep(run.folder)
        runs.copy_manifest(manifest, run.folder)
        checkpoint.save(run.folder / runs.LAST, full_state(work))
        runs.write_config(run)


def resumed(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    loaded: dict[Split, Loaded],
    device: torch.device,
    ranks: Ranks,
) -> Work:
    """The run as it was after its last whole epoch. Only `epochs` and where it runs may differ in the plan."""
    run = runs.load_run(run_dir)
    config, planned = _as_settled(config, run.config), run.config.epochs
    same = replace(config, epochs=planned, device=run.config.device, threads=run.config.threads)
    if same != run.config:
        other = ", ".join(one.name for one in fields(same) if _differs(same, run.config, one.name))
        raise TrainingError(
            f"{run_dir} has another plan ({other}): only the number of epochs may change on resuming."
        )
    if run.manifest().info.sha256 != manifest.info.sha256:
        raise TrainingError(f"{run_dir} was trained on another manifest: resume with its own, {run_dir}.")
    state = checkpoint.load(run_dir / runs.LAST, "model", "optimiser", "scheduler", "epoch")
    if "scaler" not in state:
        raise TrainingError(
            f"{run_dir} was begun by an older version of Curator, whose optimiser worked otherwise: it can be "
            "evaluated but not gone on with; train anew."
        )
    epoch = int(state["epoch"])
    if run.finished and config.epochs <= planned:
        raise TrainingError(
            f"{run_dir} is complete after {epoch} epochs: give more epochs than {planned} to extend it."
        )
    # At the end of its plan, a run that was cut off lacks but the last word.
    if config.epochs <= epoch and config.epochs != planned:
        raise TrainingError(f"{run_dir} has done {epoch} epochs already: give more epochs to extend it.")
    metrics = tuple(row for row in run.metrics if row.epoch <= epoch)
    run = replace(run, config=config, metrics=metrics, finished=False, device=str(device), ranks=ranks.count)
    try:
        network = rebuilt(
            card_named(config.backbone), state["model"], len(run.classes), dropout=config.dropout
        )
        _place(network, device, run.pretrained)
        work = _assembled(run, network, loaded, device, ranks, epoch=epoch)
        work.optimiser.load_state_dict(state["optimiser"])
        work.scheduler.load_state_dict(state["scheduler"])
        work.casting.scaler.load_state_dict(state["scaler"])
    except (RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise TrainingError(f"{run_dir / runs.LAST} does not fit the run's plan: train again.") from error
    if isinstance(work.scheduler, LambdaLR):
        # A plan of more epochs has another course from here on.
        for group, rate, share in zip(
            work.optimiser.param_groups, work.scheduler.base_lrs, work.scheduler.lr_lambdas, strict=True
        ):
            group["lr"] = rate * share(work.scheduler.last_epoch)
    if ranks.writes:
        runs.sweep(run_dir)
        runs.write_config(run)
    return work


def model_state(work: Work) -> dict[str, Any]:
    """What predicting needs."""
    config = work.run.config
    return {
        "model": {name: value.cpu() for name, value in work.network.state_dict().items()},
        "backbone": config.backbone,
        "classes": list(work.run.classes),
        "image_size": config.image_size,
        "resize": config.resize,
        "cleaning": config.cleaning,
        "epoch": work.epoch,
    }


def full_state(work: Work) -> dict[str, Any]:
    """What going on needs."""
    return {
        **model_state(work),
        "optimiser": work.optimiser.state_dict(),
        "scheduler": work.scheduler.state_dict(),
        "scaler": work.casting.scaler.state_dict(),
        "phase": recipe.phase_of(work.opened),
    }


def _place(network: Network, device: torch.device, pretrained: bool) -> None:
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.keep_statistics = pretrained


def _settled(run: runs.Run, network: Network, device: torch.device) -> TrainConfig:
    """The plan with the precision that was left open in it."""
    config = run.config
    network.open(recipe.groups_open(config, run.pretrained, len(network.card.groups), config.epochs))
    chosen = precision.choose(
        config.precision,
        network,
        device,
        config.image_size,
        config.batch_size or max(2, min(_USUAL_BATCH, run.sizes["train"] // 8)),
        fixed=config.deterministic,
    )
    return replace(config, precision=chosen)


def _as_settled(config: TrainConfig, settled: TrainConfig) -> TrainConfig:
    """A plan that leaves open what the run has settled already."""
    return replace(
        config,
        batch_size=config.batch_size or settled.batch_size,
        precision=settled.precision if config.precision == "auto" else config.precision,
    )


def _differs(one: TrainConfig, other: TrainConfig, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _assembled(
    run: runs.Run,
    network: Network,
    loaded: dict[Split, Loaded],
    device: torch.device,
    ranks: Ranks,
    *,
    epoch: int,
) -> Work:
    config, groups = run.config, len(network.card.groups)
    data = {split: _split_data(part, run.classes) for split, part in loaded.items()}
    # Between two epochs layers are open as in the one that is done.
    opened = recipe.groups_open(config, run.pretrained, groups, max(1, epoch))
    begin = recipe.opened_since(config, run.pretrained, groups, max(1, epoch))
    network.open(opened)
    optimiser = recipe.optimiser_of(network, config, run.pretrained)
    return Work(
        run=run,
        network=network,
        device=device,
        ranks=ranks,
        train=data["train"],
        val=data["val"],
        class_weights=recipe.class_weights(data["train"].targets, len(run.classes), config).to(device),
        casting=Casting(config.precision, device),
        optimiser=optimiser,
        scheduler=recipe.scheduler_of(optimiser, config, run.pretrained, begin - 1, opened),
        opened=opened,
        halving=Halving(network, device),
        epoch=epoch,
    )


def _split_data(part: Loaded, classes: tuple[str, ...]) -> SplitData:
    index = {name: number for number, name in enumerate(classes)}
    targets = np.array([index[row.label] for row in part.rows], np.int64)
    return SplitData(torch.from_numpy(part.images), torch.from_numpy(targets))
