"""Manifest rows and predictions as queues need them, in a line each."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from curator.evaluation.feature_space import Space
from curator.manifest.schema import ManifestRow
from curator.records import Prediction


def row(name: str, label: str, **changes: Any) -> ManifestRow:
    """A kept image of 40 x 40 pixels in a group of its own."""
    values: dict[str, Any] = {
        "file_name": name,
        "sha256": hashlib.sha256(name.encode()).hexdigest(),
        "width": 40,
        "height": 40,
        "label": label,
        "decision": "keep",
        "discard_reason": None,
        "crop": None,
        "masks": [],
        "fill": "black",
        "copy_group": None,
        "group": name,
        "split": "train",
        "decided_by": "person",
        "confidence": None,
        "note": "",
    }
    return ManifestRow(**{**values, **changes})


def prediction(name: str, label: str, probabilities: list[float], classes: list[str]) -> Prediction:
    """What a network says of an image of the test split."""
    said = classes[int(np.argmax(probabilities))]
    loss = -float(np.log(max(1e-12, probabilities[classes.index(label)]))) if label in classes else None
    return Prediction(name, None, label, "test", name, said, tuple(probabilities), loss)


def space(
    features: npt.NDArray[np.float64], rows: list[ManifestRow], judged: list[int] | None = None
) -> Space:
    """A space of these features, brought to length 1; all images are judged unless some are named."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    places = np.arange(len(rows)) if judged is None else np.array(judged)
    return Space(tuple(rows), np.asarray(features / length, np.float32), places.astype(np.int64))
