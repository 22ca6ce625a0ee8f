"""The middle of Curate: the canvas, what floats over it, and the cleaned image beside it."""

from __future__ import annotations

from typing import Final, Literal

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from curator.app.curate.audit_round import AuditBanner
from curator.app.curate.canvas import Canvas
from curator.app.curate.cleaned_pane import CleanedPane
from curator.app.curate.floating import DecisionPad, KindPanel, ReasonStrip, ToolPalette
from curator.app.curate.hints import HintCard
from curator.app.curate.notice import Notice
from curator.app.curate.tone import Tone
from curator.app.curate.tone_panel import TonePanel
from curator.app.curate.tools import MASKING, Draft, with_draft
from curator.app.image_loader import ImageLoader
from curator.app.widgets import KeyHint
from curator.records import ImageState

_LOADING_MS: Final = 180
_GAP: Final = 14
# On a canvas of fewer pixels in width the tools are icons alone.
_NARROW: Final = 480


class Stage(QWidget):
    """Shows the current image as soon as it is decoded; `back_wanted` is for the way back to Review."""

    back_wanted = Signal()
    view_changed = Signal()

    def __init__(self, loader: ImageLoader) -> None:
        super().__init__()
        self.setProperty("role", "canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._loader = loader
        self._state: ImageState | None = None
        self._draft: Draft | None = None
        self._shown: Literal["nothing", "small", "full"] = "nothing"
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.canvas = Canvas()
        self.cleaned = CleanedPane()
        self.cleaned.setVisible(False)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.cleaned, 1)
        self.tools = ToolPalette(self.canvas)
        self.kinds = KindPanel(self.canvas)
        self.pad = DecisionPad(self.canvas)
        self.reasons = ReasonStrip(self.canvas)
        self.notice = Notice(self.canvas)
        self.tone = TonePanel(self.canvas)
        self.banner = AuditBanner(self.canvas)
        self.hint = HintCard(self.canvas)
        self.back = QPushButton("‹  Back to Review")
        self.back.setParent(self.canvas)
        self.back.setStyleSheet("QPushButton { padding-right: 92px; }")
        self.back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back.setAccessibleName("Back to Review")
        inside = QHBoxLayout(self.back)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.addStretch(1)
        inside.addWidget(KeyHint("review.back"), 0, Qt.AlignmentFlag.AlignVCenter)
        self.back.clicked.connect(self.back_wanted)
        self.back.hide()
        self._loading = QTimer(self)
        self._loading.setSingleShot(True)
        self._loading.setInterval(_LOADING_MS)
        self._loading.timeout.connect(self._say_loading)
        self._connect()
        self.canvas.installEventFilter(self)

    def _connect(self) -> None:
        canvas = self.canvas
        self.tools.chosen.connect(canvas.set_tool)
        self.tools.pan_toggled.connect(canvas.hold_pan)
        self.kinds.chosen.connect(canvas.set_kind)
        self.kinds.brush_changed.connect(canvas.set_brush)
        self.kinds.delete.clicked.connect(canvas.delete_selected)
        canvas.tool_changed.connect(self._tool_changed)
        canvas.selected_changed.connect(self._show_kinds)
        canvas.kind_changed.connect(self._show_kinds)
        canvas.brush_changed.connect(self._show_kinds)
        canvas.tone_changed.connect(self._tone_changed)
        canvas.drafted.connect(self._drafted)
        self.tone.changed.connect(canvas.set_tone)
        self._loader.image_ready.connect(self._image_ready)
        self._loader.cleaned_ready.connect(self._cleaned_ready)

    # What is shown

    def go_to(self, state: ImageState | None) -> None:
        """Goes to another image, or to none."""
        self._state = state
        loaded = self._loader.image(state) if state is not None else None
        self._shown = "nothing" if loaded is None else "full" if loaded.is_full else "small"
        self.canvas.show_image(state, loaded)
        self._loading.stop()
        self.notice.say("")
        if state is not None and loaded is None and not self._say_error():
            self._loading.start()
        self._show_cleaned()

    @property
    def is_shown(self) -> bool:
        """Whether the image is on the canvas, be it a first look."""
        return self._shown != "nothing"

    def follow(self, state: ImageState) -> None:
        """The image that is shown has changed."""
        was = self._state
        if was is not None and (was.sha256 != state.sha256 or was.error != state.error):
            self.go_to(state)
            return
        self._state = state
        self.canvas.show_state(state)
        self._show_cleaned()

    def say(self, words: str, *, icon: str | None = None, button: str = "") -> None:
        """A sentence in place of the image."""
        self.notice.say(words, icon=icon, button=button)

    def set_original(self, held: bool) -> None:
        """The original without overlays, while held."""
        if held:
            self.canvas.set_mode("original")
        elif self.canvas.mode == "original":
            self.canvas.set_mode("edit")

    def toggle_cleaned(self) -> None:
        """The cleaned image in place of the original, or back."""
        self.canvas.set_mode("edit" if self.canvas.mode == "cleaned" else "cleaned")
        self._show_cleaned()
        self.view_changed.emit()

    def toggle_side_by_side(self) -> None:
        """Original and cleaned side by side, or back."""
        self.cleaned.setVisible(self.cleaned.isHidden())
        self._show_cleaned()
        self.view_changed.emit()

    def toggle_tone(self) -> None:
        """Shows or hides window, level, gamma and invert."""
        self.tone.setVisible(self.tone.isHidden())
        self.place()
        self.view_changed.emit()

    def show_back(self, visible: bool) -> None:
        """Shows the way back to Review."""
        self.back.setVisible(visible)
        self.place()

    def ask_reason(self, asking: bool) -> None:
        """Places the strip of reasons, or takes it away."""
        self.hint.set_covered(asking)
        if not asking:
            self.reasons.hide()
        self.place()

    # Inside

    @Slot(object)
    def _image_ready(self, image_id: int) -> None:
        state = self._state
        if state is None or image_id != state.id or self._shown == "full":
            return
        loaded = self._loader.image(state)
        self._loading.stop()
        if loaded is not None and self._shown == "small":
            if loaded.is_full:
                self._shown = "full"
                self.canvas.sharpen(loaded)
                self._show_cleaned()
        elif loaded is not None:
            self.notice.say("")
            self._shown = "full" if loaded.is_full else "small"
            self.canvas.show_image(state, loaded)
            self._show_cleaned()
        else:
            self._say_error()

    @Slot(object)
    def _cleaned_ready(self, image_id: int) -> None:
        if self._state is not None and image_id == self._state.id:
            self._show_cleaned()

    @Slot(object)
    def _drafted(self, draft: Draft | None) -> None:
        """The cleaned image beside the original follows a gesture while it goes on."""
        if draft != self._draft:
            self._draft = draft
            if not self.cleaned.isHidden():
                self._show_cleaned()

    def _show_cleaned(self) -> None:
        state = self._state if self._state is None else with_draft(self._state, self._draft)
        if self.canvas.mode != "cleaned" and self.cleaned.isHidden():
            return
        made = self._loader.cleaned(state) if state is not None and self._shown == "full" else None
        if made is None:
            if state is None or self._shown != "full":
                self.cleaned.show_image(None)
            return
        self.canvas.show_cleaned(made)
        self.cleaned.show_image(made, f"cleaned, {made.width()} × {made.height()}")

    def _say_error(self) -> bool:
        state = self._state
        error = self._loader.error(state) if state is not None else None
        if error is None:
            return False
        self.notice.say(error, icon="warning", button="Look again")
        return True

    @Slot()
    def _say_loading(self) -> None:
        if self._shown == "nothing" and self._state is not None:
            self.notice.say("Loading the image…")

    @Slot(object)
    def _tone_changed(self, tone: Tone) -> None:
        self.tone.show_tone(tone)
        self.cleaned.set_tone(tone)
        self.view_changed.emit()

    @Slot(str)
    def _tool_changed(self, name: str) -> None:
        self.tools.show_tool(name)
        self._show_kinds()
        self.view_changed.emit()

    def _show_kinds(self, _what: object = None) -> None:
        canvas = self.canvas
        brush = canvas.brush if canvas.tool in ("brush", "eraser") else None
        selected = canvas.selected is not None
        self.kinds.show_for(
            canvas.kind, kinds=canvas.tool in MASKING or selected, brush=brush, selected=selected
        )
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the panels in their places when the canvas changes its size."""
        if event.type() == QEvent.Type.Resize:
            self.place()
            self._loader.set_view(*self.canvas.room())
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Puts what floats over the canvas where it belongs."""
        wide, high = self.canvas.width(), self.canvas.height()
        self.tools.set_compact(wide < _NARROW)
        self.tools.move(_GAP, _GAP)
        left = self.tools.width() + 2 * _GAP
        if not self.banner.isHidden():
            self.banner.place(left, wide, _GAP)
        right = 0 if self.tone.isHidden() else self.tone.width() + _GAP
        self.hint.place(left - _GAP, wide - right, high, _GAP)
        top = 0 if self.banner.isHidden() else self.banner.geometry().bottom() + _GAP
        # Also while it is covered, so that the image does not jump.
        foot = self.hint.height() + 2 * _GAP if self.hint.due else 0
        self.canvas.keep_free(self.tools.width() + _GAP, top, self.pad.width() + _GAP, foot)
        self.kinds.move(_GAP, 2 * _GAP + self.tools.height() - 4)
        self.reasons.place(wide, high, _GAP)
        self.back.move(_GAP, high - self.back.sizeHint().height() - _GAP)
        self.notice.setGeometry(left, 0, max(80, wide - 2 * left), high)
        if not self.tone.isHidden():
            self.tone.adjustSize()
            self.tone.move(wide - self.tone.width() - _GAP, high - self.tone.height() - _GAP)
        lowest = (high if self.tone.isHidden() else self.tone.y()) - self.pad.height() - _GAP
        middle = max(_GAP, (high - self.pad.height()) // 2)
        self.pad.move(wide - self.pad.width() - _GAP, max(0, min(middle, lowest)))
