"""Small widgets that the pages share. Each gives itself an accessible name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.app import theme
from curator.app.shortcuts import display, shortcuts, with_keys

BADGES: Final = {
    "keep": ("check", "keep"),
    "discard": ("cross", "discard"),
    "undecided": ("ring", "dim"),
    "unsure": ("question", "unsure"),
    "copies": ("copies", "text"),
}
_READABLE: Final = 460  # pixels of a line of an empty page


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A label in the look that `role` names in the stylesheet."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Changes a widget's look, if it differs."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        theme.restyle(widget)


def line(vertical: bool = False) -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setProperty("role", "vline" if vertical else "line")
    return made


def scrolling(inside: QWidget, name: str) -> QScrollArea:
    """`inside` in an area of that accessible name, which scrolls it up and down where it is too long."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(name)
    area.setWidget(inside)
    return area


def lay_out_empty(holder: QWidget, title: QLabel, text: QLabel, button: QPushButton) -> None:
    """Puts what an empty page says in its middle: a title, what to do in lines of readable length, the button."""
    text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    text.setFixedWidth(_READABLE)
    # Not by its alignment: a text that wraps would get the height of a wider one, and lose its last line.
    words = QHBoxLayout()
    words.addStretch(1)
    words.addWidget(text)
    words.addStretch(1)
    column = QVBoxLayout(holder)
    column.addStretch(1)
    column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addSpacing(8)
    column.addLayout(words)
    column.addSpacing(8)
    column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(1)


class SectionLabel(QLabel):
    """The small capitals above a group of controls."""

    def __init__(self, text: str) -> None:
        super().__init__(text.upper())
        self.setProperty("role", "heading")
        self.setAccessibleName(text)


