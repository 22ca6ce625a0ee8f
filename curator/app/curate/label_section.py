"""The inspector's classes: one chip each, and a field for a new one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from curator.app.curate.flow import FlowLayout
from curator.app.curate.text_field import TextField
from curator.app.widgets import Chip


class _NewClass(TextField):
    """Esc gives the new name up."""

    given_up = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class LabelSection(QWidget):
    """`chosen` carries the class; `left` gives the keys back to the page."""

    chosen = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Label")
        self._flow = FlowLayout(self)
        self._chips: dict[str, Chip] = {}
        self._shown = ""
        self.new = Chip("+", checkable=False)
        self.new.setAccessibleName("New class")
        self.new.setToolTip("New class")
        self.new.clicked.connect(self._ask_name)
        self.name = _NewClass()
        self.name.setPlaceholderText("New class…")
        self.name.setAccessibleName("Name of the new class")
        self.name.setFixedWidth(120)
        self.name.left.connect(self._named)
        self.name.given_up.connect(self._given_up)
        self.name.hide()
        self._flow.addWidget(self.new)
        self._flow.addWidget(self.name)

    def chip(self, name: str) -> Chip:
        """The chip of one class."""
        return self._chips[name]

    def set_classes(self, classes: Sequence[str]) -> None:
        """Offers other classes."""
        for widget in (*self._chips.values(), self.new, self.name):
            self._flow.removeWidget(widget)
        for chip in self._chips.values():
            chip.deleteLater()
        self._chips = {}
        for name in classes:
            chip = Chip(name)
            chip.setToolTip(f"Label {name}")
            chip.clicked.connect(lambda _on, name=name: self._clicked(name))
            self._chips[name] = chip
            self._flow.addWidget(chip)
        self._flow.addWidget(self.new)
        self._flow.addWidget(self.name)
        self.show_label(self._shown)
        self.updateGeometry()

    def show_label(self, name: str) -> None:
        """Presses the chip of a class."""
        self._shown = name
        for one, chip in self._chips.items():
            chip.setChecked(one == name)

    def _clicked(self, name: str) -> None:
        # What is so is shown, not what was clicked: the user may be asked first.
        self.show_label(self._shown)
        self.chosen.emit(name)

    def _ask_name(self) -> None:
        self.new.hide()
        self.name.show()
        self.name.setFocus()
        self.updateGeometry()

    def _named(self) -> None:
        text = self.name.text().strip()
        self._given_up()
        if text:
            self.chosen.emit(text)

    def _given_up(self) -> None:
        self.name.clear()
        self.name.hide()
        self.new.show()
        self.updateGeometry()
        self.left.emit()
