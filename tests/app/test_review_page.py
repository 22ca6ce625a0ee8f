"""The page Review on a real run of one epoch: filter, look, relabel, discard, mend, and the way back."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from app_waiting import wait_until_quiet
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot
from review_runs import put_run
from test_shell_accessibility import nameless

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.review.confusion import ConfusionMatrix
from curator.app.review.items import Item, Wish
from curator.app.review.page import ReviewPage
from curator.evaluation.cross_validated import (
    CrossValidation,
    FoldResult,
    OutOfFold,
    write_cross_validation,
)
from curator.evaluation.heat import HeatMeasured, HeatShare, checkpoint_key
from curator.evaluation.heat_colours import blended
from curator.evaluation.results import ResultsReady, read_looked
from curator.project import Project
from curator.records import Event, Prediction
from curator.training.runs import copy_manifest


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch, its test images predicted, made once: copied into each test's project."""
    return tmp_path_factory.mktemp("template") / "first"


@pytest.fixture
def run_dir(open_model: ProjectModel, template: Path) -> Path:
    """The run in the open project."""
    return put_run(open_model, template)


@pytest.fixture
def page(open_model: ProjectModel, run_dir: Path, qtbot: QtBot) -> Iterator[ReviewPage]:
    """The page with the run's test predictions shown."""
    made = ReviewPage(open_model)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    made.show_run(run_dir)
    qtbot.waitUntil(lambda: made.results is not None and not open_model.jobs.active(), timeout=30_000)
    yield made
    made.pictures.close()


def shown(page: ReviewPage) -> list[Item]:
    """What the gallery shows, in its order."""
    return [page.gallery.items.item(row) for row in range(len(page.gallery.items.rows))]


def test_gallery_is_sorted_by_loss_and_the_figures_are_those_of_the_predictions(page: ReviewPage) -> None:
    items = shown(page)
    assert len(items) == 2
    losses = [item.prediction.loss or 0 for item in items]
    assert losses == sorted(losses, reverse=True)
    right = sum(not item.wrong for item in items)
    assert page.facts.rows["accuracy"].value().startswith(f"{right / 2:.3f} [")
    assert page.facts.heading.text().startswith("TEST, 2 IMAGES")
    assert page.facts.showing.text() == "Showing all 2"
    # Of few images the calibration error has its interval without a look at the plots.
    assert re.fullmatch(r"0\.\d{3} \[0\.\d\d, \d\.\d\d\]", page.facts.calibration.value())


def test_three_pictures_of_the_chosen_image(page: ReviewPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.details.original.image is not None, timeout=30_000)
    trained = page.details.trained.image
    assert trained is not None
    assert (trained.width(), trained.height()) == (32, 32)
    qtbot.waitUntil(lambda: page.details.heat.image is not None, timeout=30_000)
    assert page.details.heat_words.text().startswith(
        f"Grad-CAM for {page.gallery.current_item().prediction.predicted}"
    )


def test_a_click_on_a_cell_filters_and_a_second_click_lets_go(page: ReviewPage, qtbot: QtBot) -> None:
    item = shown(page)[0]
    rect = page.facts.matrix.cell_rect(item.true, item.said)
    qtbot.mouseClick(page.facts.matrix, Qt.MouseButton.LeftButton, pos=rect.center())
    cell = (item.true, item.said)
    listed = shown(page)
    assert listed
    assert {(one.true, one.said) for one in listed} == {cell}
    assert page.facts.showing.text().startswith(f"Showing {len(listed)} of 2: is ")
    qtbot.mouseClick(page.facts.matrix, Qt.MouseButton.LeftButton, pos=rect.center())
    assert len(shown(page)) == 2


def test_mend_goes_to_the_image_by_key(page: ReviewPage, qtbot: QtBot) -> None:
    item = page.gallery.current_item()
    assert item is not None
    page.gallery.setFocus()
    with qtbot.waitSignal(page.mend_requested) as caught:
        qtbot.keyClick(page.gallery, Qt.Key.Key_E)
    assert caught.args == [item.image_id]


