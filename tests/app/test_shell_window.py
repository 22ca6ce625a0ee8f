"""The window around the pages: opening, going between pages, bars, messages, keys, closing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_waiting import wait_until_quiet
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from curator.app import application, main_window, messages, theme
from curator.app.dialogs import may_stop_training
from curator.app.export_dialog import ExportDialog
from curator.app.help_overlay import HelpOverlay
from curator.app.keys_dialog import KeysDialog
from curator.app.main_window import MainWindow
from curator.app.page import Page
from curator.app.pages import PAGES, PageHolder
from curator.app.settings import Settings
from curator.app.shortcuts import shortcuts
from curator.errors import CuratorError
from curator.manifest.files import read_manifest
from curator.project import edits
from curator.records import Event, Progress


class PlainPage(Page):
    """Stands in for a page, so that these tests are about the window alone."""

    mend_requested = Signal(int)
    back_requested = Signal()
    review_requested = Signal(object)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.shown = 0
        self.bar = QLabel(title)
        self.field = QLineEdit()
        QVBoxLayout(self).addWidget(self.field)

    def top_bar(self) -> QWidget:
        return self.bar

    def activate(self) -> None:
        self.shown += 1


@pytest.fixture(autouse=True)
def plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageHolder, "_make", lambda self, index: PlainPage(PAGES[index].title))


@pytest.fixture
def opened(window: MainWindow, dataset: Path, qtbot: QtBot) -> MainWindow:
    assert window.open_folder(dataset)
    wait_until_quiet(window.model, qtbot)
    return window


def drop(window: MainWindow, *paths: Path) -> bool:
    """Drags `paths` over the window and drops them; whether the window wanted them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    nothing, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPointF(90, 90).toPoint(), nothing, data, left, none)
    QApplication.sendEvent(window, entered)
    if not entered.isAccepted():
        return False
    assert window.start.findChild(QWidget, "drop_area").property("hot") is True
    QApplication.sendEvent(window, QDropEvent(QPointF(90, 90), nothing, data, left, none, QEvent.Type.Drop))
    assert window.start.findChild(QWidget, "drop_area").property("hot") is False
    return True


def test_a_dropped_folder_is_opened(window: MainWindow, dataset: Path) -> None:
    assert not drop(window, dataset / "yes" / "scan1.png")
    assert window.model.project is None
    assert drop(window, dataset / "yes" / "scan1.png", dataset)
    assert window.model.project is not None
    assert window.model.project.root == dataset.resolve()
    assert window.windowTitle() == "scans — Curator"
    assert isinstance(window.stack.currentWidget(), PlainPage)


