"""The cleaned images themselves, in class folders that Hugging Face's ImageFolder and torchvision read."""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from curator.errors import CuratorError, ImageError
from curator.imaging.decode import RGB
from curator.imaging.render import render
from curator.manifest.files import Manifest, write_text
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import Event, Progress, Warned

METADATA = "metadata.jsonl"
# Images of a manifest without splits.
UNSPLIT = "all"
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
# A file name of 255 bytes is the limit of most file systems; the hash and the ending take 13.
_LONGEST_STEM = 120


@dataclass(frozen=True, slots=True)
class Materialised(Event):
    """The images are written: how many, and where."""

    folder: Path
    written: int
    skipped: int


def materialise(manifest: Manifest, out: Path, root: Path | None = None) -> Iterator[Event]:
    """Writes the kept images, cropped and masked, below `out/images`, a `metadata.jsonl` a split.

    `out/images/<split>/<class>/<name>-<8 hex of the hash>.png`, without any metadata of the original. An image
    that is gone or has changed is a `Warned` and is left out. What an earlier call wrote there and this one
    does not is removed, nothing else; raises `CuratorError` if `out` lies within the dataset.
    """
    source = (root or manifest.root).resolve()
    target = (out / "images").resolve()
    if target == source or source in target.parents:
        raise CuratorError(f"{out} lies within the dataset {source}: choose a folder outside it.")
    kept = [row for row in manifest.rows if row.decision == "keep"]
    stale = _earlier(target)
    lines: dict[str, list[str]] = defaultdict(list)
    written = 0
    for index, row in enumerate(kept):
        yield Progress(index, len(kept), "Writing images")
        split = row.split or UNSPLIT
        relative = PurePosixPath(_safe(row.label), _file_name(row))
        try:
            cleaned = render(read_verified(source, row), row.edits)
        except ImageError as error:
            yield Warned(str(error))
            continue
        path = target / split / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_png(path, cleaned)
        stale.discard(path)
        lines[split].append(_metadata_line(row, relative))
        written += 1
    for split in {*lines, *(path.relative_to(target).parts[0] for path in stale)}:
        if lines[split]:
            write_text(target / split / METADATA, "".join(sorted(lines[split])))
        else:
            (target / split / METADATA).unlink(missing_ok=True)
    for path in stale:
        path.unlink(missing_ok=True)
    yield Progress(len(kept), len(kept), "Writing images")
    yield Materialised(target, written, len(kept) - written)


def _metadata_line(row: ManifestRow, relative: PurePosixPath) -> str:
    values = {
        "file_name": str(relative),
        "label": row.label,
        "original": row.file_name,
        "sha256": row.sha256 or "",
        "group": row.group,
    }
    return json.dumps(values, ensure_ascii=False) + "\n"


def _file_name(row: ManifestRow) -> str:
    stem = _safe(PurePosixPath(row.file_name).stem)[:_LONGEST_STEM]
    return f"{stem}-{(row.sha256 or '')[:8]}.png"


def _safe(name: str) -> str:
    """A name that every file system takes."""
    return _UNSAFE.sub("_", name).strip(" .") or "_"


def _earlier(target: Path) -> set[Path]:
    """The images that an earlier call wrote, by its own metadata files."""
    found: set[Path] = set()
    for metadata in target.glob(f"*/{METADATA}"):
        for line in metadata.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                name = json.loads(line)["file_name"]
            except (ValueError, KeyError, TypeError):
                continue
            path = (metadata.parent / str(name)).resolve()
            if metadata.parent.resolve() in path.parents and path.suffix == ".png":
                found.add(path)
    return found


def _write_png(path: Path, image: RGB) -> None:
    buffer = io.BytesIO()
    grey = bool((image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all())
    Image.fromarray(image[..., 0] if grey else image).save(buffer, "PNG")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(buffer.getvalue())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
