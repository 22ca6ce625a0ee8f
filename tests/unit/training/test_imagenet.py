"""Published weights prove genuine by what they see; what is asked of them without weights is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from curator.errors import ImageError, WeightsError
from curator.imaging.decode import load
from curator.imaging.render import Resize, network_input, to_square
from curator.records import Crop, Edits
from curator.training.backbones import card_named, published
from curator.training.imagenet import ImagenetSaid, ask_imagenet, categories
from curator.training.weights import find_weights

# What ImageNet calls things of the kind that the two photographs show: a palace by a lake, and a dahlia, for which
# it has no class but others that are round, of many cells, and what sits on flowers.
BUILDINGS = {"palace", "monastery", "bell cote", "lakeside", "castle", "stupa", "boathouse", "church"}
FLOWERS = {"daisy", "bee", "honeycomb", "mushroom", "hen-of-the-woods", "pot"}


def photograph(name: str) -> Path:
    import sklearn.datasets

    return Path(sklearn.datasets.__file__).parent / "images" / name


def ask(name: str, path: Path, edits: Edits | None = None, resize: Resize = "letterbox") -> ImagenetSaid:
    *_, said = ask_imagenet(card_named(name), path, edits=edits, resize=resize)
    assert isinstance(said, ImagenetSaid)
    return said


PREPARATIONS = {
    "ImageNet's": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "127 and 128": ((127 / 255,) * 3, (128 / 255,) * 3),
    "none": ((0.0,) * 3, (1.0,) * 3),
}


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0"])
def test_images_are_prepared_as_for_the_training_of_the_weights(
    name: str, genuine_weights: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first BatchNorm remembers how far the maps of its training images spread: so far do those of the
    photographs, prepared as the card says, and with no other preparation."""
    monkeypatch.setenv("CURATOR_CACHE", str(genuine_weights(name)))
    card = card_named(name)
    network = published(card, find_weights(card)).eval()
    convolution, norm = network.features[0][0], network.features[0][1]
    squares = [
        to_square(load(photograph(image)), 224, "center-crop") for image in ("china.jpg", "flower.jpg")
    ]
    images = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255

    def spread(mean: tuple[float, ...], std: tuple[float, ...]) -> float:
        """How often wider than remembered, either way, the median channel spreads; 0 for as wide."""
        with torch.no_grad():
            maps = convolution((images - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1))
            return abs(float((maps.var((0, 2, 3)) / norm.running_var).log2().median()))

    others = [
        spread(*given) for given in PREPARATIONS.values() if not np.allclose(given, (card.mean, card.std))
    ]
    assert len(others) == 2
    assert spread(card.mean, card.std) < 0.75
    assert min(others) > 1.5


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0"])
@pytest.mark.parametrize(("image", "sensible"), [("china.jpg", BUILDINGS), ("flower.jpg", FLOWERS)])
def test_weights_are_genuine_by_what_they_see(
    name: str,
    image: str,
    sensible: set[str],
    genuine_weights: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CURATOR_CACHE", str(genuine_weights(name)))
    # Cut as ImageNet's images are: letterboxed on black, a dahlia is no more than a honeycomb.
    said = ask(name, photograph(image), resize="center-crop")
    assert {guess.category for guess in said.guesses[:3]} <= sensible
    chances = [guess.probability for guess in said.guesses]
    assert chances == sorted(chances, reverse=True)
    assert 0.2 < chances[0] <= sum(chances) <= 1


def test_the_network_is_shown_the_cleaned_image(
    genuine_weights: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATOR_CACHE", str(genuine_weights("mobilenet_v2")))
    path, edits = photograph("china.jpg"), Edits(crop=Crop(100, 50, 300, 200))
    said = ask("mobilenet_v2", path, edits)
    assert np.array_equal(said.pixels, network_input(load(path), edits, 224))
    assert said.guesses != ask("mobilenet_v2", path).guesses


def test_the_classes_are_imagenets() -> None:
    names = categories()
    assert len(names) == 1000
    assert (names[0], names[985]) == ("tench", "daisy")


def test_without_weights_or_image_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "grey.png"
    Image.new("L", (30, 20), 128).save(path)
    with pytest.raises(WeightsError, match="curator models --fetch resnet18"):
        ask("resnet18", path)
    path.write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"grey\.png"):
        ask("resnet18", path)