def test_recent_folders_are_listed_newest_first_and_open(
    window: MainWindow, dataset: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    window.settings.add_recent(other)
    assert window.open_folder(dataset)
    window.model.close()
    assert window.stack.currentWidget() is window.start
    names = [button.accessibleName() for button in window.start.recent_buttons]
    assert names == [f"Open {dataset.resolve()}", f"Open {other.resolve()}"]
    window.start.recent_buttons[0].click()
    assert window.model.project is not None
    other.rmdir()
    assert window.settings.recent() == [dataset.resolve()]


def test_what_is_no_folder_is_refused_with_a_sentence(window: MainWindow, tmp_path: Path) -> None:
    assert not window.open_folder(tmp_path / "nowhere")
    assert window.toast.message is not None
    assert "is not a folder" in window.toast.message.text
    assert window.model.project is None
    assert window.toast.isVisible()
    window.toast.dismiss()
    assert not window.toast.isVisible()


def test_the_profile_of_a_new_folder_is_the_one_that_was_chosen(
    window: MainWindow, dataset: Path, qtbot: QtBot
) -> None:
    window.start.profile_choice.button("general").click()
    assert window.settings.profile == "general"
    window.open_folder(dataset)
    assert window.model.project is not None
    assert window.model.project.profile == "general"
    window.model.close()
    window.start.profile_choice.button("brain-mri").click()
    window.open_folder(dataset)
    # A project keeps the profile it was made with.
    assert window.model.project.profile == "general"


def test_pages_come_to_the_front_by_rail_and_key(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(opened.rail.buttons[2], Qt.MouseButton.LeftButton)
    assert opened.stack.currentWidget() is opened.review
    assert opened.rail.buttons[2].isChecked()
    assert opened.review.bar.isVisible()
    qtbot.keyClick(opened, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert opened.stack.currentWidget() is opened.curate
    assert not opened.review.bar.isVisible()
    assert opened.curate.shown == 2


def test_rail_and_status_show_what_the_page_says(opened: MainWindow) -> None:
    opened.train.rail_text_changed.emit("epoch 7/20")
    assert opened.rail.buttons[1].text_shown() == "epoch 7/20"
    assert "epoch 7/20" in opened.rail.buttons[1].accessibleName()
    opened.train.status_changed.emit("of Train")
    opened.curate.status_changed.emit("70 of 253")
    assert opened.status.page_text() == "70 of 253"
    opened.show_page(1)
    assert opened.status.page_text() == "of Train"


def test_mending_goes_to_curate_at_that_image_and_back(opened: MainWindow) -> None:
    # The wiring of the real pages, on plain ones.
    target = opened.model.project.ids[4]
    opened.show_page(2)
    opened.pages._mend(target)
    assert opened.stack.currentWidget() is opened.curate
    assert opened.model.current_id == target


def test_undo_and_redo_by_button_say_what_they_do(opened: MainWindow, qtbot: QtBot) -> None:
    project = opened.model.project
    assert not opened.bar.undo_button.isEnabled()
    change = opened.model.apply(edits.decide([project.state(project.ids[0])], "keep"))
    assert opened.bar.undo_button.isEnabled()
    assert change.words in opened.bar.undo_button.toolTip()
    opened.bar.undo_button.click()
    assert project.state(project.ids[0]).decided_by != "person"
    assert opened.bar.redo_button.isEnabled()
    qtbot.keyClick(
        opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert project.state(project.ids[0]).decided_by == "person"


def test_saved_is_said_with_its_time(opened: MainWindow, qtbot: QtBot) -> None:
    project = opened.model.project
    opened.model.apply(edits.decide([project.state(project.ids[0])], "keep"))
    qtbot.waitUntil(lambda: opened.status.saved_text().startswith("saved "))
    assert len(opened.status.saved_text()) == len("saved 14:02:11")


def test_a_running_job_is_shown_and_can_be_cancelled(window: MainWindow, qtbot: QtBot) -> None:
    go = threading.Event()

    def work() -> Iterator[Event]:
        yield Progress(3, 10, "Comparing")
        while not go.wait(0.01):
            yield Progress(3, 10, "Comparing")

    job = window.jobs.start("Looking", work, key="look")
    qtbot.waitUntil(lambda: window.status.job_text() == "Comparing")
    cancel = window.status.findChild(QWidget, "") and window.status._cancel
    assert cancel.accessibleName() == "Cancel: Looking"
    with qtbot.waitSignal(job.cancelled):
        cancel.click()
    qtbot.waitUntil(lambda: not cancel.isVisible())


def test_theme_changes_and_is_remembered(window: MainWindow) -> None:
    window.bar.theme_button.click()
    assert theme.current() is theme.LIGHT
    assert window.settings.theme == "light"
    window.bar.theme_button.click()
    assert theme.current() is theme.DARK


def test_help_lists_the_keys_of_the_page_and_goes_away(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(opened, "?")
    assert opened.help.isVisible()
    texts = {text.text() for text in opened.help.findChildren(QLabel)}
    assert {"Keys", "EVERYWHERE", "Undo", "Export"} <= texts
    qtbot.keyClick(opened.help, Qt.Key.Key_Escape)
    assert not opened.help.isVisible()
    assert isinstance(opened.help, HelpOverlay)


def test_a_changed_key_works_at_once_and_after_a_restart(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = KeysDialog(window.settings, window)
    dialog.fields["theme"].setKeySequence("Ctrl+E")
    dialog.fields["theme"].editingFinished.emit()
    assert shortcuts.own() == {}
    dialog.fields["theme"].setKeySequence("Ctrl+Y")
    dialog.fields["theme"].editingFinished.emit()
    assert shortcuts.get("theme").keys == ("Ctrl+Y",)
    qtbot.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert theme.current() is theme.LIGHT
    assert "Ctrl+Y" in window.bar.theme_button.toolTip()
    window.settings.sync()
    assert Settings(tmp_path / "settings.ini").keys() == {"theme": "Ctrl+Y"}
    dialog.close()


def test_letters_go_to_the_text_field_that_has_the_focus(opened: MainWindow, qtbot: QtBot) -> None:
    page = opened.curate
    heard: list[bool] = []
    shortcuts.bind(page, "curate.keep", lambda: heard.append(True))
    page.field.setFocus()
    qtbot.keyClick(page.field, Qt.Key.Key_K)
    assert page.field.text() == "k"
    assert heard == []
    page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_K)
    assert heard == [True]


def test_messages_wait_for_each_other(window: MainWindow) -> None:
    heard: list[str] = []
    messages.ask("Really?", "Yes", lambda: heard.append("yes"))
    messages.show("By the way", "info")
    assert window.toast.message.text == "Really?"
    window.toast._buttons[0].click()
    assert heard == ["yes"]
    assert window.toast.message.text == "By the way"
    messages.show("And this", "done")
    assert window.toast.message.text == "And this"


def test_closing_while_a_job_runs_ends_it(window: MainWindow, qtbot: QtBot) -> None:
    closed = threading.Event()

    def work() -> Iterator[Event]:
        try:
            while True:
                yield Progress(0, 0, "Working")
        finally:
            closed.set()

    job = window.jobs.start("Working", work, key="work")
    with qtbot.waitSignal(job.progress):
        pass
    assert window.close()
    assert closed.is_set()
    assert window.jobs.active() == []


@pytest.mark.parametrize("answer", [True, False])
def test_closing_while_training_asks_once(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(main_window, "may_stop_training", lambda parent: asked.append(True) or answer)
    saved = threading.Event()

    def work() -> Iterator[Event]:
        try:
            while True:
                yield Progress(0, 0, "Epoch 1")
        finally:
            saved.set()

    job = window.jobs.start("Training", work, key="train")
    with qtbot.waitSignal(job.progress):
        pass
    assert window.close() is answer
    assert asked == [True]
    assert saved.is_set() is answer


@pytest.mark.parametrize(
    ("key", "may"), [(Qt.Key.Key_Return, True), (Qt.Key.Key_Escape, False), ("Go on training", False)]
)
def test_the_question_says_what_each_button_does(
    window: MainWindow, qtbot: QtBot, key: Qt.Key | str, may: bool
) -> None:
    def answer() -> None:
        box = QApplication.activeModalWidget()
        words = {one.text(): one for one in box.findChildren(QPushButton)}
        assert set(words) == {"Stop and keep", "Go on training"}
        if isinstance(key, str):
            words[key].click()
        else:
            QTest.keyClick(box, key)

    QTimer.singleShot(0, answer)
    assert may_stop_training(window) is may


def test_the_geometry_is_remembered(window: MainWindow, tmp_path: Path) -> None:
    window.resize(1100, 700)
    window.close()
    assert Settings(tmp_path / "settings.ini").geometry is not None


def test_the_demo_is_made_once_and_opened(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, dataset: Path
) -> None:
    import curator.workflow.demo as demo

    def small(folder: Path) -> Iterator[Event]:
        folder.mkdir(parents=True)
        dataset.rename(folder / "images")
        yield Progress(1, 1, "Drawing")

    monkeypatch.setattr(demo, "make_demo", small)
    with qtbot.waitSignal(window.model.opened):
        window.start.demo_button.click()
    assert window.model.project.root.name == "images"


def test_the_export_dialog_writes_a_manifest(opened: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    project = opened.model.project
    opened.model.apply(edits.decide([project.state(one) for one in project.ids[:4]], "keep"))
    opened.bar.export_button.click()
    dialog = opened.findChild(ExportDialog)
    out = tmp_path / "out"
    dialog.folder.setText(str(out))
    dialog.csv.setChecked(True)
    dialog.materialise.setChecked(True)
    assert "(4 images)" in dialog.accept_proposals.text()
    dialog.shares[0].setValue(60)
    assert not dialog.export_button.isEnabled()
    dialog.shares[2].setValue(25)
    assert dialog.export_button.isEnabled()
    with qtbot.waitSignal(dialog.accepted):
        dialog.export_button.click()
    manifest = read_manifest(out)
    assert sum(row.decision == "keep" for row in manifest.rows) == 4
    assert len(manifest.rows) == 8
    assert (out / "manifest.csv").is_file()
    assert len(list((out / "images").rglob("*.png"))) == 4
    assert opened.toast.message.level == "done"
    assert opened.toast.message.actions[0].words == "Show folder"


def test_exporting_into_the_dataset_is_refused_in_the_dialog(opened: MainWindow, qtbot: QtBot) -> None:
    opened.export()
    dialog = opened.findChild(ExportDialog)
    dialog.folder.setText(str(opened.model.project.root / "out"))
    dialog.export_button.click()
    assert "lies inside the dataset" in dialog._trouble.text()
    assert dialog.export_button.isEnabled()
    dialog.reject()


def test_an_unforeseen_error_is_said_and_the_window_goes_on(
    window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise KeyError("lost")
    except KeyError as error:
        application.report(type(error), error, error.__traceback__)
    assert "lost" in window.toast.message.text
    assert "KeyError" in caplog.text
    window.toast.dismiss()
    application.report(CuratorError, CuratorError("Put it back."), None)
    assert window.toast.message.text == "Put it back."
