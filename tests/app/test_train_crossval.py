"""Cross-validation and ablation from the page Train, driven by a stand-in for training and predicting."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless
from train_help import keep_all, settle, shown_page

from curator.app.project_model import ProjectModel
from curator.app.train.crossval_bar import ValidationBar
from curator.app.train.page import TrainPage
from curator.errors import TrainingError
from curator.evaluation.cross_validated import read_cross_validation, read_out_of_fold
from curator.manifest.files import Manifest
from curator.project import edits
from curator.records import Event, Prediction, Split
from curator.training import device, runs
from curator.training.config import TrainConfig
from curator.training.events import BatchDone, EpochDone, EpochMetrics, Started
from curator.training.predictions import write_predictions
from curator.workflow import ablation, cross_validation
from curator.workflow.trainings import PartStarted, Whole

EPOCHS = 2


class FakeTrainings:
    """Trains nothing: writes down what was asked for, leaves a run, and predicts all but the first image right.

    It waits in the first epoch of part `hold` until `go` is set; part `breaks` fails.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.hold: int | None = None
        self.breaks: int | None = None
        self.asked: list[tuple[str, str, TrainConfig]] = []

    def train_and_predict(
        self,
        manifest: Manifest,
        config: TrainConfig,
        run_dir: Path,
        *,
        root: Path,
        split: Split,
        whole: Whole,
        words: str,
    ) -> Generator[Event, None, tuple[Prediction, ...]]:
        part = whole.done + 1
        yield PartStarted(part, whole.parts, words, run_dir)
        self.asked.append((words, config.cleaning, config))
        if part == self.breaks:
            raise TrainingError("The disk is full: make room and go on.")
        yield from whole.passed(self._fit(config, run_dir, part), words)
        row = EpochMetrics(2, "head", 0.5, 0.4, 0.8, 0.7, 0.6, None, 1e-3, 30.0, 412.0)
        sizes: dict[Split, int] = {"train": 4, "val": 2, "test": 2}
        runs.write_config(
            runs.Run(run_dir, config, ("no", "yes"), root, sizes, "cpu", "", False, (row,), True, time.time())
        )
        runs.write_metrics(run_dir / runs.METRICS, [row])
        whole.end_part()
        rows = [one for one in manifest.rows if one.split == split and one.decision == "keep"]
        found = tuple(self._prediction(row.label, row.file_name, row.group) for row in rows)
        write_predictions(run_dir / runs.PREDICTIONS, found)
        return found

    def _prediction(self, label: str, name: str, group: str) -> Prediction:
        right = name != "no/scan0.png"
        p = 0.9 if (label == "yes") == right else 0.1
        said = "yes" if p > 0.5 else "no"
        return Prediction(name, None, label, "test", group, said, (1 - p, p), None)

    def _fit(self, config: TrainConfig, run_dir: Path, part: int) -> Iterator[Event]:
        run_dir.mkdir(parents=True, exist_ok=True)
        sizes: dict[Split, int] = {"train": 4, "val": 2, "test": 2}
        yield Started(run_dir, config, "cpu", ("no", "yes"), sizes, "From scratch.", EPOCHS, 1, first_epoch=1)
        for epoch in range(1, EPOCHS + 1):
            while part == self.hold and epoch == 2 and not self.go.wait(0.01):
                yield BatchDone(epoch, 1, 1, 0.5, 0.5, 412.0, 50.0)
            yield BatchDone(epoch, 1, 1, 1.0, part / 10, 412.0, 100.0)
            yield EpochDone(
                EpochMetrics(epoch, "head", part / 10, 0.4, 0.8, 0.7, 0.6, None, 1e-3, 30.0, 412.0)
            )


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> FakeTrainings:
    import sys

    fake = FakeTrainings()
    for module in (cross_validation, ablation):
        monkeypatch.setattr(module, "train_and_predict", fake.train_and_predict)
    monkeypatch.setitem(sys.modules, "curator.training.loop", SimpleNamespace())
    sample = device.MemorySample("cpu", "cpu", 0, 0, 0, 2 * 1024**3, 6 * 1024**3, 16 * 1024**3)
    monkeypatch.setattr(device, "sample", lambda name: sample)
    return fake


@pytest.fixture
def page(open_model: ProjectModel, trainings: FakeTrainings, qtbot: QtBot) -> Iterator[TrainPage]:
    """The page with all eight images kept."""
    made = shown_page(open_model, qtbot)
    keep_all(made, qtbot)
    yield made
    trainings.go.set()
    open_model.jobs.cancel_all_and_wait()


