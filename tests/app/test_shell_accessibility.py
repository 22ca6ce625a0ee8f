"""Every control can be named by a screen reader. `nameless` is for the tests of the pages, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollBar,
    QTableView,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from curator.app.keys_dialog import KeysDialog
from curator.app.main_window import MainWindow
from curator.app.project_model import ProjectModel

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QGraphicsView,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)


def nameless(root: QWidget) -> list[str]:
    """The interactive widgets below `root` without an accessible name, each with the way to it."""
    return [_way(widget) for widget in _controls(root) if not widget.accessibleName().strip()]


def _controls(root: QWidget) -> Iterator[QWidget]:
    for widget in root.findChildren(QWidget):
        is_control = isinstance(widget, CONTROLS) and not isinstance(widget, (QScrollBar, QHeaderView))
        # A button that is hidden while it has nothing to say gets its name with its words.
        waits = isinstance(widget, QAbstractButton) and widget.isHidden() and not widget.text()
        if is_control and not waits and not _is_part_of_a_control(widget):
            yield widget


def _is_part_of_a_control(widget: QWidget) -> bool:
    """Whether Qt itself put it into another control, which names it."""
    if widget.objectName().startswith("qt_"):
        return True
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, (QAbstractSpinBox, QComboBox, QKeySequenceEdit, QLineEdit, QTableView)):
            return True
        above = above.parentWidget()
    return False


def _way(widget: QWidget | None) -> str:
    names = []
    while widget is not None:
        names.append(widget.accessibleName() or widget.objectName() or type(widget).__name__)
        widget = widget.parentWidget()
    return " < ".join(names)


def test_the_helper_finds_a_nameless_button(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    QPushButton("Go", box)
    named = QPushButton("Go", box)
    named.setAccessibleName("Go")
    assert nameless(box) == ["QPushButton < QWidget"]


def test_the_start_page_and_the_bars(window: MainWindow) -> None:
    assert len(list(_controls(window))) > 8
    assert nameless(window) == []


def test_the_keys_dialog(window: MainWindow, qtbot: QtBot) -> None:
    dialog = KeysDialog(window.settings, window)
    assert nameless(dialog) == []
    dialog.close()


def test_the_export_dialog(open_model: ProjectModel, qtbot: QtBot) -> None:
    from curator.app.export_dialog import ExportDialog

    dialog = ExportDialog(open_model)
    qtbot.addWidget(dialog)
    assert nameless(dialog) == []


def test_the_train_page(open_model: ProjectModel, qtbot: QtBot) -> None:
    from curator.app.train.page import TrainPage

    page = TrainPage(open_model)
    qtbot.addWidget(page)
    assert len(list(_controls(page))) > 15
    assert nameless(page) == []


@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_page_in_the_window(window: MainWindow, dataset: object, qtbot: QtBot, index: int) -> None:
    assert window.open_folder(dataset)
    window.show_page(index)
    assert nameless(window) == []
