"""How much channels_last and the allocator setting give each backbone on this machine's CPU.

    python tests/benchmarks/backbones.py [--threads N] [--seconds S] [NAME...]

Each combination runs in a process of its own, since glibc is told to keep its memory once and for all. Median of
passes in eval mode without gradients, fresh weights, 224 px: one image, and a batch of 16.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext


def measure(name: str, channels_last: bool, keep: bool, threads: int, seconds: float) -> tuple[float, float]:
    """Milliseconds for one image, and images a second in a batch of 16."""
    import torch

    from curator.training.backbones import card_named, published
    from curator.training.device import memory_kept

    if threads:
        torch.set_num_threads(threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    card = card_named(name)
    network = published(card).eval().to(memory_format=layout)

    def a_pass(batch: int) -> float:
        images = torch.rand(batch, 3, card.size, card.size).contiguous(memory_format=layout)
        taken: list[float] = []
        while len(taken) < 5 or (sum(taken) < seconds and len(taken) < 60):
            began = time.perf_counter()
            with torch.inference_mode():
                network(images)
            taken.append(time.perf_counter() - began)
        return statistics.median(taken[2:])

    with memory_kept() if keep else nullcontext():
        return a_pass(1) * 1000, 16 / a_pass(16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, layout, keep = given.one.split(",")
        print(json.dumps(measure(name, layout == "1", keep == "1", given.threads, given.seconds)))
        return
    from curator.training.backbones import cards

    print(f"{'backbone':<20}{'channels_last':>14}{'memory_kept':>13}{'1 image, ms':>13}{'images/s':>10}")
    for name in given.names or [card.name for card in cards()]:
        for layout, keep in ((0, 0), (1, 0), (0, 1), (1, 1)):
            done = subprocess.run(
                [
                    sys.executable, __file__, "--threads", str(given.threads), "--seconds", str(given.seconds),
                    "--one", f"{name},{layout},{keep}",
                ],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            one, many = json.loads(done.stdout)
            said = [("no", "yes")[layout], ("no", "yes")[keep]]
            print(f"{name:<20}{said[0]:>14}{said[1]:>13}{one:>13.1f}{many:>10.1f}", flush=True)


if __name__ == "__main__":
    main()
