"""The commands on networks: `train`, `evaluate`, `predict`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from curator.cli import validation
from curator.cli.heat import measure_heat
from curator.cli.output import complain, drawn, say, say_json, table
from curator.cli.queues import list_queues
from curator.cli.rates import find_rates
from curator.errors import CuratorError, TrainingError

if TYPE_CHECKING:
    from curator.training.events import EpochDone, Started


def train(
    manifest: Path = typer.Argument(..., help="A manifest.jsonl, or the folder that holds it."),
    root: Path | None = typer.Option(None, "--root", help="Where the images lie, if not where it says."),
    backbone: str | None = typer.Option(None, "--backbone", help="A name that `curator models` lists."),
    preset: str = typer.Option("fine-tune", "--preset", help="quick-look, fine-tune or from-scratch."),
    epochs: int | None = typer.Option(None, "--epochs", min=1, help="Epochs in all."),
    seed: int | None = typer.Option(None, "--seed", min=0),
    weights: str | None = typer.Option(None, "--weights", help="imagenet, none, or a weights file."),
    image_size: int | None = typer.Option(None, "--image-size", min=32, help="Side of the input in pixels."),
    batch_size: int | None = typer.Option(None, "--batch-size", min=0, help="0 finds it."),
    optimiser: str | None = typer.Option(None, "--optimiser", help="adamw or sgd."),
    schedule: str | None = typer.Option(None, "--schedule", help="plateau, cosine or constant."),
    balance: str | None = typer.Option(None, "--balance", help="class-weights, sampling or none."),
    precision: str | None = typer.Option(None, "--precision", help="auto, float32, bfloat16 or float16."),
    augmentation: str | None = typer.Option(
        None, "--augmentation", help="brain-mri, digits (no flips), photographs or none."
    ),
    cleaning: str | None = typer.Option(
        None,
        "--cleaning",
        help="Train on masked, cropped or raw images: crop and masks, crop alone, neither.",
    ),
    deterministic: bool | None = typer.Option(
        None, "--deterministic/--no-deterministic", help="The same numbers in each run, slower."
    ),
    strict: bool = typer.Option(False, "--strict", help="End where an image is gone or has changed."),
    device: str | None = typer.Option(None, "--device", help="auto, cpu, cuda, cuda:1, mps."),
    threads: int | None = typer.Option(None, "--threads", min=0, help="Of the CPU; 0 leaves it to PyTorch."),
    out: Path | None = typer.Option(
        None, "--out", help="The run's folder; default: runs/ beside the manifest."
    ),
    head_lr: float | None = typer.Option(None, "--head-lr", min=1e-8, help="Learning rate of the head."),
    lr: float | None = typer.Option(None, "--lr", min=1e-8, help="Learning rate once layers are open."),
    find_lr: bool = typer.Option(
        False, "--find-lr", help="Print which learning rates suit, with the curve of the loss; train nothing."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the unfinished run in --out."),
    folds: int | None = typer.Option(
        None, "--folds", min=2, help="Cross-validate: train so many times, each image predicted once."
    ),
    ablation: bool = typer.Option(
        False, "--ablation", help="Compare raw, cropped, and cropped and masked images; also with --folds."
    ),
    leave_out_test: bool = typer.Option(
        False, "--leave-out-test", help="With --folds: keep the test split out of it, fit to judge later."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> None:
    """Train a classifier on MANIFEST and evaluate it on the locked test split.

    With --folds or --ablation many are trained, and what they say together is printed.
    On several GPUs or machines: torchrun --nproc-per-node N -m curator train MANIFEST.
    """
    if resume and out is None:
        raise typer.BadParameter("--resume needs the run's folder.", param_hint="--out")
    if find_lr and (resume or ablation or folds is not None):
        raise typer.BadParameter(
            "it trains nothing, and a run that goes on keeps its rates: leave the other out.",
            param_hint="--find-lr",
        )
    if leave_out_test and folds is None:
        raise typer.BadParameter("only a cross-validation can: give --folds.", param_hint="--leave-out-test")
    given = {
        "backbone": backbone,
        "epochs": epochs,
        "seed": seed,
        "weights": weights,
        "image_size": image_size,
        "batch_size": batch_size,
        "optimiser": optimiser,
        "head_lr": head_lr,
        "lr": lr,
        "schedule": schedule,
        "balance": balance,
        "precision": precision,
        "augmentation": augmentation,
        "cleaning": cleaning,
        "deterministic": deterministic,
        "skip_unreadable": False if strict else None,
        "device": device,
        "threads": threads,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    asked = validation.Asked(folds or 0, ablation, not leave_out_test)
    goes_on = resume and out is not None and validation.is_validation(out)
    if out is not None and goes_on and (other := validation.other_than(out, changes, asked)):
        raise typer.BadParameter(
            "the plan of what is gone on with is fixed.", param_hint=f"--{other.replace('_', '-')}"
        )
    from curator.training.device import memory_kept
    from curator.training.ranks import are_several, speaks, world_rank

    try:
        many = goes_on or (not resume and (ablation or folds is not None))
        if are_several() and (many or find_lr):
            raise TrainingError("Only a single training is for several processes: start it without torchrun.")
        with memory_kept():
            if find_lr:
                find_rates(manifest, root, preset, changes, as_json)
                return
            if out is not None and goes_on:
                validation.go_on(out, root, threads, as_json)
                return
            if many:
                validation.begin(manifest, asked, preset, changes, out, root, as_json)
                return
            run_dir = _trained(manifest, root, preset, changes, out, resume)
    except CuratorError:
        if speaks():
            raise
        raise typer.Exit(1) from None
    if world_rank() == 0:
        _evaluated(run_dir, None, root, None, None, as_json)


def _trained(
    manifest: Path, root: Path | None, preset: str, changes: dict[str, Any], out: Path | None, resume: bool
) -> Path:
    """Trains, and returns the run's folder; of several processes the first alone reports."""
    from curator.manifest.files import read_manifest
    from curator.training import events, loop
    from curator.training.config import TrainConfig
    from curator.training.ranks import world_rank
    from curator.training.runs import load_run, new_run_dir

    read = read_manifest(manifest)
    if resume and out is not None:
        config = replace(load_run(out).config, **changes)
    else:
        config = replace(TrainConfig.preset_named(preset), **changes)
    run_dir = out if out is not None else new_run_dir(read.folder, config)
    quiet = world_rank() > 0
    for event in drawn(loop.fit(read, config, run_dir, root=root, resume=resume), quiet=quiet):
        if isinstance(event, events.BatchSizeFound) and not quiet:
            complain(event.message)
        elif isinstance(event, events.Started):
            run_dir = event.run_dir
            if not quiet:
                _say_started(event)
        elif isinstance(event, events.EpochDone) and not quiet:
            complain(_epoch_line(event, config.epochs))
    return run_dir


