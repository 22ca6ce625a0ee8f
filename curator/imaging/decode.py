"""The one place where images are decoded: file to upright 8-bit RGB.

Arrays are `uint8`, shape (height, width, 3), RGB, C-contiguous; a grey image has three equal channels. EXIF
orientation is applied, transparency is laid over black, deeper grey is scaled to 8 bits, and only the first
frame of an animation is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from curator.errors import ImageError

RGB: TypeAlias = npt.NDArray[np.uint8]

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})

# 400 megapixels are 1.2 GB as RGB: beyond any scan, and what a decompression bomb would ask for.
MAX_PIXELS = 400_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "MPO")
_ORIENTATION = 0x0112

_IMAGE_WIDTH, _IMAGE_LENGTH = 256, 257
# About 1 ms of copying.
_STRIP_PIXELS = 1_000_000

# Above this Pillow would refuse on its own account, with a limit of its own.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# What Pillow finds odd about a file is of no use to anybody once it is read. Set once and for all: putting
# filters back and forth (`catch_warnings`) is not safe while several threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")

# All that Pillow's parsers have been seen to raise on damaged files.
_BAD_FILE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's first bytes say: size of the upright image in pixels, format and Pillow's mode."""

    width: int
    height: int
    format: str
    mode: str


def is_image_name(name: str) -> bool:
    """Whether a file's name has one of the endings that Curator opens."""
    return PurePosixPath(name).suffix.lower() in EXTENSIONS


def read_bytes(path: Path | str | bytes) -> bytes:
    """The file's bytes. Raises `ImageError` with one sentence where it cannot be read or is empty."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - `bytes` paths keep names that are not UTF-8
            data = file.read()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ImageError(
            f"{_shown(path)} could not be read ({reason}): check the file and its permissions."
        ) from error
    if not data:
        raise ImageError(f"{_shown(path)} is empty: copy it again from its source.")
    return data


def sha256(data: bytes) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def header(data: bytes, name: str) -> Header:
    """Reads only the header. Raises `ImageError` for what is no image or too large (over `MAX_PIXELS`)."""
    with _opened(data, name) as image:
        turned = False
        with contextlib.suppress(*_BAD_FILE):  # decode() ignores a broken EXIF block likewise
            turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
        width, height = _stored_size(image)
        if turned:
            width, height = height, width
        return Header(width, height, image.format or "", image.mode)


def decode(data: bytes, name: str) -> RGB:
    """Decodes a file's bytes to an upright RGB array (see the module's text); `name` is for messages.

    Raises `ImageError` for what is no image, truncated, or too large.
    """
    with _opened(data, name) as image:
        try:
            image.load()
            with contextlib.suppress(*_BAD_FILE):  # a broken EXIF block does not spoil the pixels
                image = ImageOps.exif_transpose(image)
            return _to_rgb(image)
        except _BAD_FILE as error:
            raise ImageError(f"{name} is damaged ({_reason(error)}): copy it again or discard it.") from error


def load(path: Path | str) -> RGB:
    """Reads and decodes one file. Raises `ImageError`."""
    return decode(read_bytes(path), Path(path).name)


def load_small(path: Path | str, least: int) -> RGB | None:
    """A JPEG at a half, quarter or eighth of its size, upright, for a first look at a large one.

    Its longer side has `least` pixels or more. libjpeg leaves out the fine frequencies, which takes a tenth of
    the time (measured: 26 ms for 12 megapixels at a quarter). None where there is no such short cut: another
    format, an image too small for it, or one that `load` has to say something of.
    """
    try:
        with _opened(read_bytes(path), Path(path).name) as image:
            if image.format != "JPEG":
                return None
            times = max(image.size) // least
            reduced = next((by for by in (8, 4, 2) if by <= times), 1)
            if reduced == 1:
                return None
            # Rounded down: Pillow takes the next larger scale where a size asks for a fraction of a pixel more.
            image.draft(image.mode, (image.width // reduced, image.height // reduced))
            image.load()
            return _to_rgb(ImageOps.exif_transpose(image))
    except (ImageError, *_BAD_FILE):
        return None


def grey(image: RGB) -> npt.NDArray[np.uint8]:
    """Luma of an RGB image, `uint8` (height, width): ITU-R 601-2, as Pillow's `convert("L")` rounds it."""
    if np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(image[..., 1], image[..., 2]):
        return np.ascontiguousarray(image[..., 0])
    return np.asarray(Image.fromarray(image).convert("L"))


def _opened(data: bytes, name: str) -> Any:
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} is too large: Curator opens images up to 400 megapixels.") from error
    except _BAD_FILE as error:
        raise ImageError(
            f"{name} is not an image that can be read (JPEG, PNG, WebP, BMP, TIFF or GIF): "
            "convert it or take it out of the folder."
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(f"{name} is too large: Curator opens images up to 400 megapixels.")
    if image.width < 1 or image.height < 1:
        raise ImageError(f"{name} has no pixels: copy it again from its source.")
    return image


def _stored_size(image: Any) -> tuple[int, int]:
    """Width and height before any turning: Pillow gives those of TIFF files already turned, or not, by version."""
    tags = getattr(image, "tag_v2", {})
    with contextlib.suppress(*_BAD_FILE):
        return int(tags[_IMAGE_WIDTH]), int(tags[_IMAGE_LENGTH])
    return int(image.width), int(image.height)


def _to_rgb(image: Image.Image) -> RGB:
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
        return np.repeat(_deep_grey(image)[..., None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        flat = Image.new("RGBA", image.size, (0, 0, 0, 255))
        flat.alpha_composite(image)
        image = flat
    image = image.convert("RGB")
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    # In strips: Pillow hands pixels over with the interpreter's lock held, and a window waits for that.
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        pixels[top : top + rows] = np.asarray(
            image.crop((0, top, image.width, min(top + rows, image.height)))
        )
    return pixels


def _deep_grey(image: Image.Image) -> npt.NDArray[np.uint8]:
    """Grey of more than 8 bits to 8: 16-bit files by their full range, others by their own extremes.

    Scanners fill 12 of 16 bits; an image that would come out darker than 1/8 is stretched to its maximum.
    """
    values = np.asarray(image, dtype=np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if high <= 255 and low >= 0 and image.mode != "F":
        return values.astype(np.uint8)
    if low >= 0 and 8192 < high <= 65535 and image.mode != "F":
        low, high = 0.0, 65535.0
    elif low >= 0 and image.mode != "F":
        low = 0.0
    scaled = (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _shown(path: Path | str | bytes) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
