"""What can be chosen for the image in Review: its class, or a reason to discard it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from curator.records import DISCARD_REASONS, DiscardReason

_REASONS: Final[dict[DiscardReason, str]] = {
    "overlay_on_brain": "overlay on the brain",
    "not_brain_mri": "no brain MRI",
    "duplicate": "copy",
    "unreadable": "unreadable",
    "quality": "quality",
    "other": "other",
}
_ROW: Final = 28
# So many are seen at once; further classes are scrolled to.
_MOST_SEEN: Final = len(DISCARD_REASONS)


class Choices(QScrollArea):
    """A button for each choice, the first nine with a digit; hidden until something is offered.

    `picked` carries what it is about ("relabel" or "discard") and the choice; `turned`: offered or no more.
    """

    picked = Signal(str, str)
    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._kind, self._names = "", tuple[str, ...]()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Choices")
        self.hide()

    def offer(self, kind: str, names: Sequence[str]) -> None:
        """Offers classes ("relabel") or reasons ("discard")."""
        self._kind, self._names = kind, tuple(names)
        body = QWidget()
        body.setProperty("role", "scrolled")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for number, name in enumerate(names):
            words = _REASONS.get(name, name) if kind == "discard" else name  # type: ignore[call-overload]
            digit = f"{number + 1}  " if number < 9 else ""
            button = QPushButton(f"{digit}{words}")
            button.setProperty("role", "row")
            button.setStyleSheet(f"QPushButton {{ min-height: {_ROW}px; max-height: {_ROW}px; }}")
            button.setAccessibleName(f"{kind}: {words}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, chosen=name: self._pick(chosen))
            column.addWidget(button)
        old = self.takeWidget()
        self.setWidget(body)
        if old is not None:
            old.deleteLater()
        self.setFixedHeight(_ROW * min(len(names), _MOST_SEEN))
        self.show()

    def pick_number(self, number: int) -> bool:
        """Takes the choice with a digit; False if nothing is offered under it."""
        if self.isHidden() or not 1 <= number <= len(self._names):
            return False
        self._pick(self._names[number - 1])
        return True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.turned.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.turned.emit()

    def _pick(self, name: str) -> None:
        self.hide()
        self.picked.emit(self._kind, name)
