"""How much a prediction swings when the image's masks, or its crop, are toggled.

A network that changes its mind then has looked at what the cleaning is about. Kept with the run or the
cross-validation in `swings.jsonl`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from curator.errors import CuratorError
from curator.evaluation.flags import Flag
from curator.evaluation.heat import checkpoint_key
from curator.manifest.files import write_text
from curator.manifest.schema import ManifestRow
from curator.records import Event, Prediction, Progress
from curator.training.config import Cleaning
from curator.training.image_cache import key_of
from curator.training.predictions import read_lines

if TYPE_CHECKING:
    from curator.evaluation.results import ResultsReady
    from curator.training.inference import Predictor
    from curator.training.runs import Run

SWINGS: Final = "swings.jsonl"

LEAST: Final = 0.25
"""Change of probability from which a swing is worth a look; a change of what is said always is."""

Toggle: TypeAlias = Literal["masks", "crop"]
_WHAT: Final = "Toggling masks and crops"


@dataclass(frozen=True, slots=True)
class Swing:
    """Class probabilities of one image as trained and with its masks or its crop toggled; None where it has none.

    What the run's cleaning leaves out is put in, what it does is left out.
    """

    file_name: str
    as_trained: tuple[float, ...]
    masks: tuple[float, ...] | None
    crop: tuple[float, ...] | None

    def change(self, toggle: Toggle) -> float:
        """The largest change of a class's probability, 0 to 1; 0 where there is nothing to toggle."""
        other = self.masks if toggle == "masks" else self.crop
        if other is None:
            return 0.0
        return max(abs(a - b) for a, b in zip(self.as_trained, other, strict=True))

    @property
    def largest(self) -> float:
        """The larger change of the two."""
        return max(self.change("masks"), self.change("crop"))


@dataclass(frozen=True, slots=True)
class SwingsMeasured(Event):
    """The swings of all images that could be read."""

    swings: tuple[Swing, ...]


def toggled(row: ManifestRow, cleaning: Cleaning, toggle: Toggle) -> ManifestRow | None:
    """The row whose whole edits are those that `cleaning` takes over with one thing toggled; None if it has no
    such thing."""
    masks, crop = (row.masks if cleaning == "masked" else []), (row.crop if cleaning != "raw" else None)
    if toggle == "masks":
        return (
            row.model_copy(update={"masks": [] if masks else row.masks, "crop": crop}) if row.masks else None
        )
    if row.crop is None:
        return None
    return row.model_copy(update={"masks": masks, "crop": None if crop else row.crop})


def measure_swings(
    judged_by: Mapping[Path, Sequence[Prediction]],
    rows: Mapping[str, ManifestRow],
    root: Path,
    *,
    device: str = "auto",
) -> Iterator[Event]:
    """Predicts anew with masks, then crop, toggled; `Progress`, `Warned`, at the end `SwingsMeasured`.

    `judged_by` gives, for each run's folder, the predictions that its network made as trained. Raises
    `TrainingError` where a run can't be used.
    """
    from curator.training.inference import Predictor

    total = 2 * sum(len(ones) for ones in judged_by.values())
    done = 0
    found: dict[str, dict[Toggle, tuple[float, ...]]] = {}
    for run_dir, predictions in judged_by.items():
        predictor = Predictor(run_dir, device=device)
        cleaning = predictor.run.config.cleaning
        toggles: tuple[Toggle, Toggle] = ("masks", "crop")
        for toggle in toggles:
            others = [
                other
                for one in predictions
                if (other := toggled(rows[one.file_name], cleaning, toggle)) is not None
            ]
            each = yield from _probabilities(predictor, others, root, Progress(done, total, _WHAT))
            for name, probabilities in each.items():
                found.setdefault(name, {})[toggle] = probabilities
            done += len(predictions)
    yield Progress(total, total, _WHAT)
    yield SwingsMeasured(
        tuple(
            Swing(
                one.file_name,
                one.probabilities,
                found.get(one.file_name, {}).get("masks"),
                found.get(one.file_name, {}).get("crop"),
            )
            for ones in judged_by.values()
            for one in ones
        )
    )


