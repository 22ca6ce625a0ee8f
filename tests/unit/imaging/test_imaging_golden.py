"""From file and edits to a network's pixels, against a plain recomputation that shares no code with it.

Twenty edits, each fill, each EXIF orientation.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from curator.imaging._cv2 import cv2
from curator.imaging.decode import decode
from curator.imaging.render import network_input
from curator.records import FILLS, Crop, Edits, Fill, Mask

SIDE = 64
WIDTH, HEIGHT = 83, 61  # as stored; turned by orientations 5 to 8


def scene() -> np.ndarray:
    """A bright ellipse on dim noise with a few marks, so that every turn and fill shows."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = rng.integers(5, 30, (HEIGHT, WIDTH, 3))
    image[((x - 38) / 27) ** 2 + ((y - 29) / 22) ** 2 < 1] += np.array([120, 110, 100])
    image[3:9, 4:22] = 250
    image[-8:-3, -30:-4] = (240, 30, 60)
    return image.astype(np.uint8)


def drawn_edits(width: int, height: int) -> list[tuple[Crop | None, tuple[Mask, ...]]]:
    """Twenty crops and masks: none, one-pixel, touching the border, overlapping, reaching out of the image."""
    rng = np.random.default_rng(7)
    edits: list[tuple[Crop | None, tuple[Mask, ...]]] = [
        (None, ()),
        (Crop(0, 0, width, height), ()),
        (Crop(width - 1, height - 1, 1, 1), ()),
        (Crop(5, 3, width - 11, 9), (Mask("ruler", ((0, 0), (width - 1, 0), (0, height - 1))),)),
        (None, (Mask("border", ((-20, -20), (width + 20, -20), (width + 20, 6), (-20, 6))),)),
        (
            None,
            (Mask("text", ((2, 2), (20, 2), (20, 10), (2, 10))), Mask("arrow", ((15, 5), (40, 9), (15, 20)))),
        ),
    ]
    while len(edits) < 20:
        x, y = int(rng.integers(0, width - 10)), int(rng.integers(0, height - 10))
        crop = Crop(x, y, int(rng.integers(4, width - x)), int(rng.integers(4, height - y)))
        masks = tuple(
            Mask(
                "other",
                tuple(
                    (int(rng.integers(-5, width + 5)), int(rng.integers(-5, height + 5)))
                    for _ in range(rng.integers(3, 6))
                ),
            )
            for _ in range(rng.integers(0, 4))
        )
        edits.append((crop if rng.random() < 0.8 else None, masks))
    return edits


def upright(stored: np.ndarray, orientation: int) -> np.ndarray:
    """By where the EXIF standard says that row 0 and column 0 of the stored image are."""
    row_0 = {1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"}
    column_0 = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}
    image = stored if row_0[orientation] in ("top", "bottom") else stored.transpose(1, 0, 2)
    at = {row_0[orientation], column_0[orientation]}
    if "bottom" in at:
        image = np.flipud(image)
    if "right" in at:
        image = np.fliplr(image)
    return image


def recomputed(image: np.ndarray, crop: Crop | None, masks: tuple[Mask, ...], fill: Fill) -> np.ndarray:
    image = np.ascontiguousarray(image)
    height, width = image.shape[:2]
    hidden = np.zeros((height, width), bool)
    for mask in masks:
        one = np.zeros((height, width), np.uint8)
        cv2.fillPoly(one, [np.array(mask.polygon, np.int32)], 255)
        hidden |= one == 255
    result = image.copy()
    if fill == "black" or hidden.all():
        result[hidden] = 0
    elif fill == "inpaint" and hidden.any():
        result = cv2.inpaint(image, hidden.astype(np.uint8) * 255, 3, cv2.INPAINT_TELEA)
    elif fill == "background":
        areas, count = ndimage.label(hidden, np.ones((3, 3)))
        for index in range(1, count + 1):
            ring = ndimage.binary_dilation(areas == index, np.ones((3, 3)), iterations=7) & ~hidden
            source = image[ring] if ring.any() else image[~hidden]
            result[areas == index] = np.rint(np.median(source, axis=0))
    if crop is not None:
        result = result[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    high, wide = result.shape[:2]
    scale = SIDE / max(high, wide)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    shrinks = size[0] * size[1] < wide * high
    fitted = cv2.resize(result, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    square = Image.new("RGB", (SIDE, SIDE))
    square.paste(Image.fromarray(fitted), ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(square)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_the_networks_input_equals_a_plain_recomputation_from_the_file(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(scene()).save(buffer, kind, exif=exif)
    data = buffer.getvalue()
    image = decode(data, "a")
    # Pillow itself turns what a TIFF says is turned, but not JPEG and PNG; the pixels of TIFF and PNG are known.
    stored = np.asarray(Image.open(io.BytesIO(data))) if kind == "JPEG" else scene()
    expected_image = upright(stored, orientation)
    assert np.array_equal(image, expected_image)
    fills: tuple[Fill, ...] = FILLS if kind == "PNG" else ("background",)
    for fill in fills:
        for crop, masks in drawn_edits(image.shape[1], image.shape[0]):
            expected = recomputed(expected_image, crop, masks, fill)
            assert np.array_equal(network_input(image, Edits(crop, masks, fill), SIDE), expected), (
                crop,
                masks,
                fill,
            )
