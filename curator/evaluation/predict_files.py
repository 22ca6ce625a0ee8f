"""A model's probabilities for new files, which are cleaned as its dataset was: proposed, rendered, predicted.

The model is a run, which needs torch, or what was exported of one as ONNX, which needs OpenCV alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from curator.errors import ImageError
from curator.imaging.decode import RGB, decode, read_bytes, sha256
from curator.imaging.render import Resize, network_input
from curator.manifest.files import Manifest
from curator.records import DEFAULT_FILL, Edits, Event, Fill, Prediction, Profile, Progress, Warned
from curator.training.config import Cleaning
from curator.training.data import Images, cleaned
from curator.training.onnx_model import SUFFIX, OnnxPredictor, read_facts
from curator.training.runs import load_run

Target: TypeAlias = Literal["head", "brain"]

# Images that wait for the network together; 16 squares of 224 px are 2.4 MB.
_BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class FilePredicted(Event):
    """What the run says of one file; `prediction.file_name` is the path as it was given."""

    prediction: Prediction


class Model(Protocol):
    """What gives probabilities, (n, classes), for rendered images `uint8` (n, side, side, 3)."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    def probabilities(self, images: Images) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a new image becomes a model's input: which proposals, how much of them, how filled, how fitted."""

    profile: Profile
    cleaning: Cleaning
    fill: Fill
    image_size: int
    resize: Resize


def is_exported(path: Path) -> bool:
    """Whether it is a model's file and not a run's folder."""
    return path.suffix.lower() == SUFFIX and not path.is_dir()


def classes_of(source: Path) -> tuple[str, ...]:
    """The classes of a run or of an exported model, in the order of its probabilities. Raises `TrainingError`."""
    return read_facts(source).classes if is_exported(source) else load_run(source).classes


def predict_files(
    source: Path, files: Sequence[Path], *, target: Target = "head", device: str = "auto"
) -> Iterator[Event]:
    """Yields a `FilePredicted` for each file in order, `Progress`, and a `Warned` for what cannot be read.

    `source` is a run's folder or an exported model's file. Crop and masks are proposed under the profile of the
    run's manifest, masks filled as most of its kept images are, as far as the run was trained on cleaned images;
    the pixels go through the one renderer. Raises `TrainingError` or `ManifestError` where it cannot be used.
    """
    model, recipe = _model(source, device)
    yield Progress(0, len(files), "Predicting")
    for start in range(0, len(files), _BATCH):
        names: list[tuple[Path, str]] = []
        squares: list[RGB] = []
        for file in files[start : start + _BATCH]:
            try:
                data = read_bytes(file)
                image = decode(data, str(file))
            except ImageError as error:
                yield Warned(str(error), {"file_name": str(file)})
                continue
            edits = proposed_edits(image, recipe.profile, target, recipe.fill, recipe.cleaning)
            squares.append(network_input(image, edits, recipe.image_size, recipe.resize))
            names.append((file, sha256(data)))
        if squares:
            for (file, digest), row in zip(names, model.probabilities(np.stack(squares)), strict=True):
                yield FilePredicted(_prediction(file, digest, model.classes, row.tolist()))
        yield Progress(min(start + _BATCH, len(files)), len(files), "Predicting")


def _model(source: Path, device: str) -> tuple[Model, Recipe]:
    if is_exported(source):
        exported = OnnxPredictor(source)
        facts = exported.facts
        return exported, Recipe(facts.profile, facts.cleaning, facts.fill, facts.image_size, facts.resize)
    from curator.training.inference import Predictor

    run = load_run(source)
    config, manifest = run.config, run.manifest()
    recipe = Recipe(
        manifest.info.profile, config.cleaning, usual_fill(manifest), config.image_size, config.resize
    )
    return Predictor(source, device=device), recipe


def proposed_edits(image: RGB, profile: Profile, target: Target, fill: Fill, cleaning: Cleaning) -> Edits:
    """As much of what is proposed for an image as a run of that `cleaning` takes over."""
    if cleaning == "raw":
        return Edits()
    from curator.proposals import propose_image

    proposal = propose_image(image, profile=profile, target=target)
    return cleaned(Edits(proposal.crop, proposal.masks, fill), cleaning)


def _prediction(file: Path, digest: str, classes: Sequence[str], row: Sequence[float]) -> Prediction:
    best = max(range(len(classes)), key=lambda index: row[index])
    return Prediction(str(file), digest, None, None, None, classes[best], tuple(row), None)


def usual_fill(manifest: Manifest) -> Fill:
    """How masks of most of its kept images are filled."""
    fills: Counter[Fill] = Counter(row.fill for row in manifest.rows if row.decision == "keep")
    return fills.most_common(1)[0][0] if fills else DEFAULT_FILL
