"""The page Curate: canvas, inspector, film strip or grid, and what ties them to the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.curate.audit_round import AuditRound
from curator.app.curate.commands import HeldKeys, commands_of
from curator.app.curate.decisions import Decisions
from curator.app.curate.filter_bar import FilterBar
from curator.app.curate.hints import Hints
from curator.app.curate.inspector import Inspector
from curator.app.curate.keys import bind_all
from curator.app.curate.listing import Listing
from curator.app.curate.lists import FilmStrip, Grid
from curator.app.curate.middle import Middle
from curator.app.curate.pointing import Pointed
from curator.app.curate.stage import Stage
from curator.app.curate.view_bar import ViewBar
from curator.app.curate.wiring import connect_parts
from curator.app.image_list import ImageList
from curator.app.image_loader import ImageLoader
from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.widgets import line
from curator.records import Change, Decision, DiscardReason

# Images on either side of the current one that are decoded ahead, in this order.
_AHEAD: Final = (1, -1, 2, 3, -2, 4, 5, 6, 7, 8)
_REMEMBER_MS: Final = 700
_AFTER_DECODING_MS: Final = 20
_NO_IMAGES: Final = (
    "There is no image in this folder. Put JPEG, PNG, WebP, BMP, TIFF or GIF files into one folder per class."
)


class CuratePage(Page):
    """Owns the parts and keeps them on the project's current image; what keys do is in `commands`."""

    title: ClassVar[str] = "Curate"
    icon: ClassVar[str] = "crop"
    shortcut: ClassVar[str] = "page.curate"

    back_requested = Signal()
    second_look_wanted = Signal()

    def __init__(self, model: ProjectModel) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.model = model
        self._mending = False
        self._point: Pointed | None = None
        self._kind = ""
        self.loader = ImageLoader(self)
        self.images = ImageList(self.loader, self)
        self.decisions = Decisions(model, self.images, self)
        self.filter_bar = FilterBar()
        self.listing = Listing(model, self.images, self.filter_bar, self)
        self.stage = Stage(self.loader)
        self.canvas = self.stage.canvas
        self.audit = AuditRound(self.stage.banner, self)
        self.hints = Hints(self.stage.hint, self)
        self.inspector = Inspector(self.loader)
        self.strip = FilmStrip(self.images)
        self.grid = Grid(self.images)
        self.bar = ViewBar()
        self.middle = Middle(model, self.decisions, self.images, self.stage, self.grid, self.loader)
        # What is beside the image follows it at once, but after it is painted.
        self._soon = self._timer(0, self._show_details)
        self._moved = self._timer(0, self._follow_current)
        self._remember = self._timer(_REMEMBER_MS, self._remember_current)
        self._held = HeldKeys(self)
        self._commands = commands_of(self)
        self._lay_out()
        connect_parts(self)
        self.canvas.installEventFilter(self)
        self._shortcuts = bind_all(self, self._commands)
        self._enable_keys()
        if model.project is not None:
            self.opened()

    def top_bar(self) -> QWidget:
        return self.filter_bar

    def activate(self) -> None:
        self.take_focus()
        self._show_details()

    @Slot()
    def take_focus(self) -> None:
        """Gives the keys to the page."""
        (self.canvas if self.middle.view == "image" else self).setFocus()

    @Slot()
    def keep_focus(self) -> None:
        """Takes the keys before the row of the mask that was just deleted goes, and hands them to who knows."""
        focus = QApplication.focusWidget()
        if focus is not None and self.inspector.overlays.isAncestorOf(focus):
            self.take_focus()

    def begin_mending(self) -> None:
        """The user came from Review: shows the way back until it is taken."""
        self._mending = True
        self.stage.show_back(True)

    # Building

    def _timer(self, milliseconds: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _lay_out(self) -> None:
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.middle, 1)
        middle.addWidget(self.bar)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addLayout(middle, 1)
        upper.addWidget(line(vertical=True))
        upper.addWidget(self.inspector)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(upper, 1)
        column.addWidget(line())
        column.addWidget(self.strip)
        for view in (self.strip, self.grid):
            view.set_empty_words("No image matches this filter.", "Show all images")

    # The project

    @Slot()
    def opened(self) -> None:
        """Another project is there."""
        project = self.model.project
        assert project is not None
        self.loader.set_root(project.root)
        self.images.set_project(project)
        self.listing.restore()
        self._mending = False
        self.stage.show_back(False)
        self.middle.show_view("image")
        self.inspector.decision.advance.setChecked(self.decisions.advances)
        self.inspector.decision.second_look.setVisible(not self.model.adopted)
        self.inspector.show_project(project)
        self.current_changed(self.model.current_id)

    @Slot()
    def closing(self) -> None:
        """The project goes."""
        self.inspector.commit_note()
        self.decisions.stop_asking()
        self.middle.close_sheet()
        self.audit.close()
        for timer in (self._remember, self._soon, self._moved):
            timer.stop()
        self.stage.go_to(None)
        self.images.set_project(None)
        self.listing.reset()
        self.inspector.show_project(None)
        self.loader.close()

    @Slot(object)
    def changed(self, change: Change) -> None:
        """Something of the project is another now."""
        self.images.take(change)
        self.middle.take(change)
        self.audit.take(change, self.model.current_id)
        state = self.decisions.state
        if state is not None and state.id in change.ids:
            self.stage.follow(state)
        self._soon.start(0)

    @Slot(int)
    def current_changed(self, image_id: int) -> None:
        """The user is at another image."""
        self.inspector.commit_note()
        self.decisions.stop_asking()
        self._drop_hidden_selection()
        self.images.set_current(image_id)
        state = self.decisions.state
        self._point = None
        self.loader.moving()
        self.stage.go_to(state)
        # An image that has to be decoded first comes before what is beside it, but a held key puts it off
        # only once: decoding ahead must go on meanwhile.
        for timer in (self._moved, self._soon):
            if self.stage.is_shown or not timer.isActive():
                timer.start(0 if self.stage.is_shown else _AFTER_DECODING_MS)

    def _drop_hidden_selection(self) -> None:
        """Beside one image nobody sees a selection that is somewhere else, so no decision may be for it."""
        if self.middle.view == "image" and self.model.current_id not in self.images.selected:
            self.images.select(())

    @Slot()
    def _follow_current(self) -> None:
        self.show_current_row()
        if self.decisions.state is not None:
            self._prefetch()
            self._remember.start()

    def _prefetch(self) -> None:
        project, row = self.model.project, self.images.row_of(self.model.current_id)
        if project is not None and row >= 0:
            rows = [row, *(row + step for step in _AHEAD)]
            ids = [self.images.id_at(one) for one in rows if 0 <= one < self.images.rowCount()]
            self.loader.prefetch([project.state(one) for one in ids])

    @Slot()
    def _remember_current(self) -> None:
        state = self.decisions.state
        if self.model.project is not None and state is not None:
            self.model.project.set_setting("current", state.file_name)

    # Showing

    @Slot(object)
    def soon_details(self, _what: object = None) -> None:
        """What is beside the image is brought up to date after this turn of the event loop."""
        self._soon.start(0)

    @Slot()
    def _show_details(self) -> None:
        project = self.model.project
        if project is None:
            return
        counts = project.counts()
        self.filter_bar.show_counts(counts, self.images.count_of("discarded"))
        self.rail_text_changed.emit(f"{counts.decided} / {counts.total}")
        state = self.decisions.state
        self.inspector.setEnabled(state is not None)
        self.inspector.show_project(project)
        self.show_status()
        if state is None:
            self._say_empty()
            return
        copies = [project.state(one) for one in self.images.copies_of(state.id)]
        proposing = any(self.model.jobs.get(key) is not None for key in ("scan", "propose"))
        self.inspector.show_state(state, copies, selected=self.canvas.selected, proposing=proposing)
        self.stage.pad.show_reason(self.decisions.last_reason)
        self.inspector.decision.show_selected(len(self.decisions.targets) if self.decisions.many else 0)

    def _say_empty(self) -> None:
        if self.model.jobs.get("scan") is not None or not self.model.quiet:
            self.stage.say("Reading the folder…")
        else:
            self.stage.say(_NO_IMAGES, icon="folder", button="Look again")

    @Slot()
    def show_status(self, _zoom: object = None) -> None:
        """Tells the status bar where one is."""
        state = self.decisions.state
        number = self.images.number_of(state.id) if state is not None else 0
        total = len(self.model.project) if self.model.project is not None else 0
        self.bar.show_place(number, total)
        if state is None:
            self.status_changed.emit("")
            return
        parts = [f"{number} of {total}", state.file_name]
        if self._point is not None:
            parts.append(f"x {self._point.x} y {self._point.y} = {self._point.grey}")
        if self.middle.view == "image":
            parts.append(f"{100 * self.canvas.device_scale:.0f} %")
            parts.append(self.canvas.tone.words())
        self.status_changed.emit("    ".join(part for part in parts if part))

    @Slot(object)
    def pointed(self, point: Pointed | None) -> None:
        """The pointer is over another pixel."""
        self._point = point
        self.show_status()

    @Slot()
    def show_view(self) -> None:
        """Presses the buttons of what is shown."""
        self.bar.cleaned.setChecked(self.canvas.mode == "cleaned")
        self.bar.side.setChecked(not self.stage.cleaned.isHidden())
        self.bar.grid.setChecked(self.middle.view == "grid")
        self.bar.tone.setChecked(not self.stage.tone.isHidden() or not self.canvas.tone.is_plain)
        self.show_status()

    @Slot()
    def show_current_row(self) -> None:
        """Scrolls to the current image."""
        for view in (self.strip, self.grid):
            if not view.isHidden():
                view.show_current(self.model.current_id)

    @Slot()
    def view_changed(self) -> None:
        """The middle shows something else."""
        in_sheet = self.middle.in_sheet
        self._drop_hidden_selection()
        self._enable_keys()
        self.bar.setEnabled(not in_sheet)
        self.strip.setVisible(self.middle.view == "image")
        self.show_current_row()
        if not in_sheet:
            self.take_focus()
        self.show_view()

    def _enable_keys(self) -> None:
        view, in_sheet = self.middle.view, self.middle.in_sheet
        for id, shortcut in self._shortcuts.items():
            if id in ("curate.up", "curate.down"):
                # Elsewhere they step the number in a field.
                shortcut.setEnabled(view == "grid")
            else:
                # A sheet's own controls have the keys while it is open.
                keeps = id == "curate.leave" or (id == "curate.keep_best" and view == "compare")
                shortcut.setEnabled(keeps or not in_sheet)

    # What parts of the page want

    @Slot(object)
    def decided(self, decision: Decision) -> None:
        """A segment was clicked: it is pressed now, but what is so is shown instead."""
        self.decisions.decide(decision)
        self._soon.start(0)

    @Slot(object)
    def reason_clicked(self, reason: DiscardReason) -> None:
        """A reason was clicked in the inspector."""
        self.decisions.discard(reason)
        self._soon.start(0)

    @Slot(bool)
    def asking_changed(self, asking: bool) -> None:
        """A reason to discard is asked for, or no longer."""
        if asking:
            self.stage.reasons.ask(self.decisions.last_reason)
        self.stage.ask_reason(asking)
        self._soon.start(0)

    @Slot(int)
    def go_to_number(self, number: int) -> None:
        """A number was typed."""
        found = self.images.id_of_number(number)
        self.take_focus()
        if found is not None:
            self.decisions.go_to(found)
        else:
            messages.show(f"There are images 1 to {self.images.count_of('all')}.")
            self.show_status()

    @Slot(str)
    def kind_chosen(self, kind: str) -> None:
        """Goes to the next image with an overlay of this kind, and so does the key from now on."""
        self._kind = kind
        self.go_to_overlay(1)

    def go_to_overlay(self, step: int) -> None:
        """To the next or previous image with an overlay of the chosen kind, of any where none is."""
        self.decisions.go(step, "all" if self._kind else "overlays", self._kind)

    @Slot(str)
    def bar_wanted(self, id: str) -> None:
        """A button of the bar was pressed."""
        if not self.middle.in_sheet:
            self._commands[id]()
        self.show_view()

    # Keys; the rest is in `commands`

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.middle.in_sheet or not self._held.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._held.release(event):
            super().keyReleaseEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watches the canvas lose the keys."""
        if event.type() == QEvent.Type.FocusOut:
            self._held.release_all()
        return super().eventFilter(watched, event)

    @property
    def mending(self) -> bool:
        """Whether the user came from Review and has not gone back yet."""
        return self._mending

    @Slot()
    def go_back(self) -> None:
        """Back to Review."""
        self._mending = False
        self.stage.show_back(False)
        self.back_requested.emit()
