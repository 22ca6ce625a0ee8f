"""Where a network puts images: the features before its head, for images it learned from and for others."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.manifest.schema import ManifestRow
from curator.records import Event, Progress
from curator.training.config import Cleaning, TrainConfig
from curator.training.data import Images, Loaded, load_images
from curator.training.inference import Predictor

F32 = npt.NDArray[np.float32]

# Images that are loaded together, and of those the ones worked between two yields.
CHUNK: Final = 64
STEP: Final = 8
# Judged images whose distances to all others are held at once: 41 MB against 10,000 others.
_AT_ONCE: Final = 1024


@dataclass(frozen=True, slots=True)
class Space(Event):
    """The features of one network. `features`: float32 (n, channels), each of length 1, of `rows`; `judged` are
    positions of the images that the network did not learn from and that are to be judged in it.
    """

    rows: tuple[ManifestRow, ...]
    features: F32
    judged: npt.NDArray[np.int64]

    def distances(self) -> Iterator[tuple[npt.NDArray[np.int64], F32]]:
        """Parts of `judged` with the Euclidean distances, float32 (part, n), 0 to 2, of their features to all.

        Infinite to the image itself and to what is in its group: copies must not vouch for each other.
        """
        numbers: dict[str, int] = {}
        groups = np.array([numbers.setdefault(row.group, len(numbers)) for row in self.rows])
        for start in range(0, len(self.judged), _AT_ONCE):
            part = self.judged[start : start + _AT_ONCE]
            cosine = self.features[part] @ self.features.T
            apart = np.sqrt(np.maximum(0, 2 - 2 * cosine)).astype(np.float32)
            apart[groups[part][:, None] == groups[None, :]] = np.inf
            yield part, apart


def nearest(apart: F32, count: int) -> npt.NDArray[np.int64]:
    """The positions of the `count` smallest in each row of distances (m, n), nearest first: (m, min(count, n))."""
    near = np.argpartition(apart, count, axis=1)[:, :count] if count < apart.shape[1] else None
    if near is None:
        return np.argsort(apart, axis=1, kind="stable").astype(np.int64)
    order = np.argsort(np.take_along_axis(apart, near, axis=1), axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1).astype(np.int64)


def spaces(
    judged_by: Mapping[Path, frozenset[str]], rows: Sequence[ManifestRow], root: Path, *, device: str = "auto"
) -> Iterator[Event]:
    """A `Space` for each network, with `Progress` and `Warned`. `judged_by` names, for the folder of each run, the
    images that are judged in its space; `rows` are all that are placed there.

    Raises `TrainingError` where a run can't be used.
    """
    done, total = 0, len(judged_by) * len(rows)
    for run_dir, names in judged_by.items():
        predictor = Predictor(run_dir, device=device)
        config = predictor.run.config
        kept: list[ManifestRow] = []
        parts: list[F32] = []
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            what = Progress(done + start, total, "Placing images in feature space")
            loaded = yield from loaded_quietly(part, root, config, config.cleaning, what)
            kept += loaded.rows
            for first in range(0, len(loaded.rows), STEP):
                parts.append(features(predictor, loaded.images[first : first + STEP]))
                yield Progress(done + start + first, total, what.what)
        done += len(rows)
        if not kept:
            continue
        judged = [place for place, row in enumerate(kept) if row.file_name in names]
        yield Space(tuple(kept), np.concatenate(parts), np.array(judged, np.int64))


def features(predictor: Predictor, images: Images) -> F32:
    """What the network makes of rendered images `uint8` (n, s, s, 3) before its head: float32 (n, channels),
    each row of length 1."""
    import torch

    with torch.inference_mode():
        found = predictor.network.pooled(predictor.tensor(images)).float().cpu().numpy()
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(length > 0, length, 1), np.float32)


def loaded_quietly(
    rows: Sequence[ManifestRow], root: Path, config: TrainConfig, cleaning: Cleaning, instead: Progress
) -> Generator[Event, None, Loaded]:
    """Loads images as a run's network gets them, with warnings passed on and the progress of the whole work."""
    loading = load_images(rows, root, config.image_size, config.resize, cleaning)
    try:
        while True:
            event = next(loading)
            yield instead if isinstance(event, Progress) else event
    except StopIteration as end:
        loaded: Loaded = end.value
        return loaded
    finally:
        loading.close()
