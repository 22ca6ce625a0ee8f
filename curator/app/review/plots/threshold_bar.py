"""The threshold from which on an image is said to be of a class: a slider, and what comes of it in words."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from curator.app.own_keys import keep_keys
from curator.app.widgets import SectionLabel, label
from curator.evaluation.curves import Counts

_STEPS: Final = 1000
DEFAULT: Final = 0.5


class ThresholdBar(QWidget):
    """`changed` carries the new threshold, 0 to 1, as a person moves it: arrow keys by 0.01, page keys by 0.1.
    `moved` comes after that, and also where it was moved by others."""

    changed = Signal(float)
    moved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._value = DEFAULT
        self._best: float | None = None
        self.heading = SectionLabel("Threshold")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setSingleStep(_STEPS // 100)
        self.slider.setPageStep(_STEPS // 10)
        self.slider.setValue(round(DEFAULT * _STEPS))
        self.slider.setAccessibleName("Threshold")
        self.slider.setMinimumWidth(80)
        keep_keys(self.slider)
        self.box = QDoubleSpinBox()
        self.box.setRange(0.0, 1.0)
        self.box.setDecimals(3)
        self.box.setSingleStep(0.01)
        self.box.setValue(DEFAULT)
        self.box.setKeyboardTracking(False)
        self.box.setAccessibleName("Threshold as a number")
        self.box.setFixedWidth(86)
        self.best_button = QPushButton("Best")
        self.best_button.setToolTip(
            "Where sensitivity + specificity is highest (Youden). Found on these images: on others it may lie "
            "elsewhere."
        )
        self.half_button = QPushButton("0.5")
        self.half_button.setAccessibleName("Threshold back to 0.5")
        self.half_button.setToolTip("Back to 0.5: what is more probable is said")
        self.words = label("", "dim", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.heading, 1)
        head.addWidget(self.best_button)
        head.addWidget(self.half_button)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(self.words)
        self.slider.valueChanged.connect(self._slid)
        self.box.valueChanged.connect(self._typed)
        self.best_button.clicked.connect(self.go_to_best)
        self.half_button.clicked.connect(self._to_half)
        self.set_best(None)

    def value(self) -> float:
        """The threshold."""
        return self._value

    def set_value(self, value: float) -> None:
        """Shows a threshold, without a word to others."""
        self._value = min(max(value, 0.0), 1.0)
        for control in (self.slider, self.box):
            control.blockSignals(True)
        self.slider.setValue(round(self._value * _STEPS))
        self.box.setValue(self._value)
        for control in (self.slider, self.box):
            control.blockSignals(False)
        self.half_button.setEnabled(self._value != DEFAULT)
        self.moved.emit()

    def set_best(self, best: float | None) -> None:
        """Offers the best threshold; None where there is none."""
        self._best = best
        self.best_button.setEnabled(best is not None)
        self.best_button.setText("Best" if best is None else f"Best {best:.2f}")
        self.best_button.setAccessibleName(
            "Best threshold: not defined" if best is None else f"Best threshold {best:.3f}, by Youden"
        )

    def say(self, name: str, counts: Counts, more: str = "") -> None:
        """What comes of the threshold for the class `name`, and `more` after it."""
        of_it = counts.true_positives + counts.false_negatives
        rest = counts.false_positives + counts.true_negatives
        self.words.setText(
            f"{counts.true_positives} of {of_it} {name} found, {counts.false_positives} of {rest} others called "
            f"{name}. Sensitivity {_shown(counts.sensitivity)}, specificity {_shown(counts.specificity)}, "
            f"precision {_shown(counts.precision)}, balanced accuracy {_shown(counts.balanced_accuracy)}.{more}"
        )
        self.slider.setAccessibleDescription(self.words.text())

    def step(self, by: float) -> None:
        """Goes `by` so much higher, as if the user had."""
        self.move_to(round(min(max(self._value + by, 0.0), 1.0), 3))

    def go_to_best(self) -> None:
        """Goes to the best threshold, if there is one."""
        if self._best is not None:
            self.move_to(self._best)

    def move_to(self, value: float) -> None:
        """Goes to a threshold as if the user had."""
        if value != self._value:
            self.set_value(value)
            self.changed.emit(self._value)

    @Slot(int)
    def _slid(self, value: int) -> None:
        self.move_to(value / _STEPS)

    @Slot(float)
    def _typed(self, value: float) -> None:
        self.move_to(value)

    @Slot()
    def _to_half(self) -> None:
        self.move_to(DEFAULT)


def _shown(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"
