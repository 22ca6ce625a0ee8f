"""The demo is made once, whole, and made again where an earlier call was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from curator.errors import CuratorError
from curator.records import Progress
from curator.workflow.demo import make_demo


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_demo_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    events = list(make_demo(folder, count=6))
    assert events[-1] == Progress(6, 6, events[-1].what)  # type: ignore[attr-defined]
    first = contents(folder)
    assert {Path(name).parts[1] for name in first if name.startswith("images/")} == {"yes", "no"}
    assert "truth.jsonl" in first
    assert list(make_demo(folder, count=6)) == []
    assert contents(folder) == first


def test_a_demo_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    events = make_demo(tmp_path / "demo", count=6)
    for _ in range(3):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert list(make_demo(tmp_path / "demo", count=6)) != []
    list(make_demo(tmp_path / "whole", count=6))
    assert contents(tmp_path / "demo") == contents(tmp_path / "whole")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CuratorError, match="could not be written"):
        list(make_demo(tmp_path / "file" / "demo", count=6))
