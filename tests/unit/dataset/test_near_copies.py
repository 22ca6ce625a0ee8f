"""Near-copies by detail: found whatever was done to them, never a neighbouring slice, the same in every order."""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from curator.dataset.copies import group_copies
from curator.dataset.near_copies import ALIKE, candidates, compare
from curator.errors import CuratorError
from curator.imaging._cv2 import cv2
from curator.imaging.decode import load
from curator.imaging.likeness import lay, likeness
from curator.imaging.sketch import SIDE, VERSION, Sketch, decoded, is_current, is_detailed, mirrored, sketch
from curator.synthetic import render_one


@functools.cache
def slice_of(index: int) -> np.ndarray:
    return render_one(index)[0]


def written_on(image: np.ndarray) -> np.ndarray:
    drawing = Image.fromarray(image)
    ImageDraw.Draw(drawing).text(
        (image.shape[1] // 3, image.shape[0] // 3), "COPY 7", fill="white", font_size=20
    )
    return np.array(drawing)


def turned(image: np.ndarray) -> np.ndarray:
    size = image.shape[1::-1]
    return cv2.warpAffine(image, cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), 5, 1), size)


def gamma(image: np.ndarray, exponent: float) -> np.ndarray:
    return np.rint(255 * (image / 255) ** exponent).astype(np.uint8)


CHANGES = {
    "smaller": lambda one: cv2.resize(one, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA),
    "JPEG": lambda one: cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1),
    "brighter": lambda one: gamma(one, 0.7),
    "darker": lambda one: gamma(one, 1.4),
    "cropped": lambda one: one[one.shape[0] // 10 :, : -(one.shape[1] // 10)].copy(),
    "written on": written_on,
    "mirrored": lambda one: one[:, ::-1].copy(),
    "turned": turned,
}
# The first slices of the demo that show a head.
SLICES = (0, 1, 2, 3)


@functools.cache
def sketched(index: int, change: str | None = None) -> Sketch:
    image = slice_of(index)
    return sketch(image if change is None else CHANGES[change](image))


@functools.cache
def some_sketches() -> dict[int, bytes]:
    """Of each slice the image as it is, then changed in each way; ids 100 * slice + number of the change."""
    return {
        100 * index + number: sketched(index, change).encoded()
        for index in SLICES
        for number, change in enumerate((None, *CHANGES))
    }


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_alike_in_detail(change: str) -> None:
    for index in SLICES:
        assert likeness(sketched(index), sketched(index, change)) >= ALIKE, index


def test_other_slices_are_not() -> None:
    for a, b in itertools.combinations(SLICES, 2):
        assert likeness(sketched(a), sketched(b)) < ALIKE - 0.1


def test_neighbouring_slices_of_one_head_in_the_same_frame_are_not_copies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import curator.synthetic.scene as scene
    from curator.synthetic.anatomy import load_slice
    from curator.synthetic.plan import make_plan

    image = next(one for one in make_plan(200, 20240) if one.category == "clean")
    drawn = []
    for step in (0, 2):
        with monkeypatch.context() as patch:
            patch.setattr(
                scene, "load_slice", lambda plane, at, step=step: load_slice(plane, max(0, at - step))
            )
            drawn.append(sketch(scene.draw_scene(image, 20240).rgb))
    assert lay(*drawn) is not None, "their points agree, so it is detail that tells them apart"
    assert likeness(*drawn) < ALIKE


def test_likeness_is_symmetric_and_always_the_same() -> None:
    for change in CHANGES:
        a, b = sketched(1), sketched(1, change)
        assert likeness(a, b) == likeness(b, a)
        assert likeness(a, b) == likeness(a, b)


