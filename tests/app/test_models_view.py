"""The view of backbones: opened from the page Train, measured, fetched, asked about an image."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless

from curator.app import theme
from curator.app.project_model import ProjectModel
from curator.app.train import models_view
from curator.app.train.models_view import ModelsDialog
from curator.app.train.page import TrainPage
from curator.errors import WeightsError
from curator.records import Event, Progress
from curator.training.comparison import Measured, Measurement
from curator.training.imagenet import Guess, ImagenetSaid
from curator.training.weights import Fetched


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


@pytest.fixture
def page(open_model: ProjectModel, qtbot: QtBot) -> TrainPage:
    made = TrainPage(open_model)
    qtbot.addWidget(made)
    made.resize(1024, 640)
    made.show()
    made.activate()
    qtbot.waitUntil(lambda: not made.data.counting and not open_model.jobs.active(), timeout=20_000)
    return made


@pytest.fixture
def dialog(page: TrainPage, qtbot: QtBot) -> Iterator[ModelsDialog]:
    """Opened as a person opens it."""
    qtbot.mouseClick(page.form.compare_button, Qt.MouseButton.LeftButton)
    (made,) = page.findChildren(ModelsDialog)
    settle(made, qtbot)
    yield made
    page.model.jobs.cancel_all_and_wait()


def settle(dialog: ModelsDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not dialog._model.jobs.active(), timeout=20_000)


def click(button: QPushButton, qtbot: QtBot) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def row_of(dialog: ModelsDialog, title: str) -> tuple[str, ...]:
    return next(row for row in dialog.table.figures.rows if row[0] == title)


def test_the_backbones_stand_side_by_side(dialog: ModelsDialog) -> None:
    titles = [row[0] for row in dialog.table.figures.rows]
    assert titles == ["EfficientNet-Lite0", "MobileNetV2", "ResNet-18", "VGG16"]
    assert row_of(dialog, "VGG16") == (
        "VGG16",
        "138.4 M",
        "15.47 G",
        "71.6 %",
        "–",
        "–",
        "–",
        "to be fetched",
    )
    assert dialog.chosen == "mobilenet_v2"
    assert dialog.table.currentIndex().row() == 1


def test_layers_follow_the_marked_backbone(dialog: ModelsDialog, qtbot: QtBot) -> None:
    layers = dialog.layers
    assert layers.heading.text() == "Layers of MobileNetV2"
    assert {row[0] for row in layers.kinds.figures.rows} >= {"conv 1x1", "depthwise 3x3", "linear"}
    assert "17 depthwise convolutions" in layers.spared.text()
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_Down)
    qtbot.keyClick(dialog.table, Qt.Key.Key_Down)
    settle(dialog, qtbot)
    assert layers.heading.text() == "Layers of VGG16"
    assert layers.kinds.row_words(0)[0] == "conv 3x3"
    assert not layers.spared.isVisible()
    click(layers.views.button("layers"), qtbot)
    assert layers.layers.isVisible()
    assert layers.layers.row_words(0)[:3] == ("features.0", "conv 3x3", "64 × 224 × 224")


def test_every_control_has_a_name_and_fits(dialog: ModelsDialog, page: TrainPage) -> None:
    assert nameless(dialog) == []
    assert dialog.width() <= page.window().width()
    assert dialog.height() <= page.window().height()


def test_measuring_fills_the_table(
    dialog: ModelsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def measure() -> Iterator[Event]:
        while not go.wait(0.01):
            yield Progress(1, 4, "Measuring MobileNetV2")
        yield Measured(Measurement("mobilenet_v2", 21.4, 61.27, 16, 60 << 20, 1))

    monkeypatch.setattr(models_view, "measure", measure)
    click(dialog.measure_button, qtbot)
    qtbot.waitUntil(lambda: dialog.status.text() == "Measuring MobileNetV2")
    assert dialog.progress.isVisible()
    assert not dialog.measure_button.isEnabled()
    go.set()
    settle(dialog, qtbot)
    assert row_of(dialog, "MobileNetV2")[4:7] == ("21 ms", "61.3", "60 MB")
    assert row_of(dialog, "VGG16")[4] == "–"
    assert dialog.status.text() == "Measured on this machine's CPU with 1 thread."
    assert not dialog.progress.isVisible()


def test_closing_ends_the_measuring(
    dialog: ModelsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def measure() -> Iterator[Event]:
        try:
            while True:
                yield Progress(1, 4, "Measuring")
        finally:
            ended.set()

    monkeypatch.setattr(models_view, "measure", measure)
    click(dialog.measure_button, qtbot)
    jobs = dialog._model.jobs
    qtbot.waitUntil(lambda: dialog.status.text() == "Measuring")
    dialog.reject()
    qtbot.waitUntil(lambda: not jobs.active())
    assert ended.is_set()


def test_fetching_shows_progress_and_what_came(
    dialog: ModelsDialog, page: TrainPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[str] = []

    def fetch(name: str) -> Iterator[Event]:
        from curator.paths import cache_dir
        from curator.training.backbones import card_named

        wanted.append(name)
        yield Progress(5, 10, "Fetching it")
        path = cache_dir() / "weights" / card_named(name).weights_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        yield Fetched(path, "the package index (x 1.0)")

    monkeypatch.setattr(models_view, "fetch", fetch)
    assert not dialog.imagenet.file_button.isEnabled()
    click(dialog.fetch_button, qtbot)
    settle(dialog, qtbot)
    assert wanted == ["mobilenet_v2"]
    assert dialog.status.text() == "Fetched from the package index (x 1.0); its SHA-256 is right."
    assert row_of(dialog, "MobileNetV2")[7] == "at hand"
    assert not dialog.fetch_button.isVisible()
    assert dialog.imagenet.file_button.isEnabled()
    qtbot.waitUntil(lambda: page.form.weights_words.text().startswith("ImageNet weights ("))


def test_a_failed_fetch_is_said_where_it_was_asked(
    dialog: ModelsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str) -> Iterator[Event]:
        yield Progress(0, 0, "Fetching")
        raise WeightsError("Nothing is reachable: train from scratch.")

    monkeypatch.setattr(models_view, "fetch", fetch)
    click(dialog.fetch_button, qtbot)
    settle(dialog, qtbot)
    assert dialog.status.text() == "Nothing is reachable: train from scratch."
    assert dialog.fetch_button.isEnabled()


def test_a_fetch_can_be_cancelled(
    dialog: ModelsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str) -> Iterator[Event]:
        while True:
            yield Progress(1, 10, "Fetching")

    monkeypatch.setattr(models_view, "fetch", fetch)
    click(dialog.fetch_button, qtbot)
    qtbot.waitUntil(lambda: dialog.status.text() == "Fetching")
    click(dialog.cancel_button, qtbot)
    settle(dialog, qtbot)
    assert dialog.status.text() == ""
    assert dialog.fetch_button.isEnabled()


def test_the_marked_backbone_can_be_trained_with(dialog: ModelsDialog, page: TrainPage, qtbot: QtBot) -> None:
    dialog.table.choose(2)
    click(dialog.train_button, qtbot)
    assert page.form.backbone.currentData() == "resnet18"


def test_what_imagenet_says_of_the_image_in_curate(
    page: TrainPage,
    qtbot: QtBot,
    genuine_weights: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """With the published weights, from the button to five rows."""
    import numpy as np

    from curator.app.image_work import to_pixels
    from curator.imaging.decode import load
    from curator.imaging.render import network_input

    monkeypatch.setenv("CURATOR_CACHE", str(genuine_weights("mobilenet_v2")))
    qtbot.mouseClick(page.form.compare_button, Qt.MouseButton.LeftButton)
    (dialog,) = page.findChildren(ModelsDialog)
    settle(dialog, qtbot)
    pane = dialog.imagenet
    seen: list[ImagenetSaid] = []
    click(pane.current_button, qtbot)
    page.model.jobs.get("backbones.ask").event.connect(seen.append)
    settle(dialog, qtbot)
    assert len(pane.bars.guesses()) == 5
    assert pane.bars.guesses()[0][0] in pane.bars.accessibleDescription()
    state = page.model.project.state(page.model.current_id)
    pixels = network_input(load(page.model.project.root / state.file_name), state.edits, 224)
    assert np.array_equal(seen[0].pixels, pixels)
    assert to_pixels(pane.picture.pixmap().toImage()).any()
    assert "no class for MRI" in pane.note.text()
    page.model.jobs.cancel_all_and_wait()


def test_another_image_and_another_backbone(
    dialog: ModelsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, dataset: Path
) -> None:
    import numpy as np

    from curator.app.train import imagenet_pane

    chosen = dataset / "no" / "scan0.png"

    def ask(name: str, path: Path, edits: object, resize: str) -> Iterator[Event]:
        assert (path, edits, resize) == (chosen, None, "letterbox")
        yield ImagenetSaid(
            name, (Guess("daisy", 0.7), Guess("bee", 0.1)), np.full((224, 224, 3), 99, np.uint8)
        )

    monkeypatch.setattr(imagenet_pane, "ask", ask)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(chosen), ""))
    pane = dialog.imagenet
    pane.set_backbone("mobilenet_v2", "MobileNetV2", at_hand=True)
    click(pane.file_button, qtbot)
    settle(dialog, qtbot)
    assert pane.bars.guesses() == [("daisy", 0.7), ("bee", 0.1)]
    dialog.table.choose(3)
    assert pane.bars.guesses() == []
    assert "Fetch the weights of VGG16" in pane.words.text()


def test_it_follows_the_scheme(dialog: ModelsDialog, qapp: object) -> None:
    dark = dialog.grab().toImage().pixelColor(5, 5).lightness()
    theme.apply(qapp, "light")
    assert dialog.grab().toImage().pixelColor(5, 5).lightness() > dark + 100
