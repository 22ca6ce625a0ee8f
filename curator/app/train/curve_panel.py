"""The four plots: loss, accuracy or AUROC, learning rate, memory."""

from __future__ import annotations

from html import escape
from typing import Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QStackedWidget, QWidget

from curator.app.train.curves import Curves, smoothed, steps
from curator.app.train.memory import MemoryWatch
from curator.app.train.plot import Plot, Series
from curator.app.widgets import label

REPAINT_MS: Final = 100
_GIB: Final = 1024.0**3
# Other runs, told apart by colour; the same in both schemes.
OVERLAY_COLOURS: Final = ("#b48ead", "#5fb3a8", "#c98a5b", "#8f9bd6", "#a3a95c")
DEFAULT_SMOOTHING: Final = 0.9
_TABS: Final = ("Balanced accuracy", "AUROC")
# Of the memory's axis over what there is in all: a low plot must have room for the words on that line, too.
_ABOVE_TOTAL: Final = 1.25
_PARTS: Final = frozenset({"batch", "epoch", "memory"})


class CurvePanel(QWidget):
    """Draws `curves` and `memory` at most ten times a second, only what changed, and only while it is shown."""

    def __init__(self, memory: MemoryWatch) -> None:
        super().__init__()
        self.setAccessibleName("Curves")
        self.curves = Curves()
        self.memory = memory
        self.smoothing = DEFAULT_SMOOTHING
        self._make_plots()
        self._lay_out()
        self._dirty: set[str] = set()
        self._beat = QTimer(self)
        self._beat.setInterval(REPAINT_MS)
        self._beat.timeout.connect(self._draw_changed)
        memory.sampled.connect(self._memory_sampled)
        self.loss.log_changed.connect(self.draw)
        self.loss.smoothing_changed.connect(self.set_smoothing)
        for plot in (self.accuracy, self.auroc):
            plot.tab_chosen.connect(self.accuracy_plots.setCurrentIndex)
        self.show_curves(Curves())

    def show_curves(self, curves: Curves) -> None:
        """Draws these from now on."""
        self.curves = curves
        self.draw()

    def touch(self, part: str) -> None:
        """The "batch" curve, those of each "epoch", or the "memory" changed: draws them soon."""
        self._dirty.add(part)
        if self.isVisible() and not self._beat.isActive():
            self._beat.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Catches up with what happened while it was hidden."""
        super().showEvent(event)
        self._draw_changed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is drawn while nobody looks."""
        super().hideEvent(event)
        self._beat.stop()

    def add_overlay(self, run: str, curves: Curves, colour: str, name: str = "") -> None:
        """Draws another run's curves below."""
        for plot, series in (
            (self.loss, (("train", curves.train_loss), ("val", curves.val_loss))),
            (self.accuracy, (("train", curves.train_accuracy), ("val", curves.val_accuracy))),
            (self.auroc, (("val", curves.val_auroc),)),
        ):
            for key, values in series:
                plot.set_overlay(run, key, curves.epoch, values, colour, name)
        self.rate.set_overlay(run, "val", *steps(curves.epoch, curves.learning_rate), colour, name)
        self._legend[run] = (colour, name)
        self._show_legend()
        self.draw()

    def drop_overlay(self, run: str) -> None:
        """Takes another run's curves away."""
        for plot in (self.loss, self.accuracy, self.auroc, self.rate):
            plot.drop_overlay(run)
        self._legend.pop(run, None)
        self._show_legend()
        self.draw()

    @Slot(float)
    def set_smoothing(self, factor: float) -> None:
        """Smooths the batch curve by an exponential moving average of this factor, 0 not at all."""
        self.smoothing = factor
        self.loss.legend["batch"].setText(self._batch_words())
        self.loss.head.fit_value()
        self.draw()

    @Slot()
    def draw(self) -> None:
        """Draws everything now."""
        self._dirty = set(_PARTS)
        self._draw_changed(now=True)

    @Slot()
    def _draw_changed(self, *, now: bool = False) -> None:
        if not self._dirty:
            self._beat.stop()
        elif now or self.isVisible():
            dirty, self._dirty = self._dirty, set()
            if "epoch" in dirty:
                self._draw_epochs()
            if dirty & {"epoch", "batch"}:
                self._draw_loss()
            if "memory" in dirty:
                self._draw_memory()

    def _draw_epochs(self) -> None:
        curves = self.curves
        bare = not curves.epoch and not curves.batch_at and not self.loss.overlays()
        self.loss.set_empty("Loss of training and validation images, batch by batch." if bare else "")
        self.accuracy.set_empty("Share of images told right, after each epoch." if bare else "")
        self.auroc.set_empty("How well the classes are told apart, after each epoch." if bare else "")
        self.rate.set_empty("Step size; it falls when the validation loss stands still." if bare else "")
        dots = len(curves.epoch) < 40
        self.loss.set_data("train", curves.epoch, curves.train_loss, dots=dots)
        self.loss.set_data("val", curves.epoch, curves.val_loss, dots=dots)
        self.accuracy.set_data("train", curves.epoch, curves.train_accuracy, dots=dots)
        self.accuracy.set_data("val", curves.epoch, curves.val_accuracy, dots=dots)
        self.auroc.set_data("val", curves.epoch, curves.val_auroc, dots=dots)
        self.rate.set_data("rate", *steps(curves.epoch, curves.learning_rate))
        last = self._last()
        self.accuracy.set_range((0, last), (0, 1))
        self.auroc.set_range((0, last), (0, 1))
        _, least, most = self.rate.span()
        self.rate.set_range((0, last), (least / 1.2, most * 1.2) if most else (1e-4, 1e-3))
        self._mark(curves)
        self.accuracy.set_value(*curves.accuracy_words())
        self.auroc.set_value(*curves.auroc_words())
        self.rate.set_value(curves.rate_words())

    def _draw_loss(self) -> None:
        curves = self.curves
        if curves.batch_at and self.loss.view.isHidden():
            self.touch("epoch")
        self.loss.set_data("batch", curves.batch_at, smoothed(curves.batch_loss, self.smoothing))
        _, least, most = self.loss.span()
        most = most or 1.0
        low = min(least * 0.9, most / 2) if self.loss.log_y else 0.0
        self.loss.set_range((0, self._last()), (low, most * 1.05))
        self.loss.set_value(*curves.loss_words())

    def _draw_memory(self) -> None:
        memory, last = self.memory, self.memory.last
        own = last is not None and last.kind != "cpu"
        plot = self.device_memory if own else self.machine_memory
        self.memory_plots.setCurrentWidget(plot)
        plot.set_empty("" if last is not None else "Memory in use, from the moment training starts.")
        if last is None:
            plot.set_value("")
            return
        end = max(memory.minutes[-1], 0.5)
        total = ((last.total if own else last.machine_total) or 0) / _GIB
        for key, values in (
            ("first", memory.first),
            ("second", memory.second),
            ("peak", memory.peaks),
            ("others", memory.others),
        ):
            plot.set_data(key, memory.minutes, values)
        plot.set_level(total, f"total {total:.1f} GB")
        plot.set_range((0, end), (0, max(total, 1.0) * _ABOVE_TOTAL))
        plot.set_marks(memory.phases)
        plot.set_value(*memory.words())

    def _mark(self, curves: Curves) -> None:
        best = curves.best
        for plot, values in (
            (self.loss, curves.val_loss),
            (self.accuracy, curves.val_accuracy),
            (self.auroc, curves.val_auroc),
            (self.rate, curves.learning_rate),
        ):
            point = None if best is None else (curves.epoch[best], values[best])
            plot.set_marks(curves.phases, point)

    def _last(self) -> float:
        return max(self.curves.epochs, *self.curves.epoch[-1:], self.loss.span()[0], 1)

    def _batch_words(self) -> str:
        return f"batch, EMA {self.smoothing:g}" if self.smoothing else "batch"

    def _make_plots(self) -> None:
        train, val = Series("train", "train", "accent"), Series("val", "val", "unsure")
        batch = Series("batch", self._batch_words(), "accent", name="batch", faint=True, loose=True)
        self.loss = Plot("Loss", (batch, train, val), y_unit="nats")
        self.loss.head.offer_log(False)
        self.loss.head.offer_smoothing(self.smoothing)
        train = Series("train", "train", "accent", name="train, plain")
        self.accuracy = Plot(_TABS[0], (train, val), y_unit="share", tabs=_TABS)
        self.auroc = Plot(_TABS[1], (val,), y_unit="area", tabs=_TABS)
        rate = Series("rate", "", "accent", name="highest rate")
        self.rate = Plot("Learning rate", (rate,), log_y=True, y_unit="rate")
        rest = (
            Series("others", "others", "keep", name="other programs"),
            Series("peak", "", "accent", name="peak", dashed=True),
        )
        self.device_memory = Plot(
            "Device memory",
            (Series("first", "allocated", "accent"), Series("second", "reserved", "dim"), *rest),
            x="min",
            x_unit="min",
            y_unit="GB",
        )
        self.machine_memory = Plot(
            "Memory (CPU)",
            (Series("first", "Curator", "accent"), Series("second", "free", "dim"), *rest),
            x="min",
            x_unit="min",
            y_unit="GB",
        )

    def _lay_out(self) -> None:
        self.accuracy_plots, self.memory_plots = QStackedWidget(), QStackedWidget()
        self.accuracy_plots.setAccessibleName("Balanced accuracy and AUROC")
        self.memory_plots.setAccessibleName("Memory")
        for stack, plots in (
            (self.accuracy_plots, (self.accuracy, self.auroc)),
            (self.memory_plots, (self.machine_memory, self.device_memory)),
        ):
            for plot in plots:
                stack.addWidget(plot)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        self._legend: dict[str, tuple[str, str]] = {}
        self._legend_row = QWidget()
        self._legend_row.setAccessibleName("Runs drawn below")
        row = QHBoxLayout(self._legend_row)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(14)
        self._legend_words = QLabel()
        row.addWidget(self._legend_words)
        row.addWidget(label("solid: val, dotted: train", "small"), 1)
        self._legend_row.hide()
        grid.addWidget(self._legend_row, 0, 0, 1, 2)
        for place, widget in enumerate((self.loss, self.accuracy_plots, self.rate, self.memory_plots)):
            grid.addWidget(widget, 1 + place // 2, place % 2)
        for part in (0, 1):
            grid.setColumnStretch(part, 1)
            grid.setRowStretch(1 + part, 1)

    def _show_legend(self) -> None:
        words = [
            f'<span style="color:{colour}">●</span>&nbsp;{escape(name)}'
            for colour, name in self._legend.values()
        ]
        self._legend_words.setText("&nbsp;&nbsp;&nbsp;".join(words))
        self._legend_row.setVisible(bool(words))

    @Slot()
    def _memory_sampled(self) -> None:
        self.touch("memory")
