"""The plan of the demo dataset: shares, names and copies, without drawing anything."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.synthetic import COUNT, SEED
from curator.synthetic.plan import PlannedImage, make_plan


def files_of(plan: tuple[PlannedImage, ...]) -> list[str]:
    return [name for image in plan for name in (image.file, *image.copies)]


def test_shares_of_the_demo() -> None:
    plan = make_plan(COUNT, SEED)
    originals = [image for image in plan if image.resized_of is None]
    kinds = Counter(image.category for image in originals)
    assert kinds["background"] == 80
    assert kinds["brain"] == 20
    assert kinds["scalp"] == 8
    assert kinds["non_brain"] == 6
    assert sum(len(image.copies) for image in plan) == 8
    assert len(plan) - len(originals) == 8
    assert len(files_of(plan)) == COUNT


def test_categories_are_equally_common_in_both_classes() -> None:
    plan = [image for image in make_plan(1000, SEED) if image.resized_of is None]
    for category in ("background", "brain", "scalp", "clean"):
        mine = [image for image in plan if image.category == category]
        assert sum(image.label == "yes" for image in mine) / len(mine) == pytest.approx(0.55, abs=0.02)


def test_formats_and_qualities_do_not_tell_the_classes_apart() -> None:
    plan = make_plan(4000, SEED)
    share = {
        label: [image.quality is None for image in plan if image.label == label] for label in ("yes", "no")
    }
    quality = {
        label: [image.quality for image in plan if image.label == label and image.quality is not None]
        for label in ("yes", "no")
    }
    assert abs(sum(share["yes"]) / len(share["yes"]) - sum(share["no"]) / len(share["no"])) < 0.03
    assert abs(sum(quality["yes"]) / len(quality["yes"]) - sum(quality["no"]) / len(quality["no"])) < 1.5


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 300), st.integers(0, 10**9))
def test_every_plan_is_whole(count: int, seed: int) -> None:
    plan = make_plan(count, seed)
    files = files_of(plan)
    assert len(files) == count
    # Also on file systems that do not tell upper from lower case.
    assert len({name.lower() for name in files}) == count
    assert [image.file for image in plan] == sorted(image.file for image in plan)
    by_key = {image.key: image for image in plan}
    for image in plan:
        assert image.file.startswith(f"{image.label}/")
        assert all(name.startswith(f"{image.label}/") for name in image.copies)
        assert (image.quality is None) == image.file.endswith(".png")
        if image.resized_of is not None:
            source = by_key[image.resized_of]
            assert source.resized_of is None
            assert source.copy_group == image.copy_group
            assert source.label == image.label
    originals = [image.copy_group for image in plan if image.resized_of is None]
    assert len(set(originals)) == len(originals)
    assert {image.copy_group for image in plan} == set(range(len(originals)))


def test_another_seed_is_another_plan() -> None:
    assert make_plan(50, 1) != make_plan(50, 2)


def test_no_images_is_no_plan() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        make_plan(0, SEED)
