"""Random variations of whole batches, done on the device that trains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from curator.training.config import Augmentation


@dataclass(frozen=True, slots=True)
class Strength:
    """How far an image may be varied: rotation in degrees, translation as a share of the side, the rest as
    relative changes; noise as standard deviation of intensities in 0..1."""

    flip: bool = False
    rotation: float = 0.0
    translation: float = 0.0
    scale: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    noise: float = 0.0


# Heads are symmetric, nearly upright and cropped alike; digits and text change meaning when mirrored.
STRENGTHS: dict[Augmentation, Strength] = {
    "none": Strength(),
    "brain-mri": Strength(True, 8.0, 0.04, 0.08, 0.15, 0.10, 0.02),
    "digits": Strength(False, 8.0, 0.06, 0.10, 0.20, 0.10, 0.02),
    "photographs": Strength(True, 10.0, 0.08, 0.20, 0.20, 0.15, 0.0),
}


def augment(images: torch.Tensor, kind: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Varies each image of a batch on its own: float (n, 3, s, s) in 0..1, same shape, range and memory order.

    `generator` lives on the CPU, so that a seed gives the same variations on every device. What comes in from
    outside the image is black, like the letterbox.
    """
    strength = STRENGTHS[kind]
    if strength == Strength():
        return images
    n = len(images)

    def uniform(limit: float) -> torch.Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    angle = uniform(strength.rotation) * (torch.pi / 180)
    zoom = 1 + uniform(strength.scale)
    mirror = torch.ones(n)
    if strength.flip:
        mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    shift_x, shift_y = uniform(2 * strength.translation), uniform(2 * strength.translation)
    matrix = torch.stack(
        [torch.stack([cos * mirror, -sin, shift_x], 1), torch.stack([sin * mirror, cos, shift_y], 1)], 1
    )
    grid = functional.affine_grid(matrix.to(images), list(images.shape), align_corners=False)
    images = functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    # Contrast is a gain about the mean of what is not black, brightness a gain of all: a black background stays
    # black, as it does on a scanner.
    seen = (images > 0).to(images)
    middle = (images * seen).sum((1, 2, 3), keepdim=True) / seen.sum((1, 2, 3), keepdim=True).clamp_(min=1)
    gain = (1 + uniform(strength.contrast)).view(n, 1, 1, 1).to(images)
    brighter = (1 + uniform(strength.brightness)).view(n, 1, 1, 1).to(images)
    images = (((images - middle) * gain + middle) * seen).mul_(brighter)
    if strength.noise:
        sigma = (torch.rand(n, generator=generator) * strength.noise).view(n, 1, 1, 1)
        size = (n, 1, *images.shape[2:])
        images = images + (torch.randn(size, generator=generator) * sigma).to(images)
    return images.clamp_(0, 1)


def preview(images: npt.NDArray[np.uint8], kind: Augmentation, seed: int) -> npt.NDArray[np.uint8]:
    """Rendered images as an epoch of training might show them to the network: `uint8` (n, s, s, 3) to the same.

    The same seed gives the same variations; the next one gives the next epoch's.
    """
    generator = torch.Generator().manual_seed(seed)
    batch = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(255)
    with torch.inference_mode():
        varied = augment(batch, kind, generator).mul(255).round_().byte()
    return np.ascontiguousarray(varied.permute(0, 2, 3, 1).numpy())
