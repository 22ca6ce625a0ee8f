"""What the pointer says of the image, and what its shape says of the crop's handles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt

from curator.app.curate import shapes
from curator.app.curate.select_tool import mask_at
from curator.app.curate.shapes import Point
from curator.app.curate.tools import Sheet, ToolName
from curator.imaging.decode import RGB

_HANDLE_CURSORS: Final = {
    "nw": Qt.CursorShape.SizeFDiagCursor,
    "se": Qt.CursorShape.SizeFDiagCursor,
    "ne": Qt.CursorShape.SizeBDiagCursor,
    "sw": Qt.CursorShape.SizeBDiagCursor,
    "n": Qt.CursorShape.SizeVerCursor,
    "s": Qt.CursorShape.SizeVerCursor,
    "e": Qt.CursorShape.SizeHorCursor,
    "w": Qt.CursorShape.SizeHorCursor,
}


@dataclass(frozen=True, slots=True)
class Pointed:
    """The pixel under the pointer and its grey value 0..255."""

    x: int
    y: int
    grey: int


def pointed_at(pixels: RGB, x: int, y: int) -> Pointed | None:
    """The pixel of an RGB image `uint8` (height, width, 3); None beside it. Grey is luma by ITU-R 601-2."""
    height, width = pixels.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        return None
    red, green, blue = (int(value) for value in pixels[y, x])
    return Pointed(x, y, round(0.299 * red + 0.587 * green + 0.114 * blue))


def cursor_over(sheet: Sheet, tool: ToolName, at: Point) -> Qt.CursorShape:
    """The pointer's shape at a point of the image: what a press there would take hold of."""
    if tool in ("brush", "eraser"):
        return Qt.CursorShape.BlankCursor
    handle = shapes.handle_at(sheet.crop, at, sheet.reach)
    if handle is not None and tool in ("select", "crop"):
        return _HANDLE_CURSORS[handle]
    if tool != "select":
        return Qt.CursorShape.CrossCursor
    return Qt.CursorShape.ArrowCursor if mask_at(sheet, at) is None else Qt.CursorShape.SizeAllCursor
