"""Trains the proposal network: `python train.py PAGES --out weights.pt --log log.csv --minutes 8`.

PAGES holds folders that `draw.py` filled, and may still be filling: they are read as they appear under a name that
does not start with a dot. `--start` goes on from weights. Each view of 256 to 480 pixels is either a whole image
or, more often, a part of it at 0.8 to 1.5 times the size at which the network is used. AdamW, one cycle, binary
cross-entropy and Dice, weights averaged exponentially; on a GPU the convolutions run in bfloat16.
"""

from __future__ import annotations

import argparse
import copy
import csv
import time
from pathlib import Path

import numpy as np
import torch
from averaging import follow, one_cycle
from network import HEAD, MARK, ProposalNet
from pool import Pool
from torch import Tensor
from torch.nn import functional
from views import Batch, pages_of, random_views, whole_views

_WEIGHTS = (2.0, 1.0, 0.7, 0.5)  # of the four maps
_MORE = (1.0, 3.0, 3.0, 1.0)  # of cross-entropy, for maps with few pixels
_POSITIVE = (1.0, 1.5, 1.5, 1.0)
_VERDICT = 1.0
_AVERAGE, _CLIP, _RISE = 0.999, 5.0, 0.06
_FIRST = 600  # pages to begin with
_HELD_OUT = 300
_LOGGED, _SAVED = 100, 1000  # steps between two lines, and two files


def losses(maps: Tensor, verdict: Tensor, batch: Batch, on_head_weight: float = 1.0) -> tuple[Tensor, Tensor]:
    """The loss to go down and the Dice loss of each map and of marks on the head (5,)."""
    weights, more, positive = (
        torch.tensor(each, device=maps.device) for each in (_WEIGHTS, _MORE, _POSITIVE)
    )
    known = batch.valid * batch.heads[:, None, None, None]  # other images have no truth for the maps
    truth = batch.targets
    bce = functional.binary_cross_entropy_with_logits(
        maps, truth, reduction="none", pos_weight=positive.view(1, 4, 1, 1)
    )
    bce = (bce * known).sum((0, 2, 3)) / known.sum().clamp_min(1)
    shares = torch.sigmoid(maps) * known
    truth = truth * known
    dice = _dice(shares, truth, (0, 2, 3))
    each = _dice(shares[:, HEAD], truth[:, HEAD], (1, 2))
    upon = truth[:, HEAD] * known[:, 0]
    on_head = _dice(shares[:, MARK] * upon, truth[:, MARK] * upon, (0, 1, 2))
    seen = functional.binary_cross_entropy_with_logits(verdict, batch.heads, reduction="none")
    total = (
        (weights * (bce * more + dice)).sum()
        + (each * batch.heads).sum() / batch.heads.sum().clamp_min(1)
        + on_head_weight * on_head
        + _VERDICT * (seen * batch.whole).sum() / batch.whole.sum().clamp_min(1)
    )
    return total, torch.cat([dice.detach(), on_head.detach()[None]])


def _dice(shares: Tensor, truth: Tensor, axes: tuple[int, ...]) -> Tensor:
    both = (shares * truth).sum(axes)
    return 1 - (2 * both + 50) / (shares.sum(axes) + truth.sum(axes) + 50)


def _halved(net: ProposalNet) -> dict[str, Tensor]:
    """The state in half precision: half the file, and the maps differ by less than 0.002."""
    return {k: (v.half() if v.dtype.is_floating_point else v).cpu() for k, v in net.state_dict().items()}


def evaluate(net: ProposalNet, pages: dict[str, np.ndarray], device: torch.device) -> dict[str, float]:
    """Dice of the four maps and of marks on the head, and accuracy of the verdict, on pages held out."""
    both, sums = torch.zeros(5, device=device), torch.zeros(5, device=device)
    right, count = 0, 0
    with torch.inference_mode():
        for at in range(0, min(_HELD_OUT, len(pages["heads"])), 20):
            part = {name: array[at : at + 20].view(np.uint8) for name, array in pages.items()}
            batch = whole_views({n: torch.from_numpy(a).to(device) for n, a in part.items()})
            maps, verdict = net(batch.inputs)
            known = batch.valid * batch.heads[:, None, None, None]
            seen, truth = (maps > 0).float() * known, batch.targets * known
            upon = truth[:, HEAD : HEAD + 1]
            seen = torch.cat([seen, seen[:, MARK : MARK + 1] * upon], 1)
            truth = torch.cat([truth, truth[:, MARK : MARK + 1] * upon], 1)
            both += (seen * truth).sum((0, 2, 3))
            sums += (seen + truth).sum((0, 2, 3))
            right += int(((verdict > 0).float() == batch.heads).sum())
            count += len(batch.heads)
    names = ("head", "mark", "border", "inside", "on_head")
    return {**dict(zip(names, (2 * both / sums).tolist(), strict=True)), "verdict": right / max(1, count)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--start", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--most", type=int, default=50000, help="pages to keep in memory")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--on-head", type=float, default=2.0, help="weight of marks on the head")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    torch.backends.cudnn.benchmark = True
    seeds = torch.Generator(device).manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    begun = time.monotonic()
    pool = Pool(options.pages, "[!.]*", lambda part: pages_of(str(part)), options.most, device)
    net = ProposalNet()
    if options.start is not None:
        net.load_state_dict(torch.load(options.start, map_location="cpu", weights_only=True))
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-2)
    rows: list[dict[str, float]] = []
    step, share = 0, 0.0
    pool.wait_for(_FIRST)
    net.train()
    while share < 1:
        step += 1
        share = (time.monotonic() - begun) / (60 * options.minutes)
        for group in optimiser.param_groups:
            group["lr"] = one_cycle(share, options.rate, _RISE)
        batch = random_views(pool.sample(options.batch, seeds), seeds, rng)
        inputs = batch.inputs.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            maps, verdict = net(inputs)
        total, dice = losses(maps.float(), verdict.float(), batch, options.on_head)
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), _CLIP)
        optimiser.step()
        follow(average, net, step, _AVERAGE)
        if step % _LOGGED == 0 or share >= 1:
            names = ("loss", "head", "mark", "border", "inside", "on_head")
            values = [float(total.detach()), *dice.tolist()]
            rows.append(
                {
                    "step": step,
                    "seconds": round(time.monotonic() - begun),
                    "pages": pool.count,
                    "rate": round(optimiser.param_groups[0]["lr"], 6),
                }
                | {name: round(value, 4) for name, value in zip(names, values, strict=True)}
            )
            print(rows[-1], flush=True)
        if step % _SAVED == 0 or share >= 1:
            torch.save(_halved(average), options.out)
            with options.log.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
            held = evaluate(average, dict(pool.held), device)
            print({name: round(value, 4) for name, value in held.items()}, flush=True)


if __name__ == "__main__":
    main()
