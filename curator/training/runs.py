"""A run is a folder: plan, manifest, metrics, checkpoints, predictions, log. Reading, listing and naming them."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from curator import __version__
from curator.errors import CuratorError, TrainingError
from curator.manifest.files import INFO, LINES, Manifest, read_manifest, write_text
from curator.records import SPLITS, Split
from curator.training.config import TrainConfig
from curator.training.events import EpochMetrics, Phase

Status: TypeAlias = Literal["finished", "stopped"]

CONFIG = "config.json"
METRICS = "metrics.csv"
BEST = "best.pt"
LAST = "last.pt"
PREDICTIONS = "predictions.jsonl"
LOG = "log.txt"
# What a person calls the run; a file of its own, so that naming never races the training that rewrites the rest.
NAME = "name.txt"
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Run:
    """What a run's folder says. `sizes` are images trained, validated and tested on; `finished` if the plan
    was worked to its end; `ranks` the number of processes that trained it together."""

    folder: Path
    config: TrainConfig
    classes: tuple[str, ...]
    root: Path
    sizes: dict[Split, int]
    device: str
    weights_message: str
    pretrained: bool
    metrics: tuple[EpochMetrics, ...]
    finished: bool
    started_at: float
    ranks: int = 1

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def best(self) -> EpochMetrics | None:
        """The epoch with the lowest validation loss, which `best.pt` holds; None before the first."""
        return min(self.metrics, key=lambda row: (row.val_loss, row.epoch), default=None)

    def manifest(self) -> Manifest:
        """The manifest it was trained on. Raises `ManifestError`."""
        return read_manifest(self.folder)


def new_run_dir(folder: Path, config: TrainConfig, kind: str = "") -> Path:
    """A folder that is not there yet, `folder/runs/<date>-<time>[-<kind>]-<backbone>`. It is not created."""
    stem = "-".join(part for part in (time.strftime("%Y%m%d-%H%M%S"), kind, config.backbone) if part)
    path = folder / "runs" / stem
    number = 2
    while path.exists():
        path = folder / "runs" / f"{stem}-{number}"
        number += 1
    return path


def list_runs(folder: Path) -> list[Run]:
    """The readable runs below `folder/runs`, newest first; a damaged one is left out."""
    found = []
    for path in sorted((folder / "runs").glob(f"*/{CONFIG}")):
        try:
            found.append(load_run(path.parent))
        except CuratorError:
            continue
    return sorted(found, key=lambda run: (-run.started_at, run.name))


def load_run(folder: Path) -> Run:
    """Reads a run. Raises `TrainingError` naming the file that is missing or damaged."""
    path = folder / CONFIG
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        sizes = {split: int(values["sizes"].get(split, 0)) for split in SPLITS}
        run = Run(
            folder=folder,
            config=TrainConfig.from_values(values["plan"]),
            classes=tuple(str(name) for name in values["classes"]),
            root=Path(values["root"]),
            sizes=sizes,
            device=str(values["device"]),
            weights_message=str(values["weights"]),
            pretrained=bool(values["pretrained"]),
            metrics=(),
            finished=bool(values["finished"]),
            started_at=float(values["started_at"]),
            ranks=int(values.get("ranks", 1)),
        )
    except OSError as error:
        raise TrainingError(f"{folder} is not a run: {CONFIG} can't be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path} is damaged ({error}): the run can't be used; train again.") from error
    return replace(run, metrics=read_metrics(folder / METRICS))


def given_name(folder: Path) -> str:
    """What a person called the run in `folder`; "" where nobody did."""
    try:
        return (folder / NAME).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def give_name(folder: Path, name: str) -> None:
    """Calls the run in `folder` by a name of one line, at most 120 characters; "" takes the name away.

    Raises `OSError` where the folder can't be written.
    """
    words = " ".join(name.split())[:_LONGEST_NAME]
    if words:
        write_text(folder / NAME, words + "\n")
    else:
        (folder / NAME).unlink(missing_ok=True)


def write_config(run: Run) -> None:
    """Writes `config.json`, whole or not at all."""
    values: dict[str, Any] = {
        "plan": asdict(run.config),
        "classes": list(run.classes),
        "root": str(run.root),
        "sizes": run.sizes,
        "device": run.device,
        "weights": run.weights_message,
        "pretrained": run.pretrained,
        "finished": run.finished,
        "started_at": run.started_at,
        "ranks": run.ranks,
        "app_version": __version__,
    }
    write_text(run.folder / CONFIG, json.dumps(values, indent=2) + "\n")


def sweep(folder: Path) -> None:
    """Removes the unfinished files that a process which was killed while writing has left in a run's folder."""
    for name in (CONFIG, METRICS, BEST, LAST, LINES, INFO):
        for path in folder.glob(f".{name}.*"):
            path.unlink(missing_ok=True)


def copy_manifest(manifest: Manifest, folder: Path) -> None:
    """Puts both manifest files into the run's folder, byte for byte."""
    for name in (LINES, INFO):
        write_text(folder / name, (manifest.folder / name).read_text(encoding="utf-8"))


def write_metrics(path: Path, rows: Sequence[EpochMetrics]) -> None:
    """Writes `metrics.csv`: a header and a row an epoch; a metric that is not defined is empty."""
    buffer = io.StringIO()
    names = [one.name for one in fields(EpochMetrics)]
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if value is None else value for name, value in asdict(row).items()})
    write_text(path, buffer.getvalue())


def read_metrics(path: Path) -> tuple[EpochMetrics, ...]:
    """Reads `metrics.csv`; empty where there is none yet. Raises `TrainingError` if it is damaged."""
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(_metrics_of(row) for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise TrainingError(f"{path} is damaged ({error}): the run can't be used; train again.") from error


def _metrics_of(row: dict[str, str]) -> EpochMetrics:
    numbers = {name: float(value) for name, value in row.items() if name not in ("epoch", "phase") and value}
    return EpochMetrics(
        epoch=int(row["epoch"]),
        phase=cast(Phase, row["phase"]),
        val_auroc=numbers.pop("val_auroc", None),
        **numbers,
    )
