"""The page Curate: canvas, inspector, film strip or grid, and what ties them to the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.curate.commands import HeldKeys, commands_of
from curator.app.curate.contact_sheet import ContactSheet
from curator.app.curate.decisions import Decisions
from curator.app.curate.filter_bar import FilterBar
from curator.app.curate.inspector import Inspector
from curator.app.curate.keys import bind_all
from curator.app.curate.lists import FilmStrip, Grid
from curator.app.curate.middle import Middle
from curator.app.curate.pointing import Pointed
from curator.app.curate.stage import Stage
from curator.app.curate.view_bar import ViewBar
from curator.app.image_filter import Filter, Order
from curator.app.image_list import ImageList
from curator.app.image_loader import ImageLoader
from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.widgets import line
from curator.records import Change, Decision, DiscardReason

# Images on either side of the current one that are decoded ahead, in this order.
_AHEAD: Final = (1, -1, 2, 3, -2)
_REMEMBER_MS: Final = 700
_NO_IMAGES: Final = (
    "There is no image in this folder. Put JPEG, PNG, WebP, BMP, TIFF or GIF files into one folder per class."
)


class CuratePage(Page):
    """Owns the parts and keeps them on the project's current image; what keys do is in `commands`."""

    title: ClassVar[str] = "Curate"
    icon: ClassVar[str] = "crop"
    shortcut: ClassVar[str] = "page.curate"

    back_requested = Signal()

    def __init__(self, model: ProjectModel) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._model = model
        self._mending = False
        self._point: Pointed | None = None
        self.loader = ImageLoader(self)
        self.images = ImageList(self.loader, self)
        self.decisions = Decisions(model, self.images, self)
        self.filter_bar = FilterBar()
        self.stage = Stage(self.loader)
        self.canvas = self.stage.canvas
        self.inspector = Inspector(self.loader)
        self.strip = FilmStrip(self.images)
        self.grid = Grid(self.images)
        self.bar = ViewBar()
        self.sheet = ContactSheet(self.loader)
        self.middle = Middle(model, self.decisions, self.stage, self.grid, self.sheet)
        # What is beside the image follows it at once, but after it is painted.
        self._soon = self._timer(0, self._show_details)
        self._moved = self._timer(0, self._follow_current)
        self._remember = self._timer(_REMEMBER_MS, self._remember_current)
        self._held = HeldKeys(self)
        self._commands = commands_of(self)
        self._lay_out()
        self._connect_model()
        self._connect_parts()
        self._shortcuts = bind_all(self, self._commands)
        if model.project is not None:
            self._opened()

    def top_bar(self) -> QWidget:
        return self.filter_bar

    def activate(self) -> None:
        self.take_focus()
        self._show_details()

    @Slot()
    def take_focus(self) -> None:
        """Gives the keys to the page."""
        (self.canvas if self.middle.view == "image" else self).setFocus()

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
            view.set_empty_words("No image matches this filter.")

    def _connect_model(self) -> None:
        model = self._model
        model.opened.connect(self._opened)
        model.closing.connect(self._closing)
        model.changed.connect(self._changed)
        model.current_changed.connect(self._current_changed)
        model.jobs.started.connect(self._soon_details)
        model.jobs.ended.connect(self._soon_details)

    def _connect_parts(self) -> None:
        decisions, inspector, canvas = self.decisions, self.inspector, self.canvas
        self.images.modelReset.connect(self._show_current_row)
        self.filter_bar.changed.connect(self._set_filter)
        self.filter_bar.order_changed.connect(self._set_order)
        self.filter_bar.left.connect(self.take_focus)
        self.strip.chosen.connect(decisions.go_to)
        self.grid.chosen.connect(decisions.go_to)
        canvas.edited.connect(decisions.apply)
        canvas.pointed.connect(self._pointed)
        canvas.zoomed.connect(self._show_status)
        canvas.selected_changed.connect(self._soon_details)
        canvas.installEventFilter(self)
        self.stage.back_wanted.connect(self.go_back)
        self.stage.view_changed.connect(self._show_view)
        self.stage.notice.pressed.connect(self._model.rescan)
        self.stage.reasons.chosen.connect(decisions.discard)
        self.stage.reasons.closed.connect(decisions.stop_asking)
        self.middle.view_changed.connect(self._view_changed)
        decisions.asking_changed.connect(self._asking_changed)
        inspector.accept_wanted.connect(decisions.accept)
        inspector.accept_all_wanted.connect(self.middle.open_sheet)
        inspector.decided.connect(self._decided)
        inspector.reason_chosen.connect(self._reason_clicked)
        inspector.proposal_wanted.connect(decisions.back_to_proposal)
        inspector.crop_set.connect(decisions.set_crop)
        inspector.fill_chosen.connect(decisions.set_fill)
        inspector.label_chosen.connect(decisions.relabel)
        inspector.note_set.connect(decisions.set_note)
        inspector.advance_toggled.connect(decisions.set_advances)
        inspector.left.connect(self.take_focus)
        inspector.overlays.selected.connect(canvas.select)
        inspector.overlays.deleted.connect(canvas.delete)
        inspector.copies.chosen.connect(decisions.go_to)
        inspector.copies.keep_best_wanted.connect(decisions.keep_best)
        inspector.history.jumped.connect(self._model.jump)
        self.bar.wanted.connect(self._bar_wanted)
        self.bar.go_to.connect(self._go_to_number)
        self.bar.original_held.connect(self.stage.set_original)

    # The project

    @Slot()
    def _opened(self) -> None:
        project = self._model.project
        assert project is not None
        self.loader.set_root(project.root)
        self.images.set_project(project)
        self._mending = False
        self.stage.show_back(False)
        self.middle.show_view("image")
        self.filter_bar.show_filter(self.images.filter, self.images.order)
        self.inspector.advance.setChecked(self.decisions.advances)
        self.inspector.show_project(project)
        self._current_changed(self._model.current_id)

    @Slot()
    def _closing(self) -> None:
        self.inspector.commit_note()
        self.decisions.stop_asking()
        self.middle.close_sheet()
        self._remember.stop()
        self._soon.stop()
        self._moved.stop()
        self.stage.go_to(None)
        self.images.set_project(None)
        self.images.set_filter(Filter())
        self.inspector.show_project(None)
        self.loader.close()

    @Slot(object)
    def _changed(self, change: Change) -> None:
        self.images.take(change)
        self.sheet.take(change)
        state = self.decisions.state
        if state is not None and state.id in change.ids:
            self.stage.follow(state)
        self._soon.start()

    @Slot(int)
    def _current_changed(self, image_id: int) -> None:
        self.inspector.commit_note()
        self.decisions.stop_asking()
        self.images.set_current(image_id)
        state = self.decisions.state
        self._point = None
        self.stage.go_to(state)
        self._moved.start()
        self._soon.start()

    @Slot()
    def _follow_current(self) -> None:
        self._show_current_row()
        if self.decisions.state is not None:
            self._prefetch()
            self._remember.start()

    def _prefetch(self) -> None:
        project, row = self._model.project, self.images.row_of(self._model.current_id)
        if project is not None and row >= 0:
            rows = [row, *(row + step for step in _AHEAD)]
            ids = [self.images.id_at(one) for one in rows if 0 <= one < self.images.rowCount()]
            self.loader.prefetch([project.state(one) for one in ids])

    @Slot()
    def _remember_current(self) -> None:
        state = self.decisions.state
        if self._model.project is not None and state is not None:
            self._model.project.set_setting("current", state.file_name)

    # Showing

    @Slot(object)
    def _soon_details(self, _what: object = None) -> None:
        self._soon.start()

    @Slot()
    def _show_details(self) -> None:
        project = self._model.project
        if project is None:
            return
        counts = project.counts()
        self.filter_bar.show_counts(counts, self.images.count_of("discarded"))
        self.rail_text_changed.emit(f"{counts.decided} / {counts.total}")
        state = self.decisions.state
        self.inspector.setEnabled(state is not None)
        self.inspector.show_project(project)
        self._show_status()
        if state is None:
            self._say_empty()
            return
        copies = [project.state(one) for one in self.images.copies_of(state.id)]
        proposing = any(self._model.jobs.get(key) is not None for key in ("scan", "propose"))
        self.inspector.show_state(state, copies, selected=self.canvas.selected, proposing=proposing)

    def _say_empty(self) -> None:
        if self._model.jobs.get("scan") is not None or not self._model.quiet:
            self.stage.say("Reading the folder…")
        else:
            self.stage.say(_NO_IMAGES, icon="folder", button="Look again")

    @Slot()
    def _show_status(self, _zoom: object = None) -> None:
        state = self.decisions.state
        number = self.images.number_of(state.id) if state is not None else 0
        total = len(self._model.project) if self._model.project is not None else 0
        self.bar.show_place(number, total)
        if state is None:
            self.status_changed.emit("")
            return
        parts = [f"{number} of {total}", state.file_name]
        if self._point is not None:
            parts.append(f"x {self._point.x} y {self._point.y} = {self._point.grey}")
        if self.middle.view == "image":
            parts.append(f"{100 * self.canvas.device_scale:.0f} %")
        self.status_changed.emit("    ".join(parts))

    @Slot(object)
    def _pointed(self, point: Pointed | None) -> None:
        self._point = point
        self._show_status()

    @Slot()
    def _show_view(self) -> None:
        self.bar.cleaned.setChecked(self.canvas.mode == "cleaned")
        self.bar.side.setChecked(not self.stage.cleaned.isHidden())
        self.bar.grid.setChecked(self.middle.view == "grid")
        self._show_status()

    @Slot()
    def _show_current_row(self) -> None:
        for view in (self.strip, self.grid):
            if not view.isHidden():
                view.show_current(self._model.current_id)

    # Lists and views

    @Slot(object)
    def _set_filter(self, wanted: Filter) -> None:
        self.images.set_filter(wanted)
        self._show_current_row()

    @Slot(object)
    def _set_order(self, order: Order) -> None:
        self.images.set_order(order)

    @Slot()
    def _view_changed(self) -> None:
        in_sheet = self.middle.view == "sheet"
        for id, shortcut in self._shortcuts.items():
            # The sheet's own controls have the keys while it is open.
            shortcut.setEnabled(not in_sheet or id == "curate.leave")
        self.bar.setEnabled(not in_sheet)
        self.strip.setVisible(self.middle.view == "image")
        self._show_current_row()
        self.take_focus()
        self._show_view()

    @Slot(object)
    def _decided(self, decision: Decision) -> None:
        self.decisions.decide(decision)
        # The button that was clicked is pressed now; what is so is shown instead.
        self._soon.start()

    @Slot(object)
    def _reason_clicked(self, reason: DiscardReason) -> None:
        self.decisions.discard(reason)
        self._soon.start()

    @Slot(bool)
    def _asking_changed(self, asking: bool) -> None:
        if asking:
            self.stage.reasons.ask(self.decisions.last_reason)
        self.stage.ask_reason(asking)
        self._soon.start()

    @Slot(int)
    def _go_to_number(self, number: int) -> None:
        found = self.images.id_of_number(number)
        self.take_focus()
        if found is not None:
            self.decisions.go_to(found)
        else:
            messages.show(f"There are images 1 to {self.images.count_of('all')}.")
            self._show_status()

    # Keys; the rest is in `commands`

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.middle.view == "sheet" or not self._held.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._held.release(event):
            super().keyReleaseEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watches the canvas lose the keys."""
        if event.type() == QEvent.Type.FocusOut:
            self._held.release_all()
        return super().eventFilter(watched, event)

    @Slot(str)
    def _bar_wanted(self, id: str) -> None:
        if self.middle.view != "sheet":
            self._commands[id]()
        self._show_view()

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
