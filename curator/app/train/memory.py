"""Reads the memory of the training device by a timer of its own and keeps the curve short."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

if TYPE_CHECKING:
    from curator.training.device import MemorySample

_INTERVAL_MS: Final = 500
# Beyond so many samples every second one is dropped and the timer halves its rate.
_MOST_SAMPLES: Final = 1200
_GIB: Final = 1024.0**3


class MemoryWatch(QObject):
    """Samples while it is on; `sampled` comes with each new sample."""

    sampled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._sample)
        self._device: Any = None
        self.clear()

    def clear(self) -> None:
        """Forgets all samples."""
        self.last: MemorySample | None = None
        self.minutes: list[float] = []
        self.first: list[float] = []
        self.second: list[float] = []
        self.others: list[float] = []
        self.peaks: list[float] = []
        self.phases: list[tuple[float, str]] = []
        self._began = time.monotonic()

    def start(self, device: Any) -> None:
        """Begins to sample `device`, with an empty curve."""
        self.clear()
        self._device = device
        # Imported here: by now the training has loaded torch on its own thread.
        from curator.training.device import forget_peak

        forget_peak(device)
        self._timer.start(_INTERVAL_MS)
        self._sample()

    def stop(self) -> None:
        """Ends; the curve stays."""
        self._timer.stop()

    def mark(self, words: str) -> None:
        """Another phase begins now."""
        self.phases.append(((time.monotonic() - self._began) / 60, words))

    def take(self, sample: MemorySample, at: float) -> None:
        """Adds a sample taken `at` minutes after the start; in GiB from here on.

        The two curves are allocated and reserved on a device with memory of its own, else this process and
        what is free on the machine; the others what other processes hold of the same memory.
        """
        own = sample.kind != "cpu"
        first = sample.allocated if own else sample.process
        second = sample.reserved if own else sample.machine_free
        self.last = sample
        self.minutes.append(at)
        self.first.append((first or 0) / _GIB)
        self.second.append((second or 0) / _GIB)
        elsewhere = sample.others if own else sample.machine_total - sample.machine_free - sample.process
        self.others.append(math.nan if elsewhere is None else max(elsewhere, 0) / _GIB)
        self.peaks.append(max(sample.peak / _GIB, self.first[-1], *self.peaks[-1:]))
        if len(self.minutes) > _MOST_SAMPLES:
            self.minutes, self.first, self.second = self.minutes[::2], self.first[::2], self.second[::2]
            self.others, self.peaks = self.others[::2], self.peaks[::2]
            self._timer.setInterval(self._timer.interval() * 2)
        self.sampled.emit()

    def words(self) -> tuple[str, ...]:
        """What stands in the plot's corner, in full and shorter."""
        if self.last is None:
            return ("",)
        now, peak = f"{self.first[-1]:.1f}", f"{self.peaks[-1]:.1f}"
        if self.last.kind == "cpu":
            free = f"{self.second[-1]:.1f}"
            words = f"{now} GB used, {free} GB free"
            return f"{words}, peak {peak}", words, f"{now} GB, {free} free", f"{now} GB"
        total = (self.last.total or 0) / _GIB
        return f"{now} of {total:.1f} GB, peak {peak}", f"{now} of {total:.1f} GB", f"{now} GB"

    @Slot()
    def _sample(self) -> None:
        # Imported here: by now the training has loaded torch on its own thread.
        from curator.training.device import sample

        self.take(sample(self._device), (time.monotonic() - self._began) / 60)
