"""Writes what is reviewed as a report: asks where to, works in the background, offers to open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from curator.app import messages
from curator.app.jobs import load
from curator.app.project_model import ProjectModel
from curator.app.widgets import KeyTip
from curator.records import Event

if TYPE_CHECKING:
    from curator.evaluation.comparison import Comparison
    from curator.evaluation.results import ResultsReady

_KEY: Final = "report"


class Reporting(QObject):
    """`results` and `comparison` give what the report is to be of."""

    def __init__(
        self,
        model: ProjectModel,
        results: Callable[[], ResultsReady | None],
        comparison: Callable[[], Comparison | None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._model, self._results, self._comparison = model, results, comparison
        self._window = parent
        self.button = QPushButton("Report…")
        self.button.setProperty("role", "link")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setAccessibleName("Write a report of what is reviewed")
        KeyTip(self.button, "One file to hand on, with figures, images and what to doubt ([review.report])")
        self.button.clicked.connect(self.ask)

    @Slot()
    def ask(self) -> None:
        """Asks where the report shall be written."""
        results, project = self._results(), self._model.project
        if results is None or project is None:
            messages.show("There is nothing to report yet: train a run first.", "warning")
            return
        if self._model.jobs.get(_KEY) is not None:
            messages.show("A report is being written already.", "info")
            return
        dialog = QFileDialog(self._window, "Write the report to")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("Web page (*.html)")
        dialog.setDefaultSuffix("html")
        dialog.setDirectory(str(project.root.parent))
        dialog.selectFile(f"{results.source.folder.name}-report.html")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.write(Path(path)))
        dialog.open()

    def write(self, path: Path) -> None:
        """Writes the report; the status bar shows how far it is and can cancel it."""
        results, comparison = self._results(), self._comparison()
        if results is None:
            return
        job = self._model.jobs.start(
            "Writing the report", lambda: _events(results, path, comparison), key=_KEY
        )
        job.event.connect(self._take)
        job.failed.connect(self._failed)

    @Slot(object)
    def _take(self, event: Any) -> None:
        from curator.evaluation.report import ReportWritten

        if isinstance(event, ReportWritten):
            where = QUrl.fromLocalFile(str(event.path))
            messages.show(
                f"Report written: {event.path.name}, {event.size / 1e6:.1f} MB.",
                "done",
                messages.Action("Open", lambda: QDesktopServices.openUrl(where)),
            )

    @Slot(str)
    def _failed(self, words: str) -> None:
        messages.show(words, "error")


def _events(results: ResultsReady, path: Path, comparison: Comparison | None) -> Iterator[Event]:
    yield from load("curator.evaluation.report").write_report(results, path, comparison=comparison)
