"""The loop that trains either network: AdamW, one cycle, weights averaged exponentially, while examples are drawn.

On a GPU the convolutions run in bfloat16. The training ends, and its rate falls, by the clock.
"""

from __future__ import annotations

import argparse
import copy
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from averaging import follow, one_cycle
from pool import Arrays, Pool
from torch import Tensor, nn

_AVERAGE = 0.999
_LOGGED, _SAVED = 100, 1000  # steps between two lines, and two files

Examples = dict[str, Tensor]
State = dict[str, Tensor]


@dataclass(frozen=True)
class School:
    """What is trained and on what: `net`; the `examples`' name, the `pattern` of their parts and how one is `read`;
    `views` of examples: the network's input and the truth; `losses` of what the network gives and that truth: the
    loss and parts of it to note; `state` to save of a network; `check` on examples held out,
    to print; `first` examples to begin with; gradients are cut at `clip`, the rate rises over the share `rise`."""

    net: nn.Module
    examples: str
    pattern: str
    read: Callable[[Path], Arrays]
    views: Callable[[Examples, torch.Generator, np.random.Generator], tuple[Tensor, Any]]
    losses: Callable[[Any, Any], tuple[Tensor, dict[str, Tensor]]]
    state: Callable[[nn.Module], State]
    check: Callable[[Any, dict[str, np.ndarray], torch.device], object]
    first: int
    clip: float
    rise: float


def parser_of(words: str, examples: str, *, most: int, batch: int, rate: float) -> argparse.ArgumentParser:
    """The options of a training on folders of such examples."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("folders", metavar=examples.upper(), type=Path, nargs="+")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--most", type=int, default=most, help=f"{examples} to keep in memory")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def train(school: School, options: argparse.Namespace) -> None:
    """Trains until the time is over; writes weights and log now and then and at the end."""
    device = torch.device(options.device)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    torch.backends.cudnn.benchmark = True
    seeds = torch.Generator(device).manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    begun = time.monotonic()
    pool = Pool(options.folders, school.pattern, school.read, options.most, device)
    net = school.net
    if options.start is not None:
        net.load_state_dict(torch.load(options.start, map_location="cpu", weights_only=True))
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), options.rate, betas=(0.9, 0.98), weight_decay=1e-2)
    rows: list[dict[str, float]] = []
    step, share = 0, 0.0
    pool.wait_for(school.first)
    net.train()
    while share < 1:
        step += 1
        share = (time.monotonic() - begun) / (60 * options.minutes)
        rate = one_cycle(share, options.rate, school.rise)
        for group in optimiser.param_groups:
            group["lr"] = rate
        inputs, truth = school.views(pool.sample(options.batch, seeds), seeds, rng)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            given = net(inputs.contiguous(memory_format=torch.channels_last))
        loss, parts = school.losses(given, truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), school.clip)
        optimiser.step()
        follow(average, net, step, _AVERAGE)
        if step % _LOGGED == 0 or share >= 1:
            when = {"step": step, "seconds": round(time.monotonic() - begun)}
            counts = {school.examples: pool.count, "rate": round(rate, 6)}
            noted = {name: round(float(part.detach()), 4) for name, part in {"loss": loss, **parts}.items()}
            rows.append(when | counts | noted)
            print(rows[-1], flush=True)
        if step % _SAVED == 0 or share >= 1:
            torch.save(school.state(average), options.out)
            with options.log.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
            print(school.check(average, dict(pool.held), device), flush=True)
