"""What a backbone costs by its layers: output shapes, parameters, multiply-adds, and how that sums up by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from curator.training.backbones import Card, published


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the published network: `output` is its shape for one image, `macs` its multiply-adds.

    `kernel` is the side of a convolution's kernel in pixels, 0 for other layers.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    macs: int
    kernel: int


@dataclass(frozen=True, slots=True)
class KindSum:
    """All layers of one kind together."""

    kind: str
    layers: int
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True)
class Separable:
    """What a network's depthwise convolutions cost with the 1x1 convolutions that follow them, and what plain
    convolutions between the same maps would (Howard et al., "MobileNets", 2017, section 3.1)."""

    pairs: int
    parameters: int
    macs: int
    plain_parameters: int
    plain_macs: int

    @property
    def share(self) -> float:
        """Multiply-adds of the pairs in those of plain convolutions: 1 / channels + 1 / kernel² each."""
        return self.macs / self.plain_macs


@cache
def layer_table(card: Card) -> tuple[Layer, ...]:
    """The convolutions, normalisations and linear layers of the published network (1000 classes) at its own
    image size. Nothing is computed: shapes alone are passed through."""
    with torch.device("meta"):
        network = published(card).eval()
    layers: list[Layer] = []
    hooks = []

    def record(name: str, module: nn.Module) -> None:
        def hook(_: nn.Module, __: Any, output: torch.Tensor) -> None:
            count = sum(parameter.numel() for parameter in module.parameters())
            kernel = module.kernel_size[0] if isinstance(module, nn.Conv2d) else 0
            macs = _multiply_adds(module, output)
            layers.append(Layer(name, _kind(module), tuple(output.shape[1:]), count, macs, kernel))

        hooks.append(module.register_forward_hook(hook))

    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
            record(name, module)
    with torch.no_grad():
        network(torch.zeros(1, 3, card.size, card.size, device="meta"))
    for hook in hooks:
        hook.remove()
    return tuple(layers)


def sums_by_kind(layers: Sequence[Layer]) -> list[KindSum]:
    """The layers summed by kind, the kind with most multiply-adds first."""
    found: dict[str, KindSum] = {}
    for layer in layers:
        so_far = found.get(layer.kind, KindSum(layer.kind, 0, 0, 0))
        found[layer.kind] = KindSum(
            layer.kind,
            so_far.layers + 1,
            so_far.parameters + layer.parameters,
            so_far.macs + layer.macs,
        )
    return sorted(found.values(), key=lambda one: (-one.macs, -one.parameters))


def separable_sums(layers: Sequence[Layer]) -> Separable | None:
    """What the depthwise separable convolutions cost and would cost as plain ones; None where there are none."""
    convolutions = [layer for layer in layers if layer.kernel]
    found = Separable(0, 0, 0, 0, 0)
    for layer, after in pairwise(convolutions):
        if layer.kind.startswith("depthwise") and after.kernel == 1:
            channels, out = layer.output[0], after.output[0]
            weights = channels * out * layer.kernel**2
            found = Separable(
                found.pairs + 1,
                found.parameters + layer.parameters + after.parameters,
                found.macs + layer.macs + after.macs,
                found.plain_parameters + weights,
                found.plain_macs + weights * after.output[1] * after.output[2],
            )
    return found if found.pairs else None


def separable_words(found: Separable) -> str:
    """One sentence on what is spared."""
    macs, plain = (
        f"{number / 1e6:,.0f}\u00a0M".replace(",", "\u2009") for number in (found.macs, found.plain_macs)
    )
    own, others = (f"{number / 1e6:.1f}\u00a0M" for number in (found.parameters, found.plain_parameters))
    return (
        f"{found.pairs} depthwise convolutions, each with the 1x1 convolution after it, take {macs} multiply-adds "
        f"and {own} parameters; plain convolutions between the same maps would take {plain} and {others}, "
        f"{1 / found.share:.0f} times the work."
    )


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
