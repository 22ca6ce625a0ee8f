"""Two quiet buttons below the big one, and the few choices that each asks for before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app.train.fields import count_box
from curator.app.widgets import Segment, label

Kind: TypeAlias = Literal["crossval", "ablation"]

_FOLDS: Final = 5
_MOST_FOLDS: Final = 20
_VARIANTS: Final = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is wanted; `folds` 0 is an ablation on the fixed split."""

    kind: Kind
    folds: int
    include_test: bool


class ValidationBar(QWidget):
    """`wanted` carries a `Comparison`."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Cross-validation and ablation")
        self._kind: Kind | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 15, 12)
        column.setSpacing(8)
        self.choices = self._panel()
        column.addWidget(self.choices)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.crossval_button = _link("Cross-validate…", self._ask_crossval)
        self.crossval_button.setToolTip("Every image predicted once, by a network that did not learn from it")
        self.ablation_button = _link("Ablation…", self._ask_ablation)
        self.ablation_button.setToolTip(
            "What cropping and masking are worth: raw, cropped, cropped and masked"
        )
        row.addWidget(self.crossval_button)
        row.addWidget(self.ablation_button)
        row.addStretch(1)
        column.addLayout(row)
        self._close()

    def set_ready(self, ready: bool, *, running: bool) -> None:
        """Whether anything can begin; while a training runs there is nothing to choose."""
        self.setVisible(not running)
        if not ready:
            self._close()
        for button in (self.crossval_button, self.ablation_button):
            button.setEnabled(ready)

    def comparison(self) -> Comparison:
        """What the choices say."""
        folds = self.folds.value()
        if self._kind == "ablation" and self.way.value() == "split":
            folds = 0
        return Comparison(self._kind or "crossval", folds, self.include_test.isChecked())

    def words(self) -> str:
        """What is said of what would be trained, as shown."""
        return self._words.text()

    def _panel(self) -> QWidget:
        panel = QFrame()
        panel.setProperty("role", "card")
        column = QVBoxLayout(panel)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        self._title = label("", "name")
        column.addWidget(self._title)
        self.way = Segment("Judge by", [("split", "Fixed split"), ("folds", "Folds")])
        self.way.set_value("split")
        self.way.chosen.connect(self._show)
        column.addWidget(self.way)
        self._folds_row = QWidget()
        row = QHBoxLayout(self._folds_row)
        row.setContentsMargins(0, 0, 0, 0)
        words = label("Folds", "dim")
        self.folds = count_box(2, _MOST_FOLDS)
        self.folds.setValue(_FOLDS)
        self.folds.setAccessibleName("Number of folds")
        self.folds.setFixedWidth(80)
        self.folds.valueChanged.connect(self._show)
        words.setBuddy(self.folds)
        row.addWidget(words, 1)
        row.addWidget(self.folds)
        column.addWidget(self._folds_row)
        self.include_test = QCheckBox("Include the test split")
        self.include_test.setAccessibleName("Include the test split")
        self.include_test.setChecked(True)
        self.include_test.toggled.connect(self._show)
        column.addWidget(self.include_test)
        self._words = label("", "dim", wrap=True)
        column.addWidget(self._words)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.start_button = QPushButton("Start")
        self.start_button.setProperty("role", "primary")
        self.start_button.clicked.connect(self._start)
        self.cancel_button = QPushButton("Not now")
        self.cancel_button.setAccessibleName("Not now")
        self.cancel_button.clicked.connect(self._close)
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.cancel_button, 1)
        column.addLayout(buttons)
        return panel

    @Slot()
    def _ask_crossval(self) -> None:
        self._ask("crossval")

    @Slot()
    def _ask_ablation(self) -> None:
        self._ask("ablation")

    def _ask(self, kind: Kind) -> None:
        if self._kind == kind and not self.choices.isHidden():
            self._close()
            return
        self._kind = kind
        self._title.setText("Cross-validate" if kind == "crossval" else "Ablation")
        self.start_button.setAccessibleName(f"Start: {self._title.text()}")
        self.way.setVisible(kind == "ablation")
        self._show()
        self.choices.show()
        self.start_button.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _close(self) -> None:
        self._kind = None
        self.choices.hide()
        self.start_button.setAccessibleName("Start")

    @Slot()
    def _start(self) -> None:
        if self._kind is not None:
            chosen = self.comparison()
            self._close()
            self.wanted.emit(chosen)

    @Slot()
    def _show(self) -> None:
        chosen = self.comparison()
        for part in (self._folds_row, self.include_test):
            part.setVisible(chosen.folds > 0)
        self._words.setText(_explained(chosen))


def _explained(chosen: Comparison) -> str:
    trainings = (chosen.folds or 1) * (_VARIANTS if chosen.kind == "ablation" else 1)
    if chosen.kind == "crossval":
        words = (
            f"{trainings} trainings. Each image is predicted once, by a network that did not learn from it."
        )
    else:
        words = f"{trainings} trainings on raw, cropped, and cropped and masked images; all else is the same."
    if not chosen.folds:
        return f"{words} Judged on the test split, which a cleaning chosen by it has then seen."
    if chosen.include_test:
        return f"{words} What is chosen by these figures has seen the test split."
    return f"{words} The test split stays fit to judge what is chosen."


def _link(words: str, slot: object) -> QPushButton:
    button = QPushButton(words)
    button.setAccessibleName(words)
    button.setProperty("role", "link")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(slot)
    return button
