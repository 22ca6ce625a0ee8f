"""How quick the page Review is with 10,000 predictions: until it is up, until a filter shows, while it scrolls.

    python tests/benchmarks/review_ten_thousand.py [--images N]

Makes a folder of so many small images, a project that knows them, a run whose network was trained on a few of
them, and invented predictions of all of them, as a run keeps them on disk. Then drives the real window offscreen
at 1440 x 900.

page up     "read": from the file on disk to the end of the first paint of the gallery, all on a second visit (the
            first one also works out the bootstrap intervals, which are kept; it is printed as well). "shown": of
            that, the part on the window's thread, from the predictions being handed over to the end of the paint
filter      from the click (a cell of the confusion matrix, only wrong ones, all again, another order) to the end
            of the paint
scrolling   wheel steps each 16 ms from emptied caches, thumbnails being made meanwhile: how long each turn of the
            window's event loop was busy. With the heat map of the chosen image being computed beside it

Nothing is asserted: figures depend on the machine and on what else runs on it, so the load average is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from next_image import draw, rest, until

_TICK = 0.016


def make(folder: Path, count: int) -> tuple[Path, Path]:
    """A dataset of small images with a project and a run; the dataset's root and the run's folder."""
    from curator.dataset.split import Shares
    from curator.manifest.files import read_manifest, write_manifest
    from curator.manifest.schema import ManifestRow
    from curator.project import Project
    from curator.records import Prediction
    from curator.training.config import TrainConfig
    from curator.training.loop import fit
    from curator.training.predictions import write_predictions
    from curator.workflow.apply import apply_event
    from curator.workflow.open import open_folder

    root = folder / "images"
    draw(root, count, lambda random: (int(random.integers(90, 130)), int(random.integers(90, 130))))
    with Project.open(root, profile="general") as project:
        for event in list(open_folder(project)):
            apply_event(project, event)
        rows = [
            ManifestRow.from_state(replace(state, decision="keep", decided_by="person", split="test"))
            for state in project.states()
        ]
        run_dir = project.folder / "runs" / "invented"
    few = [
        row.model_copy(update={"split": "val" if number % 3 == 0 else "train"})
        for number, row in enumerate([*rows[:12], *rows[-12:]])
    ]

    def written(place: Path, these: list[ManifestRow]) -> None:
        write_manifest(
            place, these, root=root, profile="general", classes=["no", "yes"], seed=0, shares=Shares()
        )

    written(folder / "few", few)
    config = TrainConfig(weights="none", image_size=128, epochs=1, batch_size=8, threads=1, device="cpu")
    for _ in fit(read_manifest(folder / "few"), config, run_dir):
        pass
    written(run_dir, rows)
    random = np.random.default_rng(1)
    predictions = []
    for row in rows:
        true = int(row.label == "yes")
        right = float(random.beta(4, 1.5))
        pair = (1 - right, right) if true else (right, 1 - right)
        said = "yes" if pair[1] > pair[0] else "no"
        predictions.append(
            Prediction(
                row.file_name, row.sha256, row.label, "test", row.group, said, pair, -float(np.log(right))
            )
        )
    write_predictions(run_dir / "predictions.jsonl", predictions)
    return root, run_dir


class Turns:
    """How long each turn of the event loop was busy, in milliseconds: from waking up to going to sleep."""

    def __init__(self) -> None:
        from PySide6.QtCore import QAbstractEventDispatcher

        self.busy: list[float] = []
        self._since: float | None = None
        self._dispatcher = QAbstractEventDispatcher.instance()

    @contextmanager
    def watched(self) -> Any:
        """Notes turns while it is open."""
        self.busy.clear()
        self._dispatcher.awake.connect(self._awake)
        self._dispatcher.aboutToBlock.connect(self._block)
        yield
        self._dispatcher.awake.disconnect(self._awake)
        self._dispatcher.aboutToBlock.disconnect(self._block)

    def _awake(self) -> None:
        self._since = time.perf_counter()

    def _block(self) -> None:
        if self._since is not None:
            self.busy.append(1000 * (time.perf_counter() - self._since))
            self._since = None


class Bench:
    """The window with the page Review in front."""

    def __init__(self, root: Path) -> None:
        from PySide6.QtWidgets import QApplication

        from curator.app.main_window import MainWindow
        from curator.app.settings import Settings
        from curator.project import Project

        self.app = QApplication.instance()
        self.window = MainWindow(Settings(root.parent / "settings.ini"))
        self.window.show()
        self.window.model.adopt(Project.open(root))
        self.window.show_page(2)
        self.page = self.window.review

    def painted(self) -> None:
        """Lets the gallery paint what it has to show."""
        viewport = self.page.gallery.viewport()
        self.page.gallery.executeDelayedItemsLayout()
        viewport.repaint()

    def open(self, run_dir: Path) -> tuple[float, float]:
        """Milliseconds from asking for the run to its first paint, and of that on the window's thread."""
        page = self.page
        handed: list[float] = []
        done: list[float] = []

        def shown(_table: object) -> None:
            self.painted()
            done.append(time.perf_counter())

        # The page is connected first: when `shown` is called it has taken the predictions over.
        first = page._opened
        page.loader.opened.disconnect(first)

        def took(table: object) -> None:
            handed.append(time.perf_counter())
            first(table)
            shown(table)

        page.loader.opened.connect(took)
        from curator.evaluation.results import Source

        begun = time.perf_counter()
        page.show_source(Source(run_dir))
        until(lambda: bool(done), 120, 0.002)
        page.loader.opened.disconnect(took)
        page.loader.opened.connect(first)
        return 1000 * (done[0] - begun), 1000 * (done[0] - handed[0])

    def timed(self, act: Callable[[], object]) -> float:
        """Milliseconds from an act to the end of the paint."""
        begun = time.perf_counter()
        act()
        self.painted()
        return 1000 * (time.perf_counter() - begun)


