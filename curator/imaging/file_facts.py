"""What a file says before any of its pixels is looked at: how many bytes, which format, how it was compressed."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from curator.imaging.decode import header


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Facts of one file, read from its header alone.

    `width` and `height` are those of the upright image in pixels; `format` and `mode` are Pillow's words;
    `tables` are the JPEG's quantisation tables (64 values each, in zigzag order), empty for other formats;
    `subsampling` holds the horizontal and vertical sampling of the JPEG's first component, (0, 0) otherwise;
    `density` is in dots an inch, 0 where none is given; `metadata` counts the bytes of EXIF, colour profile and
    comment together.
    """

    size_bytes: int
    width: int
    height: int
    format: str
    mode: str
    tables: tuple[tuple[int, ...], ...]
    subsampling: tuple[int, int]
    progressive: bool
    density: float
    metadata: int


def file_facts(data: bytes, name: str) -> FileFacts:
    """The facts of a file's bytes; `name` is for messages. Raises `ImageError` for what is no image."""
    facts = header(data, name)
    with Image.open(io.BytesIO(data)) as image:
        info = image.info
        return FileFacts(
            size_bytes=len(data),
            width=facts.width,
            height=facts.height,
            format=facts.format,
            mode=facts.mode,
            tables=_tables(image),
            subsampling=_subsampling(image),
            progressive=bool(info.get("progressive") or info.get("interlace")),
            density=_density(info.get("dpi")),
            metadata=sum(len(info.get(key) or b"") for key in ("exif", "icc_profile", "comment")),
        )


def _tables(image: Any) -> tuple[tuple[int, ...], ...]:
    found = getattr(image, "quantization", None)
    return tuple(tuple(int(value) for value in found[key]) for key in sorted(found)) if found else ()


def _subsampling(image: Any) -> tuple[int, int]:
    layers = getattr(image, "layer", None)
    return (int(layers[0][1]), int(layers[0][2])) if layers else (0, 0)


def _density(dpi: Any) -> float:
    with contextlib.suppress(TypeError, ValueError, IndexError, ZeroDivisionError):
        return float(dpi[0])
    return 0.0
