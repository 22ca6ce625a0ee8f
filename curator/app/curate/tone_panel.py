"""The panel for window, level, gamma and invert, at the lower right of the canvas."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from curator.app.curate.floating import Panel
from curator.app.curate.tone import LEVEL, WINDOW, Tone
from curator.app.widgets import Chip, KeyHint, SectionLabel, label

_WIDTH: Final = 236
# The slider of gamma runs over the powers of two from 1/4 to 4, in steps of a tenth.
_GAMMA_STEPS: Final = 20


class TonePanel(Panel):
    """`changed` carries a `Tone`."""

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Contrast of the view")
        self._tone = Tone()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 12, 10)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(SectionLabel("View"))
        head.addStretch(1)
        self.reset = QPushButton("as it is")
        self.reset.setProperty("role", "link")
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset.setAccessibleName("Show grey values as they are")
        self.reset.clicked.connect(lambda: self.changed.emit(Tone()))
        head.addWidget(self.reset)
        column.addLayout(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self._values = {}
        self.sliders: dict[str, QSlider] = {}
        for row, (name, words, least, most) in enumerate(
            (
                ("window", "Window", int(WINDOW[0]), int(WINDOW[1])),
                ("level", "Level", int(LEVEL[0]), int(LEVEL[1])),
                ("gamma", "Gamma", -_GAMMA_STEPS, _GAMMA_STEPS),
            )
        ):
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(least, most)
            slider.setAccessibleName(words)
            slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            slider.valueChanged.connect(self._moved)
            self.sliders[name] = slider
            self._values[name] = label("", "value")
            self._values[name].setMinimumWidth(30)
            self._values[name].setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(words, "dim"), row, 0)
            grid.addWidget(slider, row, 1)
            grid.addWidget(self._values[name], row, 2)
        column.addLayout(grid)
        foot = QHBoxLayout()
        self.invert = Chip("invert")
        self.invert.clicked.connect(self._moved)
        foot.addWidget(self.invert)
        foot.addWidget(KeyHint("curate.invert"), 0, Qt.AlignmentFlag.AlignVCenter)
        foot.addStretch(1)
        foot.addWidget(label("or drag right", "small"))
        column.addLayout(foot)
        self.setFixedWidth(_WIDTH)
        self.show_tone(self._tone)
        self.hide()

    def show_tone(self, tone: Tone) -> None:
        """Shows a tone that was set otherwise."""
        self._tone = tone
        for name, value in (
            ("window", tone.window),
            ("level", tone.level),
            ("gamma", 10 * math.log2(tone.gamma)),
        ):
            slider = self.sliders[name]
            slider.blockSignals(True)
            slider.setValue(round(value))
            slider.blockSignals(False)
        self._values["window"].setText(f"{tone.window:.0f}")
        self._values["level"].setText(f"{tone.level:.0f}")
        self._values["gamma"].setText(f"{tone.gamma:.2g}")
        self.invert.setChecked(tone.inverted)
        self.reset.setEnabled(not tone.is_plain)

    def _moved(self, _value: object = None) -> None:
        level = self.sliders["level"].value()
        self.changed.emit(
            Tone(
                float(self.sliders["window"].value()),
                # Half a grey value below the middle is where the slider cannot stand.
                self._tone.level if level == round(self._tone.level) else float(level),
                2 ** (self.sliders["gamma"].value() / 10),
                self.invert.isChecked(),
            )
        )
