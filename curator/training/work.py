"""The state of a run between epochs: begun, resumed, and written to checkpoints."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.records import SPLITS, Split
from curator.training import checkpoint, runs
from curator.training.backbones import Card, build, card_named, find_weights
from curator.training.config import TrainConfig
from curator.training.data import Loaded
from curator.training.events import Phase
from curator.training.network import Network


@dataclass(slots=True)
class SplitData:
    """Everything a device needs of one split: images `uint8` (n, side, side, 3) and class indices (n,)."""

    images: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(slots=True)
class Work:
    """The state of a run between epochs."""

    run: runs.Run
    card: Card
    network: Network
    device: torch.device
    train: SplitData
    val: SplitData
    class_weights: torch.Tensor
    optimiser: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.ReduceLROnPlateau
    phase: Phase
    epoch: int = 0


def phase_of(config: TrainConfig, pretrained: bool, epoch: int) -> Phase:
    frozen = pretrained and (epoch <= config.head_epochs or config.open_groups == 0)
    return "head" if frozen else "unfrozen"


def open_layers(network: Network, phase: Phase, config: TrainConfig, pretrained: bool) -> None:
    network.keep_statistics = pretrained
    everything = len(network.card.groups)
    network.open(0 if phase == "head" else config.open_groups if pretrained else everything)


def make_optimiser(
    network: Network, config: TrainConfig, phase: Phase, pretrained: bool
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.ReduceLROnPlateau]:
    # Fine-tuning takes the head along at the rate of the opened layers; from scratch all learn alike.
    rate = config.head_lr if phase == "head" else config.lr
    lower = config.lower_rate if pretrained else 1.0
    groups = network.parameter_groups(rate, config.lr, lower)
    optimiser = torch.optim.AdamW(groups, lr=rate, weight_decay=config.weight_decay)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=config.plateau_factor, patience=config.plateau_patience, min_lr=config.min_lr
    )
    return optimiser, scheduler


def begun(
    manifest: Manifest,
    config: TrainConfig,
    run_dir: Path,
    root: Path,
    loaded: dict[Split, Loaded],
    device: torch.device,
) -> Work:
    """A new run: network, first phase, and its folder with plan, manifest and a checkpoint to resume from."""
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
    )
    work = _assembled(run, card, network, loaded, device, phase_of(config, pretrained, 1))
    runs.copy_manifest(manifest, run_dir)
    checkpoint.save(run_dir / runs.LAST, full_state(work))
    runs.write_config(run)
    return work


def resumed(
    manifest: Manifest, config: TrainConfig, run_dir: Path, loaded: dict[Split, Loaded], device: torch.device
) -> Work:
    """The run as it was after its last whole epoch. Only `epochs` and where it runs may differ in the plan."""
    run = runs.load_run(run_dir)
    same = replace(config, epochs=run.config.epochs, device=run.config.device, threads=run.config.threads)
    if same != run.config:
        raise TrainingError(f"{run_dir} has another plan: only the number of epochs may change on resuming.")
    if run.manifest().info.sha256 != manifest.info.sha256:
        raise TrainingError(f"{run_dir} was trained on another manifest: resume with its own, {run_dir}.")
    state = checkpoint.load(run_dir / runs.LAST, "model", "optimiser", "scheduler", "epoch", "phase")
    epoch = int(state["epoch"])
    if config.epochs <= epoch:
        raise TrainingError(f"{run_dir} has done {epoch} epochs already: give more epochs to extend it.")
    metrics = tuple(row for row in run.metrics if row.epoch <= epoch)
    run = replace(run, config=config, metrics=metrics, finished=False, device=str(device))
    card = card_named(config.backbone)
    network = build(card, len(run.classes), dropout=config.dropout)
    phase: Phase = state["phase"]
    try:
        network.load_state_dict(state["model"])
        work = _assembled(run, card, network, loaded, device, phase)
        work.optimiser.load_state_dict(state["optimiser"])
        work.scheduler.load_state_dict(state["scheduler"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise TrainingError(f"{run_dir / runs.LAST} does not fit the run's plan: train again.") from error
    work.epoch = epoch
    runs.write_config(run)
    return work


def _assembled(
    run: runs.Run,
    card: Card,
    network: Network,
    loaded: dict[Split, Loaded],
    device: torch.device,
    phase: Phase,
) -> Work:
    index = {name: number for number, name in enumerate(run.classes)}
    data = {
        split: SplitData(torch.from_numpy(part.images), torch.tensor([index[row.label] for row in part.rows]))
        for split, part in loaded.items()
    }
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    open_layers(network, phase, run.config, run.pretrained)
    optimiser, scheduler = make_optimiser(network, run.config, phase, run.pretrained)
    weights = torch.ones(len(run.classes))
    if run.config.balance == "class-weights":
        counts = torch.bincount(data["train"].targets, minlength=len(run.classes)).float()
        weights = counts.sum() / (len(run.classes) * counts.clamp(min=1))
    return Work(
        run,
        card,
        network,
        device,
        data["train"],
        data["val"],
        weights.to(device),
        optimiser,
        scheduler,
        phase,
    )


def model_state(work: Work) -> dict[str, Any]:
    config = work.run.config
    return {
        "model": {name: value.cpu() for name, value in work.network.state_dict().items()},
        "backbone": config.backbone,
        "classes": list(work.run.classes),
        "image_size": config.image_size,
        "resize": config.resize,
        "epoch": work.epoch,
    }


def full_state(work: Work) -> dict[str, Any]:
    return {
        **model_state(work),
        "optimiser": work.optimiser.state_dict(),
        "scheduler": work.scheduler.state_dict(),
        "phase": work.phase,
    }
