"""What the backbones cost, what is measured of them, and the network that torchvision does not have."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from torch import nn

from curator.records import Progress
from curator.training import comparison
from curator.training.backbones import build, card_named, cards, published
from curator.training.comparison import Measured, measure, peak_memory, summarise
from curator.training.efficientnet_lite import EfficientNetLite0, _SameConv2d
from curator.training.summary import layer_table, separable_sums, separable_words, sums_by_kind


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


def test_published_costs_are_those_of_the_layers() -> None:
    """The published parameters to the last one; multiply-adds to one percent."""
    for card in cards():
        found = summarise(card)
        assert found.parameters == card.parameters
        assert found.macs == pytest.approx(card.multiply_adds, rel=0.01)
        assert found.top1 == card.top1
        assert not found.at_hand
        assert found.weights == "to be fetched"


def test_depthwise_layers_are_named_and_cheap() -> None:
    layers = {layer.name: layer for layer in layer_table(card_named("mobilenet_v2"))}
    depthwise = layers["features.2.conv.1.0"]
    assert depthwise.kind == "depthwise 3x3"
    assert depthwise.output == (96, 56, 56)
    assert depthwise.parameters == 96 * 9
    assert depthwise.macs == 96 * 9 * 56 * 56


@pytest.mark.parametrize("name", [card.name for card in cards()])
def test_sums_by_kind_are_sums_of_all_layers(name: str) -> None:
    layers = layer_table(card_named(name))
    kinds = sums_by_kind(layers)
    assert sum(kind.layers for kind in kinds) == len(layers)
    assert sum(kind.macs for kind in kinds) == sum(layer.macs for layer in layers)
    assert sum(kind.parameters for kind in kinds) == sum(layer.parameters for layer in layers)
    assert [kind.macs for kind in kinds] == sorted((kind.macs for kind in kinds), reverse=True)


def test_separable_convolutions_cost_about_a_tenth_of_plain_ones() -> None:
    found = separable_sums(layer_table(card_named("mobilenet_v2")))
    assert found is not None
    assert found.pairs == 17
    # 1 / channels + 1 / 9 for each pair: between a ninth and a seventh.
    assert 1 / 9 < found.share < 1 / 7
    assert "17 depthwise convolutions" in separable_words(found)
    assert separable_sums(layer_table(card_named("vgg16"))) is None


def test_every_backbone_passes_gradients_from_its_head_to_its_opened_groups() -> None:
    """All that a card names is there: groups cover the network, the layer for Grad-CAM has the card's channels."""
    for card in cards():
        with torch.device("meta"):
            network = build(card, 2, dropout=0.0)
        grouped = {id(p) for names in card.groups for name in names
                   for p in network.features.get_submodule(name).parameters()}  # fmt: skip
        assert grouped == {id(parameter) for parameter in network.features.parameters()}
        maps = network.features(torch.zeros(1, 3, card.size, card.size, device="meta"))
        assert maps.shape[1] == card.channels
        assert network.cam_module() is not None


def test_measuring_gives_positive_figures_and_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_SECONDS", 1e-9), ("_WARM_UP", 1), ("_LEAST_PASSES", 1), ("BATCH", 2)):
        monkeypatch.setattr(comparison, name, value)
    threads = torch.get_num_threads()
    events = list(measure([card_named("mobilenet_v2"), card_named("efficientnet_lite0")], threads=1))
    assert torch.get_num_threads() == threads
    found = [event.measurement for event in events if isinstance(event, Measured)]
    assert [one.name for one in found] == ["mobilenet_v2", "efficientnet_lite0"]
    for one in found:
        assert one.latency_ms > 0
        assert one.images_per_second > 0
        assert (one.batch, one.threads) == (2, 1)
        assert 0 <= one.busy <= 1
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert progress[-1].done == progress[-1].total


def test_peak_memory_is_what_is_alive_at_once() -> None:
    """Two maps of 4 MB live at once in a chain of three layers, beside the input and the weights."""
    side, maps = 64, 4 * 16 * 64 * 64
    chain = nn.Sequential(
        nn.Conv2d(3, 16, 1, bias=False), nn.ReLU(inplace=True), nn.Conv2d(16, 16, 1, bias=False), nn.ReLU()
    ).eval()
    weights = 4 * (3 * 16 + 16 * 16)
    assert peak_memory(chain, side) == weights + 4 * 3 * side * side + 2 * maps


def test_peak_memory_of_the_published_networks_is_more_than_their_weights() -> None:
    card = card_named("mobilenet_v2")
    network = published(card).eval()
    held = sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))
    # The widest pair of maps that lives at once: 96 x 112 x 112 and what is made of it.
    assert held + 4 * 96 * 112 * 112 < peak_memory(network, card.size) < held + 4 * 4 * 96 * 112 * 112


@pytest.mark.parametrize(("kernel", "size"), list(itertools.product((3, 5), (7, 8, 33, 224))))
def test_stride_two_is_padded_as_tensorflow_does(kernel: int, size: int) -> None:
    """SAME: ceil(size / 2) outputs, the odd row of padding below and right."""
    layer = _SameConv2d(1, 1, kernel, 2, bias=False)
    nn.init.ones_(layer.weight)
    image = torch.rand(1, 1, size, size)
    total = max((-(-size // 2) - 1) * 2 + kernel - size, 0)
    before = total // 2
    expected = torch.zeros(1, 1, -(-size // 2), -(-size // 2))
    for y, x in itertools.product(range(expected.shape[2]), repeat=2):
        top, left = 2 * y - before, 2 * x - before
        expected[0, 0, y, x] = image[0, 0, max(top, 0) : top + kernel, max(left, 0) : left + kernel].sum()
    with torch.no_grad():
        torch.testing.assert_close(layer(image), expected)


def test_converted_names_are_read_as_our_own() -> None:
    """The names of weights converted from TensorFlow's: every layer gets its tensor."""
    network = EfficientNetLite0()
    theirs = {}
    for name, value in network.state_dict().items():
        head, number, *rest = name.split(".")
        tail = rest[-1]
        if head == "classifier":
            theirs[f"_fc.{tail}"] = value + 1
        elif number in ("0", "17"):
            layer = {"00": "_conv_stem", "01": "_bn0", "170": "_conv_head", "171": "_bn1"}[number + rest[0]]
            theirs[f"{layer}.{tail}"] = value + 1
        else:
            layer = {
                "expand0": "_expand_conv", "expand1": "_bn0", "depthwise0": "_depthwise_conv",
                "depthwise1": "_bn1", "project0": "_project_conv", "project1": "_bn2",
            }[rest[0] + rest[1]]  # fmt: skip
            theirs[f"_blocks.{int(number) - 1}.{layer}.{tail}"] = value + 1
    other = EfficientNetLite0()
    other.load_state_dict(theirs, strict=True)
    for name, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], value + 1), name
