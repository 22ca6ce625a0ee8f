"""From a folder to records: every image file below the root, with its hash and its header's size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.errors import CuratorError, ImageError
from curator.imaging.decode import header, is_image_name, read_bytes, sha256
from curator.records import Event, ImageRecord, Progress, Warned

UNLABELLED = "unlabelled"


@dataclass(frozen=True, slots=True)
class Found(Event):
    """One image file of the dataset, readable or not."""

    record: ImageRecord


def scan(root: Path) -> Iterator[Event]:
    """Yields a `Found` for every image file below `root`, in order of its name, with `Progress` between.

    The label is the first folder below the root, at any depth; files that lie in the root itself are
    `unlabelled`. Hidden files and folders are skipped, links are followed only while they stay below the
    root, and a folder that may not be read becomes a `Warned`. Raises `CuratorError` if `root` is no folder
    that can be read.
    """
    if not root.is_dir():
        raise CuratorError(f"{root} is not a folder: choose the folder that holds one folder per class.")
    yield Progress(0, 0, "Looking for images")
    names: list[bytes] = []
    for found in _walk(os.fsencode(root.resolve())):
        if isinstance(found, Warned):
            yield found
        else:
            names.append(found)
    names.sort(key=shown_name)
    base = os.fsencode(root.resolve())
    for index, name in enumerate(names):
        yield Found(_record(base, name))
        yield Progress(index + 1, len(names), "Reading files")


def shown_name(name: bytes) -> str:
    """A file's relative name as text: forward slashes; bytes not UTF-8, and backslashes, as `\\xNN`."""
    if os.sep == "/":
        name = name.replace(b"\\", b"\\x5c")
    return name.replace(os.fsencode(os.sep), b"/").decode("utf-8", "backslashreplace")


def _walk(base: bytes) -> Iterator[bytes | Warned]:
    """Relative names (bytes, so that any name survives) of all image files below `base`."""
    seen: set[tuple[int, int]] = set()
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(os.path.join(base, folder)) as listing:  # noqa: PTH118 - bytes, not text
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            reason = error.strerror or str(error)
            yield Warned(
                f"{shown_name(folder) or '.'} was skipped ({reason}): check the folder's permissions."
            )
            continue
        for entry in entries:
            if entry.name.startswith(b"."):
                continue
            relative = os.path.join(folder, entry.name) if folder else entry.name  # noqa: PTH118 - bytes
            try:
                if entry.is_symlink() and not _stays_below(base, entry.path):
                    continue
                if entry.is_dir():
                    facts = entry.stat()
                    if (facts.st_dev, facts.st_ino) not in seen:
                        seen.add((facts.st_dev, facts.st_ino))
                        waiting.append(relative)
                elif is_image_name(os.fsdecode(entry.name)):
                    yield relative
            except OSError as error:
                yield Warned(f"{shown_name(relative)} was skipped ({error.strerror or error}).")


def _stays_below(base: bytes, path: bytes) -> bool:
    real = os.path.realpath(path)
    return real == base or real.startswith(base.rstrip(b"/") + os.fsencode(os.sep))


def _record(base: bytes, name: bytes) -> ImageRecord:
    shown = shown_name(name)
    label, slash, _ = shown.partition("/")
    label = label if slash else UNLABELLED
    path = os.path.join(base, name)  # noqa: PTH118 - bytes, not text
    digest: str | None = None
    size = 0
    try:
        data = read_bytes(path)
        size = len(data)
        digest = sha256(data)
        _require_plain_name(name, shown)
        facts = header(data, shown)
    except ImageError as error:
        return ImageRecord(shown, label, digest, None, None, size, str(error))
    return ImageRecord(shown, label, digest, facts.width, facts.height, size)


def _require_plain_name(name: bytes, shown: str) -> None:
    if os.fsencode(shown.replace("/", os.sep)) != name:
        raise ImageError(f"{shown} has a name that a manifest can't hold (not UTF-8): rename the file.")