def test_relabelling_a_seen_test_image_asks_once_then_is_an_edit_on_disk(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    project = open_model.project
    item = page.gallery.current_item()
    assert project is not None
    assert item is not None
    other = next(name for name in project.classes if name != item.prediction.label)
    asked: list[messages.Message] = []
    hub = messages.hub()
    hub.shown.connect(asked.append)
    try:
        page.gallery.setFocus()
        qtbot.keyClick(page.gallery, Qt.Key.Key_L)
        number = list(project.classes).index(other) + 1
        qtbot.keyClick(page, Qt.Key(Qt.Key.Key_0 + number))
        assert project.state(item.image_id).label == item.prediction.label
        question = next(message for message in asked if message.actions)
        question.actions[0].run()
    finally:
        hub.shown.disconnect(asked.append)
    assert project.state(item.image_id).label == other
    assert project.test_touched == 1
    assert page.facts.touched.value() == "1"
    current = page.gallery.current_item()
    assert current is not None
    assert current.mended
    assert project.flush()
    open_model.undo()
    undone = page.gallery.current_item()
    assert undone is not None
    assert not undone.mended
    root = project.root
    open_model.close()
    with Project.open(root) as again:
        assert again.state(item.image_id).label == item.prediction.label
        assert again.redo_words is not None


def test_discard_takes_a_reason_by_digit(page: ReviewPage, open_model: ProjectModel, qtbot: QtBot) -> None:
    project = open_model.project
    item = page.gallery.current_item()
    assert project is not None
    assert item is not None
    open_model._touch_agreed = True
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_X)
    assert page.details.choices.isVisible()
    assert page.details.original.isVisible()
    qtbot.keyClick(page.gallery, Qt.Key.Key_Escape)
    assert not page.details.choices.isVisible()
    # In a low window what is offered takes the place of a picture, and gives it back.
    page.resize(1024, 560)
    qtbot.keyClick(page.gallery, Qt.Key.Key_X)
    QApplication.processEvents()
    assert not page.details.original.isVisible()
    parts = (page.details.trained, page.details.heat, *page.details.buttons.values(), page.details.choices)
    for above, below in itertools.combinations(parts, 2):
        assert not above.geometry().intersects(below.geometry())
    qtbot.keyClick(page, Qt.Key.Key_5)
    assert page.details.original.isVisible()
    assert not page.details.choices.isVisible()
    state = project.state(item.image_id)
    assert (state.decision, state.discard_reason, state.decided_by) == ("discard", "quality", "person")
    row = page.gallery.items.row_of(item.name)
    told = page.gallery.items.index(row).data(Qt.ItemDataRole.ToolTipRole)
    assert told == f"{item.name}\ndiscarded since"


def test_fine_is_a_step_of_the_history_and_goes_on(
    page: ReviewPage, open_model: ProjectModel, run_dir: Path, qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    first = shown(page)[0]
    page.gallery.go_to(first.name)
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert "looked" in project.state(first.image_id).edited
    assert shown(page)[0].looked
    assert project.test_touched == 0
    current = page.gallery.current_item()
    assert current is not None
    assert current.name != first.name
    qtbot.keyClick(page.gallery, Qt.Key.Key_Left)
    assert page.details.buttons["fine"].text() == "Not fine"
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert not shown(page)[0].looked
    open_model.undo()
    assert shown(page)[0].looked
    open_model.undo()
    assert not shown(page)[0].looked
    assert read_looked(run_dir) == frozenset()


def test_another_split_is_predicted_when_asked_for(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.bar.splits["val"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.results is not None and page.results.split == "val", timeout=30_000)
    assert {item.prediction.split for item in shown(page)} == {"val"}


def test_the_shortcut_audit_is_asked_for_beside_the_figures_and_shown_by_its_key(
    page: ReviewPage, run_dir: Path, open_model: ProjectModel, qtbot: QtBot
) -> None:
    short, pane = page.auditor.short, page.auditor.pane
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=30_000)
    assert short.isVisible()
    assert short.words.text().startswith("Not audited yet")
    qtbot.keyClick(page.gallery, Qt.Key.Key_S)
    assert pane.isVisible()
    assert pane.button.hasFocus()
    qtbot.keyClick(pane.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=60_000)
    assert pane.empty_title.text() == "Too few images to tell"
    assert short.words.text() == "Too few images to tell."
    assert (run_dir / "audit.json").is_file()
    qtbot.mouseClick(page.middle.tabs["gallery"], Qt.MouseButton.LeftButton)
    assert not pane.isVisible()
    qtbot.mouseClick(short.button, Qt.MouseButton.LeftButton)
    assert pane.isVisible()


def test_it_stays_at_its_place(page: ReviewPage, qtbot: QtBot) -> None:
    last = shown(page)[-1]
    page.gallery.go_to(last.name)
    page.activate()
    current = page.gallery.current_item()
    assert current is not None
    assert current.name == last.name


def test_without_a_run_it_says_what_to_do(model: ProjectModel, dataset: Path, qtbot: QtBot) -> None:
    page = ReviewPage(model)
    qtbot.addWidget(page)
    page.show()
    model.open(dataset, "general")
    wait_until_quiet(model, qtbot)
    page.activate()
    assert page.empty.isVisible()
    assert "Train" in page.empty.text.text()
    with qtbot.waitSignal(page.train_requested):
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)


