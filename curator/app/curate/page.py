"""The page Curate: canvas, inspector, film strip or grid, and what ties them to the project."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from curator.app import messages
from curator.app.curate.canvas import Pointed
from curator.app.curate.contact_sheet import ContactSheet
from curator.app.curate.decisions import Decisions
from curator.app.curate.filter_bar import FilterBar
from curator.app.curate.floating import TOOLS
from curator.app.curate.inspector import Inspector
from curator.app.curate.keys import bind_all, held_key
from curator.app.curate.lists import FilmStrip, Grid
from curator.app.curate.stage import Stage
from curator.app.curate.view_bar import ViewBar
from curator.app.image_list import Filter, ImageList, Order
from curator.app.image_loader import ImageLoader
from curator.app.page import Page
from curator.app.project_model import ProjectModel
from curator.app.widgets import line
from curator.app.words import count
from curator.project import edits
from curator.records import MASK_KINDS, Change, Crop, Decision, DiscardReason, Edit, Fill

# So many images on either side of the current one are decoded ahead, the next ones first.
_AHEAD: Final = (1, -1, 2, 3, -2)
_REMEMBER_MS: Final = 700
_STAGE, _GRID, _SHEET = range(3)


class CuratePage(Page):
    """All keys and buttons come together here; each does one thing on `decisions` or the `stage`."""

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
        self.stack = QStackedWidget()
        # The panes beside the image follow it in the same turn, but after it is painted.
        self._soon = self._timer(0, self._show_details)
        self._remember = self._timer(_REMEMBER_MS, self._remember_current)
        self._lay_out()
        self._connect()
        self._bind_keys()
        if model.project is not None:
            self._opened()

    def top_bar(self) -> QWidget:
        return self.filter_bar

    def activate(self) -> None:
        self.take_focus()
        self._show_details()

    def take_focus(self) -> None:
        """Gives the keys to the page."""
        (self.canvas if self.stack.currentIndex() == _STAGE else self).setFocus()

    def begin_mending(self) -> None:
        """The user came from Review: show the way back until it is taken."""
        self._mending = True
        self.stage.show_back(True)

    # Building

    def _timer(self, milliseconds: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _lay_out(self) -> None:
        for widget in (self.stage, self.grid, self.sheet):
            self.stack.addWidget(widget)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.stack, 1)
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
        self.strip.set_empty_words("No image matches this filter.")
        self.grid.set_empty_words("No image matches this filter.")

    def _connect(self) -> None:
        model, decisions, inspector = self._model, self.decisions, self.inspector
        model.opened.connect(self._opened)
        model.closing.connect(self._closing)
        model.changed.connect(self._changed)
        model.current_changed.connect(self._current_changed)
        model.jobs.started.connect(self._soon_details)
        model.jobs.ended.connect(self._soon_details)
        self.images.modelReset.connect(self._list_reset)
        self.filter_bar.changed.connect(self._set_filter)
        self.filter_bar.order_changed.connect(self._set_order)
        self.filter_bar.left.connect(self.take_focus)
        for view in (self.strip, self.grid):
            view.chosen.connect(decisions.go_to)
        self.grid.opened.connect(self._open_from_grid)
        self.canvas.edited.connect(decisions.apply)
        self.canvas.pointed.connect(self._pointed)
        self.canvas.zoomed.connect(self._show_status)
        self.canvas.selected_changed.connect(self._soon_details)
        self.canvas.installEventFilter(self)
        self.stage.back_wanted.connect(self._go_back)
        self.stage.view_changed.connect(self._show_view)
        self.stage.notice.pressed.connect(model.rescan)
        self.stage.reasons.chosen.connect(decisions.discard)
        self.stage.reasons.closed.connect(decisions.stop_asking)
        decisions.asking_changed.connect(self._asking_changed)
        inspector.accept_wanted.connect(decisions.accept)
        inspector.accept_all_wanted.connect(self.open_sheet)
        inspector.decided.connect(self._decided)
        inspector.reason_chosen.connect(self._reason_clicked)
        inspector.proposal_wanted.connect(decisions.back_to_proposal)
        inspector.crop_set.connect(self._set_crop)
        inspector.fill_chosen.connect(self._set_fill)
        inspector.label_chosen.connect(self._relabel)
        inspector.note_set.connect(self._set_note)
        inspector.advance_toggled.connect(decisions.set_advances)
        inspector.overlays.selected.connect(self.canvas.select)
        inspector.overlays.deleted.connect(self.canvas.delete)
        inspector.copies.chosen.connect(decisions.go_to)
        inspector.copies.keep_best_wanted.connect(decisions.keep_best)
        inspector.history.jumped.connect(model.jump)
        self.bar.wanted.connect(self._bar_wanted)
        self.bar.go_to.connect(self._go_to_number)
        self.bar.original_held.connect(self.stage.set_original)
        self.sheet.accepted.connect(self._accept_all)
        self.sheet.closed.connect(self.close_sheet)
        self.sheet.looked_at.connect(self._open_from_grid)

    def _bind_keys(self) -> None:
        decisions, canvas, stage = self.decisions, self.canvas, self.stage
        self._slots: dict[str, Callable[[], object]] = {
            "curate.accept": decisions.accept,
            "curate.keep": lambda: decisions.decide("keep"),
            "curate.discard": decisions.ask_or_repeat,
            "curate.undecided": lambda: decisions.decide("undecided"),
            "curate.previous": lambda: decisions.go(-1),
            "curate.next": lambda: decisions.go(1),
            "curate.previous_undecided": lambda: decisions.go(-1, "to-do"),
            "curate.next_undecided": lambda: decisions.go(1, "to-do"),
            "curate.next_unsure": lambda: decisions.go(1, "unsure"),
            "curate.first": lambda: decisions.go_by(-len(self.images.listed())),
            "curate.last": lambda: decisions.go_by(len(self.images.listed())),
            "curate.up": lambda: self._go_row(-1),
            "curate.down": lambda: self._go_row(1),
            "curate.go_to": self._ask_number,
            "curate.search": self._search,
            "curate.controls": self._to_controls,
            "curate.leave": self._leave,
            "curate.delete": self._delete,
            "curate.finish": self._finish,
            "curate.side_by_side": stage.toggle_side_by_side,
            "curate.cleaned": stage.toggle_cleaned,
            "curate.back_to_proposal": decisions.back_to_proposal,
            "curate.grid": self.toggle_grid,
            "curate.keep_best": decisions.keep_best,
            "curate.accept_confident": self.open_sheet,
            "curate.fit": canvas.fit,
            "curate.zoom_in": lambda: canvas.zoom(1),
            "curate.zoom_out": lambda: canvas.zoom(-1),
            "curate.brush_smaller": lambda: canvas.set_brush(canvas.brush / 1.25),
            "curate.brush_larger": lambda: canvas.set_brush(canvas.brush * 1.25),
        }
        for tool, *_ in TOOLS:
            self._slots[f"curate.{tool}"] = partial(canvas.set_tool, tool)
        for name, dx, dy in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1)):
            self._slots[f"curate.nudge_{name}"] = partial(canvas.nudge, dx, dy)
            self._slots[f"curate.nudge_{name}_10"] = partial(canvas.nudge, 10 * dx, 10 * dy)
        bind_all(self, self._slots, self._key_blocked)

    # The project

    @Slot()
    def _opened(self) -> None:
        project = self._model.project
        assert project is not None
        self.loader.set_root(project.root)
        self.images.set_project(project)
        self._mending = False
        self.stage.show_back(False)
        self.close_sheet()
        self.filter_bar.show_filter(self.images.filter, self.images.order)
        self.inspector.advance.setChecked(self.decisions.advances)
        self.inspector.show_project(project)
        self._current_changed(self._model.current_id)

    @Slot()
    def _closing(self) -> None:
        self.inspector.commit_note()
        self.decisions.stop_asking()
        self.close_sheet()
        self._remember.stop()
        self._soon.stop()
        self.stage.go_to(None)
        self.images.set_project(None)
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
        self.stage.go_to(state)
        (self.strip if self.strip.isVisible() else self.grid).show_current(image_id)
        if state is not None:
            self._prefetch()
            self._remember.start()
        self._point = None
        self._show_status()
        self._soon.start()

    def _prefetch(self) -> None:
        project, row = self._model.project, self.images.row_of(self._model.current_id)
        if project is None:
            return
        rows = [row, *(row + step for step in _AHEAD)]
        last = self.images.rowCount()
        self.loader.prefetch([project.state(self.images.id_at(one)) for one in rows if 0 <= one < last])

    @Slot()
    def _remember_current(self) -> None:
        state = self.decisions.state
        if self._model.project is not None and state is not None:
            self._model.project.set_setting("current", state.file_name)

    @Slot()
    def _list_reset(self) -> None:
        for view in (self.strip, self.grid):
            view.show_current(self._model.current_id)

    # Showing

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
        self._say_empty()
        self._show_status()
        if state is not None:
            copies = [project.state(one) for one in self.images.copies_of(state.id)]
            proposing = (
                self._model.jobs.get("propose") is not None or self._model.jobs.get("scan") is not None
            )
            self.inspector.show_state(state, copies, selected=self.canvas.selected, proposing=proposing)

    def _say_empty(self) -> None:
        if self._model.current_id >= 0:
            return
        if self._model.jobs.get("scan") is not None:
            self.stage.say("Reading the folder…")
        else:
            self.stage.say(
                "There is no image in this folder. Put JPEG, PNG, WebP, BMP, TIFF or GIF files into one "
                "folder per class.",
                icon="folder",
                button="Look again",
            )

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
        if self.stack.currentIndex() == _STAGE:
            parts.append(f"{100 * self.canvas.device_scale:.0f} %")
        self.status_changed.emit("    ".join(parts))

    @Slot(object)
    def _pointed(self, point: Pointed | None) -> None:
        self._point = point
        self._show_status()

    def _show_view(self) -> None:
        self.bar.cleaned.setChecked(self.canvas.mode == "cleaned")
        self.bar.side.setChecked(not self.stage.cleaned.isHidden())
        self.bar.grid.setChecked(self.stack.currentIndex() == _GRID)
        self._show_status()

    # Lists and filter

    @Slot(object)
    def _set_filter(self, wanted: Filter) -> None:
        self.images.set_filter(wanted)
        for view in (self.strip, self.grid):
            view.show_current(self._model.current_id)

    @Slot(object)
    def _set_order(self, order: Order) -> None:
        self.images.set_order(order)

    @Slot()
    def toggle_grid(self) -> None:
        """From canvas and film strip to the grid, or back."""
        in_grid = self.stack.currentIndex() == _GRID
        self.stack.setCurrentIndex(_STAGE if in_grid else _GRID)
        self.strip.setVisible(in_grid)
        (self.strip if in_grid else self.grid).show_current(self._model.current_id)
        self.take_focus()
        self._show_view()

    def _open_from_grid(self, image_id: int) -> None:
        self.decisions.go_to(image_id)
        if self.stack.currentIndex() == _SHEET:
            self.close_sheet()
        elif self.stack.currentIndex() == _GRID:
            self.toggle_grid()

    @Slot()
    def open_sheet(self) -> None:
        """Shows which images would be accepted for being sure enough."""
        project = self._model.project
        if project is not None and self.stack.currentIndex() != _SHEET:
            self.decisions.stop_asking()
            self.sheet.open(project)
            self.stack.setCurrentIndex(_SHEET)
            self.strip.hide()
            self.sheet.slider.setFocus()
            self._show_view()

    @Slot()
    def close_sheet(self) -> None:
        """Back to the canvas."""
        if self.stack.currentIndex() == _SHEET:
            self.sheet.shut()
            self.stack.setCurrentIndex(_STAGE)
            self.strip.show()
            self.strip.show_current(self._model.current_id)
            self.take_focus()
            self._show_view()

    @Slot(object)
    def _accept_all(self, edit: Edit) -> None:
        number = len(self.sheet.ids())
        if self._model.apply(edit) is not None:
            messages.show(f"{count(number, 'image')} accepted. Undo takes that back.", "done")
        self.close_sheet()

    # Edits from the inspector

    @Slot(object)
    def _decided(self, decision: Decision) -> None:
        self.decisions.decide(decision)
        self._soon.start()

    @Slot(object)
    def _reason_clicked(self, reason: DiscardReason) -> None:
        self.decisions.discard(reason)
        self._soon.start()

    @Slot(object)
    def _set_crop(self, crop: Crop | None) -> None:
        if self.decisions.state is not None:
            self.decisions.apply(edits.set_crop(self.decisions.state, crop))

    @Slot(object)
    def _set_fill(self, fill: Fill) -> None:
        if self.decisions.state is not None:
            self.decisions.apply(edits.set_fill([self.decisions.state], fill))

    @Slot(str)
    def _relabel(self, label: str) -> None:
        if self.decisions.state is not None:
            self.decisions.apply(edits.relabel([self.decisions.state], label))

    @Slot(int, str)
    def _set_note(self, image_id: int, text: str) -> None:
        if self._model.project is not None:
            self.decisions.apply(edits.set_note(self._model.project.state(image_id), text))

    # Keys

    def _key_blocked(self, id: str) -> bool:
        return self.stack.currentIndex() == _SHEET and id != "curate.leave"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, and keys that act while they are down."""
        if event.isAutoRepeat() or self.stack.currentIndex() == _SHEET:
            event.ignore()
            return
        text = QKeySequence(event.key()).toString()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and text.isdigit():
            self._digit(int(text))
        elif plain and held_key("curate.original", text):
            self.stage.set_original(True)
        elif plain and held_key("curate.pan", text):
            self.canvas.hold_pan(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Ends what a held key did."""
        text = QKeySequence(event.key()).toString()
        if not event.isAutoRepeat() and held_key("curate.original", text):
            self.stage.set_original(False)
        elif not event.isAutoRepeat() and held_key("curate.pan", text):
            self.canvas.hold_pan(self.stage.palette_.pan.isChecked())
        else:
            super().keyReleaseEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Where the canvas loses the keys, a held one will not be heard to be released."""
        if event.type() == QEvent.Type.FocusOut:
            self.stage.set_original(False)
            self.canvas.hold_pan(self.stage.palette_.pan.isChecked())
        return super().eventFilter(watched, event)

    def _digit(self, digit: int) -> None:
        if self.decisions.asking:
            self.decisions.discard_by_digit(digit)
        elif 1 <= digit <= len(MASK_KINDS) and self.stack.currentIndex() == _STAGE:
            self.canvas.set_kind(MASK_KINDS[digit - 1])

    def _asking_changed(self, asking: bool) -> None:
        if asking:
            self.stage.reasons.ask(self.decisions.last_reason)
        self.stage.ask_reason(asking)
        self._soon.start()

    def _leave(self) -> None:
        if self.stack.currentIndex() == _SHEET:
            self.close_sheet()
        elif self.decisions.asking:
            self.decisions.stop_asking()
        elif self.focusWidget() is not self.canvas and self.stack.currentIndex() == _STAGE:
            self.take_focus()
        elif self.stack.currentIndex() == _STAGE:
            self.canvas.leave()

    def _delete(self) -> None:
        if not self.canvas.delete_selected() and self._mending:
            self._go_back()

    def _finish(self) -> None:
        if self.stack.currentIndex() == _GRID:
            self.toggle_grid()
        else:
            self.canvas.finish()

    def _go_row(self, rows: int) -> None:
        if self.stack.currentIndex() == _GRID:
            self.decisions.go_by(rows * self.grid.columns)

    def _go_back(self) -> None:
        self._mending = False
        self.stage.show_back(False)
        self.back_requested.emit()

    def _search(self) -> None:
        self.filter_bar.search.setFocus()
        self.filter_bar.search.selectAll()

    def _ask_number(self) -> None:
        self.bar.number.setFocus()
        self.bar.number.selectAll()

    def _go_to_number(self, number: int) -> None:
        found = self.images.id_of_number(number)
        self.take_focus()
        if found is not None:
            self.decisions.go_to(found)
        else:
            messages.show(f"There are images 1 to {len(self._model.project or ())}.")
            self._show_status()

    def _to_controls(self) -> None:
        if self.inspector.isAncestorOf(self.focusWidget()):
            self.take_focus()
        else:
            self.inspector.accept.setFocus()

    def _bar_wanted(self, id: str) -> None:
        if id == "curate.full_size":
            self.canvas.full_size()
        elif not self._key_blocked(id):
            self._slots[id]()
        self._show_view()
