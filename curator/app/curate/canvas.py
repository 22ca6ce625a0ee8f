"""The big image with its crop and masks drawn on it, and the tools that change them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent

from curator.app.curate.draw_tools import make_tools
from curator.app.curate.layers import Layers
from curator.app.curate.pointing import cursor_over, pointed_at
from curator.app.curate.shapes import Point
from curator.app.curate.tone import Tone, ToneDrag
from curator.app.curate.tools import Sheet, Tool, ToolName, nudged, sized, with_box, with_kind, without_mask
from curator.app.curate.viewport import ImageView
from curator.app.image_work import Loaded, to_pixels
from curator.imaging.decode import RGB
from curator.records import Edit, ImageState, MaskKind

Mode: TypeAlias = Literal["edit", "original", "cleaned"]

# How near, in screen pixels, a press counts as one on a handle.
_REACH: Final = 9.0
_BRUSH_LEAST, _BRUSH_MOST = 1.0, 400.0


class Canvas(ImageView):
    """Shows one image; `edited` carries an `Edit` for each finished gesture, `drafted` a `Draft` meanwhile."""

    edited = Signal(object)
    pointed = Signal(object)
    tool_changed = Signal(str)
    selected_changed = Signal(object)
    kind_changed = Signal(str)
    brush_changed = Signal(float)
    tone_changed = Signal(object)
    drafted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Image")
        self.setProperty("role", "canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._state: ImageState | None = None
        self._loaded: Loaded | None = None
        self._mode: Mode = "edit"
        self._tools = make_tools()
        self._tool: Tool = self._tools["select"]
        self._sheet_pressed: Sheet | None = None
        self._selected: int | None = None
        self._kind: MaskKind = "text"
        self._brush = 8.0
        self._pan_from: QPoint | None = None
        self._pan_held = False
        self._tone = Tone()
        self._tone_drag: ToneDrag | None = None
        self._layers = Layers(self.scene())
        self.zoomed.connect(self._rescale)

    # What is shown

    def show_image(self, state: ImageState | None, loaded: Loaded | None) -> None:
        """Goes to another image, fitted; `loaded=None` shows nothing yet."""
        self._cancel_gesture()
        self._state, self._loaded = state, loaded
        self._layers.set_image(loaded)
        self._select(None)
        if loaded is not None:
            self.set_image_size(loaded.width, loaded.height)
            self.fit()
        self.refresh()

    def sharpen(self, loaded: Loaded) -> None:
        """Takes all pixels of the image of which a first look is shown; zoom and gesture stay."""
        self._loaded = loaded
        self._layers.set_image(loaded)
        self.refresh()

    def show_state(self, state: ImageState) -> None:
        """Follows a change of the image that is shown; zoom and gesture stay."""
        self._state = state
        if self._selected is not None and self._selected >= len(state.masks):
            self._select(None)
        self.refresh()

    def show_cleaned(self, cleaned: QImage) -> None:
        """Takes the cleaned image for the mode "cleaned"; it lies where its crop is."""
        sheet = self._sheet()
        if sheet is not None:
            self._layers.set_cleaned(cleaned, sheet.crop.x, sheet.crop.y)
        self.refresh()

    @property
    def mode(self) -> Mode:
        """Image with overlays, original without, or cleaned."""
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Changes what is shown of the image."""
        if mode != self._mode:
            self._mode = mode
            self._cancel_gesture()
            self.refresh()

    @property
    def tone(self) -> Tone:
        """How grey values are shown; kept from image to image."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Changes that. The image, and all that is read from it, stays as it is."""
        if tone != self._tone:
            self._tone = tone
            self._layers.set_tone(tone)
            self.tone_changed.emit(tone)

    def shown_pixels(self) -> RGB | None:
        """The pixels on the canvas, RGB `uint8` at full size, without overlays; None where there are none."""
        shown = self._layers.shown()
        return to_pixels(shown) if shown is not None else None

    def cleaned_image(self) -> RGB | None:
        """The cleaned image as the canvas has it, RGB `uint8`; None while it is not there yet."""
        return to_pixels(self._layers.cleaned) if self._layers.cleaned is not None else None

    # Tools

    @property
    def tool(self) -> ToolName:
        """The tool in use; "select" is no tool."""
        return self._tool.name

    def set_tool(self, name: ToolName) -> None:
        """Takes another tool; one that is in use already is left."""
        self._cancel_gesture()
        self._tool = self._tools["select" if name == self._tool.name else name]
        if self._mode == "cleaned":
            self.set_mode("edit")
        self._layers.show_brush(None, 0)
        self.refresh()
        self._show_cursor(self._pointer())
        self.tool_changed.emit(self._tool.name)

    @property
    def busy(self) -> bool:
        """Whether Esc has a gesture, a tool or a selected mask to leave."""
        return self._tool.busy or self._tool.name != "select" or self._selected is not None

    def leave(self) -> None:
        """Esc: gives up the gesture, else the tool, else the selection."""
        if self._tool.busy:
            self._cancel_gesture()
            self.refresh()
        elif self._tool.name != "select":
            self.set_tool("select")
        else:
            self._select(None)
            self.refresh()

    @property
    def kind(self) -> MaskKind:
        """The kind that the next mask gets."""
        return self._kind

    def set_kind(self, kind: MaskKind) -> None:
        """Sets the kind of the selected mask, and of those drawn next."""
        self._kind = kind
        self.kind_changed.emit(kind)
        sheet = self._sheet()
        if sheet is not None and sheet.selected is not None:
            self._emit(with_kind(sheet, sheet.selected, kind))

    @property
    def brush(self) -> float:
        """The brush's radius in image pixels."""
        return self._brush

    def set_brush(self, radius: float) -> None:
        """Changes the brush's radius."""
        self._brush = min(max(radius, _BRUSH_LEAST), _BRUSH_MOST)
        self._show_cursor(self._pointer())
        self.brush_changed.emit(self._brush)

    @property
    def selected(self) -> int | None:
        """The number of the selected mask."""
        return self._selected

    def select(self, number: int | None) -> None:
        """Selects a mask by its number, or none."""
        if self._state is not None and (number is None or 0 <= number < len(self._state.masks)):
            self._select(number)
            self.refresh()

    def delete_selected(self) -> bool:
        """Deletes the selected mask, or the last corner of an unfinished polygon. False for nothing to do."""
        if self._tool.step_back():
            self.refresh()
            return True
        return self._selected is not None and self.delete(self._selected)

    def delete(self, number: int) -> bool:
        """Deletes a mask by its number."""
        sheet = self._sheet()
        if sheet is None or not 0 <= number < len(sheet.state.masks):
            return False
        self._select(None)
        self._emit(without_mask(sheet, number))
        return True

    def nudge(self, dx: int, dy: int) -> None:
        """Moves the selected mask, else the crop, by whole pixels."""
        sheet = self._sheet()
        if sheet is not None:
            self._emit(nudged(sheet, dx, dy))

    def stretch(self, dx: int, dy: int) -> None:
        """Moves right edge and foot of the selected mask, else of the crop, by whole pixels."""
        sheet = self._sheet()
        if sheet is not None:
            self._emit(sized(sheet, dx, dy))

    def finish(self) -> bool:
        """Enter: closes a polygon; with the tool for boxes draws one. False where there is nothing to do."""
        sheet = self._sheet_pressed or self._sheet()
        if sheet is None or not (self._tool.busy or self._tool.name == "box"):
            return False
        middle = self.mapToScene(self.viewport().rect().center())
        self._finish(
            sheet,
            self._tool.finish(sheet) if self._tool.busy else with_box(sheet, (middle.x(), middle.y())),
        )
        return True

    def hold_pan(self, held: bool) -> None:
        """While held, dragging moves the image whatever the tool."""
        self._pan_held = held
        if not held:
            self._pan_from = None
        self._show_cursor(self._pointer())

    # Qt's side

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._pan_held):
            self._start_pan(event)
        elif event.button() == Qt.MouseButton.RightButton and self._sheet_pressed is None:
            self._tone_drag = ToneDrag(event.position(), self._tone)
        elif left:
            sheet = self._sheet()
            if sheet is None or self._mode != "edit":
                self._start_pan(event)
                return
            taken = self._tool.press(sheet, self._point(event))
            self._select(self._tool.picked(sheet))
            self._sheet_pressed = sheet if taken else None
            self.refresh()
            if not taken:
                self._start_pan(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._pan_from is not None:
            moved = at - self._pan_from
            self._pan_from = at
            self.pan(moved.x(), moved.y())
            return
        if self._tone_drag is not None:
            self.set_tone(self._tone_drag.to(event.position()) or self._tone)
            return
        sheet = self._sheet_pressed or self._sheet()
        if sheet is not None and self._mode == "edit":
            self._tool.drag(_held(sheet, event), self._point(event))
            if self._tool.busy:
                self.refresh()
        self._point_at(at)
        self._show_cursor(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
        elif self._tone_drag is not None and event.button() == Qt.MouseButton.RightButton:
            if self._tone_drag.to(event.position()) is None:
                self._tool.step_back()
                self.refresh()
            self._tone_drag = None
        elif event.button() == Qt.MouseButton.LeftButton and self._sheet_pressed is not None:
            sheet, self._sheet_pressed = self._sheet_pressed, None
            self._finish(sheet, self._tool.release(_held(sheet, event), self._point(event)))
        self._show_cursor(event.position().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        sheet = self._sheet()
        if self._tool.name == "select" or self._pan_held or sheet is None:
            if math.isclose(self.device_scale, 1.0, rel_tol=1e-3):
                self.fit()
            else:
                self.full_size(event.position().toPoint())
        elif self._tool.name == "polygon":
            self._finish(sheet, self._tool.finish(sheet))
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._layers.show_brush(None, 0)
        self.pointed.emit(None)

    # Inside

    def _emit(self, edit: Edit | None) -> None:
        if edit is not None:
            self.edited.emit(edit)

    def _finish(self, sheet: Sheet, edit: Edit | None) -> None:
        """Ends a gesture: a new mask comes out selected, so that a digit sets its kind."""
        before = len(sheet.state.masks)
        self._emit(edit)
        state = self._state
        added = state is not None and len(state.masks) > before and self._tool.name in ("box", "polygon")
        if added and state is not None:
            self._select(len(state.masks) - 1)
        elif edit is not None and self._tool.name in ("brush", "eraser"):
            self._select(None)
        self.refresh()

    def _sheet(self) -> Sheet | None:
        state, loaded = self._state, self._loaded
        if state is None or loaded is None:
            return None
        reach = _REACH / self.view_scale
        return Sheet(state, loaded.width, loaded.height, reach, self._kind, self._brush, self._selected)

    def _select(self, number: int | None) -> None:
        if number == self._selected:
            return
        self._selected = number
        if number is not None and self._state is not None:
            self._kind = self._state.masks[number].kind
            self.kind_changed.emit(self._kind)
        self.selected_changed.emit(number)

    def _cancel_gesture(self) -> None:
        self._tool.cancel()
        self._sheet_pressed = None
        self._pan_from = None

    def refresh(self) -> None:
        """Draws everything anew from the state, the mode and the gesture under way."""
        sheet = self._sheet() if self._mode == "edit" else None
        self._layers.show(sheet, self._tool.draft, self._tool.name, cleaned=self._mode == "cleaned")
        self.drafted.emit(self._tool.draft)

    def _rescale(self) -> None:
        self._layers.set_scale(self.view_scale)

    def _point(self, event: QMouseEvent) -> Point:
        """The pointer in image pixels, to a fraction of a screen pixel."""
        inverse, _ = self.viewportTransform().inverted()
        at = inverse.map(QPointF(event.position()))
        return (at.x(), at.y())

    def _pointer(self) -> QPoint:
        return self.viewport().mapFromGlobal(self.cursor().pos())

    def _start_pan(self, event: QMouseEvent) -> None:
        self._pan_from = event.position().toPoint()
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def _point_at(self, at: QPoint) -> None:
        loaded = self._loaded
        if loaded is None or not loaded.is_full:
            return
        point = self.mapToScene(at)
        self.pointed.emit(pointed_at(loaded.pixels, math.floor(point.x()), math.floor(point.y())))

    def _show_cursor(self, at: QPoint) -> None:
        sheet = self._sheet()
        shape = Qt.CursorShape.ArrowCursor
        brush = None
        if self._pan_held or self._mode != "edit":
            shape = Qt.CursorShape.OpenHandCursor
        elif sheet is not None:
            point = self.mapToScene(at)
            shape = cursor_over(sheet, self._tool.name, (point.x(), point.y()))
            if shape == Qt.CursorShape.BlankCursor and self.viewport().rect().contains(at):
                brush = point
        self._layers.show_brush(brush, self._brush)
        self.viewport().setCursor(shape)


def _held(sheet: Sheet, event: QMouseEvent) -> Sheet:
    """The sheet with what the keys that are held ask for."""
    return replace(sheet, square=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
