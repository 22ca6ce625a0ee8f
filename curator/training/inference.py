"""From a run's best checkpoint to probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.manifest.schema import ManifestRow
from curator.records import Event, Prediction, Split
from curator.training import checkpoint, runs
from curator.training.backbones import card_named, rebuilt
from curator.training.data import Images, load_images
from curator.training.device import pick
from curator.training.events import Predicted

_BATCH = 32
# Images worked between two yields on the CPU, so that predicting can be stopped quickly.
_SLOW_BATCH = 8


class Predictor:
    """A trained network ready to use. Raises `TrainingError` where the run can't be used."""

    def __init__(self, run_dir: Path, *, device: str = "auto") -> None:
        self.run = runs.load_run(run_dir)
        self.classes = self.run.classes
        self.device = torch.device(pick(device))
        state = checkpoint.load(run_dir / runs.BEST, "model", "epoch")
        self.epoch = int(state["epoch"])
        card = card_named(self.run.config.backbone)
        try:
            self.network = rebuilt(card, state["model"], len(self.classes), dropout=self.run.config.dropout)
        except (RuntimeError, AttributeError, TypeError) as error:
            raise TrainingError(f"{run_dir / runs.BEST} does not fit {card.title}: train again.") from error
        self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.eval()

    def tensor(self, images: Images) -> torch.Tensor:
        """Rendered images, `uint8` (n, s, s, 3), as the network's normalised input (n, 3, s, s)."""
        raw = torch.from_numpy(np.ascontiguousarray(images)).to(self.device)
        return self.network.normalised(raw.permute(0, 3, 1, 2).float().div_(255))

    def probabilities(self, images: Images) -> npt.NDArray[np.float64]:
        """Class probabilities, shape (n, classes), of rendered images `uint8` (n, s, s, 3)."""
        parts = [np.zeros((0, len(self.classes)))]
        with torch.inference_mode():
            for start in range(0, len(images), _BATCH):
                logits = self.network(self.tensor(images[start : start + _BATCH]))
                parts.append(torch.softmax(logits.double(), 1).cpu().numpy())
        return np.concatenate(parts)


def predict_manifest(
    run_dir: Path,
    *,
    manifest: Manifest | None = None,
    root: Path | None = None,
    splits: Sequence[Split | None] = ("test",),
    device: str = "auto",
) -> Iterator[Event]:
    """Yields `Predicted` for the kept images of the given splits (None: those in no split), with `Progress`
    and `Warned`.

    The manifest is the run's own unless another is given; images are rendered as in training.
    """
    run = runs.load_run(run_dir)
    if root is None:
        root = run.root if manifest is None else manifest.root
    if manifest is None:
        manifest = run.manifest()
    rows = [row for row in manifest.rows if row.decision == "keep" and row.split in splits]
    yield from predict_rows(run_dir, rows, root, device=device)


def predict_rows(
    run_dir: Path, rows: Sequence[ManifestRow], root: Path, *, device: str = "auto"
) -> Iterator[Event]:
    """Yields `Predicted` for these images, whatever their decision, with `Progress` and `Warned`.

    `file_name` is relative to `root`. Raises `TrainingError` where the run can't be used.
    """
    predictor = Predictor(run_dir, device=device)
    run = predictor.run
    step = _SLOW_BATCH if predictor.device.type == "cpu" else _BATCH
    loaded = yield from load_images(rows, root, run.config.image_size, run.config.resize, run.config.cleaning)
    for start in range(0, len(loaded.rows), step):
        part = loaded.rows[start : start + step]
        found = predictor.probabilities(loaded.images[start : start + step])
        yield Predicted(tuple(_prediction(row, p, run.classes) for row, p in zip(part, found, strict=True)))


def _prediction(
    row: ManifestRow, probabilities: npt.NDArray[np.float64], classes: Sequence[str]
) -> Prediction:
    known = row.label in classes
    loss = -math.log(max(float(probabilities[classes.index(row.label)]), 1e-12)) if known else None
    return Prediction(
        file_name=row.file_name,
        sha256=row.sha256,
        label=row.label,
        split=row.split,
        group=row.group,
        predicted=classes[int(probabilities.argmax())],
        probabilities=tuple(float(value) for value in probabilities),
        loss=loss,
    )
