"""What a run is made of: one frozen value, written to the run's folder before the first batch. No torch here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal, TypeAlias, get_args

from curator.errors import TrainingError
from curator.imaging.render import RESIZES, Resize

Augmentation: TypeAlias = Literal["brain-mri", "digits", "photographs", "none"]
Optimiser: TypeAlias = Literal["adamw", "sgd"]
Schedule: TypeAlias = Literal["plateau", "cosine", "constant"]
Balance: TypeAlias = Literal["class-weights", "sampling", "none"]
Precision: TypeAlias = Literal["auto", "float32", "bfloat16", "float16"]
Cleaning: TypeAlias = Literal["masked", "cropped", "raw"]

AUGMENTATIONS: Final[tuple[Augmentation, ...]] = get_args(Augmentation)
OPTIMISERS: Final[tuple[Optimiser, ...]] = get_args(Optimiser)
SCHEDULES: Final[tuple[Schedule, ...]] = get_args(Schedule)
BALANCES: Final[tuple[Balance, ...]] = get_args(Balance)
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)
CLEANINGS: Final[tuple[Cleaning, ...]] = get_args(Cleaning)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The whole plan of a run. Images are `image_size` pixels square.

    `head_epochs` of the `epochs` train the head alone on frozen convolutions, over the features of
    `feature_views` augmented views of each image that are computed once (0 computes them in every step). Then
    layer groups of the backbone are opened from the top, one at first and one more every `open_every` epochs
    (0: all at once) until `open_groups` are open, each lower one learning at `lr` times `lower_rate` of the one
    above. Without pretrained weights nothing is frozen and `head_epochs` counts as 0.

    Learning rates are for `optimiser`; `momentum` is SGD's alone. `schedule` lowers them on a plateau of the
    validation loss (`plateau_patience`, `plateau_factor`), along a cosine over the epochs of each phase, or
    never; down to `min_lr`. `balance` lets rare classes count as much as common ones: by weights in the loss,
    or by drawing their images more often. `batch_size` 0 is to be found; the run's `config.json` then holds
    the number that was found. `precision` "auto" takes the fastest that a short trial on the device shows.
    `early_stopping` is a number of epochs without a better validation loss, 0 for never. `threads` is torch's
    number of threads, 0 for its default.

    `cleaning` says what is trained on, evaluated and predicted: "masked" is crop and masks as in the manifest,
    "cropped" the crop alone, "raw" the whole image. With `skip_unreadable`, images that are gone or changed
    are named and left out; without, they end the run.
    """

    backbone: str = "mobilenet_v2"
    preset: str = "fine-tune"
    weights: str = "imagenet"
    image_size: int = 224
    resize: Resize = "letterbox"
    epochs: int = 20
    head_epochs: int = 5
    open_groups: int = 1
    open_every: int = 3
    feature_views: int = 4
    batch_size: int = 32
    optimiser: Optimiser = "adamw"
    momentum: float = 0.9
    head_lr: float = 1e-3
    lr: float = 1e-4
    lower_rate: float = 0.3
    weight_decay: float = 1e-4
    dropout: float = 0.2
    label_smoothing: float = 0.0
    gradient_clip: float = 1.0
    schedule: Schedule = "plateau"
    plateau_patience: int = 2
    plateau_factor: float = 0.5
    min_lr: float = 1e-6
    early_stopping: int = 0
    augmentation: Augmentation = "brain-mri"
    cleaning: Cleaning = "masked"
    balance: Balance = "class-weights"
    precision: Precision = "auto"
    seed: int = 0
    device: str = "auto"
    deterministic: bool = False
    threads: int = 0
    skip_unreadable: bool = True

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and math.isfinite(value) and low <= value <= high):
                raise TrainingError(f"{name} is {value!r}: choose a value from {low:g} to {high:g}.")
        if self.batch_size == 1:
            raise TrainingError("batch_size is 1: choose 2 or more, or 0 to have it found.")
        for name, allowed in _CHOICES:
            if getattr(self, name) not in allowed:
                raise TrainingError(f"{name} is {getattr(self, name)!r}: choose one of {', '.join(allowed)}.")

    @classmethod
    def preset_named(cls, name: str) -> TrainConfig:
        """The configuration of a preset. Raises `TrainingError` naming the presets there are."""
        if name not in PRESETS:
            raise TrainingError(f"There is no preset {name!r}: choose one of {', '.join(PRESETS)}.")
        return replace(cls(preset=name), **PRESETS[name].changes)

    def to_json(self) -> str:
        """The configuration as indented JSON, ended by a newline."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> TrainConfig:
        """From a mapping such as `config.json` holds, also that of a version which knew fewer settings.

        Raises `TrainingError` for anything unexpected.
        """
        values = _brought_up(values)
        kinds = {one.name: type(one.default) for one in fields(cls)}
        unknown = set(values) - set(kinds)
        if unknown:
            raise TrainingError(f"The configuration has unknown settings: {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            kind = kinds[name]
            right = isinstance(value, (int, float) if kind is float else kind)
            if not right or (isinstance(value, bool) and kind is not bool):
                raise TrainingError(f"{name} is {value!r} in the configuration: it must be {kind.__name__}.")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Preset:
    """A named starting point: what its card says, and what it changes in the default configuration."""

    title: str
    description: str
    changes: Mapping[str, Any]


PRESETS: Final[Mapping[str, Preset]] = {
    "quick-look": Preset(
        "Quick look",
        "The head alone on frozen convolutions, looked through once for all epochs: a figure in seconds.",
        {"epochs": 40, "head_epochs": 40, "open_groups": 0},
    ),
    "fine-tune": Preset(
        "Fine-tune",
        "The head first, then the top blocks opened at a tenth of the rate.",
        {},
    ),
    "from-scratch": Preset(
        "From scratch",
        "No pretrained weights, smaller images, more epochs: what the data alone can teach.",
        {
            "weights": "none",
            "epochs": 40,
            "head_epochs": 0,
            "image_size": 128,
            "lr": 1e-3,
            "plateau_patience": 4,
        },
    ),
}

_CHOICES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("resize", RESIZES),
    ("augmentation", AUGMENTATIONS),
    ("optimiser", OPTIMISERS),
    ("schedule", SCHEDULES),
    ("balance", BALANCES),
    ("precision", PRECISIONS),
    ("cleaning", CLEANINGS),
)

# Bounds of every number: beyond them lies a typing error, not an experiment.
_RANGES: Final = (
    ("image_size", 32, 1024),
    ("epochs", 1, 10_000),
    ("head_epochs", 0, 10_000),
    ("open_groups", 0, 100),
    ("open_every", 0, 10_000),
    ("feature_views", 0, 256),
    ("batch_size", 0, 4096),
    ("momentum", 0, 0.999),
    ("head_lr", 1e-8, 10),
    ("lr", 1e-8, 10),
    ("lower_rate", 0, 1),
    ("weight_decay", 0, 10),
    ("dropout", 0, 0.95),
    ("label_smoothing", 0, 0.9),
    ("gradient_clip", 0, 1e6),
    ("plateau_patience", 0, 10_000),
    ("plateau_factor", 0.01, 0.99),
    ("min_lr", 0, 1),
    ("early_stopping", 0, 10_000),
    ("seed", 0, 2**31 - 1),
    ("threads", 0, 1024),
)


def _brought_up(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan with `class_weights`, from before there were other ways to balance, says today."""
    if not isinstance(values.get("class_weights"), bool):
        return dict(values)
    rest = {name: value for name, value in values.items() if name != "class_weights"}
    # As such runs worked: all groups opened at once, a whole pass in every step of the head, full precision.
    then: dict[str, Any] = {"open_every": 0, "feature_views": 0, "precision": "float32"}
    return {**then, "balance": "class-weights" if values["class_weights"] else "none", **rest}