class KeyHint(QLabel):
    """A key in a little frame; follows the user's changes when it is given the id of a shortcut."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self.setProperty("role", "key")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._refresh()
        shortcuts.changed.connect(self._refresh)

    def _refresh(self) -> None:
        known = {key.id for key in shortcuts.all()}
        text = shortcuts.get(self._key).keys[0] if self._key in known else self._key
        self.setText(display(text))
        self.setAccessibleName(f"Key {display(text)}")


class KeyTip(QObject):
    """A widget's tool tip that names keys and follows the user's changes: "[id]" in `words` is the key of `id`."""

    def __init__(self, widget: QWidget, words: str) -> None:
        super().__init__(widget)
        self._widget, self._words = widget, words
        self._refresh()
        shortcuts.changed.connect(self._refresh)

    def _refresh(self) -> None:
        self._widget.setToolTip(with_keys(self._words))


class IconButton(QToolButton):
    """A flat button with an icon; `key` is the id of a shortcut that the tool tip names."""

    def __init__(self, icon: str, words: str, key: str | None = None, *, size: int = 18) -> None:
        super().__init__()
        self.setIconSize(QSize(size, size))
        theme.set_icon(self, icon, "text")
        self.setAccessibleName(words)
        self._words, self._key = words, key
        self.setAutoRaise(True)
        self._refresh()
        if key is not None:
            shortcuts.changed.connect(self._refresh)

    def set_words(self, words: str) -> None:
        """Changes what the tool tip and a screen reader say."""
        if words == self._words:
            return
        self._words = words
        self.setAccessibleName(words)
        self._refresh()

    def set_icon(self, icon: str, colour: str = "text") -> None:
        """Changes the icon; `colour` names a field of `Colours`."""
        theme.set_icon(self, icon, colour)

    def _refresh(self) -> None:
        hint = f" ({display(shortcuts.get(self._key).keys[0])})" if self._key else ""
        self.setToolTip(self._words + hint)


class Chip(QPushButton):
    """A rounded filter that is on or off, with an optional count."""

    def __init__(self, words: str, count: int | None = None, *, checkable: bool = True) -> None:
        super().__init__()
        self._words = words
        self.setProperty("role", "chip")
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_count(count)

    def set_count(self, count: int | None) -> None:
        """Shows `words count`."""
        text = self._words if count is None else f"{self._words} {count}"
        self.setText(text)
        self.setAccessibleName(text)


class Segment(QWidget):
    """A row of buttons of which one is on. `chosen` carries its value, when the user clicks only."""

    chosen = Signal(object)

    def __init__(
        self, name: str, choices: Sequence[tuple[object, str]], *, tones: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._group = QButtonGroup(self)
        self._values = [value for value, _ in choices]
        for index, (_, words) in enumerate(choices):
            button = QPushButton(words)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{name}: {words}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            if tones:
                button.setProperty("tone", tones[index])
            self._group.addButton(button, index)
            row.addWidget(button, 1)
        self._group.idClicked.connect(self._clicked)

    def value(self) -> object | None:
        """The value of the button that is on."""
        index = self._group.checkedId()
        return self._values[index] if index >= 0 else None

    def set_value(self, value: object | None) -> None:
        """Turns the button of `value` on, or all off where it is not among the choices."""
        self._group.setExclusive(False)
        for index, button in enumerate(self._group.buttons()):
            button.setChecked(value is not None and self._values[index] == value)
        self._group.setExclusive(True)

    def button(self, value: object) -> QPushButton:
        """The button of one value."""
        found = self._group.button(self._values.index(value))
        assert isinstance(found, QPushButton)
        return found

    def _clicked(self, index: int) -> None:
        self.chosen.emit(self._values[index])


class PopupPanel(QFrame):
    """A panel over the page, which a click beside it or Escape closes. The page's keys are not for what lies below
    while it is open."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self.setAccessibleName(name)

    def event(self, event: QEvent) -> bool:
        """Qt asks before it takes a key for a shortcut of the page: accepted, the key comes here."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)


class BadgeIcon(QLabel):
    """The shape and colour of a state: "keep", "discard", "undecided", "unsure" or "copies"."""

    def __init__(self, kind: str = "undecided", size: int = 16) -> None:
        super().__init__()
        self._size = size
        self.set_kind(kind)
        theme.notifier().changed.connect(self._refresh)

    def set_kind(self, kind: str) -> None:
        """Shows another state."""
        self._kind = kind
        self.setAccessibleName(kind)
        self._refresh()

    def _refresh(self) -> None:
        icon, colour = BADGES[self._kind]
        value = getattr(theme.current(), colour)
        self.setPixmap(theme.pixmap(icon, value, self._size, self.devicePixelRatioF()))


class FactRow(QWidget):
    """A dim name on the left, its value on the right, a hairline below."""

    def __init__(self, name: str, value: str = "", *, tip: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(0, 5, 0, 5)
        row.setSpacing(10)
        self._name = label(name, "dim")
        self._value = label(value, "value")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._name)
        row.addWidget(self._value, 1)
        column.addLayout(row)
        column.addWidget(line())
        self.setToolTip(tip)
        self.set_value(value)

    def value(self) -> str:
        """The value as shown."""
        return self._value.text()

    def set_value(self, value: str, tone: str = "value") -> None:
        """Shows `value`; `tone` is "value", "good", "warn", "bad" or "dim"."""
        self._value.setText(value)
        self.setAccessibleName(f"{self._name.text()}: {value}")
        set_role(self._value, tone)


class Fold(QWidget):
    """A line that opens and closes what is below it."""

    toggled = Signal(bool)

    def __init__(self, words: str, body: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._button = QPushButton(words)
        self._button.setProperty("role", "link")
        self._button.setCheckable(True)
        self._button.setIconSize(QSize(12, 12))
        self._button.setAccessibleName(words)
        self._button.toggled.connect(self._toggle)
        self._body = body
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(body)
        self._toggle(False)

    def set_open(self, is_open: bool) -> None:
        """Opens or closes it."""
        self._button.setChecked(is_open)

    def is_open(self) -> bool:
        """Whether what is below is shown."""
        return self._button.isChecked()

    def _toggle(self, is_open: bool) -> None:
        theme.set_icon(self._button, "chevron-down" if is_open else "chevron-right", "dim")
        self._body.setVisible(is_open)
        self.toggled.emit(is_open)
