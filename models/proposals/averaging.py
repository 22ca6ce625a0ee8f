"""The exponential average of a network's weights over its training."""

from __future__ import annotations

import torch
from torch import nn


def follow(average: nn.Module, net: nn.Module, step: int, most: float) -> None:
    """Takes the weights after a step, counted from 1, into their average, which keeps the share `most` of itself in
    the end and less of its first steps; counters are copied."""
    keep = min(most, step / (step + 20))
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)
