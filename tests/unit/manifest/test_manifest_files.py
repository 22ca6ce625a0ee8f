"""The pair of files: written whole or not at all, refused with line and reason."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curator import __version__
from curator.dataset.split import Shares
from curator.errors import CuratorError, ManifestError
from curator.manifest.files import (
    INFO,
    LINES,
    Manifest,
    read_manifest,
    write_bytes,
    write_csv,
    write_manifest,
    write_parquet,
    write_text,
)
from curator.manifest.schema import ManifestRow

MakeRow = Callable[..., ManifestRow]


def write(folder: Path, rows: list[ManifestRow], **changes: Any) -> Manifest:
    options = {
        "root": folder.parent / "set", "profile": "brain-mri", "classes": ["no", "yes"], "seed": 4,
        "shares": Shares(), "test_touched": 2,
    }  # fmt: skip
    return write_manifest(folder, rows, **(options | changes))


@pytest.fixture
def folder(tmp_path: Path, row: MakeRow) -> Path:
    """A manifest of four lines."""
    rows = [
        row("yes/b.png", split="test"),
        row("yes/a.png"),
        row("no/ä.png", label="no", split="val"),
        row("no/c.png", label="no", decision="undecided", decided_by=None, split=None),
    ]
    write(tmp_path / "out", rows)
    return tmp_path / "out"


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LINES).read_text("utf-8").split("\n")[:-1]]


def rewrite(folder: Path, data: bytes) -> None:
    """Other lines, with the hash that belongs to them."""
    (folder / LINES).write_bytes(data)
    info = json.loads((folder / INFO).read_text("utf-8"))
    info["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / INFO).write_text(json.dumps(info), "utf-8")


def rewrite_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    rewrite(folder, "".join(json.dumps(line) + "\n" for line in lines).encode())


def refused(path: Path) -> str:
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_was_written_is_read(tmp_path: Path, folder: Path) -> None:
    manifest = read_manifest(folder)
    assert [row.file_name for row in manifest.rows] == ["no/c.png", "no/ä.png", "yes/a.png", "yes/b.png"]
    assert manifest == read_manifest(folder / LINES) == read_manifest(folder / INFO)
    assert manifest == write(folder, list(manifest.rows))
    assert manifest.root == (tmp_path / "set").resolve()


def test_the_files_are_as_the_contract_says(folder: Path) -> None:
    data = (folder / LINES).read_bytes()
    assert b"\r" not in data
    assert "no/ä.png".encode() in data
    assert data.endswith(b"\n")
    info = json.loads((folder / INFO).read_text("utf-8"))
    assert info == {
        "schema": "curator-manifest/1",
        "root": "../set",
        "profile": "brain-mri",
        "classes": ["no", "yes"],
        "counts": {
            "class": {"no": 2, "yes": 2},
            "decision": {"keep": 3, "undecided": 1},
            "split": {"none": 1, "test": 1, "train": 1, "val": 1},
        },
        "seed": 4,
        "shares": [70, 15, 15],
        "test_touched": 2,
        "app_version": __version__,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    rows = list(read_manifest(folder).rows)
    write(tmp_path / "again", rows[::-1])
    for name in (LINES, INFO):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_manifest_of_nothing(tmp_path: Path) -> None:
    write(tmp_path / "out", [], classes=[])
    assert read_manifest(tmp_path / "out").rows == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"file_name": ', "line 2: not JSON as it should be"),
        (b"[]", "line 2: not JSON as it should be .*not a JSON object"),
        (b"", "line 2: not JSON as it should be"),
        (b'{"file_name": "\xff"}', "line 2: not UTF-8"),
        (b'{"file_name": "no/d.png"}', "line 2: sha256: the field is missing"),
        (b"[" * 100_000, "line 2: not JSON as it should be"),
        (b'{"width": ' + b"9" * 5_000 + b"}", "line 2: "),
    ],
)
def test_lines_that_are_no_rows(folder: Path, line: bytes, reason: str) -> None:
    whole = (folder / LINES).read_bytes().split(b"\n")
    rewrite(folder, b"\n".join([whole[0], line, *whole[2:]]))
    message = refused(folder)
    assert str(folder / LINES) in message
    assert re.search(reason, message)


def test_a_line_that_breaks_the_contract_is_named(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2]["crop"] = [30, 0, 30, 10]
    rewrite_lines(folder, lines)
    assert "line 3: crop [30, 0, 30, 10] reaches out of the 40x30 image" in refused(folder)


def test_lines_out_of_order_or_twice(folder: Path) -> None:
    lines = lines_of(folder)
    rewrite_lines(folder, [lines[0], lines[2], lines[1], lines[3]])
    assert "line 3: no/ä.png is listed out of order" in refused(folder)
    rewrite_lines(folder, [lines[0], lines[0], *lines[1:]])
    assert "line 2: no/c.png is listed twice" in refused(folder)


def test_a_group_never_straddles_splits(folder: Path, row: MakeRow) -> None:
    lines = lines_of(folder)
    lines[3]["group"] = lines[2]["group"]
    rewrite_lines(folder, lines)
    assert "line 4: group 'yes/a.png' is in test here and in train at yes/a.png" in refused(folder)
    with pytest.raises(ManifestError, match="a group never straddles splits"):
        write(folder, [row("yes/a.png", group="g"), row("yes/b.png", group="g", split="val")])
    write(folder, [row("yes/a.png", group="g"), row("yes/b.png", group="g", split=None)])


def test_labels_are_among_the_classes(folder: Path, row: MakeRow) -> None:
    lines = lines_of(folder)
    lines[0]["label"] = "maybe"
    rewrite_lines(folder, lines)
    assert "line 1: label 'maybe' is not among the classes ['no', 'yes']" in refused(folder)
    with pytest.raises(ManifestError, match="is not among the classes"):
        write(folder, [row("a.png")], classes=["no"])


def test_lines_that_were_changed_by_hand(folder: Path) -> None:
    text = (folder / LINES).read_text("utf-8")
    (folder / LINES).write_text(text.replace('"note": ""', '"note": "x"', 1), "utf-8", newline="\n")
    assert "is not the file that manifest.json was written for" in refused(folder)


def test_lines_that_were_cut_off(folder: Path) -> None:
    data = (folder / LINES).read_bytes()
    rewrite(folder, data[:-20])
    assert "line 4: the last line is cut off" in refused(folder)
    rewrite(folder, b"".join(data.splitlines(keepends=True)[:-1]))
    assert "its counts are not those of manifest.jsonl" in refused(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": "curator-manifest/2"}, "its schema is 'curator-manifest/2'"),
        ({"schema": None}, "its schema is None"),
        ({"profile": "knee"}, "profile: "),
        ({"classes": ["no", "no", "yes"]}, "a class is listed twice"),
        ({"classes": "no"}, "classes: "),
        ({"shares": [70, 15, 16]}, "must sum to 100"),
        ({"shares": [70, 30]}, "shares"),
        ({"seed": 1.5}, "seed: "),
        ({"seed": True}, "seed: "),
        ({"test_touched": -1}, "test_touched: "),
        ({"sha256": "0"}, "sha256: "),
        ({"extra": 1}, "extra: no such field"),
    ],
)
def test_an_info_that_breaks_the_contract(folder: Path, change: dict[str, Any], reason: str) -> None:
    info = json.loads((folder / INFO).read_text("utf-8"))
    (folder / INFO).write_text(json.dumps(info | change), "utf-8")
    message = refused(folder)
    assert reason in message
    assert str(folder / INFO) in message


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"seed": NaN}', b'{"a":1,"a":2}']
)
def test_an_info_that_is_no_object(folder: Path, data: bytes) -> None:
    (folder / INFO).write_bytes(data)
    assert str(folder / INFO) in refused(folder)


@pytest.mark.parametrize("name", [LINES, INFO])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{folder / name} could not be read" in refused(folder)
    assert "could not be read" in refused(folder / "nowhere")


def test_rows_that_name_one_file_twice_are_not_written(tmp_path: Path, row: MakeRow) -> None:
    with pytest.raises(ManifestError, match="is listed twice"):
        write(tmp_path / "out", [row("a.png"), row("a.png")])
    assert not (tmp_path / "out").exists()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("failing", [LINES, INFO])
def test_the_old_pair_stays_where_a_file_cannot_be_replaced(
    folder: Path, row: MakeRow, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    before = snapshot(folder)
    replace = Path.replace
    failed: list[Path] = []

    def broken(self: Path, target: Path) -> Path:
        if Path(target).name == failing and not failed:
            failed.append(self)
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="No space left"):
        write(folder, [row("yes/new.png")])
    assert failed
    assert snapshot(folder) == before
    assert len(read_manifest(folder).rows) == 4


def test_nothing_stays_where_the_first_pair_could_not_be_written(tmp_path: Path, row: MakeRow) -> None:
    (tmp_path / "out" / INFO / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match=r"manifest\.json"):
        write(tmp_path / "out", [row("yes/a.png")])
    assert [path.name for path in (tmp_path / "out").iterdir()] == [INFO]


@pytest.mark.parametrize("call", [1, 2])
def test_the_old_pair_stays_where_the_disk_is_full(
    folder: Path, row: MakeRow, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    before = snapshot(folder)
    calls: list[int] = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == call:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(folder, [row("yes/new.png")])
    assert snapshot(folder) == before


def test_a_crash_between_the_two_files_is_noticed(folder: Path, row: MakeRow, tmp_path: Path) -> None:
    write(tmp_path / "new", [row("yes/new.png")])
    (folder / LINES).write_bytes((tmp_path / "new" / LINES).read_bytes())
    assert "another SHA-256" in refused(folder)


def test_the_root_is_relative_and_follows_when_both_are_moved(tmp_path: Path, row: MakeRow) -> None:
    first = tmp_path / "first"
    (first / "deep" / "set").mkdir(parents=True)
    write(first / "exports" / "one", [row("yes/a.png")], root=first / "deep" / "set")
    assert read_manifest(first / "exports" / "one").info.root == "../../deep/set"
    first.rename(tmp_path / "second")
    moved = read_manifest(tmp_path / "second" / "exports" / "one")
    assert moved.root == (tmp_path / "second" / "deep" / "set").resolve()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_root_whose_name_is_not_utf8_is_refused_in_words(tmp_path: Path, row: MakeRow) -> None:
    with pytest.raises(ManifestError, match=r"root: .* UTF-8"):
        write(
            tmp_path / "out", [row("yes/a.png")], root=Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
        )


def test_csv_holds_all_fields(folder: Path, row: MakeRow) -> None:
    manifest = write(folder, [row("yes/a.png", note='quotes " and\nlines, too'), row("yes/b.png", crop=None)])
    write_csv(manifest, folder / "manifest.csv")
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert list(first) == list(ManifestRow.model_fields)
    assert first["note"] == 'quotes " and\nlines, too'
    assert json.loads(first["crop"]) == [4, 2, 20, 10]
    assert json.loads(first["masks"]) == manifest.rows[0].model_dump(mode="json")["masks"]
    assert second["crop"] == ""
    assert (second["width"], second["confidence"], second["discard_reason"]) == ("40", "0.75", "")


def test_parquet_without_pyarrow_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CuratorError, match="pip install pyarrow"):
        write_parquet(read_manifest(folder), folder / "manifest.parquet")
    assert not (folder / "manifest.parquet").exists()


def test_parquet_holds_all_fields(folder: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    manifest = read_manifest(folder)
    write_parquet(manifest, folder / "manifest.parquet")
    rows = parquet.read_table(folder / "manifest.parquet").to_pylist()
    expected = [row.model_dump(mode="json") for row in manifest.rows]
    for row in rows:
        row["masks"] = json.loads(row["masks"])
    assert rows == expected


def test_single_files_are_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "ä\n")
    assert path.read_bytes() == "ä\n".encode()
    write_bytes(path, b"b")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_text(path, "c")
    assert snapshot(tmp_path) == {"a.txt": b"b"}


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_files_have_the_permissions_of_any_new_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert (
        (folder / LINES).stat().st_mode
        == (folder / INFO).stat().st_mode
        == (tmp_path / "plain").stat().st_mode
    )
