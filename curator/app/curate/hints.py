"""What a person who is here for the first time should know, one sentence at a time, until it was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from curator.app.curate.floating import Panel, height_of
from curator.app.settings import Settings
from curator.app.shortcuts import shortcuts, with_keys
from curator.app.widgets import IconButton, label
from curator.records import Change

_SETTING: Final = "curate.hints"


@dataclass(frozen=True, slots=True)
class Hint:
    """`words` with the ids of keys in brackets; it goes once the thing was done `times` times."""

    id: str
    words: str
    times: int = 1


HINTS: Final = (
    Hint(
        "accept", "Dashed is proposed, solid is yours. [curate.accept] accepts what you see and goes on.", 2
    ),
    Hint(
        "mend",
        "Drag a handle to mend the crop. [curate.box] masks a box, [curate.back_to_proposal] goes back.",
    ),
    Hint(
        "discard",
        "[curate.discard] and a digit discards with a reason. [undo] undoes anything, even tomorrow.",
    ),
    Hint(
        "many",
        "[curate.accept_confident] accepts all confident ones, after a look at them. [help] lists all keys.",
    ),
)


class HintCard(Panel):
    """One sentence, a button that ends it, and one that ends all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Hint")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 7, 7)
        row.setSpacing(10)
        self.words = label("", wrap=True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.next = QPushButton("Got it")
        self.next.setAccessibleName("Got it, next hint")
        self.next.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_all = IconButton("cross", "No more hints", size=12)
        self.close_all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.words, 1)
        row.addWidget(self.next)
        row.addWidget(self.close_all)
        self._due = self._covered = False
        self.hide()

    @property
    def due(self) -> bool:
        """Whether there is something to say, be it covered at the moment."""
        return self._due

    def set_due(self, due: bool) -> None:
        """Whether there is something to say."""
        self._due = due
        self.setVisible(due and not self._covered)

    def set_covered(self, covered: bool) -> None:
        """Whether something that matters more is in its place."""
        self._covered = covered
        self.setVisible(self._due and not covered)

    def place(self, left: int, wide: int, high: int, gap: int) -> None:
        """At the foot of an area, beside what floats on its left."""
        buttons = self.next.sizeHint().width() + self.close_all.sizeHint().width() + 46
        one_line = self.words.fontMetrics().horizontalAdvance(self.words.text()) + buttons
        width = min(one_line, wide - left - 2 * gap)
        tall = max(height_of(self.words, buttons, width), 40)
        self.setGeometry(left + (wide - left - width) // 2, high - tall - gap, width, tall)


class Hints(QObject):
    """Shows the first hint that was neither done nor closed; `changed` says that the card has another size."""

    changed = Signal()

    def __init__(self, card: HintCard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.card = card
        self._settings: Settings | None = None
        self._done: dict[str, int] = {}
        card.next.clicked.connect(self._close_one)
        card.close_all.clicked.connect(self.close_all)
        shortcuts.changed.connect(self._show)

    @property
    def shown(self) -> Hint | None:
        """The hint that is due; None where all are known."""
        if self._settings is None:
            return None
        return next((hint for hint in HINTS if self._done.get(hint.id, 0) < hint.times), None)

    def use(self, settings: Settings) -> None:
        """Starts to show hints, as far as the user's settings say that they are not known."""
        self._settings = settings
        stored = settings.value(_SETTING, {})
        self._done = {str(id): int(times) for id, times in stored.items()} if isinstance(stored, dict) else {}
        self._show()

    def done(self, id: str) -> None:
        """A thing was done that a hint is about."""
        hint = next((one for one in HINTS if one.id == id), None)
        if self._settings is not None and hint is not None and self._done.get(id, 0) < hint.times:
            self._done[id] = self._done.get(id, 0) + 1
            self._store()

    @Slot(object)
    def take(self, change: Change) -> None:
        """Learns from a step of the history what was done."""
        if change.kind == "undo":
            self.done("discard")
        elif change.kind == "edit" and change.ids:
            first = change.words.split(":")[0].casefold()
            if "crop" in first or "mask" in first:
                self.done("mend")
            elif first.startswith("discard"):
                self.done("discard")

    @Slot()
    def close_all(self) -> None:
        """No more hints, ever."""
        self._done = {hint.id: hint.times for hint in HINTS}
        self._store()

    def _close_one(self) -> None:
        hint = self.shown
        if hint is not None:
            self._done[hint.id] = hint.times
            self._store()

    def _store(self) -> None:
        if self._settings is not None:
            self._settings.set_value(_SETTING, self._done)
        self._show()

    @Slot()
    def _show(self) -> None:
        hint = self.shown
        if hint is not None:
            self.card.words.setText(with_keys(hint.words))
        self.card.set_due(hint is not None)
        self.changed.emit()
