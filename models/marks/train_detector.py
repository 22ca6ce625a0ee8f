"""Trains the detector of marks: `python train_detector.py TILES --out detector.pt --log log.csv --steps 3000`.

TILES are folders of `tiles.py`, which may still be drawing: new parts are read as they come, and each folder gives
as many tiles as any other. On CPUs the convolutions run in bfloat16. The weights kept are averaged over steps.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from averaging import follow
from detector import Detector, planes_of

_HELD_OUT = 1  # parts at the start that are not learnt from
_AVERAGE, _CLIP = 0.995, 2.0
_OUTSIDE = 0.15  # weight of what lies outside the skull
_HARDEST = 0.01  # share of the pixels without a mark that count again
_VIEW = 96  # pixels a side of what is learnt from at once


class Tiles:
    """The parts that are there, in memory; read anew now and then."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders, self.known = folders, set[Path]()
        self.image: list[list[np.ndarray]] = [[] for _ in folders]
        self.truth: list[list[np.ndarray]] = [[] for _ in folders]
        self.held: list[Path] = []
        self.read()

    def read(self) -> None:
        for number, folder in enumerate(self.folders):
            for file in sorted(folder.glob("[0-9]*.npz")):
                if file in self.known:
                    continue
                self.known.add(file)
                if int(file.stem) < _HELD_OUT:
                    self.held.append(file)
                    continue
                with np.load(file) as part:
                    self.image[number].append(part["image"])
                    self.truth[number].append(part["truth"])

    def batch(self, rng: np.random.Generator, size: int) -> tuple[Tensor, Tensor]:
        """Planes (n, 3, h, w) and truth (n, h, w), turned, flipped, brightened at random."""
        images, truths = [], []
        for _ in range(size):
            folder = int(rng.choice([i for i, parts in enumerate(self.image) if parts]))
            part = int(rng.integers(len(self.image[folder])))
            at = int(rng.integers(len(self.image[folder][part])))
            image, truth = _cropped(rng, self.image[folder][part][at], self.truth[folder][part][at])
            turn = int(rng.integers(4))
            image, truth = np.rot90(image, turn), np.rot90(truth, turn)
            if rng.random() < 0.5:
                image, truth = image[:, ::-1], truth[:, ::-1]
            if rng.random() < 0.4:
                table = np.clip(np.arange(256) * rng.uniform(0.6, 1.25) + rng.uniform(-15, 15), 0, 255)
                image = np.stack([table.astype(np.uint8)[image[..., 0]], image[..., 1]], 2)
            images.append(planes_of(image))
            truths.append(np.ascontiguousarray(truth))
        return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(truths))


