"""What an ablation has found, and its folder: `ablation.json`.

No torch here, and the manifest only where it is read: the window's page imports this on its own thread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from curator import __version__
from curator.errors import CuratorError, TrainingError
from curator.evaluation.cross_validated import about_test
from curator.evaluation.intervals import METRICS, Interval, Summary, intervals_of, plain_intervals
from curator.records import Split
from curator.training.config import Cleaning, TrainConfig

if TYPE_CHECKING:
    from curator.manifest.files import Manifest

RESULT: Final = "ablation.json"
SCHEMA: Final = "curator-ablation/1"

# From the least cleaned to the most: what `TrainConfig.cleaning` calls it, and what a person does.
CLEANINGS: Final[Mapping[Cleaning, str]] = {
    "raw": "Raw",
    "cropped": "Cropped",
    "masked": "Cropped and masked",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of cleaning: its folder below the ablation's (a run, or a cross-validation), and its figures.

    `mean` is that over folds, None on the fixed split; `seconds` is the time of training.
    """

    cleaning: Cleaning
    folder: str
    summary: Summary
    mean: dict[str, Interval | None] | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much each figure of `more` is above that of `less`, with paired intervals over the same groups."""

    more: Cleaning
    less: Cleaning
    metrics: dict[str, Interval | None]

    def words(self, metric: str = "balanced_accuracy") -> str:
        """One sentence for a person; for the loss a fall is the gain."""
        one = self.metrics.get(metric)
        if one is None:
            return f"{self.pair()}: {METRICS[metric]} is not defined."
        figures = f"{_signed(one.value)}, 95 % interval {_signed(one.low)} to {_signed(one.high)}"
        return f"{self.pair()}: {METRICS[metric]} {figures}: {self.verdict(metric)}."

    def pair(self) -> str:
        """What is compared."""
        return f"{CLEANINGS[self.more]} against {CLEANINGS[self.less].lower()}"

    def verdict(self, metric: str) -> str:
        """Whether zero lies outside the interval, in a few words."""
        one = self.metrics.get(metric)
        if one is None:
            return "not defined"
        if one.low <= 0 <= one.high:
            return "no clear difference"
        better = (one.value > 0) != (metric == "loss")
        return f"clearly {'better' if better else 'worse'}"


@dataclass(frozen=True, slots=True)
class Ablation:
    """An ablation as far as it has come; `finished` once every cleaning is in `variants`.

    With `folds` each is cross-validated on the same folds; 0 stands for the manifest's own split, judged on its
    `judged_on` images. `images` are those that are judged on, `test_images` those of them (with `include_test`;
    else those left out) that are of the locked test split.
    """

    folder: Path
    config: TrainConfig
    folds: int
    include_test: bool
    judged_on: Split
    classes: tuple[str, ...]
    root: Path
    images: int
    test_images: int
    started_at: float
    variants: tuple[Variant, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether every cleaning is done."""
        return len(self.variants) == len(CLEANINGS)

    @property
    def seconds(self) -> float:
        """Training time of the variants that are done."""
        return sum(one.seconds for one in self.variants)

    def manifest(self) -> Manifest:
        """The manifest of all variants. Raises `ManifestError`."""
        from curator.manifest.files import read_manifest

        return read_manifest(self.folder)

    def about_test(self) -> str:
        """What it means for the locked test split, in one or two sentences."""
        if self.folds:
            return about_test(self.images, self.test_images, include_test=self.include_test)
        if self.judged_on == "val":
            return (
                "No kept image is in the test split, so the variants are judged on the validation images, "
                "by which their best epochs were chosen too: the figures are rather too good."
            )
        return (
            f"Judged on the {self.images} images of the locked test split: "
            "a cleaning chosen by these figures is no longer judged fairly by it."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "schema": SCHEMA,
            "finished": self.finished,
            "folds": self.folds,
            "include_test": self.include_test,
            "judged_on": self.judged_on,
            "about_test": self.about_test(),
            "plan": asdict(self.config),
            "classes": list(self.classes),
            "root": str(self.root),
            "images": self.images,
            "test_images": self.test_images,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "app_version": __version__,
            "variants": [
                {
                    "cleaning": one.cleaning,
                    "folder": one.folder,
                    "summary": one.summary.to_json(),
                    "mean": None if one.mean is None else plain_intervals(one.mean),
                    "seconds": one.seconds,
                }
                for one in self.variants
            ],
            "differences": [
                {
                    "more": one.more,
                    "less": one.less,
                    "metrics": plain_intervals(one.metrics),
                    "words": one.words(),
                }
                for one in self.differences
            ],
        }


def pairs(variants: tuple[Variant, ...]) -> list[tuple[Variant, Variant]]:
    """Each two of the variants, the one that is cleaned less first."""
    ordered = sorted(variants, key=lambda one: list(CLEANINGS).index(one.cleaning))
    return list(combinations(ordered, 2))


def read_ablation(folder: Path) -> Ablation:
    """Reads an ablation's folder. Raises `TrainingError` where it is none, or damaged."""
    path = folder / RESULT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["schema"] != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        return Ablation(
            folder=folder,
            config=TrainConfig.from_values(values["plan"]),
            folds=int(values["folds"]),
            include_test=bool(values["include_test"]),
            judged_on=values["judged_on"],
            classes=tuple(values["classes"]),
            root=Path(values["root"]),
            images=int(values["images"]),
            test_images=int(values["test_images"]),
            started_at=float(values["started_at"]),
            variants=tuple(_variant(one) for one in values["variants"]),
            differences=tuple(
                Difference(one["more"], one["less"], intervals_of(one["metrics"]))
                for one in values["differences"]
            ),
        )
    except OSError as error:
        raise TrainingError(f"{folder} is no ablation: {RESULT} can't be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path} is damaged ({error}): run the ablation again.") from error


def write_ablation(result: Ablation) -> None:
    """Writes `ablation.json`, whole or not at all."""
    from curator.manifest.files import write_text

    result.folder.mkdir(parents=True, exist_ok=True)
    write_text(result.folder / RESULT, json.dumps(result.to_json(), ensure_ascii=False, indent=2) + "\n")


def list_ablations(folder: Path) -> list[Ablation]:
    """The readable ones below `folder/runs`, newest first; a damaged one is left out."""
    found = []
    for path in sorted((folder / "runs").glob(f"*/{RESULT}")):
        try:
            found.append(read_ablation(path.parent))
        except CuratorError:
            continue
    return sorted(found, key=lambda one: (-one.started_at, one.folder.name))


def _variant(values: Mapping[str, Any]) -> Variant:
    if values["cleaning"] not in CLEANINGS:
        raise ValueError(f"{values['cleaning']!r} is no way of cleaning")
    return Variant(
        cleaning=values["cleaning"],
        folder=str(values["folder"]),
        summary=Summary.from_json(values["summary"]),
        mean=None if values["mean"] is None else intervals_of(values["mean"]),
        seconds=float(values["seconds"]),
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
