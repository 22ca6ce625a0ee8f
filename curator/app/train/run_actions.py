"""The line above the table of runs: what can be done with the marked ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from curator.app.train.run_table import RunRow
from curator.app.widgets import SectionLabel


class RunActions(QWidget):
    """`resume_wanted`, `result_wanted` and `review_wanted` carry the marked run's folder."""

    resume_wanted = Signal(object)
    result_wanted = Signal(object)
    review_wanted = Signal(object)
    rename_wanted = Signal()
    delete_wanted = Signal()
    figures_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._marked: RunRow | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(SectionLabel("Runs"))
        row.addStretch(1)
        self.figures_button = _link("Figures", self.figures_wanted)
        self.figures_button.setCheckable(True)
        self.resume_button = _link("Go on with it", self._resume)
        self.result_button = _link("Show the result", self._result)
        self.review_button = _link("Review", self._review)
        self.rename_button = _link("Rename", self.rename_wanted)
        self.folder_button = _link("Show folder", self._show_folder)
        self.delete_button = _link("Delete", self.delete_wanted)
        for button in (
            self.figures_button,
            self.resume_button,
            self.result_button,
            self.review_button,
            self.rename_button,
            self.folder_button,
            self.delete_button,
        ):
            row.addWidget(button)

    def show_for(self, marked: Sequence[RunRow], running: Path | None) -> None:
        """Offers what goes for the marked runs while `running` is being trained."""
        row = marked[0] if len(marked) == 1 else None
        self._marked = row
        idle = row is not None and row.run_dir != running
        self.resume_button.setVisible(idle and row is not None and row.unfinished and running is None)
        compared = row is not None and row.kind != "run"
        self.result_button.setVisible(compared)
        self.review_button.setVisible(idle and row is not None and row.epochs_done > 0 and not compared)
        for button in (self.rename_button, self.folder_button):
            button.setVisible(row is not None)
        self.delete_button.setVisible(any(one.run_dir != running for one in marked))

    @Slot()
    def _resume(self) -> None:
        if self._marked is not None:
            self.resume_wanted.emit(self._marked.run_dir)

    @Slot()
    def _result(self) -> None:
        if self._marked is not None:
            self.result_wanted.emit(self._marked.run_dir)

    @Slot()
    def _review(self) -> None:
        if self._marked is not None:
            self.review_wanted.emit(self._marked.run_dir)

    @Slot()
    def _show_folder(self) -> None:
        if self._marked is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._marked.run_dir)))


def _link(words: str, slot: Any) -> QPushButton:
    button = QPushButton(words)
    button.setProperty("role", "link")
    button.setAccessibleName(words)
    button.clicked.connect(slot)
    return button
