"""Asks for another manifest or for new images that a run shall predict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from curator.app import messages
from curator.app.review.sources import Entry

if TYPE_CHECKING:
    from curator.evaluation.results import Source

_TITLES: Final = {
    "manifest": "Choose the folder of another manifest",
    "images": "Choose a folder of new images",
}


class Others(QObject):
    """`chosen` carries the `Source` that was asked for, None where the user thought better of it."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent

    def ask(self, kind: str, shown: Source | None, entries: tuple[Entry, ...]) -> None:
        """Asks for a folder of a `kind`, "manifest" or "images". It is predicted by the run that is shown, or, of
        a cross-validation, which has no single network, by the newest run."""
        run = _run_of(shown, entries)
        if run is None:
            messages.show("Other images are predicted by a run: train one first.", "warning")
            self.chosen.emit(None)
            return
        dialog = QFileDialog(self._window, _TITLES[kind])
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.take(kind, run, Path(path)))
        dialog.rejected.connect(lambda: self.chosen.emit(None))
        dialog.open()

    def take(self, kind: str, run: Path, path: Path) -> None:
        """Asks for what the folder holds to be shown."""
        from curator.evaluation.results import Source

        if kind == "images":
            self.chosen.emit(Source(run, None, images=path))
        else:
            self.chosen.emit(Source(run, None, manifest=path))


def _run_of(shown: Source | None, entries: tuple[Entry, ...]) -> Path | None:
    if shown is not None and not shown.cross_validated:
        return shown.folder
    runs = (one.source.folder for one in entries if not one.source.cross_validated)
    return next(runs, None)
