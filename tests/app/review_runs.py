"""A run of one epoch on the dataset of the window's tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from curator.app.project_model import ProjectModel
from curator.dataset.split import Shares
from curator.evaluation.evaluate import evaluate
from curator.training.config import TrainConfig
from curator.training.loop import fit
from curator.workflow.export import Exported, export

CONFIG = TrainConfig(
    weights="none", image_size=32, epochs=1, batch_size=4, augmentation="none", threads=1, device="cpu"
)


def put_run(model: ProjectModel, template: Path) -> Path:
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
    folder = project.folder / "runs" / "first"
    shutil.copytree(template, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["root"] = str(project.root)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
