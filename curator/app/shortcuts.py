"""Every key of the window in one table: what the pages bind and what the `?` overlay lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a key does. `keys` are alternatives in Qt's portable notation, the first is shown first.

    `page` is the heading it is listed under. `held` keys act while they are down, so a page handles them in
    its own key events; they are listed but not bound. Those of them that `follow` are looked up here by their
    page, so that they can be changed too, though only to keys without Ctrl, Alt and Shift. "1…7" stands for each
    digit. Keys of one `group` are listed in one line.
    """

    id: str
    keys: tuple[str, ...]
    words: str
    page: str
    held: bool = False
    follows: bool = False
    group: str = ""

    @property
    def can_change(self) -> bool:
        """Whether the user may choose another."""
        return self.follows or not self.held

    def takes(self, text: str) -> bool:
        """Whether the key `text` is one of these."""
        return text in self.keys or (self.keys == _EACH_DIGIT and text in _DIGITS)


_ARROWS: Final = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}
_DIGITS: Final = tuple("0123456789")
_EACH_DIGIT: Final = ("1…7",)

WINDOW: Final = "Everywhere"
CURATE: Final = "Curate"
TRAIN: Final = "Train"
REVIEW: Final = "Review"


def _by_arrows(id: str, held: str, words: str, ways: Sequence[str]) -> Iterator[Key]:
    """Four keys for one pixel, and four more with Shift for ten."""
    for tail, shift, pixels in (("", "", 1), ("_10", "Shift+", 10)):
        group = f"{words} mask or crop by {pixels} px"
        for arrow, way in zip(("left", "right", "up", "down"), ways, strict=True):
            keys = (f"{held}{shift}{arrow.capitalize()}",)
            yield Key(f"curate.{id}_{arrow}{tail}", keys, f"{words}: {pixels} px {way}", CURATE, group=group)


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
    Key("curate.discard", ("X",), "Discard, then a digit for the reason (twice: the last)", CURATE),
    Key("curate.undecided", ("U",), "Undecided", CURATE),
    Key("curate.digits", _EACH_DIGIT, "Kind of the mask, or reason to discard", CURATE, held=True),
    Key("curate.relabel", ("L",), "Next label", CURATE),
    Key("curate.note", ("T",), "Write a note", CURATE),
    Key("curate.back_to_proposal", ("R",), "Back to the proposal", CURATE),
    Key("curate.previous", ("Left", "A"), "Previous", CURATE),
    Key("curate.next", ("Right", "D"), "Next", CURATE),
    Key("curate.previous_undecided", ("Shift+Left", "Shift+A"), "Previous to do", CURATE),
    Key("curate.next_undecided", ("Shift+Right", "Shift+D"), "Next to do", CURATE),
    Key("curate.next_unsure", ("Tab",), "Next unsure", CURATE),
    Key("curate.next_overlay", ("N",), "Next with an overlay of the chosen kind", CURATE),
    Key("curate.previous_overlay", ("Shift+N",), "Previous with an overlay of that kind", CURATE),
    Key("curate.first", ("Home",), "First image", CURATE),
    Key("curate.last", ("End",), "Last image", CURATE),
    Key("curate.go_to", ("Ctrl+G",), "Go to number", CURATE),
    Key("curate.search", ("Ctrl+F",), "Search", CURATE),
    Key("curate.controls", ("F6",), "Go to the controls on the right, and back", CURATE),
    Key("curate.crop", ("C",), "Crop", CURATE),
    Key("curate.box", ("M",), "Mask: box", CURATE),
    Key("curate.polygon", ("P",), "Mask: polygon", CURATE),
    Key("curate.brush", ("B",), "Mask: brush", CURATE),
    Key("curate.eraser", ("E",), "Eraser", CURATE),
    Key("curate.brush_smaller", ("[",), "Smaller brush", CURATE),
    Key("curate.brush_larger", ("]",), "Larger brush", CURATE),
    Key(
        "curate.finish",
        ("Return", "Enter"),
        "Close the polygon; with Box, a box without the mouse; open from the grid",
        CURATE,
        held=True,
        follows=True,
    ),
    Key("curate.leave", ("Esc",), "Leave the tool", CURATE),
    Key("curate.next_mask", ("Shift+M",), "Select the next mask", CURATE),
    Key("curate.delete", ("Delete", "Backspace"), "Delete the selected mask", CURATE),
    Key("curate.delete_all", ("Shift+Delete",), "Delete all masks", CURATE),
    *_by_arrows("nudge", "Ctrl+", "Nudge", ("left", "right", "up", "down")),
    *_by_arrows("size", "Alt+", "Size", ("narrower", "broader", "lower", "higher")),
    Key("curate.wider", (".",), "Crop wider by the margin", CURATE),
    Key("curate.tighter", (",",), "Crop tighter by the margin", CURATE),
    Key("curate.square", ("Shift+Q",), "Square crop", CURATE),
    Key("curate.apply_to_others", ("Shift+P",), "Apply crop and masks to others", CURATE),
    Key("curate.compare", ("Shift+C",), "Compare copies", CURATE),
    Key("curate.keep_best", ("Shift+K",), "Keep the best of the copies", CURATE),
    Key("curate.accept_confident", ("Ctrl+Return",), "Accept all confident ones", CURATE),
    Key("curate.second_look", ("Ctrl+Shift+L",), "Second look: decide a sample again, blind", CURATE),
    Key("curate.grid", ("G",), "Grid or film strip", CURATE),
    Key("curate.up", ("Up",), "Row above in the grid", CURATE),
    Key("curate.down", ("Down",), "Row below in the grid", CURATE),
    Key("curate.select", ("Ctrl+Space",), "Select this image too, or no longer", CURATE),
    Key("curate.select_all", ("Ctrl+A",), "Select all that are listed", CURATE),
    Key("curate.original", ("O",), "Original (hold)", CURATE, held=True, follows=True),
    Key("curate.cleaned", ("V",), "Cleaned, as it is trained on", CURATE),
    Key("curate.side_by_side", ("S",), "Side by side", CURATE),
    Key("curate.fit", ("F",), "Fit the image", CURATE),
    Key("curate.full_size", ("Z",), "Full size, 1:1 (or double click)", CURATE),
    Key("curate.zoom_in", ("+", "="), "Zoom in (or wheel)", CURATE),
    Key("curate.zoom_out", ("-",), "Zoom out", CURATE),
    Key("curate.pan", ("H",), "Pan (hold, or middle drag)", CURATE, held=True, follows=True),
    Key("curate.tone", ("W",), "Window, level, gamma (or right drag)", CURATE),
    Key("curate.plain_tone", ("Shift+W",), "Grey values as they are", CURATE),
    Key("curate.invert", ("I",), "Invert the view", CURATE),
    Key("curate.propose_anew", ("Shift+R",), "Propose anew for all images", CURATE),
    Key(
        "review.back",
        ("Backspace",),
        "Back to Review, if you came from there",
        CURATE,
        held=True,
        follows=True,
    ),
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
    Key("review.larger", ("Z",), "The three images large, side by side (double click)", REVIEW),
    Key("review.fit", ("0",), "Fit the large images (double click)", REVIEW),
    Key("review.zoom_in", ("+", "="), "Zoom the large images in, all three (or wheel)", REVIEW),
    Key("review.zoom_out", ("-",), "Zoom them out", REVIEW),
    Key("review.heat", ("H",), "Heat: Grad-CAM or occlusion", REVIEW),
    Key("review.next", ("Right", "D"), "Next", REVIEW),
    Key("review.previous", ("Left", "A"), "Previous", REVIEW),
    Key("review.queue_next", ("N",), "Next to look at in the queue", REVIEW),
    Key("review.wrong", ("W",), "Only the wrong ones, or all", REVIEW),
    Key("review.filter", ("Ctrl+F",), "More filters", REVIEW),
    Key("review.all", ("Esc",), "Put away what is offered; let go of all filters", REVIEW),
    Key(
        "review.select",
        ("Ctrl+A",),
        "Select all that are shown (or Ctrl, Shift and click)",
        REVIEW,
        held=True,
    ),
    Key("review.threshold_lower", ("[",), "Lower threshold", REVIEW),
    Key("review.threshold_higher", ("]",), "Higher threshold", REVIEW),
    Key("review.threshold_best", ("B",), "Best threshold (Youden)", REVIEW),
    Key("review.gallery", ("G",), "Gallery", REVIEW),
    Key("review.plots", ("P",), "Plots", REVIEW),
    Key("review.audit", ("S",), "Shortcut audit", REVIEW),
    Key("review.compare", ("C",), "Compare two runs", REVIEW),
    Key("review.again", ("T",), "Train again on the mended manifest", REVIEW),
    Key("review.report", ("Ctrl+R",), "Report of what is reviewed", REVIEW),
)


