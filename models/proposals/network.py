"""The segmentation network behind the proposals: a small U-shaped one with four maps and one verdict.

Residual blocks (He et al., "Deep residual learning", 2015) in the shape of a U-Net (Ronneberger et al., 2015)
with additive skips; the first and last step trade resolution for channels (pixel shuffle, Shi et al., 2016), and
the deepest blocks are dilated, so that each output sees about 300 pixels round it. It is trained on synthetic
images alone, in the manner of SynthSeg (Billot et al., 2023) and SynthStrip (Hoopes et al., 2022);
`card.md` tells more.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD, MARK, BORDER, INSIDE = range(4)
"""The maps: head with scalp; burnt-in marks; bars, frames and neighbouring panels; inside of the skull."""

WIDTHS: Final = (16, 32, 64, 112)
"""Channels at a half, a quarter, an eighth and a sixteenth of the input's resolution."""

_INPUTS, _MAPS = 4, 4
_JUDGES = 32


def unshuffled(x: Tensor) -> Tensor:
    """The input at half its resolution with four times the channels: what the exported network begins with."""
    return functional.pixel_unshuffle(x, 2)


def features(grey: Tensor, chroma: Tensor, valid: Tensor) -> Tensor:
    """The network's input, float32 (n, 4, h, w), from three float32 maps (n, h, w) in 0..1.

    `grey` is the mean of the channels, `chroma` the largest less the smallest, `valid` 1 where the image is and
    0 where it was padded. The power 0.4 brings out faint scalp.
    """
    return torch.stack([grey, grey.clamp_min(0).pow(0.4), chroma * 2, valid], 1)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class _Block(nn.Module):
    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, dilation, dilation, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(self.first(x)) + x, inplace=True)


class ProposalNet(nn.Module):
    """Maps (n, 4, h, w) as logits and the logit (n,) of being an MRI of a head, from `features`.

    Height and width are multiples of 16.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.stem = _conv(_INPUTS * 4, a)
        self.at_2 = _Block(a)
        self.at_4 = nn.Sequential(_conv(a, b, 2), _Block(b))
        self.at_8 = nn.Sequential(_conv(b, c, 2), _Block(c), _Block(c))
        self.at_16 = nn.Sequential(_conv(c, d, 2), _Block(d, 1), _Block(d, 2), _Block(d, 3))
        self.widen = nn.ModuleList([nn.Conv2d(d, c, 1), nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)])
        self.up = nn.ModuleList([_Block(c), _Block(b), _Block(a)])
        self.maps = nn.Conv2d(a, _MAPS * 4, 3, 1, 1)
        self.verdict = nn.Sequential(nn.Linear(2 * d, _JUDGES), nn.ReLU(), nn.Linear(_JUDGES, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The padding of images that were put in a square to make up a batch is kept out of the verdict."""
        return self.seen(unshuffled(x), functional.avg_pool2d(x[:, 3:4], 16) > 0.25)

    def seen(self, x: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`forward` from `unshuffled` features (n, 16, h / 2, w / 2); the verdict is judged from where `valid`
        (n, 1, h / 16, w / 16) is true, or from everywhere."""
        half = self.at_2(self.stem(x))
        quarter = self.at_4(half)
        eighth = self.at_8(quarter)
        deep = self.at_16(eighth)
        mean, most = deep.mean((2, 3)), deep.amax((2, 3))
        if valid is not None:  # what comes out of a block is never negative
            mean = (deep * valid).sum((2, 3)) / valid.sum((2, 3)).clamp_min(1)
            most = (deep * valid).amax((2, 3))
        verdict = self.verdict(torch.cat([mean, most], 1))[:, 0]
        x = deep
        for widen, up, skip in zip(self.widen, self.up, (eighth, quarter, half), strict=True):
            x = up(functional.interpolate(widen(x), scale_factor=2.0, mode="nearest") + skip)
        return functional.pixel_shuffle(self.maps(x), 2), verdict
