"""The inspector's list of overlays: what is masked, and what lies on the brain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from curator.app import theme
from curator.app.curate.shapes import bounds
from curator.app.widgets import IconButton, KeyTip, label
from curator.project import proposed_masks
from curator.records import ImageState, Mask, MaskKind, Overlay

_HIGH: Final = 29
# A mask and an overlay are one where their boxes share at least this part of what both cover.
_SAME: Final = 0.5
WHERE_WORDS: Final = {"background": "background", "head": "scalp or neck", "brain": "on the brain"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `mask` is the number of the mask, None for an overlay that is not masked; a `proposed` one was
    not confirmed by a person.
    """

    kind: MaskKind
    where: str
    score: float | None
    mask: int | None
    proposed: bool = True


def rows_of(state: ImageState) -> list[Row]:
    """The masks in their order, then overlays on the brain."""
    overlays = list(state.proposal.overlays) if state.proposal is not None else []
    rows, proposed = [], proposed_masks(state)
    for number, mask in enumerate(state.masks):
        found = max(overlays, key=lambda one: _shared(mask, one), default=None)
        if found is None or _shared(mask, found) < _SAME:
            where, score = "by hand" if "masks" in state.edited else "", None
        else:
            where, score = WHERE_WORDS[found.on], found.score
        rows.append(Row(mask.kind, where, score, number, mask in proposed))
    rows += [Row(one.kind, WHERE_WORDS["brain"], one.score, None) for one in overlays if one.on == "brain"]
    return rows


def _shared(mask: Mask, overlay: Overlay) -> float:
    ax0, ay0, ax1, ay1 = bounds(mask.polygon)
    bx0, by0, bx1, by1 = overlay.box
    wide, high = min(ax1, bx1) - max(ax0, bx0), min(ay1, by1) - max(ay0, by0)
    if wide <= 0 or high <= 0:
        return 0.0
    both = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - wide * high
    return wide * high / both


class _RowButton(QAbstractButton):
    """Paints one row; its delete button shows while the pointer is over it or it is selected."""

    delete_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._row: Row | None = None
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(_HIGH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        self.delete = IconButton("cross", "Delete this mask", "curate.delete", size=11)
        self.delete.setFixedSize(22, 22)
        self.delete.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.delete.setVisible(False)
        self.delete.clicked.connect(self._delete)
        layout.addWidget(self.delete)

    def show_row(self, row: Row, selected: bool) -> None:
        """Shows another row."""
        self._row = row
        self.setChecked(selected)
        score = "" if row.score is None else f", {row.score:.2f} sure"
        self.setAccessibleName(f"{row.kind}, {row.where}{score}")
        self.delete.setAccessibleName(f"Delete the {row.kind} mask")
        self._show_delete()
        self.update()

    @property
    def row(self) -> Row | None:
        """What it shows."""
        return self._row

    def sizeHint(self) -> QSize:
        return QSize(200, _HIGH)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._show_delete()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._show_delete()
        self.update()

    def nextCheckState(self) -> None:
        """The canvas says what is selected."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        row = self._row
        if row is None:
            return
        colours = theme.current()
        painter = QPainter(self)
        whole = self.rect()
        if self.isChecked() or self.underMouse() or self.hasFocus():
            painter.fillRect(whole, QColor(colours.accent_soft if self.isChecked() else colours.hover))
        painter.setPen(QColor(colours.line))
        painter.drawLine(whole.bottomLeft(), whole.bottomRight())
        tone = colours.discard if row.mask is None else colours.unsure
        pen = QPen(QColor(tone), 1.2)
        if row.mask is not None and row.proposed:
            pen.setDashPattern([2.2, 1.6])
        painter.setPen(pen)
        painter.drawRect(QRectF(4.5, _HIGH / 2 - 5, 9, 9))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colours.text))
        painter.drawText(whole.adjusted(24, 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, row.kind)
        right = 26 if self.delete.isVisible() else 2
        if row.score is not None:
            painter.drawText(
                whole.adjusted(0, 0, -right, 0), middle | Qt.AlignmentFlag.AlignRight, f"{row.score:.2f}"
            )
            right += 42
        painter.setPen(QColor(colours.discard if row.mask is None else colours.dim))
        painter.drawText(whole.adjusted(0, 0, -right, 0), middle | Qt.AlignmentFlag.AlignRight, row.where)

    def _show_delete(self) -> None:
        can = self._row is not None and self._row.mask is not None
        self.delete.setVisible(can and (self.underMouse() or self.isChecked()))

    def _delete(self) -> None:
        if self._row is not None and self._row.mask is not None:
            self.delete_wanted.emit(self._row.mask)


class OverlayRows(QWidget):
    """`selected` and `deleted` carry the number of a mask; `all_deleted` is for all of them."""

    selected = Signal(int)
    deleted = Signal(int)
    all_deleted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Overlays")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._none = label("None found.", "dim")
        self._column.addWidget(self._none)
        self.delete_all = QPushButton("Delete all masks")
        self.delete_all.setProperty("role", "link")
        self.delete_all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.delete_all.setAccessibleName("Delete all masks")
        KeyTip(self.delete_all, "Delete all masks ([curate.delete_all])")
        self.delete_all.clicked.connect(self.all_deleted)
        self._column.addWidget(self.delete_all, 0, Qt.AlignmentFlag.AlignRight)
        self._buttons: list[_RowButton] = []
        self._before: QWidget | None = None

    def tab_after(self, widget: QWidget) -> None:
        """Tab leads from this widget to the first row."""
        self._before = widget

    @property
    def rows(self) -> list[Row]:
        """What is listed."""
        return [one.row for one in self._buttons if not one.isHidden() and one.row is not None]

    def show_state(self, state: ImageState, selected: int | None) -> None:
        """Lists the overlays of an image."""
        rows = rows_of(state)
        while len(self._buttons) < len(rows):
            self._add_button()
        for number, button in enumerate(self._buttons):
            if number < len(rows):
                button.show_row(rows[number], rows[number].mask is not None and rows[number].mask == selected)
            button.setVisible(number < len(rows))
        self._none.setVisible(not rows)
        self.delete_all.setVisible(len(state.masks) > 1)

    def button(self, number: int) -> QAbstractButton:
        """The row at a place in the list."""
        return self._buttons[number]

    def _add_button(self) -> None:
        button = _RowButton()
        button.clicked.connect(lambda: self._clicked(button))
        button.delete_wanted.connect(self.deleted)
        before = self._buttons[-1] if self._buttons else self._before
        self._buttons.append(button)
        self._column.insertWidget(self._column.indexOf(self.delete_all), button)
        if before is not None:
            QWidget.setTabOrder(before, button)

    def _clicked(self, button: _RowButton) -> None:
        if button.row is not None and button.row.mask is not None:
            self.selected.emit(button.row.mask)
