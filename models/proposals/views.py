"""Batches of views of drawn pages for the big network: parts at several sizes, flipped, brightened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from network import BORDER, HEAD, INSIDE, MARK, features
from torch import Tensor
from torch.nn import functional

# Bits of the labels that `draw.py` writes, in the order of the network's maps, and the share of a view's pixel
# above which it counts.
_BITS = {HEAD: (1, 0.5), MARK: (2, 0.28), BORDER: (4, 0.31), INSIDE: (8, 0.5)}
_VALID_BIT = 16
_SIZES, _SHARES = (256, 320, 384, 480), (0.2, 0.3, 0.35, 0.15)  # pixels of a view's side
_WHOLE, _WHOLE_OTHER = 0.45, 0.8  # share of views that show the whole image, and of those without a head
_SCALE = (0.8, 1.5)  # of the other views, against the size at which the network is used
_FLIP, _TURN = 0.5, 0.06  # left to right, upside down
_GAMMA, _GAIN, _LIFT, _RELIT = 0.15, 0.12, 0.04, 0.5


@dataclass
class Batch:
    """`inputs` (n, 4, s, s) and `targets` (n, 4, s, s) float32, `valid` (n, 1, s, s), `heads` and `whole` (n,)."""

    inputs: Tensor
    targets: Tensor
    valid: Tensor
    heads: Tensor
    whole: Tensor


def pages_of(folder: str) -> dict[str, np.ndarray]:
    """The arrays of a folder of `draw.py`."""
    return {name: np.load(f"{folder}/{name}.npy") for name in ("images", "labels", "heads")}


def random_views(pages: dict[str, Tensor], seeds: torch.Generator, rng: np.random.Generator) -> Batch:
    """Views of pages (uint8 on a device, as `pages_of` has them), all of one random size."""
    count, device = len(pages["heads"]), pages["images"].device

    def uniform(low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(count, generator=seeds, device=device) * (high - low) + low

    side, heads = int(rng.choice(_SIZES, p=_SHARES)), pages["heads"].float()
    whole = uniform() < torch.where(heads > 0, _WHOLE, _WHOLE_OTHER)
    drawn = pages["images"].shape[1]
    part = (side / drawn / uniform(*_SCALE)).clamp_max(1)
    share = torch.where(whole, uniform(1.0, 1.1), part)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0] = share * torch.where(uniform() < _FLIP, -1.0, 1.0)
    theta[:, 1, 1] = share * torch.where(uniform() < _TURN, -1.0, 1.0)
    theta[:, 0, 2], theta[:, 1, 2] = (uniform(-1, 1) * (1 - share) for _ in range(2))
    batch = _views(pages, theta, side, whole.float(), heads)
    lit = (uniform() < _RELIT).view(-1, 1, 1)
    gamma, gain, lift = (
        torch.randn(count, 1, 1, generator=seeds, device=device) * spread for spread in (_GAMMA, _GAIN, _LIFT)
    )
    grey = batch.inputs[:, 0]
    other = (grey.clamp_min(0) ** gamma.exp() * gain.exp() + lift).clamp(0, 1) * batch.valid[:, 0]
    grey = torch.where(lit, other, grey)
    batch.inputs = features(grey, batch.inputs[:, 2] / 2, batch.valid[:, 0])
    return batch


def whole_views(pages: dict[str, Tensor]) -> Batch:
    """The pages as they are."""
    count, device = len(pages["heads"]), pages["images"].device
    theta = torch.eye(2, 3, device=device).expand(count, 2, 3)
    return _views(
        pages, theta, pages["images"].shape[1], torch.ones(count, device=device), pages["heads"].float()
    )


def _views(pages: dict[str, Tensor], theta: Tensor, side: int, whole: Tensor, heads: Tensor) -> Batch:
    count = len(heads)
    labels = pages["labels"]
    bits = [bit for bit, _ in _BITS.values()]
    planes = torch.stack([(labels & bit) > 0 for bit in (*bits, _VALID_BIT)], 1).float()
    image = pages["images"].permute(0, 3, 1, 2).float() / 255
    grid = functional.affine_grid(theta, [count, 1, side, side], align_corners=False)
    seen = functional.grid_sample(torch.cat([image, planes], 1), grid, align_corners=False)
    least = torch.tensor([least for _, least in _BITS.values()], device=theta.device).view(1, -1, 1, 1)
    valid = (seen[:, 6:7] > 0.5).float()
    inputs = features(seen[:, 0] * valid[:, 0], seen[:, 1] * valid[:, 0], valid[:, 0])
    return Batch(inputs, (seen[:, 2:6] > least).float(), valid, heads, whole)