def evaluate(
    run: Path = typer.Argument(..., help="The folder of a run or of a cross-validation."),
    manifest: Path | None = typer.Option(None, "--manifest", help="Another manifest than the run's own."),
    root: Path | None = typer.Option(None, "--root", help="Where the images lie, if not where it says."),
    out: Path | None = typer.Option(None, "--out", help="Write the result as JSON here."),
    report: Path | None = typer.Option(None, "--report", help="Write a self-contained HTML report here."),
    against: Path | None = typer.Option(
        None, "--against", help="An earlier run that the report compares RUN with."
    ),
    queues: bool = typer.Option(False, "--queues", help="List what is probably wrong with the data instead."),
    heat: bool = typer.Option(
        False, "--heat", help="Measure how much of each image's heat map lies outside the head instead."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the result as JSON."),
) -> None:
    """Evaluate RUN on the test split: metrics with 95 % intervals, a prediction for every image.

    A cross-validation is not predicted anew: its figures are those of every image out of fold.
    """
    if against is not None and report is None:
        raise typer.BadParameter("only a report compares: give --report.", param_hint="--against")
    if heat:
        if queues or report is not None or out is not None:
            raise typer.BadParameter("it goes with --json alone: leave the others out.", param_hint="--heat")
        measure_heat(run, manifest, root, as_json)
        return
    if queues:
        if report is not None:
            raise typer.BadParameter("the report is of metrics: leave it out.", param_hint="--queues")
        list_queues(run, manifest, root, out, as_json)
        return
    _evaluated(run, manifest, root, out, report, as_json, against)


def predict(
    run: Path = typer.Argument(..., help="A run's folder, or a model that `curator export-model` wrote."),
    images: list[Path] = typer.Argument(..., help="Image files, cleaned the same way first."),
    as_json: bool = typer.Option(False, "--json", help="Print the probabilities as JSON."),
) -> None:
    """Print the probabilities that RUN gives to new images."""
    from curator.evaluation.predict_files import FilePredicted, classes_of, predict_files

    classes = classes_of(run)
    events = drawn(predict_files(run, images))
    found = [event.prediction for event in events if isinstance(event, FilePredicted)]
    if as_json:
        say_json(
            [
                {**asdict(one), "probabilities": dict(zip(classes, one.probabilities, strict=True))}
                for one in found
            ]
        )
    elif found:
        rows = [[one.file_name, one.predicted, *(f"{p:.3f}" for p in one.probabilities)] for one in found]
        table(["image", "predicted", *classes], rows)
    if len(found) < len(images):
        complain(f"{len(images) - len(found)} of {len(images)} images could not be predicted.")
        raise typer.Exit(1)


def _say_started(event: Started) -> None:
    sizes = ", ".join(f"{count} {split}" for split, count in event.sizes.items())
    where = event.device if event.ranks == 1 else f"{event.ranks} processes ({event.device})"
    complain(f"{event.config.backbone} on {where}: {sizes}. {event.weights_message}")


def _epoch_line(event: EpochDone, epochs: int) -> str:
    row = event.metrics
    return (
        f"epoch {row.epoch}/{epochs}  loss {row.train_loss:.3f} / {row.val_loss:.3f}  "
        f"balanced accuracy {row.val_balanced_accuracy:.3f}  lr {row.learning_rate:.1e}  "
        f"{row.images_per_second:.0f} images/s"
    )


def _evaluated(
    run: Path,
    manifest: Path | None,
    root: Path | None,
    out: Path | None,
    report: Path | None,
    as_json: bool,
    against: Path | None = None,
) -> None:
    """Evaluates, writes what was asked for, and prints the summary."""
    from curator.cli.comparing import report_on, results_of
    from curator.evaluation.curve_bands import headline
    from curator.evaluation.honesty import checks, too_good, warning
    from curator.evaluation.intervals import intervals_of
    from curator.evaluation.shortcut_audit import find_audit
    from curator.manifest.files import read_manifest, write_text
    from curator.training.device import memory_kept

    read = read_manifest(manifest) if manifest is not None else None
    with memory_kept():
        done = results_of(run, read, root)
        summary = done.summary
        curves = headline(done.predictions, summary.classes)
        answer = {
            "run": str(run),
            **summary.to_json(),
            "curves": curves,
            "predictions": [asdict(p) for p in done.predictions],
        }
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_text(out, json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        if report is not None:
            report_on(done, report, read, against)
    if as_json:
        say_json(answer)
        return
    say(f"{done.split or 'out of fold'}: {summary.n_images} images in {summary.n_groups} groups")
    for name, interval in (summary.metrics | intervals_of(curves["figures"])).items():
        if interval is not None:
            say(
                f"  {name.replace('_', ' '):<26} {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
            )
    say(f"  {'majority class':<26} {summary.majority:.3f}")
    found = too_good(summary)
    if found:
        used = read or done.run.manifest()
        say(f"\n{warning(found)}")
        known = find_audit(run, used.info.sha256)
        for one in checks(summary, used.rows, done.split, touched=used.info.test_touched, audit=known):
            say(f"  {one.title}: {one.known}\n    {one.todo}")
