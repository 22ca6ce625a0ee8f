"""Starting the window, its log, and the table of keys."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, qInstallMessageHandler, qWarning
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from curator.app import application
from curator.app.main_window import MainWindow
from curator.app.settings import Settings
from curator.app.shortcuts import WINDOW, Key, Shortcuts, display, shortcuts


@pytest.fixture
def hooks() -> Iterator[None]:
    """Puts the interpreter's and Qt's hooks, and the log, back to what they were."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    saved = sys.excepthook, threading.excepthook
    before = qInstallMessageHandler(None)
    yield
    qInstallMessageHandler(before)
    sys.excepthook, threading.excepthook = saved
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def test_the_window_is_run_with_a_folder_and_ends(
    qapp: QApplication, dataset: Path, monkeypatch: pytest.MonkeyPatch, hooks: None, qtbot: QtBot
) -> None:
    seen: list[MainWindow] = []

    def look() -> int:
        shown = (widget for widget in QApplication.topLevelWidgets() if widget.isVisible())
        seen.extend(widget for widget in shown if isinstance(widget, MainWindow))
        qtbot.waitUntil(lambda: seen[0].model.project is not None)
        assert seen[0].model.project.root == dataset.resolve()
        seen[0].close()
        return 0

    monkeypatch.setattr(QApplication, "exec", lambda self=None: look())
    assert application.run(dataset) == 0
    assert not seen[0].isVisible()
    assert Settings().recent() == [dataset.resolve()]


def test_what_is_raised_in_a_slot_or_thread_goes_to_the_log_and_the_window(
    window: MainWindow, hooks: None, caplog: pytest.LogCaptureFixture, qtbot: QtBot
) -> None:
    path = application.start_log()
    application.install_hooks()
    qWarning("a word from Qt")
    thread = threading.Thread(target=lambda: 1 / 0, name="stray")
    thread.start()
    thread.join()
    # The message crosses from the thread to the window's.
    qtbot.waitUntil(lambda: window.toast.message is not None)
    assert "division by zero" in window.toast.message.text
    text = path.read_text()
    assert "a word from Qt" in text
    assert "ZeroDivisionError" in text


def test_an_interrupt_closes_the_application(qapp: QApplication, hooks: None) -> None:
    QTimer.singleShot(0, lambda: application.report(KeyboardInterrupt, KeyboardInterrupt(), None))
    too_late = QTimer()
    too_late.timeout.connect(lambda: qapp.exit(7))
    too_late.start(5_000)
    assert qapp.exec() == 0
    too_late.stop()


@pytest.mark.parametrize("page", ["Curate", "Train", "Review"])
def test_no_key_does_two_things_at_once(page: str) -> None:
    seen: dict[str, str] = {}
    for key in shortcuts.all():
        if key.page in (page, WINDOW) and not key.held:
            for text in key.keys:
                assert text not in seen, f"{text}: {seen.get(text)} and {key.words}"
                seen[text] = key.words


def test_every_key_can_be_typed() -> None:
    for key in shortcuts.all():
        if key.can_change:
            assert all(not QKeySequence(text).isEmpty() for text in key.keys), key.id


def test_changes_of_keys_are_kept_apart_from_the_defaults() -> None:
    a, b = Key("a", ("A",), "Do a", "Curate"), Key("b", ("B",), "Do b", "Train")
    table = Shortcuts([a, b])
    table.set_own({"a": "Ctrl+A", "gone": "G", "b": ""})
    assert table.own() == {"a": "Ctrl+A"}
    assert table.get("a").keys == ("Ctrl+A",)
    assert table.words("b") == "Do b (B)"
    # Keys of different pages may be the same.
    assert table.clashes("a", "B") is None
    table = Shortcuts([a, b, Key("c", ("B",), "Do c", WINDOW)])
    clash = table.clashes("a", "B")
    assert clash is not None
    assert clash.id == "c"
    assert display("Left") == "←"


def test_settings_that_make_no_sense_count_as_not_set(tmp_path: Path) -> None:
    path = tmp_path / "broken.ini"
    path.write_text("[General]\ntheme=mauve\nprofile=cats\nrecent={\nkeys=[1]\ngeometry=x\n")
    settings = Settings(path)
    assert settings.theme == "dark"
    assert settings.profile == "brain-mri"
    assert settings.recent() == []
    assert settings.keys() == {}
    assert settings.geometry is None
    settings.set_value("curate/strip", [1, 2])
    settings.sync()
    assert Settings(path).value("curate/strip") == [1, 2]
    assert Settings(path).value("none", 3) == 3
