"""The preview of the augmentation: real images of the project, plain beside varied."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from curator.app.project_model import ProjectModel
from curator.app.train.augment_preview import IMAGES, AugmentPreview, chosen
from curator.app.train.page import TrainPage
from curator.imaging.decode import load
from curator.imaging.render import network_input
from curator.project import edits


@pytest.fixture
def page(open_model: ProjectModel, qtbot: QtBot) -> Iterator[TrainPage]:
    made = TrainPage(open_model)
    qtbot.addWidget(made)
    made.resize(1300, 860)
    made.show()
    yield made
    open_model.jobs.cancel_all_and_wait()


def pixels(label: object) -> np.ndarray:
    image = label.pixmap().toImage().convertToFormat(label.pixmap().toImage().Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_it_shows_training_images_plain_and_varied_and_draws_again(page: TrainPage, qtbot: QtBot) -> None:
    page.form.more.set_open(True)
    page.form.editor("image_size").setValue(148)
    qtbot.mouseClick(page.form.preview_button, Qt.MouseButton.LeftButton)
    (sheet,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, AugmentPreview)]
    qtbot.waitUntil(lambda: not sheet.varied[-1].pixmap().isNull(), timeout=30_000)
    first = chosen(page.model.project.states())[0]
    expected = network_input(load(page.model.project.root / first.file_name), first.edits, 148)
    assert np.array_equal(pixels(sheet.plain[0]), expected)
    before = [pixels(tile) for tile in sheet.varied]
    assert any(not np.array_equal(one, pixels(tile)) for one, tile in zip(before, sheet.plain, strict=True))
    qtbot.waitUntil(lambda: not page.model.jobs.active())
    qtbot.mouseClick(sheet.again_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: any(not np.array_equal(a, pixels(b)) for a, b in zip(before, sheet.varied, strict=True))
    )
    assert np.array_equal(pixels(sheet.plain[0]), expected)
    sheet.close()


def test_kept_training_images_are_preferred(open_model: ProjectModel) -> None:
    project = open_model.project
    states = project.states()
    assert len(chosen(states)) == IMAGES
    open_model.apply(edits.decide(states[:2], "discard", "quality"))
    shown = chosen(project.states())
    assert {one.id for one in shown}.isdisjoint({states[0].id, states[1].id})
