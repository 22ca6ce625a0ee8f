"""Finding a learning rate from the form, and the batch size that is to be found."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless
from train_help import keep_all, shown_page

from curator.app.project_model import ProjectModel
from curator.app.train.form import TrainForm
from curator.app.train.page import TrainPage
from curator.app.train.rate_sheet import KEY, RateSheet
from curator.errors import TrainingError
from curator.manifest.files import Manifest
from curator.records import Event, Progress
from curator.training.config import TrainConfig
from curator.training.events import Phase, RateFound, RateTried
from curator.training.rate_curve import sweep

RATES = sweep(1e-6, 10.0, 10)
LOSSES = [0.7 - max(0.0, step - 20) * 0.015 + max(0, step - 50) ** 2 * 0.01 for step in range(71)]


class FakeTest:
    """Stands in for `training.lr_finder.range_test`; waits before step `hold` until `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.hold: int | None = None
        self.error: Exception | None = None
        self.suggestion: float | None = 2.1e-3
        self.manifest: Manifest | None = None
        self.config: TrainConfig | None = None
        self.phases: list[str] = []
        self.closed = 0

    def range_test(
        self, manifest: Manifest, config: TrainConfig, *, phase: Phase, root: Path
    ) -> Iterator[Event]:
        self.manifest, self.config = manifest, config
        self.phases.append(phase)
        if self.error is not None:
            raise self.error
        try:
            for step, (rate, loss) in enumerate(zip(RATES, LOSSES, strict=True)):
                while step == self.hold and not self.go.wait(0.01):
                    yield Progress(step, 71, "Trying a learning rate of 1.0e-05")
                yield RateTried(step, 71, rate, loss)
            words = (
                "A learning rate of 2.1e-03 lies well." if self.suggestion else "The loss fell at no rate."
            )
            points = tuple(zip(RATES, LOSSES, strict=True))
            yield RateFound(phase, 32, points, self.suggestion, 5e-3 if self.suggestion else None, words)
        finally:
            self.closed += 1


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> FakeTest:
    fake = FakeTest()
    monkeypatch.setitem(
        sys.modules, "curator.training.lr_finder", SimpleNamespace(range_test=fake.range_test)
    )
    return fake


@pytest.fixture
def page(open_model: ProjectModel, finder: FakeTest, qtbot: QtBot) -> Iterator[TrainPage]:
    made = shown_page(open_model, qtbot)
    keep_all(made, qtbot)
    made.form.more.set_open(True)
    yield made
    finder.go.set()
    open_model.jobs.cancel_all_and_wait()


def opened(page: TrainPage) -> RateSheet:
    """The sheet that the button has opened."""
    page.form.find_button.click()
    (sheet,) = page.findChildren(RateSheet)
    return sheet


def ended(page: TrainPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.model.jobs.get(KEY) is None, timeout=20_000)


def test_the_curve_is_drawn_the_suggestion_marked_and_used(
    page: TrainPage, finder: FakeTest, qtbot: QtBot
) -> None:
    sheet = opened(page)
    ended(page, qtbot)
    assert sheet.plot.points() == list(zip(RATES, LOSSES, strict=True))
    assert sheet.plot.rate() == pytest.approx(2.1e-3)
    assert sheet.rate.text() == "2.1e-3"
    assert "lies well" in sheet.words.text()
    assert sheet.use_button.isEnabled()
    assert page.form.config().lr == 1e-4
    QTest.mouseClick(sheet.use_button, Qt.MouseButton.LeftButton)
    assert page.form.config().lr == 2.1e-3
    assert page.form.config().head_lr == 1e-3
    assert not sheet.isVisible()
    assert finder.closed == 1


def test_it_is_tried_on_what_is_kept_with_what_the_form_says(
    page: TrainPage, finder: FakeTest, qtbot: QtBot
) -> None:
    page.form.set_preset("from-scratch")
    opened(page)
    ended(page, qtbot)
    assert finder.config is not None
    assert (finder.config.image_size, finder.config.weights) == (128, "none")
    assert finder.config.threads >= 1
    assert finder.manifest is not None
    assert [row.decision for row in finder.manifest.rows] == ["keep"] * 8
    assert finder.phases == ["unfrozen"]
    project = page.model.project
    assert project is not None
    assert not (project.folder / "runs").exists() or not list((project.folder / "runs").iterdir())


def test_the_rate_of_the_head_goes_where_it_belongs(page: TrainPage, finder: FakeTest, qtbot: QtBot) -> None:
    sheet = opened(page)
    ended(page, qtbot)
    sheet.what.button("head").click()
    ended(page, qtbot)
    assert finder.phases == ["unfrozen", "head"]
    assert len(sheet.plot.points()) == 71
    sheet.use_button.click()
    assert page.form.config().head_lr == 2.1e-3
    assert page.form.config().lr == 1e-4


def test_another_rate_can_be_picked_on_the_curve_and_typed(page: TrainPage, qtbot: QtBot) -> None:
    sheet = opened(page)
    ended(page, qtbot)
    qtbot.waitExposed(sheet)
    canvas = sheet.plot._canvas
    box = canvas.getPlotItem().getViewBox()
    at = canvas.mapFromScene(box.mapViewToScene(QPointF(-4.0, 0.5)))
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    assert sheet.rate.value() == pytest.approx(1e-4, rel=0.1)
    assert sheet.plot.rate() == pytest.approx(sheet.rate.value(), rel=1e-6)
    sheet.rate.selectAll()
    qtbot.keyClicks(sheet.rate, "3e-3")
    qtbot.keyClick(sheet.rate, Qt.Key.Key_Tab)
    assert sheet.plot.rate() == pytest.approx(3e-3)
    sheet.use_button.click()
    assert page.form.config().lr == 3e-3


def test_cancelling_ends_it_and_changes_nothing(page: TrainPage, finder: FakeTest, qtbot: QtBot) -> None:
    finder.hold = 20
    before = page.form.config()
    sheet = opened(page)
    qtbot.waitUntil(lambda: len(sheet.plot.points()) == 20)
    assert sheet.close_button.text() == "Cancel"
    assert not sheet.use_button.isEnabled()
    assert not sheet.what.isEnabled()
    sheet.close_button.click()
    ended(page, qtbot)
    assert finder.closed == 1
    assert page.form.config() == before


def test_escape_cancels_too(page: TrainPage, finder: FakeTest, qtbot: QtBot) -> None:
    finder.hold = 5
    sheet = opened(page)
    qtbot.waitUntil(lambda: len(sheet.plot.points()) == 5)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    ended(page, qtbot)
    assert finder.closed == 1


def test_no_suggestion_leaves_nothing_to_use_but_a_rate_of_ones_own(
    page: TrainPage, finder: FakeTest, qtbot: QtBot
) -> None:
    finder.suggestion = None
    sheet = opened(page)
    ended(page, qtbot)
    assert sheet.words.text() == "The loss fell at no rate."
    assert sheet.plot.rate() is None
    assert not sheet.use_button.isEnabled()
    sheet.rate.setValue(1e-3)
    assert sheet.use_button.isEnabled()


def test_an_error_is_told_in_the_sheet_and_can_be_tried_again(
    page: TrainPage, finder: FakeTest, qtbot: QtBot
) -> None:
    finder.error = TrainingError("No training image could be read: see the warnings.")
    sheet = opened(page)
    ended(page, qtbot)
    assert sheet.words.text() == "No training image could be read: see the warnings."
    assert sheet.plot.words() == "Nothing to show."
    assert not sheet.use_button.isEnabled()
    finder.error = None
    sheet.again_button.click()
    ended(page, qtbot)
    assert sheet.use_button.isEnabled()


def test_closing_the_dataset_closes_the_sheet(page: TrainPage, finder: FakeTest, qtbot: QtBot) -> None:
    finder.hold = 5
    sheet = opened(page)
    qtbot.waitUntil(lambda: len(sheet.plot.points()) == 5)
    with qtbot.waitSignal(sheet.destroyed):
        page.model.close()
    assert finder.closed == 1


def test_without_data_it_says_what_is_missing_and_opens_nothing(
    model: ProjectModel, finder: FakeTest, qtbot: QtBot
) -> None:
    page = TrainPage(model)
    qtbot.addWidget(page)
    page.form.find_button.click()
    assert page.findChildren(RateSheet) == []
    assert finder.phases == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_control_has_a_name_in_both_schemes(
    page: TrainPage, finder: FakeTest, qtbot: QtBot, scheme: str
) -> None:
    from curator.app import theme

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, scheme)  # type: ignore[arg-type]
    sheet = opened(page)
    ended(page, qtbot)
    assert nameless(sheet) == []


# The batch size


@pytest.fixture
def form(qtbot: QtBot) -> TrainForm:
    made = TrainForm()
    qtbot.addWidget(made)
    made.more.set_open(True)
    made.show()
    made._batch_box().setFocus()
    return made


def test_a_batch_size_of_nothing_reads_auto(form: TrainForm, qtbot: QtBot) -> None:
    box = form._batch_box()
    assert box.text() == "32"
    box.selectAll()
    qtbot.keyClicks(box, "0")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "auto"
    assert form.config().batch_size == 0
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert form.config().batch_size == 2
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert form.config().batch_size == 0


@pytest.mark.parametrize(("typed", "size"), [("16", 16), ("1", 2), ("auto", 0), ("64", 64), ("4096", 4096)])
def test_a_batch_size_is_typed(form: TrainForm, qtbot: QtBot, typed: str, size: int) -> None:
    box = form._batch_box()
    box.selectAll()
    qtbot.keyClicks(box, typed)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert form.config().batch_size == size


def test_what_was_found_is_shown_until_something_changes_that_takes_memory(form: TrainForm) -> None:
    box = form._batch_box()
    box.setValue(0)
    form.show_found_batch(24)
    assert box.text() == "24, found"
    assert form.config().batch_size == 0
    form.use_rate("head", 2e-3)
    form.set_backbones([("mobilenet_v2", "MobileNetV2"), ("vgg16", "VGG16")])
    assert box.text() == "24, found"
    form.backbone.setCurrentIndex(1)
    assert box.text() == "auto"
