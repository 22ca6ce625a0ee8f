"""The real pages in the real window, tied to each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_waiting import wait_until_quiet
from pytestqt.qtbot import QtBot

from curator.app.main_window import MainWindow


@pytest.fixture
def opened(window: MainWindow, dataset: Path, qtbot: QtBot) -> MainWindow:
    window.start.profile_choice.button("general").click()
    assert window.open_folder(dataset)
    wait_until_quiet(window.model, qtbot)
    return window


def test_each_page_is_made_when_it_is_first_shown(opened: MainWindow) -> None:
    assert [opened.pages.made(index) for index in range(3)] == [True, False, False]
    for index in (1, 2, 0):
        opened.show_page(index)
        assert opened.stack.currentWidget() is opened.pages.get(index)
    assert opened.rail.buttons[0].text_shown() == "0 / 8"


def test_mend_leads_to_the_image_in_curate_and_back_again(opened: MainWindow) -> None:
    target = opened.model.project.ids[5]
    opened.show_page(2)
    opened.review.mend_requested.emit(target)
    assert opened.stack.currentWidget() is opened.curate
    assert opened.model.current_id == target
    opened.curate.back_requested.emit()
    assert opened.stack.currentWidget() is opened.review


def test_review_without_a_run_leads_to_train(opened: MainWindow) -> None:
    opened.show_page(2)
    opened.review.train_requested.emit()
    assert opened.stack.currentWidget() is opened.train


def test_train_leads_to_review_of_its_run(opened: MainWindow, tmp_path: Path) -> None:
    opened.show_page(1)
    opened.train.review_requested.emit(tmp_path / "run")
    assert opened.stack.currentWidget() is opened.review


def test_closing_the_folder_clears_the_rail_and_goes_to_the_start(opened: MainWindow) -> None:
    opened.model.close()
    assert opened.stack.currentWidget() is opened.start
    assert [button.text_shown() for button in opened.rail.buttons] == ["", "", ""]
    assert not opened.rail.isEnabled()
    opened.show_page(1)
    assert opened.stack.currentWidget() is opened.start
