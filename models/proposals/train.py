"""Trains the proposal network: `python train.py DRAWN ... --out weights.pt --log log.csv --steps 4500`.

DRAWN are folders that `draw.py` filled; `--start` goes on from weights. Each view of 256 pixels is either a whole
image or, more often, a part of it at 0.8 to 1.5 times the size at which the network is used. AdamW, one cycle
(Smith and Topin, 2018), binary cross-entropy and Dice, weights averaged exponentially. Where torch.distributed's
variables (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) are set, so many processes share each batch.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from averaging import follow
from network import BORDER, HEAD, INSIDE, MARK, ProposalNet, features
from torch import Tensor, distributed
from torch.nn import functional

VIEW = 256
_BITS = {HEAD: (1, 127), MARK: (2, 70), BORDER: (4, 80), INSIDE: (8, 127)}
_VALID_BIT = 16
_WHOLE, _WHOLE_OTHER = 0.45, 0.8  # share of views that show the whole image, and of those without a head
_PART = (170, 320)  # side of the others in pixels of the drawn images
_FLIP, _TURN = 0.5, 0.06  # left to right, upside down
_WEIGHTS = torch.tensor([2.0, 1.0, 0.7, 0.5])  # of the four maps
_MORE = torch.tensor([1.0, 3.0, 3.0, 1.0])  # of cross-entropy, for maps with few pixels
_POSITIVE = torch.tensor([1.0, 1.5, 1.5, 1.0]).view(1, 4, 1, 1)
_VERDICT = 0.5
_HELD_OUT = 300
_AVERAGE = 0.997
_SAVED = 250  # steps between two files


class Batch:
    """Views as tensors: `inputs` (n, 4, s, s), `targets` (n, 4, s, s), `valid` (n, 1, s, s), `heads` and `whole`
    (n,)."""

    def __init__(self, views: list[tuple[np.ndarray, np.ndarray, np.ndarray, bool, bool]]) -> None:
        images = torch.from_numpy(np.stack([view[0] for view in views])).float().div_(255)
        self.valid = torch.from_numpy(np.stack([view[2] for view in views])).float()[:, None]
        self.targets = torch.from_numpy(np.stack([view[1] for view in views])).float()
        inputs = features(images[..., 0], images[..., 1], self.valid[:, 0])
        self.inputs = inputs.contiguous(memory_format=torch.channels_last)
        self.heads = torch.tensor([float(view[3]) for view in views])
        self.whole = torch.tensor([float(view[4]) for view in views])


class Drawn:
    """The drawn images as views; the last ones of the first folder are held out."""

    def __init__(self, folders: list[Path]) -> None:
        names = ("images", "labels", "heads")
        parts = [[np.load(folder / f"{name}.npy", mmap_mode="r") for name in names] for folder in folders]
        first = len(parts[0][0])
        self.held_out_from = first - _HELD_OUT
        self.where = [(part, at) for part, arrays in enumerate(parts) for at in range(len(arrays[0]))]
        self.known = [index for index in range(len(self.where)) if not self.held_out_from <= index < first]
        self.parts = parts

    def view(
        self, index: int, rng: np.random.Generator | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool, bool]:
        part, at = self.where[index]
        image, label, is_head = (array[at] for array in self.parts[part])
        whole = rng is None or rng.random() < (_WHOLE if is_head else _WHOLE_OTHER)
        if rng is not None and not whole:
            side = int(rng.integers(*_PART))
            y, x = rng.integers(image.shape[0] - side + 1, size=2)
            image, label = image[y : y + side, x : x + side], label[y : y + side, x : x + side]
        image = _sized(np.ascontiguousarray(image))
        maps = [_sized(((label & bit) > 0).astype(np.uint8) * 255) > level for bit, level in _BITS.values()]
        valid = _sized(((label & _VALID_BIT) > 0).astype(np.uint8) * 255) > 127
        targets = np.stack(maps)
        if rng is not None and rng.random() < _FLIP:
            image, targets, valid = image[:, ::-1], targets[:, :, ::-1], valid[:, ::-1]
        if rng is not None and rng.random() < _TURN:
            image, targets, valid = image[::-1], targets[:, ::-1], valid[::-1]
        return image.copy(), targets.copy(), valid.copy(), bool(is_head), whole

    def batches(self, size: int, steps: int, seed: int) -> Iterator[Batch]:
        """Random batches, made one step ahead in a thread of their own."""
        rng = np.random.default_rng(seed)
        count = len(self.known)
        ready: queue.Queue[Batch] = queue.Queue(3)

        def fill() -> None:
            order = rng.permutation(count)
            at = 0
            for _ in range(steps):
                if at + size > count:
                    order, at = rng.permutation(count), 0
                ready.put(Batch([self.view(self.known[index], rng) for index in order[at : at + size]]))
                at += size

        threading.Thread(target=fill, daemon=True).start()
        for _ in range(steps):
            yield ready.get()

    def held_out(self, size: int) -> Iterator[Batch]:
        first, last = self.held_out_from, self.held_out_from + _HELD_OUT
        for at in range(first, last, size):
            yield Batch([self.view(index, None) for index in range(at, min(at + size, last))])


def _sized(image: np.ndarray) -> np.ndarray:
    method = cv2.INTER_AREA if image.shape[0] > VIEW else cv2.INTER_LINEAR
    return cv2.resize(image, (VIEW, VIEW), interpolation=method)


def losses(maps: Tensor, verdict: Tensor, batch: Batch, on_head_weight: float = 1.0) -> tuple[Tensor, Tensor]:
    """The loss to go down and the Dice loss of each map (4,)."""
    known = batch.valid * batch.heads[:, None, None, None]  # other images have no truth for the maps
    truth, valid = batch.targets, known
    bce = functional.binary_cross_entropy_with_logits(maps, truth, reduction="none", pos_weight=_POSITIVE)
    bce = (bce * valid).sum((0, 2, 3)) / valid.sum().clamp_min(1)
    shares = torch.sigmoid(maps) * valid
    truth = truth * valid
    dice = _dice(shares, truth, (0, 2, 3))
    each = _dice(shares[:, HEAD], truth[:, HEAD], (1, 2))
    heads = batch.heads.sum().clamp_min(1)
    upon = truth[:, HEAD] * valid[:, 0]
    on_head = _dice(shares[:, MARK] * upon, truth[:, MARK] * upon, (0, 1, 2))
    seen = functional.binary_cross_entropy_with_logits(verdict, batch.heads, reduction="none")
    total = (
        (_WEIGHTS * (bce * _MORE + dice)).sum()
        + (each * batch.heads).sum() / heads
        + on_head_weight * on_head
        + _VERDICT * (seen * batch.whole).sum() / batch.whole.sum().clamp_min(1)
    )
    return total, torch.cat([dice.detach(), on_head.detach()[None]])


def _dice(shares: Tensor, truth: Tensor, axes: tuple[int, ...]) -> Tensor:
    both = (shares * truth).sum(axes)
    return 1 - (2 * both + 50) / (shares.sum(axes) + truth.sum(axes) + 50)


def _rate(share: float, top: float) -> float:
    """The learning rate at a share of all steps: up for an eighth, then down along a cosine."""
    if share < 0.12:
        return top * (share / 0.12) + top * 1e-3
    return top * 0.5 * (1 + math.cos(math.pi * (share - 0.12) / 0.88)) + top * 1e-3


def _halved(net: ProposalNet) -> dict[str, Tensor]:
    """The state in half precision: half the file, and the maps differ by less than 0.002."""
    return {k: v.half() if v.dtype.is_floating_point else v for k, v in net.state_dict().items()}


def _averaged(net: ProposalNet) -> None:
    """Gives every process the mean of all their gradients."""
    slopes = [parameter.grad for parameter in net.parameters() if parameter.grad is not None]
    flat = torch.cat([slope.reshape(-1) for slope in slopes])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for slope, part in zip(slopes, flat.split([slope.numel() for slope in slopes]), strict=True):
        slope.copy_(part.view(slope.shape))


def evaluate(net: ProposalNet, drawn: Drawn) -> dict[str, float]:
    """Dice of the four maps and accuracy of the verdict on the images held out."""
    both, sums, right, count = torch.zeros(4), torch.zeros(4), 0, 0
    net.eval()
    with torch.inference_mode():
        for batch in drawn.held_out(20):
            maps, verdict = net(batch.inputs)
            known = batch.valid * batch.heads[:, None, None, None]
            seen, truth = (maps > 0).float() * known, batch.targets * known
            both += (seen * truth).sum((0, 2, 3))
            sums += (seen + truth).sum((0, 2, 3))
            right += int(((verdict > 0).float() == batch.heads).sum())
            count += len(batch.heads)
    names = ("head", "mark", "border", "inside")
    return {**dict(zip(names, (2 * both / sums).tolist(), strict=True)), "verdict": right / count}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drawn", type=Path, nargs="+")
    parser.add_argument("--start", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--bfloat16", action="store_true", help="convolutions in half precision")
    parser.add_argument("--on-head", type=float, default=1.0, help="weight of marks on the head")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    cv2.setNumThreads(1)
    shared = "RANK" in os.environ
    if shared:
        distributed.init_process_group("gloo")
    rank, ranks = (distributed.get_rank(), distributed.get_world_size()) if shared else (0, 1)
    drawn = Drawn(options.drawn)
    net = ProposalNet()
    if options.start is not None:
        net.load_state_dict(torch.load(options.start, map_location="cpu", weights_only=True))
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-2)
    begun, running = time.monotonic(), 0.0
    rows: list[dict[str, float]] = []
    net.train()
    for step, batch in enumerate(
        drawn.batches(options.batch // ranks, options.steps, options.seed + 1000 * rank), 1
    ):
        rate = _rate(step / options.steps, options.rate)
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
            maps, verdict = net(batch.inputs)
        total, dice = losses(maps.float(), verdict.float(), batch, options.on_head)
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        if shared:
            _averaged(net)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        follow(average, net, step, _AVERAGE)
        if rank:
            continue
        now = float(total.detach())
        running = now if step == 1 else 0.97 * running + 0.03 * now
        if step % 50 == 0 or step == options.steps:
            seconds = time.monotonic() - begun
            names = ("head", "mark", "border", "inside", "on_head")
            rows.append(
                {"step": step, "seconds": round(seconds), "rate": round(rate, 6), "loss": round(running, 4)}
                | {
                    f"{name}_dice_loss": round(value, 4)
                    for name, value in zip(names, dice.tolist(), strict=True)
                }
            )
            print(rows[-1], f"{step * options.batch / seconds:.1f} images/s", flush=True)
        if step % _SAVED == 0 or step == options.steps:
            torch.save(_halved(average), options.out)
            with options.log.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
    if rank:
        return
    print({name: round(value, 4) for name, value in evaluate(average, drawn).items()})


if __name__ == "__main__":
    main()
