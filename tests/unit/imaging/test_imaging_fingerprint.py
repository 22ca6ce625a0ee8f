"""The perceptual hash: the same slice saved otherwise is near, another slice is far."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curator.imaging._cv2 import cv2
from curator.imaging.decode import decode, load
from curator.imaging.fingerprint import NEAR_COPY_DISTANCE, distances, phash
from curator.imaging.render import scaled


def head(seed: int) -> np.ndarray:
    """Something like a slice: a bright ring with soft structures inside, different for each seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:256, :220]
    centre_x, centre_y = rng.uniform(95, 125), rng.uniform(110, 145)
    radius = np.hypot((x - centre_x) / rng.uniform(70, 95), (y - centre_y) / rng.uniform(85, 110))
    texture = cv2.GaussianBlur(rng.random((256, 220)), (0, 0), 14)
    texture = (texture - texture.min()) / np.ptp(texture)
    image = np.where(radius < 0.9, 40 + 140 * texture, np.where(radius < 1, 220, 8))
    return np.repeat(cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.uint8)[..., None], 3, axis=2)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return decode(buffer.getvalue(), "a")


def gamma(image: np.ndarray, exponent: float) -> np.ndarray:
    return np.rint(255 * (image / 255) ** exponent).astype(np.uint8)


def apart(first: np.ndarray, second: np.ndarray) -> int:
    return int(distances(np.array(phash(first), np.uint64), np.array(phash(second), np.uint64)))


@pytest.mark.parametrize("seed", range(12))
def test_the_same_slice_saved_otherwise_is_near(seed: int) -> None:
    image = head(seed)
    copies = {
        "half": scaled(image, 110, 128),
        "larger": scaled(image, 350, 410),
        "JPEG 40": jpeg(image, 40),
        "brighter": gamma(image, 0.85),
        "darker": gamma(image, 1.15),
        "all": jpeg(gamma(scaled(image, 150, 175), 0.9), 60),
    }
    assert {
        name: apart(image, copy) for name, copy in copies.items() if apart(image, copy) > NEAR_COPY_DISTANCE
    } == {}


def test_other_slices_are_far() -> None:
    hashes = np.array([phash(head(seed)) for seed in range(40)], np.uint64)
    table = distances(hashes[:, None], hashes[None, :])
    assert table[~np.eye(40, dtype=bool)].min() > NEAR_COPY_DISTANCE
    assert not table.diagonal().any()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (32, 32), (3, 200)])
def test_a_hash_is_64_bits_whatever_the_size(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    value = phash(image)
    assert 0 <= value < 2**64
    assert phash(image) == value


def test_real_slices_saved_otherwise_are_near(real_data: Path) -> None:
    files = sorted(path for path in real_data.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})[
        :40
    ]
    for path in files:
        image = load(path)
        shrunk = scaled(image, max(1, image.shape[1] * 3 // 4), max(1, image.shape[0] * 3 // 4))
        assert apart(image, jpeg(shrunk, 70)) <= NEAR_COPY_DISTANCE, path.name
        assert apart(image, gamma(image, 0.9)) <= NEAR_COPY_DISTANCE, path.name