def _cropped(rng: np.random.Generator, image: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A part of a tile that holds a piece of its marks, if there are any."""
    rows, columns = np.nonzero((truth & 3) == 1)
    last = truth.shape[0] - _VIEW
    if len(rows):
        at = rng.integers(len(rows))
        y, x = (int(np.clip(where[at] - rng.integers(8, _VIEW - 8), 0, last)) for where in (rows, columns))
    else:
        y, x = (int(rng.integers(last + 1)) for _ in range(2))
    window = np.s_[y : y + _VIEW, x : x + _VIEW]
    return image[window], truth[window]


def losses(logits: Tensor, truth: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss and its parts: cross-entropy with the hardest pixels again, Dice, and the tile's hottest spot."""
    label, deep = truth & 3, (truth & 4) > 0
    mark = (label == 1).float()
    weight = torch.where(deep | (label == 1), 1.0, _OUTSIDE) * (label != 2)
    each = functional.binary_cross_entropy_with_logits(logits, mark, reduction="none") * weight
    plain = each.mean() * 4
    inked = (each * mark).sum() / (mark * weight).sum().clamp_min(1)
    without = (each * (1 - mark)).flatten(1)
    hard = without.topk(int(_HARDEST * without.shape[1]), 1).values.mean()
    share = torch.sigmoid(logits) * weight
    truly = mark * weight
    own = (share * truly).sum((1, 2))
    dice = 1 - (2 * own + 4) / (share.sum((1, 2)) + truly.sum((1, 2)) + 4)
    # The hottest spot of a tile: of its marks it has to be hot, beside them cold.
    smooth = functional.avg_pool2d(logits[:, None], 2, 1)[:, 0]
    near = functional.max_pool2d(((label > 0) | ~deep).float()[:, None], 7, 1, 3)[:, 0, :-1, :-1] > 0
    on = functional.max_pool2d(mark[:, None], 2, 1)[:, 0] > 0
    cold = smooth.masked_fill(near, -20).flatten(1).amax(1)
    hot = smooth.masked_fill(~on, -20).flatten(1).amax(1)
    any_mark = on.flatten(1).any(1)
    top = functional.softplus(cold).mean() + (
        functional.softplus(-hot) * any_mark
    ).sum() / any_mark.sum().clamp_min(1)
    parts = {"plain": plain, "inked": inked, "hard": hard, "dice": dice.mean(), "top": top}
    return plain + 0.4 * inked + 0.4 * hard + dice.mean() + 0.3 * top, parts


def check(net: Detector, files: list[Path]) -> str:
    """On the parts held out: area under the curve of tiles with and without marks, and how many are found at a few
    false ones, by the hottest spot inside the skull."""
    tops, marked = [], []
    net.eval()
    with torch.inference_mode():
        for file in files:
            with np.load(file) as part:
                images, truths = part["image"], part["truth"]
            for at in range(0, len(images), 50):
                planes = torch.from_numpy(np.stack([planes_of(image) for image in images[at : at + 50]]))
                truth = torch.from_numpy(truths[at : at + 50])
                share = net(planes)[:, 0].masked_fill((truth & 4) == 0, -20)
                tops.append(functional.avg_pool2d(share[:, None], 2, 1).flatten(1).amax(1))
                marked.append((((truth & 3) == 1) & ((truth & 4) > 0)).flatten(1).sum(1) >= 4)
    top, mark = torch.cat(tops).numpy(), torch.cat(marked).numpy()
    clean, drawn = np.sort(top[~mark])[::-1], top[mark]
    found = [float((drawn > clean[int(lost * len(clean))]).mean()) for lost in (0.01, 0.03, 0.1)]
    auc = float((drawn[:, None] > clean[None]).mean())
    return f"held out: auc {auc:.3f}, found at 1, 3, 10 % false: " + ", ".join(f"{x:.3f}" for x in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tiles", type=Path, nargs="+")
    parser.add_argument("--start", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument(
        "--minutes", type=float, help="end, and let the rate fall, by time instead of by steps"
    )
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    tiles = Tiles(options.tiles)
    net = Detector()
    layout = torch.channels_last
    if options.start is not None:
        net.load_state_dict(torch.load(options.start, map_location="cpu", weights_only=True))
    net = net.to(memory_format=layout)
    average = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-2)
    begun, running = time.monotonic(), {}
    rows: list[dict[str, float]] = []
    half = options.precision == "bfloat16"
    share, step = 0.0, 0
    while share < 1:
        step += 1
        share = step / options.steps
        if options.minutes is not None:
            share = (time.monotonic() - begun) / (60 * options.minutes)
        rate = options.rate * (
            min(1.0, share / 0.06) * 0.5 * (1 + math.cos(math.pi * max(0.0, share - 0.06) / 0.94)) + 2e-3
        )
        for group in optimiser.param_groups:
            group["lr"] = rate
        planes, truth = tiles.batch(rng, options.batch)
        net.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = net(planes.contiguous(memory_format=layout))
        loss, parts = losses(logits[:, 0].float(), truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), _CLIP)
        optimiser.step()
        follow(average, net, step, _AVERAGE)
        for name, value in {"loss": loss, **parts}.items():
            running[name] = 0.98 * running.get(name, float(value.detach())) + 0.02 * float(value.detach())
        if step % 50 == 0 or share >= 1:
            tiles.read()
            seconds = time.monotonic() - begun
            rows.append(
                {"step": step, "seconds": round(seconds), "rate": round(rate, 6)}
                | {n: round(v, 4) for n, v in running.items()}
            )
            print(
                rows[-1],
                f"{step * options.batch / seconds:.1f} tiles/s of {400 * sum(map(len, tiles.image))}",
                flush=True,
            )
        if step % 200 == 0 or share >= 1:
            torch.save(average.state_dict(), options.out)
            print(check(average, tiles.held), flush=True)
            with options.log.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
