"""One figure as dot, bar and number, on an axis that it shares with the cells above and below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from curator.app import theme

if TYPE_CHECKING:
    from curator.evaluation.intervals import Interval
    from curator.evaluation.shortcut_audit import AuditRow

_DOT: Final = 4.5
_NUMBERS: Final = 108
_EDGE: Final = 8


class IntervalCell(QWidget):
    """The balanced accuracy of one row of an audit: a ring where nothing was found, a filled diamond where one
    should look; the dashed line is guessing, the faint band what shuffled labels reach."""

    def __init__(self, row: AuditRow, least: float) -> None:
        """`least` is where the axis begins; it ends at 1."""
        super().__init__()
        self.row = row
        self._least = least
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{row.what}: {cell_words(row)}")
        self.setToolTip(_tip(row))
        theme.notifier().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """A line of text high."""
        return QSize(260, 24)

    def minimumSizeHint(self) -> QSize:
        """Numbers and a short axis."""
        return QSize(_NUMBERS + 44, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Baseline, band, bar, dot, numbers."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(self.font(), 12))
        figure, middle = self.row.balanced_accuracy, self.height() / 2
        look = self.row.verdict == "look"
        tone = QColor(colours.discard if look else colours.keep)
        numbers = QRectF(self.width() - _NUMBERS, 0, _NUMBERS, self.height())
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if figure is None:
            painter.setPen(QColor(colours.dim))
            painter.drawText(numbers, align, "no mask")
            return
        low, high = self._x(self.row.chance), self._x(max(self.row.chance, self.row.permuted_high))
        band = QColor(colours.dim)
        band.setAlphaF(0.16)
        painter.fillRect(QRectF(low, 4, high - low, self.height() - 8), band)
        painter.setPen(QPen(QColor(colours.dim), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(low, 1), QPointF(low, self.height() - 1))
        painter.setPen(QPen(tone, 2))
        painter.drawLine(QPointF(self._x(figure.low), middle), QPointF(self._x(figure.high), middle))
        at = QPointF(self._x(figure.value), middle)
        if look:
            painter.setBrush(tone)
            steps = ((0, -_DOT - 1), (_DOT + 1, 0), (0, _DOT + 1), (-_DOT - 1, 0))
            painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in steps]))
        else:
            painter.setBrush(QColor(colours.background))
            painter.drawEllipse(at, _DOT, _DOT)
        painter.setPen(tone if look else QColor(colours.text))
        painter.drawText(numbers, align, spread(figure))

    def _x(self, value: float) -> float:
        share = (min(1.0, max(self._least, value)) - self._least) / max(1e-9, 1 - self._least)
        return _EDGE + share * (self.width() - _NUMBERS - 2 * _EDGE)


def spread(figure: Interval | None) -> str:
    """A figure with its interval: "0.83 [0.76, 0.89]"."""
    return (
        f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]" if figure is not None else "not defined"
    )


def cell_words(row: AuditRow) -> str:
    """A cell for a screen reader."""
    if row.balanced_accuracy is None:
        return "no mask, nothing to guess from"
    said = "look" if row.verdict == "look" else "nothing found"
    return f"balanced accuracy {spread(row.balanced_accuracy)}, guessing {row.chance:.2f}, {said}"


def _tip(row: AuditRow) -> str:
    if row.balanced_accuracy is None:
        return row.words
    return "\n".join(
        [
            row.words,
            "",
            f"Balanced accuracy {spread(row.balanced_accuracy)}, guessing {row.chance:.2f}",
            f"Accuracy {spread(row.accuracy)}, always the most frequent class {row.baseline:.2f}",
            f"AUROC {spread(row.auroc)}",
            f"With labels shuffled {row.permuted:.2f}, at most {row.permuted_high:.2f}",
        ]
    )
