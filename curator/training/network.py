"""The classifier that every backbone becomes: convolutions, global average pooling, dropout, one linear layer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from curator.training.backbones import Card

_BATCH_NORM = nn.modules.batchnorm._BatchNorm


class Network(nn.Module):
    """Images (n, 3, s, s), float, normalised by `normalised`, to logits (n, classes).

    What is frozen runs without gradients and with its BatchNorm in eval mode, whatever `train()` says. With
    `keep_statistics`, BatchNorm of opened layers stays in eval mode too: ImageNet's statistics are better than
    those of a few images (measured: validation accuracy 0.88 with, 0.73 without).
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, features: nn.Module, card: Card, classes: int, dropout: float) -> None:
        super().__init__()
        self.features = features
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(card.channels, classes)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        self.card = card
        self.open_groups = len(card.groups)
        self.keep_statistics = False
        self.register_buffer("mean", torch.tensor(card.mean, device="cpu").view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(card.std, device="cpu").view(1, 3, 1, 1), persistent=False)

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """Images from 0..1 to what the convolutions were trained on."""
        return (images - self.mean) / self.std

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of normalised images (n, 3, s, s)."""
        return self.classified(self.pooled(images))

    def pooled(self, images: torch.Tensor) -> torch.Tensor:
        """What the convolutions make of normalised images (n, 3, s, s), averaged over places: (n, channels)."""
        if self.open_groups == 0 and self.training:
            with torch.no_grad():
                maps = self.features(images)
        else:
            maps = self.features(images)
        averages: torch.Tensor = self.pool(maps).flatten(1)
        return averages

    def classified(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of pooled features (n, channels)."""
        logits: torch.Tensor = self.head(self.dropout(features))
        return logits

    def open(self, groups: int) -> None:
        """Leaves the top `groups` layer groups (0 to all) open for training and freezes the rest."""
        self.open_groups = min(groups, len(self.card.groups))
        for parameter in self.features.parameters():
            parameter.requires_grad_(False)
        for group in self.card.groups[: self.open_groups]:
            for module in self._modules_of(group):
                for parameter in module.parameters():
                    parameter.requires_grad_(True)
        self.train(self.training)

    def train(self, mode: bool = True) -> Network:
        """As usual, but what is frozen, and BatchNorm that keeps its statistics, stays in eval mode."""
        super().train(mode)
        if not mode:
            return self
        for group in self.card.groups[self.open_groups :]:
            for module in self._modules_of(group):
                module.eval()
        if self.keep_statistics:
            for module in self.features.modules():
                if isinstance(module, _BATCH_NORM):
                    module.eval()
        return self

    def learns_statistics(self) -> bool:
        """Whether some BatchNorm gathers means and variances while it trains."""
        if self.keep_statistics:
            return False
        opened = (
            module for group in self.card.groups[: self.open_groups] for module in self._modules_of(group)
        )
        return any(isinstance(one, _BATCH_NORM) for module in opened for one in module.modules())

    def parameter_groups(self, head_lr: float, lr: float, lower_rate: float) -> list[dict[str, object]]:
        """What an optimiser gets: the head at `head_lr`, opened groups at `lr`, each lower one times
        `lower_rate`."""
        groups: list[dict[str, object]] = [{"params": list(self.head.parameters()), "lr": head_lr}]
        for depth, names in enumerate(self.card.groups[: self.open_groups]):
            parameters = [p for module in self._modules_of(names) for p in module.parameters()]
            groups.append({"params": parameters, "lr": lr * lower_rate**depth})
        return groups

    def cam_module(self) -> nn.Module:
        """The layer whose maps Grad-CAM weighs."""
        return self.features.get_submodule(self.card.cam_layer)

    def _modules_of(self, names: tuple[str, ...]) -> Iterator[nn.Module]:
        for name in names:
            yield self.features.get_submodule(name)
