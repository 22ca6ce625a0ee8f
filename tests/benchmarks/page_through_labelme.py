"""Times labelme's next image on a folder; run with the Python of an environment that has labelme.

    PYTHON tests/benchmarks/page_through_labelme.py FOLDER STEPS

Prints one JSON object: milliseconds from `_open_next_image` to the end of `processEvents`, on a first pass over
the folder ("fresh") and going back over it ("warm").
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from PyQt5 import QtWidgets


def main() -> None:
    """Opens the folder in labelme's own window and walks through it."""
    folder, steps = sys.argv[1], int(sys.argv[2])
    app = QtWidgets.QApplication(["labelme"])
    from labelme.app import MainWindow

    config = Path(tempfile.mkdtemp()) / "labelmerc"
    config.write_text("auto_save: false\n")
    window = MainWindow(config_file=config, file_or_dir=folder)
    window.resize(1440, 900)
    window.show()
    found: dict[str, list[float]] = {}
    for name, turn in (("fresh", window._open_next_image), ("warm", window._open_prev_image)):
        times = found.setdefault(name, [])
        for _ in range(steps):
            for _ in range(3):
                app.processEvents()
            began = time.perf_counter()
            turn()
            app.processEvents()
            times.append(1000 * (time.perf_counter() - began))
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
