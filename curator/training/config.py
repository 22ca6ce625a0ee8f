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
AUGMENTATIONS: Final[tuple[Augmentation, ...]] = get_args(Augmentation)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The whole plan of a run. Learning rates are for AdamW; images are `image_size` pixels square.

    `head_epochs` of the `epochs` train the head alone on frozen convolutions, then the top `open_groups` of
    the backbone's layer groups are opened, each lower one at `lr` times `lower_rate` of the one above. Without
    pretrained weights nothing is frozen and `head_epochs` counts as 0. `early_stopping` is a number of epochs
    without a better validation loss, 0 for never. `threads` is torch's number of threads, 0 for its default. With
    `skip_unreadable`, images that are gone or changed are named and left out; without, they end the run.
    """

    backbone: str = "mobilenet_v2"
    preset: str = "fine-tune"
    weights: str = "imagenet"
    image_size: int = 224
    resize: Resize = "letterbox"
    epochs: int = 20
    head_epochs: int = 5
    open_groups: int = 1
    batch_size: int = 32
    head_lr: float = 1e-3
    lr: float = 1e-4
    lower_rate: float = 0.3
    weight_decay: float = 1e-4
    dropout: float = 0.2
    label_smoothing: float = 0.0
    gradient_clip: float = 1.0
    plateau_patience: int = 2
    plateau_factor: float = 0.5
    min_lr: float = 1e-6
    early_stopping: int = 0
    augmentation: Augmentation = "brain-mri"
    class_weights: bool = True
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
        for name, allowed in (("resize", RESIZES), ("augmentation", AUGMENTATIONS)):
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
        """From a mapping such as `config.json` holds. Raises `TrainingError` for anything unexpected."""
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
        "The head alone on frozen convolutions: a first figure in a minute or two.",
        {"epochs": 8, "head_epochs": 8, "open_groups": 0},
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

# Bounds of every number: beyond them lies a typing error, not an experiment.
_RANGES: Final = (
    ("image_size", 32, 1024),
    ("epochs", 1, 10_000),
    ("head_epochs", 0, 10_000),
    ("open_groups", 0, 100),
    ("batch_size", 2, 4096),
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
