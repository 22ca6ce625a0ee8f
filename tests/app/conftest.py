"""Fixtures for all tests of the window: a styled application, a small dataset, an open model, a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from app_waiting import wait_until_quiet
from PySide6.QtWidgets import QApplication

from curator.app import theme
from curator.app.settings import Settings
from curator.app.shortcuts import shortcuts

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from curator.app.main_window import MainWindow
    from curator.app.project_model import ProjectModel
    from curator.app.review.page import ReviewPage


_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dialogs of a fixed least size and popups make the offscreen platform say that it has no window manager."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints", "plugin does not support"))


@pytest.fixture(autouse=True)
def styled(qapp: QApplication) -> Iterator[None]:
    """Each test starts with the dark scheme and the default keys."""
    if qapp.property("styled") is None:
        qapp.setProperty("styled", True)
        qapp.setStyle("Fusion")
        qapp.setFont(theme.font(qapp.font()))
        theme.apply(qapp, "dark")
    yield
    if theme.current().scheme != "dark":
        theme.apply(qapp, "dark")
    if shortcuts.own():
        shortcuts.set_own({})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings in a file of the test's own."""
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Eight small images in two classes, each different from the others."""
    from PIL import Image

    root = tmp_path / "scans"
    rng = np.random.default_rng(7)
    for number in range(8):
        folder = root / ("yes" if number % 2 else "no")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((72, 64), np.uint8)
        yy, xx = np.mgrid[:72, :64]
        inside = ((yy - 36) / 28) ** 2 + ((xx - 32) / 22) ** 2 < 1
        coarse = rng.integers(60, 230, (9, 8), np.uint8)
        pixels[inside] = np.kron(coarse, np.ones((8, 8), np.uint8))[inside]
        Image.fromarray(pixels).save(folder / f"scan{number}.png")
    return root


@pytest.fixture
def model(qapp: QApplication) -> Iterator[ProjectModel]:
    """A project model with nothing open; whatever it has open at the end is closed."""
    from curator.app.project_model import ProjectModel

    made = ProjectModel()
    yield made
    made.close()
    made.jobs.cancel_all_and_wait()


@pytest.fixture
def open_model(model: ProjectModel, dataset: Path, qtbot: QtBot) -> ProjectModel:
    """A model with `dataset` open, read and proposed for."""
    model.open(dataset, "general")
    wait_until_quiet(model, qtbot)
    return model


@pytest.fixture
def window(qtbot: QtBot, settings: Settings) -> Iterator[MainWindow]:
    """The window on its start page; closed at the end, with all its jobs."""
    from curator.app.main_window import MainWindow

    made = MainWindow(settings)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.jobs.cancel_all_and_wait()
    made.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run of one epoch that `put_run` makes is kept from test to test."""
    return tmp_path_factory.mktemp("template") / "first"


@pytest.fixture
def review_run(open_model: ProjectModel, template: Path) -> Path:
    """A run of one epoch in the open project, its test images predicted."""
    from review_runs import put_run

    return put_run(open_model, template)


@pytest.fixture
def review_page(open_model: ProjectModel, review_run: Path, qtbot: QtBot) -> Iterator[ReviewPage]:
    """Review with the run's test predictions shown."""
    from review_runs import open_page

    made = open_page(open_model, review_run, qtbot)
    yield made
    made.pictures.close()
