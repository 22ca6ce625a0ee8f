"""Pretrained weights: where they are looked for, how they are fetched, what is refused; and the configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fake_index import served
from hypothesis import given
from hypothesis import strategies as st
from training_data import CONFIG

from curator.errors import TrainingError, WeightsError
from curator.paths import cache_dir
from curator.records import Progress
from curator.training.augment import STRENGTHS, augment, preview
from curator.training.backbones import card_named
from curator.training.config import PRESETS, Augmentation, TrainConfig
from curator.training.device import pick, sample
from curator.training.weights import Fetched, fetch_weights, find_weights


@pytest.fixture(name="served")
def served_folder(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address on this machine where its files are served."""
    folder = tmp_path / "served"
    folder.mkdir()
    with served(folder) as address:
        yield folder, address


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch hub's cache is the test's own."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


def test_fetched_weights_are_checked_and_found(served: tuple[Path, str]) -> None:
    folder, address = served
    content = b"weights" * 100_000
    (folder / "w.pth").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    card = replace(
        card_named("mobilenet_v2"), weights_url=f"{address}/w.pth", weights_sha256=digest, packages=()
    )
    assert find_weights(card).path is None
    events = list(fetch_weights(card))
    assert isinstance(events[-1], Fetched)
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total == len(content)
    found = find_weights(card)
    assert (found.source, found.path) == ("cache", cache_dir() / "weights" / card.weights_file)


def test_without_a_place_for_a_cache_training_starts_from_scratch_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-folder").write_text("")
    monkeypatch.setenv("CURATOR_CACHE", str(tmp_path / "no-folder"))
    found = find_weights(card_named("mobilenet_v2"))
    assert found.path is None
    assert "trains from scratch" in found.message


def test_a_file_that_is_not_what_it_should_be_is_not_kept(served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / "w.pth").write_bytes(b"something else")
    card = replace(card_named("vgg16"), weights_url=f"{address}/w.pth")
    with pytest.raises(WeightsError, match="something else than the VGG16 weights"):
        list(fetch_weights(card))
    assert not list((cache_dir() / "weights").iterdir())


def test_nothing_reachable_is_one_sentence(served: tuple[Path, str]) -> None:
    _, address = served
    for url in (f"{address}/missing.pth", "http://127.0.0.1:9/w.pth"):
        card = replace(card_named("resnet18"), weights_url=url)
        with pytest.raises(WeightsError, match="can't be reached") as caught:
            list(fetch_weights(card))
        assert "\n" not in str(caught.value)
    assert not list((cache_dir() / "weights").iterdir())


def test_leaving_a_download_leaves_nothing(served: tuple[Path, str]) -> None:
    folder, address = served
    (folder / "w.pth").write_bytes(bytes(2_000_000))
    events = fetch_weights(replace(card_named("vgg16"), weights_url=f"{address}/w.pth"))
    assert any(isinstance(event, Progress) and event.done for event in events)
    events.close()  # type: ignore[attr-defined]
    assert not list((cache_dir() / "weights").iterdir())


def test_the_users_file_comes_first_and_absence_is_said(tmp_path: Path) -> None:
    card = card_named("mobilenet_v2")
    own = tmp_path / "own.pth"
    own.write_bytes(b"x")
    assert find_weights(card, str(own)).source == "file"
    assert find_weights(card, "none").path is None
    missing = find_weights(card)
    assert "from scratch" in missing.message
    assert f"curator models --fetch {card.name}" in missing.message
    with pytest.raises(WeightsError, match="is not a file"):
        find_weights(card, str(tmp_path / "nowhere.pth"))


def test_an_unknown_backbone_names_those_there_are() -> None:
    with pytest.raises(TrainingError, match="efficientnet_lite0, mobilenet_v2, resnet18, vgg16"):
        card_named("alexnet")


@given(
    st.integers(1, 100),
    st.floats(1e-7, 1.0),
    st.sampled_from(["brain-mri", "digits", "photographs", "none"]),
    st.booleans(),
)
def test_a_configuration_survives_its_file(epochs: int, rate: float, augmentation: str, flag: bool) -> None:
    config = replace(CONFIG, epochs=epochs, lr=rate, augmentation=augmentation, deterministic=flag)
    assert TrainConfig.from_values(asdict(config)) == config


