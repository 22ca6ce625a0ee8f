"""Checkpoints: tensors and plain types only, written whole or not at all, read with `weights_only=True`."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from curator.errors import TrainingError

VERSION = 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint beside its final name, syncs it, and swaps it in."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save({"version": VERSION, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def load(path: Path, *needed: str) -> dict[str, Any]:
    """Reads a checkpoint to the CPU. Raises `TrainingError` if it is damaged, unsafe, or lacks `needed`."""
    if not path.is_file():
        raise TrainingError(f"{path} is not there: the run was stopped before its first checkpoint.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, KeyError) as error:
        raise TrainingError(
            f"{path} can't be read as a checkpoint: it is damaged or not Curator's."
        ) from error
    if not isinstance(state, dict) or state.get("version") != VERSION:
        raise TrainingError(f"{path} is not a checkpoint of this version of Curator: train again.")
    missing = [name for name in needed if name not in state]
    if missing:
        raise TrainingError(f"{path} lacks {', '.join(missing)}: it is damaged; train again.")
    return state
