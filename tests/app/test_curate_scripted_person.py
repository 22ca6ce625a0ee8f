"""A scripted person curates demo and real images to their truth; what is on the disk renders as the truth does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from app_waiting import wait_until_quiet
from curate_help import settle
from pytestqt.qtbot import QtBot
from scripted_hands import summary
from scripted_person import Means, ScriptedPerson
from scripted_truth import Wanted, is_right, read_truth

from curator.app.curate.page import CuratePage
from curator.app.main_window import MainWindow
from curator.imaging.decode import load
from curator.imaging.render import render
from curator.project import Project
from curator.records import ImageState, Profile
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
def real(real_data: Path, tmp_path: Path) -> Iterator[Path]:
    """Some of the real images in a folder of the test's own; theirs is as it was in the end."""
    before = {path: path.stat().st_mtime_ns for path in real_data.rglob("*")}
    truth = read_truth(real_data / "truth.jsonl")
    for file in sorted(truth)[:: max(1, len(truth) // _REAL)]:
        (tmp_path / "real/images" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real_data / "images" / file, tmp_path / "real/images" / file)
    shutil.copy(real_data / "truth.jsonl", tmp_path / "real/truth.jsonl")
    yield tmp_path / "real"
    assert {path: path.stat().st_mtime_ns for path in real_data.rglob("*")} == before


Start = Callable[..., ScriptedPerson]


@pytest.fixture
def start(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Start:
    """Opens a copy of a folder and puts a person before it."""

    def begin(folder: Path, profile: Profile, *, exact: bool, means: Means = "both") -> ScriptedPerson:
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
        return ScriptedPerson(page, truth, exact=exact, idle=lambda: settle(page, qtbot), means=means)

    return begin


def read_back(person: ScriptedPerson) -> dict[str, ImageState]:
    """Closes the project and reads from the disk what became of each image that was decided."""
    project = person.page.model.project
    assert project is not None
    root = project.root
    person.page.model.close()
    with Project.open(root) as again:
        return {state.file_name: state for state in again.states() if state.decided_by == "person"}


def check_decisions(stored: dict[str, ImageState], truth: dict[str, Wanted], *, exact: bool) -> None:
    """Discards are those of the truth, and of the copies of an image one is kept, or none where that is right."""
    groups: dict[int, list[ImageState]] = {}
    for file, state in stored.items():
        wanted = truth[file]
        if wanted.reason is not None:
            assert state.decision == "discard", file
            assert state.discard_reason == wanted.reason or not exact, file
        elif not (wanted.either and state.discard_reason != "duplicate" and state.decision == "discard"):
            groups.setdefault(wanted.group, []).append(state)
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


def check_good(stored: dict[str, ImageState], truth: dict[str, Wanted], root: Path) -> int:
    """What was kept has the head's crop, its overlays are gone and nothing else is; returns how many that were."""
    kept = [state for state in stored.values() if state.decision == "keep"]
    for state in kept:
        assert is_right(state, truth[state.file_name], load(root / state.file_name)), state.file_name
    return len(kept)


Record = Callable[[str, object], None]


@pytest.mark.parametrize("profile", ["brain-mri", "general"])
@pytest.mark.parametrize("exact", [True, False], ids=["to the pixel", "as good as matters"])
@pytest.mark.parametrize("source", ["demo", "real"])
def test_a_folder_becomes_what_its_truth_says(
    source: str,
    exact: bool,
    profile: Profile,
    start: Start,
    request: pytest.FixtureRequest,
    record_property: Record,
) -> None:
    person = start(request.getfixturevalue(source), profile, exact=exact)
    project = person.page.model.project
    assert project is not None
    total, root = len(project), project.root
    person.curate()
    record_property("effort", summary(person.efforts))
    record_property("problems", dict(person.hands.problems))
    stored = read_back(person)
    assert len(stored) == total
    check_decisions(stored, person.truth, exact=exact)
    check = check_pixels if exact else check_good
    assert check(stored, person.truth, root) >= total // 2


def test_with_proposals_most_images_take_one_key(demo: Path, start: Start) -> None:
    person = start(demo, "brain-mri", exact=False)
    person.curate()
    accepted = [effort for effort in person.efforts if effort.done == ["Key_Space"]]
    assert len(accepted) >= 0.6 * len(person.efforts)
    # One key also keeps what was to be discarded.
    by_one = [effort for effort in person.efforts if effort.actions == 1]
    assert all(effort.done in (["Key_Space"], ["Key_K"]) for effort in by_one)


@pytest.mark.parametrize("profile", ["brain-mri", "general"])
def test_by_mouse_alone(demo: Path, start: Start, profile: Profile, record_property: Record) -> None:
    person = start(demo, profile, exact=False, means="mouse")
    root = person.page.model.project.root  # type: ignore[union-attr]
    person.curate(8)
    record_property("effort", summary(person.efforts))
    record_property("problems", dict(person.hands.problems))
    assert sum(effort.keys for effort in person.efforts) == 0
    assert any(effort.done == ["click Accept and next"] for effort in person.efforts) or profile == "general"
    stored = read_back(person)
    assert len(stored) == 8
    check_decisions(stored, person.truth, exact=False)
    assert check_good(stored, person.truth, root) >= 4


def test_by_keyboard_alone_to_the_pixel(demo: Path, start: Start, record_property: Record) -> None:
    """Crops and masks too are drawn by keys."""
    person = start(demo, "general", exact=True, means="keyboard")
    project = person.page.model.project
    assert project is not None
    root = project.root
    person.curate(8)
    record_property("effort", summary(person.efforts))
    record_property("problems", dict(person.hands.problems))
    assert sum(effort.gestures for effort in person.efforts) == 0
    assert {"Key_F6", "Key_Tab", "Key_Space"} <= {done for effort in person.efforts for done in effort.done}
    stored = read_back(person)
    assert len(stored) == 8
    check_decisions(stored, person.truth, exact=True)
    assert check_pixels(stored, person.truth, root) >= 4


def test_by_keyboard_alone_from_proposals(demo: Path, start: Start, record_property: Record) -> None:
    person = start(demo, "brain-mri", exact=True, means="keyboard")
    project = person.page.model.project
    assert project is not None
    root = project.root
    person.curate(8)
    record_property("effort", summary(person.efforts))
    record_property("problems", dict(person.hands.problems))
    assert sum(effort.gestures for effort in person.efforts) == 0
    done = {done for effort in person.efforts for done in effort.done}
    assert {"Key_Delete", "Key_Space"} <= done
    stored = read_back(person)
    assert check_pixels(stored, person.truth, root) >= 4
