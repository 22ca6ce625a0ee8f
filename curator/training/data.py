"""From manifest rows to the pixels a network gets: verified, cleaned, rendered once, never decoded again."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.errors import ImageError, TrainingError
from curator.imaging.decode import RGB
from curator.imaging.render import Resize, network_input
from curator.manifest.files import Manifest
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import decoded, verified_bytes
from curator.records import Edits, Event, Progress, Warned
from curator.training.config import Cleaning
from curator.training.image_cache import ImageCache, key_of

Images: TypeAlias = npt.NDArray[np.uint8]

# Above this, an array is kept in a file that the system pages in and out instead of in memory.
_IN_MEMORY_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rendered images, `uint8` (n, side, side, 3), and the manifest rows they belong to, in the same order."""

    images: Images
    rows: tuple[ManifestRow, ...]


def cleaned(edits: Edits, cleaning: Cleaning) -> Edits:
    """As much of the edits as a run's `cleaning` takes over; the one place where that is decided."""
    if cleaning == "raw":
        return Edits()
    return edits if cleaning == "masked" else Edits(edits.crop, (), edits.fill)


def refuse_impossible(manifest: Manifest) -> None:
    """Raises `TrainingError` where a manifest can't be trained on."""
    classes = manifest.info.classes
    if len(classes) < 2:
        raise TrainingError("There is only one class: a classifier needs images of at least two.")
    kept = [row for row in manifest.rows if row.decision == "keep"]
    if not kept:
        raise TrainingError(
            "No image is kept: decide in Curate first, or export with proposals accepted (--accept-proposals)."
        )
    if not any(row.split == "val" for row in kept):
        raise TrainingError("No kept image is in the validation split: export with a share for it.")
    trained = {row.label for row in kept if row.split == "train"}
    lacking = [name for name in classes if name not in trained]
    if lacking:
        raise TrainingError(
            f"No kept training image is of class {lacking[0]}: keep some, or remove the class."
        )


def load_images(
    rows: Sequence[ManifestRow],
    root: Path,
    side: int,
    resize: Resize,
    cleaning: Cleaning = "masked",
    *,
    skip: bool = True,
) -> Generator[Event, None, Loaded]:
    """The rows' images as the network's squares; yields `Progress`, returns `Loaded`.

    Each file's hash is checked; decoded is only what no earlier run has left in the cache. An image that is
    gone, has changed since the manifest was written or can't be decoded is a `Warned` that names it, and is
    left out; without `skip` it is a `TrainingError`.
    """
    images = room((len(rows), side, side, 3), np.uint8)
    cache = ImageCache()
    kept: list[ManifestRow] = []
    try:
        for index, row in enumerate(rows):
            yield Progress(index, len(rows), "Loading images")
            try:
                images[len(kept)] = _square(root, row, side, resize, cleaning, cache)
            except ImageError as error:
                if not skip:
                    raise TrainingError(f"{error} Mend it, or let such images be left out.") from error
                yield Warned(f"{error} It is left out.", {"file_name": row.file_name})
                continue
            kept.append(row)
    finally:
        cache.trim()
    yield Progress(len(rows), len(rows), "Loading images")
    return Loaded(images[: len(kept)], tuple(kept))


def room(shape: tuple[int, ...], kind: type[Any]) -> npt.NDArray[Any]:
    """An array, its content undefined, in memory or, if it is large, in a file that ends with it."""
    if int(np.prod(shape)) * np.dtype(kind).itemsize <= _IN_MEMORY_BYTES:
        return np.empty(shape, kind)
    # The file has no name: it is gone with the last reference, however the process ends.
    with tempfile.TemporaryFile(prefix="curator-images-") as file:
        return np.memmap(file, kind, "w+", shape=shape)


def _square(
    root: Path, row: ManifestRow, side: int, resize: Resize, cleaning: Cleaning, cache: ImageCache
) -> RGB:
    data = verified_bytes(root, row)
    edits = cleaned(row.edits, cleaning)
    key = key_of(row.sha256 or "", edits, side, resize)
    square = cache.get(key, side)
    if square is None:
        square = network_input(decoded(data, row), edits, side, resize)
        cache.put(key, square)
    return square
