"""The page Train driven by a generator that stands in for the training loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from app_waiting import wait_until_quiet
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from train_help import epoch as made_epoch
from train_help import keep_all, settle, shown_page

from curator.app import messages
from curator.app.project_model import ProjectModel
from curator.app.train.page import TrainPage
from curator.app.train.run_index import Backbone, BackbonesRead
from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.project import edits
from curator.records import Event
from curator.training import device
from curator.training.config import PRESETS, TrainConfig
from curator.training.events import (
    BatchDone,
    CheckpointSaved,
    EpochDone,
    Finished,
    PhaseChanged,
    Started,
)

GIB = 1024**3
EPOCHS = 4
BATCHES = 3


class FakeLoop:
    """Stands in for `training.loop.fit`: four epochs of three batches, as fast as they are asked for.

    It waits before epoch `hold` until `go` is set, and writes down what it was given and how it ended.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.hold: int | None = None
        self.error: Exception | None = None
        self.manifest: Manifest | None = None
        self.config: TrainConfig | None = None
        self.closed = False
        self.resumed = False

    def fit(
        self, manifest: Manifest, config: TrainConfig, run_dir: Path, *, root: Path, resume: bool = False
    ) -> Iterator[Event]:
        self.manifest, self.config, self.resumed = manifest, config, resume
        if self.error is not None:
            raise self.error
        try:
            sizes = {"train": 4, "val": 2, "test": 2}
            yield Started(
                run_dir, config, "cpu", ("no", "yes"), sizes, "From scratch.", EPOCHS, BATCHES, first_epoch=1
            )
            for epoch in range(1, EPOCHS + 1):
                while epoch == self.hold and not self.go.wait(0.01):
                    yield BatchDone(epoch, 1, BATCHES, 1 / BATCHES, 0.5, 412.0, 100.0)
                if epoch == 3:
                    yield PhaseChanged(3, "unfrozen")
                for batch in range(1, BATCHES + 1):
                    yield BatchDone(epoch, batch, BATCHES, batch / BATCHES, 1 / epoch, 412.0, 100.0)
                yield EpochDone(made_epoch(epoch, rate=10.0**-epoch))
                yield CheckpointSaved(epoch, True, run_dir / "best.pt")
            yield Finished(run_dir, 4, False, 220.0)
        finally:
            self.closed = True


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    import sys

    fake = FakeLoop()
    monkeypatch.setitem(sys.modules, "curator.training.loop", SimpleNamespace(fit=fake.fit))
    sample = device.MemorySample("cpu", "cpu", 0, 0, 0, 2 * GIB, 6 * GIB, 16 * GIB)
    monkeypatch.setattr(device, "sample", lambda name: sample)
    # The run that the loop would have left is not there to be evaluated.
    monkeypatch.setattr("curator.app.train.runs_pane.read_figures", lambda *_, **__: iter(()))
    return fake


@pytest.fixture
def page(open_model: ProjectModel, loop: FakeLoop, qtbot: QtBot) -> Iterator[TrainPage]:
    made = shown_page(open_model, qtbot)
    yield made
    loop.go.set()
    open_model.jobs.cancel_all_and_wait()


def train(page: TrainPage, qtbot: QtBot) -> None:
    """Trains to the end."""
    with qtbot.waitSignal(page.trainer.ended, timeout=20_000):
        page.controls.train_button.click()
    settle(page, qtbot)


def test_nobody_decided_so_the_button_says_what_to_do(page: TrainPage, qtbot: QtBot) -> None:
    assert not page.controls.train_button.isEnabled()
    assert "count the proposals" in page.controls.trouble()
    assert page.data.kept.value() == "0 of 8"
    assert page.data.accept.text() == "Count unreviewed proposals (8)"
    page.data.accept.click()
    qtbot.waitUntil(page.controls.train_button.isEnabled)
    assert page.data.kept.value() == "8 of 8"
    assert page.controls.trouble() == ""


