"""Outliers in feature space: what is unlike all others stands out, copies do not hide each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from queue_rows import row, space

from curator.evaluation.feature_space import nearest
from curator.evaluation.outliers import FAR, modified_z, outlier_flags


def cloud(count: int, seed: int = 0) -> np.ndarray:
    """Features round one direction of 32, as a network gives them."""
    rng = np.random.default_rng(seed)
    return np.eye(32)[0] * 4 + rng.normal(0, 0.3, (count, 32))


def test_the_stranger_is_found_with_what_is_nearest() -> None:
    features = cloud(60)
    features[17] = np.eye(32)[5] * 4
    rows = [row(f"{number:02d}.png", "yes" if number % 2 else "no") for number in range(60)]
    flags = outlier_flags(space(features, rows))
    assert flags[0].file_name == "17.png"
    assert flags[0].score > 4 * FAR
    assert "5th nearest image is" in flags[0].reason
    assert "(no)" in flags[0].reason or "(yes)" in flags[0].reason
    assert max(flags, key=lambda flag: flag.score) is flags[0]


def test_copies_of_a_stranger_do_not_vouch_for_each_other() -> None:
    features = cloud(60)
    features[10:20] = np.eye(32)[5] * 4 + np.random.default_rng(1).normal(0, 0.05, (10, 32))
    names = [f"{number:02d}.png" for number in range(60)]
    alone = [row(name, "no") for name in names]
    together = [row(name, "no", group="g" if 10 <= at < 20 else name) for at, name in enumerate(names)]
    assert not {flag.file_name for flag in outlier_flags(space(features, alone))} & set(names[10:20])
    assert {flag.file_name for flag in outlier_flags(space(features, together))} >= set(names[10:20])


def test_only_judged_images_are_flagged_but_others_are_neighbours() -> None:
    features = cloud(60)
    features[[17, 40]] = np.eye(32)[[5, 9]] * 4
    rows = [row(f"{number:02d}.png", "no") for number in range(60)]
    flags = outlier_flags(space(features, rows, judged=list(range(30))))
    assert [flag.file_name for flag in flags if flag.score > 4 * FAR] == ["17.png"]


def test_too_few_to_know_what_is_usual() -> None:
    features = cloud(8)
    features[3] = np.eye(32)[5] * 4
    assert outlier_flags(space(features, [row(f"{number}.png", "no") for number in range(8)])) == []
    same = [row(f"{number}.png", "no", group="g") for number in range(20)]
    assert outlier_flags(space(cloud(20), same)) == []


@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=40),
    shift=st.floats(-10, 10),
    scale=st.floats(0.1, 10),
)
def test_the_score_does_not_depend_on_the_scale_of_a_networks_features(
    values: list[float], shift: float, scale: float
) -> None:
    whole = np.round(np.array(values), 1)
    score = modified_z(whole)
    assert modified_z(scale * whole + shift) == pytest.approx(score, rel=1e-6, abs=1e-6)
    assert np.median(score) == pytest.approx(0, abs=1e-9)


@given(st.integers(1, 12), st.integers(1, 8), st.integers(0, 1000))
def test_the_nearest_are_those_of_a_full_sort(n: int, count: int, seed: int) -> None:
    apart = np.random.default_rng(seed).permutation(3 * n).reshape(3, n).astype(np.float32)
    assert (nearest(apart, count) == np.argsort(apart, axis=1)[:, :count]).all()


def test_half_equal_values_have_no_outlier() -> None:
    assert (modified_z(np.array([1.0, 1.0, 1.0, 9.0])) == 0).all()
    assert len(modified_z(np.zeros(0))) == 0
