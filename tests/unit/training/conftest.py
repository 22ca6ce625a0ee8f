"""Fixtures for training: a dataset of a few seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_data import make_manifest

from curator.manifest.files import Manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """In each of two classes nine training, four validation and four test images."""
    return make_manifest(tmp_path / "data", {"train": 9, "val": 4, "test": 4})
