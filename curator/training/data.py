"""Images as the network sees them: rendered once, kept as bytes, never decoded again during training."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from curator.errors import ImageError, TrainingError
from curator.imaging.render import Resize, network_input
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import Event, Progress, Warned

Images: TypeAlias = npt.NDArray[np.uint8]

# Above this, images are kept in a file that the system pages in and out instead of in memory.
_IN_MEMORY_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rendered images, `uint8` (n, side, side, 3), and the manifest rows they belong to, in the same order."""

    images: Images
    rows: tuple[ManifestRow, ...]


def load_images(
    rows: Sequence[ManifestRow], root: Path, side: int, resize: Resize, *, skip: bool = True
) -> Generator[Event, None, Loaded]:
    """Renders the rows' images to the network's square; yields `Progress`, returns `Loaded`.

    An image that is gone, has changed since the manifest was written or can't be decoded is a `Warned` that
    names it, and is left out; without `skip` it is a `TrainingError`.
    """
    images = _room(len(rows), side)
    kept: list[ManifestRow] = []
    for index, row in enumerate(rows):
        yield Progress(index, len(rows), "Loading images")
        try:
            image = read_verified(root, row)
        except ImageError as error:
            if not skip:
                raise TrainingError(f"{error} Mend it, or let such images be left out.") from error
            yield Warned(f"{error} It is left out.", {"file_name": row.file_name})
            continue
        images[len(kept)] = network_input(image, row.edits, side, resize)
        kept.append(row)
    yield Progress(len(rows), len(rows), "Loading images")
    return Loaded(images[: len(kept)], tuple(kept))


def _room(count: int, side: int) -> Images:
    shape = (count, side, side, 3)
    if count * side * side * 3 <= _IN_MEMORY_BYTES:
        return np.empty(shape, np.uint8)
    # The file has no name: it is gone with the last reference, however the process ends.
    with tempfile.TemporaryFile(prefix="curator-images-") as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)
