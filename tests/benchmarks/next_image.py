"""How soon after a key the next image is on the canvas, at a steady pace and with the key held down.

    python tests/benchmarks/next_image.py [--quick] [--only N] [--labelme PYTHON] [--json FILE]

Drives the real window offscreen at 1440 x 900 by key events, on folders drawn here: 253 and 10,000 small images,
and 40 of 12 megapixels, all different. The profile is "general". Before anything is timed, reading and proposing
are over (the model is quiet, no job runs), hints are closed, and the window rests so that thumbnails settle.

Keys come by the clock (each 200 ms, or held: each 33 ms with the flag of a repeat), whether or not the image
before was painted; a key that had to wait for a busy window counts from when it was due. In between the event
loop runs. A key is answered by the end of the first `paintEvent` of the canvas that shows its image or one that
a later key led to. "on screen" ends later: with the end of the whole repaint, other widgets included.
"full" is the share of answers that had all pixels; the others were first looks of reduced size. "never" counts
images whose pixels had not all come after four seconds: they are in no figure of "all pixels".

cold jump       far away, with the caches emptied and the window at rest; by `go_to`, and by End and Home
first visit     a walk from emptied caches: the page has decoded a few images ahead, or has not
visited         a walk back over images shown before (of 12 megapixels the cache does not hold 40)
Space           accepts and goes on: to the next image painted, and to its change being on the disk, asked each ms

The files lie in the system's cache, as they were written a moment ago. Nothing is asserted: figures depend on the
machine and on what else runs on it, so the load average is printed beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from curator.app.curate.page import CuratePage
    from curator.app.main_window import MainWindow

_LABELME = Path(__file__).with_name("labelme_next.py")
_STEADY, _HELD = 0.2, 0.033
# A key that was handled so late was waiting for the window, not for the timer.
_TIMER_ERROR = 0.002
_PATIENCE = 30.0
_NEVER = 4.0


@dataclass
class Frame:
    """The canvas was painted: seconds at its end and at the repaint's end, what was on it, in all its pixels?"""

    painted: float
    on_screen: float
    shown: Any
    is_full: bool


@dataclass(frozen=True)
class Press:
    """When a key was due or sent, in seconds, and the image that it led to."""

    at: float
    target: Any


@dataclass(frozen=True)
class Row:
    """Times in milliseconds under a name; `full` is a share from 0 to 1."""

    name: str
    painted: list[float]
    on_screen: list[float]
    full: float
    never: int = 0


def answers(name: str, presses: list[Press], frames: list[Frame]) -> Row:
    """The first frame for each press that shows its image or a later one's; the images are all different."""
    order = {press.target: number for number, press in enumerate(presses)}
    found: list[Frame] = []
    for number, press in enumerate(presses):
        answer = next(
            (one for one in frames if one.painted >= press.at and order.get(one.shown, -1) >= number), None
        )
        if answer is None:
            raise SystemExit(f"{name}: an image was never painted")
        found.append(answer)
    painted = [1000 * (one.painted - press.at) for one, press in zip(found, presses, strict=True)]
    on_screen = [1000 * (one.on_screen - press.at) for one, press in zip(found, presses, strict=True)]
    return Row(name, painted, on_screen, sum(one.is_full for one in found) / len(found))


def draw(folder: Path, number: int, size: Callable[[np.random.Generator], tuple[int, int]]) -> None:
    """Writes JPEGs of heads of coarse noise on black into two classes; `size` gives width and height."""
    random = np.random.default_rng(number)
    yy, xx = np.mgrid[-1:1:64j, -1:1:64j]
    head = xx**2 / 0.6 + yy**2 / 0.8 < 1
    for index in range(number):
        wide, high = size(random)
        coarse = Image.fromarray(random.integers(30, 255, (9, 9), np.uint8))
        small = np.asarray(coarse.resize((64, 64), Image.Resampling.BICUBIC)) * head
        pixels = np.asarray(Image.fromarray(small.astype(np.uint8)).resize((wide, high))).astype(np.int16)
        # Grain, so that a file is as long as one from a scanner; one large draw, shifted, is quick.
        grain = np.resize(random.integers(-6, 7, min(wide * high, 100_003), np.int16), (high, wide))
        grey = Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))
        path = folder / ("yes" if index % 2 else "no") / f"{index:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey.convert("RGB").save(path, quality=88)


