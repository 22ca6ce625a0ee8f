"""What a backbone costs: layers with shapes, parameters and multiply-adds, and latency on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from curator.training.backbones import Card, find_weights

_WARM_UP, _TIMED = 2, 5


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the published network: `output` is its shape for one image, `macs` its multiply-adds."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class BackboneSummary:
    """A backbone's row in `curator models`. `latency_ms` is the median for one image, None if not measured."""

    name: str
    title: str
    parameters: int
    macs: int
    top1: float | None
    latency_ms: float | None
    weights: str
    at_hand: bool


def layer_table(card: Card) -> list[Layer]:
    """The convolutions and linear layers of the published network (1000 classes) at its own image size."""
    network = _published(card)
    layers: list[Layer] = []
    hooks = []

    def record(name: str, module: nn.Module) -> None:
        def hook(_: nn.Module, __: Any, output: torch.Tensor) -> None:
            count = sum(parameter.numel() for parameter in module.parameters())
            layers.append(
                Layer(name, _kind(module), tuple(output.shape[1:]), count, _multiply_adds(module, output))
            )

        hooks.append(module.register_forward_hook(hook))

    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
            record(name, module)
    with torch.inference_mode():
        network(torch.zeros(1, 3, card.size, card.size))
    for hook in hooks:
        hook.remove()
    return layers


def summarise_backbone(card: Card, *, measure: bool = True) -> BackboneSummary:
    """Counts parameters and multiply-adds of the published network and, if asked, times it on the CPU."""
    layers = layer_table(card)
    found = find_weights(card)
    return BackboneSummary(
        name=card.name,
        title=card.title,
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        top1=card.top1,
        latency_ms=_latency(card) if measure else None,
        weights="at hand" if found.path is not None else "to be fetched",
        at_hand=found.path is not None,
    )


def _published(card: Card) -> nn.Module:
    import torchvision

    network = getattr(torchvision.models, card.builder)(weights=None)
    if not isinstance(network, nn.Module):
        raise TypeError(f"{card.builder} of torchvision.models is no network")
    return network.eval()


def _latency(card: Card) -> float:
    network = _published(card).to(memory_format=torch.channels_last)
    image = torch.zeros(1, 3, card.size, card.size).contiguous(memory_format=torch.channels_last)
    times = []
    with torch.inference_mode():
        for turn in range(_WARM_UP + _TIMED):
            began = time.perf_counter()
            network(image)
            if turn >= _WARM_UP:
                times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1000


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        size = "x".join(map(str, module.kernel_size))
        if module.groups == module.in_channels > 1:
            return f"depthwise {size}"
        return f"conv {size}"
    return "batch norm" if isinstance(module, nn.BatchNorm2d) else "linear"


def _multiply_adds(module: nn.Module, output: torch.Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        taps = module.kernel_size[0] * module.kernel_size[1] * module.in_channels // module.groups
        return int(output.numel()) * taps
    return module.in_features * module.out_features if isinstance(module, nn.Linear) else 0
