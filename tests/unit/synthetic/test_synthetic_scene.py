"""What is drawn agrees with the truth that is written about it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from curator.records import MASK_KINDS
from curator.synthetic import SEED, render_one
from curator.synthetic.dataset import scene_of
from curator.synthetic.framing import MAX_SIDE, box_of
from curator.synthetic.plan import PlannedImage, make_plan
from curator.synthetic.scene import Scene, draw_scene, truth_of

COUNT = 100


@pytest.fixture(scope="module")
def drawn() -> list[tuple[PlannedImage, Scene]]:
    return [(image, scene_of(image, SEED)) for image in make_plan(COUNT, SEED)]


def test_boxes_lie_in_the_image(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    for image, scene in drawn:
        height, width = scene.rgb.shape[:2]
        assert max(height, width) <= MAX_SIDE
        assert min(height, width) >= 60
        boxes = [overlay["box"] for overlay in scene.overlays]
        if scene.head_box is not None:
            boxes.append(list(scene.head_box))
        for x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= width, image.file
            assert 0 <= y0 < y1 <= height, image.file


def test_head_box_is_the_tightest_round_the_head(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    checked = 0
    for image, scene in drawn:
        if image.category == "non_brain":
            assert scene.head_box is None
        elif image.resized_of is None:
            assert scene.head_box == box_of(scene.head)
            checked += 1
    assert checked > 80


def test_head_is_where_it_is_bright(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    """The mask that the box comes from is the head that is seen: dark beside it, bright along its border."""
    for image, scene in drawn:
        if image.category != "clean" or scene.head.all():
            continue
        grey = scene.rgb.mean(axis=2)
        beside = np.median(grey[~scene.head])
        inner = grey[scene.head & ~scene.inside]
        assert np.percentile(inner, 75) > beside + 20, image.file


def test_categories_show_in_the_truth(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    seen = set()
    for image, scene in drawn:
        places = {overlay["on"] for overlay in scene.overlays}
        seen.add(image.category)
        if image.category == "brain":
            assert "brain" in places
            assert scene.discard == "overlay_on_brain"
        elif image.category == "scalp":
            assert places == {"head"}
            assert scene.discard == "either"
        elif image.category == "background":
            assert places == {"background"}, image.file
            assert scene.discard is None
        elif image.category == "clean":
            assert not places
            assert scene.discard is None
        else:
            assert scene.discard == "not_brain_mri"
    assert seen == {"clean", "background", "scalp", "brain", "non_brain"}


def test_places_agree_with_the_masks(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    for image, scene in drawn:
        if image.resized_of is not None:
            continue
        for overlay in scene.overlays:
            x0, y0, x1, y1 = overlay["box"]
            on_head = scene.head[y0:y1, x0:x1].any()
            inside = scene.inside[y0:y1, x0:x1].any()
            if overlay["on"] == "brain":
                assert inside, (image.file, overlay)
            elif overlay["on"] == "head":
                assert on_head, (image.file, overlay)
            elif overlay["kind"] in ("border", "ruler"):
                assert not on_head, (image.file, overlay)


def test_overlays_are_seen_as_strongly_as_the_truth_says(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    """Measured as the scoring does: 95th percentile against the ring around the box."""
    checked = 0
    for image, scene in drawn:
        grey = scene.rgb @ np.array([0.299, 0.587, 0.114])
        for overlay in scene.overlays:
            assert overlay["kind"] in MASK_KINDS
            if overlay["on"] != "background" or image.resized_of is not None:
                continue
            x0, y0, x1, y1 = overlay["box"]
            ring = np.zeros(grey.shape, bool)
            ring[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4] = True
            ring[y0:y1, x0:x1] = False
            measured = np.percentile(np.abs(grey[y0:y1, x0:x1] - np.median(grey[ring])), 95)
            assert measured == pytest.approx(overlay["contrast"], abs=45), (image.file, overlay)
            checked += 1
    assert checked > 50


def test_resized_copies_are_the_same_slice_at_another_size(drawn: list[tuple[PlannedImage, Scene]]) -> None:
    sources = {image.key: scene for image, scene in drawn if image.resized_of is None}
    copies = [(image, scene) for image, scene in drawn if image.resized_of is not None]
    assert len(copies) == 4
    for image, scene in copies:
        source = sources[image.resized_of]
        assert scene.rgb.shape != source.rgb.shape
        assert [o["kind"] for o in scene.overlays] == [o["kind"] for o in source.overlays]
        assert scene.head_box is not None
        found = box_of(scene.head)
        assert found is not None
        assert np.abs(np.subtract(scene.head_box, found)).max() <= 2


def test_lesions_are_in_yes_alone_and_change_the_brain() -> None:
    plan = [
        image for image in make_plan(COUNT, SEED) if image.category == "clean" and image.resized_of is None
    ]
    for image in plan[:4] + plan[-4:]:
        assert ("," in draw_scene(image, SEED).note) == (image.label == "yes")


def test_render_one_is_the_file_and_its_line() -> None:
    plan = make_plan(20, 5)
    for index in (0, 7, len(plan) - 1):
        image, truth = render_one(index, count=20, seed=5)
        again, _ = render_one(index, count=20, seed=5)
        assert image.dtype == np.uint8
        assert list(image.shape) == [truth["size"][1], truth["size"][0], 3]
        assert truth["file"] == plan[index].file
        assert np.array_equal(image, again)


def test_truth_is_the_same_everywhere() -> None:
    """Whatever Python, numpy, OpenCV or Pillow: change the digest only with the pictures."""
    lines = [json.dumps(truth_of(scene_of(image, SEED), image)) for image in make_plan(24, SEED)]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert digest == "31b539c59b6ca8a5e083e0af24cdf7703b76ac0d9076c690c7b8219da8090f51"
