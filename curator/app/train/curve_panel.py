"""The four plots: loss, accuracy, learning rate, memory."""

from __future__ import annotations

from math import isfinite
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QGridLayout, QStackedWidget, QWidget

from curator.app.train.curves import Curves, steps
from curator.app.train.memory import MemoryWatch
from curator.app.train.plot import Plot, Series

REPAINT_MS: Final = 100
_GIB: Final = 1024.0**3
# Other runs, told apart by colour; the same in both schemes.
OVERLAY_COLOURS: Final = ("#b48ead", "#5fb3a8", "#c98a5b", "#8f9bd6", "#a3a95c")


class CurvePanel(QWidget):
    """Draws `curves` and `memory` at most ten times a second, and only when they changed."""

    def __init__(self, memory: MemoryWatch) -> None:
        super().__init__()
        self.setAccessibleName("Curves")
        self.curves = Curves()
        self.memory = memory
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        self.loss = Plot(
            "Loss",
            (
                Series("batch", "", "accent", faint=True),
                Series("train", "train", "accent"),
                Series("val", "val", "unsure"),
            ),
        )
        self.accuracy = Plot(
            "Accuracy", (Series("train", "train", "accent"), Series("val", "val, balanced", "unsure"))
        )
        self.rate = Plot("Learning rate", (Series("rate", "", "accent"),), log_y=True)
        self.device_memory = Plot(
            "Device memory",
            (
                Series("first", "allocated", "accent"),
                Series("second", "reserved", "dim"),
                Series("total", "", "discard", dashed=True),
            ),
            unit="min",
        )
        self.machine_memory = Plot(
            "Memory (CPU)",
            (Series("first", "Curator", "accent"), Series("second", "free", "dim")),
            unit="min",
        )
        self.memory_plots = QStackedWidget()
        self.memory_plots.setAccessibleName("Memory")
        self.memory_plots.addWidget(self.machine_memory)
        self.memory_plots.addWidget(self.device_memory)
        for place, plot in enumerate((self.loss, self.accuracy, self.rate, self.memory_plots)):
            grid.addWidget(plot, place // 2, place % 2)
        for part in (0, 1):
            grid.setColumnStretch(part, 1)
            grid.setRowStretch(part, 1)
        self._dirty = False
        self._beat = QTimer(self)
        self._beat.setInterval(REPAINT_MS)
        self._beat.timeout.connect(self._draw_if_changed)
        memory.sampled.connect(self.touch)
        self.show_curves(Curves())

    def show_curves(self, curves: Curves) -> None:
        """Draws these from now on."""
        self.curves = curves
        self.draw()

    @Slot()
    def touch(self) -> None:
        """The curves have changed: draw them soon."""
        self._dirty = True
        if not self._beat.isActive():
            self._beat.start()

    def add_overlay(self, run: str, curves: Curves, colour: str) -> None:
        """Draws another run's curves below."""
        for plot, series in (
            (self.loss, (("train", curves.train_loss), ("val", curves.val_loss))),
            (self.accuracy, (("train", curves.train_accuracy), ("val", curves.val_accuracy))),
        ):
            for key, values in series:
                plot.set_overlay(run, key, curves.epoch, values, colour)
        self.rate.set_overlay(run, "val", *steps(curves.epoch, curves.learning_rate), colour)
        self.draw()

    def drop_overlay(self, run: str) -> None:
        """Takes another run's curves away."""
        for plot in (self.loss, self.accuracy, self.rate):
            plot.drop_overlay(run)
        self.draw()

    def draw(self) -> None:
        """Draws everything now."""
        self._dirty = False
        curves = self.curves
        empty = not curves.epoch and not curves.batch_at
        bare = empty and not self.loss.overlays()
        self.loss.set_empty("Loss of training and validation images, batch by batch." if bare else "")
        self.accuracy.set_empty("Share of images told right, after each epoch." if bare else "")
        self.rate.set_empty("Step size; it falls when the validation loss stands still." if bare else "")
        self._draw_epochs(curves)
        self._draw_memory()

    def _draw_epochs(self, curves: Curves) -> None:
        longest, overlaid = self.loss.overlay_span()
        last = max(curves.epochs, *curves.epoch[-1:], longest, 1)
        dots = len(curves.epoch) < 40
        self.loss.set_data("batch", curves.batch_at, curves.batch_loss)
        self.loss.set_data("train", curves.epoch, curves.train_loss, dots=dots)
        self.loss.set_data("val", curves.epoch, curves.val_loss, dots=dots)
        self.accuracy.set_data("train", curves.epoch, curves.train_accuracy, dots=dots)
        self.accuracy.set_data("val", curves.epoch, curves.val_accuracy, dots=dots)
        self.rate.set_data("rate", *steps(curves.epoch, curves.learning_rate))
        losses = [*curves.train_loss, *curves.val_loss, *curves.batch_loss]
        highest = max((value for value in losses if isfinite(value)), default=1.0)
        highest = max(highest, overlaid)
        self.loss.set_range((0, last), (0, highest * 1.05))
        self.accuracy.set_range((0, last), (0, 1))
        self.rate.set_range((0, last))
        for plot in (self.loss, self.accuracy, self.rate):
            plot.set_marks(curves.phases)
        self.loss.set_value(*curves.loss_words())
        self.accuracy.set_value(*curves.accuracy_words())
        self.rate.set_value(curves.rate_words())

    def _draw_memory(self) -> None:
        memory, last = self.memory, self.memory.last
        own = last is not None and last.kind != "cpu"
        plot = self.device_memory if own else self.machine_memory
        self.memory_plots.setCurrentWidget(plot)
        plot.set_empty("" if last is not None else "Memory in use, from the moment training starts.")
        if last is None:
            plot.set_value("")
            return
        plot.set_data("first", memory.minutes, memory.first)
        plot.set_data("second", memory.minutes, memory.second)
        end = max(memory.minutes[-1], 1.0)
        if own:
            total = (last.total or 0) / _GIB
            plot.set_data("total", [0, end], [total, total])
        highest = max((last.total if own else last.machine_total) or 0, 1) / _GIB
        plot.set_range((0, end), (0, highest))
        plot.set_value(*memory.words())

    @Slot()
    def _draw_if_changed(self) -> None:
        if not self._dirty:
            self._beat.stop()
        elif self.isVisible():
            self.draw()
