"""EfficientNet-Lite0, which torchvision does not have.

Written from the published description: Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks", ICML 2019, table 1, with what its authors changed for the Lite family (TensorFlow's repository `tpu`,
`models/official/efficientnet/lite`, 2020): no squeeze-and-excitation, ReLU6 instead of swish, a stem and a head of
fixed width.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

_STEM, _HEAD = 32, 1280
# Table 1 of the paper, its stages 2 to 8: times, kernel, stride of the first, expansion, channels.
_STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# How the layers are called in weights converted from TensorFlow's, and where they are here.
_CONVERTED: Final = (
    (r"^_conv_stem\.", "features.0.0."),
    (r"^_bn0\.", "features.0.1."),
    (r"^_conv_head\.", f"features.{sum(stage[0] for stage in _STAGES) + 1}.0."),
    (r"^_bn1\.", f"features.{sum(stage[0] for stage in _STAGES) + 1}.1."),
    (r"^_fc\.", "classifier.1."),
    (r"\._expand_conv\.", ".expand.0."),
    (r"\._bn0\.", ".expand.1."),
    (r"\._depthwise_conv\.", ".depthwise.0."),
    (r"\._bn1\.", ".depthwise.1."),
    (r"\._project_conv\.", ".project.0."),
    (r"\._bn2\.", ".project.1."),
)


class _SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: where the padding is odd, the larger half is right and below.

    Torch's own symmetric padding would shift every map of stride 2 by a pixel against what was learnt.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Maps (n, c, h, w) to (n, c', ceil(h / stride), ceil(w / stride))."""
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        sides: list[int] = []
        for size in (input.shape[3], input.shape[2]):
            padding = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            sides += [padding // 2, padding - padding // 2]
        return super().forward(functional.pad(input, sides))


class _Block(nn.Module):
    """An inverted residual: widen by 1x1, filter depthwise, narrow by 1x1, and add the input where it fits."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = _convolution(channels, wide, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _convolution(wide, wide, kernel, stride, groups=wide)
        self.project = nn.Sequential(nn.Conv2d(wide, out, 1, bias=False), _norm(out))
        self.adds = stride == 1 and channels == out

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (n, channels, h, w) to (n, out, h / stride, w / stride)."""
        found: torch.Tensor = self.project(self.depthwise(self.expand(maps)))
        return maps + found if self.adds else found


class EfficientNetLite0(nn.Module):
    """Images (n, 3, h, w) to logits (n, classes). Children of `features`: the stem, sixteen blocks, the head."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, _STEM, 3, 2)]
        channels = _STEM
        for times, kernel, stride, expansion, out in _STAGES:
            for number in range(times):
                layers.append(_Block(channels, out, kernel, stride if number == 0 else 1, expansion))
                channels = out
        layers.append(_convolution(channels, _HEAD, 1))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(_HEAD, classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes)."""
        logits: torch.Tensor = self.classifier(self.pool(self.features(images)).flatten(1))
        return logits

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Reads weights by the names that the converted ones have, too."""
        for name in list(state_dict):
            here = _converted(name.removeprefix(prefix))
            if here != name.removeprefix(prefix):
                state_dict[prefix + here] = state_dict.pop(name)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def efficientnet_lite0(weights: None = None) -> EfficientNetLite0:
    """The network with fresh weights and a thousand classes; the signature is torchvision's."""
    return EfficientNetLite0()


def _converted(name: str) -> str:
    """The name here of a layer in converted weights; any other name as it is."""
    blocks = re.match(r"_blocks\.(\d+)\.", name)
    if blocks:
        name = f"features.{int(blocks[1]) + 1}.{name[blocks.end() :]}"
    for pattern, here in _CONVERTED:
        name = re.sub(pattern, here, name)
    return name


def _convolution(channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    # Where nothing is padded unevenly, torch's own padding is the same and needs no copy.
    if stride == 1:
        layer = nn.Conv2d(channels, out, kernel, padding=kernel // 2, groups=groups, bias=False)
    else:
        layer = _SameConv2d(channels, out, kernel, stride, groups=groups, bias=False)
    return nn.Sequential(layer, _norm(out), nn.ReLU6(inplace=True))


def _norm(channels: int) -> nn.BatchNorm2d:
    # TensorFlow's figures, with which the published weights were trained (its momentum 0.99 is 0.01 in torch).
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
