"""Makes the demo dataset in the background, then opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from curator.app import messages
from curator.app.jobs import Jobs
from curator.paths import data_dir


def start_demo(jobs: Jobs, open_folder: Callable[[Path], object]) -> None:
    """Draws the demo images where they are not there yet; `open_folder` is called with their folder."""
    from curator.workflow.demo import make_demo

    folder = data_dir() / "demo"
    job = jobs.start("Drawing the demo images", lambda: make_demo(folder), key="demo")
    job.finished.connect(lambda: open_folder(folder / "images"))
    job.failed.connect(lambda message: messages.show(message, "error"))