def test_several_are_relabelled_as_one_step(page: ReviewPage, open_model: ProjectModel, qtbot: QtBot) -> None:
    project = open_model.project
    assert project is not None
    open_model._touch_agreed = True
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert page.gallery.selected_count() == 2
    assert page.middle.words.text() == "2 selected"
    before = {item.image_id: project.state(item.image_id).label for item in shown(page)}
    steps = len(project.history())
    qtbot.keyClick(page.gallery, Qt.Key.Key_L)
    qtbot.keyClick(page.gallery, Qt.Key.Key_1)
    assert {project.state(one).label for one in before} == {project.classes[0]}
    assert len(project.history()) == steps + 1
    assert page.gallery.selected_count() == 2
    open_model.undo()
    assert {one: project.state(one).label for one in before} == before
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert all(item.looked for item in shown(page))
    assert len(project.history()) == steps + 1
    open_model.undo()
    assert not any(item.looked for item in shown(page))


def test_ctrl_click_selects_one_more_and_shift_click_a_range(page: ReviewPage, qtbot: QtBot) -> None:
    gallery = page.gallery
    first, second = (gallery.visualRect(gallery.items.index(row)).center() for row in (0, 1))
    qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=first)
    assert gallery.selected_count() == 1
    for modifier in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier):
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=first)
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, modifier, second)
        assert [item.name for item in gallery.selected_items()] == [item.name for item in shown(page)]


def test_a_rubber_band_selects_what_it_touches(page: ReviewPage, qtbot: QtBot) -> None:
    gallery = page.gallery
    viewport = gallery.viewport()
    last = gallery.visualRect(gallery.items.index(1))
    start = QPoint(last.center().x(), last.bottom() + 60)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for point in (start - QPoint(20, 40), gallery.visualRect(gallery.items.index(0)).center()):
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(point),
            QPointF(viewport.mapToGlobal(point)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, move)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start)
    assert gallery.selected_count() == 2


def test_filters_of_the_panel_and_esc_lets_go(page: ReviewPage, qtbot: QtBot) -> None:
    qtbot.mouseClick(page.bar.more, Qt.MouseButton.LeftButton)
    assert page.filters.isVisible()
    assert nameless(page.filters) == []
    item = shown(page)[0]
    qtbot.mouseClick(page.filters.chips["labels", item.true], Qt.MouseButton.LeftButton)
    assert {one.true for one in shown(page)} == {item.true}
    assert page.filters.words.text() == f"{len(shown(page))} image" + ("s" if len(shown(page)) > 1 else "")
    assert page.bar.more.text() == "filter 1"
    assert "1 filter" in page.facts.showing.text()
    page.filters.least.setValue(0.999)
    assert shown(page) == []
    assert page.gallery.current_item() is None
    assert not page.details.buttons["mend"].isEnabled()
    # Escape closes the panel alone, and the page's keys don't reach what lies below it.
    qtbot.keyClick(page.filters.chips["labels", item.true], Qt.Key.Key_W)
    assert page.showing.wish.right == "all"
    qtbot.keyClick(page.filters.chips["labels", item.true], Qt.Key.Key_Escape)
    assert not page.filters.isVisible()
    assert shown(page) == []
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_Escape)
    assert len(shown(page)) == 2
    assert page.showing.wish == Wish()


