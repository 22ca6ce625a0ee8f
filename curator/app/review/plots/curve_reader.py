"""Reads curves and bands on a worker, and knows what is said at a threshold; light enough to be there at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from curator.app.jobs import Jobs
from curator.metrics import confusion_matrix
from curator.records import Event, Prediction

if TYPE_CHECKING:
    from curator.evaluation.curve_bands import BandsReady, CurvesReady

KEY: Final = "review-curves"
HALF: Final = 0.5


class CurveReader(QObject):
    """`renewed` comes with other predictions, `changed` whenever there is more or less to show of them."""

    renewed = Signal()
    changed = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._predictions: tuple[Prediction, ...] = ()
        self._found: dict[int | None, CurvesReady] = {}
        self._bands: dict[int | None, BandsReady] = {}
        self._want_bands = False
        self._waits = False
        self.classes: tuple[str, ...] = ()
        self.positive: int | None = None
        self.state = ""

    @property
    def default(self) -> int | None:
        """The class that is chosen first: the second of two, else all."""
        return 1 if len(self.classes) == 2 else None

    @property
    def found(self) -> CurvesReady | None:
        """The curves of the chosen class, once they are read."""
        return self._found.get(self.positive)

    @property
    def bands(self) -> BandsReady | None:
        """Their bands, once they are drawn."""
        return self._bands.get(self.positive)

    @property
    def is_reading(self) -> bool:
        """Whether there is more to come."""
        return self._jobs.get(KEY) is not None

    def show(self, predictions: Sequence[Prediction], classes: Sequence[str]) -> None:
        """Reads the curves of other predictions, of which those with a known label count: of the second of two
        classes, else of all."""
        self._predictions, self.classes = tuple(predictions), tuple(classes)
        self._found, self._bands = {}, {}
        self.positive = self.default
        self.renewed.emit()
        self._go_on()

    def choose(self, positive: int | None) -> None:
        """Reads the curves of another class, None for the mean of all."""
        self.positive = positive
        self._go_on()

    def want_bands(self, wanted: bool) -> None:
        """Bands take a while: they are drawn only where they are seen."""
        if wanted != self._want_bands:
            self._want_bands = wanted
            self._go_on()

    def counts(self, threshold: float) -> npt.NDArray[np.int64]:
        """The confusion matrix, (classes, classes): of two classes at a threshold of the chosen one, else by the
        most probable class."""
        from curator.evaluation.curves import confusion_at

        found = self.found
        if found is None:
            return np.zeros((len(self.classes), len(self.classes)), np.int64)
        sample = found.sample
        if len(self.classes) == 2 and self.positive is not None and threshold != HALF:
            return confusion_at(sample.true, sample.probabilities, self.positive, threshold)
        return confusion_matrix(sample.true, sample.probabilities.argmax(axis=1), len(self.classes))

    def of_second(self, threshold: float) -> float | None:
        """A threshold of the chosen one of two classes as one of the second; None where the more probable class is
        said anyway, and for more classes."""
        if threshold == HALF or len(self.classes) != 2:
            return None
        # The first is said from `threshold` on: the second only above what is left.
        return float(np.nextafter(1 - threshold, 2.0)) if self.positive == 0 else threshold

    def _go_on(self) -> None:
        """Reads what is lacking, once what is still being read has let go."""
        running = self._jobs.get(KEY)
        lacking = self.found is None or (self._want_bands and self.bands is None)
        if running is not None:
            running.cancel()
            if not self._waits:
                self._waits = True
                running.ended.connect(self._after)
        elif lacking and self._predictions:
            self._read()
        self._say()

    def _read(self) -> None:
        predictions, classes, positive = self._predictions, self.classes, self.positive
        bands = self._want_bands

        def read():  # type: ignore[no-untyped-def]
            from curator.evaluation.curve_bands import read_curves

            return read_curves(predictions, classes, positive, bands=bands)

        job = self._jobs.start("Drawing curves", read, key=KEY, quiet=True)
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    @Slot()
    def _after(self) -> None:
        self._waits = False
        self._go_on()

    @Slot(object)
    def _take(self, event: Event) -> None:
        from curator.evaluation.curve_bands import BandsReady, CurvesReady

        # What was asked for before is dropped.
        if self._waits:
            return
        if isinstance(event, CurvesReady):
            self._found[event.positive] = event
        elif isinstance(event, BandsReady):
            self._bands[event.positive] = event
        else:
            return
        self._say()

    @Slot(str)
    def _failed(self, message: str) -> None:
        self._say(message)

    def _say(self, words: str = "") -> None:
        if not words and self.found is not None and self._want_bands:
            drawn = self.bands is not None
            words = "95 % bands, by group" if drawn else "drawing the bands …"
        self.state = words
        self.changed.emit()
