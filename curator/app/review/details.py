"""The right side of Review: the chosen image as it was, as trained on, with heat, and what can be done to it."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from curator.app import theme
from curator.app.image_work import to_qimage
from curator.app.review.items import Item
from curator.app.review.pictures import Details
from curator.app.widgets import KeyHint, label
from curator.imaging.decode import RGB
from curator.records import DISCARD_REASONS, DiscardReason

_ACTIONS: Final = (
    ("mend", "Mend", "review.mend"),
    ("relabel", "Relabel", "review.relabel"),
    ("discard", "Discard", "review.discard"),
    ("fine", "Fine", "review.fine"),
)
_REASONS: Final[dict[DiscardReason, str]] = {
    "overlay_on_brain": "overlay on the brain",
    "not_brain_mri": "no brain MRI",
    "duplicate": "copy",
    "unreadable": "unreadable",
    "quality": "quality",
    "other": "other",
}


class Picture(QWidget):
    """An image fitted into a near-black pane."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._image: QImage | None = None
        self.setAccessibleName(name)
        self.setMinimumHeight(90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def image(self) -> QImage | None:
        """What is shown."""
        return self._image

    def show_image(self, image: QImage | None) -> None:
        """Shows an image, or nothing."""
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().canvas))
        painter.drawRoundedRect(self.rect(), 5, 5)
        if self._image is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        x, y = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        painter.drawImage(QRect(x, y, size.width(), size.height()), self._image)


class DetailsPane(QWidget):
    """`wanted` carries "mend", "relabel", "discard" or "fine"; `picked` a class name or a discard reason."""

    wanted = Signal(str)
    picked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._details: Details | None = None
        self.original, self.trained = Picture("Original"), Picture("As trained on")
        self.heat = Picture("Heat map")
        self.original_words, self.trained_words = label("original", "dim"), label("as trained on", "dim")
        self.heat_words = label("heat", "dim", wrap=True)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(55)
        self.opacity.setFixedWidth(96)
        self.opacity.setAccessibleName("Opacity of the heat map")
        self.opacity.setToolTip("Opacity of the heat map")
        self.opacity.valueChanged.connect(self._show_heat)
        self.buttons = {name: self._button(name, words, key) for name, words, key in _ACTIONS}
        self.choices = QWidget()
        self._choices = QGridLayout(self.choices)
        self._choices.setContentsMargins(0, 0, 0, 0)
        self._choices.setSpacing(0)
        self.choices.hide()
        self._lay_out()
        self.show_item(None)

    def show_item(self, item: Item | None) -> None:
        """Turns to another image; its pictures follow with `show_details`."""
        self.choices.hide()
        for name, button in self.buttons.items():
            button.setEnabled(item is not None and (item.image_id >= 0 or name == "fine"))
        if item is None:
            self._details = None
            for picture in (self.original, self.trained, self.heat):
                picture.show_image(None)
            self.heat_words.setText("heat")
        self.buttons["fine"].setText("Not fine" if item is not None and item.looked else "Fine")

    def show_details(self, details: Details) -> None:
        """Shows the pictures of the chosen image."""
        self._details = details
        self.original.show_image(details.original)
        self.trained.show_image(None if details.trained is None else to_qimage(details.trained))
        if details.error:
            self.heat_words.setText(details.error)
        elif details.heat is not None and not details.heat.any():
            self.heat_words.setText("no heat: nothing in the last layer speaks for this class")
        else:
            inside = "" if details.inside is None else f", {100 * details.inside:.0f} % inside the head"
            self.heat_words.setText(f"heat{inside}")
        self._show_heat()

    def offer(self, kind: str, names: list[str]) -> None:
        """Offers classes ("relabel") or reasons ("discard") as buttons; `picked` says which was taken."""
        while (old := self._choices.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.deleteLater()
        for number, name in enumerate(names):
            words = _REASONS.get(name, name) if kind == "discard" else name  # type: ignore[call-overload]
            digit = f"{number + 1}  " if number < 9 else ""
            button = QPushButton(f"{digit}{words}")
            button.setProperty("role", "row")
            button.setAccessibleName(f"{kind}: {words}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, chosen=name: self.pick(kind, chosen))
            self._choices.addWidget(button, number, 0)
        self.choices.setProperty("kind", kind)
        self.choices.setProperty("names", names)
        self.choices.show()

    def pick(self, kind: str, name: str) -> None:
        """Takes one of what was offered."""
        self.choices.hide()
        self.picked.emit(kind, name)

    def pick_number(self, number: int) -> bool:
        """Takes the offer with a digit; False if nothing is offered under it."""
        names = self.choices.property("names") or []
        if self.choices.isHidden() or not 1 <= number <= len(names):
            return False
        self.pick(self.choices.property("kind"), names[number - 1])
        return True

    @staticmethod
    def reasons() -> list[str]:
        """The discard reasons in the order of their digits."""
        return list(DISCARD_REASONS)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(6)
        for picture, words in ((self.original, self.original_words), (self.trained, self.trained_words)):
            column.addWidget(picture, 1)
            column.addWidget(words)
            column.addSpacing(4)
        column.addWidget(self.heat, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.heat_words, 1)
        foot.addWidget(self.opacity)
        column.addLayout(foot)
        column.addSpacing(6)
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, button in enumerate(self.buttons.values()):
            grid.addWidget(button, number // 2, number % 2)
        column.addLayout(grid)
        column.addWidget(self.choices)

    def _button(self, name: str, words: str, key: str) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "key-button")
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(button)
        row.setContentsMargins(8, 0, 10, 0)
        row.addStretch(1)
        row.addWidget(KeyHint(key))
        button.clicked.connect(lambda: self.wanted.emit(name))
        return button

    @Slot()
    def _show_heat(self) -> None:
        details = self._details
        if details is None or details.trained is None or details.heat is None:
            self.heat.show_image(None)
            return
        share = self.opacity.value() / 100
        self.heat.show_image(to_qimage(blended(details.trained, details.heat, share)))


def blended(image: RGB, heat: np.ndarray, opacity: float) -> RGB:
    """Heat 0..1, (s, s), over an RGB image, (s, s, 3): inferno, whose lightness rises evenly, so that it
    survives greyscale and colour-blindness; where there is no heat the image stays as it is."""
    from curator.imaging._cv2 import cv2

    levels = np.clip(heat * 255, 0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32)
    weight = (opacity * np.clip(heat * 1.6, 0, 1))[..., None]
    return np.rint(image * (1 - weight) + coloured * weight).astype(np.uint8)
