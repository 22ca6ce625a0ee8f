"""The list model of images and the loader behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from curator.app import image_loader, image_work
from curator.app.byte_cache import ByteCache
from curator.app.image_filter import Filter
from curator.app.image_list import ImageList, badges
from curator.app.image_loader import ImageLoader
from curator.app.image_work import to_pixels
from curator.imaging.decode import load
from curator.imaging.thumbnails import thumbnail
from curator.project import Project, edits
from curator.records import Crop, ImageRecord, Proposal

COUNT = 30


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "scans"
    for number in range(COUNT):
        path = root / ("yes" if number % 2 else "no") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((40, 50), number, np.uint8)).save(path)
    made = Project.in_memory(root)
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))
    made.add_records([ImageRecord(name, name.split("/")[0], name, 50, 40, 9) for name in names])
    confident = {one: 0.1 + 0.8 * (number % 3) / 2 for number, one in enumerate(made.ids)}
    made.set_proposals(
        {one: Proposal("keep", None, None, (), sure, "", "test/1") for one, sure in confident.items()}
    )
    yield made
    made.close()


@pytest.fixture
def images(project: Project) -> ImageList:
    made = ImageList()
    made.set_project(project)
    return made


def rows(images: ImageList) -> list[int]:
    return images.listed()


def test_it_keeps_to_qts_rules_while_everything_changes(
    images: ImageList, project: Project, qtbot: QtBot
) -> None:
    tester = QAbstractItemModelTester(images, QAbstractItemModelTester.FailureReportingMode.Fatal)
    images.set_current(project.ids[3])
    images.set_filter(Filter("to-do"))
    for image_id in project.ids[:20]:
        images.set_current(image_id)
        images.take(project.apply(edits.accept(project.state(image_id))))
    images.set_filter(Filter("all", "yes/"))
    images.set_order("unsure-first")
    for _ in range(10):
        images.take(project.undo())
    images.set_filter(Filter("unsure"))
    images.set_project(None)
    assert tester.model() is images
    assert images.rowCount() == 0


def test_only_the_rows_of_a_change_are_announced(images: ImageList, project: Project, qtbot: QtBot) -> None:
    heard: list[tuple[int, int]] = []
    images.dataChanged.connect(lambda first, last, _roles: heard.append((first.row(), last.row())))
    change = project.apply(edits.decide([project.state(project.ids[row]) for row in (2, 3, 9)], "keep"))
    images.take(change)
    assert heard == [(2, 3), (9, 9)]


def test_the_current_image_stays_listed_until_another_is_current(images: ImageList, project: Project) -> None:
    images.set_filter(Filter("to-do"))
    first, second = project.ids[:2]
    images.set_current(first)
    gone: list[QModelIndex] = []
    images.rowsRemoved.connect(lambda *place: gone.append(place[1]))
    images.take(project.apply(edits.accept(project.state(first))))
    assert rows(images)[0] == first
    assert images.next_id(first, 1) == second
    images.set_current(second)
    assert gone == [0]
    assert rows(images)[0] == second
    images.set_current(first)
    images.set_filter(Filter("to-do", "png"))
    assert images.row_of(first) == -1
    assert images.next_id(first, 1) == second


def test_next_of_a_kind_goes_round_and_next_of_all_does_not(images: ImageList, project: Project) -> None:
    ids = project.ids
    assert images.next_id(ids[-1], 1) is None
    assert images.next_id(ids[0], -1) is None
    for image_id in ids:
        if image_id not in (ids[4], ids[20]):
            images.take(project.apply(edits.decide([project.state(image_id)], "keep")))
    assert images.next_id(ids[4], 1, "to-do") == ids[20]
    assert images.next_id(ids[20], 1, "to-do") == ids[4]
    assert images.next_id(ids[4], -1, "to-do") == ids[20]
    images.take(project.apply(edits.decide([project.state(ids[20])], "keep")))
    assert images.next_id(ids[4], 1, "to-do") is None


def test_filters(images: ImageList, project: Project) -> None:
    ids = project.ids
    images.take(project.apply(edits.decide([project.state(ids[0])], "discard", "other")))
    images.take(project.apply(edits.set_note(project.state(ids[5]), "Motion in the neck")))
    images.take(project.set_copy_groups([frozenset(ids[7:10])]))
    for wanted, expected in (
        (Filter("all"), list(ids)),
        (Filter("to-do"), list(ids[1:])),
        (Filter("copies"), list(ids[7:10])),
        (Filter("all", "MOTION"), [ids[5]]),
        (Filter("all", "yes/"), [one for one in ids if project.state(one).label == "yes"]),
        (
            Filter("to-do", least_confidence=0.8),
            [one for one in ids[1:] if project.state(one).confidence >= 0.8],
        ),
        (Filter("all", "nowhere"), []),
    ):
        images.set_filter(wanted)
        assert rows(images) == expected
    assert images.copies_of(ids[8]) == list(ids[7:10])
    assert images.copies_of(ids[0]) == []


def test_badges(project: Project) -> None:
    ids = project.ids
    project.set_copy_groups([frozenset(ids[:2])])
    assert badges(project.state(ids[0])) == ["unsure", "copies"]
    assert badges(project.state(ids[0]), as_accepted=True) == ["keep", "copies"]
    project.apply(edits.decide([project.state(ids[0])], "discard", "other"))
    assert badges(project.state(ids[0])) == ["discard", "copies"]
    project.apply(edits.decide([project.state(ids[2])], "keep"))
    assert badges(project.state(ids[2])) == ["keep"]
    assert badges(project.state(ids[5])) == ["undecided"]


# The loader


@pytest.fixture
def loader(project: Project, qtbot: QtBot) -> Iterator[ImageLoader]:
    made = ImageLoader()
    made.set_root(project.root)
    yield made
    made.close()


def test_thumbnails_show_the_cleaned_image_and_follow_edits(
    loader: ImageLoader, project: Project, qtbot: QtBot
) -> None:
    first = project.ids[0]
    state = project.state(first)
    with qtbot.waitSignal(loader.thumbnail_ready):
        assert loader.thumbnail(state) is None
    old = loader.thumbnail(state)
    assert old is not None
    project.apply(edits.set_crop(state, Crop(0, 0, 20, 10)))
    cropped = project.state(first)
    with qtbot.waitSignal(loader.thumbnail_ready):
        assert loader.thumbnail(cropped).cacheKey() == old.cacheKey()
    shown = to_pixels(loader.thumbnail(cropped).toImage())
    original = load(project.root / state.file_name)
    assert np.array_equal(shown, thumbnail(original, cropped.edits, image_work.THUMBNAIL_SIDE))


def test_an_image_that_cannot_be_read_says_why_once(
    loader: ImageLoader, project: Project, qtbot: QtBot
) -> None:
    state = project.state(project.ids[0])
    (project.root / state.file_name).write_bytes(b"nothing")
    with qtbot.waitSignal(loader.image_ready):
        assert loader.image(state) is None
    assert "not an image that can be read" in (loader.error(state) or "")
    assert loader.image(state) is None
    assert not any(loader._waiting.values())


def test_requests_that_scrolled_away_are_dropped(
    loader: ImageLoader, project: Project, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    decoded: list[str] = []

    def slow(path: Path) -> np.ndarray:
        gate.wait(10)
        decoded.append(path.name)
        return load(path)

    monkeypatch.setattr(image_work, "load", slow)
    monkeypatch.setattr(image_loader, "_MOST_THUMBNAILS", 5)
    states = project.states()
    for state in states:
        loader.thumbnail(state)
    gate.set()
    last = states[-1]
    qtbot.waitUntil(lambda: loader.thumbnail(last) is not None)
    loader.close()
    assert last.file_name.split("/")[1] in decoded
    assert len(decoded) < 12


def test_no_more_is_decoded_ahead_than_the_cache_holds(
    loader: ImageLoader, project: Project, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_loader, "_IMAGE_BYTES", 3 * 9 * 50 * 40)
    states = project.states()[:6]
    asked: list[int] = []
    monkeypatch.setattr(loader, "image", lambda state: asked.append(state.id))
    loader.prefetch(states)
    assert asked == [state.id for state in reversed(states[:3])]


def test_a_closed_loader_forgets_late_answers(loader: ImageLoader, project: Project, qtbot: QtBot) -> None:
    state = project.state(project.ids[0])
    loader.image(state)
    loader.set_root(project.root)
    with qtbot.waitSignal(loader.image_ready):
        assert loader.image(state) is None
    assert loader.image(state) is not None


def test_the_cache_drops_what_was_used_least_recently() -> None:
    cache: ByteCache[str] = ByteCache(100)
    for name in "abc":
        cache.put(name, name.upper(), 40)
    assert [cache.get(name) for name in "abc"] == [None, "B", "C"]
    cache.get("b")
    cache.put("d", "D", 40)
    assert [cache.get(name) for name in "bcd"] == ["B", None, "D"]
    cache.put("e", "E", 1000)
    assert len(cache) == 1
    assert cache.get("e") == "E"


def test_of_a_large_image_a_first_look_comes_first_and_then_all_of_it(tmp_path: Path, qtbot: QtBot) -> None:
    coarse = np.random.default_rng(0).integers(0, 256, (20, 25), np.uint8)
    large = Image.fromarray(coarse).resize((2500, 2000), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.jpg", quality=90)
    project = Project.in_memory(tmp_path)
    project.add_records([ImageRecord("large.jpg", "no", "x", 2500, 2000, 9)])
    state = project.state(project.ids[0])
    loader = ImageLoader()
    loader.set_root(tmp_path)
    seen: list[bool] = []
    loader.image_ready.connect(lambda _id: seen.append(loader.image(state).is_full))
    # The second move is one in a row: all pixels have to wait.
    loader.moving()
    loader.moving()
    assert loader.image(state) is None
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [False, True]
    found = loader.image(state)
    assert found is not None
    assert (found.width, found.height) == (2500, 2000)
    assert np.array_equal(found.pixels, load(tmp_path / "large.jpg"))
    assert np.array_equal(to_pixels(found.levels[0]), found.pixels)
    assert [level.width() for level in found.levels] == [2500, 1250, 625]
    loader.close()


def test_a_large_image_without_a_first_look_comes_all_the_same(tmp_path: Path, qtbot: QtBot) -> None:
    Image.fromarray(np.zeros((2000, 2500), np.uint8)).save(tmp_path / "large.png")
    project = Project.in_memory(tmp_path)
    project.add_records([ImageRecord("large.png", "no", "x", 2500, 2000, 9)])
    state = project.state(project.ids[0])
    loader = ImageLoader()
    loader.set_root(tmp_path)
    loader.moving()
    loader.moving()
    with qtbot.waitSignal(loader.image_ready, timeout=10_000):
        assert loader.image(state) is None
    assert loader.image(state).is_full
    loader.close()