def rest(seconds: float) -> None:
    """Runs the event loop: other than `QTest.qWait` it lets the workers have the interpreter."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    timer.start(max(0, round(1000 * seconds)))
    loop.exec()


def until(holds: Callable[[], bool], seconds: float = _PATIENCE, every: float = 0.02) -> None:
    """Runs the event loop until something holds."""
    end = time.perf_counter() + seconds
    while not holds():
        if time.perf_counter() > end:
            raise SystemExit("the window did not get there in time")
        rest(every)


def send(key: Any, *, repeat: bool = False) -> None:
    """A key goes down, as the window system tells it; without `repeat` it also goes up again."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    focus, none = QApplication.focusWidget(), Qt.KeyboardModifier.NoModifier
    text = " " if key == Qt.Key.Key_Space else ""
    QTest.simulateEvent(focus, True, key, none, text, repeat)
    if not repeat:
        QTest.simulateEvent(focus, False, key, none, text, False)


class Bench:
    """The window, and what its canvas has painted."""

    def __init__(self, window: MainWindow, frames: list[Frame]) -> None:
        self.window = window
        self.frames = frames
        self.page: CuratePage = window.curate  # type: ignore[assignment]

    def open(self, folder: Path) -> None:
        """Opens a folder and waits for all that is done on it by itself."""
        self.window.settings.profile = "general"
        if not self.window.open_folder(folder):
            raise SystemExit(f"{folder} could not be opened")
        until(lambda: self.window.model.quiet and not self.window.model.jobs.active(), 1800)
        self.page.hints.close_all()
        self.window.activateWindow()
        self.page.activate()
        rest(2)

    def forget(self, row: int | None = None) -> None:
        """Empties the caches; goes to a row first, if one is given, and rests."""
        if row is not None:
            self.page.decisions.go_to(self.page.images.id_at(row))
            rest(0.8)
        self.page.loader.close()
        rest(0.4)

    def press(self, due: float, act: Callable[[], object]) -> Press | None:
        """Does one thing; None where it led nowhere else."""
        before, now = self.window.model.current_id, time.perf_counter()
        act()
        target = self.window.model.current_id
        return Press(now if now - due < _TIMER_ERROR else due, target) if target != before else None

    def walk(self, name: str, key: Any, steps: int, pause: float) -> Row:
        """The same key again and again."""
        self.frames.clear()
        presses: list[Press] = []
        held, start = pause == _HELD, time.perf_counter() + 0.05
        for step in range(steps):
            due = start + step * pause
            # Also when it is late: events of a real keyboard do not keep painting from its turn either.
            rest(due - time.perf_counter())
            found = self.press(due, lambda step=step: send(key, repeat=held and step > 0))
            presses += [found] if found is not None else []
        last = presses[-1].target
        until(lambda: any(frame.shown == last for frame in self.frames))
        return answers(name, presses, self.frames)

    def jumps(self, name: str, acts: list[Callable[[], object]]) -> Iterator[Row]:
        """Each act from emptied caches; a second row, to all pixels, where first looks came before."""
        painted: tuple[list[float], list[float]] = ([], [])
        sharp: tuple[list[float], list[float]] = ([], [])
        full = never = 0
        for act in acts:
            self.forget()
            self.frames.clear()
            press = self.press(float("inf"), act)
            if press is None:
                continue
            until(lambda press=press: any(one.shown == press.target for one in self.frames))
            end = time.perf_counter() + _NEVER
            while not (whole := [f for f in self.frames if f.shown == press.target and f.is_full]):
                if time.perf_counter() > end:
                    never += 1
                    break
                rest(0.1)
            for times, frames in ((painted, self.frames), (sharp, whole)):
                if frames:
                    one = answers(name, [press], frames)
                    times[0].extend(one.painted)
                    times[1].extend(one.on_screen)
                    full += times is painted and one.full == 1
        yield Row(name, *painted, full / len(painted[0]))
        if full < len(painted[0]) and sharp[0]:
            yield Row(f"{name}, all pixels", *sharp, 1.0, never)

    def accepts(self, steps: int) -> Iterator[Row]:
        """Space, five times a second: to the next image, and to the disk."""
        from PySide6.QtCore import Qt

        project = self.window.model.project
        assert project is not None
        self.frames.clear()
        presses: list[Press] = []
        saved: list[float] = []
        start = time.perf_counter() + 0.05
        for step in range(steps):
            due = start + step * _STEADY
            rest(due - time.perf_counter())
            before = project.sequence
            found = self.press(due, lambda: send(Qt.Key.Key_Space))
            sequence = project.sequence
            presses += [found] if found is not None else []
            if sequence > before and found is not None:
                until(lambda wanted=sequence: project.saved_sequence >= wanted, every=0.001)
                saved.append(1000 * (time.perf_counter() - found.at))
        last = presses[-1].target
        until(lambda: any(frame.shown == last for frame in self.frames))
        yield answers("Space, next painted, 5/s", presses, self.frames)
        yield Row("Space, saved", saved, saved, 1.0)

    def measure(self, steps: int, jumps: int) -> Iterator[Row]:
        """All rows for the folder that is open."""
        from PySide6.QtCore import Qt

        right, left = Qt.Key.Key_Right, Qt.Key.Key_Left
        ids = self.page.images.listed()
        far = [ids[(number * 37 + len(ids) // 2) % len(ids)] for number in range(jumps)]
        yield from self.jumps("cold jump", [lambda one=one: self.page.decisions.go_to(one) for one in far])
        self.forget(0)
        ends = [lambda key=key: send(key) for key in (Qt.Key.Key_End, Qt.Key.Key_Home)]
        yield from self.jumps("cold jump, End and Home", ends * (jumps // 2))
        self.forget(0)
        yield self.walk("first visit, 5/s", right, steps, _STEADY)
        yield self.walk("visited, 5/s", left, steps, _STEADY)
        self.forget(0)
        yield self.walk("first visit, held 30/s", right, steps, _HELD)
        rest(1)
        yield self.walk("visited, held 30/s", left, steps, _HELD)
        rest(1)
        yield from self.accepts(min(steps, 100))


@contextmanager
def bench(home: Path) -> Iterator[Bench]:
    """The window with settings, caches and projects of its own below `home`, watched."""
    for name in ("CACHE", "DATA", "CONFIG"):
        os.environ[f"CURATOR_{name}"] = str(home / name.lower())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QGraphicsView

    from curator.app.application import create
    from curator.app.curate.canvas import Canvas
    from curator.app.main_window import MainWindow

    create(["curator"])
    frames: list[Frame] = []

    def painting(self: Any, event: Any) -> None:
        QGraphicsView.paintEvent(self, event)
        loaded, now = self._loaded, time.perf_counter()
        if loaded is not None:
            frames.append(Frame(now, 0.0, loaded.source[0], loaded.is_full))

    class Watched(MainWindow):
        def event(self, event: QEvent) -> bool:
            done = super().event(event)
            if event.type() == QEvent.Type.UpdateRequest:
                now = time.perf_counter()
                for frame in reversed(frames):
                    if frame.on_screen:
                        break
                    frame.on_screen = now
            return done

    # Before the window is made: Qt looks overrides up once.
    Canvas.paintEvent = painting  # type: ignore[method-assign]
    window = Watched()
    window.resize(1440, 900)
    window.show()
    try:
        yield Bench(window, frames)
    finally:
        window.close()


def labelme(python: str, folder: Path, steps: int, jumps: int) -> list[Row]:
    """The rows that labelme has too, from its own window in another process."""
    command = [python, str(_LABELME), str(folder), str(steps), str(jumps)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"labelme failed: {done.stderr[-800:]}")
    rows: list[Row] = []
    for name, presses, frames in json.loads(done.stdout.splitlines()[-1]):
        seen = [Frame(at, at, shown, True) for at, shown in frames]
        if name == "cold jump":
            each = [answers(name, [Press(*press)], seen).painted[0] for press in presses]
            rows.append(Row(name, each, each, 1.0))
        else:
            rows.append(answers(name, [Press(*press) for press in presses], seen))
    return rows


def line(row: Row) -> str:
    """A row of the table, in milliseconds."""
    median, p95, p99 = np.percentile(row.painted, [50, 95, 99])
    screen = np.percentile(row.on_screen, [50, 99])
    return (
        f"  {row.name:38}{len(row.painted):5}{median:9.1f}{p95:9.1f}{p99:9.1f}{max(row.painted):9.1f}"
        f"{screen[0]:12.1f}{screen[1]:9.1f}{100 * row.full:7.0f}"
        + (f"   never: {row.never}" if row.never else "")
    )


def beside(ours: list[Row], theirs: list[Row]) -> Iterator[str]:
    """Lines that set rows beside each other; a ratio above 1 says that labelme, always at all pixels, is slower."""
    yield f"  {'beside labelme':38}{'median':>9}{'labelme':>9}{'ratio':>7}{'p99':>12}{'labelme':>9}{'ratio':>7}"
    for row in theirs:
        for own in ours:
            if own.name not in (row.name, f"{row.name}, all pixels"):
                continue
            a, b = np.percentile(own.painted, [50, 99]), np.percentile(row.painted, [50, 99])
            notes = ["ours are first looks"] * (own.full < 1)
            # Slower than the keys come, each waits for all before it: that is no time an image.
            notes += ["labelme falls behind"] * ("held" in own.name and max(row.painted) > 10_000 * _HELD)
            times = f"{a[0]:9.1f}{b[0]:9.1f}{b[0] / a[0]:7.1f}{a[1]:12.1f}{b[1]:9.1f}{b[1] / a[1]:7.1f}"
            yield f"  {own.name:38}{times}   {', '.join(notes)}".rstrip()


def main() -> None:
    """Draws the folders, measures, prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer images and steps")
    parser.add_argument("--only", type=int, choices=(1, 2, 3), help="only the first, second or third folder")
    parser.add_argument("--labelme", metavar="PYTHON", help="the Python of an environment with labelme")
    parser.add_argument("--json", type=Path, help="where to write all times")
    options = parser.parse_args()
    many, steps, jumps = (1000, 60, 8) if options.quick else (10_000, 250, 20)
    plans = (
        ("253 small images", 253, lambda r: tuple(r.integers(200, 701, 2).tolist()), steps, jumps),
        (f"{many} small images", many, lambda r: tuple(r.integers(280, 321, 2).tolist()), steps, jumps),
        ("40 images of 12 megapixels", 40, lambda r: (4000, 3000), 39, min(jumps, 12)),
    )
    everything: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as temporary, bench(Path(temporary) / "home") as watched:
        for number, (title, count, size, walk, far) in enumerate(plans, 1):
            if options.only not in (None, number):
                continue
            folder = Path(temporary) / str(number) / "images"
            draw(folder, count, size)
            watched.open(folder)
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
            print(f"\n{title} (load {load:.1f})  ms{'on screen':>78}", flush=True)
            heads = "".join(f"{word:>9}" for word in ("median", "p95", "p99", "max"))
            print(f"{'':40}{'n':>5}{heads}{'median':>12}{'p99':>9}{'full %':>7}", flush=True)
            ours: list[Row] = []
            for row in watched.measure(walk, far):
                ours.append(row)
                print(line(row), flush=True)
            watched.window.model.close()
            found = everything[title] = {"load": load, "curator": [vars(row) for row in ours]}
            if options.labelme:
                theirs = labelme(options.labelme, folder, walk, far)
                found["labelme"] = [vars(row) for row in theirs]
                print("\n".join(beside(ours, theirs)), flush=True)
    if options.json:
        options.json.write_text(json.dumps(everything), encoding="utf-8")


if __name__ == "__main__":
    main()
