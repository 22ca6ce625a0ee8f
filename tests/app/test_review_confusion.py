"""The confusion matrix from 2 to 151 classes: keys, zoom, the worst pairs, files."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from test_shell_accessibility import nameless

from curator.app.review.confusion import ConfusionMatrix
from curator.app.review.confusion_pane import ConfusionPane

LEFT = Qt.MouseButton.LeftButton


def counts_of(classes: int) -> np.ndarray:
    counts = np.diag(np.arange(classes) % 7 + 20).astype(np.int64)
    counts[3, 1] = 9
    counts[0, 2] = 4
    counts[2, 0] = 4
    return counts


def made(qtbot: QtBot, classes: int, width: int = 520) -> ConfusionPane:
    pane = ConfusionPane()
    qtbot.addWidget(pane)
    pane.resize(width, pane.heightForWidth(width))
    counts = np.array([[30, 5], [2, 40]], np.int64) if classes == 2 else counts_of(classes)
    pane.show_counts(tuple(f"class {number}" for number in range(classes)), counts)
    pane.resize(width, pane.heightForWidth(width))
    pane.show()
    qtbot.waitExposed(pane)
    return pane


@pytest.mark.parametrize("classes", [2, 8, 151])
def test_each_cell_lies_where_it_is_found(qtbot: QtBot, classes: int) -> None:
    matrix = made(qtbot, classes).matrix
    for cell in ((0, 0), (1, 0), (classes - 1, classes // 2), (classes - 1, classes - 1)):
        rect = matrix.cell_rect(*cell)
        assert matrix.rect().contains(rect)
        assert matrix.cell_at(rect.center()) == cell


def test_numbers_up_to_eight_classes_even_in_a_narrow_place_and_heat_for_many(qtbot: QtBot) -> None:
    assert made(qtbot, 2, 268).matrix.is_legible()
    assert made(qtbot, 8, 268).matrix.is_legible()
    dense = made(qtbot, 151)
    assert not dense.matrix.is_legible()
    assert dense.zoom_in.isVisible()
    assert not made(qtbot, 8).zoom_in.isVisible()


def test_counts_and_rates_by_a_click(qtbot: QtBot) -> None:
    pane = made(qtbot, 2)
    seen = []
    for mode in ("both", "counts", "rates"):
        qtbot.mouseClick(pane.mode.button(mode), LEFT)
        seen.append(pane.matrix.grab().toImage())
    assert seen[0] != seen[1]
    assert seen[1] != seen[2]
    assert seen[0] != seen[2]


def test_keys_walk_zoom_and_choose_among_151_classes(qtbot: QtBot) -> None:
    pane = made(qtbot, 151)
    matrix = pane.matrix
    heard: list[object] = []
    pane.chosen.connect(heard.append)
    matrix.setFocus()
    for _ in range(3):
        qtbot.keyClick(matrix, Qt.Key.Key_Down)
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert pane.words.text() == "is class 3, said class 1: 9 of 32 (28 %)"
    qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert heard == [(3, 1)]
    for _ in range(6):
        qtbot.keyClick(matrix, Qt.Key.Key_Plus)
    assert matrix.is_legible()
    assert not matrix.cell_rect(3, 1).isEmpty()
    assert matrix.cell_rect(150, 150).isEmpty()
    # What is walked to comes into view.
    qtbot.keyClick(matrix, Qt.Key.Key_End)
    for _ in range(4):
        qtbot.keyClick(matrix, Qt.Key.Key_Up)
    rect = matrix.cell_rect(150, 150)
    assert not rect.isEmpty()
    assert matrix.cell_at(rect.center()) == (150, 150)
    qtbot.keyClick(matrix, Qt.Key.Key_0)
    assert not matrix.is_zoomed()
    assert not pane.zoom_out.isEnabled()


def test_pointing_says_what_a_tiny_cell_is(qtbot: QtBot) -> None:
    pane = made(qtbot, 151)
    qtbot.mouseMove(pane.matrix, QPoint(5, 5))
    qtbot.mouseMove(pane.matrix, pane.matrix.cell_rect(2, 0).center())
    assert pane.words.text() == "is class 2, said class 0: 4 of 26 (15 %)"


def test_the_worst_pairs_come_first_and_filter(qtbot: QtBot) -> None:
    pane = made(qtbot, 151)
    heard: list[object] = []
    pane.chosen.connect(heard.append)
    qtbot.mouseClick(pane.worst_chip, LEFT)
    assert pane.worst.isVisible()
    assert [pane.worst.row_words(row) for row in range(3)] == [
        ("class 3", "class 1", "9", "28 %"),
        ("class 0", "class 2", "4", "17 %"),
        ("class 2", "class 0", "4", "15 %"),
    ]
    pane.worst.setFocus()
    qtbot.keyClick(pane.worst, Qt.Key.Key_Down)
    qtbot.keyClick(pane.worst, Qt.Key.Key_Down)
    assert heard[-1] == (2, 0) or heard[-1] == (0, 2)
    qtbot.mouseClick(pane.worst_chip, LEFT)
    assert pane.matrix.isVisible()
    assert pane.matrix.cell == heard[-1]


def test_other_counts_of_the_same_classes_keep_what_is_chosen(qtbot: QtBot) -> None:
    pane = made(qtbot, 8)
    qtbot.mouseClick(pane.matrix, LEFT, pos=pane.matrix.cell_rect(3, 1).center())
    pane.show_counts(pane.matrix.classes, pane.matrix.counts + 1, keep=True)
    assert pane.matrix.cell == (3, 1)
    assert pane.words.text().startswith("is class 3, said class 1: 10 of ")
    pane.show_counts(pane.matrix.classes, pane.matrix.counts)
    assert pane.matrix.cell is None


@pytest.mark.parametrize("classes", [2, 151])
def test_the_matrix_is_saved(
    qtbot: QtBot, classes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = made(qtbot, classes)
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda _parent, _title, offer, _kinds: (str(tmp_path / offer), "")
    )
    for one in pane.save.menu().actions():
        one.trigger()
    image = QImage(str(tmp_path / "confusion-matrix.png"))
    assert image.width() == 2 * pane.matrix.width()
    drawing = ElementTree.fromstring((tmp_path / "confusion-matrix.svg").read_text(encoding="utf-8"))
    assert drawing.tag.endswith("svg")
    with (tmp_path / "confusion-matrix.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["is", *(f"said {name}" for name in pane.matrix.classes)]
    assert [[int(count) for count in row[1:]] for row in rows[1:]] == pane.matrix.counts.tolist()


def test_every_control_has_a_name(qtbot: QtBot, qapp: QApplication) -> None:
    assert nameless(made(qtbot, 151)) == []


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
