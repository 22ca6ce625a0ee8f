"""The dataset on disk: bytes, copies, truth in the scoring's format, interrupted and repeated runs."""

from __future__ import annotations

import hashlib
import io
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curator.errors import CuratorError
from curator.records import Progress
from curator.synthetic import SEED, generate

COUNT = 25
KEYS = ["file", "copies", "label", "copy_group", "size", "head_box", "discard", "overlays", "note"]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def truth(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    events = list(generate(out, count=COUNT))
    assert all(isinstance(event, Progress) for event in events)
    assert events[0] == Progress(0, COUNT, "Drawing the demo images")
    assert events[-1] == Progress(COUNT, COUNT, "Drawing the demo images")
    return out


def test_two_runs_are_equal_byte_for_byte(made: Path, tmp_path: Path) -> None:
    for _ in generate(tmp_path, count=COUNT):
        pass
    assert digests(tmp_path) == digests(made)


def test_an_interrupted_run_leaves_whole_files_and_is_made_good(made: Path, tmp_path: Path) -> None:
    run = generate(tmp_path, count=COUNT)
    assert len(list(islice(run, 6))) == 6
    run.close()
    whole = digests(made)
    left = digests(tmp_path)
    assert left
    assert all(whole[name] == digest for name, digest in left.items())
    assert "truth.jsonl" not in left
    for _ in generate(tmp_path, count=COUNT):
        pass
    assert digests(tmp_path) == whole


def test_truth_lists_every_file_in_the_format_of_the_scoring(made: Path) -> None:
    lines = truth(made)
    listed = [name for line in lines for name in (line["file"], *line["copies"])]
    assert sorted(listed) == sorted(name for name in digests(made / "images"))
    assert len(listed) == COUNT
    for line in lines:
        assert list(line) == KEYS
        assert line["label"] == line["file"].split("/")[0]
        assert isinstance(line["copy_group"], int)
        assert line["discard"] in (None, "overlay_on_brain", "not_brain_mri", "either")
        for overlay in line["overlays"]:
            assert sorted(overlay) == ["box", "contrast", "kind", "on"]
            assert all(isinstance(value, int) for value in (*overlay["box"], overlay["contrast"]))


def test_files_have_the_size_that_the_truth_says_and_no_metadata(made: Path) -> None:
    formats = set()
    for line in truth(made):
        with Image.open(io.BytesIO((made / "images" / line["file"]).read_bytes())) as image:
            assert list(image.size) == line["size"]
            assert not image.getexif()
            formats.add(image.format)
            assert image.mode in ("L", "RGB")
    assert "JPEG" in formats


def test_copies_are_equal_and_all_else_differs(made: Path) -> None:
    found = digests(made / "images")
    lines = truth(made)
    assert sum(len(line["copies"]) for line in lines) == 1
    for line in lines:
        assert {found[name] for name in line["copies"]} <= {found[line["file"]]}
    assert len({found[line["file"]] for line in lines}) == len(lines)
    groups = [line["copy_group"] for line in lines]
    assert len(groups) - len(set(groups)) == 1


def test_a_folder_with_other_images_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "images" / "yes" / "mine.jpg"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    with pytest.raises(CuratorError, match=r"mine\.jpg.*empty folder"):
        next(generate(tmp_path, count=4, seed=SEED))
    assert other.read_bytes() == b"mine"


def test_missing_anatomy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from curator.synthetic import anatomy

    monkeypatch.setattr(anatomy, "resources_dir", lambda: tmp_path)
    anatomy._arrays.cache_clear()
    try:
        with pytest.raises(CuratorError, match="is missing: install Curator again"):
            anatomy.slice_count("axial")
        (tmp_path / "demo").mkdir()
        (tmp_path / "demo" / "anatomy.npz").write_bytes(b"PK\x03\x04 cut short")
        with pytest.raises(CuratorError, match="cannot be read"):
            anatomy.slice_count("axial")
    finally:
        anatomy._arrays.cache_clear()
