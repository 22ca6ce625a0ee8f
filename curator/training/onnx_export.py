"""A run's network as one ONNX file, with its preprocessing and its classes inside.

By PyTorch's TorchScript exporter: it needs no package but `onnx`, is done in a second, works with every torch
that Curator does, and gives what OpenCV's `dnn` reads (docs/adr/0014).
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from curator import __version__
from curator.errors import TrainingError
from curator.records import Event, Fill, Profile, Progress
from curator.training.inference import Predictor
from curator.training.network import Network
from curator.training.onnx_model import INPUT, OUTPUT, ModelFacts, OnnxPredictor
from curator.training.package_index import sha256_of
from curator.training.runs import BEST

NEEDS_ONNX: Final = (
    "Exporting a model needs the package onnx, which is not installed: pip install 'curator-studio[onnx]'"
)
# The most by which a probability may differ between torch and OpenCV.
TOLERANCE: Final = 1e-4

_OPSET: Final = 17
_CHECKED: Final = 4


@dataclass(frozen=True, slots=True)
class ModelWritten(Event):
    """The file was written and read back; no probability of the images it was checked with differs by more than
    `difference` from torch's."""

    path: Path
    facts: ModelFacts
    difference: float


class _Whole(nn.Module):
    """From RGB `uint8` (n, s, s, 3) to probabilities (n, classes)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """What `Predictor` does to rendered images."""
        inputs = self.network.normalised(images.permute(0, 3, 1, 2).float() / 255)
        return torch.softmax(self.network(inputs), 1)


def write_onnx(run_dir: Path, out: Path, *, fill: Fill, profile: Profile) -> Iterator[Event]:
    """Yields `Progress`, ends with `ModelWritten`; the file is whole or not there.

    What is written is read back by OpenCV and asked about some images; where it does not say what torch says,
    nothing is left. Raises `TrainingError` where the run can't be used or the package `onnx` is missing.
    """
    if importlib.util.find_spec("onnx") is None:
        raise TrainingError(NEEDS_ONNX)
    yield Progress(0, 3, "Loading the network")
    predictor = Predictor(run_dir, device="cpu")
    run, side = predictor.run, predictor.run.config.image_size
    facts = ModelFacts(
        classes=run.classes,
        image_size=side,
        resize=run.config.resize,
        cleaning=run.config.cleaning,
        fill=fill,
        profile=profile,
        backbone=run.config.backbone,
        run=run.name,
        checkpoint=sha256_of(run_dir / BEST),
        manifest=run.manifest().info.sha256,
        app_version=__version__,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".onnx")
    os.close(handle)
    part = Path(name)
    try:
        yield Progress(1, 3, "Writing the model")
        _export(predictor.network, side, part, facts)
        yield Progress(2, 3, "Checking the model")
        difference = _difference(predictor, part, side)
        if not difference <= TOLERANCE:
            raise TrainingError(
                f"The exported model says something else than the run (by {difference:.2g}): nothing was written. "
                "Report this with the run's config.json."
            )
        part.chmod(0o644)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    yield Progress(3, 3, "Checking the model")
    yield ModelWritten(out, facts, difference)


def _export(network: Network, side: int, path: Path, facts: ModelFacts) -> None:
    import onnx

    whole: Any = _Whole(network).to(memory_format=torch.contiguous_format)
    batch = {0: "batch"}
    with warnings.catch_warnings():
        # That the exporter is the older one, and that sizes become constants: both are meant.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole.eval(),
            (torch.zeros((2, side, side, 3), dtype=torch.uint8),),
            str(path),
            dynamo=False,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: batch, OUTPUT: batch},
            opset_version=_OPSET,
        )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, facts.to_metadata())
    model.producer_name, model.producer_version = "Curator", facts.app_version
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _difference(predictor: Predictor, path: Path, side: int) -> float:
    """The largest by which a probability differs, over images of noise and of plain grey."""
    drawn = np.random.default_rng(0).integers(0, 256, (_CHECKED, side, side, 3), np.uint8)
    drawn[-1] = 128
    return float(np.abs(OnnxPredictor(path).probabilities(drawn) - predictor.probabilities(drawn)).max())
