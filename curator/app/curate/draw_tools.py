"""Tools that draw: crop, box, polygon, brush and eraser."""

from __future__ import annotations

import math
from typing import ClassVar

from curator.app.curate import shapes, strokes
from curator.app.curate.select_tool import SelectTool
from curator.app.curate.shapes import Point
from curator.app.curate.tools import Draft, Sheet, Tool, ToolName, mask_words, with_crop, with_masks
from curator.records import Crop, Edit, Mask

# A drag of less than this part of the reach is a click, and draws nothing.
_CLICK = 0.5


class CropTool(Tool):
    """Draws a new crop, or drags a handle of the present one; square while Shift is held."""

    name: ClassVar[ToolName] = "crop"

    def __init__(self) -> None:
        super().__init__()
        self._from: Point | None = None
        self._handle: str | None = None

    def press(self, sheet: Sheet, at: Point) -> bool:
        self._from = at
        self._handle = shapes.handle_at(sheet.crop, at, sheet.reach)
        return True

    def drag(self, sheet: Sheet, at: Point) -> None:
        if self._from is None:
            return
        if self._handle is not None:
            dx, dy = at[0] - self._from[0], at[1] - self._from[1]
            crop = shapes.crop_by_handle(sheet.crop, self._handle, dx, dy, sheet.width, sheet.height)
            self.draft = Draft(crop=_squared(sheet, crop, self._handle))
        elif math.dist(self._from, at) > _CLICK * sheet.reach:
            crop = shapes.crop_between(self._from, at, sheet.width, sheet.height)
            corner = ("n" if at[1] < self._from[1] else "s") + ("w" if at[0] < self._from[0] else "e")
            self.draft = Draft(crop=_squared(sheet, crop, corner))

    def release(self, sheet: Sheet, at: Point) -> Edit | None:
        self.drag(sheet, at)
        draft = self.draft
        self.cancel()
        return with_crop(sheet, draft.crop) if draft is not None and draft.crop is not None else None

    def cancel(self) -> None:
        super().cancel()
        self._from = self._handle = None


class BoxTool(Tool):
    """Masks a rectangle."""

    name: ClassVar[ToolName] = "box"

    def __init__(self) -> None:
        super().__init__()
        self._from: Point | None = None

    def press(self, sheet: Sheet, at: Point) -> bool:
        self._from = at
        return True

    def drag(self, sheet: Sheet, at: Point) -> None:
        if self._from is None or math.dist(self._from, at) <= _CLICK * sheet.reach:
            return
        polygon = shapes.box_polygon(self._from, at, sheet.width, sheet.height)
        self.draft = Draft(masks=(*sheet.state.masks, Mask(sheet.kind, polygon)))

    def release(self, sheet: Sheet, at: Point) -> Edit | None:
        self.drag(sheet, at)
        draft = self.draft
        self.cancel()
        if draft is None or draft.masks is None:
            return None
        return with_masks(sheet, draft.masks, mask_words(sheet.kind, "added"))

    def cancel(self) -> None:
        super().cancel()
        self._from = None


class PolygonTool(Tool):
    """A click adds a corner; a click on the first one, a double click or Enter closes the mask."""

    name: ClassVar[ToolName] = "polygon"

    def __init__(self) -> None:
        super().__init__()
        self._points: list[tuple[int, int]] = []
        self._close = False

    def press(self, sheet: Sheet, at: Point) -> bool:
        if self._closes(sheet, at):
            self._close = True
            return True
        pixel = shapes.on_image(at, sheet.width, sheet.height)
        if pixel not in self._points[-1:]:
            self._points.append(pixel)
        self._draw(at, False)
        return True

    def drag(self, sheet: Sheet, at: Point) -> None:
        if self._points:
            self._draw(at, self._closes(sheet, at))

    def release(self, sheet: Sheet, at: Point) -> Edit | None:
        if not self._close:
            return None
        self._close = False
        return self.finish(sheet)

    def finish(self, sheet: Sheet) -> Edit | None:
        points = tuple(self._points)
        if len(points) < 3:
            return None
        self.cancel()
        masks = (*sheet.state.masks, Mask(sheet.kind, points))
        return with_masks(sheet, masks, mask_words(sheet.kind, "added"))

    def step_back(self) -> bool:
        if not self._points:
            return False
        self._points.pop()
        if self._points:
            self._draw(_middle(self._points[-1]), False)
        else:
            self.cancel()
        return True

    def cancel(self) -> None:
        super().cancel()
        self._points.clear()
        self._close = False

    def _closes(self, sheet: Sheet, at: Point) -> bool:
        return len(self._points) > 2 and math.dist(_middle(self._points[0]), at) <= sheet.reach

    def _draw(self, at: Point, closes: bool) -> None:
        corners = [_middle(point) for point in self._points]
        self.draft = Draft(line=(*corners, corners[0] if closes else at), closes=closes)


class BrushTool(Tool):
    """Paints a mask; what touches a mask of the same kind joins it."""

    name: ClassVar[ToolName] = "brush"
    erases: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self._stroke: list[Point] = []

    def press(self, sheet: Sheet, at: Point) -> bool:
        self._stroke = [at]
        self._draw(sheet)
        return True

    def drag(self, sheet: Sheet, at: Point) -> None:
        if self._stroke and math.dist(self._stroke[-1], at) >= 0.5:
            self._stroke.append(at)
            self._draw(sheet)

    def release(self, sheet: Sheet, at: Point) -> Edit | None:
        stroke = list(self._stroke)
        self.cancel()
        return self._edit(sheet, stroke) if stroke else None

    def cancel(self) -> None:
        super().cancel()
        self._stroke = []

    def _draw(self, sheet: Sheet) -> None:
        self.draft = Draft(line=tuple(self._stroke), radius=sheet.radius, erases=self.erases)

    def _edit(self, sheet: Sheet, stroke: list[Point]) -> Edit | None:
        masks = strokes.painted(
            sheet.state.masks, stroke, sheet.radius, sheet.kind, sheet.width, sheet.height
        )
        joined = len(masks) <= len(sheet.state.masks)
        return with_masks(sheet, masks, mask_words(sheet.kind, "extended" if joined else "painted"))


class EraserTool(BrushTool):
    """Takes away from masks."""

    name: ClassVar[ToolName] = "eraser"
    erases: ClassVar[bool] = True

    def _edit(self, sheet: Sheet, stroke: list[Point]) -> Edit | None:
        masks = strokes.erased(sheet.state.masks, stroke, sheet.radius, sheet.width, sheet.height)
        return with_masks(sheet, masks, "Masks erased")


def make_tools() -> dict[ToolName, Tool]:
    """One of each."""
    kinds = (SelectTool, CropTool, BoxTool, PolygonTool, BrushTool, EraserTool)
    return {kind.name: kind() for kind in kinds}


def _squared(sheet: Sheet, crop: Crop, handle: str) -> Crop:
    return shapes.square_by_handle(crop, handle, sheet.width, sheet.height) if sheet.square else crop


def _middle(pixel: tuple[int, int]) -> Point:
    return (pixel[0] + 0.5, pixel[1] + 0.5)
