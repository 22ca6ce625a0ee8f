"""What can be reviewed: splits, new images, other manifests, cross-validations, and none."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from app_waiting import wait_until_quiet
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from review_runs import shown

from curator.app.project_model import ProjectModel
from curator.app.review.items import Wish
from curator.app.review.page import ReviewPage
from curator.evaluation.cross_validated import (
    CrossValidation,
    FoldResult,
    OutOfFold,
    write_cross_validation,
)
from curator.evaluation.results import read_looked
from curator.records import Prediction
from curator.training.runs import copy_manifest


@pytest.fixture
def page(review_page: ReviewPage) -> ReviewPage:
    """The page with the test predictions of a run of one epoch."""
    return review_page


def test_another_split_is_predicted_when_asked_for(
    page: ReviewPage, open_model: ProjectModel, qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.bar.splits["val"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.results is not None and page.results.split == "val", timeout=30_000)
    assert {item.prediction.split for item in shown(page)} == {"val"}


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
    page: ReviewPage, open_model: ProjectModel, review_run: Path, qtbot: QtBot
) -> None:
    folder = review_run.parent / "folds"
    folder.mkdir()
    for fold in (1, 2):
        shutil.copytree(review_run, folder / f"fold-{fold}")
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
