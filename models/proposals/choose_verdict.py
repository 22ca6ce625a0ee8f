"""Chooses from which verdict on a page is said to show a head: `python choose_verdict.py SLICES --keep KEPT`.

On drawings alone: the gate at which the share of heads that is lost and the share of pages without a head that
passes are least in sum, and of several such gates the lowest.
SLICES is the `slices.npz` of a folder that `draw.py` wrote; the pages are drawn with a seed of their own.
`--bodies` is the file of photographs and scans that `pictures.py` wrote. The gate is `_VERDICT` in
`curator/proposals/verdict.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
from functools import partial
from pathlib import Path

import numpy as np
from pages import draw_page
from scans import read_slices
from seen import keep_in

from curator.proposals import propose
from curator.proposals.page import make_page

_SEED = 78


def _verdict(job: tuple[int, bool], slices: Path, bodies: str | None) -> float:
    """The verdict on a page with or without a head."""
    index, head = job
    rng = np.random.default_rng([_SEED, index, head])
    how = {"others": 0.0 if head else 1.0, "hard": index % 2 == 1}
    page = draw_page(rng, read_slices(slices), pictures=bodies, **how)
    return propose.look(make_page(np.ascontiguousarray(page.rgb))).verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("slices", type=Path)
    parser.add_argument("--bodies", help="photographs and scans for pages without a head")
    parser.add_argument("--count", type=int, default=240, help="pages of either sort")
    parser.add_argument("--keep", type=Path, help="a folder for what the networks see")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with multiprocessing.Pool(options.workers, keep_in, (options.keep,)) as pool:
        look = partial(_verdict, slices=options.slices, bodies=options.bodies)
        heads, others = (
            np.array(list(pool.imap(look, jobs, chunksize=8)))
            for jobs in ([(index, sort) for index in range(options.count)] for sort in (True, False))
        )
    gates = np.linspace(0.01, 0.99, 99)
    lost = np.array([(heads < gate).mean() for gate in gates])
    passed = np.array([(others >= gate).mean() for gate in gates])
    wrong = lost + passed
    best = np.flatnonzero(wrong <= wrong.min() + 1e-9)
    for at in sorted({int(best[0]), int(best[-1]), *range(9, 99, 20)}):
        print(
            f"{gates[at]:.2f}: {100 * lost[at]:.1f} % of heads lost, {100 * passed[at]:.1f} % of others pass"
        )
    print(f"{len(heads)} heads, {len(others)} others: gate {gates[best[0]]:.2f}")


if __name__ == "__main__":
    main()
