"""How long the next image takes, from key press to painted canvas, and a decision to be on the disk.

    python tests/benchmarks/page_through.py [--quick] [--only N] [--labelme PYTHON] [--json FILE]

Drives the real window offscreen at 1440 x 900 with key events, on folders that it draws itself: 253 and 10,000
small images and 40 of 12 megapixels. Reading and proposing are over before anything is timed. "warm" is a second
pass over images that were shown before, "fresh" a first one, in which the window has decoded a few images ahead
or has not; "jump" goes to an image far away that was never decoded. A press counts until the canvas has painted
the image that it leads to (of a large one the first look, decoded at a quarter of its size); what comes after,
inspector and film strip, is not in it. `--labelme` names the Python of an environment with labelme, which then
opens the same folders, and is timed from `_open_next_image` to the end of `processEvents`.

Nothing is asserted here: figures depend on the machine, and on what else runs on it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage
    from curator.app.main_window import MainWindow

Times = list[float]
_LABELME = Path(__file__).with_name("page_through_labelme.py")


def draw(folder: Path, number: int, least: int, most: int, seed: int) -> Path:
    """Heads of coarse noise on black, `number` JPEGs with sides from `least` to `most` pixels, two classes."""
    random = np.random.default_rng(seed)
    yy, xx = np.mgrid[-1:1:64j, -1:1:64j]
    head = (xx**2 / 0.6 + yy**2 / 0.8 < 1).astype(np.float32)
    for index in range(number):
        wide, high = (int(side) for side in random.integers(least, most + 1, 2))
        coarse = Image.fromarray(random.integers(30, 255, (9, 9), np.uint8)).resize(
            (64, 64), Image.Resampling.BICUBIC
        )
        grey = Image.fromarray((np.asarray(coarse) * head).astype(np.uint8)).resize((wide, high))
        if wide * high > 4_000_000:
            # Grain, so that a large file is as long as one from a scanner.
            grain = random.integers(-6, 7, (high, wide), np.int16)
            grey = Image.fromarray(np.clip(np.asarray(grey) + grain, 0, 255).astype(np.uint8))
        path = folder / ("yes" if index % 2 else "no") / f"{index:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey.convert("RGB").save(path, quality=88)
    return folder


class Person:
    """Presses keys in the window and looks at the clock."""

    def __init__(self, window: MainWindow, painted: Times) -> None:
        from PySide6.QtWidgets import QApplication

        self.window = window
        self.page: CuratePage = window.curate  # type: ignore[assignment]
        self._painted = painted
        self._app = QApplication.instance()

    def open(self, folder: Path) -> None:
        """Opens a folder and waits until all background work on it is over."""
        self.window.settings.profile = "general"
        if not self.window.open_folder(folder):
            raise SystemExit(f"{folder} could not be opened")
        self.until(lambda: self.window.model.quiet and not self.window.model.jobs.active(), 1800)
        self.page.hints.close_all()
        self.window.activateWindow()
        self.page.activate()
        self.rest(1.5)

    def rest(self, seconds: float) -> None:
        """Lets the window do what it likes."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(max(0, round(1000 * seconds)), loop.quit)
        loop.exec()

    def until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Waits for something."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise SystemExit("the window did not get there in time")
            self.rest(0.02)

    def key(self, key: Any) -> None:
        """A key goes down and up."""
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        QTest.keyClick(QApplication.focusWidget(), key)

    def until_painted(self, act: Callable[[], object]) -> float:
        """Milliseconds from an act to the canvas having painted what it leads to."""
        from PySide6.QtCore import QEventLoop

        self._painted.clear()
        began = time.perf_counter()
        act()
        while True:
            loaded, state = self.page.canvas._loaded, self.page.decisions.state
            there = loaded is not None and state is not None and loaded.source[0] == state.id
            if there and self._painted:
                return 1000 * (self._painted[0] - began)
            if not there:
                self._painted.clear()
            if time.perf_counter() - began > 20:
                raise SystemExit("the image was never painted")
            self._app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)  # type: ignore[union-attr]

    def walk(self, steps: int, a_second: float, key: Any) -> Times:
        """Presses a key so many times a second."""
        found: Times = []
        due = time.perf_counter()
        for _ in range(steps):
            found.append(self.until_painted(lambda: self.key(key)))
            due = max(due + 1 / a_second, time.perf_counter())
            self.rest(due - time.perf_counter())
        return found

    def jumps(self, number: int) -> Times:
        """To images far from each other, none of them decoded before; the window rests in between."""
        ids = self.page.images.listed()
        found: Times = []
        for step in range(number):
            self.page.loader.close()
            self.rest(0.7)
            target = ids[(step * 37 + len(ids) // 2) % len(ids)]
            if target != self.window.model.current_id:
                found.append(self.until_painted(lambda target=target: self.page.decisions.go_to(target)))
        return found

    def saves(self, number: int) -> Times:
        """From the key that accepts to the change being on the disk, as "saved" in the status bar says."""
        from PySide6.QtCore import QEventLoop, Qt

        project = self.window.model.project
        assert project is not None
        found: Times = []
        for _ in range(number):
            self.rest(0.12)
            before = project.sequence
            began = time.perf_counter()
            self.key(Qt.Key.Key_Space)
            after = project.sequence
            while project.saved_sequence < after:
                self._app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)  # type: ignore[union-attr]
            if after > before:
                found.append(1000 * (time.perf_counter() - began))
        return found


def measure(person: Person, folder: Path, steps: int, jumps: int) -> Iterator[tuple[str, Times]]:
    """All figures for one folder."""
    from PySide6.QtCore import Qt

    right, left = Qt.Key.Key_Right, Qt.Key.Key_Left
    person.open(folder)
    person.page.decisions.go_to(person.page.images.listed()[0])
    person.rest(1)
    yield "fresh, 5 a second", person.walk(steps, 5, right)
    yield "warm, 5 a second", person.walk(steps, 5, left)
    yield "warm, held, 30 a second", person.walk(steps, 30, right)
    person.page.loader.close()
    person.page.decisions.go_to(person.page.images.listed()[0])
    person.rest(1)
    yield "fresh, held, 30 a second", person.walk(steps, 30, right)
    yield "jump", person.jumps(jumps)
    yield "key to saved", person.saves(min(steps, 100))


def labelme(python: str, folder: Path, steps: int) -> dict[str, Times]:
    """What labelme takes for as many next images, fresh and then warm."""
    command = [python, str(_LABELME), str(folder), str(steps)]
    done = subprocess.run(
        command,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"labelme failed: {done.stderr[-600:]}")
    answer: dict[str, Times] = json.loads(done.stdout.splitlines()[-1])
    return answer


def row(name: str, times: Times) -> str:
    """A line of the table, in milliseconds."""
    median, p95, p99 = np.percentile(times, [50, 95, 99])
    return f"  {name:28}{len(times):6}{median:9.1f}{p95:9.1f}{p99:9.1f}{max(times):9.1f}"


@contextmanager
def window_with_watch(home: Path) -> Iterator[tuple[MainWindow, Times]]:
    """The window, and a list to which each end of painting the canvas is added."""
    for name in ("CACHE", "DATA", "CONFIG"):
        os.environ[f"CURATOR_{name}"] = str(home / name.lower())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QGraphicsView

    from curator.app.application import create
    from curator.app.curate.canvas import Canvas

    create(["curator"])
    painted: Times = []

    def painting(self: Any, event: Any) -> None:
        QGraphicsView.paintEvent(self, event)
        painted.append(time.perf_counter())

    # Before the window is made: Qt looks overrides up once.
    Canvas.paintEvent = painting  # type: ignore[method-assign]
    from curator.app.main_window import MainWindow

    window = MainWindow()
    window.resize(1440, 900)
    window.show()
    try:
        yield window, painted
    finally:
        window.close()


def main() -> None:
    """Draws the folders, measures, prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer images and steps")
    parser.add_argument("--only", type=int, choices=(1, 2, 3), help="only the first, second or third folder")
    parser.add_argument("--labelme", metavar="PYTHON", help="the Python of an environment with labelme")
    parser.add_argument("--json", type=Path, help="where to write all times")
    options = parser.parse_args()
    many, steps = (1000, 60) if options.quick else (10_000, 250)
    plans = (
        ("253 small images", (253, 200, 700), steps, 20),
        (f"{many} small images", (many, 280, 320), steps, 20),
        ("40 images of 12 megapixels", (40, 0, 0), 39, 12),
    )
    everything: dict[str, dict[str, Times]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        with window_with_watch(home / "home") as (window, painted):
            person = Person(window, painted)
            for number, (title, (count, least, most), walk, jumps) in enumerate(plans):
                if options.only not in (None, number + 1):
                    continue
                folder = home / f"{number}" / "images"
                if least:
                    draw(folder, count, least, most, number)
                else:
                    draw(folder, count, 3464, 3464, number)
                load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
                sys.stdout.write(
                    f"\n{title} (load {load:.1f})\n{'':30}{'n':>6}{'median':>9}{'p95':>9}{'p99':>9}{'max':>9}  ms\n"
                )
                found = everything.setdefault(title, {})
                for name, times in measure(person, folder, walk, jumps):
                    found[name] = times
                    sys.stdout.write(row(name, times) + "\n")
                    sys.stdout.flush()
                window.model.close()
                if options.labelme:
                    for name, times in labelme(options.labelme, folder, walk).items():
                        found[f"labelme, {name}"] = times
                        ours = np.percentile(found[f"{name}, 5 a second"], 50)
                        ratio = np.percentile(times, 50) / ours
                        sys.stdout.write(
                            f"{row(f'labelme, {name}', times)}   {ratio:.1f} times ours at the median\n"
                        )
                        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps(everything), encoding="utf-8")


if __name__ == "__main__":
    main()
