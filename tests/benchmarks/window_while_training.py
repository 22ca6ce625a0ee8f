"""How quick the window stays while a network is trained in the same process.

    python tests/benchmarks/window_while_training.py [--backbone NAME] [--size N] [--batch N] [--seconds N]

Opens 253 images that are drawn here in the real window, offscreen at 1440 x 900, and trains on all of them by the
page's own button, from scratch, as the window does it: on one thread fewer than the cores, at a lower priority.

A timer of 5 ms ticks in the window's thread; a row of the first table says how far apart its ticks were, in ms:
5 is best, and what is above is what a person waits for. "start" is from the press of the button to the first
batch, with the export of the manifest and the import of PyTorch; "Train" is with the page Train in view, its
curves growing; "Curate" with a person walking over images by the key, five a second. "nothing runs" is the same
walk before the training.

The second table is of that walk: from the key to the end of the paint of the canvas, as in `next_image.py`.
Nothing is asserted. The load average is printed, for other programs count.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from next_image import Bench, Row, bench, draw, line, rest, until

_TICK_MS = 5
_STEADY = 0.2


class Ticks:
    """When the timer ticked, in seconds, in named spans."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._at: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(lambda: self._at.append(time.perf_counter()))

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Ticks while it is open, then prints its row."""
        self._at.clear()
        self._timer.start()
        yield
        self._timer.stop()
        gaps = 1000 * np.diff(self._at)
        median, p95, p99 = np.percentile(gaps, [50, 95, 99])
        late = ", ".join(f"{gap:.0f}" for gap in sorted(gaps, reverse=True)[:5])
        print(
            f"  {name:38}{len(gaps):7}{median:9.1f}{p95:9.1f}{p99:9.1f}{gaps.max():9.1f}   worst: {late}",
            flush=True,
        )


def begin(watched: Bench, backbone: str, size: int, batch: int) -> None:
    """Sets the form and presses the button."""
    page = watched.window.train
    until(lambda: not page.data.counting)
    page.data.accept.setChecked(True)
    until(lambda: not page.data.counting and page.controls.train_button.isEnabled())
    form = page.form
    form.cards["from-scratch"].click()
    form.backbone.setCurrentIndex(max(form.backbone.findData(backbone), 0))
    for name, value in (("epochs", 1000), ("image_size", size), ("batch_size", batch)):
        form.editor(name).setValue(value)
    page.controls.train_button.click()


def walk(watched: Bench, name: str, steps: int) -> Row:
    """To the next image again and again, from emptied caches."""
    from PySide6.QtCore import Qt

    watched.forget(0)
    return watched.walk(name, Qt.Key.Key_Right, steps, _STEADY)


def main() -> None:
    """Draws the folder, trains, measures, prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backbone", default="mobilenet_v2")
    parser.add_argument("--size", type=int, default=224, help="side of the images in pixels")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=40, help="how long each span lasts")
    options = parser.parse_args()
    steps = min(round(options.seconds / _STEADY), 240)
    with tempfile.TemporaryDirectory() as temporary, bench(Path(temporary) / "home") as watched:
        folder = Path(temporary) / "images"
        draw(folder, 253, lambda random: tuple(random.integers(200, 701, 2).tolist()))
        watched.open(folder)
        watched.window.show_page(1)
        watched.window.show_page(0)
        rest(2)
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        print(
            f"\n{options.backbone}, {options.size} px, batch {options.batch}, "
            f"{os.cpu_count()} cores, load {load:.1f}"
            f"\n  {'timer of 5 ms: between two ticks':38}{'n':>7}{'median':>9}{'p95':>9}{'p99':>9}{'max':>9}",
            flush=True,
        )
        ticks, rows = Ticks(), []
        with ticks.span("Curate, nothing runs"):
            rows.append(walk(watched, "first visit, nothing runs", steps))
        watched.window.show_page(1)
        page = watched.window.train
        with ticks.span("Train, start"):
            begin(watched, options.backbone, options.size, options.batch)
            until(lambda: bool(page.live.curves.batch_at), 180)
        with ticks.span("Train, training"):
            rest(options.seconds)
        watched.window.show_page(0)
        rest(1)
        with ticks.span("Curate, training"):
            rows.append(walk(watched, "first visit, training", steps))
        with ticks.span("Curate, training, again"):
            rows.append(walk(watched, "again, training", steps))
        epochs, speed = len(page.live.curves.epoch), page.header.text()
        page.trainer.stop()
        until(lambda: page.trainer.job is None, 60)
        heads = "".join(f"{word:>9}" for word in ("median", "p95", "p99", "max"))
        print(f"\n  {'key to painted, ms':38}{'n':>5}{heads}{'on screen: median':>18}{'p99':>7}{'full %':>7}")
        for row in rows:
            print(line(row), flush=True)
        print(f"\n  {epochs} epochs were trained meanwhile; the heading said: {speed}")
        watched.window.model.close()


if __name__ == "__main__":
    main()
