"""Walks through a folder in labelme's own window; run by `next_image.py`, with the Python of its environment.

    PYTHON tests/benchmarks/labelme_next.py FOLDER STEPS JUMPS

Keys are not sent: what they call, `_open_next_image` and `_open_prev_image`, is called by the same clock as in
`next_image.py`, which explains how times are taken; a jump sets the row of the file list, as a click there does.
Prints one line of JSON: for each walk its name, presses (when due or sent, in seconds, and the file that it led
to) and frames (when a `paintEvent` of the canvas ended, and the file that was on it).
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from labelme.app import MainWindow
from labelme.widgets import Canvas
from PyQt5 import QtCore, QtWidgets

_STEADY, _HELD, _TIMER_ERROR = 0.2, 0.033, 0.002


def rest(seconds: float) -> None:
    """Runs the event loop."""
    loop, timer = QtCore.QEventLoop(), QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.PreciseTimer)
    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    timer.start(max(0, round(1000 * seconds)))
    loop.exec_()


def main() -> None:
    """Opens the folder, walks as `next_image.py` does, prints what was seen."""
    folder, steps, jumps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    app = QtWidgets.QApplication(["labelme"])
    frames: list[tuple[float, str]] = []
    paint = Canvas.paintEvent

    def painting(canvas: Canvas, event: object) -> None:
        paint(canvas, event)
        # Nothing is painted between the change of the path and that of the picture: both are set in one call.
        if not canvas.pixmap.isNull():
            frames.append((time.perf_counter(), str(window._image_path)))

    Canvas.paintEvent = painting
    config = Path(tempfile.mkdtemp()) / "labelmerc"
    config.write_text("auto_save: false\n")
    window = MainWindow(config_file=config, file_or_dir=folder)
    window.resize(1440, 900)
    window.show()
    app.setActiveWindow(window)
    rest(1)
    files = window._docks.file_list
    found = []

    def walk(name: str, acts: list, pause: float) -> None:
        frames.clear()
        presses, start = [], time.perf_counter() + 0.05
        for step, act in enumerate(acts):
            due = start + step * pause
            rest(due - time.perf_counter())
            before, now = window._image_path, time.perf_counter()
            act()
            if window._image_path != before:
                presses.append((now if now - due < _TIMER_ERROR else due, str(window._image_path)))
        rest(0.5)
        found.append((name, presses, list(frames)))

    count = files.count()
    far = [(number * 37 + count // 2) % count for number in range(jumps)]
    walk("cold jump", [lambda row=row: files.setCurrentRow(row) for row in far], 1.0)
    files.setCurrentRow(0)
    rest(0.5)
    walk("first visit, 5/s", [window._open_next_image] * steps, _STEADY)
    walk("visited, 5/s", [window._open_prev_image] * steps, _STEADY)
    files.setCurrentRow(0)
    rest(0.5)
    walk("first visit, held 30/s", [window._open_next_image] * steps, _HELD)
    walk("visited, held 30/s", [window._open_prev_image] * steps, _HELD)
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
