"""What the tests of the page Train share: the page on a screen, waiting for it, keeping all images, an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curator.project import edits
from curator.training.events import EpochMetrics

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from curator.app.project_model import ProjectModel
    from curator.app.train.page import TrainPage


def shown_page(model: ProjectModel, qtbot: QtBot) -> TrainPage:
    """The page of an open model, shown, its data counted."""
    from curator.app.train.page import TrainPage

    made = TrainPage(model)
    qtbot.addWidget(made)
    made.resize(1300, 860)
    made.show()
    made.activate()
    settle(made, qtbot)
    return made


def settle(page: TrainPage, qtbot: QtBot) -> None:
    """Returns once the data are counted, and no job runs."""
    qtbot.waitUntil(lambda: not page.data.counting and not page.model.jobs.active(), timeout=20_000)


def keep_all(page: TrainPage, qtbot: QtBot) -> None:
    """Keeps the eight images of the small dataset."""
    page.model.apply(edits.decide(page.model.project.states(), "keep"))
    qtbot.waitUntil(lambda: page.data.facts.kept == 8)


def epoch(number: int, *, rate: float = 1e-3, seconds: float = 55.0, speed: float = 412.0) -> EpochMetrics:
    """An epoch of the head's: losses fall, figures rise with its number."""
    return EpochMetrics(
        number,
        "head",
        1 / number,
        1.5 / number,
        0.8,
        0.7,
        0.6 + number / 100,
        0.7 + number / 100,
        rate,
        seconds,
        speed,
    )
