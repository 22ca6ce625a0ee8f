"""The exponential average of a network's weights over its training, and its rate of learning."""

from __future__ import annotations

import math

import torch
from torch import nn


def follow(average: nn.Module, net: nn.Module, step: int, most: float) -> None:
    """Takes the weights after a step, counted from 1, into their average, which keeps the share `most` of itself in
    the end and less of its first steps; counters are copied."""
    keep = min(most, step / (step + 20))
    kept, new = average.state_dict().values(), net.state_dict().values()
    both = [(mine, theirs) for mine, theirs in zip(kept, new, strict=True)]
    smooth = [pair for pair in both if pair[0].dtype.is_floating_point]
    with torch.no_grad():
        torch._foreach_lerp_([mine for mine, _ in smooth], [theirs for _, theirs in smooth], 1 - keep)
        for mine, theirs in both:
            if not mine.dtype.is_floating_point:
                mine.copy_(theirs)


def one_cycle(share: float, top: float, rise: float) -> float:
    """The rate at a share of the training: up over `rise` of it, then down a cosine (Smith and Topin, 2018)."""
    if share < rise:
        return top * (share / rise) + top * 1e-3
    return top * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - rise) / (1 - rise)))) + top * 1e-3
