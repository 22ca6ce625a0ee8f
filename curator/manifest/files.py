"""The one place where manifests are read and written: `manifest.jsonl` and `manifest.json` in a folder."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curator import __version__
from curator.dataset.split import Shares
from curator.errors import CuratorError, ManifestError
from curator.manifest.schema import (
    SCHEMA,
    ManifestCounts,
    ManifestInfo,
    ManifestRow,
    parse_json,
    reason_of,
)
from curator.records import Profile

LINES = "manifest.jsonl"
INFO = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read or written: its folder, its rows in order of `file_name`, its info."""

    folder: Path
    rows: tuple[ManifestRow, ...]
    info: ManifestInfo

    @property
    def root(self) -> Path:
        """The dataset's root; `info.root` is relative to the manifest's folder where that was possible."""
        return (self.folder / self.info.root).resolve()


def read_manifest(path: Path) -> Manifest:
    """Reads a manifest: its folder, or the `manifest.jsonl` in it.

    Raises `ManifestError` naming file, line and reason for whatever does not hold to `curator-manifest/1`.
    """
    lines_path = path / LINES if path.is_dir() else path
    if lines_path.name == INFO:
        lines_path = lines_path.with_name(LINES)
    data = _bytes_of(lines_path)
    info = _read_info(lines_path.with_name(INFO))
    digest = hashlib.sha256(data).hexdigest()
    rows = _read_rows(lines_path, data)
    if digest != info.sha256:
        raise ManifestError(
            f"{lines_path} is not the file that {INFO} was written for (another SHA-256): export it again."
        )
    _check_together(lines_path, rows, info)
    return Manifest(lines_path.parent, tuple(rows), info)


