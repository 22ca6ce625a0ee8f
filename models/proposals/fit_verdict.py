"""Fits the last layer of the verdict alone: `python fit_verdict.py weights.pt DRAWN ... --out weights.pt`.

Training sees most pages in parts and at 256 pixels, where the verdict is not asked. Here whole pages are looked at
as Curator looks at them, at 384 pixels and without the padding to a square, and a logistic regression on what the
deepest layer holds is drawn towards the weights that training found. One page in five is held out; how strongly is
chosen by their log loss.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from network import ProposalNet, features, unshuffled
from torch import Tensor
from torch.nn import functional

_MULTIPLE, _VALID = 16, 16
_PULLS = (1e-1, 1e-2, 1e-3, 1e-4)
_STEPS = 60


def _pooled(net: ProposalNet, image: np.ndarray, label: np.ndarray) -> Tensor:
    """What the verdict is judged from, (2, 224): of a page (384, 384, 2) and of its mirror image."""
    valid = (label & _VALID) > 0
    rows, columns = (np.flatnonzero(valid.any(axis)) for axis in (1, 0))
    ends = []
    for at, size in ((rows, valid.shape[0]), (columns, valid.shape[1])):
        low = at[0] // _MULTIPLE * _MULTIPLE
        ends.append(slice(low, min(size, -(-(at[-1] + 1 - low) // _MULTIPLE) * _MULTIPLE + low)))
    window = ends[0], ends[1]
    part = torch.from_numpy(image[window].astype(np.float32) / 255)
    inside = torch.from_numpy(valid[window].astype(np.float32))
    x = features(part[None, ..., 0], part[None, ..., 1], inside[None])
    x = unshuffled(torch.cat([x, x.flip(3)]))
    deep = net.at_16(net.at_8(net.at_4(net.at_2(net.stem(x)))))
    return torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)


def _fitted(net: ProposalNet, x: Tensor, y: Tensor, pull: float) -> tuple[Tensor, Tensor]:
    """Weights (224,) and bias (1,), for `x` (n, 224) scaled to unit variance; heads and others weigh the same."""
    scale = x.std(0).clamp_min(1e-3)
    begun = net.verdict.weight[0].detach() * scale
    weights, bias = begun.clone().requires_grad_(), net.verdict.bias.detach().clone().requires_grad_()
    balance = torch.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        seen = functional.binary_cross_entropy_with_logits(x / scale @ weights + bias, y, balance)
        total = seen + pull * ((weights - begun) ** 2).sum()
        total.backward()
        return total

    optimiser.step(loss)
    return (weights / scale).detach(), bias.detach()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("drawn", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--most", type=int, default=1000, help="pages of each folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(options.weights, map_location="cpu", weights_only=True)
    net = ProposalNet()
    net.load_state_dict(state)
    net = net.float().eval()
    pools, truths, held = [], [], []
    with torch.inference_mode():
        for folder in options.drawn:
            names = ("images", "labels", "heads")
            images, labels, heads = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in names)
            for index in range(min(options.most, len(heads))):
                pools.append(_pooled(net, images[index], labels[index]))
                truths += [float(heads[index])] * 2
                held += [index % 5 == 0] * 2
            print(folder, len(truths) // 2, flush=True)
    x, y, out = torch.cat(pools).clone(), torch.tensor(truths), torch.tensor(held)
    before = _loss(x[out], y[out], net.verdict.weight[0].detach(), net.verdict.bias.detach())
    losses = {pull: _loss(x[out], y[out], *_fitted(net, x[~out], y[~out], pull)) for pull in _PULLS}
    print(f"log loss of pages held out: {before:.4f} before;", {k: round(v, 4) for k, v in losses.items()})
    weights, bias = _fitted(net, x, y, min(losses, key=losses.__getitem__))
    state["verdict.weight"], state["verdict.bias"] = weights[None], bias
    torch.save(state, options.out)


def _loss(x: Tensor, y: Tensor, weights: Tensor, bias: Tensor) -> float:
    balance = torch.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    return float(functional.binary_cross_entropy_with_logits(x @ weights + bias, y, balance))


if __name__ == "__main__":
    main()
