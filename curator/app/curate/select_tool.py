"""The tool that is there when no other is: drags crop handles, selects, moves and reshapes masks."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from curator.app.curate import shapes
from curator.app.curate.shapes import Point, Polygon
from curator.app.curate.tools import Draft, Sheet, Tool, ToolName, mask_words, with_crop, with_masks
from curator.records import Crop, Edit, Mask

Grip: TypeAlias = Literal["handle", "vertex", "edge", "mask"]


class SelectTool(Tool):
    """Handles of the crop come before masks, vertices of the selected mask before its edges and its area."""

    name: ClassVar[ToolName] = "select"

    def __init__(self) -> None:
        super().__init__()
        self._grip: Grip | None = None
        self._handle = ""
        self._mask = -1
        self._vertex = -1
        self._polygon: Polygon = ()
        self._from: Point = (0, 0)
        self._picked: int | None = None
        # A crop or polygon follows the pointer only once it has moved, so that a click changes nothing.
        self._moved = False

    def press(self, sheet: Sheet, at: Point) -> bool:
        self._from, self._moved, self._grip = at, False, None
        self._picked = sheet.selected
        masks = sheet.state.masks
        if sheet.selected is not None and self._grip_selected(sheet, at):
            return True
        handle = shapes.handle_at(sheet.crop, at, sheet.reach)
        over = mask_at(sheet, at)
        # A mask below a handle can still be had: beside the handle itself the mask wins over the crop's edge.
        if handle is not None and (over is None or _on_corner(sheet.crop, at, sheet.reach)):
            self._grip, self._handle = "handle", handle
            return True
        self._picked = over
        if over is None:
            return False
        self._grip, self._mask, self._polygon = "mask", over, masks[over].polygon
        return True

    def drag(self, sheet: Sheet, at: Point) -> None:
        if self._grip is None:
            return
        dx, dy = at[0] - self._from[0], at[1] - self._from[1]
        self._moved = self._moved or max(abs(dx), abs(dy)) * 4 >= sheet.reach or self.draft is not None
        if not self._moved:
            return
        if self._grip == "handle":
            crop = shapes.crop_by_handle(sheet.crop, self._handle, dx, dy, sheet.width, sheet.height)
            if sheet.square:
                crop = shapes.square_by_handle(crop, self._handle, sheet.width, sheet.height)
            self.draft = Draft(crop=crop)
            return
        if self._grip == "mask":
            polygon = shapes.moved_polygon(self._polygon, dx, dy, sheet.width, sheet.height)
        else:
            pixel = shapes.on_image(at, sheet.width, sheet.height)
            polygon = shapes.with_vertex(self._polygon, self._vertex, pixel)
        self.draft = Draft(masks=_replaced(sheet, self._mask, polygon))

    def release(self, sheet: Sheet, at: Point) -> Edit | None:
        self.drag(sheet, at)
        draft, grip = self.draft, self._grip
        self.cancel()
        if draft is None:
            return None
        if draft.crop is not None:
            return with_crop(sheet, draft.crop)
        kind = sheet.state.masks[self._mask].kind
        done = "moved" if grip == "mask" else "reshaped"
        return with_masks(sheet, draft.masks or (), mask_words(kind, done))

    def cancel(self) -> None:
        super().cancel()
        self._grip = None

    def picked(self, sheet: Sheet) -> int | None:
        return self._picked

    def _grip_selected(self, sheet: Sheet, at: Point) -> bool:
        assert sheet.selected is not None
        polygon = sheet.state.masks[sheet.selected].polygon
        if len(polygon) > 2:
            vertex = shapes.vertex_at(polygon, at, sheet.reach)
            if vertex is not None:
                self._grip, self._mask, self._vertex, self._polygon = (
                    "vertex",
                    sheet.selected,
                    vertex,
                    polygon,
                )
                return True
            edge = shapes.edge_at(polygon, at, sheet.reach / 2)
            if edge is not None:
                pixel = shapes.on_image(at, sheet.width, sheet.height)
                self._grip, self._mask, self._vertex = "edge", sheet.selected, edge + 1
                self._polygon = (*polygon[: edge + 1], pixel, *polygon[edge + 1 :])
                return True
        return False


def mask_at(sheet: Sheet, at: Point) -> int | None:
    """The smallest mask under a point, so that one inside another can be had."""
    hits = [
        number
        for number, mask in enumerate(sheet.state.masks)
        if shapes.covers(mask.polygon, at, sheet.reach / 2)
    ]
    return min(hits, key=lambda number: _box_area(sheet.state.masks[number].polygon)) if hits else None


def _on_corner(crop: Crop, at: Point, reach: float) -> bool:
    return any(max(abs(x - at[0]), abs(y - at[1])) <= reach for x, y in shapes.handle_points(crop).values())


def _box_area(polygon: Polygon) -> int:
    x0, y0, x1, y1 = shapes.bounds(polygon)
    return (x1 - x0) * (y1 - y0)


def _replaced(sheet: Sheet, number: int, polygon: Polygon) -> tuple[Mask, ...]:
    masks = list(sheet.state.masks)
    masks[number] = Mask(masks[number].kind, polygon)
    return tuple(masks)
