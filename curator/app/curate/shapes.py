"""Geometry of crops and polygons in image pixels. Pure functions; no Qt.

Points of gestures are real numbers: the pixel (x, y) covers [x, x + 1). Polygons hold pixel indices, and the
pixels under their edges belong to them, so a polygon's vertex lies in the middle of its pixel.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

from curator.records import Crop

Point: TypeAlias = tuple[float, float]
Polygon: TypeAlias = tuple[tuple[int, int], ...]

# Where each handle sits on the crop, as shares of its width and height.
HANDLES: Final[dict[str, Point]] = {
    "nw": (0, 0),
    "n": (0.5, 0),
    "ne": (1, 0),
    "e": (1, 0.5),
    "se": (1, 1),
    "s": (0.5, 1),
    "sw": (0, 1),
    "w": (0, 0.5),
}


def handle_points(crop: Crop) -> dict[str, Point]:
    """The eight handles of a crop."""
    return {name: (crop.x + a * crop.width, crop.y + b * crop.height) for name, (a, b) in HANDLES.items()}


def handle_at(crop: Crop, at: Point, reach: float) -> str | None:
    """The handle within `reach` pixels of a point, the nearest one; on an edge the handle of that edge."""
    points = handle_points(crop)
    name = min(points, key=lambda one: math.dist(points[one], at))
    if math.dist(points[name], at) <= reach:
        return name
    x0, y0, x1, y1 = crop.x, crop.y, crop.x + crop.width, crop.y + crop.height
    reach /= 2
    along_x, along_y = x0 <= at[0] <= x1, y0 <= at[1] <= y1
    for edge, near in (
        ("w", along_y and abs(at[0] - x0) <= reach),
        ("e", along_y and abs(at[0] - x1) <= reach),
        ("n", along_x and abs(at[1] - y0) <= reach),
        ("s", along_x and abs(at[1] - y1) <= reach),
    ):
        if near:
            return edge
    return None


def crop_by_handle(crop: Crop, handle: str, dx: float, dy: float, width: int, height: int) -> Crop:
    """The crop after one handle was dragged by (dx, dy), at least one pixel and inside the image."""
    x0, y0, x1, y1 = crop.x, crop.y, crop.x + crop.width, crop.y + crop.height
    if "w" in handle:
        x0 = min(max(round(x0 + dx), 0), x1 - 1)
    if "e" in handle:
        x1 = max(min(round(x1 + dx), width), x0 + 1)
    if "n" in handle:
        y0 = min(max(round(y0 + dy), 0), y1 - 1)
    if "s" in handle:
        y1 = max(min(round(y1 + dy), height), y0 + 1)
    return Crop(x0, y0, x1 - x0, y1 - y0)


def square_by_handle(crop: Crop, handle: str, width: int, height: int) -> Crop:
    """The square next to a crop that was dragged by a handle: what lies across from the handle stays put.

    Its side is that of the dragged edge's distance, of a corner the longer one, as far as the image goes.
    """
    x0, y0, x1, y1 = crop.x, crop.y, crop.x + crop.width, crop.y + crop.height
    side = (
        crop.height
        if handle in ("n", "s")
        else crop.width
        if handle in ("w", "e")
        else max(crop.width, crop.height)
    )
    across = x1 if "w" in handle else width - x0 if "e" in handle else width
    down = y1 if "n" in handle else height - y0 if "s" in handle else height
    side = max(1, min(side, across, down))
    x = x1 - side if "w" in handle else x0 if "e" in handle else x0 + (crop.width - side) // 2
    y = y1 - side if "n" in handle else y0 if "s" in handle else y0 + (crop.height - side) // 2
    return Crop(min(max(x, 0), width - side), min(max(y, 0), height - side), side, side)


def crop_between(a: Point, b: Point, width: int, height: int) -> Crop:
    """The smallest crop that holds both points, inside the image, at least one pixel."""
    x0, x1 = sorted((a[0], b[0]))
    y0, y1 = sorted((a[1], b[1]))
    left, top = math.floor(x0), math.floor(y0)
    return Crop(left, top, max(1, math.ceil(x1) - left), max(1, math.ceil(y1) - top)).clipped(width, height)


def moved_crop(crop: Crop, dx: float, dy: float, width: int, height: int) -> Crop:
    """The crop moved, as far as it stays on the image."""
    x = min(max(round(crop.x + dx), 0), max(0, width - crop.width))
    y = min(max(round(crop.y + dy), 0), max(0, height - crop.height))
    return Crop(x, y, crop.width, crop.height)


def box_polygon(a: Point, b: Point, width: int, height: int) -> Polygon:
    """The rectangle of the pixels between two points, as a mask's polygon."""
    crop = crop_between(a, b, width, height)
    x1, y1 = crop.x + crop.width - 1, crop.y + crop.height - 1
    return ((crop.x, crop.y), (x1, crop.y), (x1, y1), (crop.x, y1))


