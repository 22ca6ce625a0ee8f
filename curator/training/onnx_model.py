"""A classifier that was taken away as ONNX: what its file says of itself, and its probabilities by OpenCV.

No torch here: whoever has the file needs Curator's pixels and OpenCV alone. What belongs to the model stands in
the file's own metadata (`metadata_props`), which OpenCV does not show; it is read by walking over the file's
fields, as https://protobuf.dev/programming-guides/encoding/ and ONNX's `ModelProto` describe them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Final, get_args

import numpy as np
import numpy.typing as npt

from curator.errors import TrainingError
from curator.imaging.render import RESIZES, Resize
from curator.records import FILLS, PROFILES, Fill, Profile
from curator.training.config import Cleaning
from curator.training.data import Images

SUFFIX: Final = ".onnx"
SCHEMA: Final = "curator-model/1"
# The graph's one input, RGB `uint8` (n, side, side, 3), 0 to 255, and its one output, `float32` (n, classes).
INPUT: Final = "image"
OUTPUT: Final = "probabilities"

_PREFIX: Final = "curator."
_BATCH: Final = 8
# ModelProto.metadata_props, and key and value of a StringStringEntryProto.
_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2
_LONGEST_ENTRY: Final = 1 << 20
_SIDES: Final = range(8, 4097)
_MOST_CLASSES: Final = 100_000
# Probabilities of a row add up to 1 but for float32's rounding.
_ROUNDING: Final = 1e-3


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What must be known to use a model: `classes` in the order of its output, and how an image becomes its
    input: cleaned as `cleaning` says, masks filled as `fill` says, fitted as `resize` says to `image_size` px.

    `profile` says which proposals clean a new image. The rest says where the model comes from: `run` the folder's
    name, `checkpoint` and `manifest` the SHA-256 of best.pt and of manifest.jsonl.
    """

    classes: tuple[str, ...]
    image_size: int
    resize: Resize
    cleaning: Cleaning
    fill: Fill
    profile: Profile
    backbone: str
    run: str
    checkpoint: str
    manifest: str
    app_version: str
    schema: str = SCHEMA

    def to_metadata(self) -> dict[str, str]:
        """As the entries of `metadata_props`, each value JSON."""
        return {f"{_PREFIX}{name}": json.dumps(value) for name, value in asdict(self).items()}

    @classmethod
    def from_metadata(cls, entries: Mapping[str, str]) -> ModelFacts:
        """What `to_metadata` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        values: dict[str, Any] = {one.name: json.loads(entries[_PREFIX + one.name]) for one in fields(cls)}
        classes = values.pop("classes")
        named = isinstance(classes, list) and all(isinstance(one, str) and one for one in classes)
        if not named or not 2 <= len(set(classes)) == len(classes) <= _MOST_CLASSES:
            raise ValueError("its classes make no sense")
        side = values["image_size"]
        if type(side) is not int or side not in _SIDES:
            raise ValueError("its image size makes no sense")
        choices: dict[str, tuple[str, ...]] = {
            "schema": (SCHEMA,),
            "resize": RESIZES,
            "cleaning": get_args(Cleaning),
            "fill": FILLS,
            "profile": PROFILES,
        }
        for name, allowed in choices.items():
            if values[name] not in allowed:
                raise ValueError(f"its {name} is not one that this version of Curator knows")
        if not all(isinstance(value, str) for name, value in values.items() if name != "image_size"):
            raise ValueError("its origin makes no sense")
        return cls(classes=tuple(classes), **values)


class OnnxPredictor:
    """An exported model ready to use, by OpenCV on the CPU. Raises `TrainingError` where it can't be used.

    To be used from one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        from curator.imaging._cv2 import cv2

        self.path = path
        self.facts = read_facts(path)
        self.classes = self.facts.classes
        try:
            with quiet_opencv():
                self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise TrainingError(f"{path} is damaged: export the model again.") from error

    def probabilities(self, images: Images) -> npt.NDArray[np.float64]:
        """Class probabilities, shape (n, classes), of rendered images `uint8` (n, s, s, 3)."""
        from curator.imaging._cv2 import cv2

        parts = [np.zeros((0, len(self.classes)))]
        for start in range(0, len(images), _BATCH):
            batch = np.ascontiguousarray(images[start : start + _BATCH])
            try:
                with quiet_opencv():
                    self._network.setInput(batch)
                    found = np.asarray(self._network.forward(), np.float64)
            except cv2.error as error:
                raise TrainingError(f"{self.path} is damaged: export the model again.") from error
            sums = found.sum(-1) if found.shape == (len(batch), len(self.classes)) else np.zeros(1)
            # Written so that NaN is refused too.
            if not ((abs(sums - 1) < _ROUNDING).all() and (found >= 0).all()):
                raise TrainingError(
                    f"{self.path} does not give a probability for each of its {len(self.classes)} classes: "
                    "it was changed after it was exported; export it again."
                )
            parts.append(found / sums[:, None])
        return np.concatenate(parts)


def read_facts(path: Path) -> ModelFacts:
    """What a model's file says of itself. Raises `TrainingError` for what Curator has not exported."""
    try:
        with path.open("rb") as file:
            entries = dict(_metadata(file, path.stat().st_size))
        return ModelFacts.from_metadata(entries)
    except OSError as error:
        raise TrainingError(f"{path} can't be read ({error.strerror}): check the path.") from error
    except KeyError as error:
        raise TrainingError(
            f"{path} is no model that Curator exported: it does not say what its classes and its input are. "
            "Export a run with curator export-model."
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise TrainingError(f"{path} can't be used ({error}): export the model again.") from error


class quiet_opencv:  # noqa: N801 - a context manager, used as a function
    """Keeps OpenCV from writing to stderr what is then said in one sentence."""

    def __enter__(self) -> None:
        from curator.imaging._cv2 import cv2

        self._before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

    def __exit__(self, *_: object) -> None:
        from curator.imaging._cv2 import cv2

        cv2.utils.logging.setLogLevel(self._before)


def _metadata(file: BinaryIO, size: int) -> Iterator[tuple[str, str]]:
    """The entries of `metadata_props`; what else the file holds is passed over. Raises `ValueError`."""
    while file.tell() < size:
        field, length = _field(file)
        if file.tell() + length > size:
            raise ValueError("it is no ONNX file, or cut short")
        if field != _METADATA_PROPS:
            file.seek(length, 1)
        elif length > _LONGEST_ENTRY:
            raise ValueError("an entry of its metadata is too long")
        else:
            yield _entry(file, file.tell() + length)


def _entry(file: BinaryIO, end: int) -> tuple[str, str]:
    parts = {_KEY: "", _VALUE: ""}
    while file.tell() < end:
        field, length = _field(file)
        if file.tell() + length > end:
            raise ValueError("its metadata is damaged")
        parts[field] = file.read(length).decode("utf-8")
    return parts[_KEY], parts[_VALUE]


def _field(file: BinaryIO) -> tuple[int, int]:
    """The number of the next field and how many bytes of value follow."""
    tag = _varint(file)
    kind = tag & 7
    if kind == 2:
        return tag >> 3, _varint(file)
    if kind == 0:
        _varint(file)
        return tag >> 3, 0
    if kind in (1, 5):
        return tag >> 3, 8 if kind == 1 else 4
    raise ValueError("it is no ONNX file")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise ValueError("it is no ONNX file, or cut short")