def test_only_the_wrong_ones_by_key(page: ReviewPage, qtbot: QtBot) -> None:
    wrong = [item.name for item in shown(page) if item.wrong]
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_W)
    assert [item.name for item in shown(page)] == wrong
    assert page.bar.wrong.text() == f"wrong {len(wrong)}"
    qtbot.keyClick(page.gallery, Qt.Key.Key_W)
    assert len(shown(page)) == 2


def test_a_source_comes_back_as_it_was_left(page: ReviewPage, open_model: ProjectModel, qtbot: QtBot) -> None:
    last = shown(page)[-1].name
    page.gallery.go_to(last)
    page.bar.orders.setCurrentIndex(page.bar.orders.findData("name"))
    page.bar.orders.activated.emit(page.bar.orders.currentIndex())
    wish = Wish(labels=frozenset({0, 1}))
    page.showing.show_wish(wish)
    place = page.showing.place()
    qtbot.mouseClick(page.bar.splits["val"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.results is not None and page.results.split == "val", timeout=30_000)
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=30_000)
    page.showing.show_wish(Wish(right="wrong"))
    qtbot.mouseClick(page.bar.splits["test"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.results is not None and page.results.split == "test", timeout=30_000)
    assert page.showing.place() == place
    assert place.name == last
    assert place.order == "name"


def test_all_splits_at_once_and_the_test_images_count_as_seen(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.bar.splits[None], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.results is not None and page.results.split is None, timeout=30_000)
    assert len(shown(page)) == 8
    assert page.facts.heading.text().startswith("ALL KEPT, 8 IMAGES")
    page.showing.show_wish(Wish(splits=frozenset({"val"})))
    assert {item.prediction.split for item in shown(page)} == {"val"}


def test_new_images_are_cleaned_predicted_and_said_to_be(
    page: ReviewPage, open_model: ProjectModel, tmp_path: Path, qtbot: QtBot
) -> None:
    project = open_model.project
    assert project is not None
    images = tmp_path / "fresh"
    (images / "yes").mkdir(parents=True)
    for number in range(3):
        pixels = np.full((40, 40), 40 * number, np.uint8)
        Image.fromarray(pixels).save(images / ("yes" if number else ".") / f"new{number}.png")
    names = [page.bar.sources.itemData(row) for row in range(page.bar.sources.count())]
    page.bar.sources.activated.emit(names.index("images"))
    (dialog,) = page.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(images))
    dialog.close()
    qtbot.waitUntil(lambda: page.results is not None and page.results.source.images == images, timeout=60_000)
    assert page.facts.told.text().startswith("3 new images, cleaned first as the run's dataset was")
    assert not page.facts.told.isHidden()
    assert page.facts.heading.text().startswith("NEW IMAGES, 3 IMAGES")
    items = {item.name: item for item in shown(page)}
    assert items["new0.png"].true == -1
    assert not items["new0.png"].wrong
    assert {item.image_id for item in items.values()} == {-1}
    qtbot.waitUntil(lambda: not open_model.jobs.active(), timeout=30_000)
    assert page.bar.sources.currentText().startswith("new images fresh by ")
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    # What the project does not have can't be edited there; that it was looked at is kept with its predictions.
    page.gallery.setFocus()
    page.gallery.go_to("new0.png")
    steps = len(project.history())
    qtbot.keyClick(page.gallery, Qt.Key.Key_X)
    assert not page.details.choices.isVisible()
    qtbot.keyClick(page.gallery, Qt.Key.Key_F)
    assert len(project.history()) == steps
    assert page.results is not None
    assert read_looked(page.results.folder) == {"new0.png"}
    assert next(item for item in shown(page) if item.name == "new0.png").looked


