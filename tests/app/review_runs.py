"""A run of one epoch on the dataset of the window's tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pytestqt.qtbot import QtBot

from curator.app.project_model import ProjectModel
from curator.app.review.items import Item
from curator.app.review.page import ReviewPage
from curator.dataset.split import Shares
from curator.evaluation.evaluate import evaluate
from curator.training.config import TrainConfig
from curator.training.loop import fit
from curator.workflow.export import Exported, export

CONFIG = TrainConfig(
    weights="none", image_size=32, epochs=1, batch_size=4, augmentation="none", threads=1, device="cpu"
)


def put_run(model: ProjectModel, template: Path, started_at: float | None = None) -> Path:
    """The run in the open project: four images were trained on, two validated, two are for testing.

    The images of `dataset` are the same in every test, so that the run of the first one, which is kept in
    `template`, fits them all.
    """
    project = model.project
    assert project is not None
    model.announce(project.ensure_splits(Shares(50, 25, 25), 3))
    events = export(project, project.folder / "manifest", accept_proposals=True)
    manifest = next(event.manifest for event in events if isinstance(event, Exported))
    if not template.exists():
        for _ in fit(manifest, CONFIG, template, root=project.root):
            pass
        for _ in evaluate(template):
            pass
        (template / "last.pt").unlink()
    return copied(template, project.folder / "runs" / "first", project.root, started_at)


def copied(run: Path, to: Path, root: Path, started_at: float | None = None) -> Path:
    """A copy of a run, its images in `root`, as if it had been started at another time."""
    shutil.copytree(run, to)
    config = json.loads((to / "config.json").read_text(encoding="utf-8"))
    config["root"] = str(root)
    if started_at is not None:
        config["started_at"] = started_at
    (to / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return to


def open_page(model: ProjectModel, run: Path, qtbot: QtBot) -> ReviewPage:
    """Review at a run, once everything is read."""
    page = ReviewPage(model)
    # Widgets go before fixtures end: no picture may still be in the making then.
    qtbot.addWidget(page, before_close_func=lambda made: made.pictures.close())
    page.resize(1300, 800)
    page.show()
    page.show_run(run)
    quiet(page, qtbot)
    return page


def quiet(page: ReviewPage, qtbot: QtBot) -> None:
    """Waits until predictions are shown and no job runs."""
    qtbot.waitUntil(lambda: page.results is not None and not page.model.jobs.active(), timeout=60_000)


def shown(page: ReviewPage) -> list[Item]:
    """What the gallery shows, in its order."""
    return [page.gallery.items.item(row) for row in range(len(page.gallery.items.rows))]
