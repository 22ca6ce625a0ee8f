"""Drawing on the canvas with the mouse; and what it shows is what training gets, pixel for pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from curate_help import (
    CROP,
    HEIGHT,
    TEXT,
    WIDTH,
    at,
    click,
    drag,
    make_dataset,
    on_disk,
    open_with_proposals,
    press,
    settle,
    state,
    type_keys,
)
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from curator.app.curate.canvas import Canvas
from curator.app.curate.page import CuratePage
from curator.app.image_loader import ImageLoader
from curator.app.image_work import to_pixels
from curator.app.main_window import MainWindow
from curator.imaging.decode import load
from curator.imaging.render import mask_area, network_input, render, to_square
from curator.records import FILLS, Crop, Edits, ImageState, Mask

Ctrl = Qt.KeyboardModifier.ControlModifier
ORIENTATIONS = range(1, 9)


@pytest.fixture
def page(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> CuratePage:
    window.resize(1200, 800)
    return open_with_proposals(window, make_dataset(tmp_path / "scans"), qtbot)


def masks(page: CuratePage) -> tuple[Mask, ...]:
    return state(page, "no/a.png").masks


def test_dragging_a_handle_mends_the_crop(page: CuratePage) -> None:
    drag(page, (CROP.x + CROP.width, CROP.y + CROP.height), (105, 88), (110, 90))
    stored = on_disk(page)["no/a.png"]
    assert stored.crop == Crop(20, 10, 90, 80)
    assert "crop" in stored.edited


def test_a_click_on_a_handle_changes_nothing(page: CuratePage) -> None:
    click(page, CROP.x, CROP.y)
    assert page.model.project.history() == []


def test_drawing_a_new_crop(page: CuratePage) -> None:
    type_keys("c")
    assert page.stage.tools.buttons["crop"].isChecked()
    drag(page, (30.2, 30.2), (50, 50), (60.8, 70.8))
    assert on_disk(page)["no/a.png"].crop == Crop(30, 30, 31, 41)


def test_a_box_gets_the_kind_of_the_digit(page: CuratePage) -> None:
    type_keys("m3")
    drag(page, (40.2, 20.2), (45, 25), (49.8, 29.8))
    assert page.stage.kinds.isVisible()
    assert masks(page)[1:] == (Mask("arrow", ((40, 20), (49, 20), (49, 29), (40, 29))),)
    type_keys("5")
    press(Qt.Key.Key_Escape)
    assert page.canvas.tool == "select"
    stored = on_disk(page)["no/a.png"]
    assert stored.masks[1].kind == "border"
    assert stored.masks[0] == TEXT


def test_a_polygon_closes_on_its_first_corner(page: CuratePage) -> None:
    type_keys("p")
    for corner in ((50, 40), (70, 40), (90, 20), (70, 60)):
        click(page, corner[0] + 0.5, corner[1] + 0.5)
    press(Qt.Key.Key_Backspace)
    click(page, 60.5, 60.5)
    click(page, 50.5, 40.5)
    assert on_disk(page)["no/a.png"].masks[1].polygon == ((50, 40), (70, 40), (90, 20), (60, 60))


def test_enter_closes_a_polygon_and_esc_gives_it_up(page: CuratePage) -> None:
    type_keys("p")
    click(page, 50.5, 40.5)
    press(Qt.Key.Key_Escape)
    assert page.canvas.tool == "polygon"
    for corner in ((30, 30), (40, 30), (40, 50)):
        click(page, corner[0] + 0.5, corner[1] + 0.5)
    press(Qt.Key.Key_Return)
    assert masks(page)[1].polygon == ((30, 30), (40, 30), (40, 50))


def test_brush_and_eraser(page: CuratePage) -> None:
    type_keys("b2")
    page.canvas.set_brush(4)
    drag(page, (40, 50), (60, 50), (80, 50))
    painted = masks(page)[1]
    assert painted.kind == "ruler"
    area = mask_area((painted,), WIDTH, HEIGHT)
    assert area[50, 40:80].all()
    assert area[44].sum() == area[56].sum() == 0
    drag(page, (60, 40), (60, 50))
    assert len(masks(page)) == 2
    type_keys("e")
    drag(page, (50, 60), (50, 40))
    assert len(masks(page)) == 3
    left = mask_area(masks(page)[1:], WIDTH, HEIGHT)
    assert left[50, 50] == 0
    assert left[50, 42] == left[50, 70] == 1
    press(Qt.Key.Key_Z, Ctrl)
    press(Qt.Key.Key_Z, Ctrl)
    assert on_disk(page)["no/a.png"].masks[1] == painted


def test_a_mask_is_selected_moved_reshaped_and_deleted(page: CuratePage, qtbot: QtBot) -> None:
    click(page, 9.5, 5.5)
    settle(page, qtbot)
    assert page.canvas.selected == 0
    assert page.inspector.overlays.button(0).isChecked()
    drag(page, (9.5, 5.5), (12.5, 15.5), (14.5, 25.5))
    assert masks(page)[0].polygon[0] == (7, 22)
    drag(page, (7.5, 22.5), (5.5, 20.5), (4.5, 18.5))
    assert masks(page)[0].polygon[0] == (4, 18)
    press(Qt.Key.Key_Right, Ctrl)
    assert masks(page)[0].polygon[0] == (5, 18)
    press(Qt.Key.Key_Delete)
    assert on_disk(page)["no/a.png"].masks == ()


def test_overlay_rows_say_where_and_delete(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("m")
    drag(page, (40.2, 20.2), (49.8, 29.8))
    settle(page, qtbot)
    rows = page.inspector.overlays.rows
    assert [(row.where, row.score) for row in rows] == [("background", 0.97), ("by hand", None)]
    page.inspector.overlays.deleted.emit(0)
    assert [mask.polygon[0] for mask in masks(page)] == [(40, 20)]


def test_zoom_stays_under_the_pointer(page: CuratePage) -> None:
    canvas = page.canvas
    place = at(page, 30, 70)
    before = canvas.mapToScene(place)
    scale = canvas.view_scale
    for _ in range(4):
        turn = QWheelEvent(
            QPointF(place),
            QPointF(canvas.viewport().mapToGlobal(place)),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas.viewport(), turn)
    after = canvas.mapToScene(place)
    assert canvas.view_scale == pytest.approx(scale * 1.25**4)
    assert abs(after.x() - before.x()) * canvas.view_scale <= 1
    assert abs(after.y() - before.y()) * canvas.view_scale <= 1
    type_keys("f")
    assert canvas.view_scale == pytest.approx(scale)
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at(page, 60, 50))
    assert canvas.device_scale == 1


def test_pan_with_the_middle_button_and_with_h(page: CuratePage) -> None:
    view = page.canvas.viewport()
    origin = at(page, 0, 0)
    QTest.mousePress(view, Qt.MouseButton.MiddleButton, pos=QPoint(400, 300))
    QTest.mouseMove(view, QPoint(430, 310))
    QTest.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=QPoint(430, 310))
    assert at(page, 0, 0) - origin == QPoint(30, 10)
    type_keys("m")
    QTest.keyPress(page.canvas, Qt.Key.Key_H)
    drag(page, (50, 50), (55, 50))
    QTest.keyRelease(page.canvas, Qt.Key.Key_H)
    assert len(masks(page)) == 1


def test_side_by_side_shows_the_cleaned_image(page: CuratePage, qtbot: QtBot) -> None:
    type_keys("s")
    assert page.stage.cleaned.isVisible()
    original = load(page.model.project.root / "no/a.png")
    qtbot.waitUntil(lambda: page.stage.cleaned.pixels() is not None)
    assert np.array_equal(page.stage.cleaned.pixels(), render(original, state(page, "no/a.png").edits))
    press(Qt.Key.Key_Right, Ctrl)
    moved = render(original, state(page, "no/a.png").edits)
    qtbot.waitUntil(lambda: np.array_equal(page.stage.cleaned.pixels(), moved))


# The same pixels on the canvas, in `imaging.render` and in what a network gets


@pytest.fixture
def loader(qapp: QApplication) -> Iterator[ImageLoader]:
    made = ImageLoader()
    yield made
    made.close()


def oriented(folder: Path) -> list[Path]:
    """One colour image a possible EXIF orientation, lossless."""
    rng = np.random.default_rng(11)
    paths = []
    for number in ORIENTATIONS:
        exif = Image.Exif()
        exif[0x0112] = number
        path = folder / f"turned{number}.png"
        Image.fromarray(rng.integers(0, 256, (60, 84, 3), np.uint8)).save(path, exif=exif)
        paths.append(path)
    return paths


def some_edits(width: int, height: int) -> list[Edits]:
    """Twenty: with and without crop, none to three masks, some beyond the border."""
    rng = np.random.default_rng(5)
    made = []
    for number in range(20):
        crop = None
        if number % 4:
            x, y = int(rng.integers(0, width - 8)), int(rng.integers(0, height - 8))
            crop = Crop(x, y, int(rng.integers(4, width)), int(rng.integers(4, height))).clipped(
                width, height
            )
        polygons = tuple(
            tuple(
                (int(a), int(b))
                for a, b in rng.integers((-4, -4), (width + 4, height + 4), (3 + number % 3, 2))
            )
            for _ in range(number % 4)
        )
        made.append(Edits(crop, tuple(Mask("text", polygon) for polygon in polygons)))
    return made


def test_canvas_render_and_network_input_are_the_same_pixels(
    loader: ImageLoader, tmp_path: Path, qtbot: QtBot
) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    loader.set_root(tmp_path)
    canvas.set_mode("cleaned")
    for number, path in enumerate(oriented(tmp_path)):
        original = load(path)
        height, width = original.shape[:2]
        bare = bare_state(number, path.name, width, height)
        qtbot.waitUntil(lambda bare=bare: loader.image(bare) is not None)
        canvas.show_image(bare, loader.image(bare))
        assert np.array_equal(canvas.shown_pixels(), original)
        for edit in some_edits(width, height):
            for fill in FILLS:
                edits = replace(edit, fill=fill)
                shown = replace(bare, crop=edits.crop, masks=edits.masks, fill=fill)
                canvas.show_state(shown)
                qtbot.waitUntil(lambda shown=shown: loader.cleaned(shown) is not None)
                canvas.show_cleaned(loader.cleaned(shown))
                expected = render(original, edits)
                assert np.array_equal(canvas.cleaned_image(), expected)
                assert np.array_equal(canvas.shown_pixels(), expected)
                square = to_square(canvas.cleaned_image(), 64)
                assert np.array_equal(square, network_input(original, edits, 64))


def test_large_images_are_painted_from_smaller_ones(
    loader: ImageLoader, tmp_path: Path, qtbot: QtBot
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1100, 2000, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "large.png")
    loader.set_root(tmp_path)
    large = bare_state(1, "large.png", 2000, 1100)
    qtbot.waitUntil(lambda: loader.image(large) is not None)
    loaded = loader.image(large)
    assert [(level.width(), level.height()) for level in loaded.levels] == [
        (2000, 1100),
        (1000, 550),
        (500, 275),
    ]
    assert np.array_equal(to_pixels(loaded.levels[0]), pixels)


def bare_state(number: int, name: str, width: int, height: int) -> ImageState:
    return ImageState(
        id=number,
        file_name=name,
        sha256=name,
        width=width,
        height=height,
        size_bytes=1,
        label="yes",
        decision="undecided",
        discard_reason=None,
        crop=None,
        masks=(),
        fill="black",
        note="",
        copy_group=None,
        group="g",
        split=None,
        decided_by=None,
        confidence=None,
        error=None,
        proposal=None,
    )