def test_all_changed_images_are_found_with_their_original_and_no_other() -> None:
    sketches = some_sketches()
    groups = group_copies(
        sorted(sketches), [None] * len(sketches), [], links=compare(candidates(sketches), sketches)
    )
    assert {frozenset(one // 100 for one in group) for group in groups} == {
        frozenset({one}) for one in SLICES
    }
    assert sum(map(len, groups)) == len(sketches)


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_is_looked_at_depends_on_no_order_and_no_id(random: st.DrawFn) -> None:
    sketches = some_sketches()
    ids = sorted(sketches)
    others = list(ids)
    random.shuffle(others)
    renamed = dict(zip(ids, others, strict=True))
    shuffled = {renamed[one]: sketches[one] for one in sorted(ids, key=renamed.__getitem__)}
    expected = {frozenset((renamed[a], renamed[b])) for a, b in candidates(sketches)}
    assert {frozenset(pair) for pair in candidates(shuffled)} == expected


def test_what_was_compared_is_not_looked_at_again() -> None:
    sketches = some_sketches()
    everything = candidates(sketches)
    old = [one for one in sketches if one // 100 < 3]
    rest = candidates(sketches, old)
    assert rest == [pair for pair in everything if not set(old).issuperset(pair)]
    assert 0 < len(rest) < len(everything)
    assert candidates(sketches, sketches) == []


def test_equal_sketches_are_copies_of_the_first_of_them() -> None:
    same = sketched(0).encoded()
    pairs = candidates(dict.fromkeys(range(300), same))
    assert pairs == [(0, other) for other in range(1, 300)]
    assert compare(pairs[:2], dict.fromkeys(range(300), same)) == [(0, 1, 0), (0, 2, 0)]


def test_a_persons_word_is_stronger_than_what_is_alike() -> None:
    links = [(1, 2, 10), (2, 3, 20), (1, 3, 30)]
    assert group_copies([1, 2, 3], [None] * 3, [], links=links) == [frozenset({1, 2, 3})]
    assert group_copies([1, 2, 3], [None] * 3, [], different=[(1, 2)], links=links) == [frozenset({2, 3})]
    assert group_copies([1, 2, 3, 4], [None] * 4, [], same=[(4, 1)], links=links[:1]) == [
        frozenset({1, 2, 4})
    ]
    assert group_copies([1, 2], [None] * 2, [], links=[(2, 9, 0)]) == []


def test_blank_images_have_no_detail_and_no_points() -> None:
    for image in (np.zeros((40, 60, 3), np.uint8), np.full((1, 1, 3), 90, np.uint8)):
        blank = sketch(image)
        assert not blank.detailed
        assert not is_detailed(blank.encoded())
        assert likeness(blank, sketched(0)) == 0
        assert candidates({1: blank.encoded(), 2: sketched(0).encoded()}) == []
    assert is_detailed(sketched(0).encoded())


def test_a_sketch_comes_back_from_its_bytes_and_another_version_does_not() -> None:
    one = sketched(0)
    data = one.encoded()
    again = decoded(data)
    assert max(again.picture.shape) == SIDE
    assert again.picture.shape == one.picture.shape
    np.testing.assert_array_equal(again.codes, one.codes)
    np.testing.assert_array_equal(again.points, one.points)
    assert is_current(data)
    other = bytes((VERSION + 1,)) + data[1:]
    assert not is_current(other)
    for damaged in (other, b"", data[:100]):
        with pytest.raises(CuratorError, match="propose again"):
            decoded(damaged)


def test_codes_mirrored_twice_are_as_before_and_fit_the_mirrored_picture() -> None:
    one, other = sketched(2), sketched(2, "mirrored")
    np.testing.assert_array_equal(mirrored(mirrored(one.codes)), one.codes)
    laid = lay(one, other)
    assert laid is not None
    assert laid.mirrored
    assert laid.points > len(one.points) // 2


def test_real_slices_are_found_whatever_was_done_to_them(real_data: Path) -> None:
    lines = [json.loads(line) for line in (real_data / "truth.jsonl").read_text("utf-8").splitlines()][::4]
    images = {10 * number: load(real_data / "images" / line["file"]) for number, line in enumerate(lines)}
    numbers = {10 * number: line["copy_group"] for number, line in enumerate(lines)}
    sketches = {one: sketch(image).encoded() for one, image in images.items()}
    for one, image in images.items():
        for number, change in enumerate(("cropped", "mirrored"), 1):
            sketches[one + number] = sketch(CHANGES[change](image)).encoded()
    links = compare(candidates(sketches), sketches)
    assert all(numbers[a // 10 * 10] == numbers[b // 10 * 10] for a, b, _ in links)
    groups = group_copies(sorted(sketches), [None] * len(sketches), [], links=links)
    group_of = {one: place for place, group in enumerate(groups) for one in group}
    alone = [one for one in sketches if group_of.get(one, -1) != group_of.get(one // 10 * 10, -2)]
    assert len(alone) <= 0.02 * 2 * len(images)