class Shortcuts(QObject):
    """The table, with the user's changes in it, and the live `QShortcut`s that follow them."""

    changed = Signal()

    def __init__(self, keys: Iterable[Key] = _DEFAULTS) -> None:
        super().__init__()
        self._keys = {key.id: key for key in keys}
        self._own: dict[str, str] = {}
        self._bound: dict[str, list[QShortcut]] = {}

    def all(self) -> list[Key]:
        """All keys, the user's changes in them, in the order they are listed."""
        return [self.get(id) for id in self._keys]

    def get(self, id: str) -> Key:
        """One key; `KeyError` for an unknown id."""
        key = self._keys[id]
        own = self._own.get(id)
        return key if own is None else replace(key, keys=(own,))

    def default(self, id: str) -> Key:
        """One key as it is without the user's changes; `KeyError` for an unknown id."""
        return self._keys[id]

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
        """Takes over the user's changes; unknown ids, empty keys and what would do two things are left out."""
        self._own = {
            id: text for id, text in keys.items() if id in self._keys and text and self._keys[id].can_change
        }
        for id, text in list(self._own.items()):
            if self.clashes(id, text) is not None:
                del self._own[id]
        for id, bound in self._bound.items():
            sequences = [QKeySequence(text) for text in self.get(id).keys]
            # Those whose widget is gone are dropped here.
            bound[:] = [shortcut for shortcut in bound if isValid(shortcut)]
            for shortcut in bound:
                shortcut.setKeys(sequences)
        self.changed.emit()

    def clashes(self, id: str, text: str) -> Key | None:
        """Another key that would do two things at once if `id` got the key `text`.

        What two share by default (Backspace deletes a mask, or leads back to Review where none is selected)
        is meant.
        """
        mine = self._keys[id]
        for other in self.all():
            together = other.page in (mine.page, WINDOW) or mine.page == WINDOW
            shared = text in mine.keys and text in self._keys[other.id].keys
            if other.id != id and together and other.takes(text) and not shared:
                return other
        return None

    def refusal(self, id: str, texts: Iterable[str]) -> str:
        """Why `id` cannot have these keys, in one sentence; empty where it can."""
        for text in texts:
            if self._keys[id].held and "+" in text.rstrip("+"):
                return f"{display(text)} will not do: this key acts while it is down, without Ctrl, Alt or Shift."
            taken = self.clashes(id, text)
            if taken is not None:
                return f"{display(text)} is taken: {taken.words}. Change that one first."
        return ""


