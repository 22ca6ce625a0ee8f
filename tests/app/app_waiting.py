"""Waiting for the window's background work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from curator.app.project_model import ProjectModel


def wait_until_quiet(model: ProjectModel, qtbot: QtBot) -> None:
    """Returns once the background work on the open project is over and applied."""
    qtbot.waitUntil(lambda: model.quiet and not model.jobs.active(), timeout=120_000)
