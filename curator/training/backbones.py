"""Backbones as data: each folder of `models/` with a `config.toml` is one. Building, and finding weights."""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from curator.errors import TrainingError, WeightsError
from curator.paths import cache_dir, models_dir
from curator.records import Event, Progress

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    import torch
    from torch import nn

    from curator.training.network import Network

Source: TypeAlias = Literal["file", "cache", "torch hub", "none"]


@dataclass(frozen=True, slots=True)
class Card:
    """What `config.toml` says of a backbone. `sha256` may be the first digits alone (torch.hub's names)."""

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
    licence: str


@dataclass(frozen=True, slots=True)
class WeightsFound:
    """Where pretrained weights lie, and a sentence that says so or what their absence means."""

    source: Source
    path: Path | None
    message: str


@dataclass(frozen=True, slots=True)
class Fetched(Event):
    """Weights were downloaded, verified and put into the user's cache."""

    path: Path


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


def find_weights(card: Card, wanted: str = "imagenet") -> WeightsFound:
    """Looks for weights: a file of the user's, then the user's cache, then torch hub's. Downloads nothing.

    `wanted` is "imagenet", "none" or a path. Raises `WeightsError` for a path that is no file.
    """
    if wanted == "none":
        return WeightsFound("none", None, "From scratch, as asked: all layers learn from these images alone.")
    if wanted != "imagenet":
        path = Path(wanted).expanduser()
        if not path.is_file():
            raise WeightsError(f"{path} is not a file: give a weights file, or 'imagenet', or 'none'.")
        return WeightsFound("file", path, f"Weights from {path}.")
    hub = _torch_home() / "hub" / "checkpoints"
    places: tuple[tuple[Source, Path], ...] = (("cache", cache_dir() / "weights"), ("torch hub", hub))
    for source, folder in places:
        path = folder / card.weights_file
        if path.is_file():
            return WeightsFound(source, path, f"ImageNet weights ({card.weights_file}).")
    return WeightsFound(
        "none",
        None,
        "ImageNet weights are not on this machine, so this trains from scratch: it takes more images and more "
        f"epochs to get as good. Fetch them with: curator models --fetch {card.name}.",
    )


def fetch_weights(card: Card) -> Iterator[Event]:
    """Downloads the backbone's weights into the user's cache: `Progress` in bytes, then `Fetched`.

    Raises `WeightsError` in one sentence where nothing is reachable or the file is not what it should be.
    """
    folder = cache_dir() / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".fetch.")
    try:
        digest = hashlib.sha256()
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(card.weights_url, timeout=20) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            done = 0
            while block := answer.read(1 << 18):
                file.write(block)
                digest.update(block)
                done += len(block)
                yield Progress(done, max(total, done), f"Fetching {card.title} weights")
            file.flush()
            os.fsync(file.fileno())
        if not digest.hexdigest().startswith(card.weights_sha256):
            raise WeightsError(
                f"{card.weights_url} sent something else than the {card.title} weights (SHA-256 "
                f"{digest.hexdigest()[:12]}…): nothing was kept; try again, on another network if it stays so."
            )
        path = folder / card.weights_file
        Path(name).chmod(0o644)
        Path(name).replace(path)
        yield Fetched(path)
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError too
        reason = getattr(error, "reason", error)
        raise WeightsError(
            f"{card.weights_url} can't be fetched ({reason}): download it elsewhere and put it into {folder}, "
            "or train from scratch."
        ) from error
    finally:
        Path(name).unlink(missing_ok=True)


def build(card: Card, classes: int, *, dropout: float, weights: WeightsFound | None = None) -> Network:
    """The backbone with a fresh head for `classes`; its convolutions hold the weights if any were found.

    Raises `WeightsError` for a file that is damaged, unsafe, or of another network.
    """
    import torchvision

    from curator.training.network import Network

    full = getattr(torchvision.models, card.builder)(weights=None)
    if weights is not None and weights.path is not None:
        state = _read_weights(card, weights)
        try:
            missing, _ = full.load_state_dict(state, strict=False)
        except RuntimeError as error:  # the same names with other shapes
            raise WeightsError(
                f"{weights.path} does not fit {card.title}: it is another network's."
            ) from error
        if any(not name.startswith(("classifier.", "fc.")) for name in missing):
            raise WeightsError(f"{weights.path} does not fit {card.title}: it lacks {missing[0]}.")
    return Network(_features(card, full), card, classes, dropout)


def _torch_home() -> Path:
    """Where torch.hub keeps its cache, by its own rules, without importing torch."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("TORCH_HOME") or f"{cache_home}/torch").expanduser()


def _read_weights(card: Card, weights: WeightsFound) -> dict[str, torch.Tensor]:
    import pickle

    import torch

    path = weights.path
    if path is None:
        raise WeightsError("There is no weights file.")
    if weights.source != "file":
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(card.weights_sha256):
            raise WeightsError(
                f"{path} is not the {card.title} weights it should be (SHA-256 {digest[:12]}…): "
                "delete the file and fetch it again."
            )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise WeightsError(
            f"{path} is not a file of weights that can be read safely: fetch it again."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(f"{path} holds no plain weights (a state_dict): export it as one.")
    heads = ("classifier.", "fc.")
    return {name: value for name, value in state.items() if not name.startswith(heads)}


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
            weights_url=weights["url"],
            weights_sha256=weights["sha256"],
            licence=weights["licence"],
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise TrainingError(f"{path} does not describe a backbone ({error!r}): mend or remove it.") from error


def _triple(values: list[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
