"""Every key of the window in one table: what the pages bind and what the `?` overlay lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does. `keys` are alternatives in Qt's portable notation, the first is shown first.

    `page` is the heading it is listed under. `held` keys act while they are down, so a page handles them in
    its own key events; they are listed but not bound.
    """

    id: str
    keys: tuple[str, ...]
    words: str
    page: str
    held: bool = False


WINDOW: Final = "Everywhere"
CURATE: Final = "Curate"
TRAIN: Final = "Train"
REVIEW: Final = "Review"

_DEFAULTS: Final = (
    Key("page.curate", ("Ctrl+1",), "Curate", WINDOW),
    Key("page.train", ("Ctrl+2",), "Train", WINDOW),
    Key("page.review", ("Ctrl+3",), "Review", WINDOW),
    Key("open", ("Ctrl+O",), "Open a folder", WINDOW),
    Key("export", ("Ctrl+E",), "Export", WINDOW),
    Key("undo", ("Ctrl+Z",), "Undo", WINDOW),
    Key("redo", ("Ctrl+Shift+Z",), "Redo", WINDOW),
    Key("rescan", ("F5",), "Look for changes in the folder", WINDOW),
    Key("theme", ("Ctrl+T",), "Dark or light", WINDOW),
    Key("help", ("?",), "These keys", WINDOW),
    Key("quit", ("Ctrl+Q",), "Close the window", WINDOW),
    Key("curate.accept", ("Space",), "Accept what is shown, next", CURATE),
    Key("curate.keep", ("K",), "Keep", CURATE),
    Key("curate.discard", ("X",), "Discard, then a digit for the reason (X X: the last)", CURATE),
    Key("curate.undecided", ("U",), "Undecided", CURATE),
    Key("curate.previous", ("Left", "A"), "Previous", CURATE),
    Key("curate.next", ("Right", "D"), "Next", CURATE),
    Key("curate.previous_undecided", ("Shift+Left", "Shift+A"), "Previous to do", CURATE),
    Key("curate.next_undecided", ("Shift+Right", "Shift+D"), "Next to do", CURATE),
    Key("curate.next_unsure", ("Tab",), "Next unsure", CURATE),
    Key("curate.go_to", ("Ctrl+G",), "Go to number", CURATE),
    Key("curate.search", ("Ctrl+F",), "Search", CURATE),
    Key("curate.crop", ("C",), "Crop", CURATE),
    Key("curate.box", ("M",), "Mask: box", CURATE),
    Key("curate.polygon", ("P",), "Mask: polygon", CURATE),
    Key("curate.brush", ("B",), "Mask: brush", CURATE),
    Key("curate.eraser", ("E",), "Eraser", CURATE),
    Key("curate.leave", ("Esc",), "Leave the tool", CURATE),
    Key("curate.delete", ("Delete", "Backspace"), "Delete the selected mask", CURATE),
    Key("curate.nudge_left", ("Ctrl+Left",), "Nudge 1 px left", CURATE),
    Key("curate.nudge_right", ("Ctrl+Right",), "Nudge 1 px right", CURATE),
    Key("curate.nudge_up", ("Ctrl+Up",), "Nudge 1 px up", CURATE),
    Key("curate.nudge_down", ("Ctrl+Down",), "Nudge 1 px down", CURATE),
    Key("curate.nudge_left_10", ("Ctrl+Shift+Left",), "Nudge 10 px left", CURATE),
    Key("curate.nudge_right_10", ("Ctrl+Shift+Right",), "Nudge 10 px right", CURATE),
    Key("curate.nudge_up_10", ("Ctrl+Shift+Up",), "Nudge 10 px up", CURATE),
    Key("curate.nudge_down_10", ("Ctrl+Shift+Down",), "Nudge 10 px down", CURATE),
    Key("curate.original", ("O",), "Original (hold)", CURATE, held=True),
    Key("curate.side_by_side", ("S",), "Side by side", CURATE),
    Key("curate.back_to_proposal", ("R",), "Back to the proposal", CURATE),
    Key("curate.grid", ("G",), "Grid or film strip", CURATE),
    Key("curate.keep_best", ("Shift+K",), "Keep the best of the copies", CURATE),
    Key("curate.accept_confident", ("Ctrl+Return",), "Accept all confident ones", CURATE),
    Key("curate.fit", ("F",), "Fit the image", CURATE),
    Key("curate.full_size", ("1:1",), "Full size (double click)", CURATE, held=True),
    Key("curate.zoom_in", ("+", "="), "Zoom in (or wheel)", CURATE),
    Key("curate.zoom_out", ("-",), "Zoom out", CURATE),
    Key("curate.pan", ("H",), "Pan (hold, or middle drag)", CURATE, held=True),
    Key("train.start", ("Ctrl+Return",), "Train", TRAIN),
    Key("train.pause", ("Ctrl+P",), "Pause or go on", TRAIN),
    Key("train.stop", ("Ctrl+.",), "Stop and keep", TRAIN),
    Key("train.discard", ("Ctrl+Backspace",), "Discard the run that is being trained (twice)", TRAIN),
    Key("train.run_curves", ("Space",), "Draw the marked runs' curves", TRAIN, held=True),
    Key("train.run_name", ("F2",), "Rename the marked run", TRAIN, held=True),
    Key("train.run_delete", ("Delete",), "Move the marked runs to the trash", TRAIN, held=True),
    Key("train.plot_values", ("Left", "Right"), "Values in the plot that has the focus", TRAIN, held=True),
    Key("train.plot_zoom", ("+", "-"), "Zoom the plot (or wheel, or drag a box)", TRAIN, held=True),
    Key("train.plot_all", ("0",), "Show all of the plot (double click)", TRAIN, held=True),
    Key("review.mend", ("E",), "Mend in Curate", REVIEW),
    Key("review.relabel", ("L",), "Relabel", REVIEW),
    Key("review.discard", ("X",), "Discard", REVIEW),
    Key("review.fine", ("F",), "Fine: nothing to mend", REVIEW),
    Key("review.next", ("Right", "D"), "Next", REVIEW),
    Key("review.previous", ("Left", "A"), "Previous", REVIEW),
    Key("review.back", ("Backspace",), "Back to Review (from Curate)", REVIEW, held=True),
)


