"""The shortcut audit in the window: not made yet, made by a click, cancelled, kept, and too few images."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_data import planted
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless

from curator.app import theme
from curator.app.jobs import Jobs
from curator.app.review.auditor import KEY, Auditor, Place
from curator.evaluation import shortcut_audit, shortcut_audit_guess
from curator.evaluation.shortcut_audit import read_audit


class Shown:
    """Pane and short form as Review holds them, on one manifest."""

    def __init__(self, qtbot: QtBot, jobs: Jobs, folder: Path) -> None:
        self.auditor = Auditor(jobs)
        self.pane, self.short = self.auditor.pane, self.auditor.short
        for widget in (self.pane, self.short):
            qtbot.addWidget(widget)
            widget.show()
        self.pane.resize(980, 760)
        self.short.resize(270, 200)
        self.place = Place(folder, folder, folder.parent / "images")
        self.jobs, self.qtbot = jobs, qtbot
        self.auditor.show_place(self.place)
        self.wait()

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: not self.jobs.active(), timeout=60_000)

    def click(self, name: str) -> None:
        button = getattr(self.pane, name)
        assert button.isVisible()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def jobs(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(shortcut_audit_guess, "_TREES", 5)
    monkeypatch.setattr(shortcut_audit, "_REPEATS_OF_FEW", 1)
    made = Jobs()
    yield made
    made.cancel_all_and_wait()


def texts(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(QLabel) if one.isVisible()]


def _pixels(widget: QWidget, colour: str) -> int:
    image = widget.grab().toImage()
    return sum(
        image.pixelColor(x, y).name() == colour for x in range(image.width()) for y in range(image.height())
    )


def test_it_is_made_by_a_click_shown_in_full_and_in_short_and_kept(
    qtbot: QtBot, jobs: Jobs, tmp_path: Path
) -> None:
    manifest = planted(tmp_path, "border")
    shown = Shown(qtbot, jobs, manifest.folder)
    assert "Not audited yet" in texts(shown.pane)
    assert any(one.startswith("Not audited yet") for one in texts(shown.short))
    assert shown.short.button.text() == "Audit"

    shown.pane.activateWindow()
    qtbot.waitUntil(shown.pane.isActiveWindow)
    shown.pane.setFocus()
    shown.click("button")
    assert shown.pane.stop.isVisible()
    assert not shown.pane.button.isVisible()
    assert shown.pane.stop.hasFocus()
    assert "Auditing" in texts(shown.pane)
    shown.wait()
    # The keys of the page go on from here.
    assert shown.pane.again.hasFocus()

    kept = read_audit(manifest.folder)
    assert kept is not None
    assert shown.pane.sentence.text() == kept.sentence
    ring = shown.pane.cells["ring", "raw"]
    assert ring.accessibleName().startswith("Border ring alone, raw: balanced accuracy ")
    assert ring.accessibleName().endswith("look")
    assert shown.pane.cells["ring", "cleaned"].accessibleName().endswith("nothing found")
    assert ("file", "file") in shown.pane.cells
    # The diamond is filled with the colour of what is wrong, the ring has the other.
    wrong = theme.current().discard
    assert _pixels(ring, wrong) > 60
    assert _pixels(shown.pane.cells["ring", "cleaned"], wrong) == 0
    row = kept.row("ring", "raw")
    assert row is not None
    assert row.words + " Nothing of it is found after cleaning." in texts(shown.pane)
    assert not shown.pane.stop.isVisible()

    # In a narrow window nothing of it is cut off on the right.
    shown.pane.resize(350, 500)
    QApplication.processEvents()
    area = shown.pane.findChild(QScrollArea)
    assert area is not None
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()
    shown.pane.resize(980, 760)

    lines = [one.accessibleName() for one in shown.short.rows]
    assert 3 <= len(lines) <= 4
    assert lines[0].startswith("File facts alone: 0.")
    assert shown.short.button.text() == "See all"
    with qtbot.waitSignal(shown.short.opened):
        qtbot.mouseClick(shown.short.button, Qt.MouseButton.LeftButton)
    assert nameless(shown.pane) == nameless(shown.short) == []

    # Another window finds it again; of another manifest it is stale and not shown.
    again = Shown(qtbot, jobs, manifest.folder)
    assert again.pane.sentence.text() == kept.sentence
    other = planted(tmp_path / "other", "nothing", groups=3)
    (other.folder / "audit.json").write_text((manifest.folder / "audit.json").read_text())
    assert "Not audited yet" in texts(Shown(qtbot, jobs, other.folder).pane)


def test_cancel_leaves_things_as_they_were(qtbot: QtBot, jobs: Jobs, tmp_path: Path) -> None:
    manifest = planted(tmp_path, "nothing")
    shown = Shown(qtbot, jobs, manifest.folder)
    shown.click("button")
    job = jobs.get(KEY)
    assert job is not None
    with qtbot.waitSignal(job.progress, timeout=60_000):
        pass
    shown.click("stop")
    shown.wait()
    assert read_audit(manifest.folder) is None
    assert shown.pane.button.isVisible()
    assert shown.pane.button.isEnabled()
    assert any(one.startswith("Not audited yet") for one in texts(shown.short))


def test_too_few_images_and_nothing_to_audit_are_said(qtbot: QtBot, jobs: Jobs, tmp_path: Path) -> None:
    shown = Shown(qtbot, jobs, planted(tmp_path, "nothing", groups=4).folder)
    shown.click("button")
    shown.wait()
    assert "Too few images to tell" in texts(shown.pane)
    assert any(one.startswith("Too few images to tell: 8 groups") for one in texts(shown.pane))
    assert "Too few images to tell." in texts(shown.short)
    shown.auditor.show_place(None, "New images have no labels that could be guessed.")
    assert "New images have no labels that could be guessed." in texts(shown.pane)
    assert not shown.pane.button.isVisible()
    assert not shown.short.button.isVisible()


def test_an_audit_that_fails_says_why_and_can_be_made_again(qtbot: QtBot, jobs: Jobs, tmp_path: Path) -> None:
    manifest = planted(tmp_path, "nothing", groups=4)
    shown = Shown(qtbot, jobs, manifest.folder)
    (manifest.folder / "manifest.jsonl").unlink()
    shown.click("button")
    shown.wait()
    assert "The audit could not be made" in texts(shown.pane)
    assert any("manifest.jsonl could not be read" in one for one in texts(shown.pane))
    assert shown.pane.button.isEnabled()
