"""A run's model to take away: an ONNX file with all that belongs to it, and a model card beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.evaluation.figures import read_figures
from curator.evaluation.model_card import model_card
from curator.evaluation.predict_files import usual_fill
from curator.manifest.files import write_text
from curator.records import Event
from curator.training.onnx_export import ModelWritten, write_onnx
from curator.training.onnx_model import SUFFIX
from curator.training.runs import load_run


@dataclass(frozen=True, slots=True)
class ModelExported(Event):
    """The model and its card were written; OpenCV's probabilities differ from torch's by at most `difference`."""

    model: Path
    card: Path
    difference: float


def export_model(run_dir: Path, out: Path) -> Iterator[Event]:
    """Yields `Progress`, ends with `ModelExported`. `out` gets the suffix .onnx if it has none, the card .md.

    Raises `TrainingError` or `ManifestError` where the run can't be used, or the package `onnx` is missing.
    """
    out = out if out.suffix.lower() == SUFFIX else out.with_name(out.name + SUFFIX)
    run = load_run(run_dir)
    manifest = run.manifest()
    for event in write_onnx(run_dir, out, fill=usual_fill(manifest), profile=manifest.info.profile):
        if not isinstance(event, ModelWritten):
            yield event
            continue
        text = model_card(
            run,
            manifest,
            event.facts,
            read_figures(run_dir),
            difference=event.difference,
            file=out.name,
        )
        card = out.with_suffix(".md")
        write_text(card, text)
        yield ModelExported(out, card, event.difference)