class Shortcuts(QObject):
    """The table, with the user's changes in it, and the live `QShortcut`s that follow them."""

    changed = Signal()

    def __init__(self, keys: Iterable[Key] = _DEFAULTS) -> None:
        super().__init__()
        self._keys = {key.id: key for key in keys}
        self._own: dict[str, str] = {}
        self._bound: dict[str, list[QShortcut]] = {}

    def register(self, *keys: Key) -> None:
        """Adds keys of a page; an id that is there already is replaced."""
        for key in keys:
            self._keys[key.id] = key

    def all(self) -> list[Key]:
        """All keys, the user's changes in them, in the order they are listed."""
        return [self.get(id) for id in self._keys]

    def get(self, id: str) -> Key:
        """One key; `KeyError` for an unknown id."""
        key = self._keys[id]
        own = self._own.get(id)
        return key if own is None else Key(key.id, (own,), key.words, key.page, key.held)

    def words(self, id: str) -> str:
        """What the key does, with the key in brackets, for tool tips."""
        key = self.get(id)
        return f"{key.words} ({display(key.keys[0])})"

    def bind(
        self,
        widget: QWidget,
        id: str,
        slot: Callable[..., Any],
        *,
        context: Qt.ShortcutContext = Qt.ShortcutContext.WidgetWithChildrenShortcut,
    ) -> QShortcut:
        """Calls `slot` at the key `id` while `widget` or a child of it has the focus.

        Text fields keep the plain letters for themselves, as Qt's shortcut override has it.
        """
        key = self.get(id)
        shortcut = QShortcut(widget)
        shortcut.setKeys([QKeySequence(text) for text in key.keys])
        shortcut.setContext(context)
        shortcut.activated.connect(slot)
        self._bound.setdefault(id, []).append(shortcut)
        return shortcut

    def own(self) -> dict[str, str]:
        """The user's changes: id -> key sequence."""
        return dict(self._own)

    def set_own(self, keys: dict[str, str]) -> None:
        """Takes over the user's changes; unknown ids and empty keys are left out."""
        self._own = {id: text for id, text in keys.items() if id in self._keys and text}
        for id, bound in self._bound.items():
            sequences = [QKeySequence(text) for text in self.get(id).keys]
            # Those whose widget is gone are dropped here.
            bound[:] = [shortcut for shortcut in bound if isValid(shortcut)]
            for shortcut in bound:
                shortcut.setKeys(sequences)
        self.changed.emit()

    def clashes(self, id: str, text: str) -> Key | None:
        """Another key that would do two things at once if `id` got the key `text`."""
        mine = self._keys[id]
        for other in self.all():
            together = other.page in (mine.page, WINDOW) or mine.page == WINDOW
            if other.id != id and together and text in other.keys:
                return other
        return None


shortcuts: Final = Shortcuts()


def bind(widget: QWidget, id: str, slot: Callable[..., Any]) -> QShortcut:
    """`shortcuts.bind`, the short way."""
    return shortcuts.bind(widget, id, slot)


def display(text: str) -> str:
    """A key as this system writes it."""
    native = QKeySequence(text).toString(QKeySequence.SequenceFormat.NativeText)
    return {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}.get(native, native) or text
