"""Reads the shipped network back for more training: `python restore.py network.onnx start.pt --pages DRAWN`.

`export.py` folds the batch normalisation into the convolutions. Here it is put back so that the network does the
same: each gets the mean and variance of its input over drawn pages, and a scale and offset that undo them. Prints
the largest difference between the two networks' maps, which must be under 1e-4.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from network import ProposalNet, unshuffled
from onnx import numpy_helper
from torch import Tensor, nn
from views import pages_of, random_views, whole_views

_MOST = 1e-4
_VIEWS, _BATCH = 640, 16


def folded(file: Path) -> ProposalNet:
    """The network whose normalisation passes on what it gets, but for an offset: the folded bias."""
    told = {part.name: numpy_helper.to_array(part) for part in onnx.load(file).graph.initializer}
    net = ProposalNet().eval()
    for name, module in net.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            convolution = f"net.{name[: -len('.1')]}.0.weight"
            module.weight.data.fill_((1 + module.eps) ** 0.5)
            module.bias.data = torch.from_numpy(told[f"{convolution}_bias"].copy())
    for name, parameter in net.named_parameters():
        if f"net.{name}" in told:
            parameter.data = torch.from_numpy(told[f"net.{name}"].copy())
    return net


def normalised(net: ProposalNet, pages: dict[str, Tensor]) -> None:
    """Gives each normalisation the statistics of what it gets; what the network does stays the same."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    sums = [torch.zeros(2, len(norm.bias), dtype=torch.float64) for norm in norms]
    counts = [0] * len(norms)

    def hook(index: int) -> object:
        def note(_: nn.Module, inputs: tuple[Tensor]) -> None:
            values = inputs[0].double()
            sums[index] += torch.stack([values.sum((0, 2, 3)), (values**2).sum((0, 2, 3))])
            counts[index] += values.numel() // values.shape[1]

        return note

    handles = [norm.register_forward_pre_hook(hook(index)) for index, norm in enumerate(norms)]
    seeds, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    with torch.inference_mode():
        for at in range(0, _VIEWS, _BATCH):
            part = {name: array[at : at + _BATCH] for name, array in pages.items()}
            net.seen(unshuffled(random_views(part, seeds, rng).inputs))
    for handle in handles:
        handle.remove()
    for norm, total, count in zip(norms, sums, counts, strict=True):
        mean = total[0] / count
        variance = (total[1] / count - mean**2).clamp_min(1e-6)
        norm.running_mean, norm.running_var = mean.float(), variance.float()
        norm.bias.data = norm.bias.data + mean.float()
        norm.weight.data = (variance.float() + norm.eps).sqrt()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=Path, required=True, help="a folder that draw.py filled")
    options = parser.parse_args()
    pages = {
        name: torch.from_numpy(array.view(np.uint8)) for name, array in pages_of(str(options.pages)).items()
    }
    net = folded(options.network)
    normalised(net, pages)
    views = unshuffled(whole_views({name: array[-8:] for name, array in pages.items()}).inputs)
    run = cv2.dnn.readNetFromONNX(str(options.network))
    run.setInput(np.ascontiguousarray(views.numpy()))
    maps, verdict = run.forward(["maps", "verdict"])
    with torch.inference_mode():
        mine = net.seen(views)
    worst = max(
        float((torch.from_numpy(one).sigmoid().reshape(other.shape) - other.sigmoid()).abs().max())
        for one, other in zip((maps, verdict), mine, strict=True)
    )
    print(f"largest difference between the two, as probabilities: {worst:.1e}")
    if worst > _MOST:
        sys.exit("What was read back does not do what the network does.")
    torch.save(net.state_dict(), options.out)


if __name__ == "__main__":
    main()
