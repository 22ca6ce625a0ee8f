"""From a folder to records: every image file below the root, with its hash and its header's size."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.errors import CuratorError, ImageError
from curator.imaging.decode import header, is_image_name, read_bytes, sha256
from curator.records import Event, ImageRecord, Progress, Warned

UNLABELLED = "unlabelled"

# `c:name` means another drive on Windows, so that no manifest may hold it.
_DRIVE = re.compile(rb"^([A-Za-z]):")


@dataclass(frozen=True, slots=True)
class Found(Event):
    """One image file of the dataset, readable or not."""

    record: ImageRecord


def scan(root: Path) -> Iterator[Event]:
    """Yields a `Found` for every image file below `root`, in order of its name, with `Progress` between.

    The label is the first folder below the root, at any depth; files that lie in the root itself are
    `unlabelled`. Hidden files and folders are skipped without a word. Links are followed only while they stay
    below the root; those that lead out of it, folders that may not be read and files that are no files (a
    pipe) become a `Warned`. Raises `CuratorError` if `root` is no folder that can be read.
    """
    if not root.is_dir():
        raise CuratorError(f"{root} is not a folder: choose the folder that holds one folder per class.")
    yield Progress(0, 0, "Looking for images")
    base = os.fsencode(root.resolve())
    names: list[bytes] = []
    for found in _walk(base):
        if isinstance(found, Warned):
            yield found
        else:
            names.append(found)
    names.sort(key=shown_name)
    for index, name in enumerate(names):
        yield Found(_record(base, name))
        yield Progress(index + 1, len(names), "Reading files")


def shown_name(name: bytes) -> str:
    """A file's relative name as a manifest holds it, different for different files.

    Forward slashes; bytes that are not UTF-8 and the ASCII characters that no manifest may hold (a backslash,
    the colon in `c:name`) as `\\xNN`.
    """
    if os.sep == "/":
        name = _DRIVE.sub(rb"\1\\x3a", name.replace(b"\\", b"\\x5c"))
    return name.replace(os.fsencode(os.sep), b"/").decode("utf-8", "backslashreplace")


def _walk(base: bytes) -> Iterator[bytes | Warned]:
    """Relative names (bytes, so that any name survives) of all image files below `base`.

    Each folder is listed once, under its own name rather than that of a link to it.
    """
    seen = {_identity(base)}
    waiting = [b""]
    links: list[bytes] = []
    while waiting or links:
        folder = waiting.pop() if waiting else links.pop()
        path = os.path.join(base, folder)  # noqa: PTH118 - bytes, not text
        try:
            if folder and (identity := _identity(path)) in seen:
                continue
            if folder:
                seen.add(identity)
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            if not folder:
                raise CuratorError(
                    f"{os.fsdecode(base)} could not be read ({_reason(error)}): check the folder's permissions."
                ) from error
            yield _skipped(folder, _reason(error), "check the folder's permissions")
            continue
        for entry in entries:
            if entry.name.startswith(b"."):
                continue
            relative = os.path.join(folder, entry.name) if folder else entry.name  # noqa: PTH118 - bytes
            try:
                kind = _kind(entry, base)
            except OSError as error:
                yield _skipped(relative, _reason(error), "check the file and its permissions")
                continue
            if kind == "folder":
                (links if entry.is_symlink() else waiting).append(relative)
            elif kind == "outside":
                if is_image_name(os.fsdecode(entry.name)) or entry.is_dir():
                    yield _skipped(relative, "it links out of the dataset", "copy it into the folder")
            elif is_image_name(os.fsdecode(entry.name)):
                if kind == "file":
                    yield relative
                else:
                    yield _skipped(relative, "it is no regular file", "take it out of the folder")


def _kind(entry: os.DirEntry[bytes], base: bytes) -> str:
    """`folder`, `file` (also a link that leads nowhere: its record says so), `outside` or `special`."""
    if entry.is_symlink() and not _stays_below(base, entry.path):
        return "outside"
    if entry.is_dir():
        return "folder"
    # is_file() is False for a link to nothing, which nobody can wait on as on a pipe.
    return "file" if entry.is_file() or not os.path.exists(entry.path) else "special"  # noqa: PTH110 - bytes


def _stays_below(base: bytes, path: bytes) -> bool:
    real = os.path.realpath(path)
    return real == base or real.startswith(base.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep))


def _identity(path: bytes) -> tuple[int, int]:
    """What two names of one folder share. `DirEntry.stat` has zeros there on Windows."""
    facts = os.stat(path)  # noqa: PTH116 - bytes, not text
    return facts.st_dev, facts.st_ino


def _skipped(name: bytes, why: str, cure: str) -> Warned:
    return Warned(f"{shown_name(name)} was skipped ({why}): {cure}.")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


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
    if shown.replace("/", os.sep).encode("utf-8") != name:
        raise ImageError(
            f"{shown} has a name that a manifest can't hold (not UTF-8, a backslash or a drive): "
            "rename the file or its folder."
        )
