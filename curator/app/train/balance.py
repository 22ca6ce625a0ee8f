"""How many images each class has in each split, as small bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from curator.app import theme

_SPLITS: Final = ("train", "val", "test", "")
_COLOURS: Final = ("accent", "unsure", "dim", "line_strong")
_MOST: Final = 4
_LINE: Final = 20
_NAME_WIDTH: Final = 76
_NUMBER_WIDTH: Final = 40


class BalanceBars(QWidget):
    """A line for each of the largest classes and one for the smallest; the bar's parts are train, val and test."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._lines: list[tuple[str, tuple[int, ...]]] = []
        self._left_out = 0
        theme.notifier().changed.connect(self.update)
        self.show_balance({})

    def show_balance(self, balance: Mapping[tuple[str, str], int]) -> None:
        """Shows the numbers of images by class and split."""
        totals: Counter[str] = Counter()
        for (name, _), number in balance.items():
            totals[name] += number
        ordered = [name for name, _ in totals.most_common()]
        shown = ordered if len(ordered) <= _MOST else [*ordered[: _MOST - 1], ordered[-1]]
        self._left_out = len(ordered) - len(shown)
        self._lines = [(name, tuple(balance.get((name, split), 0) for split in _SPLITS)) for name in shown]
        self.setVisible(bool(self._lines))
        words = [self.words(number) for number in range(len(self._lines))]
        more = [f"and {self._left_out} more classes"] if self._left_out else []
        self.setAccessibleName("Class balance. " + "; ".join([*words, *more]))
        self.setToolTip("\n".join([*words, *more]))
        self.updateGeometry()
        self.update()

    def words(self, line: int) -> str:
        """A line as a sentence."""
        name, counts = self._lines[line]
        parts = [
            f"{number} {split or 'in no split yet'}"
            for split, number in zip(_SPLITS, counts, strict=True)
            if number
        ]
        return f"{name}: {sum(counts)} images, {', '.join(parts)}"

    def sizeHint(self) -> QSize:
        """A line each."""
        return QSize(200, _LINE * len(self._lines))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the lines."""
        colours, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(self.font(), 11))
        metrics = QFontMetrics(painter.font())
        most = max((sum(counts) for _, counts in self._lines), default=1)
        room = self.width() - _NAME_WIDTH - _NUMBER_WIDTH
        for row, (name, counts) in enumerate(self._lines):
            top = row * _LINE
            painter.setPen(QColor(colours.dim))
            middle = Qt.AlignmentFlag.AlignVCenter
            short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, _NAME_WIDTH - 8)
            painter.drawText(QRectF(0, top, _NAME_WIDTH, _LINE), middle | Qt.AlignmentFlag.AlignLeft, short)
            numbers = QRectF(self.width() - _NUMBER_WIDTH, top, _NUMBER_WIDTH, _LINE)
            painter.setPen(QColor(colours.text))
            painter.drawText(numbers, middle | Qt.AlignmentFlag.AlignRight, str(sum(counts)))
            painter.setPen(Qt.PenStyle.NoPen)
            left = float(_NAME_WIDTH)
            for number, colour in zip(counts, _COLOURS, strict=True):
                width = room * number / most
                painter.setBrush(QColor(getattr(colours, colour)))
                painter.drawRect(QRectF(left, top + _LINE / 2 - 3, max(width - 1, 0), 6))
                left += width
        painter.end()
