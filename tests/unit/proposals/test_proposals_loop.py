"""The loop that trains the networks of the proposals: what it leaves behind after one step."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

PROPOSALS = Path(__file__).resolve().parents[3] / "models" / "proposals"
OWN = ("loop", "averaging", "pool")


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(PROPOSALS))
    import loop

    yield loop
    for name in OWN:
        sys.modules.pop(name, None)


def test_a_step_leaves_averaged_weights_and_a_line_of_the_log(loop: ModuleType, tmp_path: Path) -> None:
    for part in range(2):
        np.savez(tmp_path / f"{part}.npz", image=np.full((12, 4, 4), 60 * (part + 1), np.uint8))
    net = nn.Conv2d(1, 1, 1)
    before = net.weight.detach().clone()
    held: list[int] = []

    def read(part: Path) -> dict[str, np.ndarray]:
        with np.load(part) as file:
            return {"image": file["image"]}

    school = loop.School(
        net=net,
        examples="images",
        pattern="*.npz",
        read=read,
        views=lambda examples, seeds, rng: (examples["image"][:, None].float() / 255, 1.0),
        losses=lambda given, truth: ((given - truth).pow(2).mean(), {"least": given.min()}),
        state=lambda one: one.state_dict(),
        check=lambda one, kept, device: held.append(int(kept["image"].max())),
        first=12,
        clip=1.0,
        rise=0.5,
    )
    parser = loop.parser_of("Trains.", "images", most=12, batch=4, rate=0.1)
    out, log = tmp_path / "out.pt", tmp_path / "log.csv"
    told = [str(tmp_path), "--out", str(out), "--log", str(log), "--minutes", "1e-9", "--device", "cpu"]
    loop.train(school, parser.parse_args(told))

    assert held == [60]  # the first part is not learnt from
    with log.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == ["step", "seconds", "images", "rate", "loss", "least"]
    assert (row["step"], row["images"]) == ("1", "12")
    kept = torch.load(out, weights_only=True)["weight"]
    assert not torch.equal(kept, before)
    assert not torch.equal(kept, net.weight)