shortcuts: Final = Shortcuts()


def bind(widget: QWidget, id: str, slot: Callable[..., Any]) -> QShortcut:
    """`shortcuts.bind`, the short way."""
    return shortcuts.bind(widget, id, slot)


def display(text: str) -> str:
    """A key as this system writes it."""
    native = QKeySequence(text).toString(QKeySequence.SequenceFormat.NativeText) or text
    for name, arrow in _ARROWS.items():
        if native == name or native.endswith(f"+{name}"):
            return native.removesuffix(name) + arrow
    return native


def lines_of(keys: Iterable[Key]) -> list[tuple[list[str], str]]:
    """What the list of keys says, line by line: the keys as they are displayed, and what they do."""
    lines: list[tuple[list[str], str]] = []
    groups: dict[str, list[str]] = {}
    for key in keys:
        shown = [display(text) for text in key.keys[:2]]
        if not key.group:
            lines.append((shown, key.words))
        elif key.group in groups:
            groups[key.group].append(shown[0])
        else:
            groups[key.group] = shown[:1]
            lines.append((groups[key.group], key.group))
    return [(_joined(shown) if words in groups else shown, words) for shown, words in lines]


def _joined(shown: list[str]) -> list[str]:
    """One hint for keys that differ in the arrow alone, the first one and dots for others."""
    stems = {one.removesuffix(one[-1:]) for one in shown}
    arrows = [one[-1:] for one in shown]
    if len(stems) == 1 and set(arrows) <= set(_ARROWS.values()):
        return [stems.pop() + "".join(arrows)]
    return [shown[0], "…"]


def with_keys(words: str) -> str:
    """A sentence with the key of `id` as it is now for each "[id]" in it."""
    for id in (part.split("]")[0] for part in words.split("[")[1:]):
        words = words.replace(f"[{id}]", display(shortcuts.get(id).keys[0]))
    return words
