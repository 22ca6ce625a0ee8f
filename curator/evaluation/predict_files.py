"""A run's probabilities for new files, which are cleaned as its dataset was: proposed, rendered, predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from curator.errors import ImageError
from curator.imaging.decode import RGB, decode, read_bytes, sha256
from curator.imaging.render import network_input
from curator.manifest.files import Manifest
from curator.records import DEFAULT_FILL, Edits, Event, Fill, Prediction, Profile, Progress, Warned
from curator.training.config import Cleaning
from curator.training.data import cleaned

Target: TypeAlias = Literal["head", "brain"]

# Images that wait for the network together; 16 squares of 224 px are 2.4 MB.
_BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class FilePredicted(Event):
    """What the run says of one file; `prediction.file_name` is the path as it was given."""

    prediction: Prediction


def predict_files(
    run_dir: Path, files: Sequence[Path], *, target: Target = "head", device: str = "auto"
) -> Iterator[Event]:
    """Yields a `FilePredicted` for each file in order, `Progress`, and a `Warned` for what cannot be read.

    Crop and masks are proposed under the profile of the run's manifest, masks filled as most of its kept
    images are, as far as the run was trained on cleaned images; the pixels go through the one renderer.
    Raises `TrainingError` or `ManifestError` where the run cannot be used.
    """
    from curator.training.inference import Predictor
    from curator.training.runs import load_run

    run = load_run(run_dir)
    manifest = run.manifest()
    predictor = Predictor(run_dir, device=device)
    fill = usual_fill(manifest)
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
            edits = proposed_edits(image, manifest.info.profile, target, fill, run.config.cleaning)
            squares.append(network_input(image, edits, run.config.image_size, run.config.resize))
            names.append((file, sha256(data)))
        if squares:
            for (file, digest), row in zip(names, predictor.probabilities(np.stack(squares)), strict=True):
                yield FilePredicted(_prediction(file, digest, run.classes, row.tolist()))
        yield Progress(min(start + _BATCH, len(files)), len(files), "Predicting")


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
