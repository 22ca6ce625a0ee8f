"""Fixtures for training: a dataset of a few seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from training_data import make_manifest

from curator.manifest.files import Manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """In each of two classes nine training, four validation and four test images."""
    return make_manifest(tmp_path / "data", {"train": 9, "val": 4, "test": 4})


@pytest.fixture
def pretrained(tmp_path: Path) -> Path:
    """A weights file as torchvision's: of the whole network, a thousand classes."""
    torch.manual_seed(3)
    path = tmp_path / "mobilenet_v2.pth"
    torch.save(torchvision.models.mobilenet_v2(weights=None).state_dict(), path)
    return path
