"""Rendered squares on disk, so that the next run, fold or evaluation decodes nothing: bounded, safe to lose.

One file an image, named by everything that its pixels depend on; a file that is cut short or damaged is as good
as none. What was used longest ago goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from curator.imaging.decode import RGB
from curator.imaging.render import VERSION, Resize
from curator.paths import cache_dir
from curator.records import Edits

FOLDER: Final = "squares"
# Some 14,000 images of 224 px.
MOST_BYTES: Final = 2 * 1024**3
# Emptied a little below the bound, so that not every image more means going over the whole folder.
_EMPTIED_TO: Final = 0.9
# A use is noted at most so often: the order of last use needs no more, and a disk is spared the writes.
_NOTED_EVERY: Final = 3600.0
_CHECK_BYTES: Final = 4


class ImageCache:
    """Squares by key. Never raises: a disk that is full or read-only makes it forget, and work goes on."""

    def __init__(self, folder: Path | None = None, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        with contextlib.suppress(OSError):
            self._folder = folder or cache_dir() / FOLDER
        self._most = most_bytes
        self._written = False

    def get(self, key: str, side: int) -> RGB | None:
        """The square (side, side, 3) that was put under `key`, or None."""
        path = self._path(key)
        if path is None:
            return None
        try:
            data = path.read_bytes()
            size = side * side * 3
            if (
                len(data) != size + _CHECK_BYTES
                or zlib.crc32(data[:size]).to_bytes(_CHECK_BYTES, "big") != data[size:]
            ):
                path.unlink(missing_ok=True)
                return None
            now = time.time()
            if now - path.stat().st_mtime > _NOTED_EVERY:
                os.utime(path, (now, now))
        except OSError:
            return None
        return np.frombuffer(data, np.uint8, size).reshape(side, side, 3)

    def put(self, key: str, square: RGB) -> None:
        """Keeps a square, whole or not at all."""
        data = square.tobytes()
        path = self._path(key)
        if path is None:
            return
        name = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".square.")
            with os.fdopen(handle, "wb") as file:
                file.write(data + zlib.crc32(data).to_bytes(_CHECK_BYTES, "big"))
            Path(name).replace(path)
            self._written = True
        except OSError:
            if name is not None:
                with contextlib.suppress(OSError):
                    Path(name).unlink(missing_ok=True)

    def trim(self) -> None:
        """Brings the folder below its bound if anything was added, oldest use first."""
        if self._folder is None or not self._written:
            return
        self._written = False
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                found.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self._most:
            return
        for _, size, path in sorted(found):
            if total <= self._most * _EMPTIED_TO:
                break
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size

    def _path(self, key: str) -> Path | None:
        return None if self._folder is None else self._folder / key[:2] / key[2:]


def key_of(sha256: str, edits: Edits, side: int, resize: Resize) -> str:
    """The name of a square: 64 hex digits over the file's hash, its edits, size, fit and the renderer."""
    facts = [VERSION, sha256, asdict(edits), side, resize]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
