"""The inspector's crop: numbers, the whole image, margin and square, and the same for other images."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from curator.app.curate.pixel_field import PixelField
from curator.app.widgets import IconButton, label
from curator.records import Crop, ImageState

_PERCENT: Final = 2


class CropSection(QWidget):
    """`crop_set` carries a `Crop`, or None for the whole; `margin_wanted` percent, negative for tighter."""

    crop_set = Signal(object)
    margin_wanted = Signal(float)
    square_wanted = Signal()
    propagate_wanted = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: ImageState | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(5)
        self.fields: dict[str, PixelField] = {}
        for name, words in (("x", "left"), ("y", "top"), ("w", "width"), ("h", "height")):
            box = PixelField(name, words, 0 if name in "xy" else 1)
            box.entered.connect(self._typed)
            box.left.connect(self.left)
            self.fields[name] = box
            row.addWidget(box, 1)
        self.whole = self._icon("fit", "Whole image, no crop")
        self.whole.clicked.connect(lambda: self.crop_set.emit(None))
        row.addWidget(self.whole)
        column.addLayout(row)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(label("Margin", "dim"))
        self.percent = QSpinBox()
        self.percent.setRange(1, 50)
        self.percent.setValue(_PERCENT)
        self.percent.setSuffix(" %")
        self.percent.setFixedWidth(62)
        self.percent.setAccessibleName("Margin in percent of the crop's size")
        self.percent.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row.addWidget(self.percent)
        self.tighter = self._icon("minus", "Tighter by this margin on all sides", "curate.tighter")
        self.tighter.clicked.connect(lambda: self.margin_wanted.emit(-float(self.percent.value())))
        self.wider = self._icon("plus", "Wider by this margin on all sides", "curate.wider")
        self.wider.clicked.connect(lambda: self.margin_wanted.emit(float(self.percent.value())))
        self.square = self._icon("square", "Square crop", "curate.square")
        self.square.clicked.connect(self.square_wanted)
        for button in (self.tighter, self.wider, self.square):
            row.addWidget(button)
        row.addStretch(1)
        self.apply = self._icon(
            "apply", "Apply this crop and these masks to others", "curate.apply_to_others"
        )
        self.apply.clicked.connect(self.propagate_wanted)
        row.addWidget(self.apply)
        column.addLayout(row)

    def show_state(self, state: ImageState) -> None:
        """Shows the crop of an image."""
        self._state = state
        crop = state.crop or Crop(0, 0, state.width or 1, state.height or 1)
        for name, value in (("x", crop.x), ("y", crop.y), ("w", crop.width), ("h", crop.height)):
            self.fields[name].set_value(value)
        self.setEnabled(state.error is None)
        self.whole.setEnabled(state.crop is not None)
        self.square.setEnabled(crop.width != crop.height)

    def _icon(self, icon: str, words: str, key: str | None = None) -> IconButton:
        button = IconButton(icon, words, key, size=15)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _typed(self) -> None:
        state = self._state
        if state is None or not state.width or not state.height:
            return
        typed = Crop(*(self.fields[name].value() for name in "xywh")).clipped(state.width, state.height)
        shown = state.crop or Crop(0, 0, state.width, state.height)
        if typed != shown:
            self.crop_set.emit(typed)
        else:
            self.show_state(state)
