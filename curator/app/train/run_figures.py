"""What a run is worth: each figure with its interval beside the baseline, and what to check before believing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from curator.app import theme
from curator.app.train.run_table import RunRow
from curator.app.widgets import BadgeIcon, label, line, scrolling
from curator.app.words import count

if TYPE_CHECKING:
    from curator.evaluation.honesty import Check
    from curator.evaluation.intervals import Interval

_NAMES: Final = (
    ("balanced_accuracy", "Bal. accuracy"),
    ("auroc", "AUROC"),
    ("accuracy", "Accuracy"),
    ("loss", "Loss, nats"),
)
_BADGES: Final = {"fine": "keep", "look": "unsure", "open": "undecided"}
_STATES: Final = {"fine": "nothing found", "look": "look at it", "open": "not looked at yet"}


class IntervalBar(QWidget):
    """A scale from 0 to 1: the interval as a bar, the value as a dot, the baseline as a tick."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(14)
        self.setMinimumWidth(48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._figure: Interval | None = None
        self._baseline: float | None = None
        theme.notifier().changed.connect(self.update)

    def show_figure(self, figure: Interval | None, baseline: float | None) -> None:
        """Shows another figure; `baseline` is what guessing reaches."""
        self._figure, self._baseline = figure, baseline
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws it."""
        if self._figure is None:
            return
        colours, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, middle = self.width() - 8.0, self.height() / 2

        def at(value: float) -> float:
            return 4 + width * min(max(value, 0.0), 1.0)

        painter.setPen(QPen(QColor(colours.line), 2))
        painter.drawLine(round(at(0)), round(middle), round(at(1)), round(middle))
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QColor(colours.accent)
        bar.setAlphaF(0.45)
        painter.setBrush(bar)
        low, high = at(self._figure.low), at(self._figure.high)
        painter.drawRoundedRect(QRectF(low, middle - 3, max(high - low, 2), 6), 3, 3)
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(QRectF(at(self._figure.value) - 4, middle - 4, 8, 8))
        if self._baseline is not None:
            painter.setPen(QPen(QColor(colours.unsure), 2))
            painter.drawLine(round(at(self._baseline)), 1, round(at(self._baseline)), self.height() - 1)
        painter.end()


class RunFigures(QFrame):
    """`evaluate_wanted` comes where the run's test images were not predicted yet."""

    evaluate_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName("Figures of the run")
        self._checks: tuple[Check, ...] = ()
        self._doubts = ""
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        column = QVBoxLayout(holder)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(3)
        self.words = label("", "dim", wrap=True)
        column.addWidget(self.words)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        self._rows: dict[str, tuple[QLabel, QLabel, IntervalBar]] = {}
        for row, (name, words) in enumerate(_NAMES):
            parts = (label(words, "dim"), label("", "value"), IntervalBar())
            for place, part in enumerate(parts):
                grid.addWidget(part, row, place)
            self._rows[name] = parts
        grid.setColumnStretch(2, 1)
        column.addLayout(grid)
        column.addStretch(1)
        self.evaluate_button = QPushButton("Predict the test images")
        self.evaluate_button.setAccessibleName("Predict the test images of the run")
        self.evaluate_button.clicked.connect(self.evaluate_wanted)
        column.addWidget(self.evaluate_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.doubts_button = QPushButton()
        self.doubts_button.setProperty("role", "notice")
        theme.set_icon(self.doubts_button, "warning", "unsure")
        self.doubts_button.clicked.connect(self.show_checks)
        column.addWidget(self.doubts_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.addWidget(scrolling(holder, "Figures"))
        self.show_nothing("Mark a run to see what it is worth; mark two or more to compare them.")

    def show_nothing(self, words: str, *, evaluate: bool = False) -> None:
        """Says why there are no figures, with the button to make them where that is possible."""
        self.words.setText(words)
        self._show_rows(False)
        self.evaluate_button.setVisible(evaluate)
        self._doubts = ""
        self.doubts_button.hide()

    def show_run(self, row: RunRow, doubts: str, checks: Sequence[Check]) -> None:
        """Shows the figures of an evaluated run."""
        summary = row.summary
        if summary is None:
            return
        self.words.setText(
            f"{count(summary.n_images, 'test image')} in {count(summary.n_groups, 'group')}, 95 % intervals; "
            f"tick: guessing (commonest class {summary.majority:.2f})"
        )
        self._show_rows(True)
        baselines = {
            "balanced_accuracy": 1 / max(len(summary.classes), 1),
            "auroc": 0.5,
            "accuracy": summary.majority,
        }
        for name, words in _NAMES:
            figure = summary.metrics.get(name)
            _, value, bar = self._rows[name]
            shown = "not defined"
            if figure is not None:
                shown = f"{figure.value:.3f} [{figure.low:.2f}, {figure.high:.2f}]"
            value.setText(shown)
            bar.show_figure(figure if name in baselines else None, baselines.get(name))
            baseline = f", baseline {baselines[name]:.2f}" if name in baselines else ""
            bar.setAccessibleName(f"{words}: {shown}{baseline}")
            bar.setToolTip(f"{words}: {shown}{baseline}")
        self.evaluate_button.hide()
        self._doubts, self._checks = doubts, tuple(checks)
        self.doubts_button.setText("Check before you believe it …")
        self.doubts_button.setAccessibleName(f"{doubts} Show the checks")
        self.doubts_button.setToolTip(doubts)
        self.doubts_button.setVisible(bool(doubts))

    def value(self, name: str) -> str:
        """A figure as shown, e.g. of "auroc"."""
        return self._rows[name][1].text()

    def show_checks(self) -> ChecksSheet:
        """Opens the list of checks, without blocking."""
        sheet = ChecksSheet(self._doubts, self._checks, self.window())
        sheet.open()
        return sheet

    def _show_rows(self, shown: bool) -> None:
        for parts in self._rows.values():
            for part in parts:
                part.setVisible(shown)


class ChecksSheet(QDialog):
    """The checks, each with what the project knows of it already."""

    def __init__(self, doubts: str, checks: Sequence[Check], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Before you believe it")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(620, 440)
        self.resize(640, 600)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(10)
        column.addWidget(label(doubts, "name", wrap=True))
        column.addWidget(label("High figures on small sets have mostly come from one of these.", "dim"))
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.setSpacing(8)
        for one in checks:
            inside.addWidget(_check_row(one))
            inside.addWidget(line())
        inside.addStretch(1)
        column.addWidget(scrolling(holder, "Checks"), 1)
        close = QPushButton("Close")
        close.setAccessibleName("Close")
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


def _check_row(check: Check) -> QWidget:
    row = QWidget()
    row.setAccessibleName(f"{check.title}, {_STATES[check.state]}: {check.known} {check.todo}")
    across = QHBoxLayout(row)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(10)
    across.addWidget(BadgeIcon(_BADGES[check.state]), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(label(check.title, "name"))
    words.addWidget(label(check.known, wrap=True))
    words.addWidget(label(check.todo, "dim", wrap=True))
    across.addLayout(words, 1)
    return row