def bar(page: TrainPage) -> ValidationBar:
    return page.validations.bar


def choose_folds(page: TrainPage, folds: int) -> None:
    bar(page).crossval_button.click()
    bar(page).folds.setValue(folds)


def run_to_the_end(page: TrainPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.trainer.ended, timeout=20_000):
        bar(page).start_button.click()
    settle(page, qtbot)


def newest(page: TrainPage) -> Path:
    return page.runs.rows()[0].run_dir


def test_the_choices_say_what_would_be_trained(page: TrainPage) -> None:
    assert not bar(page).choices.isVisible()
    bar(page).crossval_button.click()
    assert bar(page).choices.isVisible()
    assert bar(page).words().startswith("5 trainings. Each image is predicted once")
    assert bar(page).words().endswith("has seen the test split.")
    bar(page).folds.setValue(3)
    bar(page).include_test.click()
    assert bar(page).words().startswith("3 trainings.")
    assert bar(page).words().endswith("The test split stays fit to judge what is chosen.")
    bar(page).ablation_button.click()
    assert bar(page).words().startswith("3 trainings on raw, cropped")
    assert not bar(page).folds.isVisible()
    bar(page).way.button("folds").click()
    assert bar(page).folds.isVisible()
    assert bar(page).words().startswith("9 trainings on raw, cropped")
    assert nameless(page) == []
    bar(page).cancel_button.click()
    assert not bar(page).choices.isVisible()


def test_without_kept_images_there_is_nothing_to_begin(page: TrainPage, qtbot: QtBot) -> None:
    bar(page).crossval_button.click()
    page.model.apply(edits.decide(page.model.project.states(), "undecided"))
    qtbot.waitUntil(lambda: not bar(page).crossval_button.isEnabled())
    assert not bar(page).ablation_button.isEnabled()
    assert not bar(page).choices.isVisible()


def test_a_cross_validation_ends_in_a_sheet_of_figures(
    page: TrainPage, trainings: FakeTrainings, qtbot: QtBot
) -> None:
    page.form.set_preset("quick-look")
    choose_folds(page, 2)
    run_to_the_end(page, qtbot)
    assert [words for words, _, _ in trainings.asked] == ["Fold 1 of 2", "Fold 2 of 2"]
    assert {config.preset for _, _, config in trainings.asked} == {"quick-look"}
    folder = newest(page)
    assert folder.parent == page.model.project.folder / "runs"
    assert "-crossval-" in folder.name
    assert len(read_out_of_fold(folder)) == 8
    assert page.validations.showing_result()
    shown = page.validations.sheet.text()
    for words in ("2 folds, 8 images in 8 groups", "Fold 1:", "Fold 2:", "Mean over folds:", "All 8 kept"):
        assert words in shown
    assert "All images at once: 0.875 [" in shown
    assert "majority class 0.500" in shown
    assert page.header.text().startswith("Cross-validation finished balanced accuracy 0.875 [")
    assert nameless(page) == []


def test_it_is_one_row_that_is_opened_again(page: TrainPage, qtbot: QtBot) -> None:
    choose_folds(page, 2)
    run_to_the_end(page, qtbot)
    (row,) = page.runs.rows()
    assert row.name.startswith("Cross-validation, ")
    assert (row.kind, row.status, row.epochs_done, row.balanced_accuracy) == (
        "crossval",
        "finished",
        2,
        0.875,
    )
    QTest.keyClick(page.validations.sheet.figure.button("accuracy"), Qt.Key.Key_Escape)
    assert not page.validations.showing_result()
    page.runs.table.choose([newest(page)])
    assert not page.runs.bar.review_button.isVisible()
    assert not page.runs.bar.resume_button.isVisible()
    page.runs.bar.result_button.click()
    qtbot.waitUntil(page.validations.showing_result)
    page.validations.sheet.figure.button("accuracy").click()


