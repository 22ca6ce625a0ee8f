"""The cleaned images themselves, in class folders that Hugging Face's ImageFolder and torchvision read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from PIL import Image

from curator.errors import CuratorError, ImageError
from curator.imaging.decode import RGB
from curator.imaging.render import render
from curator.manifest.files import Manifest, write_bytes, write_text
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import SPLITS, Event, Progress, Warned

METADATA: Final = "metadata.jsonl"
# The folder of the images that have no split.
UNSPLIT: Final = "all"

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
# Names that Windows keeps for devices, with any ending.
_DEVICES = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
# Most file systems take names of 255 bytes; hash, number and ending need some 20.
_LONGEST: Final = 200
_OURS = re.compile(r"-([0-9a-f]{8})(-[0-9]+)?\.png$")


@dataclass(frozen=True, slots=True)
class Materialised(Event):
    """The images are written: how many, how many could not be, and where."""

    folder: Path
    written: int
    skipped: int


@dataclass(frozen=True, slots=True)
class _Planned:
    """One image to write: `relative` is its path below its split's folder."""

    row: ManifestRow
    split: str
    relative: PurePosixPath

    @property
    def line(self) -> str:
        values = {
            "file_name": str(self.relative),
            "label": self.row.label,
            "original": self.row.file_name,
            "sha256": self.row.sha256 or "",
            "group": self.row.group,
        }
        return json.dumps(values, ensure_ascii=False) + "\n"


def materialise(manifest: Manifest, out: Path, root: Path | None = None) -> Iterator[Event]:
    """Writes the kept images, cropped and masked, below `out/images`, with a `metadata.jsonl` a split.

    `out/images/<split>/<class>/<name>-<8 hex of the hash>.png`, RGB or grey, without any metadata of the
    original; images without a split lie in `all`. Characters that some file system refuses become `_`; names
    that would then fall together get a number. An image that is gone or has changed is a `Warned` and is left
    out. What an earlier call wrote there and this one does not is removed, and nothing else. `root` is where
    the originals lie if not where the manifest says.

    Raises `CuratorError` where `out/images` and the dataset lie within each other, `OSError` where it can't be
    written. Broken off, it leaves whole images, listed in the metadata; the next call tidies up.
    """
    source = (root or manifest.root).resolve()
    target = (out / "images").resolve()
    if target == source or source in target.parents or target in source.parents:
        raise CuratorError(f"{out} lies within the dataset {source}: choose a folder outside of it.")
    plan = _plan(row for row in manifest.rows if row.decision == "keep")
    earlier = _earlier(target)
    # What lies there, by path, with its line; the metadata always list at least that, so that no call leaves
    # files that a later one would not know for its own.
    there = dict(earlier)
    _write_metadata(target, there | {target / one.split / one.relative: one.line for one in plan}, earlier)
    skipped = 0
    try:
        for index, one in enumerate(plan):
            yield Progress(index, len(plan), "Writing images")
            path = target / one.split / one.relative
            try:
                cleaned = render(read_verified(source, one.row), one.row.edits)
            except ImageError as error:
                skipped += 1
                yield Warned(str(error), {"file_name": one.row.file_name})
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, _png(cleaned))
            there[path] = one.line
            earlier.pop(path, None)
        for path in earlier:
            path.unlink(missing_ok=True)
            there.pop(path, None)
            _remove_empty(path.parent, target)
    finally:
        _write_metadata(target, there, {target / one.split / one.relative: "" for one in plan} | earlier)
    yield Progress(len(plan), len(plan), "Writing images")
    yield Materialised(target, len(plan) - skipped, skipped)


def _plan(rows: Iterable[ManifestRow]) -> list[_Planned]:
    rows = list(rows)
    folders = _folders(row.label for row in rows)
    taken: set[tuple[str, str]] = set()
    plan: list[_Planned] = []
    for row in rows:
        split = row.split or UNSPLIT
        stem = f"{_safe(PurePosixPath(row.file_name).stem)}-{(row.sha256 or '')[:8]}"
        # Equal bytes under equal names in two folders of a class; also where only upper and lower case differ.
        for number in range(1, len(rows) + 2):
            name = f"{stem}.png" if number == 1 else f"{stem}-{number}.png"
            relative = PurePosixPath(folders[row.label], name)
            if (split, str(relative).casefold()) not in taken:
                break
        taken.add((split, str(relative).casefold()))
        plan.append(_Planned(row, split, relative))
    return plan


def _folders(labels: Iterable[str]) -> dict[str, str]:
    """A folder's name for each label, no two the same, not even in upper and lower case."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(set(labels)):
        safe = name = _safe(label)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{safe}-{number}"
        taken.add(name.casefold())
        folders[label] = name
    return folders


def _safe(name: str) -> str:
    """A name that every file system takes, at most 200 bytes long."""
    name = _UNSAFE.sub("_", name)
    name = name.encode()[:_LONGEST].decode("utf-8", "ignore").strip(" .")
    return f"_{name}" if not name or _DEVICES.match(name) else name


def _earlier(target: Path) -> dict[Path, str]:
    """The images that an earlier call wrote, with their lines, by its own metadata files.

    Only names of our own making count: somebody else's `metadata.jsonl` is not a list of what to delete.
    """
    found: dict[Path, str] = {}
    for split in (*SPLITS, UNSPLIT):
        folder = target / split
        try:
            text = (folder / METADATA).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for line in text.split("\n"):
            try:
                values = json.loads(line)
                name, digest = PurePosixPath(values["file_name"]), str(values["sha256"])
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            plain = len(name.parts) == 2 and ".." not in name.parts and not name.is_absolute()
            ours = _OURS.search(name.name)
            if plain and ours is not None and ours[1] == digest[:8]:
                path = folder / name
                if path.is_file():
                    found[path] = line + "\n"
    return found


def _write_metadata(target: Path, lines: dict[Path, str], touched: Iterable[Path]) -> None:
    """Writes each split's list, and removes that of a split which has no image (any more)."""
    by_split: dict[str, list[str]] = {path.relative_to(target).parts[0]: [] for path in touched}
    for path, line in lines.items():
        by_split.setdefault(path.relative_to(target).parts[0], []).append(line)
    for split, its_lines in by_split.items():
        metadata = target / split / METADATA
        if its_lines:
            metadata.parent.mkdir(parents=True, exist_ok=True)
            write_text(metadata, "".join(sorted(its_lines)))
        else:
            metadata.unlink(missing_ok=True)
            _remove_empty(metadata.parent, target)


def _remove_empty(folder: Path, target: Path) -> None:
    """Removes folders that hold nothing any more, up to `target`: an empty one is a class to torchvision."""
    while folder != target:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _png(image: RGB) -> bytes:
    grey = bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if grey else image).save(buffer, "PNG")
    return buffer.getvalue()