def test_training_draws_curves_and_figures(page: TrainPage, loop: FakeLoop, qtbot: QtBot) -> None:
    keep_all(page, qtbot)
    rail: list[str] = []
    status: list[str] = []
    page.rail_text_changed.connect(rail.append)
    page.status_changed.connect(status.append)
    train(page, qtbot)
    assert page.panel.loss.data("val") == ([1, 2, 3, 4], [1.5, 0.75, 0.5, 0.375])
    assert page.panel.loss.data("train")[1] == [1, 0.5, pytest.approx(1 / 3), 0.25]
    at, values = page.panel.loss.data("batch")
    assert len(at) == EPOCHS * BATCHES
    assert at[-1] == EPOCHS
    assert values[:3] == [1, 1, 1]
    assert page.panel.accuracy.data("val")[1] == pytest.approx([0.61, 0.62, 0.63, 0.64])
    assert page.panel.rate.data("rate")[0] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert page.panel.loss.accessibleName() == "Plot: Loss. val 0.375, best 0.375 at 4"
    assert page.panel.loss.value().endswith("0.375, best 0.375")
    assert page.panel.accuracy.accessibleName() == "Plot: Balanced accuracy. val 0.640, best 0.640 at 4"
    assert page.panel.curves.phases == [(2.0, "unfrozen")]
    assert page.panel.auroc.data("val")[1] == pytest.approx([0.71, 0.72, 0.73, 0.74])
    assert page.panel.loss.marks() == ((2.0, "unfrozen"), (4.0, "best"))
    assert "2.0 GB used, 6.0 GB free, peak 2.0" in page.panel.machine_memory.accessibleName()
    assert page.panel.machine_memory.data("first")[1][-1] == 2.0
    assert page.header.text() == "Finished in 3 min 40 s, best epoch 4"
    assert "epoch 1/4" in rail
    assert "best checkpoint of epoch 4 saved" in status
    assert loop.closed


def test_what_is_trained_on_is_the_exported_manifest(page: TrainPage, loop: FakeLoop, qtbot: QtBot) -> None:
    project = page.model.project
    keep_all(page, qtbot)
    page.model.apply(edits.decide([project.state(project.ids[0])], "discard", "quality"))
    train(page, qtbot)
    assert loop.manifest is not None
    assert loop.manifest.folder == project.folder / "manifest"
    assert sorted(row.decision for row in loop.manifest.rows) == ["discard", *["keep"] * 7]
    assert all(row.split for row in loop.manifest.rows)
    assert page.trainer.run_dir.parent == project.folder / "runs"


def test_pause_go_on_and_stop(page: TrainPage, loop: FakeLoop, qtbot: QtBot) -> None:
    keep_all(page, qtbot)
    loop.hold = 2
    page.controls.train_button.setFocus()
    page.controls.train_button.click()
    qtbot.waitUntil(lambda: page.header.text().startswith("Epoch 2 of 4"))
    assert page.focusWidget() is page.controls.pause_button
    assert "412 images/s" in page.header.text()
    assert "1 min 40 s left" in page.header.text()
    assert not page.form.isEnabled()
    assert page.controls.pause_button.isVisible()
    assert not page.controls.train_button.isVisible()
    page.controls.pause_button.click()
    assert page.controls.pause_button.text() == "Go on"
    assert page.header.text().endswith("paused")
    page.controls.pause_button.click()
    assert page.controls.pause_button.text() == "Pause"
    with qtbot.waitSignal(page.trainer.ended) as ended:
        page.controls.stop_button.click()
    assert ended.args == ["stopped"]
    assert loop.closed
    assert page.header.text() == "Stopped after 1 epoch; what it learnt is kept."
    assert page.controls.train_button.isVisible()
    assert page.focusWidget() is page.controls.train_button
    assert page.form.isEnabled()


