"""The cleaned images on disk, and the check of each original before it is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from curator.dataset.split import Shares
from curator.errors import CuratorError, ImageError
from curator.imaging.decode import load
from curator.imaging.render import render
from curator.manifest.files import Manifest, write_manifest
from curator.manifest.materialise import METADATA, Materialised, materialise
from curator.manifest.schema import ManifestRow
from curator.manifest.verify import read_verified
from curator.records import Event, Progress, Warned

MakeImage = Callable[..., ManifestRow]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "set"


def write(tmp_path: Path, rows: list[ManifestRow]) -> Manifest:
    classes = sorted({row.label for row in rows})
    return write_manifest(
        tmp_path / "out", rows, root=tmp_path / "set", profile="general", classes=classes, seed=0,
        shares=Shares(), test_touched=0,
    )  # fmt: skip


def run(manifest: Manifest) -> list[Event]:
    return list(materialise(manifest, manifest.folder))


def files(tmp_path: Path) -> list[str]:
    images = tmp_path / "out" / "images"
    return sorted(path.relative_to(images).as_posix() for path in images.rglob("*") if path.is_file())


def metadata(tmp_path: Path, split: str) -> list[dict[str, Any]]:
    text = (tmp_path / "out" / "images" / split / METADATA).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_kept_images_lie_in_class_folders_by_split(tmp_path: Path, root: Path, image_in: MakeImage) -> None:
    a = image_in(root, "yes/deep/Y 1.png")
    b = image_in(root, "no/b.png", seed=1, split="val")
    c = image_in(root, "no/c.png", seed=2, split=None)
    d = image_in(root, "no/d.png", seed=3, decision="discard", discard_reason="quality")
    e = image_in(root, "no/e.png", seed=4, decision="undecided", decided_by=None)
    before = contents(root)
    events = run(write(tmp_path, [a, b, c, d, e]))
    assert files(tmp_path) == [
        "all/metadata.jsonl",
        f"all/no/c-{c.sha256[:8]}.png",
        "train/metadata.jsonl",
        f"train/yes/Y 1-{a.sha256[:8]}.png",
        "val/metadata.jsonl",
        f"val/no/b-{b.sha256[:8]}.png",
    ]
    assert metadata(tmp_path, "train") == [
        {
            "file_name": f"yes/Y 1-{a.sha256[:8]}.png",
            "label": "yes",
            "original": "yes/deep/Y 1.png",
            "sha256": a.sha256,
            "group": "yes/deep/Y 1.png",
        }
    ]
    assert events[-1] == Materialised((tmp_path / "out" / "images").resolve(), 3, 0)
    assert [event.done for event in events if isinstance(event, Progress)] == [0, 1, 2, 3]
    assert contents(root) == before


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("fill", ["black", "background", "inpaint"])
def test_pixels_are_the_renderers_and_nothing_else_is_kept(
    tmp_path: Path, root: Path, image_in: MakeImage, fill: str, colour: bool
) -> None:
    row = image_in(root, "yes/a.png", colour=colour, fill=fill)
    run(write(tmp_path, [row]))
    written = tmp_path / "out" / "images" / "train" / metadata(tmp_path, "train")[0]["file_name"]
    assert np.array_equal(load(written), render(load(root / "yes/a.png"), row.edits))
    with Image.open(written) as image:
        image.load()
        assert (image.size, image.mode) == ((20, 10), "RGB" if colour else "L")
        assert image.info == {}
        assert not image.getexif()
    assert b"patient" in (root / "yes/a.png").read_bytes()
    assert b"patient" not in written.read_bytes()


def test_metadata_are_strings_only(tmp_path: Path, root: Path, image_in: MakeImage) -> None:
    run(write(tmp_path, [image_in(root, f"yes/{index}.png", seed=index) for index in range(3)]))
    lines = metadata(tmp_path, "train")
    assert len(lines) == 3
    assert all(type(value) is str for line in lines for value in line.values())
    assert [line["file_name"] for line in lines] == sorted(line["file_name"] for line in lines)


def test_images_that_are_gone_or_changed_are_said_and_left_out(
    tmp_path: Path, root: Path, image_in: MakeImage
) -> None:
    rows = [image_in(root, f"yes/{name}.png", seed=index) for index, name in enumerate("abcd")]
    manifest = write(tmp_path, rows)
    (root / "yes/a.png").unlink()
    image_in(root, "yes/b.png", seed=99)
    (root / "yes/c.png").write_bytes(b"")
    events = run(manifest)
    said = [event.message for event in events if isinstance(event, Warned)]
    assert len(said) == 3
    assert "yes/a.png is no longer in" in said[0]
    assert "yes/b.png has changed since the manifest was written" in said[1]
    assert "is empty" in said[2]
    assert [line["original"] for line in metadata(tmp_path, "train")] == ["yes/d.png"]
    assert len(files(tmp_path)) == 2
    assert events[-1].skipped == 3


def test_a_second_run_removes_its_own_stale_images_and_nothing_else(
    tmp_path: Path, root: Path, image_in: MakeImage
) -> None:
    a, b = image_in(root, "yes/a.png"), image_in(root, "no/b.png", seed=1, split="val")
    run(write(tmp_path, [a, b]))
    images = tmp_path / "out" / "images"
    (images / "train" / "yes" / "mine.png").write_bytes(b"x")
    (images / "test" / "yes").mkdir(parents=True)
    names = ("theirs.png", "theirs-00000000.jpg", "theirs-00000001.png")
    theirs = [{"file_name": f"yes/{name}", "sha256": "0" * 64} for name in names]
    for name in names:
        (images / "test" / "yes" / name).write_bytes(b"x")
    lines = [json.dumps(line) for line in (*theirs, {"file_name": 3}, {"file_name": "yes/theirs.png"})]
    (images / "test" / METADATA).write_text("\n".join([*lines, "nonsense", "[1]", ""]))
    moved = a.model_copy(update={"split": "val"})
    run(write(tmp_path, [moved]))
    assert files(tmp_path) == [
        f"test/{METADATA}",
        "test/yes/theirs-00000000.jpg",
        "test/yes/theirs-00000001.png",
        "test/yes/theirs.png",
        "train/yes/mine.png",
        f"val/{METADATA}",
        f"val/yes/a-{a.sha256[:8]}.png",
    ]
    assert not (images / "val" / "no").exists()


def test_a_second_run_over_the_same_rows_changes_nothing(
    tmp_path: Path, root: Path, image_in: MakeImage
) -> None:
    manifest = write(tmp_path, [image_in(root, f"yes/{index}.png", seed=index) for index in range(3)])
    run(manifest)
    before = contents(tmp_path / "out")
    run(manifest)
    assert contents(tmp_path / "out") == before


def test_a_foreign_list_cannot_name_files_elsewhere(tmp_path: Path, root: Path, image_in: MakeImage) -> None:
    row = image_in(root, "yes/a.png")
    folder = tmp_path / "out" / "images" / "val"
    folder.mkdir(parents=True)
    victim = tmp_path / "victim-00000000.png"
    victim.write_bytes(b"x")
    names = ["../../../victim-00000000.png", str(victim), "../victim-00000000.png"]
    lines = [json.dumps({"file_name": name, "sha256": "0" * 64}) for name in names]
    (folder / METADATA).write_text("\n".join(lines) + "\n")
    run(write(tmp_path, [row]))
    assert victim.exists()


def test_broken_off_it_leaves_listed_images_and_the_next_run_tidies_up(
    tmp_path: Path, root: Path, image_in: MakeImage
) -> None:
    rows = [image_in(root, f"yes/{index}.png", seed=index) for index in range(4)]
    events = materialise(write(tmp_path, rows), tmp_path / "out")
    for event in events:
        if isinstance(event, Progress) and event.done == 2:
            events.close()
    listed = [line["file_name"] for line in metadata(tmp_path, "train")]
    assert [line["original"] for line in metadata(tmp_path, "train")] == ["yes/0.png", "yes/1.png"]
    assert files(tmp_path) == [f"train/{METADATA}", *(f"train/{name}" for name in listed)]
    run(write(tmp_path, rows[3:]))
    assert [line["original"] for line in metadata(tmp_path, "train")] == ["yes/3.png"]
    assert len(files(tmp_path)) == 2


def test_equal_bytes_under_one_name_are_both_written(tmp_path: Path, root: Path, image_in: MakeImage) -> None:
    rows = [image_in(root, f"yes/{folder}/Y1.png") for folder in ("a", "b", "c")]
    run(write(tmp_path, rows))
    digest = rows[0].sha256[:8]
    found = {line["file_name"]: line["original"] for line in metadata(tmp_path, "train")}
    assert found == {
        f"yes/Y1-{digest}.png": "yes/a/Y1.png",
        f"yes/Y1-{digest}-2.png": "yes/b/Y1.png",
        f"yes/Y1-{digest}-3.png": "yes/c/Y1.png",
    }
    assert len(files(tmp_path)) == 4


@pytest.mark.skipif(os.name == "nt", reason="names that Windows refuses")
def test_names_become_such_that_every_file_system_takes(
    tmp_path: Path, root: Path, image_in: MakeImage
) -> None:
    labels = ["a:b", "a?b", "a_b", "A_B", "..", "con", "x. ", "é" * 150, "no/yes"]
    rows = [
        image_in(root, f"any/{'ü' * 100}{index}.png", seed=index, label=label)
        for index, label in enumerate(labels)
    ]
    rows.append(image_in(root, "any/nul.png", seed=77, label="con"))
    events = run(write(tmp_path, rows))
    assert not [event for event in events if isinstance(event, Warned)]
    found = metadata(tmp_path, "train")
    folders = {line["label"]: line["file_name"].split("/")[0] for line in found}
    assert set(folders) == set(labels)
    assert len({name.casefold() for name in folders.values()}) == len(labels)
    for line in found:
        assert line["file_name"].count("/") == 1
        for part in line["file_name"].split("/"):
            assert len(part.encode()) <= 255
            assert not set(part) & set('<>:"\\|?*')
            assert part.split(".")[0].lower() not in {"", "con", "nul"}
            assert part == part.strip(" .")
        assert (tmp_path / "out" / "images" / "train" / line["file_name"]).is_file()


def test_the_dataset_is_never_written_to(tmp_path: Path, root: Path, image_in: MakeImage) -> None:
    manifest = write(tmp_path, [image_in(root, "yes/a.png")])
    before = contents(root)
    for out in (root, root / "yes"):
        with pytest.raises(CuratorError, match="choose a folder outside"):
            list(materialise(manifest, out))
    inner = tmp_path / "images" / "train"
    with pytest.raises(CuratorError, match="choose a folder outside"):
        list(materialise(manifest, tmp_path, inner))
    assert contents(root) == before


def test_the_originals_may_lie_elsewhere(tmp_path: Path, root: Path, image_in: MakeImage) -> None:
    manifest = write(tmp_path, [image_in(root, "yes/a.png")])
    root.rename(tmp_path / "moved")
    assert list(materialise(manifest, tmp_path / "out", tmp_path / "moved"))[-1].written == 1


def test_an_image_is_read_only_if_it_is_the_one_that_was_curated(root: Path, image_in: MakeImage) -> None:
    row = image_in(root, "yes/a.png")
    assert np.array_equal(read_verified(root, row), load(root / "yes/a.png"))
    cases = {
        "could not be read when": row.model_copy(update={"sha256": None}),
        "has changed since": row.model_copy(update={"sha256": "1" * 64}),
        "is 40x30 and the manifest says 30x40": row.model_copy(update={"width": 30, "height": 40}),
        "is no longer in": row.model_copy(update={"file_name": "yes/b.png"}),
        "could not be read": row.model_copy(update={"file_name": "yes/" + "b" * 5000}),
    }
    for reason, changed in cases.items():
        with pytest.raises(ImageError, match=reason):
            read_verified(root, changed)
    (root / "yes/b.png").mkdir()
    with pytest.raises(ImageError, match="is no longer in"):
        read_verified(root, cases["is no longer in"])


def test_a_damaged_file_with_the_right_hash_is_damaged(root: Path, image_in: MakeImage, row: Any) -> None:
    image_in(root, "yes/a.png")
    cut = (root / "yes/a.png").read_bytes()[:-200]
    (root / "yes/a.png").write_bytes(cut)
    with pytest.raises(ImageError, match="damaged"):
        read_verified(root, row("yes/a.png", sha256=hashlib.sha256(cut).hexdigest()))
