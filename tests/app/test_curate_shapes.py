"""Geometry and brush strokes: whatever is dragged, crops and polygons stay whole and on the image."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.app.curate import shapes, strokes
from curator.imaging.render import mask_area
from curator.records import Crop, Mask

WIDTH, HEIGHT = 90, 70

coordinate = st.floats(-40, 140, allow_nan=False)
points = st.tuples(coordinate, coordinate)
crops = st.builds(
    lambda x, y, w, h: Crop(x, y, w, h).clipped(WIDTH, HEIGHT),
    st.integers(0, WIDTH - 1),
    st.integers(0, HEIGHT - 1),
    st.integers(1, WIDTH),
    st.integers(1, HEIGHT),
)


def inside(crop: Crop) -> bool:
    return (
        crop.width >= 1
        and crop.height >= 1
        and crop.x >= 0
        and crop.y >= 0
        and crop.x + crop.width <= WIDTH
        and crop.y + crop.height <= HEIGHT
    )


@given(crops, st.sampled_from(sorted(shapes.HANDLES)), coordinate, coordinate)
def test_a_handle_moves_its_edges_only(crop: Crop, handle: str, dx: float, dy: float) -> None:
    after = shapes.crop_by_handle(crop, handle, dx, dy, WIDTH, HEIGHT)
    assert inside(after)
    if "w" not in handle:
        assert after.x == crop.x
    if "e" not in handle:
        assert after.x + after.width == crop.x + crop.width
    if "n" not in handle:
        assert after.y == crop.y
    if "s" not in handle:
        assert after.y + after.height == crop.y + crop.height


@given(points, points)
def test_a_drawn_crop_is_inside_and_holds_what_was_spanned(a: shapes.Point, b: shapes.Point) -> None:
    crop = shapes.crop_between(a, b, WIDTH, HEIGHT)
    assert inside(crop)
    for x, y in (a, b):
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            assert crop.x <= x <= crop.x + crop.width
            assert crop.y <= y <= crop.y + crop.height


@given(crops, coordinate, coordinate)
def test_a_moved_crop_keeps_its_size(crop: Crop, dx: float, dy: float) -> None:
    after = shapes.moved_crop(crop, dx, dy, WIDTH, HEIGHT)
    assert inside(after)
    assert (after.width, after.height) == (crop.width, crop.height)


@given(points, points, coordinate, coordinate)
def test_a_moved_box_keeps_its_shape_on_the_image(
    a: shapes.Point, b: shapes.Point, dx: float, dy: float
) -> None:
    box = shapes.box_polygon(a, b, WIDTH, HEIGHT)
    after = shapes.moved_polygon(box, dx, dy, WIDTH, HEIGHT)
    x0, y0, x1, y1 = shapes.bounds(after)
    assert x0 >= 0
    assert y0 >= 0
    assert x1 <= WIDTH
    assert y1 <= HEIGHT
    assert {(x - x0, y - y0) for x, y in after} == {(x - box[0][0], y - box[0][1]) for x, y in box}


def test_a_box_masks_exactly_the_pixels_it_spans() -> None:
    box = shapes.box_polygon((3.2, 4.9), (7.1, 9.0), WIDTH, HEIGHT)
    area = mask_area((Mask("text", box),), WIDTH, HEIGHT)
    ys, xs = np.nonzero(area)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (3, 7, 4, 8)
    assert area.sum() == 25


def test_hits() -> None:
    crop = Crop(10, 10, 40, 30)
    assert shapes.handle_at(crop, (50.5, 40.5), 3) == "se"
    assert shapes.handle_at(crop, (20, 10.5), 3) == "n"
    assert shapes.handle_at(crop, (30, 25), 3) is None
    notch = ((10, 10), (30, 10), (30, 30), (20, 15), (10, 30))
    assert shapes.covers(notch, (12.5, 20.5), 0.5)
    assert not shapes.covers(notch, (20.5, 25.5), 0.5)
    assert shapes.vertex_at(notch, (20.9, 15.5), 2) == 3
    assert shapes.edge_at(notch, (20.5, 10.9), 1) == 0


stroke_points = st.lists(st.tuples(st.floats(5, WIDTH - 5), st.floats(5, HEIGHT - 5)), min_size=1, max_size=6)


def near(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether each area lies within one pixel of the other: outlines are simplified."""
    from curator.imaging._cv2 import cv2

    kernel = np.ones((3, 3), np.uint8)
    return bool((first <= cv2.dilate(second, kernel)).all() and (second <= cv2.dilate(first, kernel)).all())


