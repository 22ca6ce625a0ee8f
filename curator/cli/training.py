"""The commands on networks: `train`, `evaluate`, `predict`, `models`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from curator.cli.output import complain, drawn, say, say_json, table
from curator.errors import CuratorError, TrainingError
from curator.records import Prediction

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval
    from curator.training.config import TrainConfig


def train(
    manifest: Path = typer.Argument(..., help="A manifest.jsonl, or the folder that holds it."),
    root: Path | None = typer.Option(None, "--root", help="Where the images lie, if not where it says."),
    backbone: str | None = typer.Option(None, "--backbone", help="A name that `curator models` lists."),
    preset: str = typer.Option("fine-tune", "--preset", help="quick-look, fine-tune or from-scratch."),
    epochs: int | None = typer.Option(None, "--epochs", min=1, help="Epochs in all."),
    seed: int | None = typer.Option(None, "--seed", min=0),
    weights: str | None = typer.Option(None, "--weights", help="imagenet, none, or a weights file."),
    image_size: int | None = typer.Option(None, "--image-size", min=32, help="Side of the input in pixels."),
    batch_size: int | None = typer.Option(None, "--batch-size", min=2),
    device: str | None = typer.Option(None, "--device", help="auto, cpu, cuda, cuda:1, mps."),
    out: Path | None = typer.Option(None, "--out", help="The run's folder; default: runs/ beside the manifest."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the unfinished run in --out."),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> int:
    """Train a classifier on MANIFEST and evaluate it on the locked test split."""
    from curator.manifest.files import read_manifest
    from curator.training import events, loop
    from curator.training.config import TrainConfig
    from curator.training.device import keep_memory
    from curator.training.runs import load_run, new_run_dir

    read = read_manifest(manifest)
    if resume:
        if out is None:
            raise typer.BadParameter("--resume needs the run's folder.", param_hint="--out")
        config = load_run(out).config
        if epochs is not None:
            config = replace(config, epochs=epochs)
    else:
        config = _configured(
            TrainConfig.preset_named(preset), backbone, epochs, seed, weights, image_size, batch_size, device
        )
    run_dir = out if out is not None else new_run_dir(read.folder, config)
    keep_memory()
    best: events.EpochDone | None = None
    for event in drawn(loop.fit(read, config, run_dir, root=root, resume=resume)):
        if isinstance(event, events.Started):
            sizes = ", ".join(f"{count} {split}" for split, count in event.sizes.items())
            complain(f"{config.backbone} on {event.device}: {sizes}. {event.weights_message}")
        elif isinstance(event, events.EpochDone):
            complain(_epoch_line(event, config.epochs))
            best = event
    if best is None:
        raise TrainingError(f"{run_dir} is complete already: give a larger --epochs to extend it.")
    return _evaluated(run_dir, None, root, None, None, as_json)


def evaluate(
    run: Path = typer.Argument(..., help="A run's folder."),
    manifest: Path | None = typer.Option(None, "--manifest", help="Another manifest than the run's own."),
    root: Path | None = typer.Option(None, "--root", help="Where the images lie, if not where it says."),
    out: Path | None = typer.Option(None, "--out", help="Write the result as JSON here."),
    report: Path | None = typer.Option(None, "--report", help="Write a self-contained HTML report here."),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> int:
    """Evaluate RUN on the test split: metrics with 95 % intervals, a prediction for every image."""
    return _evaluated(run, manifest, root, out, report, as_json)


def predict(
    run: Path = typer.Argument(..., help="A run's folder."),
    images: list[Path] = typer.Argument(..., help="Image files, cleaned the same way first."),
    as_json: bool = typer.Option(False, "--json", help="Print the probabilities as JSON."),
) -> int:
    """Print the probabilities that RUN gives to new images."""
    from curator.training.runs import load_run
    from curator.workflow.predict import FilePredicted, predict_files

    classes = load_run(run).classes
    found: list[Prediction] = []
    for event in drawn(predict_files(run, images)):
        if isinstance(event, FilePredicted):
            found.append(event.prediction)
    if as_json:
        say_json([{**_plain(one), "probabilities": dict(zip(classes, one.probabilities, strict=True))} for one in found])
    elif found:
        rows = [[one.file_name, one.predicted, *(f"{p:.3f}" for p in one.probabilities)] for one in found]
        table(["image", "predicted", *classes], rows)
    if len(found) < len(images):
        complain(f"{len(images) - len(found)} of {len(images)} images could not be predicted.")
        return 1
    return 0


def models(
    fetch: str | None = typer.Option(None, "--fetch", help="Download the ImageNet weights of this backbone."),
    layers: str | None = typer.Option(None, "--layers", help="Show the layers of this backbone."),
    measure: bool = typer.Option(True, help="Measure the latency on this machine."),
    as_json: bool = typer.Option(False, "--json", help="Print as JSON."),
) -> int:
    """List the backbones; fetch weights; show layers with shapes, parameters and multiply-adds."""
    from curator.training import backbones, summary

    if fetch is not None:
        card = backbones.card_named(fetch)
        for _ in drawn(backbones.fetch_weights(card)):
            pass
        say(backbones.find_weights(card).message)
        return 0
    if layers is not None:
        rows = summary.layer_table(backbones.card_named(layers))
        if as_json:
            say_json([asdict(row) for row in rows])
        else:
            table(
                ["layer", "kind", "output", "parameters", "multiply-adds"],
                [
                    [row.name, row.kind, "x".join(map(str, row.output)), f"{row.parameters:,}", f"{row.macs:,}"]
                    for row in rows
                ],
            )
        return 0
    found = [summary.summarise_backbone(card, measure=measure) for card in backbones.cards()]
    if as_json:
        say_json([asdict(one) for one in found])
        return 0
    table(
        ["backbone", "parameters", "multiply-adds", "top-1", "latency here", "weights"],
        [
            [
                one.name,
                f"{one.parameters / 1e6:.1f} M",
                f"{one.macs / 1e9:.2f} G",
                f"{one.top1:.1f} %" if one.top1 is not None else "-",
                f"{one.latency_ms:.0f} ms" if one.latency_ms is not None else "-",
                one.weights,
            ]
            for one in found
        ],
    )
    return 0
