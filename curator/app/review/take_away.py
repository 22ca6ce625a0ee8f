"""Exports the model that is reviewed: asks for a file, works on a job's thread, says what was written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from curator.app import messages
from curator.app.jobs import load
from curator.app.project_model import ProjectModel
from curator.records import Event

if TYPE_CHECKING:
    from curator.evaluation.results import Source

KEY: Final = "take-away"


class TakeAway(QObject):
    """Asks where a run's model shall be written, and writes it."""

    def __init__(self, model: ProjectModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._window = model, parent

    def ask(self, source: Source | None) -> None:
        """Asks for a file; without a run that has one network, says what to do instead."""
        if source is None:
            return
        if source.cross_validated:
            messages.show(
                "A cross-validation has a network for each fold and none to take away: choose a run, or train "
                "one with the same plan.",
                "warning",
            )
            return
        run_dir = source.folder
        dialog = QFileDialog(self._window, "Take the model away as ONNX")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("ONNX models (*.onnx)")
        dialog.setDefaultSuffix("onnx")
        dialog.selectFile(f"{run_dir.name}.onnx")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write(run_dir, Path(path)))
        dialog.open()

    def write(self, run_dir: Path, out: Path) -> None:
        """Writes the model and its card on a job's thread."""
        if self._model.jobs.get(KEY) is not None:
            messages.show("A model is being exported already: wait for it.", "warning")
            return
        job = self._model.jobs.start("Exporting the model", lambda: _events(run_dir, out), key=KEY)
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    @Slot(object)
    def _take(self, event: Any) -> None:
        card: Path | None = getattr(event, "card", None)
        if card is None:
            return
        open_card = messages.Action(
            "Open the card", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(card)))
        )
        messages.show(f"{event.model} is written, and its card {card.name} beside it.", "done", open_card)

    @Slot(str)
    def _failed(self, message: str) -> None:
        messages.show(message, "error")


def _events(run_dir: Path, out: Path) -> Iterator[Event]:
    # Imported on the job's thread: it needs PyTorch.
    yield from load("curator.evaluation.take_away").export_model(run_dir, out)
