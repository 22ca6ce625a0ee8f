"""The tour's stop in Review: what the network says, why, what is wrong with the data, and what mending changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from curator.app.tour_curate import go_to, project_of
from curator.app.tour_hands import Hands
from curator.errors import CuratorError

if TYPE_CHECKING:
    from curator.app.review.middle import Pane
    from curator.app.review.page import ReviewPage
    from curator.evaluation.results import ResultsReady

# How many images of the training split get a wider crop, so that training again has something to learn anew.
_MENDED: Final = 12


def review(hands: Hands, root: Path, out: Path) -> str:
    from curator.app.review.page import ReviewPage

    window, project = hands.window, project_of(hands)
    hands.click(window.rail.buttons[2])
    page = window.review
    if not isinstance(page, ReviewPage):
        raise CuratorError("The page Review is not there.")
    hands.until("the predictions are there", lambda: page.results is not None, 90)
    results = page.results
    if results is None:
        raise CuratorError("The predictions went away.")
    # Both take a while: they are waited for where they are shown.
    hands.click(page.auditor.short.button)
    hands.click(page.queueing.pane.find_button)
    hands.until("the heat map is there", lambda: page.details.heat.image is not None, 60)
    hands.rest(1000)
    hands.close_message()
    hands.shoot("gallery")
    _look(hands, page, results)
    _mend(hands, page)
    _queues(hands, page)
    target = out / "run"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(results.run.folder, target)
    _turn(hands, page, Qt.Key.Key_S, "audit")
    hands.until("the audit is there", lambda: page.auditor.pane.audit is not None, 180)
    hands.shoot("audit")
    _again(hands, page)
    _report(hands, page, out / "report.html")
    metrics = results.summary.metrics["balanced_accuracy"]
    right = (
        "not defined" if metrics is None else f"{metrics.value:.2f} [{metrics.low:.2f}, {metrics.high:.2f}]"
    )
    return (
        f"Reviewed {len(results.predictions)} test predictions of {project.counts().total} images, "
        f"balanced accuracy {right}"
    )


def _look(hands: Hands, page: ReviewPage, results: ResultsReady) -> None:
    """The cell of the matrix with most wrong images, the heat of one of them, large as well, and the plots."""
    counts = results.summary.confusion
    cell = max(
        ((row, column) for row in range(len(counts)) for column in range(len(counts))),
        key=lambda at: (at[0] != at[1] and counts[at] > 0, counts[at]),
    )
    hands.click(page.facts.matrix, page.facts.matrix.cell_rect(*cell).center())
    hands.key(page.gallery, Qt.Key.Key_Right)
    hands.until("its heat map is there", lambda: page.details.heat.image is not None, 60)
    hands.shoot("confusion-matrix")
    hands.key(page.gallery, Qt.Key.Key_Z)
    large = page.details.large
    if large is None:
        raise CuratorError("The large view did not open.")
    hands.shoot("heat-map", large)
    hands.key(large, Qt.Key.Key_Escape)
    hands.until("the large view is closed", lambda: page.details.large is None, 10)
    _turn(hands, page, Qt.Key.Key_P, "plots")
    hands.until("the bands are drawn", lambda: page.curves.reader.bands is not None, 60)
    hands.rest()
    hands.shoot("plots")
    _turn(hands, page, Qt.Key.Key_G, "gallery")


def _turn(hands: Hands, page: ReviewPage, key: Qt.Key, pane: Pane) -> None:
    hands.key(page, key)
    hands.until(f"the {pane} pane is shown", lambda: page.middle.pane() == pane, 10)


def _mend(hands: Hands, page: ReviewPage) -> None:
    """To the image in Curate, some other crops mended there, and back to the same place."""
    from curator.app.curate.page import CuratePage

    window, project = hands.window, project_of(hands)
    item = page.gallery.current_item()
    if item is None:
        raise CuratorError("The gallery is empty.")
    hands.press("Mend", page)
    hands.until("Curate shows it", lambda: window.model.current_id == item.image_id, 10)
    hands.shoot("mend")
    curate = window.curate
    if not isinstance(curate, CuratePage):
        raise CuratorError("The page Curate is not there.")
    kept = [one.id for one in project.states() if one.split == "train" and one.decision == "keep"]
    for image_id in kept[:_MENDED]:
        go_to(hands, image_id)
        hands.key(curate.canvas, Qt.Key.Key_Period)
    hands.click(curate.stage.back)
    hands.until("Review is back", lambda: window.stack.currentWidget() is page, 10)


def _queues(hands: Hands, page: ReviewPage) -> None:
    pane = page.queueing.pane
    hands.until("it is known what is wrong with the data", lambda: pane.found, 180)
    hands.key(page, Qt.Key.Key_N)
    hands.until("its heat map is there", lambda: page.details.heat.image is not None, 60)
    hands.shoot("queue")
    hands.key(page.gallery, Qt.Key.Key_Escape)


def _again(hands: Hands, page: ReviewPage) -> None:
    """Trains again on what was mended, which leads back to the comparison."""
    hands.key(page, Qt.Key.Key_T)
    hands.until("the runs are compared", lambda: page.comparing.comparison is not None, 300)
    hands.until("the heat map is there", lambda: page.details.heat.image is not None, 60)
    hands.close_message()
    hands.shoot("compare-runs")


def _report(hands: Hands, page: ReviewPage, path: Path) -> None:
    path.unlink(missing_ok=True)
    hands.click(page.reporting.button)
    dialog = hands.dialog()
    if not isinstance(dialog, QFileDialog):
        raise CuratorError("The report asks for no file.")
    field = dialog.findChild(QLineEdit)
    if field is None:
        raise CuratorError("The report's file can't be named.")
    field.selectAll()
    QTest.keyClicks(field, str(path))
    hands.key(field, Qt.Key.Key_Return)
    hands.until("the report is written", path.is_file, 120)
    hands.shoot("report")
