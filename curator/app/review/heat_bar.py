"""What a person chooses of a heat map: how it is found, for which class, how strong and in which colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.image_work import to_qimage
from curator.app.review.items import Item
from curator.app.widgets import KeyTip, label
from curator.evaluation.heat_colours import CHOICES, OUTLINE, Colours, table

if TYPE_CHECKING:
    from curator.evaluation.saliency import Method

# Which class a heat map speaks for: that which was predicted, the label, or always the same one.
Target: TypeAlias = Literal["said", "true"] | int

METHODS: Final[tuple[tuple[Method, str, str], ...]] = (
    (
        "grad-cam",
        "Grad-CAM",
        "Grad-CAM: which of the last layer's maps speak for the class. Coarse, at once.",
    ),
    (
        "occlusion",
        "Occlusion",
        "Occlusion: how much less the class is believed with a black patch there. Slower.",
    ),
)
_START_OPACITY: Final = 55


class Legend(QWidget):
    """The colours from cold to hot, with a mark where the outline runs."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: QImage | None = None
        self.setAccessibleName("Legend: cold on the left, hottest on the right, the outline at half")
        self.setToolTip("Cold to hottest; the line runs round what is at least half as hot as the hottest")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_colours(self, colours: Colours | None) -> None:
        """Shows a table of colours, or nothing."""
        self._bar = None if colours is None else to_qimage(np.ascontiguousarray(table(colours)[None]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bar is None:
            return
        painter = QPainter(self)
        painter.drawImage(QRect(0, 2, self.width(), self.height() - 4), self._bar)
        painter.setPen(QColor(theme.current().text))
        x = round(self.width() * OUTLINE)
        painter.drawLine(x, 0, x, self.height())


class HeatBar(QWidget):
    """`asked` says that another heat map is wanted, `look_changed` that the one shown is to look different."""

    asked = Signal()
    look_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self.methods, self.targets, self.colours = QComboBox(), QComboBox(), QComboBox()
        for method, words, tip in METHODS:
            self.methods.addItem(words, method)
            self.methods.setItemData(self.methods.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        for colours, words in CHOICES:
            self.colours.addItem(words, colours)
        self.methods.setAccessibleName("How heat is found")
        KeyTip(self.methods, "How heat is found: Grad-CAM at once, occlusion in some seconds ([review.heat])")
        self.targets.setAccessibleName("Class that the heat speaks for")
        self.targets.setToolTip("Class that the heat speaks for")
        self.colours.setAccessibleName("Colours of the heat map")
        self.colours.setToolTip("Colours of the heat map: all of them only get lighter with heat")
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(_START_OPACITY)
        self.opacity.setAccessibleName("Opacity of the heat map")
        self.opacity.setToolTip("Opacity of the heat map")
        self.legend = Legend()
        for box in (self.methods, self.targets, self.colours):
            # Narrow enough for the pane whatever a class is called; the list is as wide as it needs.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(5)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_classes(())
        self._lay_out()
        self.methods.activated.connect(self.asked)
        self.targets.activated.connect(self.asked)
        self.colours.activated.connect(self._look)
        self.opacity.valueChanged.connect(self.look_changed)

    def method(self) -> Method:
        """How heat is found."""
        return cast("Method", self.methods.currentData())

    def colour(self) -> Colours:
        """The table of colours."""
        return cast(Colours, self.colours.currentData())

    def share(self) -> float:
        """Opacity, 0 to 1."""
        return self.opacity.value() / 100

    def target(self, item: Item) -> int:
        """The class that an image's heat is for; that which was predicted where it has no label."""
        target: Target = self.targets.currentData()
        if target == "true":
            return item.true if item.true >= 0 else item.said
        return item.said if target == "said" else target

    def name_of(self, index: int) -> str:
        """A class's name."""
        return self._classes[index] if 0 <= index < len(self._classes) else ""

    def show_classes(self, classes: Sequence[str]) -> None:
        """Offers the classes of other results."""
        if self.targets.count() and tuple(classes) == self._classes:
            return
        self._classes = tuple(classes)
        self.targets.clear()
        self.targets.addItem("what it said", "said")
        self.targets.addItem("what it is", "true")
        for index, name in enumerate(self._classes):
            self.targets.addItem(f"for {name}", index)

    @Slot()
    def next_method(self) -> None:
        """Turns to the other way of finding heat."""
        self.methods.setCurrentIndex((self.methods.currentIndex() + 1) % self.methods.count())
        self.asked.emit()

    def show_legend(self, shown: bool) -> None:
        """Shows what the colours mean while there is heat."""
        self.legend.show_colours(self.colour() if shown else None)

    @Slot()
    def _look(self) -> None:
        self.look_changed.emit()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(6)
        second.setSpacing(6)
        first.addWidget(self.methods, 1)
        first.addWidget(self.targets, 1)
        scale = QHBoxLayout()
        scale.setSpacing(6)
        scale.addWidget(label("cold", "small"))
        scale.addWidget(self.legend, 1)
        scale.addWidget(label("hot", "small"))
        second.addWidget(self.colours, 1)
        second.addWidget(self.opacity, 1)
        column.addLayout(scale)
        column.addLayout(first)
        column.addLayout(second)