@pytest.mark.parametrize(("weighed", "balance"), [(True, "class-weights"), (False, "none")])
def test_a_plan_of_the_first_version_is_read_as_it_was_worked(weighed: bool, balance: str) -> None:
    new = (
        "optimiser",
        "momentum",
        "schedule",
        "open_every",
        "balance",
        "precision",
        "feature_views",
        "cleaning",
    )
    old = {name: value for name, value in asdict(CONFIG).items() if name not in new}
    config = TrainConfig.from_values({**old, "class_weights": weighed})
    assert (config.balance, config.open_every, config.feature_views) == (balance, 0, 0)
    assert (config.optimiser, config.schedule, config.precision) == ("adamw", "plateau", "float32")
    assert config.cleaning == "masked"


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": True}, "must be int"),
        ({"lr": "fast"}, "must be float"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"speed": 1}, "unknown settings: speed"),
        ({"augmentation": "wild"}, "choose one of"),
        ({"optimiser": "adam"}, "optimiser is 'adam': choose one of adamw, sgd"),
        ({"schedule": "steps"}, "choose one of plateau, cosine, constant"),
        ({"balance": "yes"}, "choose one of class-weights, sampling, none"),
        ({"precision": "float8"}, "choose one of auto, float32"),
        ({"cleaning": "clean"}, "choose one of masked, cropped, raw"),
        ({"batch_size": 1}, "or 0 to have it found"),
        ({"class_weights": "yes"}, "unknown settings: class_weights"),
    ],
)
def test_a_wrong_configuration_is_refused(values: dict[str, object], match: str) -> None:
    with pytest.raises(TrainingError, match=match):
        TrainConfig.from_values(values)


def test_presets_are_configurations() -> None:
    for name in PRESETS:
        assert TrainConfig.preset_named(name).preset == name
    with pytest.raises(TrainingError, match="quick-look"):
        TrainConfig.preset_named("slow-look")


def test_augmentation_keeps_shape_and_range_and_follows_its_generator() -> None:
    images = torch.rand(6, 3, 24, 24)
    for kind in ("brain-mri", "digits", "photographs"):
        first = augment(images, kind, torch.Generator().manual_seed(1))
        again = augment(images, kind, torch.Generator().manual_seed(1))
        other = augment(images, kind, torch.Generator().manual_seed(2))
        assert first.shape == images.shape
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        assert float(first.min()) >= 0
        assert float(first.max()) <= 1
    assert augment(images, "none", torch.Generator()) is images


def test_digits_are_never_mirrored() -> None:
    """A bright left half stays on the left for digits and changes sides now and then for heads."""
    images = torch.zeros(64, 3, 24, 24)
    images[..., :10] = 0.8
    for kind, mirrored in (("digits", False), ("brain-mri", True)):
        varied = augment(images, kind, torch.Generator().manual_seed(0)).mean(dim=(1, 2))
        right = varied[:, 12:].sum(1) > varied[:, :12].sum(1)
        assert bool(right.any()) is mirrored


@pytest.mark.parametrize("kind", ["brain-mri", "digits", "photographs"])
def test_variations_stay_small_enough_to_know_the_image(kind: Augmentation) -> None:
    """A disc in the middle stays in its quarter of the square and keeps its size and brightness nearly."""
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    disc = (((x - 47.5) ** 2 + (y - 47.5) ** 2) < 20**2).float() * 0.6
    images = disc.expand(200, 3, 96, 96)
    strength = STRENGTHS[kind]
    varied = augment(images, kind, torch.Generator().manual_seed(4))
    seen = (varied > 0.3).float()
    area = seen[:, 0].sum((1, 2)) / float((disc > 0.3).sum())
    assert (1 - strength.scale) ** 2 * 0.95 < float(area.min()) < 1
    assert 1 < float(area.max()) < (1 + strength.scale) ** 2 * 1.05
    centre = (seen[:, 0] * x).sum((1, 2)) / seen[:, 0].sum((1, 2))
    assert float((centre - 47.5).abs().max()) < 96 * strength.translation * 1.1 + 1
    values = (varied * seen).sum((1, 2, 3)) / (3 * seen[:, 0].sum((1, 2)))
    far = strength.brightness + 0.03
    assert 0.6 * (1 - far) < float(values.min()) < 0.59
    assert 0.61 < float(values.max()) < 0.6 * (1 + far)
    if not strength.noise:
        assert float(varied[..., :4, :4].max()) == 0


def test_the_preview_is_what_training_sees() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 32, 32, 3), np.uint8)
    first, again, other = (preview(images, "brain-mri", seed) for seed in (1, 1, 2))
    assert (first.shape, first.dtype) == (images.shape, np.uint8)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(preview(images, "none", 1), images)
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    seen = augment(batch, "brain-mri", torch.Generator().manual_seed(1))
    assert np.abs(first - seen.permute(0, 2, 3, 1).numpy() * 255).max() <= 0.5001


def test_memory_of_the_cpu_is_the_process_and_the_machine() -> None:
    found = sample("cpu")
    assert (found.kind, found.allocated, found.reserved, found.total) == ("cpu", 0, 0, 0)
    assert 0 < found.process < found.machine_total
    assert 0 < found.machine_free <= found.machine_total


def test_a_device_that_is_not_here_is_refused() -> None:
    assert pick("cpu") == "cpu"
    for name in ("toaster", "cuda:99", "meta"):
        with pytest.raises(TrainingError):
            pick(name)
