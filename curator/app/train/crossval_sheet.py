"""The result of a cross-validation or an ablation, in the place of the curves."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from curator.app.train.crossval_lines import Result, baseline, differences, lines, notes, title
from curator.app.train.crossval_plot import IntervalPlot
from curator.app.widgets import Segment, label
from curator.evaluation.intervals import METRICS


class ResultSheet(QFrame):
    """Shows one result; `closed` comes when the curves are wanted back."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName("Result")
        self._result: Result | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(12)
        self._title = label("", "name")
        self._worked = label("", "dim", wrap=True)
        self.close_button = QPushButton("Back to the curves")
        self.close_button.setAccessibleName("Back to the curves")
        self.close_button.setToolTip("Esc")
        self.close_button.setProperty("role", "link")
        self.close_button.clicked.connect(self.closed)
        head.addWidget(self._title)
        head.addWidget(self._worked, 1)
        head.addWidget(self.close_button)
        column.addLayout(head)
        choices = [(name, words[0].upper() + words[1:]) for name, words in METRICS.items()]
        self.figure = Segment("Figure", choices)
        self.figure.set_value(next(iter(METRICS)))
        self.figure.chosen.connect(self._draw)
        column.addWidget(self.figure)
        self.plot = IntervalPlot()
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(0, 4, 8, 0)
        inside.setSpacing(14)
        inside.addWidget(self.plot)
        self._between = label("Paired differences", "name")
        self.differences = IntervalPlot()
        inside.addWidget(self._between)
        inside.addWidget(self.differences)
        self._notes = label("", "dim", wrap=True)
        self._notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside.addWidget(self._notes)
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Figures with intervals")
        area.setWidget(holder)
        column.addWidget(area, 1)

    def show_result(self, result: Result) -> None:
        """Shows a result; the metric that was chosen stays."""
        self._result = result
        words, worked = title(result)
        self._title.setText(words)
        self._worked.setText(worked)
        self.setAccessibleName(f"Result: {words}")
        self._draw()

    def text(self) -> str:
        """All words and figures that are shown, for tests and screen readers."""
        plots = [one.accessibleDescription() for one in (self.plot, self.differences) if not one.isHidden()]
        return "\n".join((self._title.text(), self._worked.text(), *plots, self._notes.text()))

    @Slot()
    def _draw(self) -> None:
        if self._result is None:
            return
        metric = str(self.figure.value())
        most = math.inf if metric == "loss" else 1.0
        self.plot.show_lines(
            METRICS[metric], lines(self._result, metric), baseline(self._result, metric), (0.0, most)
        )
        between = differences(self._result, metric)
        for part in (self._between, self.differences):
            part.setVisible(bool(between))
        name = f"Differences of {METRICS[metric]}"
        self.differences.show_lines(name, between, (0.0, "no difference"), (-most, most))
        self._notes.setText("\n\n".join(notes(self._result, metric)))
