"""The tour: drives the real window through the whole loop by its own widgets, and leaves what a person would.

Screenshots, a manifest with the cleaned images, and a run with checkpoint and metrics; for the demo where there
is no screen, and as a test that the whole of it holds together.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from shiboken6 import isValid

from curator.app.application import create
from curator.app.tour_hands import Hands
from curator.errors import CuratorError
from curator.records import ImageState

if TYPE_CHECKING:
    from curator.app.curate.canvas import Canvas
    from curator.project import Project

_WIDTH, _HEIGHT = 1440, 900
_CTRL: Final = Qt.KeyboardModifier.ControlModifier
# Small and short: the tour shows that curves move, not how well a network can learn from drawn images.
_EPOCHS, _SIDE, _BATCH = 14, 96, 16
# Percent: what the tour accepts from the contact sheet.
_CONFIDENT = 75


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
        for stop in (_open, _curate, _look_around, _export, _train, _review):
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
    hands.until("the first proposals are there", lambda: _project(hands).counts().proposed_keep > 8)
    hands.shoot("opening")
    hands.until("everything is proposed", lambda: model.quiet)
    counts = _project(hands).counts()
    return f"Opened {counts.total} images, {counts.copies} of them in groups of copies, all proposed"


def _curate(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.curate.page import CuratePage

    window, project = hands.window, _project(hands)
    page = window.curate
    if not isinstance(page, CuratePage):
        raise CuratorError("The page Curate is not there.")
    canvas = page.canvas
    masked = _surest(hands, lambda s: s.decision == "keep" and _with_texts(s) and _roomy(s))
    _go_to(hands, masked)
    hands.shoot("curate")

    # Mend the crop by a handle, then mask something by hand.
    crop = project.state(masked).crop
    if crop is not None:
        corner = QPointF(crop.x, crop.y)
        view = canvas.viewport()
        hands.drag(view, _on(canvas, corner), _on(canvas, corner - QPointF(6, 6)))
    hands.until("the crop is mended", lambda: "crop" in project.state(masked).edited, 10)
    before = len(project.state(masked).masks)
    hands.key(canvas, Qt.Key.Key_M)
    width, height = project.state(masked).width or 1, project.state(masked).height or 1
    start, end = QPointF(0.62 * width, 0.93 * height), QPointF(0.86 * width, 0.985 * height)
    hands.drag(canvas.viewport(), _on(canvas, start), _on(canvas, end))
    hands.until("a mask is drawn", lambda: len(project.state(masked).masks) > before, 10)
    hands.shoot("crop-and-masks")
    hands.key(canvas, Qt.Key.Key_Escape)
    hands.key(canvas, Qt.Key.Key_Escape)
    hands.key(canvas, Qt.Key.Key_S)
    hands.shoot("side-by-side")
    hands.key(canvas, Qt.Key.Key_S)
    hands.key(canvas, Qt.Key.Key_Space)
    hands.until("it is accepted", lambda: project.state(masked).decided_by == "person", 10)

    # An overlay on the brain: discarded by key, taken back, discarded again.
    spoilt = _first(hands, lambda s: s.discard_reason == "overlay_on_brain")
    _go_to(hands, spoilt)
    hands.key(canvas, Qt.Key.Key_X)
    hands.shoot("discard")
    hands.key(canvas, Qt.Key.Key_1)
    hands.until("it is discarded", lambda: project.state(spoilt).decided_by == "person", 10)
    hands.key(canvas, Qt.Key.Key_Z, _CTRL)
    hands.until("that is undone", lambda: project.state(spoilt).decided_by != "person", 10)
    hands.key(canvas, Qt.Key.Key_Z, _CTRL | Qt.KeyboardModifier.ShiftModifier)
    hands.until("that is redone", lambda: project.state(spoilt).decided_by == "person", 10)

    for _ in range(12):
        hands.key(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        hands.key(canvas, Qt.Key.Key_Space)
    hands.until("the edits are on disk", lambda: project.saved_sequence == project.sequence, 10)
    return f"Curated by key and mouse: {project.counts().decided} decided"


def _look_around(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.curate.page import CuratePage

    window, project, page = hands.window, _project(hands), hands.window.curate
    if not isinstance(page, CuratePage):
        raise CuratorError("The page Curate is not there.")
    copied = _first(hands, lambda s: s.copy_group is not None and s.discard_reason == "duplicate")
    _go_to(hands, copied)
    hands.shoot("copies")
    hands.key(page.canvas, Qt.Key.Key_G)
    hands.rest(1500)
    hands.shoot("grid")
    hands.key(page, Qt.Key.Key_G)
    hands.click(page.inspector.decision.accept_all)
    page.middle.confident.slider.setFocus()
    for _ in range(page.middle.confident.slider.value() - _CONFIDENT):
        hands.key(page.middle.confident.slider, Qt.Key.Key_Left)
    hands.rest(1500)
    hands.shoot("contact-sheet")
    before = project.counts().decided
    hands.click(page.middle.confident.accept)
    hands.until("the confident ones are accepted", lambda: project.counts().decided > before, 30)
    hands.press("Dark or light") if _has(hands, "Dark or light") else window.toggle_theme()
    hands.shoot("light")
    window.toggle_theme()
    hands.key(page, Qt.Key.Key_Question)
    hands.shoot("keys")
    hands.key(window.help, Qt.Key.Key_Escape)
    if window.help.isVisible():
        window.toggle_help()
    counts = project.counts()
    return f"Accepted the confident ones at once: {counts.decided} of {counts.total} decided"


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


def _review(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.curate.page import CuratePage
    from curator.app.review.page import ReviewPage

    window, project = hands.window, _project(hands)
    hands.click(window.rail.buttons[2])
    page = window.review
    if not isinstance(page, ReviewPage):
        raise CuratorError("The page Review is not there.")
    hands.until("the predictions are there", lambda: page.results is not None, 90)
    hands.until("the heat map is there", lambda: page.details.heat.image is not None, 60)
    hands.rest(1500)
    hands.shoot("gallery")
    results = page.results
    if results is None:
        raise CuratorError("The predictions went away.")
    counts = results.summary.confusion
    cell = max(
        ((row, column) for row in range(len(counts)) for column in range(len(counts))),
        key=lambda at: (at[0] != at[1], counts[at]),
    )
    if not counts[cell]:
        cell = (0, 0)
    hands.click(page.facts.matrix, page.facts.matrix.cell_rect(*cell).center())
    hands.rest(800)
    hands.shoot("confusion-matrix")
    hands.key(page.gallery, Qt.Key.Key_Right)
    hands.rest(1500)
    hands.shoot("heat-map")
    item = page.gallery.current_item()
    if item is None:
        raise CuratorError("The gallery is empty.")
    hands.press("Mend", page)
    hands.until("Curate shows it", lambda: window.model.current_id == item.image_id, 10)
    hands.shoot("mend")
    curate = window.curate
    if not isinstance(curate, CuratePage):
        raise CuratorError("The page Curate is not there.")
    hands.click(curate.stage.back)
    hands.until("Review is back", lambda: window.stack.currentWidget() is page, 10)
    target = out / "run"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(results.run.folder, target)
    metrics = results.summary.metrics["balanced_accuracy"]
    right = (
        "not defined" if metrics is None else f"{metrics.value:.2f} [{metrics.low:.2f}, {metrics.high:.2f}]"
    )
    return (
        f"Reviewed {len(results.predictions)} test predictions of {project.counts().total} images, "
        f"balanced accuracy {right}"
    )


def _project(hands: Hands) -> Project:
    project = hands.window.model.project
    if project is None:
        raise CuratorError("No folder is open.")
    return project


def _first(hands: Hands, wanted: Callable[[ImageState], bool]) -> int:
    for state in _project(hands).states():
        if wanted(state):
            return state.id
    raise CuratorError("The demo has no image of the kind that the tour looks for.")


def _surest(hands: Hands, wanted: Callable[[ImageState], bool]) -> int:
    states = [state for state in _project(hands).states() if wanted(state)]
    if not states:
        raise CuratorError("The demo has no image of the kind that the tour looks for.")
    return max(states, key=lambda state: (state.confidence or 0, -state.id)).id


def _with_texts(state: ImageState) -> bool:
    return sum(mask.kind == "text" for mask in state.masks) >= 2


def _roomy(state: ImageState) -> bool:
    """Whether the crop's upper left corner can be dragged outwards."""
    return state.crop is not None and state.crop.x >= 12 and state.crop.y >= 12


def _go_to(hands: Hands, image_id: int) -> None:
    hands.window.model.set_current(image_id)
    hands.rest()


def _on(canvas: Canvas, point: QPointF) -> QPointF:
    """A point of the image as a point of the canvas's viewport."""
    return QPointF(canvas.mapFromScene(point))


def _has(hands: Hands, name: str) -> bool:
    return any(widget.accessibleName() == name for widget in hands.window.findChildren(QWidget))


def _epochs(run_dir: Path) -> int:
    from curator.training.runs import METRICS, read_metrics

    return len(read_metrics(run_dir / METRICS))