def bounds(polygon: Polygon) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of a polygon's pixels, right and bottom exclusive."""
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def moved_polygon(polygon: Polygon, dx: float, dy: float, width: int, height: int) -> Polygon:
    """The polygon moved by whole pixels, as far as it stays on the image."""
    x0, y0, x1, y1 = bounds(polygon)
    # Where a polygon sticks out already, the limits would cross: it then stays put in that direction.
    right = min(max(round(dx), -x0), max(width - x1, -x0))
    down = min(max(round(dy), -y0), max(height - y1, -y0))
    return tuple((x + right, y + down) for x, y in polygon)


def sized_polygon(polygon: Polygon, dx: int, dy: int, width: int, height: int) -> Polygon:
    """The polygon stretched by whole pixels to the right and down, as far as the image goes.

    A box can be as small as one pixel; other polygons keep two, so that they can be stretched again.
    """
    x0, y0, x1, y1 = bounds(polygon)
    box = box_polygon((x0, y0), (x1, y1), width, height)
    least = 1 if polygon == box else 2
    wide = min(max(x1 - x0 + dx, least), max(width - x0, x1 - x0))
    high = min(max(y1 - y0 + dy, least), max(height - y0, y1 - y0))
    if polygon == box:
        return box_polygon((x0, y0), (x0 + wide, y0 + high), width, height)
    across, down = (wide - 1) / max(1, x1 - x0 - 1), (high - 1) / max(1, y1 - y0 - 1)
    return tuple((x0 + round((x - x0) * across), y0 + round((y - y0) * down)) for x, y in polygon)


def on_image(at: Point, width: int, height: int) -> tuple[int, int]:
    """The pixel under a point, the nearest one where the point lies beside the image."""
    return (
        min(max(math.floor(at[0]), 0), width - 1),
        min(max(math.floor(at[1]), 0), height - 1),
    )


def with_vertex(polygon: Polygon, index: int, pixel: tuple[int, int]) -> Polygon:
    """The polygon with one vertex put elsewhere."""
    return (*polygon[:index], pixel, *polygon[index + 1 :])


def vertex_at(polygon: Polygon, at: Point, reach: float) -> int | None:
    """The vertex within `reach` pixels of a point."""
    index = min(range(len(polygon)), key=lambda one: _to_vertex(polygon[one], at))
    return index if _to_vertex(polygon[index], at) <= reach else None


def edge_at(polygon: Polygon, at: Point, reach: float) -> int | None:
    """The edge (from vertex i to the next) within `reach` pixels of a point."""
    spans = [_to_edge(polygon[i], polygon[(i + 1) % len(polygon)], at) for i in range(len(polygon))]
    index = min(range(len(spans)), key=spans.__getitem__)
    return index if spans[index] <= reach else None


def covers(polygon: Polygon, at: Point, reach: float) -> bool:
    """Whether a point lies in a polygon or within `reach` pixels of its edge (at least half a pixel)."""
    if edge_at(polygon, at, max(reach, 0.5)) is not None:
        return True
    x, y = at[0] - 0.5, at[1] - 0.5
    odd = False
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            odd = not odd
    return odd


def _to_vertex(vertex: tuple[int, int], at: Point) -> float:
    return math.dist((vertex[0] + 0.5, vertex[1] + 0.5), at)


def _to_edge(a: tuple[int, int], b: tuple[int, int], at: Point) -> float:
    ax, ay, bx, by = a[0] + 0.5, a[1] + 0.5, b[0] + 0.5, b[1] + 0.5
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = ((at[0] - ax) * (bx - ax) + (at[1] - ay) * (by - ay)) / length if length else 0.0
    along = min(max(along, 0.0), 1.0)
    return math.dist((ax + along * (bx - ax), ay + along * (by - ay)), at)