def write_manifest(
    folder: Path,
    rows: Sequence[ManifestRow],
    *,
    root: Path,
    profile: Profile,
    classes: Sequence[str],
    seed: int,
    shares: Shares,
    test_touched: int = 0,
) -> Manifest:
    """Writes both files, whole or not at all, and returns what `read_manifest` would.

    Both are staged before either is replaced; where one can't be, the former pair is back. `manifest.json`
    comes last and holds the hash of the lines, so that a crash between the two is noticed by whoever reads
    them. Raises `ManifestError` for rows that don't fit together, `OSError` where the folder can't be written.
    """
    ordered = sorted(rows, key=lambda row: row.file_name)
    text = "".join(row.to_json_line() for row in ordered)
    try:
        info = ManifestInfo.model_validate(
            {
                "schema": SCHEMA,
                "root": _relative(root, folder),
                "profile": profile,
                "classes": list(classes),
                "counts": ManifestCounts.of(ordered).model_dump(by_alias=True),
                "seed": seed,
                "shares": (shares.train, shares.val, shares.test),
                "test_touched": test_touched,
                "app_version": __version__,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
    except ValidationError as error:
        raise ManifestError(f"The manifest can't be written: {reason_of(error)}.") from error
    _check_together(folder / LINES, ordered, info)
    folder.mkdir(parents=True, exist_ok=True)
    _replace_both(folder, text.encode(), info.to_json().encode())
    return Manifest(folder, tuple(ordered), info)


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all (temporary file beside it, fsync, replace), UTF-8 with `\\n`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all (temporary file beside it, fsync, replace)."""
    temporary = _staged(path, data)
    try:
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def write_csv(manifest: Manifest, path: Path) -> None:
    """The rows as CSV with a header; crop and masks are JSON within their cells, null is empty."""
    buffer = io.StringIO()
    names = list(ManifestRow.model_fields)
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for row in manifest.rows:
        values = row.model_dump(mode="json")
        writer.writerow({name: _cell(values[name]) for name in names})
    write_text(path, buffer.getvalue())


def write_parquet(manifest: Manifest, path: Path) -> None:
    """The rows as Parquet; masks are JSON text. Raises `CuratorError` where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise CuratorError("Parquet needs pyarrow: install it with pip install pyarrow.") from error
    integers = {"width": pyarrow.int64(), "height": pyarrow.int64(), "crop": pyarrow.list_(pyarrow.int64())}
    types = {name: pyarrow.string() for name in ManifestRow.model_fields} | integers
    types["confidence"] = pyarrow.float64()
    rows = [row.model_dump(mode="json") for row in manifest.rows]
    for values in rows:
        values["masks"] = json.dumps(values["masks"])
    table = pyarrow.Table.from_pylist(rows, schema=pyarrow.schema(list(types.items())))
    buffer = pyarrow.BufferOutputStream()
    parquet.write_table(table, buffer)
    write_bytes(path, buffer.getvalue().to_pybytes())


def _read_rows(path: Path, data: bytes) -> list[ManifestRow]:
    rows: list[ManifestRow] = []
    if data and not data.endswith(b"\n"):
        number = data.count(b"\n") + 1
        raise ManifestError(f"{path}, line {number}: the last line is cut off: export it again.")
    for number, raw in enumerate(data.split(b"\n")[:-1], start=1):
        where = f"{path}, line {number}"
        try:
            row = ManifestRow.model_validate(parse_json(raw.decode("utf-8")))
        except UnicodeDecodeError:
            raise ManifestError(f"{where}: not UTF-8.") from None
        except ValidationError as error:
            raise ManifestError(f"{where}: {reason_of(error)}.") from None
        except (ValueError, RecursionError) as error:
            raise ManifestError(f"{where}: not JSON as it should be ({error}).") from None
        if rows and row.file_name <= rows[-1].file_name:
            what = "twice" if row.file_name == rows[-1].file_name else "out of order"
            raise ManifestError(f"{where}: {row.file_name} is listed {what}; lines are sorted by file_name.")
        rows.append(row)
    return rows


def _read_info(path: Path) -> ManifestInfo:
    data = _bytes_of(path)
    try:
        values = parse_json(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise ManifestError(f"{path}: not UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: not JSON as it should be ({error}).") from None
    if values.get("schema") != SCHEMA:
        raise ManifestError(
            f"{path}: its schema is {values.get('schema')!r}, this version of Curator reads {SCHEMA!r}."
        )
    try:
        return ManifestInfo.model_validate(values)
    except ValidationError as error:
        raise ManifestError(f"{path}: {reason_of(error)}.") from None


def _check_together(path: Path, rows: Sequence[ManifestRow], info: ManifestInfo) -> None:
    """What no single line can show: labels are classes, names are unique, no group is in two splits, the
    counts are right.
    """
    classes = set(info.classes)
    split_of: dict[str, tuple[str, str]] = {}
    names: set[str] = set()
    for number, row in enumerate(rows, start=1):
        where = f"{path}, line {number}"
        if row.label not in classes:
            raise ManifestError(f"{where}: label {row.label!r} is not among the classes {info.classes}.")
        if row.file_name in names:
            raise ManifestError(f"{where}: {row.file_name} is listed twice.")
        names.add(row.file_name)
        if row.split is not None:
            known, first = split_of.setdefault(row.group, (row.split, row.file_name))
            if known != row.split:
                raise ManifestError(
                    f"{where}: group {row.group!r} is in {row.split} here and in {known} at {first}: "
                    "a group never straddles splits."
                )
    if info.counts != ManifestCounts.of(rows):
        raise ManifestError(f"{path.with_name(INFO)}: its counts are not those of {LINES}: export it again.")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ManifestError(
            f"{path} could not be read ({reason}): give the folder that holds {LINES} and {INFO}."
        ) from error


def _relative(root: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(root.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        return root.resolve().as_posix()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _replace_both(folder: Path, lines: bytes, info: bytes) -> None:
    """Swaps in a new pair; where the second can't be swapped, the first is put back."""
    staged = _staged(folder / LINES, lines)
    try:
        former = (folder / LINES).read_bytes() if (folder / LINES).is_file() else None
        staged_info = _staged(folder / INFO, info)
        try:
            staged.replace(folder / LINES)
            try:
                staged_info.replace(folder / INFO)
            except BaseException:
                if former is None:
                    (folder / LINES).unlink()
                else:
                    write_bytes(folder / LINES, former)
                raise
        finally:
            staged_info.unlink(missing_ok=True)
    finally:
        staged.unlink(missing_ok=True)
    _sync_folder(folder)


def _staged(path: Path, data: bytes) -> Path:
    """The bytes in a temporary file beside `path`, on disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; what a person exports gets the permissions of any new file.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _sync_folder(folder: Path) -> None:
    """Puts the new names on disk, where the system can (Windows can't open folders)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