def test_what_can_t_be_read_is_said_and_another_source_can_be_chosen(
    page: ReviewPage, open_model: ProjectModel, tmp_path: Path, qtbot: QtBot
) -> None:
    run = page.loader.source
    assert run is not None
    (tmp_path / "nothing").mkdir()
    page.show_source(replace(run, split=None, manifest=tmp_path / "nothing"))
    qtbot.waitUntil(lambda: page.empty.title.text() == "This can't be shown", timeout=30_000)
    assert "manifest.jsonl" in page.empty.text.text()
    assert page.results is None
    assert page.gallery.current_item() is None
    page.bar.source_chosen.emit(page.bar.entries[0])
    qtbot.waitUntil(lambda: page.results is not None, timeout=30_000)
    assert len(shown(page)) == 2


def test_a_cross_validation_is_in_the_menu_and_shown_out_of_fold(
    page: ReviewPage, open_model: ProjectModel, run_dir: Path, qtbot: QtBot
) -> None:
    folder = run_dir.parent / "folds"
    folder.mkdir()
    for fold in (1, 2):
        shutil.copytree(run_dir, folder / f"fold-{fold}")
    assert page.results is not None
    run = page.results.run
    copy_manifest(run.manifest(), folder)
    rows = run.manifest().rows
    found = [
        OutOfFold(
            1 + number % 2,
            Prediction(row.file_name, row.sha256, row.label, row.split, None, "no", (0.9, 0.1), 0.2),
        )
        for number, row in enumerate(rows)
    ]
    done = tuple(FoldResult(fold, f"fold-{fold}", 1, 1, 4, 4, 1, 1, 1.0, {}, 0.5) for fold in (1, 2))
    write_cross_validation(
        CrossValidation(folder, run.config, 2, True, run.classes, run.root, 8, 8, 2, 1.0, done, pooled=None),
        found,
    )
    page.show_run(folder)
    qtbot.waitUntil(lambda: page.results is not None and bool(page.results.folds), timeout=30_000)
    assert page.facts.heading.text().startswith("OUT OF FOLD, 8 IMAGES")
    assert page.bar.sources.currentText().startswith("out of fold: ")
    assert not page.bar.splits["test"].isVisible()
    item = shown(page)[0]
    wanted = page.showing._wanted(item)
    assert wanted is not None
    assert wanted.run_dir == page.results.run_dir_of(item.name) != folder
    # The run told of the test images, too: where the two networks disagree can be sorted by.
    qtbot.waitUntil(lambda: page.bar.orders.findData("disagreement") >= 0, timeout=30_000)


def test_the_tabs_turn_by_click_and_key_once_their_pane_is_there(page: ReviewPage, qtbot: QtBot) -> None:
    pane = QLabel("figures")
    assert page.middle.pane() == "gallery"
    page.middle.put("plots", pane)
    page.gallery.setFocus()
    qtbot.keyClick(page.gallery, Qt.Key.Key_P)
    assert page.middle.pane() == "plots"
    assert pane.isVisible()
    qtbot.mouseClick(page.middle.tabs["gallery"], Qt.MouseButton.LeftButton)
    assert page.gallery.isVisible()


