"""The table of runs as a person handles it: curves, names, figures, comparison, trash."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit
from pytestqt.qtbot import QtBot
from train_help import epoch, settle, shown_page

from curator.app import messages, theme
from curator.app.messages import Message
from curator.app.project_model import ProjectModel
from curator.app.train.page import TrainPage
from curator.app.train.run_compare import compared
from curator.app.train.run_table import DOT, NAME, RunRow
from curator.app.words import rough_duration
from curator.errors import CuratorError
from curator.evaluation.figures import write_figures
from curator.evaluation.intervals import Interval, Summary
from curator.manifest.files import read_manifest
from curator.project import edits
from curator.training.config import PRESETS, TrainConfig
from curator.training.runs import (
    METRICS,
    Run,
    copy_manifest,
    given_name,
    read_metrics,
    write_config,
    write_metrics,
)
from curator.workflow.export import export

LEFT = Qt.MouseButton.LeftButton


def summary(balanced: float) -> Summary:
    metrics = {
        "balanced_accuracy": Interval(balanced, balanced - 0.06, balanced + 0.04),
        "auroc": Interval(0.93, 0.87, 0.97),
        "accuracy": Interval(0.9, 0.8, 1.0),
        "loss": None,
    }
    return Summary(40, 31, ("no", "yes"), metrics, 0.61, np.zeros((2, 2), np.int64), ())


def make_run(
    model: ProjectModel, name: str, started_at: float, *, finished: bool = True, **changes: object
) -> Path:
    """A run's folder as a training leaves it, two epochs long."""
    folder = model.project.folder / "runs" / name
    folder.mkdir(parents=True)
    plan = dataclasses.replace(TrainConfig(epochs=2), **changes)
    manifest = read_manifest(model.project.folder / "manifest")
    copy_manifest(manifest, folder)
    rows = [epoch(number, seconds=110.0, speed=9.0) for number in (1, 2)]
    write_metrics(folder / METRICS, rows)
    write_config(
        Run(
            folder, plan, ("no", "yes"), model.project.root, {"train": 4, "val": 2, "test": 2}, "cpu", "", False,
            tuple(rows), finished, started_at,
        )
    )  # fmt: skip
    return folder


@pytest.fixture
def page(open_model: ProjectModel, qtbot: QtBot) -> Iterator[TrainPage]:
    """The page with three runs: the newest evaluated, the middle stopped, the oldest another backbone."""
    project = open_model.project
    open_model.apply(edits.decide(project.states(), "keep"))
    open_model.announce(project.ensure_splits(project.shares, project.seed))
    list(export(project, project.folder / "manifest", accept_proposals=True))
    write_figures(make_run(open_model, "c-newest", 300.0), summary(0.861))
    make_run(open_model, "b-middle", 200.0, finished=False, epochs=5)
    write_figures(make_run(open_model, "a-oldest", 100.0, backbone="vgg16", lr=5e-5), summary(0.8351))
    made = shown_page(open_model, qtbot)
    yield made
    open_model.jobs.cancel_all_and_wait()


def click(page: TrainPage, row: int, column: int = NAME, *, ctrl: bool = False) -> None:
    table = page.runs.table
    where = table.visualRect(table.runs.index(row, column)).center()
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(table.viewport(), LEFT, modifier, QPoint(where))


def names(page: TrainPage) -> list[str]:
    return [row.run_dir.name for row in page.runs.rows()]


def cells(page: TrainPage, row: int) -> list[str]:
    table = page.runs.table.runs
    return [table.data(table.index(row, column)) for column in range(2, table.columnCount())]


@pytest.fixture
def heard() -> Iterator[list[Message]]:
    found: list[Message] = []
    messages.hub().shown.connect(found.append)
    yield found
    messages.hub().shown.disconnect(found.append)


def test_runs_are_listed_with_test_figures_or_those_of_the_validation_images(page: TrainPage) -> None:
    assert names(page) == ["c-newest", "b-middle", "a-oldest"]
    assert cells(page, 0) == ["mobilenet_v2", "2", "0.861", "0.93 [0.87, 0.97]", "3 min 40 s", "finished"]
    assert cells(page, 1) == ["mobilenet_v2", "2 / 5", "0.620 val", "0.720 val", "stopped", "stopped"]


