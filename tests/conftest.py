"""Shared fixtures: the user's folders point into the test's own, Qt draws offscreen, real data are optional."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# On a build server a change must not fail for an example that another run would not have drawn; at a desk,
# each run draws new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True)
def own_user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the real user's cache, data or settings."""
    base = tmp_path_factory.mktemp("user")
    for name in ("CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"CURATOR_{name}", str(base / name.lower()))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images with hand-drawn truth; the test is skipped where there is none."""
    folder = os.environ.get("CURATOR_REAL_DATA")
    if not folder or not Path(folder, "truth.jsonl").is_file():
        pytest.skip("CURATOR_REAL_DATA names no folder with truth.jsonl")
    return Path(folder)
