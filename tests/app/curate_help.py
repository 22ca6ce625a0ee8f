"""Hands for the tests of Curate: a dataset with proposals, keys as typed, the mouse in image pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from app_waiting import wait_until_quiet
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from curator.project import Project
from curator.records import Crop, ImageState, Mask, Overlay, Proposal

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from curator.app.curate.page import CuratePage
    from curator.app.main_window import MainWindow

NAMES = ("no/a.png", "no/b.png", "no/c.png", "yes/d.png", "yes/e.png", "yes/f.png")
WIDTH, HEIGHT = 120, 100
CROP = Crop(20, 10, 80, 70)
TEXT = Mask("text", ((2, 2), (17, 2), (17, 9), (2, 9)))


def make_dataset(root: Path) -> Path:
    """Six different images, none a copy of another."""
    rng = np.random.default_rng(3)
    for name in NAMES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.kron(rng.integers(40, 220, (HEIGHT // 10, WIDTH // 10), np.uint8), np.ones((10, 10)))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return root


def proposal(confidence: float = 0.95, *, crop: Crop | None = CROP) -> Proposal:
    """A crop and one masked text, kept."""
    x0, y0 = TEXT.polygon[0]
    overlays = (Overlay("text", "background", (x0, y0, 18, 10), 0.97),)
    return Proposal("keep", None, crop, (TEXT,), confidence, "Head found.", "test/1", overlays)


def open_with_proposals(window: MainWindow, root: Path, qtbot: QtBot) -> CuratePage:
    """Opens the dataset, gives each image a known proposal, and waits for the first one to be painted."""
    window.settings.profile = "general"
    assert window.open_folder(root)
    wait_until_quiet(window.model, qtbot)
    project = window.model.project
    assert project is not None
    sure = dict.fromkeys(NAMES, 0.95) | {"no/c.png": 0.3, "yes/f.png": 0.5}
    window.model.announce(
        project.set_proposals({project.id_of(name): proposal(sure[name]) for name in NAMES})
    )
    page: CuratePage = window.curate
    window.activateWindow()
    page.activate()
    settle(page, qtbot)
    return page


def settle(page: CuratePage, qtbot: QtBot) -> None:
    """Returns once the current image is decoded and everything beside it is up to date."""
    qtbot.waitUntil(
        lambda: page.canvas.shown_pixels() is not None and not page._soon.isActive(), timeout=5_000
    )


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key as a person types it: to whatever has the focus."""
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key, modifiers)
    QApplication.processEvents()


def type_keys(text: str) -> None:
    """Letters and digits, one after the other."""
    for letter in text:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, letter)
        QApplication.processEvents()


def at(page: CuratePage, x: float, y: float) -> QPoint:
    """Where on the canvas a point of the image is."""
    point = page.canvas.viewportTransform().map(QPointF(x, y))
    return QPoint(round(point.x()), round(point.y()))


def drag(
    page: CuratePage,
    *points: tuple[float, float],
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Presses at the first point of the image, moves over the others, lets go at the last."""
    view = page.canvas.viewport()
    places = [at(page, *point) for point in points]
    _mouse(view, QEvent.Type.MouseButtonPress, places[0], held)
    for place in places[1:]:
        _mouse(view, QEvent.Type.MouseMove, place, held)
    _mouse(view, QEvent.Type.MouseButtonRelease, places[-1], held)


def click(page: CuratePage, x: float, y: float) -> None:
    """A click on a point of the image."""
    QTest.mouseClick(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=at(page, x, y))
    QApplication.processEvents()


def state(page: CuratePage, name: str) -> ImageState:
    """The effective state of an image."""
    project = page.model.project
    assert project is not None
    image_id = project.id_of(name)
    assert image_id is not None
    return project.state(image_id)


def current_name(page: CuratePage) -> str:
    """The file name that the user sees in the status bar."""
    shown = page.window().status.page_text().split("    ")  # type: ignore[attr-defined]
    return shown[1] if len(shown) > 1 else ""


def on_disk(page: CuratePage, names: Sequence[str] = NAMES) -> dict[str, ImageState]:
    """Closes the project and reads it again from the disk."""
    project = page.model.project
    assert project is not None
    root = project.root
    page.model.close()
    with Project.open(root) as again:
        return {name: again.state(again.id_of(name) or -1) for name in names}


def _mouse(view: QWidget, kind: QEvent.Type, place: QPoint, keys: Qt.KeyboardModifier) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    event = QMouseEvent(
        kind,
        QPointF(place),
        QPointF(view.mapToGlobal(place)),
        button,
        held,
        keys,
    )
    QApplication.sendEvent(view, event)
    QApplication.processEvents()
