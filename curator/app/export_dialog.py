"""Asks where to and how to export, runs it as a job, and says what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from curator.app import messages
from curator.app.jobs import Job
from curator.app.project_model import ProjectModel
from curator.app.widgets import label, set_role
from curator.app.words import count
from curator.errors import CuratorError
from curator.records import FILLS, Fill, Progress

if TYPE_CHECKING:
    from curator.workflow.export import Format

_LARGEST_SEED = 2**31 - 1
_KEY = "export"


class ExportDialog(QDialog):
    """Stays open, with the progress, until the export is done or cancelled."""

    def __init__(self, model: ProjectModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        project = model.project
        assert project is not None
        self._model, self._project = model, project
        self._job: Job | None = None
        self._exported: Any = None
        self.setWindowTitle("Export")
        self.setAccessibleName("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(560)
        counts = project.counts()
        self._undecided = counts.undecided - counts.unreadable
        self.folder = QLineEdit(str(project.root.with_name(f"{project.root.name}-export")))
        self.accept_proposals = QCheckBox(
            f"Count unreviewed proposals as decided ({count(max(self._undecided, 0), 'image')})"
        )
        self.materialise = QCheckBox("Write the cleaned images too, in folders by split and class")
        self.csv = QCheckBox("CSV")
        self.parquet = QCheckBox("Parquet")
        self.shares = [_spin(value, 0, 100) for value in _shares(project)]
        self.seed = _spin(project.seed, 0, _LARGEST_SEED)
        self.fill = QComboBox()
        self.fill.addItem("as set for each image", None)
        for fill in FILLS:
            self.fill.addItem(fill, fill)
        self._trouble = label("", "bad", wrap=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._what = label("", "dim")
        self.export_button = QPushButton("Export")
        self.cancel_button = QPushButton("Cancel")
        self._name_controls()
        self._lay_out()
        self.export_button.clicked.connect(self._export)
        self.cancel_button.clicked.connect(self.reject)
        for box in self.shares:
            box.valueChanged.connect(self._check)
        self.folder.textChanged.connect(self._check)
        self._check()

    def reject(self) -> None:
        """Cancels the export where one runs, else closes."""
        if self._job is not None:
            self._job.cancel()
        else:
            super().reject()

    def _name_controls(self) -> None:
        for control, name in (
            (self.folder, "Folder to export to"),
            (self.accept_proposals, "Count unreviewed proposals as decided"),
            (self.materialise, "Write the cleaned images too"),
            (self.csv, "Write a CSV file too"),
            (self.parquet, "Write a Parquet file too"),
            (self.shares[0], "Share of training images in percent"),
            (self.shares[1], "Share of validation images in percent"),
            (self.shares[2], "Share of test images in percent"),
            (self.seed, "Seed of the split"),
            (self.fill, "Fill of masks"),
            (self._progress, "Progress of the export"),
            (self.export_button, "Export"),
            (self.cancel_button, "Cancel"),
        ):
            control.setAccessibleName(name)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(
            label(
                "The manifest says for each image what was decided and by whom. Originals are not touched.",
                "dim",
                wrap=True,
            )
        )
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        browse = QPushButton("Browse…")
        browse.setAccessibleName("Choose the folder to export to")
        browse.clicked.connect(self._browse)
        form.addRow("Folder", _row(self.folder, browse))
        form.addRow("Images", self.accept_proposals)
        form.addRow("", self.materialise)
        form.addRow("Masks filled", self.fill)
        parts: list[QWidget] = []
        for words, box in zip(("train", "val", "test"), self.shares, strict=True):
            box.setSuffix(" %")
            parts += [label(words, "dim"), box]
        form.addRow("Split", _row(*parts, label("seed", "dim"), self.seed))
        drawn = bool(self._project.counts().by_split)
        if drawn:
            form.addRow(
                "",
                label("Images that have a split keep it; only new ones are drawn by these shares.", "small"),
            )
        form.addRow("Formats too", _row(self.csv, self.parquet, stretch=True))
        column.addLayout(form)
        column.addWidget(self._trouble)
        column.addStretch(1)
        column.addWidget(self._progress)
        foot = QHBoxLayout()
        foot.addWidget(self._what, 1)
        self.export_button.setProperty("role", "primary")
        self.export_button.setDefault(True)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.export_button)
        column.addLayout(foot)
        self._progress.hide()

    @Slot()
    def _check(self) -> None:
        total = sum(box.value() for box in self.shares)
        trouble = ""
        if not self.folder.text().strip():
            trouble = "Name a folder."
        elif total != 100:
            trouble = f"The shares add up to {total} %: make them 100 %."
        elif self.shares[0].value() == 0:
            trouble = "Training needs images: give train more than 0 %."
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        self.export_button.setEnabled(not trouble and self._job is None)

    @Slot()
    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder to export to", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    @Slot()
    def _export(self) -> None:
        from curator.dataset.split import Shares
        from curator.workflow.export import export

        formats = ["jsonl"]
        formats += ["csv"] if self.csv.isChecked() else []
        formats += ["parquet"] if self.parquet.isChecked() else []
        try:
            shares = Shares(*(box.value() for box in self.shares))
            self._model.announce(self._project.ensure_splits(shares, self.seed.value()))
            events = export(
                self._project,
                Path(self.folder.text().strip()).expanduser(),
                accept_proposals=self.accept_proposals.isChecked(),
                seed=self.seed.value(),
                shares=shares,
                fill=cast("Fill | None", self.fill.currentData()),
                materialise=self.materialise.isChecked(),
                formats=cast("list[Format]", formats),
            )
        except CuratorError as error:
            self._fail(str(error))
            return
        self._job = self._model.jobs.start("Exporting", lambda: events, key=_KEY)
        self._job.event.connect(self._take)
        self._job.progress.connect(self._show_progress)
        self._job.failed.connect(self._fail)
        self._job.ended.connect(self._ended)
        self._progress.setRange(0, 0)
        self._progress.show()
        self.export_button.setEnabled(False)

    @Slot(object)
    def _take(self, event: Any) -> None:
        from curator.records import Warned
        from curator.workflow.export import Exported

        if isinstance(event, Exported):
            self._exported = event
        elif isinstance(event, Warned):
            set_role(self._trouble, "warn")
            self._trouble.setText(event.message)
            self._trouble.show()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        self._progress.setRange(0, max(progress.total, 1))
        self._progress.setValue(progress.done)
        self._what.setText(f"{progress.what} {progress.done} / {progress.total}")

    @Slot(str)
    def _fail(self, message: str) -> None:
        set_role(self._trouble, "bad")
        self._trouble.setText(message)
        self._trouble.show()

    @Slot()
    def _ended(self) -> None:
        self._job = None
        self._progress.hide()
        self._what.setText("")
        self.export_button.setEnabled(True)
        if self._exported is None:
            return
        manifest = self._exported.manifest
        kept = sum(row.decision == "keep" for row in manifest.rows)
        folder = manifest.folder
        messages.show(
            f"Exported {count(len(manifest.rows), 'image')}, {kept} of them kept, to {folder}",
            "done",
            messages.Action("Show folder", lambda: _show_folder(folder)),
        )
        self.accept()


def _show_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _shares(project: Any) -> tuple[int, int, int]:
    shares = project.shares
    return shares.train, shares.val, shares.test


def _spin(value: int, least: int, most: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, most)
    box.setValue(value)
    return box


def _row(*widgets: QWidget, stretch: bool = False) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    if stretch:
        row.addStretch(1)
    return row
