"""Predictions on disk as JSON lines. No torch here: the window reads them on its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from curator.errors import TrainingError
from curator.manifest.files import write_text
from curator.records import Prediction
from curator.training.runs import BEST, PREDICTIONS

T = TypeVar("T")

_LINES_AT_ONCE: Final = 256


def write_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Writes predictions as JSON lines in order of `file_name`, whole or not at all."""
    ordered = sorted(predictions, key=lambda one: one.file_name)
    write_text(path, "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in ordered))


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """Reads predictions; empty where there are none yet. Raises `TrainingError` naming the line."""
    return read_lines(path, prediction_of)


def current_predictions(run_dir: Path) -> tuple[Prediction, ...]:
    """The predictions kept with a run; empty where its checkpoint is newer. Raises `TrainingError`."""
    path, best = run_dir / PREDICTIONS, run_dir / BEST
    if not path.is_file() or (best.is_file() and best.stat().st_mtime_ns > path.stat().st_mtime_ns):
        return ()
    return read_predictions(path)


def prediction_of(values: dict[str, Any]) -> Prediction:
    """The prediction that a line holds. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    return Prediction(**{**values, "probabilities": tuple(float(value) for value in values["probabilities"])})


def read_lines(path: Path, made: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    """What `made` makes of each line's object; empty where there is no file. Raises `TrainingError` naming the
    line that is damaged."""
    if not path.is_file():
        return ()
    # Not `splitlines`, which would cut a file's name at the separators that Unicode knows.
    lines = path.read_bytes().split(b"\n")
    found: list[T] = []
    try:
        # Many at once take a third of the time, all would hold up the window's thread; which line is damaged is
        # only looked for where one is.
        for first in range(0, len(lines), _LINES_AT_ONCE):
            part = b",".join(filter(None, lines[first : first + _LINES_AT_ONCE]))
            found.extend(made(values) for values in json.loads(b"[" + part + b"]"))
        return tuple(found)
    except (ValueError, KeyError, TypeError, AttributeError):
        found = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            found.append(made(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingError(f"{path}, line {number}: not a prediction: delete the file.") from error
    return tuple(found)
