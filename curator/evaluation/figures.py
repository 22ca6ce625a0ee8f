"""A run's figures on the test split, kept beside its predictions, so that lists of runs need no network to show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from curator.evaluation.intervals import Summary
from curator.manifest.files import write_text
from curator.training.runs import BEST

FIGURES: Final = "figures.json"


def write_figures(run_dir: Path, summary: Summary) -> None:
    """Keeps the summary with the run, whole or not at all."""
    write_text(run_dir / FIGURES, json.dumps(summary.to_json(), ensure_ascii=False) + "\n")


def read_figures(run_dir: Path) -> Summary | None:
    """The summary that was kept; None where there is none, it is damaged, or the checkpoint is newer."""
    path, best = run_dir / FIGURES, run_dir / BEST
    try:
        if best.is_file() and best.stat().st_mtime_ns > path.stat().st_mtime_ns:
            return None
        return Summary.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