def line(name: str, values: list[float]) -> None:
    """Prints a row of the table."""
    low, median, p99 = np.percentile(values, [5, 50, 99])
    print(f"  {name:44}{len(values):6}{low:9.1f}{median:9.1f}{p99:9.1f}{max(values):9.1f}", flush=True)


def filters(bench: Bench) -> dict[str, list[float]]:
    """Times of filters and orders, several of each."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    page, matrix = bench.page, bench.page.facts.matrix
    found: dict[str, list[float]] = {
        "a cell": [],
        "all again": [],
        "only wrong ones": [],
        "another order": [],
    }

    def click(cell: tuple[int, int]) -> Callable[[], object]:
        point = matrix.cell_rect(*cell).center()
        return lambda: QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=point)

    for number in range(20):
        cell = (number % 2, (number // 2) % 2)
        found["a cell"].append(bench.timed(click(cell)))
        rest(0.05)
        found["all again"].append(bench.timed(click(cell)))
        rest(0.05)
        found["only wrong ones"].append(bench.timed(page.bar.wrong.click))
        page.bar.wrong.click()
        rest(0.05)
        order = ("confidence", "margin", "name", "loss")[number % 4]
        found["another order"].append(bench.timed(lambda order=order: page.showing.show_order(order)))
        rest(0.05)
    return found


def scroll(bench: Bench, seconds: float, step: int) -> list[float]:
    """Busy times of the event loop's turns while the wheel turns."""
    from PySide6.QtCore import QPoint, QPointF, Qt
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    gallery = bench.page.gallery
    viewport = gallery.viewport()
    gallery.verticalScrollBar().setValue(0)
    rest(0.5)
    turns = Turns()
    with turns.watched():
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            at = QPointF(viewport.rect().center())
            event = QWheelEvent(
                at,
                QPointF(viewport.mapToGlobal(at.toPoint())),
                QPoint(),
                QPoint(0, -step),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.postEvent(viewport, event)
            rest(_TICK)
    return turns.busy


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for variable in ("CURATOR_CACHE", "CURATOR_DATA", "CURATOR_CONFIG"):
            os.environ[variable] = str(folder / variable.lower())
        root, run_dir = make(folder, given.images)
        from PySide6.QtWidgets import QApplication

        from curator.app import theme

        app = QApplication.instance() or QApplication([])
        assert isinstance(app, QApplication)
        app.setStyle("Fusion")
        app.setFont(theme.font(app.font()))
        theme.apply(app, "dark")
        bench = Bench(root)
        until(lambda: bench.page.results is not None, 120)
        first = json.loads((run_dir / "summaries.json").read_text())
        assert first
        page = bench.page
        for _ in range(2):
            until(lambda: not bench.window.jobs.active(), 60)
            rest(0.5)
        print(f"{given.images} predictions, load average {os.getloadavg()[0]:.1f}, in ms")
        print(f"  {'':44}{'n':>6}{'p5':>9}{'median':>9}{'p99':>9}{'worst':>9}")
        read, shown = [], []
        for _ in range(5):
            page.pictures._squares.clear()
            page.places.clear()
            both = bench.open(run_dir)
            read.append(both[0])
            shown.append(both[1])
            until(lambda: not bench.window.jobs.active(), 60)
            rest(0.5)
        line("page up: read from disk and painted (< 300)", read)
        line("  of that on the window's thread", shown)
        for what, values in filters(bench).items():
            line(f"filter: {what} (< 50)", values)
        page.showing.show_all()
        for what, step in (("a step at a time", 120), ("fast", 480)):
            page.pictures._squares.clear()
            line(f"scrolling {what}: turns of the loop (p99 < 16)", scroll(bench, 6, step))
        bench.window.close()


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main()
