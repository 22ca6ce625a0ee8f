"""Copies beside each other: blink, difference, side by side; keep one, or say that they are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from curator.app.curate.compared import Mode, Pair, PairMaker, PairView
from curator.app.curate.copies_strip import CopyTile
from curator.app.image_list import badges
from curator.app.image_loader import ImageLoader
from curator.app.image_work import Loaded
from curator.app.widgets import BadgeIcon, IconButton, KeyHint, Segment, label
from curator.app.words import file_size
from curator.project import edits
from curator.records import ImageState

_MODES: Final[tuple[tuple[Mode, str], ...]] = (
    ("side by side", "Side by side"),
    ("blink", "Blink"),
    ("difference", "Difference"),
)
_BLINK_MS: Final = 450
_LOADING_MS: Final = 180
_SAME: Final = 0.05


class CompareView(QWidget):
    """`keep_wanted` carries the image to keep, `verdict` whether the two are copies."""

    keep_wanted = Signal(int)
    keep_best_wanted = Signal()
    verdict = Signal(object)
    closed = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Compare copies")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._loader = loader
        self._states: dict[int, ImageState] = {}
        self._first = self._second = -1
        self._pair: Pair | None = None
        # Held here, because the loader's cache may not have room for two large ones.
        self._held: dict[int, Loaded] = {}
        self._maker = PairMaker(self)
        self._maker.made.connect(self._made)
        loader.image_ready.connect(self._image_ready)
        loader.thumbnail_ready.connect(self._thumbnail_ready)
        self.view = PairView()
        self._blink = QTimer(self)
        self._blink.setInterval(_BLINK_MS)
        self._blink.timeout.connect(lambda: self.view.set_second(not self.view.shows_second))
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_LOADING_MS)
        self._late.timeout.connect(lambda: self.view.show_pair(self._pair, "Comparing…"))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 12)
        column.setSpacing(9)
        self._add_head(column)
        self._add_names(column)
        column.addWidget(self.view, 1)
        self._add_foot(column)

    # What is compared

    @property
    def ids(self) -> list[int]:
        """All images that can be compared here."""
        return list(self._states)

    @property
    def first(self) -> ImageState | None:
        """The image A."""
        return self._states.get(self._first)

    @property
    def second(self) -> ImageState | None:
        """The image B."""
        return self._states.get(self._second)

    def open(self, states: Sequence[ImageState], current_id: int) -> None:
        """Compares the current image with the best of the others."""
        self._states = {state.id: state for state in states}
        self._first = current_id if current_id in self._states else states[0].id
        others = [state for state in states if state.id != self._first]
        best = edits.keep_best(states).focus_id
        self._second = next((one.id for one in others if one.id == best), others[0].id)
        self._show()

    def take(self, states: Iterable[ImageState]) -> None:
        """Follows changes of the images."""
        changed = {state.id: state for state in states if state.id in self._states}
        if changed:
            self._states |= changed
            self._show()

    def step_other(self, step: int) -> None:
        """Compares A with the next of the others."""
        others = [one for one in self._states if one != self._first]
        self._second = others[(others.index(self._second) + step) % len(others)]
        self._show()

    def swap(self) -> None:
        """Makes B the image A."""
        self._first, self._second = self._second, self._first
        self._show()

    def set_mode(self, mode: Mode) -> None:
        """Changes how the two are shown."""
        self.mode.set_value(mode)
        self.view.set_mode(mode)
        self._run_blink()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right step through the copies, up and down through the modes; held, Space shows B."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step_other(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            names = [name for name, _ in _MODES]
            at = next(index for index, name in enumerate(names) if name == self.mode.value())
            self.set_mode(names[(at + (1 if key == Qt.Key.Key_Down else -1)) % len(names)])
        elif key == Qt.Key.Key_Space:
            self._blink.stop()
            self.view.set_second(not self.view.shows_second)
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._run_blink()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._blink.stop()
        self._late.stop()
        self._maker.close()
        self._held = {}

    # Building

    def _add_head(self, column: QVBoxLayout) -> None:
        head = QHBoxLayout()
        head.addWidget(label("Compare copies", "title"))
        head.addSpacing(14)
        self.mode = Segment("How to compare", _MODES)
        self.mode.set_value("side by side")
        self.mode.chosen.connect(self._mode_chosen)
        head.addWidget(self.mode)
        head.addStretch(1)
        self.tiles: list[CopyTile] = []
        self._strip = QHBoxLayout()
        self._strip.setSpacing(5)
        head.addLayout(self._strip)
        close = IconButton("cross", "Close the comparison", "curate.leave", size=14)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        head.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)

    def _add_names(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(24)
        self.sides = (_Side("A"), _Side("B"))
        for side in self.sides:
            row.addWidget(side, 1)
            side.keep.clicked.connect(lambda _on=False, side=side: self.keep_wanted.emit(side.image_id))
        column.addLayout(row)

    def _add_foot(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        said = QVBoxLayout()
        said.setSpacing(0)
        self.words = label("", "dim", wrap=True)
        self.clash = label("", "bad", wrap=True)
        said.addWidget(self.words)
        said.addWidget(self.clash)
        row.addLayout(said, 1)
        self.not_copies = self._button("Not copies")
        self.not_copies.clicked.connect(lambda: self.verdict.emit(False))
        self.copies = self._button("They are copies")
        self.copies.clicked.connect(lambda: self.verdict.emit(True))
        self.keep_best = self._button("Keep the best")
        self.keep_best.setProperty("role", "primary")
        self.keep_best.clicked.connect(self.keep_best_wanted)
        for button in (self.not_copies, self.copies, self.keep_best):
            row.addWidget(button)
        row.addWidget(KeyHint("curate.keep_best"))
        column.addLayout(row)

    def _button(self, words: str) -> QPushButton:
        button = QPushButton(words)
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    # Showing

    def _show(self) -> None:
        first, second = self.first, self.second
        if first is None or second is None:
            return
        best = edits.keep_best(list(self._states.values())).focus_id
        for side, state, other in zip(self.sides, (first, second), (second, first), strict=True):
            side.show_state(state, other, best=state.id == best)
        together = first.copy_group is not None and first.copy_group == second.copy_group
        self.copies.setEnabled(not together)
        self.keep_best.setEnabled(len({one.copy_group for one in self._states.values()}) == 1 and together)
        labels = sorted({first.label, second.label})
        self.clash.setText(f"Labels differ: {' / '.join(labels)}" if len(labels) > 1 else "")
        self.clash.setVisible(len(labels) > 1)
        self._show_tiles(best)
        self._pair = None
        self._look()

    def _show_tiles(self, best: int | None) -> None:
        others = (
            [one for one in self._states.values() if one.id != self._first] if len(self._states) > 2 else []
        )
        while len(self.tiles) < len(others):
            tile = CopyTile(self._loader)
            tile.clicked.connect(lambda _on=False, tile=tile: self._tile_clicked(tile))
            self.tiles.append(tile)
            self._strip.addWidget(tile)
        for number, tile in enumerate(self.tiles):
            tile.setVisible(number < len(others))
            if number < len(others):
                state = others[number]
                tile.show_state(state, best=state.id == best, current=state.id == self._second)

    def _look(self) -> None:
        """Shows the pair if it is worked out, else has it worked out once both images are there."""
        first, second = self.first, self.second
        if first is None or second is None:
            return
        error = next((one for one in map(self._loader.error, (first, second)) if one is not None), None)
        if error is not None:
            self._late.stop()
            self.words.setText("")
            self.view.show_pair(None, error)
            return
        if not self._late.isActive():
            self._late.start()
        self._held = {one: held for one, held in self._held.items() if one in (first.id, second.id)}
        for state in (first, second):
            held = self._held.get(state.id)
            if held is None or held.source[1] != state.sha256:
                loaded = self._loader.image(state)
                if loaded is not None and loaded.is_full:
                    self._held[state.id] = loaded
                else:
                    self._held.pop(state.id, None)
        if len(self._held) == 2:
            pair = (self._held[first.id], self._held[second.id])
            self._maker.make(self._key(), pair, (first.crop, second.crop))

    def _key(self) -> object:
        return tuple((one.id, one.sha256, one.crop) for one in (self.first, self.second) if one is not None)

    @Slot(object, object)
    def _made(self, key: object, pair: Pair) -> None:
        first, second = self.first, self.second
        if first is None or second is None or key != self._key() or not self.isVisible():
            return
        self._late.stop()
        self._pair = pair
        self.view.show_pair(pair)
        if first.sha256 is not None and first.sha256 == second.sha256:
            self.words.setText("Byte for byte the same file.")
        elif pair.mean < _SAME:
            self.words.setText("The same pixels, saved differently.")
        else:
            self.words.setText(f"{pair.mean:.1f} grey levels apart on average.")

    @Slot(object)
    def _image_ready(self, image_id: int) -> None:
        if self.isVisible() and self._pair is None and image_id in (self._first, self._second):
            self._look()

    @Slot(object)
    def _thumbnail_ready(self, image_id: int) -> None:
        for tile in self.tiles:
            if tile.state is not None and tile.state.id == image_id:
                tile.update()

    @Slot(object)
    def _mode_chosen(self, mode: Mode) -> None:
        self.set_mode(mode)
        self.setFocus()

    def _tile_clicked(self, tile: CopyTile) -> None:
        if tile.state is not None:
            self._second = tile.state.id
            self._show()

    def _run_blink(self) -> None:
        if self.mode.value() == "blink" and self.isVisible():
            self._blink.start()
        else:
            self._blink.stop()
            self.view.set_second(False)


class _Side(QWidget):
    """Name and facts of one of the two, and the button that keeps it."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.image_id = -1
        self.setAccessibleName(f"Image {letter}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        self.badge = BadgeIcon("undecided", 16)
        self.name = label("", "name")
        self.facts = label("", "dim")
        self.keep = QPushButton(f"Keep {letter}")
        self.keep.setAccessibleName(f"Keep {letter}, discard the others")
        self.keep.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        said = QVBoxLayout()
        said.setSpacing(1)
        said.addWidget(self.name)
        said.addWidget(self.facts)
        for part in (self.name, self.facts):
            part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(label(letter, "heading"))
        row.addWidget(self.badge)
        row.addLayout(said, 1)
        row.addWidget(self.keep)

    def show_state(self, state: ImageState, other: ImageState, *, best: bool) -> None:
        """Shows an image; `other` is what it is compared with."""
        self.image_id = state.id
        self.badge.set_kind(badges(state)[0])
        self.name.setText(state.file_name)
        self.name.setToolTip(state.file_name)
        size = f"{state.width} × {state.height}" if state.width else "unreadable"
        parts = [size, state.label, *(["the best"] if best else []), file_size(state.size_bytes)]
        self.facts.setText("   ".join(parts))
        self.facts.setToolTip("\n".join(parts))
        copies = state.copy_group is not None and state.copy_group == other.copy_group
        self.keep.setEnabled(state.error is None and copies)
