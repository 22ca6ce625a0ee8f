"""The second look as a person does it: begin, decide by keys and mouse, put it off, finish, read the figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from curate_help import CROP, NAMES, drag, make_dataset, press, proposal, settle, type_keys
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QProgressBar, QWidget
from pytestqt.qtbot import QtBot

from curator.app.curate.second_look import LookPane, SecondLookDialog
from curator.app.project_model import ProjectModel
from curator.project import Project, edits
from curator.workflow import second_look
from curator.workflow.apply import apply_event
from curator.workflow.open import open_folder

Ctrl = Qt.KeyboardModifier.ControlModifier
Shift = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1300, 860)
    made.show()
    return made


@pytest.fixture
def decided(model: ProjectModel, tmp_path: Path) -> ProjectModel:
    """Six images, of which a person kept the first five as proposed and discarded the last."""
    root = make_dataset(tmp_path / "scans")
    project = Project.open(root, profile="general")
    for event in open_folder(project):
        apply_event(project, event)
    project.set_proposals(dict.fromkeys(project.ids, proposal()))
    states = project.states()
    project.apply(edits.accept_all(states[:5]))
    project.apply(edits.decide(states[5:], "discard", "quality"))
    model.adopt(project)
    return model


def opened(model: ProjectModel, parent: QWidget, qtbot: QtBot) -> SecondLookDialog:
    dialog = SecondLookDialog(model, parent, seed=5)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.isAncestorOf(QApplication.focusWidget() or parent), timeout=5_000)
    return dialog


def begun(dialog: SecondLookDialog, qtbot: QtBot, share: int = 50) -> LookPane:
    dialog.start.share.setValue(share)
    press(Qt.Key.Key_Return)
    return looked(dialog, qtbot)


def looked(dialog: SecondLookDialog, qtbot: QtBot) -> LookPane:
    look = dialog.look
    assert look is not None
    settle(look.page, qtbot)
    return look


def test_three_are_decided_by_keys_and_mouse_and_the_figures_are_shown(
    decided: ProjectModel, parent: QWidget, qtbot: QtBot
) -> None:
    main = decided.project
    assert main is not None
    before = (main.states(), main.history())
    dialog = opened(decided, parent, qtbot)
    assert dialog.start.number.text() == "= 5 of 6 decided images"
    look = begun(dialog, qtbot)
    project = look.model.project
    assert project is not None
    drawn = [state.file_name for state in project.states()]
    assert len(drawn) == 5
    assert NAMES[5] in drawn
    assert look.place.text() == "0 of 5 looked at"
    assert not look.finish.isEnabled()

    press(Qt.Key.Key_Space)
    settle(look.page, qtbot)
    type_keys("x1")
    settle(look.page, qtbot)
    type_keys("c")
    drag(look.page, (CROP.x + CROP.width, CROP.y + 30), (CROP.x + 40, CROP.y + 30))
    third = project.state(look.model.current_id)
    assert third.crop is not None
    assert third.crop.width < CROP.width
    press(Qt.Key.Key_Escape)
    type_keys("k")
    assert look.place.text() == "3 of 5 looked at"
    assert look.bar.value() == 3

    QTest.mouseClick(look.finish, Qt.MouseButton.LeftButton)
    assert dialog.look is None
    assert dialog.stack.currentWidget() is dialog.results
    assert dialog.results.observed.value.text() == "67 %"
    assert dialog.results.kappa.value.text() == "0.00"
    (stored,) = second_look.looks(main)
    results = stored.results
    assert results is not None
    assert (results.reviewed, results.agreed, results.crops) == (3, 2, 2)
    assert dialog.results.iou.value.text() == f"{results.mean_iou:.2f}"
    assert "Of 3 images decided twice, 2 agree (67 %" in dialog.results.words.text()
    said = {row.accessibleName() for row in dialog.results.rows}
    assert f"{drawn[1]}: kept, then discarded: overlay on the brain" in said
    assert len(said) == 2
    assert (main.states(), main.history()) == before

    QTest.mouseClick(dialog.results.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == results.words()
    wanted: list[int] = []
    dialog.show_wanted.connect(wanted.append)
    dialog.results.rows[0].show_button.click()
    assert wanted == [main.id_of(drawn[1])]
    assert not dialog.isVisible()


def test_closed_half_way_it_is_gone_on_with(decided: ProjectModel, parent: QWidget, qtbot: QtBot) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    names = [state.file_name for state in look.model.project.states()]  # type: ignore[union-attr]
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Z, Ctrl)
    assert look.place.text() == "1 of 5 looked at"
    press(Qt.Key.Key_Z, Ctrl | Shift)
    assert look.place.text() == "2 of 5 looked at"
    assert decided.project is not None
    assert len(decided.project.history()) == 2
    look.later.click()
    assert not dialog.isVisible()
    assert look.model.project is None

    dialog = opened(decided, parent, qtbot)
    assert dialog.start.go_on.text() == "Go on (2 of 5)"
    assert not dialog.start.begin.isVisible()
    press(Qt.Key.Key_Return)
    look = looked(dialog, qtbot)
    project = look.model.project
    assert project is not None
    assert [state.file_name for state in project.states()] == names
    assert [state.decided_by for state in project.states()][:2] == ["person", "person"]
    look.undo.click()
    assert look.place.text() == "1 of 5 looked at"
    dialog.reject()
    dialog = opened(decided, parent, qtbot)
    assert dialog.start.end.text() == "Finish with 1 image"
    dialog.start.end.click()
    assert dialog.results.observed.value.text() == "100 %"
    assert second_look.unfinished(decided.project) is None


def test_nothing_of_the_first_decisions_is_shown(
    decided: ProjectModel, parent: QWidget, qtbot: QtBot
) -> None:
    main = decided.project
    assert main is not None
    main.apply(edits.set_note(main.state(main.ids[5]), "poor"))
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    press(Qt.Key.Key_End)
    settle(look.page, qtbot)
    state = look.page.decisions.state
    assert state is not None
    assert state.file_name == NAMES[5]
    assert (state.decision, state.decided_by, state.note) == ("keep", "proposal", "")
    assert look.model.project is not main
    assert look.model.project.history() == []  # type: ignore[union-attr]
    dialog.reject()


def test_the_folder_is_not_read_again_by_it(decided: ProjectModel, parent: QWidget, qtbot: QtBot) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    assert look.model.adopted
    look.model.rescan()
    assert look.model.jobs.active() == []
    assert look.model.quiet
    assert len(look.model.project or ()) == 5
    dialog.reject()


def test_one_with_nothing_looked_at_can_be_dropped(
    decided: ProjectModel, parent: QWidget, qtbot: QtBot
) -> None:
    dialog = opened(decided, parent, qtbot)
    begun(dialog, qtbot)
    dialog.reject()
    dialog = opened(decided, parent, qtbot)
    assert dialog.start.end.text() == "Drop it and draw anew"
    dialog.start.end.click()
    assert dialog.start.begin.isVisible()
    assert dialog.start.earlier == []
    begun(dialog, qtbot)
    dialog.reject()


def test_earlier_ones_are_listed_and_shown(decided: ProjectModel, parent: QWidget, qtbot: QtBot) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    for _ in range(5):
        press(Qt.Key.Key_Space)
    look.finish.click()
    words = dialog.results.words.text()
    assert "Of 5 images decided twice, 4 agree" in words
    dialog.results.back_button.click()
    (row,) = dialog.start.earlier
    assert "5 images, 80 % alike, kappa 0.00, IoU 1.00" in row.accessibleName()
    row.click()
    assert dialog.results.words.text() == words
    dialog.results.close_button.click()
    assert not dialog.isVisible()


def test_with_nothing_decided_there_is_a_sentence_and_no_way_to_begin(
    model: ProjectModel, tmp_path: Path, parent: QWidget, qtbot: QtBot
) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    model.adopt(Project.open(root))
    dialog = opened(model, parent, qtbot)
    assert dialog.start.nothing.isVisible()
    assert "No image is decided yet" in dialog.start.nothing.text()
    assert not dialog.start.begin.isEnabled()
    dialog.start.close_button.click()
    assert not dialog.isVisible()


def test_a_damaged_one_is_said_and_can_be_dropped(
    decided: ProjectModel, parent: QWidget, qtbot: QtBot
) -> None:
    dialog = opened(decided, parent, qtbot)
    begun(dialog, qtbot)
    dialog.reject()
    assert decided.project is not None
    (decided.project.folder / "second-look" / "1" / "project.sqlite").write_bytes(b"no database" * 500)
    dialog = opened(decided, parent, qtbot)
    assert "damaged" in dialog.start.trouble.text()
    assert not dialog.start.go_on.isEnabled()
    dialog.start.end.click()
    assert dialog.start.begin.isEnabled()
    begun(dialog, qtbot)
    dialog.reject()


def test_it_closes_with_the_project_and_ends_its_threads(
    decided: ProjectModel, parent: QWidget, qtbot: QtBot
) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    press(Qt.Key.Key_Space)
    loaders = [dialog._loader, look.page.loader]
    decided.close()
    assert not dialog.isVisible()
    assert look.model.project is None
    assert [loader._pool.activeThreadCount() for loader in loaders] == [0, 0]


def test_enter_and_esc_stay_with_the_page(decided: ProjectModel, parent: QWidget, qtbot: QtBot) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    press(Qt.Key.Key_Space)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Enter):
        press(key)
    assert dialog.isVisible()
    assert dialog.stack.currentWidget() is look
    look.later.setFocus()
    press(Qt.Key.Key_Escape)
    assert dialog.isVisible()
    dialog.reject()


def test_help_is_over_the_page(decided: ProjectModel, parent: QWidget, qtbot: QtBot) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    look.help_button.click()
    assert look._help.isVisible()
    press(Qt.Key.Key_Escape)
    assert not look._help.isVisible()
    assert dialog.isVisible()
    dialog.reject()


def test_every_control_has_a_name(decided: ProjectModel, parent: QWidget, qtbot: QtBot) -> None:
    dialog = opened(decided, parent, qtbot)
    look = begun(dialog, qtbot)
    named = (look.undo, look.redo, look.help_button, look.later, look.finish, look.bar)
    assert [one for one in named if not one.accessibleName()] == []
    type_keys("x1")
    look.finish.click()
    dialog.results.back_button.click()
    kinds = (QAbstractButton, QAbstractSpinBox, QProgressBar)
    panes = (dialog.start, dialog.results)
    controls = [one for pane in panes for kind in kinds for one in pane.findChildren(kind)]
    assert {dialog.start.share, dialog.results.rows[0].show_button, *dialog.start.earlier} <= set(controls)
    assert [one for one in controls if not one.accessibleName()] == []
    dialog.reject()
