"""The demo dataset: made once by the generator, complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from curator.errors import CuratorError
from curator.records import Event
from curator.synthetic import COUNT, SEED, generate

# Beside the images, never among them: whatever lies below the dataset's root would be a class.
_MARKER: Final = "complete.json"


def make_demo(folder: Path, *, count: int = COUNT, seed: int = SEED) -> Iterator[Event]:
    """Generates the demo into `folder` unless the same one is there complete; its root is `images` in it.

    Yields the generator's events. What an interrupted call left is made again. Raises `CuratorError` where
    the folder cannot be written.
    """
    marker = folder / _MARKER
    recipe = {"count": count, "seed": seed}
    if (folder / "images").is_dir() and _read(marker) == recipe:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker.unlink(missing_ok=True)
        yield from generate(folder, count=count, seed=seed)
        partial = marker.with_suffix(".partial")
        partial.write_text(json.dumps(recipe), encoding="utf-8")
        partial.replace(marker)
    except OSError as error:
        raise CuratorError(
            f"The demo could not be written to {folder} ({error.strerror}): check the folder and free space."
        ) from error


def _read(marker: Path) -> object:
    try:
        return json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
