"""Every kind of file to the same upright RGB, and every damaged one to one clear error."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curator.errors import ImageError
from curator.imaging.decode import MAX_PIXELS, decode, grey, header, is_image_name, load, read_bytes, sha256

PIXELS = np.random.default_rng(3).integers(0, 256, (5, 9, 3), dtype=np.uint8)

# What each EXIF orientation asks of the stored pixels (EXIF 2.3, tag 0x0112), to see them upright.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(pixels: np.ndarray, orientation: int, kind: str = "PNG", **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(pixels), kind, exif=exif, **options)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_applied_pixel_by_pixel(kind: str, orientation: int) -> None:
    data = turned(PIXELS, orientation, kind, **({"lossless": True} if kind == "WEBP" else {}))
    expected = UPRIGHT[orientation](PIXELS)
    image = decode(data, "a")
    assert np.array_equal(image, expected)
    assert image.flags.c_contiguous
    assert image.dtype == np.uint8
    facts = header(data, "a")
    assert (facts.height, facts.width, facts.format) == (*expected.shape[:2], kind)


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_of_jpeg(orientation: int) -> None:
    smooth = np.add.outer(np.arange(16) * 9, np.arange(24) * 4).astype(np.uint8)
    data = turned(smooth, orientation, "JPEG", quality=95)
    stored = np.asarray(Image.open(io.BytesIO(data)))
    image = decode(data, "a")
    assert np.array_equal(image, np.repeat(UPRIGHT[orientation](stored)[..., None], 3, axis=2))
    facts = header(data, "a")
    assert (facts.height, facts.width, facts.mode) == (*image.shape[:2], "L")


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_is_none_is_passed_over(orientation: int) -> None:
    data = turned(PIXELS, orientation)
    assert np.array_equal(decode(data, "a"), PIXELS)
    assert header(data, "a").width == 9


def test_a_broken_exif_block_does_not_spoil_the_pixels() -> None:
    data = encoded(Image.fromarray(PIXELS), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert np.array_equal(decode(data, "a"), PIXELS)
    assert header(data, "a").width == 9


def test_grey_files_have_three_equal_channels() -> None:
    single = PIXELS[..., 0]
    image = decode(encoded(Image.fromarray(single), "PNG"), "a")
    assert np.array_equal(image, np.repeat(single[..., None], 3, axis=2))
    assert np.array_equal(grey(image), single)


def test_grey_of_colour_is_the_luma_of_itu_601() -> None:
    luma = PIXELS @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey(PIXELS) - luma).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_over_black(mode: str) -> None:
    colour = PIXELS if mode == "RGBA" else PIXELS[..., :1]
    alpha = np.linspace(0, 255, 45).astype(np.uint8).reshape(5, 9, 1)
    data = encoded(Image.fromarray(np.concatenate([colour, alpha], axis=2), mode), "PNG")
    expected = np.broadcast_to(colour * (alpha / 255), (5, 9, 3))
    assert np.abs(decode(data, "a") - expected).max() <= 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("transparency", [2, bytes([255, 0, 128])])
def test_palettes_with_transparency(transparency: Any) -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 200, 100, 50])
    opacity = {0: 1, 1: 1, 2: 0} if transparency == 2 else {0: 1, 1: 0, 2: 128 / 255}
    colours = np.array([[10, 20, 30], [40, 50, 60], [200, 100, 50]])
    expected = [colours[index] * opacity[index] for index in range(3)]
    data = encoded(image, "PNG", transparency=transparency)
    assert np.abs(decode(data, "a")[0] - np.array(expected)).max() <= 1


def test_one_colour_named_transparent() -> None:
    pixels = PIXELS.copy()
    pixels[0, 0] = (1, 2, 3)
    data = encoded(Image.fromarray(pixels), "PNG", transparency=(1, 2, 3))
    pixels[0, 0] = 0
    assert np.array_equal(decode(data, "a"), pixels)


def test_one_bit() -> None:
    bits = PIXELS[..., 0] > 127
    for kind in ("PNG", "BMP", "TIFF"):
        assert np.array_equal(decode(encoded(Image.fromarray(bits), kind), "a")[..., 1], bits * np.uint8(255))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_by_its_full_range(kind: str) -> None:
    deep = np.linspace(0, 65535, 45).astype(np.uint16).reshape(5, 9)
    image = decode(encoded(Image.fromarray(deep), kind), "a")
    assert np.array_equal(image[..., 0], np.rint(deep / 257).astype(np.uint8))


def test_12_bits_in_16_are_stretched_so_that_something_is_seen() -> None:
    deep = np.linspace(0, 4095, 45).astype(np.uint16).reshape(5, 9)
    image = decode(encoded(Image.fromarray(deep), "PNG"), "a")
    assert (image.min(), image.max()) == (0, 255)
    assert np.array_equal(image[..., 2], np.rint(deep / 4095 * 255).astype(np.uint8))


def test_8_bits_in_16_are_taken_as_they_are() -> None:
    deep = PIXELS[..., 0].astype(np.uint16)
    assert np.array_equal(decode(encoded(Image.fromarray(deep), "PNG"), "a")[..., 0], PIXELS[..., 0])


def test_floating_point_is_stretched_and_what_is_no_number_is_black() -> None:
    values = np.linspace(-1, 1, 45, dtype=np.float32).reshape(5, 9)
    values[2, 2] = np.nan
    image = decode(encoded(Image.fromarray(values), "TIFF"), "a")[..., 0]
    assert (image[0, 0], image[-1, -1]) == (0, 255)
    flat = decode(encoded(Image.fromarray(np.full((3, 3), 2.5, np.float32)), "TIFF"), "a")
    assert not flat.any()


def test_cmyk() -> None:
    image = Image.fromarray(PIXELS).convert("CMYK")
    for kind in ("TIFF", "JPEG"):
        data = encoded(image, kind, **({"quality": 100, "subsampling": 0} if kind == "JPEG" else {}))
        assert header(data, "a").mode == "CMYK"
        assert np.abs(decode(data, "a").astype(int) - PIXELS).max() <= (0 if kind == "TIFF" else 12)


def test_only_the_first_frame_of_an_animation_is_read() -> None:
    frames = [Image.fromarray(np.full((4, 6), shade, np.uint8)) for shade in (10, 120, 240)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    assert decode(data, "a").shape == (4, 6, 3)
    assert np.all(decode(data, "a") == 10)


def sized_png(width: int, height: int) -> bytes:
    """A PNG that claims to be this large and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return start + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [20_001, 60_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    for function in (header, decode):
        with pytest.raises(ImageError, match=r"bomb\.png is too large: .* 400 megapixels"):
            function(sized_png(side, side), "bomb.png")


def test_as_large_as_is_said_to_be_opened_passes_the_header() -> None:
    side = int(MAX_PIXELS**0.5)
    assert header(sized_png(side, side), "large.png").width == side


@pytest.mark.parametrize("data", [b"hello, this is text", b"", b"\xff\xd8\xff", b"%PDF-1.7", b"\0" * 500])
def test_what_is_no_image_is_one_sentence_with_the_name(data: bytes) -> None:
    for function in (header, decode):
        with pytest.raises(ImageError, match=r"^scan\.jpg [^\n]*[.]$"):
            function(data, "scan.jpg")


def test_formats_that_curator_does_not_open_are_refused() -> None:
    with pytest.raises(ImageError, match="is not an image that can be read"):
        decode(encoded(Image.fromarray(PIXELS), "PPM"), "a.png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_truncated_files_are_damaged(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(ImageError, match=r"cut\.x"):
        decode(data[: len(data) * 2 // 3], "cut.x")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_anywhere_is_an_image_or_an_image_error(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF"]))
    raw = bytearray(
        turned(PIXELS[..., 0], 6, kind)
        if kind in ("JPEG", "PNG", "TIFF", "WEBP")
        else encoded(Image.fromarray(PIXELS[..., 0]), kind)
    )
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    for variant in (bytes(raw), bytes(raw[:cut])):
        for function in (header, decode):
            with contextlib.suppress(ImageError):
                function(variant, "a")


def test_reading_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    assert read_bytes(path) == read_bytes(os.fsencode(path)) == b"abc"
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "empty.png").touch()
    for name, reason in (("gone.png", "No such file"), ("", "directory|denied"), ("empty.png", "is empty")):
        with pytest.raises(ImageError, match=reason):
            read_bytes(tmp_path / name)
    with pytest.raises(ImageError, match=r"\\xff\.png"):
        read_bytes(os.fsencode(tmp_path) + b"/\xff.png")
    path.write_bytes(encoded(Image.fromarray(PIXELS), "PNG"))
    assert np.array_equal(load(path), PIXELS)


def test_image_names() -> None:
    assert all(
        map(is_image_name, ["a.jpg", "b/c.JPEG", "d.PNG", "e.webp", "f.bmp", "g.tif", "h.Tiff", "i.gif"])
    )
    assert not any(map(is_image_name, ["a", "jpg", "a.jpg.txt", "b.dcm", ".png", "c.svg"]))
