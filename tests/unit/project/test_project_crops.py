"""Margins, squares and crops on images of another size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.project import Project, edits
from curator.project.crops import scaled_crop, scaled_masks, squared, whole, with_margin
from curator.records import Crop, Edit, FieldEdit, ImageRecord, Mask


@st.composite
def crops_on_images(draw: st.DrawFn) -> tuple[Crop, int, int]:
    width, height = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return Crop(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y))), width, height


def inside(crop: Crop, width: int, height: int) -> bool:
    return crop == crop.clipped(width, height)


@given(crops_on_images(), st.floats(0, 60))
def test_a_margin_grows_on_all_sides_as_far_as_the_image_goes(case: tuple[Crop, int, int], by: float) -> None:
    crop, width, height = case
    grown = with_margin(crop, by, width, height)
    assert inside(grown, width, height)
    assert grown.x <= crop.x
    assert grown.y <= crop.y
    assert grown.x + grown.width >= crop.x + crop.width
    assert grown.y + grown.height >= crop.y + crop.height


@given(crops_on_images(), st.floats(-60, 0))
def test_a_negative_margin_stays_within_the_crop(case: tuple[Crop, int, int], by: float) -> None:
    crop, width, height = case
    shrunk = with_margin(crop, by, width, height)
    assert inside(shrunk, width, height)
    assert shrunk.x >= crop.x
    assert shrunk.y >= crop.y
    assert shrunk.x + shrunk.width <= crop.x + crop.width
    assert shrunk.y + shrunk.height <= crop.y + crop.height


@given(crops_on_images())
def test_a_square_is_one_and_holds_the_crop_where_the_image_is_large_enough(
    case: tuple[Crop, int, int],
) -> None:
    crop, width, height = case
    square = squared(crop, width, height)
    assert square.width == square.height
    assert inside(square, width, height)
    if max(crop.width, crop.height) <= min(width, height):
        assert square.x <= crop.x < crop.x + crop.width <= square.x + square.width
        assert square.y <= crop.y < crop.y + crop.height <= square.y + square.height
    assert squared(square, width, height) == square


@given(crops_on_images(), st.integers(1, 400), st.integers(1, 400))
def test_a_crop_and_masks_on_another_size_stay_on_it(
    case: tuple[Crop, int, int], wide: int, high: int
) -> None:
    crop, width, height = case
    there = scaled_crop(crop, (width, height), (wide, high))
    assert inside(there, wide, high)
    assert scaled_crop(whole(width, height), (width, height), (wide, high)) == whole(wide, high)
    corners = ((crop.x, crop.y), (crop.x + crop.width - 1, crop.y), (crop.x, crop.y + crop.height - 1))
    (mask,) = scaled_masks([Mask("text", corners)], (width, height), (wide, high))
    assert all(0 <= x < wide and 0 <= y < high for x, y in mask.polygon)


def test_twice_the_size_gives_twice_the_crop() -> None:
    assert scaled_crop(Crop(10, 20, 30, 40), (100, 100), (200, 200)) == Crop(20, 40, 60, 80)
    mask = Mask("ruler", ((0, 0), (9, 0), (9, 9)))
    assert scaled_masks([mask], (10, 10), (10, 10)) == (mask,)
    assert scaled_masks([mask], (10, 10), (100, 100))[0].polygon == ((4, 4), (94, 4), (94, 94))


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project.in_memory(tmp_path_factory.mktemp("scans"))
    sizes = {"a.png": (100, 80), "b.png": (100, 80), "c.png": (200, 160), "d.png": (None, None)}
    made.add_records(
        [
            ImageRecord(name, "no", name, wide, high, 9, None if wide else "damaged")
            for name, (wide, high) in sizes.items()
        ]
    )
    return made


def test_propagating_gives_crop_masks_and_fill_and_leaves_the_rest(project: Project) -> None:
    states = project.states()
    mask = Mask("text", ((0, 0), (9, 0), (9, 9), (0, 9)))
    project.apply(edits.set_crop(states[0], Crop(10, 10, 50, 40)))
    project.apply(edits.set_masks(project.state(states[0].id), (mask,)))
    project.apply(edits.set_fill([project.state(states[0].id)], "black"))
    edit = edits.propagate(project.state(states[0].id), project.states())
    assert edit.words == "Crop and masks of a.png applied to 2 images"
    project.apply(edit)
    same, larger = project.state(states[1].id), project.state(states[2].id)
    assert (same.crop, same.masks, same.fill) == (Crop(10, 10, 50, 40), (mask,), "black")
    assert larger.crop == Crop(20, 20, 100, 80)
    assert larger.masks[0].polygon[2] == (18, 18)
    assert "crop" not in project.state(states[3].id).edited
    only_crop = edits.propagate(project.state(states[0].id), project.states(), masks=False)
    assert {item.field for item in only_crop.fields} == {"crop"}


def test_steps_merge_only_where_they_belong_together(project: Project) -> None:
    first, second = project.ids[:2]

    def nudge(image_id: int, x: int, words: str = "Crop nudged") -> Edit:
        return Edit(words, (FieldEdit(image_id, "crop", Crop(x, 0, 9, 9)),), (), image_id, merges=True)

    for x in (1, 2, 3):
        project.apply(nudge(first, x))
    assert len(project.history()) == 1
    project.apply(nudge(second, 4))
    project.apply(nudge(second, 5, "Crop"))
    assert len(project.history()) == 3
    project.undo()
    project.apply(nudge(second, 6))
    # What was undone is no more; the step before it is not added to.
    assert len(project.history()) == 3
    assert project.state(second).crop == Crop(6, 0, 9, 9)
    project.undo()
    assert project.state(second).crop == Crop(4, 0, 9, 9)
    project.undo()
    assert project.state(second).crop is None
    assert project.state(first).crop == Crop(3, 0, 9, 9)
    project.undo()
    assert project.state(first).crop is None
