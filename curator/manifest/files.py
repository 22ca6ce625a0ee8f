"""The one place where manifests are read and written: `manifest.jsonl` and `manifest.json` in a folder."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from curator import __version__
from curator.dataset.split import Shares
from curator.errors import CuratorError, ManifestError
from curator.manifest.schema import SCHEMA, ManifestCounts, ManifestInfo, ManifestRow
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
    info_path = lines_path.with_name(INFO)
    info = _read_info(info_path)
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

    Both are staged before either is replaced; `manifest.json` comes last and holds the hash of the lines, so
    that a crash between the two is noticed by whoever reads them. Raises `ManifestError` for rows that don't
    fit together, `OSError` where the folder can't be written.
    """
    ordered = sorted(rows, key=lambda row: row.file_name)
    text = "".join(row.to_json_line() for row in ordered)
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
    _check_together(folder / LINES, ordered, info)
    folder.mkdir(parents=True, exist_ok=True)
    staged: list[tuple[Path, Path]] = []
    try:
        for name, content in ((LINES, text), (INFO, info.to_json())):
            staged.append((_staged(folder / name, content), folder / name))
        for temporary, final in staged:
            temporary.replace(final)
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
    _sync_folder(folder)
    return Manifest(folder, tuple(ordered), info)


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all (temporary file beside it, fsync, replace), UTF-8 with `\\n`."""
    temporary = _staged(path, text)
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
    """The rows as Parquet. Raises `CuratorError` where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise CuratorError("Parquet needs pyarrow: install it with pip install pyarrow.") from error
    rows = [row.model_dump(mode="json") for row in manifest.rows]
    for values in rows:
        values["masks"] = json.dumps(values["masks"])
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        parquet.write_table(pyarrow.Table.from_pylist(rows), name)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _read_rows(path: Path, data: bytes) -> list[ManifestRow]:
    rows: list[ManifestRow] = []
    if data and not data.endswith(b"\n"):
        number = data.count(b"\n") + 1
        raise ManifestError(f"{path}, line {number}: the last line is cut off: export it again.")
    for number, raw in enumerate(data.split(b"\n")[:-1], start=1):
        where = f"{path}, line {number}"
        try:
            values = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
            row = ManifestRow.model_validate(values)
        except UnicodeDecodeError:
            raise ManifestError(f"{where}: not UTF-8.") from None
        except ValidationError as error:
            raise ManifestError(f"{where}: {_first_reason(error)}.") from None
        except (ValueError, RecursionError) as error:
            raise ManifestError(f"{where}: not a JSON object ({error}).") from None
        if rows and row.file_name <= rows[-1].file_name:
            what = "twice" if row.file_name == rows[-1].file_name else "out of order"
            raise ManifestError(f"{where}: {row.file_name} is listed {what}; lines are sorted by file_name.")
        rows.append(row)
    return rows


def _read_info(path: Path) -> ManifestInfo:
    data = _bytes_of(path)
    try:
        values = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: not JSON ({error}).") from None
    if isinstance(values, dict) and values.get("schema") != SCHEMA:
        raise ManifestError(
            f"{path}: its schema is {values.get('schema')!r}, this version of Curator reads {SCHEMA!r}."
        )
    try:
        return ManifestInfo.model_validate(values)
    except ValidationError as error:
        raise ManifestError(f"{path}: {_first_reason(error)}.") from None


def _check_together(path: Path, rows: Iterable[ManifestRow], info: ManifestInfo) -> None:
    """What no single line can show: labels are classes, names are unique, no group is in two splits."""
    classes = set(info.classes)
    if len(classes) != len(info.classes):
        raise ManifestError(f"{path.with_name(INFO)}: a class is listed twice.")
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


def _first_reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"] if not isinstance(part, str) or part.isidentifier())
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


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


def _staged(path: Path, text: str) -> Path:
    """The text in a temporary file beside `path`, on disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
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
