"""The right side of Review: the chosen image as it was, as trained on, with heat, and what can be done to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from curator.app import theme
from curator.app.image_work import to_qimage
from curator.app.review.choices import Choices
from curator.app.review.heat_bar import METHODS, HeatBar
from curator.app.review.items import Item
from curator.app.review.large_view import LargeView
from curator.app.review.pictures import Details, Pictures, Wanted
from curator.app.shortcuts import bind
from curator.app.widgets import IconButton, KeyHint, label
from curator.evaluation.heat_colours import blended
from curator.records import DISCARD_REASONS

T = TypeVar("T", bound=np.generic)

_ACTIONS: Final = (
    ("mend", "Mend", "review.mend"),
    ("relabel", "Relabel", "review.relabel"),
    ("discard", "Discard", "review.discard"),
    ("fine", "Fine", "review.fine"),
)
# Smaller squares are enlarged under their heat, pixel by pixel, so that its outline stays thin.
_LEAST_HEAT: Final = 288
# Pixels of height from which on there is room for everything at once.
_ROOMY: Final = 780


class Picture(QWidget):
    """An image fitted into a near-black pane. A double click asks for it large."""

    opened = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._small: QImage | None = None
        self.setAccessibleName(name)
        self.setMinimumHeight(90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def image(self) -> QImage | None:
        """What is shown."""
        return self._image

    def show_image(self, image: QImage | None) -> None:
        """Shows an image, or nothing."""
        self._image, self._small = image, None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._image is not None:
            self.opened.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().canvas))
        painter.drawRoundedRect(self.rect(), 5, 5)
        if self._image is None:
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        x, y = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        painter.drawImage(QRect(x, y, size.width(), size.height()), self._fitted(size))

    def _fitted(self, size: QSize) -> QImage:
        """The image at a size, by area: a painter that shrinks leaves a pattern of what it skipped."""
        assert self._image is not None
        wanted = size * self.devicePixelRatioF()
        if self._small is None or self._small.size() != wanted:
            ways = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._small = self._image.scaled(wanted, *ways)
        return self._small


class DetailsPane(QWidget):
    """`wanted` carries "mend", "relabel", "discard" or "fine"; `picked` a class name or a discard reason.

    `measure_wanted` asks for the share of heat outside the head of every image.
    `stepped` says that the next (1) or previous (-1) image is wanted, from the large view. The pictures of the
    chosen image come from `pictures`, as does another heat map of it.
    """

    wanted = Signal(str)
    picked = Signal(str, str)
    stepped = Signal(int)
    measure_wanted = Signal()

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self._pictures = pictures
        self._details: Details | None = None
        self._item: Item | None = None
        self._base: Wanted | None = None
        self._large: LargeView | None = None
        self.original, self.trained = Picture("Original"), Picture("As trained on")
        self.heat = Picture("Heat map")
        self.original_words, self.trained_words = label("original", "dim"), label("as trained on", "dim")
        self.heat_words = label("heat", "dim", wrap=True)
        self.heat_bar = HeatBar()
        self.opacity = self.heat_bar.opacity
        self.larger = IconButton("side-by-side", "The three images large, side by side", "review.larger")
        self.measure = IconButton("sort", "Measure the heat outside the head of every image, and sort by it")
        self.measure.clicked.connect(self.measure_wanted)
        self.heat_bar.look_changed.connect(self._show_heat)
        self.heat_bar.asked.connect(self._ask)
        pictures.details_ready.connect(self._take)
        self.larger.clicked.connect(self.show_large)
        for picture in (self.original, self.trained, self.heat):
            picture.opened.connect(self.show_large)
        self.buttons = {name: self._button(name, words, key) for name, words, key in _ACTIONS}
        self.choices = Choices()
        self.choices.picked.connect(self.picked)
        self.choices.turned.connect(self._make_room)
        self._lay_out()
        self.show_item(None)

    def bind_keys(self, page: QWidget) -> None:
        """Lets the keys of the heat map and of the large view act on the whole page."""
        bind(page, "review.larger", self.show_large)
        bind(page, "review.heat", self.heat_bar.next_method)

    @property
    def large(self) -> LargeView | None:
        """The three images large, while they are shown."""
        return self._large if self._large is not None and self._large.isVisible() else None

    def show_item(self, item: Item | None, wanted: Wanted | None = None) -> None:
        """Turns to another image, rendered as `wanted` says; its pictures follow as they are made."""
        self._item, self._base = item, wanted
        self.choices.hide()
        for name, button in self.buttons.items():
            button.setEnabled(item is not None and (item.image_id >= 0 or name == "fine"))
        self.larger.setEnabled(item is not None)
        self.measure.setEnabled(item is not None)
        self.heat_bar.setEnabled(item is not None)
        if item is None:
            self._details = None
            for picture in (self.original, self.trained, self.heat):
                picture.show_image(None)
            self.heat_words.setText("heat")
        self.buttons["fine"].setText("Not fine" if item is not None and item.looked else "Fine")
        self._ask()

    def show_details(self, details: Details) -> None:
        """Shows the pictures of the chosen image, the heat once it is done."""
        self._details = details
        self.original.show_image(details.original)
        self.trained.show_image(None if details.trained is None else to_qimage(details.trained))
        self.heat_words.setText(self._words(details))
        self._show_heat()

    @Slot()
    def show_large(self) -> None:
        """Opens the three images large, or closes them."""
        if self._large is not None and self._large.isVisible():
            self._large.close()
            return
        if self._item is None:
            return
        if self._large is None:
            self._large = LargeView(self.window())
            self._large.stepped.connect(self.stepped)
            bind(self._large, "review.larger", self._large.close)
            bind(self._large, "review.heat", self.heat_bar.next_method)
        self._fill_large()
        self._large.show()
        self._large.activateWindow()
        self._large.setFocus()

    def _words(self, details: Details) -> str:
        method = next(words for name, words, _ in METHODS if name == details.wanted.method)
        name = self.heat_bar.name_of(details.wanted.said)
        speaks = f"{method} for {name}" if name else method
        if details.error:
            return details.error
        if details.done < 1:
            return f"{speaks}: {100 * details.done:.0f} %" if details.done else f"{speaks} …"
        if details.heat is not None and not details.heat.any():
            return f"{speaks}: nothing speaks for it"
        if details.inside is None:
            return speaks
        outside = f"{100 * (1 - details.inside):.0f} % of the heat outside the {details.ground}"
        return f"{speaks}: {outside}"

    @staticmethod
    def reasons() -> list[str]:
        """The discard reasons in the order of their digits."""
        return list(DISCARD_REASONS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    @Slot()
    def _make_room(self) -> None:
        """In a low window some of it gives way to what is offered."""
        gives_way = not self.choices.isHidden() and self.height() < _ROOMY
        for part in (self.original, self.original_words, self.heat_bar):
            part.setVisible(not gives_way)

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
        foot.setSpacing(2)
        foot.addWidget(self.measure, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.larger, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(foot)
        column.addWidget(self.heat_bar)
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
        row.addWidget(KeyHint(key), 0, Qt.AlignmentFlag.AlignVCenter)
        button.clicked.connect(lambda: self.wanted.emit(name))
        return button

    def _asked(self) -> Wanted | None:
        """The chosen image with the heat map that is chosen."""
        if self._item is None or self._base is None:
            return None
        return replace(self._base, said=self.heat_bar.target(self._item), method=self.heat_bar.method())

    @Slot()
    def _ask(self) -> None:
        asked = self._asked()
        found = self._pictures.details(asked) if asked is not None else None
        if found is not None:
            self.show_details(found)
        elif asked is not None:
            # The heat of another image must not be taken for this one's, however long this one's takes.
            self._details = None
            self._show_heat()
            self.heat_words.setText("heat …")

    @Slot(object)
    def _take(self, details: Details) -> None:
        if details.wanted == self._asked():
            self.show_details(details)

    @Slot()
    def _show_heat(self) -> None:
        details = self._details
        if details is None or details.trained is None or details.heat is None:
            self.heat.show_image(None)
            self.heat_bar.show_legend(False)
        else:
            bar, times = self.heat_bar, max(1, _LEAST_HEAT // len(details.heat))
            image, heat = _enlarged(details.trained, times), _enlarged(details.heat, times)
            self.heat.show_image(to_qimage(blended(image, heat, bar.share(), bar.colour())))
            bar.show_legend(True)
        self._fill_large()

    def _fill_large(self) -> None:
        if self._large is None or self._details is None or self._item is None:
            return
        heat = (self.heat.image, self.heat_words.text())
        self._large.show_images(self._item.name, self._details, self.trained.image, *heat)


def _enlarged(square: npt.NDArray[T], times: int) -> npt.NDArray[T]:
    return square if times == 1 else np.repeat(np.repeat(square, times, axis=0), times, axis=1)
