"""Reading an image that a manifest names, only if it is still the one that was curated."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from curator.errors import ImageError
from curator.imaging.decode import RGB, decode, read_bytes, sha256
from curator.manifest.schema import ManifestRow


def verified_bytes(root: Path, row: ManifestRow) -> bytes:
    """The bytes of a row's file, if they are those that were curated.

    Raises `ImageError` saying what changed: the file is gone, can't be read, or its hash differs.
    """
    path = root / row.file_name
    if row.sha256 is None:
        raise ImageError(f"{row.file_name} could not be read when the manifest was written: leave it out.")
    if not _is_file(path):
        raise ImageError(f"{row.file_name} is no longer in {root}: put it back or export the manifest again.")
    data = read_bytes(path)
    if sha256(data) != row.sha256:
        raise ImageError(
            f"{row.file_name} has changed since the manifest was written (its SHA-256 differs): "
            "look at it again in Curate and export anew."
        )
    return data


def read_verified(root: Path, row: ManifestRow) -> RGB:
    """The upright image of a row, RGB `uint8` (height, width, 3).

    Raises `ImageError` saying what changed: the file is gone, its hash differs, or it can't be decoded.
    """
    return decoded(verified_bytes(root, row), row)


def any_readable(root: Path, rows: Iterable[ManifestRow]) -> bool:
    """Whether at least one of these images can be read as it was curated."""
    for row in rows:
        try:
            read_verified(root, row)
        except ImageError:
            continue
        return True
    return False


def decoded(data: bytes, row: ManifestRow) -> RGB:
    """The upright image that a row's verified bytes hold. Raises `ImageError` if it can't be decoded."""
    image = decode(data, row.file_name)
    if (image.shape[1], image.shape[0]) != (row.width, row.height):
        raise ImageError(
            f"{row.file_name} is {image.shape[1]}x{image.shape[0]} and the manifest says "
            f"{row.width}x{row.height}: export it again."
        )
    return image


def _is_file(path: Path) -> bool:
    """Whether there is a regular file; what can't be asked about (permissions, too long a name) counts as one,
    so that reading it tells why.
    """
    try:
        return path.is_file()
    except OSError:
        return True
