"""A small dataset and rows about it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from curator.manifest.schema import ManifestRow

MakeRow = Callable[..., ManifestRow]
MakeImage = Callable[..., ManifestRow]


@pytest.fixture
def values() -> Callable[..., dict[str, Any]]:
    """A line's values, as JSON gives them, with some of them changed."""

    def make(**changes: Any) -> dict[str, Any]:
        return {
            "file_name": "yes/a.png",
            "sha256": "0" * 64,
            "width": 40,
            "height": 30,
            "label": "yes",
            "decision": "keep",
            "discard_reason": None,
            "crop": [4, 2, 20, 10],
            "masks": [{"kind": "text", "polygon": [[5, 3], [9, 3], [9, 6]]}],
            "fill": "black",
            "copy_group": None,
            "group": "g000001",
            "split": "train",
            "decided_by": "person",
            "confidence": 0.75,
            "note": "",
        } | changes

    return make


@pytest.fixture
def row(values: Callable[..., dict[str, Any]]) -> MakeRow:
    """A row with some values changed; its group is its own unless given."""

    def make(file_name: str = "yes/a.png", **changes: Any) -> ManifestRow:
        return ManifestRow.model_validate(values(file_name=file_name, **({"group": file_name} | changes)))

    return make


@pytest.fixture
def image_in(row: MakeRow) -> MakeImage:
    """Writes a noise image of 40x30 below a root and returns its row."""

    def make(
        root: Path, file_name: str, *, seed: int = 0, colour: bool = False, **changes: Any
    ) -> ManifestRow:
        rng = np.random.default_rng(seed)
        pixels = rng.integers(1, 256, (30, 40, 3) if colour else (30, 40), dtype=np.uint8)
        buffer = io.BytesIO()
        exif = Image.Exif()
        exif[0x010E] = "a patient's name"
        Image.fromarray(pixels).save(buffer, "PNG", exif=exif, dpi=(72, 72))
        path = root / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        label = file_name.split("/")[0]
        return row(file_name, **({"sha256": digest, "label": label} | changes))

    return make
