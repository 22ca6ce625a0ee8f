"""A project over made-up records: no image file is needed to test what is remembered of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curator.project import Project
from curator.records import Crop, ImageRecord, Mask, Overlay, Proposal

SQUARE = ((1, 1), (9, 1), (9, 9), (1, 9))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    folder.mkdir()
    return folder


@pytest.fixture
def make_record() -> Callable[..., ImageRecord]:
    def make(number: int, **changes: object) -> ImageRecord:
        label = "yes" if number % 2 else "no"
        values: dict[str, object] = {
            "file_name": f"{label}/{number:03}.png",
            "label": label,
            "sha256": f"{number:064x}",
            "width": 100,
            "height": 80,
            "size_bytes": 1000 + number,
            "error": None,
        }
        return ImageRecord(**{**values, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_proposal() -> Callable[..., Proposal]:
    def make(**changes: object) -> Proposal:
        values: dict[str, object] = {
            "decision": "keep",
            "discard_reason": None,
            "crop": Crop(5, 6, 70, 60),
            "masks": (Mask("text", SQUARE),),
            "confidence": 0.9,
            "why": "Text at a corner.",
            "method": "classical/1",
            "overlays": (Overlay("text", "background", (1, 1, 9, 9), 0.8),),
        }
        return Proposal(**{**values, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def project(root: Path, make_record: Callable[..., ImageRecord]) -> Iterator[Project]:
    """Eight images, four a class, without proposals."""
    with Project.open(root) as opened:
        opened.add_records([make_record(number) for number in range(8)])
        yield opened