@settings(deadline=None, max_examples=40)
@given(stroke_points, st.floats(1, 9))
def test_a_painted_mask_covers_the_stroke(stroke: list[shapes.Point], radius: float) -> None:
    masks = strokes.painted((), stroke, radius, "text", WIDTH, HEIGHT)
    area = mask_area(masks, WIDTH, HEIGHT)
    for x, y in stroke:
        assert area[int(y), int(x)]
    drawn = strokes._Area(stroke, radius, WIDTH, HEIGHT, [])
    exact = np.zeros_like(area)
    window = drawn.of_stroke(stroke, radius)
    exact[drawn._y : drawn._y + window.shape[0], drawn._x : drawn._x + window.shape[1]] = window
    assert near(exact, area)


@settings(deadline=None, max_examples=40)
@given(stroke_points, st.floats(2, 9))
def test_erasing_leaves_nothing_under_the_stroke_and_all_away_from_it(
    stroke: list[shapes.Point], radius: float
) -> None:
    whole = Mask("ruler", shapes.box_polygon((0, 0), (WIDTH, HEIGHT), WIDTH, HEIGHT))
    left = strokes.erased((whole,), stroke, radius, WIDTH, HEIGHT)
    area = mask_area(left, WIDTH, HEIGHT)
    assert all(mask.kind == "ruler" and len(mask.polygon) >= 3 for mask in left)
    for x, y in stroke:
        assert not area[int(y), int(x)]
    erased = strokes._Area(stroke, radius, WIDTH, HEIGHT, [whole.polygon]).of_stroke(stroke, radius)
    bridges = int((area[erased > 0]).sum())
    assert bridges <= 4 * (WIDTH + HEIGHT)


def test_a_hole_is_cut_and_other_masks_are_left_alone() -> None:
    ring = Mask("text", shapes.box_polygon((10, 10), (50, 50), WIDTH, HEIGHT))
    other = Mask("arrow", shapes.box_polygon((70, 10), (80, 20), WIDTH, HEIGHT))
    left = strokes.erased((ring, other), [(30, 30)], 8, WIDTH, HEIGHT)
    assert len(left) == 2
    assert left[1] == other
    area = mask_area(left[:1], WIDTH, HEIGHT)
    assert area[30, 30] == 0
    assert area[12, 12] == area[48, 48] == area[30, 12] == 1


def test_erasing_in_two_gives_two_masks() -> None:
    bar = Mask("border", shapes.box_polygon((10, 30), (80, 36), WIDTH, HEIGHT))
    left = strokes.erased((bar,), [(45, 20), (45, 50)], 3, WIDTH, HEIGHT)
    assert [mask.kind for mask in left] == ["border", "border"]
    assert strokes.erased(left, [(45, 5), (46, 5)], 3, WIDTH, HEIGHT) == left


def test_what_is_left_has_at_least_three_corners() -> None:
    bar = Mask("border", shapes.box_polygon((10, 30), (80, 31), WIDTH, HEIGHT))
    left = strokes.erased((bar,), [(45, 20), (45, 50)], 2, WIDTH, HEIGHT)
    assert len(left) == 2
    assert all(len(mask.polygon) >= 3 for mask in left)
    dot = strokes.painted((), [(5.5, 5.5)], 0.5, "marker", WIDTH, HEIGHT)
    assert all(len(mask.polygon) >= 3 for mask in dot)
    assert mask_area(dot, WIDTH, HEIGHT)[5, 5] == 1


def test_paint_joins_what_it_touches_of_its_kind_only() -> None:
    text = Mask("text", shapes.box_polygon((10, 10), (20, 20), WIDTH, HEIGHT))
    arrow = Mask("arrow", shapes.box_polygon((30, 10), (40, 20), WIDTH, HEIGHT))
    after = strokes.painted((text, arrow), [(15, 15), (35, 15)], 3, "text", WIDTH, HEIGHT)
    assert after[0] == arrow
    assert len(after) == 2
    area = mask_area(after[1:], WIDTH, HEIGHT)
    assert area[12, 12] == area[15, 25] == area[15, 35] == 1