def test_the_time_of_a_pause_is_not_counted(
    page: TrainPage, loop: FakeLoop, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("curator.app.train.live.time", SimpleNamespace(monotonic=lambda: clock.now))
    keep_all(page, qtbot)
    loop.hold = 2
    page.controls.train_button.click()
    qtbot.waitUntil(lambda: page.header.text().startswith("Epoch 2 of 4"))
    page.controls.pause_button.click()
    clock.now += 216
    page.controls.pause_button.click()
    with qtbot.waitSignal(page.trainer.ended):
        loop.go.set()
    # It took 220 s by the loop's own clock.
    assert page.header.text().startswith("Finished in 4 s, ")


def test_discard_asks_in_the_button_and_moves_the_run_to_the_trash(
    page: TrainPage, loop: FakeLoop, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    keep_all(page, qtbot)
    loop.hold = 2
    page.controls.train_button.click()
    qtbot.waitUntil(lambda: page.header.text().startswith("Epoch 2"))
    run_dir = page.trainer.run_dir
    run_dir.mkdir(parents=True)
    button = page.controls.discard_button
    assert button.text() == "Discard the run"
    button.click()
    assert button.text().startswith("Press again")
    assert page.trainer.job is not None
    with qtbot.waitSignal(page.trainer.ended) as ended:
        button.click()
    assert ended.args == ["discarded"]
    settle(page, qtbot)
    assert loop.closed
    assert not run_dir.exists()
    assert page.header.text() == "Ready to train The run was discarded."
    assert page.panel.loss.data("val") == ([], [])
    assert not button.isVisible()


def test_a_failure_is_a_sentence(page: TrainPage, loop: FakeLoop, qtbot: QtBot) -> None:
    keep_all(page, qtbot)
    heard: list[str] = []
    messages.hub().shown.connect(lambda message: heard.append(message.text))
    loop.error = TrainingError("The batch does not fit: choose a smaller one.")
    train(page, qtbot)
    assert page.header.text() == "Failed The batch does not fit: choose a smaller one."
    # What there is no room for is cut with dots, and stands in the tip.
    page.header.resize(300, page.header.height())
    QApplication.processEvents()
    (words,) = [
        one for one in page.header.findChildren(QLabel) if one.accessibleName().startswith("The batch")
    ]
    assert words.text().endswith("…")
    assert words.fontMetrics().horizontalAdvance(words.text()) <= words.width()
    assert words.toolTip() == "The batch does not fit: choose a smaller one."
    assert "The batch does not fit: choose a smaller one." in heard
    assert page.controls.train_button.isEnabled()


def test_the_end_leads_to_review(page: TrainPage, loop: FakeLoop, qtbot: QtBot) -> None:
    keep_all(page, qtbot)
    shown: list[Any] = []
    messages.hub().shown.connect(shown.append)
    train(page, qtbot)
    assert page.header.review_button.isVisible()
    with qtbot.waitSignal(page.review_requested) as wanted:
        shown[-1].actions[0].run()
    assert wanted.args == [page.trainer.run_dir]


def test_closing_the_project_ends_the_training(page: TrainPage, loop: FakeLoop, qtbot: QtBot) -> None:
    keep_all(page, qtbot)
    loop.hold = 2
    page.controls.train_button.click()
    qtbot.waitUntil(lambda: page.header.text().startswith("Epoch 2"))
    page.model.close()
    assert loop.closed
    assert page.trainer.job is None
    assert page.model.jobs.active() == []


def test_presets_fill_the_form_and_the_form_makes_the_plan(
    page: TrainPage, loop: FakeLoop, qtbot: QtBot
) -> None:
    form = page.form
    for name in PRESETS:
        form.cards[name].click()
        assert form.config() == TrainConfig.preset_named(name)
    form.cards["fine-tune"].click()
    assert not form.editor("momentum").isEnabled()
    form.editor("optimiser").setCurrentIndex(form.editor("optimiser").findData("sgd"))
    assert form.editor("momentum").isEnabled()
    form.editor("optimiser").setCurrentIndex(form.editor("optimiser").findData("adamw"))
    form.editor("epochs").setValue(3)
    form.editor("lr").setValue(5e-5)
    form.editor("deterministic").setChecked(True)
    lost = form.editor("skip_unreadable")
    assert [lost.itemText(number) for number in range(lost.count())] == ["leave out", "stop"]
    assert form.config().skip_unreadable
    lost.setCurrentText("stop")
    keep_all(page, qtbot)
    train(page, qtbot)
    assert loop.config is not None
    assert (loop.config.epochs, loop.config.lr, loop.config.deterministic) == (3, 5e-5, True)
    assert not loop.config.skip_unreadable
    assert loop.config.preset == "fine-tune"


def test_missing_weights_are_said_and_can_be_fetched(
    page: TrainPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = threading.Event()
    fetched: list[str] = []

    def look() -> Iterator[Event]:
        found = there.is_set()
        words = "ImageNet weights." if found else "From scratch: ImageNet weights are not on this machine."
        yield BackbonesRead((Backbone("mobilenet_v2", "MobileNetV2", words, can_fetch=not found),))

    def fetch(name: str) -> Iterator[Event]:
        fetched.append(name)
        there.set()
        yield from ()

    monkeypatch.setattr("curator.app.train.weights.read_backbones", look)
    monkeypatch.setattr("curator.app.train.weights.fetch", fetch)
    page.weights.refresh()
    settle(page, qtbot)
    assert page.form.weights_words.text().startswith("From scratch")
    page.form.fetch_button.click()
    qtbot.waitUntil(lambda: page.form.weights_words.text() == "ImageNet weights.")
    assert fetched == ["mobilenet_v2"]
    assert not page.form.fetch_button.isVisible()
    page.form.cards["from-scratch"].click()
    assert page.form.weights_words.text() == ""


def test_empty_pages_say_what_will_be_there(page: TrainPage) -> None:
    assert page.panel.loss._empty.isVisible()
    assert page.runs._stack.currentIndex() == 0
    assert page.header.text() == "Ready to train"


def test_another_folder_starts_afresh(page: TrainPage, loop: FakeLoop, dataset: Path, qtbot: QtBot) -> None:
    keep_all(page, qtbot)
    train(page, qtbot)
    page.model.open(dataset)
    wait_until_quiet(page.model, qtbot)
    assert page.panel.loss.data("val") == ([], [])
    assert page.header.text() == "Ready to train"
