"""The one big button, and what takes its place while a training runs."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from curator.app.shortcuts import display, shortcuts
from curator.app.widgets import label, line

# So long the second press counts.
_SURE_MS: Final = 6000


class Controls(QWidget):
    """Stands at the foot of the left column whatever is scrolled above it."""

    train_wanted = Signal()
    pause_wanted = Signal()
    stop_wanted = Signal()
    discard_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Training controls")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        outer.addWidget(line())
        column = QVBoxLayout()
        column.setContentsMargins(16, 12, 15, 14)
        column.setSpacing(8)
        outer.addLayout(column)
        self._trouble = label("", "warn", wrap=True)
        column.addWidget(self._trouble)
        row = QHBoxLayout()
        row.setSpacing(8)
        column.addLayout(row)
        self.train_button = _button("Train", "primary", self.train_wanted)
        self.pause_button = _button("Pause", "primary", self.pause_wanted)
        self.stop_button = _button("Stop and keep", "", self.stop_wanted)
        for button in (self.train_button, self.pause_button, self.stop_button):
            row.addWidget(button, 1)
        self.discard_button = QPushButton()
        self.discard_button.setProperty("role", "danger-link")
        self.discard_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.discard_button.clicked.connect(self.discard)
        column.addWidget(self.discard_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._sure = QTimer(self)
        self._sure.setSingleShot(True)
        self._sure.setInterval(_SURE_MS)
        self._sure.timeout.connect(self._name_discard)
        self._name_discard()
        self._focus_kept = False
        self.show_idle(None)
        shortcuts.changed.connect(self._name_keys)
        self._name_keys()

    def show_idle(self, trouble: str | None) -> None:
        """No training runs; `trouble` says why none can begin."""
        self._trouble.setText(trouble or "")
        self._trouble.setVisible(bool(trouble))
        focused = self._has_focus()
        self.train_button.setEnabled(trouble is None)
        self.train_button.show()
        if focused:
            self.train_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.pause_button.hide()
        self.stop_button.hide()
        self.discard_button.hide()
        self._sure.stop()
        self._name_discard()

    def show_running(self, *, paused: bool, ending: bool) -> None:
        """A training runs."""
        self._trouble.hide()
        focused = self._has_focus()
        self.pause_button.setText("Go on" if paused else "Pause")
        self.pause_button.setAccessibleName(self.pause_button.text())
        self.stop_button.setText("Stopping …" if ending else "Stop and keep")
        if focused and ending:
            self._focus_kept = True
            self.window().focusWidget().clearFocus()
        for button in (self.pause_button, self.stop_button, self.discard_button):
            button.setEnabled(not ending)
            button.show()
        if self.train_button.hasFocus():
            self.pause_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.train_button.hide()

    def trouble(self) -> str:
        """Why no training can begin, as shown."""
        return self._trouble.text()

    @Slot()
    def discard(self) -> None:
        """Asks, in the button itself, whether the run shall go to the trash; the second time it does."""
        if not self.discard_button.isVisible() or not self.discard_button.isEnabled():
            return
        if self._sure.isActive():
            self._sure.stop()
            self._name_discard()
            self.discard_wanted.emit()
        else:
            self._sure.start()
            self._name_discard()

    def _has_focus(self) -> bool:
        """Whether the focus is here, or was when the buttons were switched off and nobody has it since: left alone,
        it would fall on whatever comes next on the page."""
        focused = self.window().focusWidget()
        kept, self._focus_kept = self._focus_kept and focused is None, False
        return kept or (focused is not None and self.isAncestorOf(focused))

    @Slot()
    def _name_discard(self) -> None:
        asked = self._sure.isActive()
        words = "Press again: into the trash with it" if asked else "Discard the run"
        self.discard_button.setText(words)
        self.discard_button.setAccessibleName(words)

    def _name_keys(self) -> None:
        for button, id in (
            (self.train_button, "train.start"),
            (self.pause_button, "train.pause"),
            (self.stop_button, "train.stop"),
            (self.discard_button, "train.discard"),
        ):
            button.setToolTip(display(shortcuts.get(id).keys[0]))


def _button(words: str, role: str, signal: object) -> QPushButton:
    button = QPushButton(words)
    button.setAccessibleName(words)
    button.setProperty("role", f"{role}-big" if role else "big")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(signal)
    return button