def test_runs_of_the_same_minute_are_told_apart(page: TrainPage, qtbot: QtBot) -> None:
    make_run(page.model, "d-again", 301.0)
    page.runs.refresh()
    settle(page, qtbot)
    newer, older = (row.name for row in page.runs.rows()[:2])
    assert newer == f"{older} (2)"


def test_a_click_on_the_head_sorts(page: TrainPage) -> None:
    header = page.runs.table.horizontalHeader()

    def press(column: int) -> None:
        where = QPoint(header.sectionViewportPosition(column) + 14, header.height() // 2)
        QTest.mouseClick(header.viewport(), LEFT, pos=where)

    press(4)
    assert names(page) == ["b-middle", "a-oldest", "c-newest"]
    press(4)
    assert names(page) == ["c-newest", "a-oldest", "b-middle"]
    press(4)
    assert names(page) == ["c-newest", "b-middle", "a-oldest"]


def test_a_click_on_the_dot_draws_a_run_below(page: TrainPage, qtbot: QtBot) -> None:
    assert page.runs.rows()[0].colour == theme.current().accent
    click(page, 1, DOT)
    settle(page, qtbot)
    run_dir = page.runs.rows()[1].run_dir
    assert page.panel.loss.overlays() == {str(run_dir)}
    assert page.runs.rows()[1].colour is not None
    assert page.runs.rows()[1].name in page.panel._legend_words.text()
    click(page, 1, DOT)
    assert page.panel.loss.overlays() == set()
    assert page.runs.rows()[1].colour is None
    assert not page.panel._legend_row.isVisible()


def test_space_draws_the_marked_run(page: TrainPage, qtbot: QtBot) -> None:
    click(page, 2)
    QTest.keyClick(page.runs.table, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert page.panel.loss.overlays() == {str(page.runs.rows()[2].run_dir)}


def test_a_marked_run_says_what_it_is_worth(page: TrainPage, qtbot: QtBot) -> None:
    click(page, 0)
    settle(page, qtbot)
    figures = page.runs.figures
    assert figures.value("balanced_accuracy") == "0.861 [0.80, 0.90]"
    assert figures.value("loss") == "not defined"
    assert figures.words.text() == (
        "40 test images in 31 groups, 95 % intervals; tick: guessing (commonest class 0.61)"
    )
    assert not figures.doubts_button.isVisible()
    click(page, 1)
    assert figures.evaluate_button.isVisible()
    assert "Nobody has predicted" in figures.words.text()


def test_a_figure_that_is_too_good_brings_up_the_checks(
    page: TrainPage, qtbot: QtBot, heard: list[Message]
) -> None:
    write_figures(page.runs.rows()[0].run_dir, summary(0.97))
    page.runs.refresh()
    settle(page, qtbot)
    click(page, 2)
    click(page, 0)
    settle(page, qtbot)
    button = page.runs.figures.doubts_button
    qtbot.waitUntil(button.isVisible)
    assert button.accessibleName().startswith("Balanced accuracy 0.970: check")
    qtbot.mouseClick(button, LEFT)
    (sheet,) = [one for one in page.window().findChildren(QDialog) if one.isVisible()]
    words = [one.text() for one in sheet.findChildren(QLabel)]
    assert "Copies over splits" in words
    assert any(one.startswith("0 groups and 0 sets of copies straddle splits") for one in words)
    assert "Trained with one seed." in words
    sheet.close()
    # The message leads to the checks of its own run, whatever is marked by now.
    click(page, 1)
    assert heard[-1].text.startswith("Balanced accuracy 0.970: check")
    heard[-1].actions[0].run()
    (sheet,) = [one for one in page.window().findChildren(QDialog) if one.isVisible()]
    assert "Copies over splits" in [one.text() for one in sheet.findChildren(QLabel)]
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def test_two_marked_runs_are_compared_and_drawn(page: TrainPage, qtbot: QtBot) -> None:
    click(page, 0)
    click(page, 2, ctrl=True)
    settle(page, qtbot)
    comparison = page.runs.comparison
    assert comparison.isVisible()
    table = comparison.table
    lines = {
        table.item(row, 0).text(): [table.item(row, place).text() for place in (1, 2)]
        for row in range(table.rowCount())
    }
    assert lines["bal. accuracy"] == ["0.86 [0.80, 0.90]", "0.84 [0.78, 0.88]"]
    assert lines["backbone"] == ["mobilenet_v2", "vgg16"]
    assert lines["lr"] == ["0.0001", "5e-05"]
    assert "epochs" not in lines
    assert page.panel.loss.overlays() == {str(page.runs.rows()[2].run_dir)}
    click(page, 1)
    assert not comparison.isVisible()
    assert page.panel.loss.overlays() == set()


def test_runs_of_one_plan_are_said_to_be(tmp_path: Path) -> None:
    one = RunRow(tmp_path, "one", "vgg16", 1, 1, 0.4, 0.7, 2.0, "finished", config=TrainConfig())
    assert compared([one, one]) == [
        ["bal. acc., val", "0.700", "0.700"],
        ["time", "2 s", "2 s"],
        ["plan", "same plan", "same plan"],
    ]


def test_names_of_runs_are_whole_beside_their_figures(page: TrainPage, qtbot: QtBot) -> None:
    page.resize(1368, 860)
    QApplication.processEvents()
    table = page.runs.table
    backbone = 2
    assert not table.isColumnHidden(backbone)
    # Where all have the same one, its column makes way for the names.
    table.show_rows([dataclasses.replace(row, backbone="vgg16") for row in page.runs.rows()])
    QApplication.processEvents()
    assert table.isColumnHidden(backbone)
    assert table.fontMetrics().horizontalAdvance("Cross-validation, 09:06") + 14 <= table.columnWidth(NAME)
    assert not table.wordWrap()


def test_dots_follow_the_theme(page: TrainPage, qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    try:
        assert page.runs.rows()[0].colour == theme.LIGHT.accent
    finally:
        theme.apply(qapp, "dark")
    assert page.runs.rows()[0].colour == theme.DARK.accent


def test_a_run_is_renamed_in_place_and_keeps_its_name(page: TrainPage, qtbot: QtBot) -> None:
    click(page, 1)
    QTest.keyClick(page.runs.table, Qt.Key.Key_F2)
    editor = page.runs.table.findChild(QLineEdit)
    # The name below must not be seen through it.
    assert QColor(editor.grab().toImage().pixel(4, 4)) == QColor(theme.current().background)
    editor.selectAll()
    QTest.keyClicks(editor, "fine-tune, raw images")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    run_dir = page.runs.rows()[1].run_dir
    qtbot.waitUntil(lambda: given_name(run_dir) == "fine-tune, raw images")
    assert page.runs.rows()[1].name == "fine-tune, raw images"
    settle(page, qtbot)
    page.runs.refresh()
    settle(page, qtbot)
    assert page.runs.rows()[1].name == "fine-tune, raw images"


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trash of the test's own, as the desktop's specification has it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "share" / "Trash" / "files"


def test_a_deleted_run_lies_in_the_trash_and_can_be_put_back(
    page: TrainPage, trash: Path, qtbot: QtBot, heard: list[Message]
) -> None:
    run_dir, name = page.runs.rows()[2].run_dir, page.runs.rows()[2].name
    click(page, 2)
    QTest.keyClick(page.runs.table, Qt.Key.Key_Delete)
    settle(page, qtbot)
    assert names(page) == ["c-newest", "b-middle"]
    assert not run_dir.exists()
    assert heard[-1].text == f"The run {name} lies in the trash."
    heard[-1].actions[0].run()
    settle(page, qtbot)
    assert names(page) == ["c-newest", "b-middle", "a-oldest"]
    assert (run_dir / METRICS).is_file()
    assert [row.name for row in page.runs.table.chosen()] == [name]


def test_curves_of_a_deleted_run_go_with_it(page: TrainPage, trash: Path, qtbot: QtBot) -> None:
    assert page.panel.loss.data("val") == ([1, 2], [1.5, 0.75])
    click(page, 0)
    QTest.keyClick(page.runs.table, Qt.Key.Key_Delete)
    settle(page, qtbot)
    assert names(page) == ["b-middle", "a-oldest"]
    assert page.panel.loss.data("val") == ([], [])
    assert not page.header.review_button.isVisible()
    assert page.header.text() == "Ready to train The run that was shown lies in the trash."


def test_without_a_trash_nothing_is_deleted(
    page: TrainPage, qtbot: QtBot, heard: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    none = SimpleNamespace(moveToTrash=lambda: False, errorString=lambda: "There is no trash")
    monkeypatch.setattr("curator.app.train.trash.QFile", lambda path: none)
    run_dir = page.runs.rows()[2].run_dir
    click(page, 2)
    qtbot.mouseClick(page.runs.bar.delete_button, LEFT)
    settle(page, qtbot)
    assert run_dir.exists()
    assert len(names(page)) == 3
    assert "could not be moved to the trash" in heard[-1].text
    assert "Show folder" in heard[-1].text


def test_a_run_that_waits_is_said_to(page: TrainPage) -> None:
    page.runs.set_running(page.runs.rows()[1].run_dir)
    assert page.runs.rows()[1].status == "running"
    page.runs.set_paused(True)
    assert "paused" in cells(page, 1)
    page.runs.set_paused(False)
    assert "running" in cells(page, 1)
    page.runs.set_paused(True)
    page.runs.set_running(None)
    assert page.runs.rows()[1].status == "stopped"


def test_a_stopped_run_offers_to_go_on_and_a_finished_one_to_be_reviewed(
    page: TrainPage, qtbot: QtBot
) -> None:
    actions = page.runs.bar
    click(page, 0)
    assert not actions.resume_button.isVisible()
    with qtbot.waitSignal(page.review_requested) as wanted:
        qtbot.mouseClick(actions.review_button, LEFT)
    assert wanted.args == [page.runs.rows()[0].run_dir]
    click(page, 1)
    with qtbot.waitSignal(page.runs.resume_wanted) as wanted:
        page.runs.resume_wanted.disconnect(page._resume)
        qtbot.mouseClick(actions.resume_button, LEFT)
    assert wanted.args == [page.runs.rows()[1].run_dir]


def test_the_last_run_is_drawn_and_marked(page: TrainPage) -> None:
    assert page.panel.loss.data("val") == ([1, 2], [1.5, 0.75])
    assert page.header.text().startswith("Ready to train Curves of Fine-tune, ")
    assert page.header.review_button.isVisible()
    assert [row.run_dir.name for row in page.runs.table.chosen()] == ["c-newest"]


def test_in_a_narrow_window_the_figures_take_the_tables_place(page: TrainPage, qtbot: QtBot) -> None:
    page.resize(950, 600)
    QApplication.processEvents()
    assert page.runs.table.isVisible()
    assert not page.runs.details.isVisible()
    qtbot.mouseClick(page.runs.bar.figures_button, LEFT)
    assert page.runs.figures.isVisible()
    assert not page.runs.table.isVisible()
    page.resize(1300, 860)
    QApplication.processEvents()
    assert page.runs.table.isVisible()
    assert page.runs.figures.isVisible()


def test_preset_cards_say_how_long_they_take_here(page: TrainPage, qtbot: QtBot) -> None:
    # Two head epochs were seen, each working out the features of another view: nothing of those that follow.
    card = page.form.cards["quick-look"]
    assert "About" not in card.accessibleName()
    folder = page.runs.rows()[0].run_dir
    seen = read_metrics(folder / METRICS)[0]
    seconds = (110.0, 110.0, 110.0, 110.0, 1.0, 1.0)
    write_metrics(
        folder / METRICS,
        [dataclasses.replace(seen, epoch=at, seconds=took) for at, took in enumerate(seconds, 1)],
    )
    page.runs.refresh()
    settle(page, qtbot)
    trained, epochs = page.data.facts.split["train"], PRESETS["quick-look"].changes["epochs"]
    expected = (4 * 110 + (epochs - 4) * 1) / 4 * trained
    assert f"About {rough_duration(expected)} here." in card.accessibleName()
    assert "About" not in page.form.cards["from-scratch"].accessibleName()


def test_a_run_whose_images_cannot_be_predicted_says_why(
    page: TrainPage, qtbot: QtBot, heard: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    def fail(run_dir: Path) -> Iterator[object]:
        raise CuratorError("There is no best.pt: train again.")
        yield

    monkeypatch.setitem(
        sys.modules, "curator.evaluation.results", SimpleNamespace(read_results=fail, ResultsReady=object)
    )
    click(page, 1)
    qtbot.mouseClick(page.runs.figures.evaluate_button, LEFT)
    assert page.runs.figures.words.text() == "Predicting the test images …"
    assert not page.runs.figures.evaluate_button.isVisible()
    settle(page, qtbot)
    assert heard[-1].text == "There is no best.pt: train again."
    qtbot.waitUntil(page.runs.figures.evaluate_button.isVisible)
