"""The detector of small marks: one map at the page's own resolution, from grey level and colour.

Residual blocks (He et al., 2015) at a half, a quarter and an eighth of the resolution with additive skips, in
the manner of a U-Net (Ronneberger et al., 2015); pixel (un)shuffle (Shi et al., 2016) at both ends, dilations of up
to 4.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS: Final = (24, 56, 96)
"""Channels at a half, a quarter and an eighth of the resolution."""

PLANES: Final = 3
_NEAR, _SPREAD, _CHROMA = 17, 12.0, 64.0


def planes_of(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The input (3, h, w) from grey level and chroma, uint8 (h, w, 2).

    Grey from -1 to 1; grey against the mean of the 17 x 17 pixels round it, in their standard deviations (12 levels
    are added); chroma over 64.
    """
    grey = np.ascontiguousarray(image[..., 0], np.float32)
    mean = cv2.blur(grey, (_NEAR, _NEAR))
    spread = np.sqrt(np.maximum(0, cv2.sqrBoxFilter(grey, cv2.CV_32F, (_NEAR, _NEAR)) - mean * mean))
    return np.stack(
        [grey / 127.5 - 1, (grey - mean) / (spread + _SPREAD), image[..., 1] / np.float32(_CHROMA)]
    )


def planes_on_device(image: Tensor) -> Tensor:
    """`planes_of` many images (n, h, w, 2) of levels 0..255, on their device: float32 (n, 3, h, w)."""
    image = image.float()
    grey, chroma = image[..., 0], image[..., 1]
    wide = functional.pad(grey[:, None], (_NEAR // 2,) * 4, "reflect")
    mean = functional.avg_pool2d(wide, _NEAR, 1)[:, 0]
    square = functional.avg_pool2d(wide * wide, _NEAR, 1)[:, 0]
    spread = (square - mean * mean).clamp_min(0).sqrt()
    return torch.stack([grey / 127.5 - 1, (grey - mean) / (spread + _SPREAD), chroma / _CHROMA], 1)


def _conv(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(outputs)
    )


class _Block(nn.Module):
    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first, self.second = _conv(channels, channels), _conv(channels, channels, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))) + x)


class _Down(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = _conv(inputs, outputs, 2)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.conv(x))


class Detector(nn.Module):
    """Logits (n, 1, h, w) of a pixel being drawn, from `planes_of`. Height and width are multiples of 8."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.stem = _conv(PLANES * 4, a)
        self.at_2 = _Block(a)
        self.at_4 = nn.Sequential(_Down(a, b), _Block(b), _Block(b, 2))
        self.at_8 = nn.Sequential(_Down(b, c), _Block(c), _Block(c, 2), _Block(c, 4))
        self.widen_8, self.widen_4 = nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)
        self.up_4, self.up_2 = _Block(b), _Block(a)
        self.map = nn.Conv2d(a, 4, 3, 1, 1)
        nn.init.constant_(self.map.bias, -4.0)  # marks are few

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(self.seen(functional.pixel_unshuffle(x, 2)), 2)

    def seen(self, x: Tensor) -> Tensor:
        """Logits (n, 4, h / 2, w / 2) before the pixel shuffle, from unshuffled planes (n, 12, h / 2, w / 2)."""
        half = self.at_2(functional.relu(self.stem(x)))
        quarter = self.at_4(half)
        eighth = self.at_8(quarter)
        quarter = self.up_4(
            functional.interpolate(self.widen_8(eighth), scale_factor=2.0, mode="nearest") + quarter
        )
        return self.map(
            self.up_2(functional.interpolate(self.widen_4(quarter), scale_factor=2.0, mode="nearest") + half)
        )