def test_one_threshold_moves_gallery_matrix_and_plots_and_a_range_or_cell_of_theirs_filters(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    source, bar = page.loader.source, page.curves.bar
    assert source is not None
    page.show_source(replace(source, split=None))
    qtbot.waitUntil(lambda: len(shown(page)) > 2 and bar.isVisible(), timeout=30_000)
    everything = len(shown(page))
    for _ in range(6):
        qtbot.keyClick(bar.slider, Qt.Key.Key_PageDown)
    assert bar.value() == 0
    assert {item.said for item in shown(page)} == {1}
    assert page.facts.matrix.counts[:, 0].sum() == 0
    assert "Sensitivity 1.00, specificity 0.00" in bar.words.text()
    qtbot.mouseClick(page.middle.tabs["plots"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: page.curves.reader.bands is not None and open_model.jobs.get("review-curves") is None,
        timeout=30_000,
    )
    pane = page.curves.pane
    assert pane is not None
    assert pane.isVisible()
    assert pane.roc.point() == (1.0, 1.0)
    assert (pane.counts() == page.facts.matrix.counts).all()
    assert nameless(page) == []
    # Arrows belong to the slider that has the focus, not to the gallery.
    bar.slider.setFocus()
    qtbot.keyClick(bar.slider, Qt.Key.Key_Right)
    assert bar.value() == pytest.approx(0.01)
    qtbot.keyClick(page.gallery, Qt.Key.Key_BracketRight)
    assert bar.value() == pytest.approx(0.02)
    qtbot.mouseClick(bar.half_button, Qt.MouseButton.LeftButton)
    assert (pane.counts() == page.results.summary.confusion).all()  # type: ignore[union-attr]
    pane.histogram.high.setFocus()
    # After one epoch all images have nearly the same probability: a range below it holds none of them.
    least = min(item.prediction.probabilities[1] for item in shown(page))
    pane.histogram.high.setValue(least - 0.05)
    assert shown(page) == []
    assert page.facts.showing.text().startswith(f"Showing 0 of {everything}")
    pane.histogram.high.setValue(1.0)
    assert len(shown(page)) == everything
    pane.histogram.low.setValue(least + 0.05)
    assert shown(page) == []
    page.showing.show_all()
    assert pane.histogram.chosen_range() is None
    true, said = (int(part[0]) for part in np.nonzero(pane.counts()))
    matrix = pane.confusion.matrix
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(true, said).center())
    assert page.middle.pane() == "gallery"
    assert {(item.true, item.said) for item in shown(page)} == {(true, said)}
    assert page.facts.matrix.cell == (true, said)
    qtbot.mouseClick(page.facts.clear, Qt.MouseButton.LeftButton)
    assert matrix.cell is None
    assert len(shown(page)) == everything


@pytest.mark.parametrize("classes", [2, 10, 151])
def test_matrix_cells_tile_the_widget_for_any_number_of_classes(classes: int, qtbot: QtBot) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    names = tuple(f"class {number}" for number in range(classes))
    counts = np.arange(classes * classes, dtype=np.int64).reshape(classes, classes)
    matrix.show_counts(names, counts)
    matrix.resize(280, matrix.heightForWidth(280))
    matrix.show()
    assert not matrix.grab().isNull()
    for cell in ((0, 0), (classes - 1, 0), (classes - 1, classes - 1)):
        assert matrix.cell_at(matrix.cell_rect(*cell).center()) == cell
    last = matrix.cell_rect(classes - 1, classes - 1)
    assert matrix.rect().contains(last)
    seen = []
    matrix.chosen.connect(seen.append)
    matrix.setFocus()
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert seen == [(0, 1)]
    assert matrix.words((0, 1)) == "is class 0, said class 1: 1"


def test_heat_leaves_cold_places_as_they_are() -> None:
    image = np.full((4, 4, 3), 100, np.uint8)
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0] = 1
    mixed = blended(image, heat, 0.5)
    assert (mixed[1:] == 100).all()
    assert (mixed[0, 0] != 100).any()
    assert (blended(image, heat, 0.0) == image).all()


def test_heat_outside_the_head_is_measured_for_all_and_sorted_by(
    page: ReviewPage, run_dir: Path, open_model: ProjectModel, qtbot: QtBot
) -> None:
    def measured(results: ResultsReady) -> Iterator[Event]:
        """As the engine does, with values that are known."""
        shares = [
            HeatShare(one.file_name, outside, "head", one.predicted, "", checkpoint_key(run_dir) or "", ".")
            for one, outside in zip(results.predictions, (0.25, 0.75), strict=True)
        ]
        lines = "".join(json.dumps(asdict(one)) + "\n" for one in shares)
        (run_dir / "heat.jsonl").write_text(lines, encoding="utf-8")
        yield HeatMeasured(tuple(shares))

    assert page.bar.orders.findData("heat") < 0
    names = [one.file_name for one in page.results.predictions] if page.results is not None else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("curator.evaluation.heat.measure_heat", measured)
        qtbot.mouseClick(page.details.measure, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: page.bar.order() == "heat", timeout=30_000)
    assert [item.name for item in shown(page)] == names[::-1]
