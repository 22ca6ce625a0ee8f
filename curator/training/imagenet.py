"""What the thousand raw ImageNet classes say of an image: shows what a backbone knows before it is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import torch

from curator.errors import WeightsError
from curator.imaging.decode import RGB, load
from curator.imaging.render import Resize, network_input
from curator.records import Edits, Event, Progress
from curator.training.backbones import Card, published
from curator.training.device import settings
from curator.training.weights import find_weights

NO_MRI: Final = (
    "ImageNet has no class for MRI, nor for any other medical image: what is said of one shows what it looks "
    "like to the network, not what it is."
)


@dataclass(frozen=True, slots=True)
class Guess:
    """One of ImageNet's classes with its probability in 0..1."""

    category: str
    probability: float


@dataclass(frozen=True, slots=True)
class ImagenetSaid(Event):
    """The likeliest classes, best first, and the pixels that were shown: RGB `uint8` (side, side, 3)."""

    backbone: str
    guesses: tuple[Guess, ...]
    pixels: RGB


def ask_imagenet(
    card: Card,
    path: Path,
    *,
    edits: Edits | None = None,
    resize: Resize = "letterbox",
    top: int = 5,
    threads: int = 0,
) -> Iterator[Event]:
    """Shows one image file to the published network: `Progress`, then `ImagenetSaid`.

    The image is cleaned by `edits` and fitted as in training. Raises `WeightsError` where the weights are not at
    hand, `ImageError` for what is no image.
    """
    yield Progress(0, 3, f"Reading {path.name}")
    pixels = network_input(load(path), edits or Edits(), card.size, resize)
    found = find_weights(card)
    if found.path is None:
        raise WeightsError(
            f"The ImageNet weights of {card.title} are not on this machine: fetch them first, with the button or "
            f"curator models --fetch {card.name}."
        )
    yield Progress(1, 3, f"Loading {card.title}")
    network = published(card, found).eval()
    yield Progress(2, 3, f"Asking {card.title}")
    with settings(threads, deterministic=False), torch.inference_mode():
        images = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float().div_(255)
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (card.mean, card.std))
        likely = torch.softmax(network((images - mean) / std)[0].double(), 0).topk(top)
    names = categories()
    guesses = tuple(
        Guess(names[index], probability)
        for index, probability in zip(likely.indices.tolist(), likely.values.tolist(), strict=True)
    )
    yield ImagenetSaid(card.name, guesses, pixels)


@cache
def categories() -> tuple[str, ...]:
    """ImageNet's thousand classes in words, in the order of all networks' outputs (torchvision's list)."""
    from torchvision.models import MobileNet_V2_Weights

    return tuple(str(name) for name in MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"])
