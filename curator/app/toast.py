"""Shows messages at the foot of the window, one at a time, without taking the focus."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from curator.app import theme
from curator.app.messages import Action, Message
from curator.app.widgets import IconButton, label

_SHOWN_MS = 5000
# Time to read and to reach for a button.
_SHOWN_WITH_ACTIONS_MS = 12_000
_MARGIN = 44
_WIDEST = 760
_LEVELS = {
    "info": ("info", "accent"),
    "done": ("check", "keep"),
    "warning": ("warning", "unsure"),
    "error": ("warning", "discard"),
}


class Toast(QFrame):
    """Child of the window. Messages that stay wait for the user; others make way for the next one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.setAccessibleName("Message")
        self._window = parent
        self._waiting: deque[Message] = deque()
        self._message: Message | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 8, 8, 8)
        self._row.setSpacing(10)
        self._icon = QLabel()
        self._text = label("", wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close = IconButton("cross", "Close the message", size=12)
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.clicked.connect(self.dismiss)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addWidget(self._text, 1)
        self._row.addWidget(self._close)
        self._buttons: list[QPushButton] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        parent.installEventFilter(self)
        self.hide()

    @property
    def message(self) -> Message | None:
        """The message that is shown now."""
        return self._message

    @Slot(object)
    def show_message(self, message: Message) -> None:
        """Shows `message`, or keeps it until the one that waits for the user is closed."""
        if self._message is not None and self._message.stays:
            if message not in (self._message, *self._waiting):
                self._waiting.append(message)
            return
        self._display(message)

    @Slot()
    def dismiss(self) -> None:
        """Closes the message; the next one follows."""
        self._timer.stop()
        self._message = None
        self.hide()
        if self._waiting:
            self._display(self._waiting.popleft())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps its place when the window changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _display(self, message: Message) -> None:
        self._message = message
        icon, colour = _LEVELS[message.level]
        self._icon.setPixmap(
            theme.pixmap(icon, getattr(theme.current(), colour), 18, self.devicePixelRatioF()),
        )
        self._text.setText(message.text)
        self.setProperty("level", message.level)
        theme.restyle(self)
        for old in self._buttons:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = [self._button(action) for action in message.actions]
        for button in self._buttons:
            self._row.insertWidget(self._row.count() - 1, button)
        self._place()
        self.show()
        self.raise_()
        if not message.stays:
            self._timer.start(_SHOWN_WITH_ACTIONS_MS if message.actions else _SHOWN_MS)

    def _button(self, action: Action) -> QPushButton:
        button = QPushButton(action.words)
        button.setAccessibleName(action.words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

        def clicked() -> None:
            self.dismiss()
            action.run()

        button.clicked.connect(clicked)
        return button

    def _place(self) -> None:
        window = self._window
        room = min(_WIDEST, window.width() - 120)
        fixed = 90 + sum(button.sizeHint().width() + 10 for button in self._buttons)
        one_line = self._text.fontMetrics().horizontalAdvance(self._text.text()) + 8
        width = min(room, one_line + fixed)
        self._text.setMinimumHeight(self._text.heightForWidth(max(width - fixed, 80)))
        self.resize(width, max(self._row.heightForWidth(width), self._row.sizeHint().height(), 40))
        self.move((window.width() - self.width()) // 2, window.height() - self.height() - _MARGIN)
