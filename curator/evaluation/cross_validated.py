"""What a cross-validation has found, and its folder: `cross_validation.json` and `predictions.jsonl`.

No torch here, and the manifest only where it is read: the window's page imports this on its own thread.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from curator import __version__
from curator.errors import CuratorError, TrainingError
from curator.evaluation.intervals import Interval, Summary, intervals_of, plain_intervals
from curator.records import Prediction
from curator.training.config import TrainConfig

if TYPE_CHECKING:
    from curator.manifest.files import Manifest

RESULT: Final = "cross_validation.json"
PREDICTIONS: Final = "predictions.jsonl"
SCHEMA: Final = "curator-cross-validation/1"


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One fold, counted from 1: its run's folder below the cross-validation's, how many images were trained,
    validated and predicted on, its best epoch of so many worked, and its figures (None if not defined).

    `majority` is the accuracy of always saying the fold's most frequent class; `seconds` that of training.
    """

    fold: int
    folder: str
    train: int
    val: int
    images: int
    groups: int
    epochs: int
    best_epoch: int
    seconds: float
    metrics: dict[str, float | None]
    majority: float


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """A cross-validation as far as it has come; `finished` once every fold is in `done`.

    `images` and `groups` take part, `test_images` of them from the locked test split (with `include_test`; else
    so many are left out). `mean` is over folds, its intervals by Student's t; `pooled` over the predictions of
    all folds at once, its intervals by bootstrap over groups. `missing` names images that could not be read.
    """

    folder: Path
    config: TrainConfig
    folds: int
    include_test: bool
    classes: tuple[str, ...]
    root: Path
    images: int
    groups: int
    test_images: int
    started_at: float
    done: tuple[FoldResult, ...] = ()
    mean: dict[str, Interval | None] | None = None
    pooled: Summary | None = None
    missing: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether every fold is done."""
        return len(self.done) == self.folds

    @property
    def seconds(self) -> float:
        """Training time of the folds that are done."""
        return sum(one.seconds for one in self.done)

    def manifest(self) -> Manifest:
        """The manifest whose kept images are divided into folds. Raises `ManifestError`."""
        from curator.manifest.files import read_manifest

        return read_manifest(self.folder)

    def about_test(self) -> str:
        """What it means for the locked test split, in one or two sentences."""
        return about_test(self.images, self.test_images, include_test=self.include_test)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "schema": SCHEMA,
            "finished": self.finished,
            "folds": self.folds,
            "include_test": self.include_test,
            "about_test": self.about_test(),
            "plan": asdict(self.config),
            "classes": list(self.classes),
            "root": str(self.root),
            "images": self.images,
            "groups": self.groups,
            "test_images": self.test_images,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "app_version": __version__,
            "done": [asdict(one) for one in self.done],
            "mean": None if self.mean is None else plain_intervals(self.mean),
            "pooled": self.pooled.to_json() if self.pooled else None,
            "missing": list(self.missing),
        }


def about_test(images: int, test_images: int, *, include_test: bool) -> str:
    """Whether the locked test split takes part, and what follows from that, in one or two sentences."""
    if not test_images:
        return f"All {images} kept images take part; none of them is in the test split."
    if not include_test:
        return (
            f"The {test_images} images of the locked test split are left out: "
            "they can still judge what is chosen by these figures."
        )
    return (
        f"All {images} kept images take part, the {test_images} of the locked test split included: "
        "whatever is chosen by these figures is no longer judged fairly by that test split."
    )


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """The prediction of an image by the one network that did not learn from its fold, counted from 1.

    `prediction.split` is the image's split in the manifest, not that within the fold.
    """

    fold: int
    prediction: Prediction


def read_cross_validation(folder: Path) -> CrossValidation:
    """Reads a cross-validation's folder. Raises `TrainingError` where it is none, or damaged."""
    path = folder / RESULT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["schema"] != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        return CrossValidation(
            folder=folder,
            config=TrainConfig.from_values(values["plan"]),
            folds=int(values["folds"]),
            include_test=bool(values["include_test"]),
            classes=tuple(values["classes"]),
            root=Path(values["root"]),
            images=int(values["images"]),
            groups=int(values["groups"]),
            test_images=int(values["test_images"]),
            started_at=float(values["started_at"]),
            done=tuple(FoldResult(**one) for one in values["done"]),
            mean=None if values["mean"] is None else intervals_of(values["mean"]),
            pooled=Summary.from_json(values["pooled"]) if values["pooled"] else None,
            missing=tuple(values["missing"]),
        )
    except OSError as error:
        raise TrainingError(
            f"{folder} is no cross-validation: {RESULT} can't be read ({error.strerror})."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path} is damaged ({error}): cross-validate again.") from error


def write_cross_validation(result: CrossValidation, predictions: Sequence[OutOfFold]) -> None:
    """Writes the predictions, then the result that counts them in; each whole or not at all."""
    from curator.manifest.files import write_text

    result.folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(predictions, key=lambda one: one.prediction.file_name)
    lines = (
        json.dumps({**asdict(one.prediction), "fold": one.fold}, ensure_ascii=False) + "\n" for one in ordered
    )
    write_text(result.folder / PREDICTIONS, "".join(lines))
    write_text(result.folder / RESULT, json.dumps(result.to_json(), ensure_ascii=False, indent=2) + "\n")


def read_out_of_fold(folder: Path) -> tuple[OutOfFold, ...]:
    """The out-of-fold predictions so far, in order of `file_name`: one for every image of the folds done.

    Raises `TrainingError` naming the line that is damaged.
    """
    from curator.training.predictions import prediction_of, read_lines

    def made(values: dict[str, Any]) -> OutOfFold:
        fold = int(values.pop("fold"))
        return OutOfFold(fold, prediction_of(values))

    return read_lines(folder / PREDICTIONS, made)


def list_cross_validations(folder: Path) -> list[CrossValidation]:
    """The readable ones below `folder/runs`, newest first; a damaged one is left out."""
    found = []
    for path in sorted((folder / "runs").glob(f"*/{RESULT}")):
        try:
            found.append(read_cross_validation(path.parent))
        except CuratorError:
            continue
    return sorted(found, key=lambda one: (-one.started_at, one.folder.name))