def test_header_curves_and_rail_follow_the_present_fold(
    page: TrainPage, trainings: FakeTrainings, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rail: list[str] = []
    memory_begun: list[str] = []
    monkeypatch.setattr(device, "forget_peak", memory_begun.append)
    page.rail_text_changed.connect(rail.append)
    trainings.hold = 2
    choose_folds(page, 2)
    bar(page).start_button.click()
    qtbot.waitUntil(lambda: page.header.text().startswith("Fold 2 of 2, epoch 2 of 2"))
    assert not bar(page).isVisible()
    assert rail[-1] == "training 2/2"
    assert page.live.curves.train_loss == [0.2]
    job = page.trainer.job
    qtbot.waitUntil(
        lambda: "Fold 2 of 2, epoch 2 of 2" in (job.last_progress.what if job.last_progress else "")
    )
    assert job.last_progress.done / job.last_progress.total == pytest.approx(0.875)
    page.controls.pause_button.click()
    assert page.header.text().endswith("paused")
    page.controls.pause_button.click()
    trainings.go.set()
    with qtbot.waitSignal(page.trainer.ended):
        pass
    assert page.validations.showing_result()
    # One curve of memory below all folds.
    assert memory_begun == ["cpu"]


def test_stopped_in_a_fold_it_goes_on_from_the_table(
    page: TrainPage, trainings: FakeTrainings, qtbot: QtBot
) -> None:
    trainings.hold = 2
    choose_folds(page, 3)
    bar(page).start_button.click()
    qtbot.waitUntil(lambda: page.header.text().startswith("Fold 2 of 3, epoch 2"))
    with qtbot.waitSignal(page.trainer.ended):
        page.controls.stop_button.click()
    settle(page, qtbot)
    assert page.header.text().startswith("Stopped mobilenet_v2, 1 of 3 folds")
    assert "Fold 1:" in page.validations.sheet.text()
    (row,) = page.runs.rows()
    assert (row.status, row.epochs_done, row.epochs) == ("stopped", 1, 3)
    trainings.go.set()
    trainings.asked.clear()
    page.runs.table.choose([newest(page)])
    with qtbot.waitSignal(page.trainer.ended):
        page.runs.bar.resume_button.click()
    assert [words for words, _, _ in trainings.asked] == ["Fold 2 of 3", "Fold 3 of 3"]
    assert read_cross_validation(row.run_dir).finished
    assert page.header.text().startswith("Cross-validation finished")


def test_an_ablation_says_in_words_what_cleaning_is_worth(
    page: TrainPage, trainings: FakeTrainings, qtbot: QtBot
) -> None:
    bar(page).ablation_button.click()
    run_to_the_end(page, qtbot)
    assert [(words, cleaning) for words, cleaning, _ in trainings.asked] == [
        ("Raw", "raw"),
        ("Cropped", "cropped"),
        ("Cropped and masked", "masked"),
    ]
    (row,) = page.runs.rows()
    assert row.name.startswith("Ablation, ")
    assert row.kind == "ablation"
    shown = page.validations.sheet.text()
    for words in (
        "Raw:",
        "Cropped:",
        "Cropped and masked against raw: +0.000 [+0.000, +0.000]",
        "locked test",
    ):
        assert words in shown
    assert "raw: no clear difference" in page.header.text()


def test_an_ablation_by_folds_is_one_result(page: TrainPage, trainings: FakeTrainings, qtbot: QtBot) -> None:
    bar(page).ablation_button.click()
    bar(page).way.button("folds").click()
    bar(page).folds.setValue(2)
    run_to_the_end(page, qtbot)
    assert len(trainings.asked) == 6
    assert trainings.asked[-1][0] == "Cropped and masked, fold 2 of 2"
    (row,) = page.runs.rows()
    assert row.name.startswith("Ablation, 2 folds, ")
    assert page.validations.sheet.text().startswith("Ablation\nmobilenet_v2, 2 folds each")


def test_a_failure_is_a_sentence_and_can_be_gone_on_from(
    page: TrainPage, trainings: FakeTrainings, qtbot: QtBot
) -> None:
    trainings.breaks = 2
    choose_folds(page, 2)
    run_to_the_end(page, qtbot)
    assert page.header.text() == "Failed The disk is full: make room and go on."
    assert not page.validations.active
    assert page.runs.rows()[0].unfinished
    assert page.controls.train_button.isEnabled()


def test_more_folds_than_groups_are_refused_in_words(
    page: TrainPage, trainings: FakeTrainings, qtbot: QtBot
) -> None:
    choose_folds(page, 9)
    run_to_the_end(page, qtbot)
    assert page.header.text() == "Failed 9 folds of 8 groups of kept images: choose a number from 2 to 8."
    assert trainings.asked == []
    assert page.runs.rows() == []
