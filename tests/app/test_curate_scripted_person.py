"""A scripted person curates demo and real images to their truth; what is on the disk renders as the truth does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from app_waiting import wait_until_quiet
from curate_help import settle
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from scripted_person import ScriptedPerson, Wanted, iou, read_truth, summary

from curator.app.curate.page import CuratePage
from curator.app.main_window import MainWindow
from curator.imaging.decode import load
from curator.imaging.render import render
from curator.project import Project
from curator.records import Crop, ImageState, Profile
from curator.synthetic import generate

_DEMO = 30
_REAL = 30


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    for _ in generate(folder, count=_DEMO, seed=5):
        pass
    return folder


@pytest.fixture
def real(real_data: Path, tmp_path: Path) -> Path:
    """Every tenth of the real images and what it is a copy of, in a folder of the test's own."""
    truth = read_truth(real_data / "truth.jsonl")
    chosen = sorted(truth)[:: max(1, len(truth) // _REAL)]
    for file in chosen:
        (tmp_path / "real/images" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real_data / "images" / file, tmp_path / "real/images" / file)
    shutil.copy(real_data / "truth.jsonl", tmp_path / "real/truth.jsonl")
    return tmp_path / "real"


Start = Callable[..., ScriptedPerson]


@pytest.fixture
def start(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Start:
    """Opens a copy of a folder and puts a person before it."""

    def begin(folder: Path, profile: Profile, *, exact: bool) -> ScriptedPerson:
        root = tmp_path / "work" / "images"
        shutil.copytree(folder / "images", root)
        window.resize(1440, 900)
        window.settings.profile = profile
        assert window.open_folder(root)
        wait_until_quiet(window.model, qtbot)
        page = window.curate
        assert isinstance(page, CuratePage)
        page.hints.close_all()
        window.activateWindow()
        page.activate()
        truth = read_truth(folder / "truth.jsonl")
        return ScriptedPerson(page, truth, exact=exact, idle=lambda: settle(page, qtbot))

    return begin


def files_of(person: ScriptedPerson) -> list[str]:
    project = person.page.model.project
    assert project is not None
    return [state.file_name for state in project.states() if state.file_name in person.truth]


def read_back(person: ScriptedPerson) -> dict[str, ImageState]:
    """Closes the project and reads from the disk what became of each image."""
    project = person.page.model.project
    assert project is not None
    root, files = project.root, files_of(person)
    person.page.model.close()
    with Project.open(root) as again:
        return {file: again.state(again.id_of(file) or -1) for file in files}


def check_decisions(stored: dict[str, ImageState], truth: dict[str, Wanted]) -> None:
    groups: dict[int, list[ImageState]] = {}
    for file, state in stored.items():
        assert state.decided_by == "person", file
        if truth[file].reason is not None:
            assert state.decision == "discard", file
        else:
            groups.setdefault(truth[file].group, []).append(state)
    for states in groups.values():
        kept = [state for state in states if state.decision == "keep"]
        assert len(kept) == 1, [state.file_name for state in states]
        assert {state.discard_reason for state in states if state not in kept} <= {"duplicate"}


def check_pixels(stored: dict[str, ImageState], truth: dict[str, Wanted], root: Path) -> int:
    """What was kept is, pixel for pixel, what the truth's edits give; returns how many that were."""
    kept = [state for state in stored.values() if state.decision == "keep"]
    for state in kept:
        image = load(root / state.file_name)
        wanted = render(image, truth[state.file_name].edits)
        assert np.array_equal(render(image, state.edits), wanted), state.file_name
    return len(kept)


@pytest.mark.parametrize("profile", ["brain-mri", "general"])
def test_the_demo_to_the_pixel(
    demo: Path, start: Start, profile: Profile, record_property: Callable[[str, object], None]
) -> None:
    person = start(demo, profile, exact=True)
    root = person.page.model.project.root  # type: ignore[union-attr]
    person.curate(files_of(person))
    record_property("effort", summary(person.efforts))
    stored = read_back(person)
    check_decisions(stored, person.truth)
    assert check_pixels(stored, person.truth, root) >= _DEMO // 3


@pytest.mark.parametrize("profile", ["brain-mri", "general"])
def test_real_images_to_the_pixel(
    real: Path, start: Start, profile: Profile, record_property: Callable[[str, object], None]
) -> None:
    person = start(real, profile, exact=True)
    root = person.page.model.project.root  # type: ignore[union-attr]
    person.curate(files_of(person))
    record_property("effort", summary(person.efforts))
    stored = read_back(person)
    check_decisions(stored, person.truth)
    assert check_pixels(stored, person.truth, root) >= _REAL // 3


def test_with_proposals_most_images_take_one_key(
    demo: Path, start: Start, record_property: Callable[[str, object], None]
) -> None:
    person = start(demo, "brain-mri", exact=False)
    person.curate(files_of(person))
    effort = summary(person.efforts)
    record_property("effort", effort)
    assert effort["one action"] >= 0.6
    stored = read_back(person)
    check_decisions(stored, person.truth)
    for file, state in stored.items():
        wanted = person.truth[file]
        if state.decision == "keep" and wanted.crop is not None:
            whole = Crop(0, 0, state.width or 1, state.height or 1)
            assert iou(state.crop or whole, wanted.crop) >= 0.95, file


def test_by_mouse_alone_one_click_an_image(demo: Path, start: Start, qtbot: QtBot) -> None:
    person = start(demo, "brain-mri", exact=False)
    page, project = person.page, person.page.model.project
    assert project is not None
    page.strip.chosen.emit(project.ids[0])
    decision = page.inspector.decision
    for number in range(4):
        settle(page, qtbot)
        before = len([1 for state in project.states() if state.decided_by == "person"])
        qtbot.mouseClick(decision.accept, Qt.MouseButton.LeftButton)
        assert project.counts().decided == before + 1
        assert page.model.current_id == project.ids[number + 1]
    settle(page, qtbot)
    qtbot.mouseClick(decision.reasons["quality"], Qt.MouseButton.LeftButton)
    assert project.state(project.ids[4]).discard_reason == "quality"
    assert page.model.current_id == project.ids[5]


def test_by_keyboard_alone_a_crop_is_set_with_numbers(demo: Path, start: Start, qtbot: QtBot) -> None:
    person = start(demo, "brain-mri", exact=False)
    page, project = person.page, person.page.model.project
    assert project is not None
    settle(page, qtbot)
    shown = person.state
    person.key(Qt.Key.Key_F6)
    for _ in range(40):
        if page.inspector.crop.fields["w"].hasFocus():
            break
        person.key(Qt.Key.Key_Tab)
    assert page.inspector.crop.fields["w"].hasFocus()
    person.text("33")
    person.key(Qt.Key.Key_Return)
    crop = project.state(shown.id).crop
    assert crop is not None
    assert crop.width == 33
    person.key(Qt.Key.Key_Space)
    assert project.state(shown.id).decided_by == "person"
    assert page.model.current_id != shown.id


def test_the_real_folder_is_never_written_to(real_data: Path) -> None:
    assert not list(Path(os.fspath(real_data)).glob("*.curator"))