def _probabilities(
    predictor: Predictor, rows: Sequence[ManifestRow], root: Path, at: Progress
) -> Generator[Event, None, dict[str, tuple[float, ...]]]:
    """By file name, of rows all of whose edits count."""
    from curator.evaluation.feature_space import CHUNK, STEP, loaded_quietly

    config = predictor.run.config
    found: dict[str, tuple[float, ...]] = {}
    for start in range(0, len(rows), CHUNK):
        now = Progress(at.done + start, at.total, at.what)
        loaded = yield from loaded_quietly(rows[start : start + CHUNK], root, config, "masked", now)
        for first in range(0, len(loaded.rows), STEP):
            part = loaded.rows[first : first + STEP]
            each = predictor.probabilities(loaded.images[first : first + STEP])
            for row, probabilities in zip(part, each.tolist(), strict=True):
                found[row.file_name] = tuple(probabilities)
            yield Progress(now.done + first, at.total, at.what)
    return found


def swing_flags(swings: Iterable[Swing], classes: Sequence[str], cleaning: Cleaning) -> list[Flag]:
    """The images that swing; scores are the largest change of probability, plus 1 where another class is said."""
    flags = []
    for swing in swings:
        said = _best(swing.as_trained)
        turned = any(other is not None and _best(other) != said for other in (swing.masks, swing.crop))
        if not turned and swing.largest < LEAST:
            continue
        parts = []
        toggles: tuple[tuple[Toggle, bool], ...] = (
            ("masks", cleaning == "masked"),
            ("crop", cleaning != "raw"),
        )
        for toggle, used in toggles:
            other = swing.masks if toggle == "masks" else swing.crop
            if other is not None and (_best(other) != said or swing.change(toggle) >= LEAST):
                turn = f", and {classes[_best(other)]} is said instead" if _best(other) != said else ""
                parts.append(f"{'without' if used else 'with'} its {toggle} {other[said]:.2f}{turn}")
        before = f"{classes[said]} {swing.as_trained[said]:.2f} as trained"
        reason = f"The prediction swings: {before}, {'; '.join(parts)}."
        flags.append(Flag(swing.file_name, swing.largest + turned, reason))
    return flags


def write_swings(results: ResultsReady, swings: Sequence[Swing]) -> None:
    """Keeps swings of some results in `swings.jsonl` in order of `file_name`, whole or not at all, each with the
    checkpoint of the run that predicted its image, and what the manifest said of the image."""
    folder = results.folder
    keys: dict[Path, str | None] = {}
    lines = []
    for one in sorted(swings, key=lambda one: one.file_name):
        run_dir = results.run_dir_of(one.file_name)
        if run_dir not in keys:
            keys[run_dir] = checkpoint_key(run_dir)
        place = Path(os.path.relpath(run_dir, folder)).as_posix()
        image = _image_key(results.rows[one.file_name], results.run)
        values = {**asdict(one), "run": place, "checkpoint": keys[run_dir], "image": image}
        lines.append(json.dumps(values, ensure_ascii=False) + "\n")
    write_text(folder / SWINGS, "".join(lines))


def read_swings(results: ResultsReady) -> dict[str, float]:
    """The largest change of probability, 0 to 1, by file name when mask or crop is toggled, as it was kept of
    exactly these predictions, without what an older checkpoint or other edits gave; empty where that is damaged
    or was never measured."""
    folder = results.folder
    keys: dict[str, str | None] = {}

    def current(values: dict[str, Any]) -> Swing | None:
        place = str(values["run"])
        if place not in keys:
            keys[place] = checkpoint_key(folder / place)
        row = results.rows.get(str(values["file_name"]))
        same = row is not None and values["image"] == _image_key(row, results.run)
        return _swing(values) if same and values["checkpoint"] == keys[place] else None

    try:
        found = read_lines(folder / SWINGS, current)
    except CuratorError:
        return {}
    return {one.file_name: one.largest for one in found if one is not None}


def _image_key(row: ManifestRow, run: Run) -> str:
    """Changes with the image's file and with all of its edits, those included that the run leaves out."""
    return key_of(row.sha256 or "", row.edits, run.config.image_size, run.config.resize)


def _swing(values: dict[str, Any]) -> Swing:
    def numbers(name: str) -> tuple[float, ...] | None:
        return None if values[name] is None else tuple(float(one) for one in values[name])

    return Swing(str(values["file_name"]), numbers("as_trained") or (), numbers("masks"), numbers("crop"))


def _best(probabilities: Sequence[float]) -> int:
    return max(range(len(probabilities)), key=lambda at: probabilities[at])
