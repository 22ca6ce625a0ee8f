"""The scan: every image file once, whatever else lies in the folder."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curator.dataset.scan import UNLABELLED, Found, scan
from curator.errors import CuratorError
from curator.records import ImageRecord, Progress, Warned

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs names, links or permissions of POSIX")


def png(width: int = 6, height: int = 4, shade: int = 90) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((height, width), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def put(root: Path, name: str, data: bytes | None = None) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png() if data is None else data)
    return path


def records(root: Path) -> list[ImageRecord]:
    return [event.record for event in scan(root) if isinstance(event, Found)]


def warnings(root: Path) -> list[str]:
    return [event.message for event in scan(root) if isinstance(event, Warned)]


def test_records_say_what_the_files_are(tmp_path: Path) -> None:
    data = png(7, 5)
    put(tmp_path, "yes/deep/down/a.png", data)
    put(tmp_path, "loose.png", data)
    loose, deep = records(tmp_path)
    digest = hashlib.sha256(data).hexdigest()
    assert deep == ImageRecord("yes/deep/down/a.png", "yes", digest, 7, 5, len(data))
    assert loose == ImageRecord("loose.png", UNLABELLED, digest, 7, 5, len(data))


def test_names_are_sorted_and_progress_ends_at_the_total(tmp_path: Path) -> None:
    for name in ("b/z.png", "a/2.png", "a/10.png", "a.b/x.png", "B/y.png", "ä/x.png"):
        put(tmp_path, name)
    names = [record.file_name for record in records(tmp_path)]
    assert names == sorted(names)
    assert len(names) == 6
    progress = [event for event in scan(tmp_path) if isinstance(event, Progress)]
    assert [event.done for event in progress] == list(range(7))
    assert progress[-1].total == 6


def test_two_files_may_share_a_stem(tmp_path: Path) -> None:
    put(tmp_path, "yes/Y92.jpg")
    put(tmp_path, "yes/Y92.png")
    assert [record.file_name for record in records(tmp_path)] == ["yes/Y92.jpg", "yes/Y92.png"]


def test_other_files_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    for name in ("yes/notes.txt", "yes/scan.dcm", ".hidden/a.png", "yes/.b.png", "yes/png"):
        put(tmp_path, name)
    put(tmp_path, "yes/UPPER.PNG")
    assert [record.file_name for record in records(tmp_path)] == ["yes/UPPER.PNG"]
    assert warnings(tmp_path) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is empty"), (b"hello", "is not an image"), (png()[:20], "is not an image")],
)
def test_bad_files_are_records_with_an_error(tmp_path: Path, data: bytes, reason: str) -> None:
    put(tmp_path, "yes/a.png")
    put(tmp_path, "yes/bad.jpg", data)
    good, bad = records(tmp_path)
    assert good.error is None
    assert (bad.width, bad.height) == (None, None)
    assert reason in (bad.error or "")
    assert "bad.jpg" in (bad.error or "")


def test_a_folder_named_like_an_image_is_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "odd.jpg/a.png")
    assert [(record.file_name, record.label) for record in records(tmp_path)] == [
        ("odd.jpg/a.png", "odd.jpg")
    ]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", put(tmp_path, "a.png")):
        with pytest.raises(CuratorError, match="is not a folder"):
            list(scan(path))


def test_a_root_with_dots_is_the_folder_it_means(tmp_path: Path) -> None:
    put(tmp_path, "set/yes/a.png")
    (tmp_path / "other").mkdir()
    found = records(tmp_path / "other" / ".." / "set")
    assert [record.file_name for record in found] == ["yes/a.png"]


@posix_only
def test_links_are_followed_inside_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "set"
    put(root, "yes/a.png")
    put(tmp_path, "outside/secret.png")
    (root / "yes" / "b.png").symlink_to(root / "yes" / "a.png")
    (root / "out.png").symlink_to(tmp_path / "outside" / "secret.png")
    (root / "out").symlink_to(tmp_path / "outside")
    assert [record.file_name for record in records(root)] == ["yes/a.png", "yes/b.png"]
    assert [message.split(" was ")[0] for message in sorted(warnings(root))] == ["out", "out.png"]


@posix_only
def test_loops_of_links_end_and_each_folder_counts_once_under_its_own_name(tmp_path: Path) -> None:
    put(tmp_path, "yes/a.png")
    put(tmp_path, "loose.png")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "alias").symlink_to(tmp_path / "yes")
    (tmp_path / "yes" / "up").symlink_to(tmp_path / "yes")
    (tmp_path / "yes" / "self.png").symlink_to(tmp_path / "yes" / "self.png")
    (tmp_path / "yes" / "nothing.png").symlink_to(tmp_path / "yes" / "gone.png")
    found = [record.file_name for record in records(tmp_path) if not record.error]
    assert found == ["loose.png", "yes/a.png"]
    dangling = next(record for record in records(tmp_path) if record.file_name == "yes/nothing.png")
    assert "could not be read" in (dangling.error or "")


@posix_only
def test_a_pipe_named_like_an_image_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, "yes/a.png")
    os.mkfifo(tmp_path / "yes" / "pipe.png")
    assert [record.file_name for record in records(tmp_path)] == ["yes/a.png"]
    assert "no regular file" in warnings(tmp_path)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_not_utf8_are_shown_escaped_and_have_an_error(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    names = [b"a.png", b"\xff\xfe.png"]
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(png())
    put(tmp_path, r"back\slash.png")
    put(tmp_path, r"caf\xe9-not.png")
    put(tmp_path, "c:/a.png")
    found = records(tmp_path)
    assert [record.file_name for record in found] == [
        r"back\x5cslash.png",
        r"c\x3a/a.png",
        r"caf\x5cxe9-not.png",
        r"caf\xe9/\xff\xfe.png",
        r"caf\xe9/a.png",
    ]
    for record in found:
        assert "rename" in (record.error or "")
        assert record.sha256 == hashlib.sha256(png()).hexdigest()
        assert record.width is None


@posix_only
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    put(tmp_path, "yes/a.png")
    secret = put(tmp_path, "no/b.png")
    locked = put(tmp_path, "locked/c.png").parent
    secret.chmod(0)
    locked.chmod(0)
    try:
        no, yes = records(tmp_path)
        assert yes.error is None
        assert "Permission denied" in (no.error or "")
        assert "locked was skipped (Permission denied)" in warnings(tmp_path)[0]
    finally:
        locked.chmod(0o755)
    tmp_path.chmod(0)
    try:
        with pytest.raises(CuratorError, match="Permission denied"):
            list(scan(tmp_path))
    finally:
        tmp_path.chmod(0o755)


def test_scanning_changes_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, "yes/a.png")
    before = path.read_bytes(), path.stat().st_mtime_ns
    records(tmp_path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["yes"]


def test_a_real_folder_is_read_whole(real_data: Path) -> None:
    found = records(real_data)
    assert found
    assert all(record.sha256 for record in found)
    assert len({record.file_name for record in found}) == len(found)
