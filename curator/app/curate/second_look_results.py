"""The last page of the second look: how far the decisions agree, in words, in figures, image by image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.curate.second_look_start import pane_button, pane_column, rename
from curator.app.image_loader import ImageLoader
from curator.app.widgets import SectionLabel, label, line
from curator.app.words import count
from curator.records import Crop, ImageState

if TYPE_CHECKING:
    from curator.project import Project
    from curator.workflow.agreement import Agreement, Difference

_THUMBNAIL: Final = 92


class ResultsPane(QWidget):
    """`show_wanted` carries the id of an image to go to in the main project."""

    show_wanted = Signal(int)
    closed = Signal()
    back = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self._loader = loader
        column = pane_column(self, wide=True)
        column.addSpacing(18)
        column.addWidget(label("Second look", "title"))
        self.words = label("", wrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setMaximumWidth(860)
        column.addWidget(self.words)
        column.addSpacing(10)
        figures = QHBoxLayout()
        figures.setSpacing(12)
        self.observed = _Figure("Decided alike")
        self.kappa = _Figure("Cohen's kappa")
        self.iou = _Figure("Mean IoU of crops")
        for figure in (self.observed, self.kappa, self.iou):
            figures.addWidget(figure, 1)
        column.addLayout(figures)
        column.addSpacing(14)
        self._heading = SectionLabel("Decided otherwise")
        column.addWidget(self._heading)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        holder.setProperty("role", "scrolled")
        self._list = QVBoxLayout(holder)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addStretch(1)
        area.setWidget(holder)
        column.addWidget(area, 1)
        self.rows: list[DifferenceRow] = []
        foot = QHBoxLayout()
        self.copy = pane_button("Copy text", self._copy)
        self.back_button = pane_button("Back", self.back.emit)
        self.close_button = pane_button("Close", self.closed.emit, primary=True)
        foot.addWidget(self.copy)
        foot.addWidget(self.back_button)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        column.addLayout(foot)
        column.addSpacing(14)

    def show_results(self, project: Project, results: Agreement) -> None:
        """Shows how far two rounds agree; `project` is the main one."""
        self.words.setText(results.words())
        self._show_figures(results)
        for old in self.rows:
            self._list.removeWidget(old)
            old.deleteLater()
        self.rows = [self._row(project, item) for item in results.differences]
        for number, row in enumerate(self.rows):
            self._list.insertWidget(number, row)
        found = len(results.differences)
        heading = f"Decided otherwise: {count(found, 'image')}" if found else "No image was decided otherwise"
        self._heading.setText(heading.upper())
        self._heading.setAccessibleName(heading)
        rename(self.copy, "Copy text")
        self.close_button.setDefault(True)
        self.close_button.setFocus()

    def _show_figures(self, results: Agreement) -> None:
        low, high = results.interval
        share = results.observed
        self.observed.set_figure(
            "–" if share is None else f"{100 * share:.0f} %",
            f"{results.agreed} of {count(results.reviewed, 'image')}, "
            f"95 % interval {100 * low:.0f} to {100 * high:.0f} %",
        )
        self.kappa.set_figure("–" if results.kappa is None else f"{results.kappa:.2f}", results.kappa_words)
        self.iou.set_figure(
            "–" if results.mean_iou is None else f"{results.mean_iou:.2f}",
            f"{results.same_crops} of {count(results.crops, 'image')} kept both times reach 0.95"
            if results.crops
            else "no image was kept both times",
        )

    def _row(self, project: Project, item: Difference) -> DifferenceRow:
        row = DifferenceRow(self._loader, project.state(item.image_id), item)
        row.show_wanted.connect(self.show_wanted)
        return row

    @Slot()
    def _copy(self) -> None:
        QApplication.clipboard().setText(self.words.text())
        rename(self.copy, "Copied")


class DifferenceRow(QWidget):
    """One image that was decided otherwise: what it looks like, how, and the way to it."""

    show_wanted = Signal(int)

    def __init__(self, loader: ImageLoader, state: ImageState, item: Difference) -> None:
        super().__init__()
        self.setAccessibleName(f"{item.file_name}: {item.words}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(0, 8, 10, 8)
        row.setSpacing(16)
        row.addWidget(_Picture(loader, state, item))
        said = QVBoxLayout()
        said.setSpacing(4)
        said.addStretch(1)
        said.addWidget(label(item.file_name, "name"))
        self.words = label(item.words, wrap=True)
        said.addWidget(self.words)
        if item.first_crop is not None:
            said.addWidget(label("solid: first, dashed: second", "small"))
        said.addStretch(1)
        row.addLayout(said, 1)
        self.show_button = pane_button("Show in Curate", lambda: self.show_wanted.emit(item.image_id))
        self.show_button.setAccessibleName(f"Show {item.file_name} in Curate")
        row.addWidget(self.show_button, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(row)
        column.addWidget(line())


class _Picture(QWidget):
    """The upright image, small, with the two crops where it is they that differ."""

    def __init__(self, loader: ImageLoader, state: ImageState, item: Difference) -> None:
        super().__init__()
        self.setFixedSize(_THUMBNAIL, _THUMBNAIL)
        self.setAccessibleName(f"Image {item.file_name}")
        self._loader = loader
        self._state = replace(state, crop=None, masks=())
        self._crops = (item.first_crop, item.second_crop)
        loader.thumbnail_ready.connect(self._ready)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(theme.current().canvas))
        small = self._loader.thumbnail(self._state)
        if small is None:
            if self._loader.error(self._state):
                mark = theme.pixmap("warning", theme.DARK.unsure, 22, self.devicePixelRatioF())
                painter.drawPixmap(self.rect().center() - QPointF(11, 11).toPoint(), mark)
            return
        size = small.size().scaled(self.size() - QSize(6, 6), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.drawPixmap(place, small)
        scale = place.width() / max(self._state.width or 1, 1)
        first, second = self._crops
        self._frame(painter, place, scale, first, theme.DARK.accent, Qt.PenStyle.SolidLine)
        self._frame(painter, place, scale, second, theme.DARK.unsure, Qt.PenStyle.DashLine)

    def _frame(
        self,
        painter: QPainter,
        place: QRect,
        scale: float,
        crop: Crop | None,
        colour: str,
        style: Qt.PenStyle,
    ) -> None:
        if crop is not None:
            painter.setPen(QPen(QColor(colour), 1.5, style))
            corner = QPointF(place.topLeft()) + QPointF(crop.x * scale, crop.y * scale)
            painter.drawRect(QRectF(corner.x(), corner.y(), crop.width * scale, crop.height * scale))

    @Slot(object)
    def _ready(self, image_id: int) -> None:
        if image_id == self._state.id:
            self.update()


class _Figure(QFrame):
    """One figure, large, with its name above and what it rests on below."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(3)
        column.addWidget(label(name, "dim"))
        self.value = label("", "title")
        column.addWidget(self.value)
        self._note = label("", "small", wrap=True)
        column.addWidget(self._note)
        column.addStretch(1)

    def set_figure(self, value: str, note: str) -> None:
        """Shows a figure and what it rests on."""
        self.value.setText(value)
        self._note.setText(note)
        self.setAccessibleName(f"{self._name}: {value}, {note}")
