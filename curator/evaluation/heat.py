"""The share of heat outside the head, for every image of some results: kept in `heat.jsonl` beside them.

A network that looks at the background knows the images by something else than the brain.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from curator.errors import ImageError, TrainingError
from curator.evaluation.head_area import Ground, head_area
from curator.imaging.render import network_input
from curator.manifest.files import write_text
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import Edits, Event, Prediction, Profile, Progress, Warned
from curator.training.data import cleaned
from curator.training.image_cache import key_of
from curator.training.runs import BEST

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady
    from curator.evaluation.saliency import GradCam
    from curator.training.runs import Run

FILE: Final = "heat.jsonl"
# Rises whenever heat or the head's area come to be something else: what was measured before is measured anew.
METHOD: Final = "grad-cam/1"

log = logging.getLogger(__name__)

# Images whose heat is made at once.
_BATCH: Final = 8


@dataclass(frozen=True, slots=True)
class HeatShare:
    """How much of one image's heat, Grad-CAM for the predicted class, lies outside the head, 0 to 1.

    `outside` is None where there is no heat; `ground` says what stands for the head. `image` is the key of the
    pixels that the network got, `checkpoint` that of its weights, `run` the run's folder as seen from the
    file's: a value whose image, class or checkpoint is another one now is stale.
    """

    file_name: str
    outside: float | None
    ground: Ground
    predicted: str
    image: str
    checkpoint: str
    run: str
    method: str = METHOD


@dataclass(frozen=True, slots=True)
class HeatMeasured(Event):
    """Every image whose file could be read has its share; in order of `file_name`."""

    shares: tuple[HeatShare, ...]


def measure_heat(results: ResultsReady, *, device: str = "auto") -> Iterator[Event]:
    """Yields `Progress` and `Warned`, ends with `HeatMeasured`; writes `heat.jsonl` into `results.folder`.

    What is still current is not measured again, and what was measured before the generator is closed is kept.
    One network at a time is in memory. Raises `TrainingError` where a checkpoint can't be used.
    """
    run = results.run
    profile = run.manifest().info.profile
    known = {one.file_name: one for one in current_heat(results)}
    missing: dict[Path, list[Prediction]] = {}
    for prediction in results.predictions:
        if prediction.file_name not in known:
            missing.setdefault(results.run_dir_of(prediction.file_name), []).append(prediction)
    total = len(results.predictions)
    new = False
    try:
        yield Progress(len(known), total, "Measuring heat")
        for run_dir, predictions in sorted(missing.items()):
            for event in _of_one_network(results, run_dir, predictions, profile, device):
                if isinstance(event, HeatMeasured):
                    known |= {one.file_name: one for one in event.shares}
                    new = True
                    yield Progress(min(len(known), total), total, "Measuring heat")
                else:
                    yield event
    finally:
        if new:
            _write(results.folder, known)
    yield Progress(total, total, "Measuring heat")
    yield HeatMeasured(tuple(known[name] for name in sorted(known)))


def current_heat(results: ResultsReady) -> tuple[HeatShare, ...]:
    """What is kept of exactly these predictions: of the same pixels, class and checkpoint."""
    said = {one.file_name: one.predicted for one in results.predictions}
    return tuple(
        one
        for one in read_heat(results.folder)
        if said.get(one.file_name) == one.predicted
        and one.file_name in results.rows
        and one.image == _key(results.rows[one.file_name], results.run)
    )


def heat_outside(results: ResultsReady) -> dict[str, float]:
    """The share of heat outside the head by file name, 0 to 1, as kept of exactly these predictions; without what
    there is no heat of. Empty where nothing was measured."""
    return {one.file_name: one.outside for one in current_heat(results) if one.outside is not None}


def read_heat(folder: Path) -> tuple[HeatShare, ...]:
    """What `heat.jsonl` holds of the present checkpoints; damaged lines count as not measured."""
    try:
        lines = (folder / FILE).read_bytes().split(b"\n")
    except OSError:
        return ()
    checkpoints: dict[str, str | None] = {}
    found = []
    for line in lines:
        try:
            one = HeatShare(**json.loads(line))
            if one.run not in checkpoints:
                checkpoints[one.run] = checkpoint_key(folder / one.run)
            sound = one.outside is None or 0 <= one.outside <= 1
        except (ValueError, TypeError):
            continue
        if sound and one.method == METHOD and one.checkpoint == checkpoints[one.run]:
            found.append(one)
    return tuple(found)


def checkpoint_key(run_dir: Path) -> str | None:
    """16 hex digits that change with a run's best checkpoint; None where it can't be read.

    Over names, sizes and CRC-32 that the file's own table of contents holds: under a millisecond, where a hash
    over the file takes as long as reading it.
    """
    try:
        with zipfile.ZipFile(run_dir / BEST) as file:
            facts = [(one.filename, one.file_size, one.CRC) for one in file.infolist()]
    except (OSError, zipfile.BadZipFile, ValueError):
        return None
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _of_one_network(
    results: ResultsReady, run_dir: Path, predictions: Sequence[Prediction], profile: Profile, device: str
) -> Iterator[Event]:
    """The shares of images that one run has predicted, a `HeatMeasured` a batch."""
    from curator.evaluation.saliency import GradCam

    cam = GradCam(run_dir, device=device)
    key = checkpoint_key(run_dir)
    if key is None:
        raise TrainingError(f"{run_dir / BEST} can't be read: train again.")
    place = Path(os.path.relpath(run_dir, results.folder)).as_posix()
    for start in range(0, len(predictions), _BATCH):
        yield from _of_batch(results, cam, predictions[start : start + _BATCH], profile, key, place)


def _of_batch(
    results: ResultsReady,
    cam: GradCam,
    predictions: Sequence[Prediction],
    profile: Profile,
    checkpoint: str,
    place: str,
) -> Generator[Event, None, None]:
    from curator.evaluation.saliency import share_inside

    config = results.run.config
    shown, squares, areas = [], [], []
    for one in predictions:
        row = results.rows[one.file_name]
        edits = _edits(row, results.run)
        try:
            image = read_verified(results.root, row)
        except ImageError as error:
            yield Warned(f"{error} Its heat is not measured.", {"file_name": one.file_name})
            continue
        shown.append(one)
        squares.append(network_input(image, edits, config.image_size, config.resize))
        areas.append(head_area(image, edits, config.image_size, config.resize, profile))
    if not shown:
        return
    classes = results.run.classes
    heats = cam.heats(np.stack(squares), [classes.index(one.predicted) for one in shown])
    shares = []
    for one, heat, (area, ground) in zip(shown, heats, areas, strict=True):
        inside = share_inside(heat, area)
        outside = None if inside is None else min(1.0, max(0.0, 1 - inside))
        pixels = _key(results.rows[one.file_name], results.run)
        shares.append(HeatShare(one.file_name, outside, ground, one.predicted, pixels, checkpoint, place))
    yield HeatMeasured(tuple(shares))


def _edits(row: ManifestRow, run: Run) -> Edits:
    return cleaned(row.edits, run.config.cleaning)


def _key(row: ManifestRow, run: Run) -> str:
    return key_of(row.sha256 or "", _edits(row, run), run.config.image_size, run.config.resize)


def _write(folder: Path, known: Mapping[str, HeatShare]) -> None:
    """Everything that is still current, of whatever split, and what is new."""
    kept = {one.file_name: one for one in read_heat(folder)} | dict(known)
    lines = (json.dumps(asdict(kept[name]), ensure_ascii=False) + "\n" for name in sorted(kept))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / FILE, "".join(lines))
    except OSError as error:
        # Also where it was cut off, and nobody hears of it any more.
        log.warning("The heat can't be kept in %s (%s).", folder, error.strerror)
