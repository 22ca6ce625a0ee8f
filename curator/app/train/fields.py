"""The kinds of input that the form of a training is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox

Choice: TypeAlias = str | bool
Kind: TypeAlias = Literal["count", "size", "batch", "rate", "fraction", "flag", "choice", "weights"]


_INDENT: Final = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One option: its field of `TrainConfig`, what it is called, how it is asked for."""

    name: str
    words: str
    kind: Kind
    tip: str


class RateBox(QDoubleSpinBox):
    """A small positive number, written 1e-3; the arrows go 1, 2, 5, 10."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(12)
        self.setRange(0.0, 10.0)
        _indent(self)

    def textFromValue(self, value: float) -> str:
        """Scientific, as short as it is exact."""
        if value == 0:
            return "0"
        mantissa, exponent = f"{value:.6e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"

    def valueFromText(self, text: str) -> float:
        """Any notation that Python reads."""
        try:
            return float(text)
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Lets any number be typed."""
        try:
            fits = self.minimum() <= float(text) <= self.maximum()
        except ValueError:
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Acceptable if fits else QValidator.State.Invalid, text, position

    def stepBy(self, steps: int) -> None:
        """Up or down the row 1, 2, 5, 10."""
        for _ in range(abs(steps)):
            self.setValue(_neighbour(self.value(), up=steps > 0))


class FractionBox(QDoubleSpinBox):
    """0 to 0.99 in steps of 0.05."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(2)
        self.setRange(0.0, 0.99)
        self.setSingleStep(0.05)
        _indent(self)


class BatchBox(QSpinBox):
    """2 or more images, or 0, shown as "auto": the size is to be found. 1 can't be chosen."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.setRange(0, most)
        _indent(self)
        self.show_found(None)

    def show_found(self, size: int | None) -> None:
        """Shows in place of "auto" what was found the last time; None for not yet."""
        self.setSpecialValueText("auto" if size is None else f"{size}, found")

    def stepBy(self, steps: int) -> None:
        """Steps over 1."""
        wanted = self.value() + steps
        if wanted == 1:
            wanted = 2 if steps > 0 else 0
        self.setValue(wanted)

    def valueFromText(self, text: str) -> int:
        """Any words but a number are "auto"; 1 is as near to that as to 2."""
        digits = text.strip()
        number = int(digits) if digits.isdecimal() else 0
        return 2 if number == 1 else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Lets a number be typed, or "auto"."""
        words = text.strip()
        if words.isdecimal():
            fits = int(words) <= self.maximum()
            return QValidator.State.Acceptable if fits else QValidator.State.Invalid, text, position
        if words in (self.specialValueText(), "auto"):
            return QValidator.State.Acceptable, text, position
        known = not words or "auto".startswith(words) or self.specialValueText().startswith(words)
        return QValidator.State.Intermediate if known else QValidator.State.Invalid, text, position


def count_box(least: int, most: int, *, step: int = 1) -> QSpinBox:
    """A whole number."""
    box = QSpinBox()
    box.setRange(least, most)
    box.setSingleStep(step)
    _indent(box)
    return box


def choice_box(choices: Sequence[tuple[Choice, str]]) -> QComboBox:
    """One of a few values, each with its words."""
    box = QComboBox()
    for choice, words in choices:
        box.addItem(words, choice)
    return box


def _indent(box: QAbstractSpinBox) -> None:
    """Numbers begin where the words of a list do; of the stylesheet's padding Qt takes nothing in such a box."""
    editor = box.findChild(QLineEdit)
    if editor is not None:
        editor.setTextMargins(_INDENT, 0, 0, 0)


def _neighbour(value: float, *, up: bool) -> float:
    row = [mantissa * 10.0**exponent for exponent in range(-9, 1) for mantissa in (1, 2, 5)]
    if up:
        return next((float(f"{one:.0e}") for one in row if one > value * 1.001), value)
    return next((float(f"{one:.0e}") for one in reversed(row) if one < value * 0.999), 0.0)
