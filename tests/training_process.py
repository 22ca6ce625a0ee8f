"""A training in a process of its own, which can be told to kill itself at a given place.

    python training_process.py MANIFEST RUN CONFIG.json [PLACE]

PLACE is "first-epoch", "features", "phase", or "write:NAME:N" for the moment before the N-th file NAME of the
run is swapped in. Resumes where RUN holds a run already.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from curator.manifest.files import read_manifest
from curator.training.config import TrainConfig
from curator.training.events import BatchDone, PhaseChanged
from curator.training.loop import fit
from curator.training.runs import CONFIG


def die() -> None:
    """As a power cut would: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_swap(name: str, number: int) -> None:
    """Dies when a whole temporary file of the given name is about to take its place for the `number`th time."""
    replace = Path.replace
    seen = 0

    def replacing(self: Path, target: Path) -> Path:
        nonlocal seen
        seen += Path(target).name == name
        if seen == number and Path(target).name == name:
            die()
        return replace(self, target)

    Path.replace = replacing  # type: ignore[method-assign, assignment]


def main() -> None:
    manifest, run_dir, config, place = (*sys.argv[1:], "")[:4]
    if place.startswith("write:"):
        _, name, number = place.split(":")
        die_before_swap(name, int(number))
    plan = TrainConfig.from_values(json.loads(Path(config).read_text()))
    resume = (Path(run_dir) / CONFIG).exists()
    for event in fit(read_manifest(Path(manifest)), plan, Path(run_dir), resume=resume):
        if isinstance(event, BatchDone) and (
            (place == "first-epoch" and event.stage == "training")
            or (place == "features" and event.stage == "features" and event.epoch == 2)
        ):
            die()
        if isinstance(event, PhaseChanged) and place == "phase":
            die()
    # Threads of a process group that outlive it can abort the process at its end.
    names = [task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")]
    assert not [name for name in names if "gloo" in name], names


if __name__ == "__main__":
    main()
