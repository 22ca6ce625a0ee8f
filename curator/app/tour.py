"""The tour: drives the real window through the whole loop by its own widgets, and leaves what a person would.

Screenshots, a manifest with the cleaned images, and a run with checkpoint and metrics; for the demo where there
is no screen, and as a test that the whole of it holds together.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit, QWidget
from shiboken6 import isValid

from curator.app.application import create
from curator.app.tour_curate import curate, look_around, project_of
from curator.app.tour_hands import Hands
from curator.app.tour_review import review
from curator.errors import CuratorError

_WIDTH, _HEIGHT = 1440, 900
# Small and short: the tour shows that curves move, not how well a network can learn from drawn images.
_EPOCHS, _SIDE, _BATCH = 10, 96, 16


def run_tour(root: Path, out: Path) -> Iterator[str]:
    """Tours the window on the dataset `root`, which lies below `out`; yields a line for each stop.

    A project that an earlier tour left there is begun anew. Raises `CuratorError` where a stop fails.
    """
    out = out.resolve()
    project_folder = root.resolve().with_name(f"{root.name}.curator")
    if out not in project_folder.parents:
        raise CuratorError(
            f"{root} does not lie below {out}: the tour only works on its own copy of the demo."
        )
    shutil.rmtree(project_folder, ignore_errors=True)
    for old in (*out.glob("[0-9][0-9]-*.png"),):
        old.unlink()
    settings = out / ".settings"
    shutil.rmtree(settings, ignore_errors=True)
    before = os.environ.get("CURATOR_CONFIG")
    # The user's own settings and recent folders are none of the tour's business.
    os.environ["CURATOR_CONFIG"] = str(settings)
    try:
        yield from _toured(root, out)
    finally:
        if before is None:
            os.environ.pop("CURATOR_CONFIG", None)
        else:
            os.environ["CURATOR_CONFIG"] = before
        shutil.rmtree(settings, ignore_errors=True)


def _toured(root: Path, out: Path) -> Iterator[str]:
    began = time.monotonic()
    app = create(["curator"])
    from curator.app.main_window import MainWindow

    window = MainWindow()
    window.resize(_WIDTH, _HEIGHT)
    window.show()
    hands = Hands(window, out)
    try:
        for stop in (_open, curate, look_around, _export, _train, review):
            stop_began = time.monotonic()
            words = stop(hands, root, out)
            yield f"{words} ({time.monotonic() - stop_began:.0f} s)"
    finally:
        window.close()
        app.processEvents()
    yield f"{len(hands.shots)} screenshots in {out}, {time.monotonic() - began:.0f} s in all"


def _open(hands: Hands, root: Path, out: Path) -> str:
    window, model = hands.window, hands.window.model
    hands.shoot("start")
    window.open_folder(root)
    hands.until("the first images are listed", lambda: bool(model.project and model.project.ids))
    hands.until("the first proposals are there", lambda: project_of(hands).counts().proposed_keep > 8)
    hands.shoot("opening")
    hands.until("everything is proposed", lambda: model.quiet)
    counts = project_of(hands).counts()
    return f"Opened {counts.total} images, {counts.copies} of them in groups of copies, all proposed"


def _export(hands: Hands, root: Path, out: Path) -> str:
    window = hands.window
    window.export()
    hands.rest()
    dialog = hands.dialog()
    folder = out / "export"
    shutil.rmtree(folder, ignore_errors=True)
    field = hands.named(QLineEdit, "Folder to export to", dialog)
    field.setFocus()
    field.selectAll()
    from PySide6.QtTest import QTest

    QTest.keyClicks(field, str(folder))
    hands.press("Count unreviewed proposals as decided", dialog)
    hands.press("Write the cleaned images too", dialog)
    hands.shoot("export", dialog)
    hands.press("Export", dialog)
    hands.until("the manifest is written", lambda: (folder / "manifest.json").is_file(), 60)
    hands.until("the images are written", lambda: not isValid(dialog) or not dialog.isVisible(), 60)
    from curator.manifest.files import read_manifest

    manifest = read_manifest(folder)
    hands.shoot("exported")
    kept = sum(row.decision == "keep" for row in manifest.rows)
    return f"Exported a valid manifest: {len(manifest.rows)} images, {kept} kept"


def _train(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.train.page import TrainPage

    window = hands.window
    hands.click(window.rail.buttons[1])
    page = window.train
    if not isinstance(page, TrainPage):
        raise CuratorError("The page Train is not there.")
    hands.rest(1200)
    for card in page.form.findChildren(QWidget):
        if card.accessibleName().startswith("Preset From scratch"):
            hands.click(card)
    page.form.more.set_open(True)
    hands.type_number("Epochs", _EPOCHS, page.form)
    hands.type_number("Image size", _SIDE, page.form)
    hands.type_number("Batch size", _BATCH, page.form)
    page.form.more.set_open(False)
    hands.until("the data are counted", lambda: not page.data.counting, 30)
    if page.data.accept.isVisible():
        hands.click(page.data.accept, QPoint(9, page.data.accept.height() // 2))
    hands.until("the data are counted", lambda: not page.data.counting, 30)
    hands.shoot("train")
    hands.click(page.controls.train_button)
    hands.until("the training runs", lambda: page.trainer.job is not None, 30)
    run_dir = page.trainer.run_dir
    if run_dir is None:
        raise CuratorError("The training has no folder.")
    hands.until("some epochs are done", lambda: _epochs(run_dir) >= 5 or page.trainer.job is None, 300)
    hands.shoot("training")
    hands.click(page.controls.pause_button)
    hands.shoot("paused")
    hands.click(page.controls.pause_button)
    hands.until("the training is over", lambda: page.trainer.job is None, 300)
    hands.shoot("trained")
    if not (run_dir / "best.pt").is_file():
        raise CuratorError(f"The training left no checkpoint in {run_dir}.")
    return f"Trained {_epochs(run_dir)} epochs: {run_dir.name}"


def _epochs(run_dir: Path) -> int:
    from curator.training.runs import METRICS, read_metrics

    return len(read_metrics(run_dir / METRICS))
