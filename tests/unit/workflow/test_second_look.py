"""The second look: what is drawn, that it is blind, what is compared, and that nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from curator.errors import ProjectError
from curator.metrics import cohen_kappa, wilson
from curator.project import Project, edits
from curator.records import Crop, Decision, DiscardReason, ImageRecord, Mask, Proposal
from curator.workflow.agreement import Agreement, crop_iou, landis_koch
from curator.workflow.second_look import (
    agreement,
    begin,
    draw,
    drop,
    eligible,
    finish,
    looks,
    resume,
    sample_size,
    unfinished,
)

CROP = Crop(10, 10, 60, 50)
SQUARE = ((1, 1), (9, 1), (9, 9), (1, 9))


def record(number: int, **changes: object) -> ImageRecord:
    label = "yes" if number % 2 else "no"
    values: dict[str, object] = {
        "file_name": f"{label}/{number:03}.png",
        "label": label,
        "sha256": f"{number:064x}",
        "width": 100,
        "height": 80,
        "size_bytes": 1000,
    }
    return ImageRecord(**{**values, **changes})  # type: ignore[arg-type]


def filled(project: Project, keeps: int, discards: int, rest: int = 0) -> Project:
    """Adds images with proposals, of which a person keeps and discards so many."""
    project.add_records([record(number) for number in range(keeps + discards + rest)])
    proposal = Proposal("keep", None, CROP, (Mask("text", SQUARE),), 0.9, "Head found.", "test/1")
    project.set_proposals(dict.fromkeys(project.ids, proposal))
    states = project.states()
    if keeps:
        project.apply(edits.accept_all(states[:keeps]))
    if discards:
        project.apply(edits.decide(states[keeps : keeps + discards], "discard", "quality"))
    return project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


@pytest.fixture
def project(root: Path) -> Iterator[Project]:
    """Thirty images: a person kept 15, discarded 5, and left 10 to do."""
    with Project.open(root) as opened:
        yield filled(opened, 15, 5, 10)


def decide_again(
    second: Project, image_id: int, decision: Decision, reason: DiscardReason | None = None
) -> None:
    second.apply(edits.decide([second.state(image_id)], decision, reason))


def repeat_all(project: Project, second: Project) -> None:
    """Decides all of the second look just as it was decided first."""
    for state in second.states():
        first = project.state(project.id_of(state.file_name) or -1)
        second.apply(edits.decide([state], first.decision, first.discard_reason))
        second.apply(edits.set_crop(state, first.crop))


# Drawing


@given(
    keeps=st.integers(0, 40),
    discards=st.integers(0, 40),
    rest=st.integers(0, 5),
    share=st.floats(0.01, 1.0),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_a_sample_holds_both_decisions_in_proportion(
    keeps: int, discards: int, rest: int, share: float, seed: int
) -> None:
    project = filled(Project.in_memory(Path("nowhere")), keeps, discards, rest)
    drawn = draw(project, share=share, seed=seed)
    assert drawn == draw(project, share=share, seed=seed)
    population = keeps + discards
    assert list(drawn) == [one for one in project.ids if one in set(drawn)]
    assert len(drawn) == sample_size(population, share)
    assert min(population, 5) <= len(drawn) <= population
    assert len(drawn) >= share * population - 1e-5
    by_decision = [project.state(one).decision for one in drawn]
    assert all(project.state(one).decided_by == "person" for one in drawn)
    for decision, number in (("keep", keeps), ("discard", discards)):
        assert (by_decision.count(decision) > 0) == (number > 0)
        if len(drawn) > 1 and number:
            exact = len(drawn) * number / population
            assert abs(by_decision.count(decision) - exact) <= 1


def test_seeds_draw_different_images(project: Project) -> None:
    drawn = {draw(project, share=0.3, seed=seed) for seed in range(10)}
    assert len(drawn) > 5
    assert set().union(*drawn) == set(eligible(project))


@pytest.mark.parametrize(
    ("population", "share", "expected"),
    [(0, 0.1, 0), (3, 0.1, 3), (50, 0.1, 5), (51, 0.1, 6), (100, 0.07, 7), (200, 0.5, 100)],
)
def test_the_size_is_rounded_up(population: int, share: float, expected: int) -> None:
    assert sample_size(population, share) == expected


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused(project: Project, share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        draw(project, share=share, seed=1)


def test_copies_and_damaged_files_are_not_drawn(project: Project) -> None:
    copy, damaged = project.ids[:2]
    project.apply(edits.decide([project.state(copy)], "discard", "duplicate"))
    project.mark_unreadable(damaged, "Damaged.")
    assert set(eligible(project)) == set(project.ids[2:20])
    assert not {copy, damaged} & set(draw(project, share=1, seed=0))


# Blind, and apart


def test_the_second_look_knows_nothing_of_the_first_decisions(project: Project) -> None:
    one = project.state(project.ids[0])
    project.apply(edits.set_crop(one, Crop(0, 0, 5, 5)))
    project.apply(edits.set_note(one, "doubtful"))
    project.apply(edits.relabel([one], "other"))
    with begin(project, seed=3, share=1) as second:
        assert len(second) == 20
        assert second.folder == project.folder / "second-look" / "1"
        assert second.root == project.root
        assert second.profile == project.profile
        assert second.history() == []
        for state in second.states():
            assert state.edited == frozenset()
            assert state.decided_by != "person"
            assert (state.decision, state.crop, state.note) == ("keep", CROP, "")
            assert (state.copy_group, state.split) == (None, None)
            assert state.label in ("no", "yes")
            assert state.proposal is not None


def test_the_main_project_is_not_changed(root: Path) -> None:
    with Project.open(root) as project:
        filled(project, 15, 5, 10)
        states, history, sequence = project.states(), project.history(), project.sequence
        with begin(project, seed=3, share=0.5) as second:
            for number, image_id in enumerate(second.ids):
                decide_again(second, image_id, "discard" if number % 2 else "keep", "other")
            finish(project, second)
        assert (project.states(), project.history(), project.sequence) == (states, history, sequence)
    with Project.open(root) as again:
        assert (again.states(), again.history()) == (states, history)


def test_nothing_decided_is_refused_in_a_sentence(root: Path) -> None:
    with Project.open(root) as project:
        filled(project, 0, 0, 4)
        with pytest.raises(ProjectError, match=r"No image is decided yet"):
            begin(project, seed=1)
        assert looks(project) == ()
        assert not (project.folder / "second-look").exists()


# Going on, ending


def test_one_is_gone_on_with_after_a_crash(root: Path) -> None:
    project = filled(Project.open(root), 15, 5)
    second = begin(project, seed=3, share=0.5)
    first_id, second_id = second.ids[:2]
    decide_again(second, first_id, "discard", "quality")
    decide_again(second, second_id, "keep")
    assert second.flush()
    # The process ends here: nothing is closed, only the locks fall.
    for lost in (second, project):
        lost._lock.release()  # type: ignore[union-attr]
    with Project.open(root) as project:
        with pytest.raises(ProjectError, match="not finished"):
            begin(project, seed=4)
        second = resume(project)
        assert second is not None
        with second:
            assert [second.state(one).decision for one in (first_id, second_id)] == ["discard", "keep"]
            assert agreement(project, second).reviewed == 2
            assert second.undo() is not None
            assert agreement(project, second).reviewed == 1
            finish(project, second)
        assert resume(project) is None


def test_a_crash_while_it_is_made_leaves_none_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise ProjectError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "set_proposals", full)
        with pytest.raises(ProjectError, match="disk is full"):
            begin(project, seed=1)
    assert unfinished(project) is None
    assert resume(project) is None
    with begin(project, seed=1) as second:
        assert second.folder.name == "2"
        assert len(second) == 5


def test_one_whose_folder_is_gone_is_not_offered(project: Project) -> None:
    second = begin(project, seed=1)
    second.close()
    second.folder.rename(project.folder / "elsewhere")
    assert resume(project) is None
    begin(project, seed=1).close()
    assert len(looks(project)) == 2


def test_a_dropped_one_has_no_results(project: Project) -> None:
    begin(project, seed=1).close()
    drop(project)
    assert resume(project) is None
    (look,) = looks(project)
    assert look.finished is not None
    assert look.results is None
    begin(project, seed=1).close()
    assert unfinished(project) is not None


def test_results_are_stored_with_the_project(root: Path) -> None:
    with Project.open(root) as project:
        filled(project, 15, 5)
        with begin(project, seed=11, share=0.5) as second:
            repeat_all(project, second)
            decide_again(second, second.ids[0], "discard", "overlay_on_brain")
            done = finish(project, second)
    with Project.open(root) as project:
        (look,) = looks(project)
        assert look.results == done
        assert (look.seed, look.share, look.population) == (11, 0.5, 20)
        assert look.finished is not None
        assert look.began <= look.finished
        assert Agreement.from_json(done.to_json()) == done


# Comparing


def test_the_same_twice_agrees_in_full(project: Project) -> None:
    with begin(project, seed=2, share=1) as second:
        assert agreement(project, second).words() == "No image has been decided a second time yet."
        repeat_all(project, second)
        found = agreement(project, second)
    assert (found.sampled, found.reviewed, found.agreed) == (20, 20, 20)
    assert (found.kappa, found.mean_iou, found.crops, found.same_crops) == (1.0, 1.0, 15, 15)
    assert found.differences == ()
    assert found.interval == wilson(20, 20)


def test_differences_are_named_with_the_ids_of_the_main_project(project: Project) -> None:
    kept, also_kept, discarded = project.ids[3], project.ids[4], project.ids[15]
    with begin(project, seed=2, share=1) as second:
        repeat_all(project, second)
        names = {one: project.state(one).file_name for one in (kept, also_kept, discarded)}
        twin = {one: second.id_of(name) or -1 for one, name in names.items()}
        decide_again(second, twin[kept], "discard", "overlay_on_brain")
        second.apply(edits.set_crop(second.state(twin[also_kept]), None))
        decide_again(second, twin[discarded], "keep")
        found = agreement(project, second)
    assert found.agreed == 18
    assert found.kappa == pytest.approx(cohen_kappa_score([0] * 15 + [1] * 5, [0] * 14 + [1] * 5 + [0]))
    assert {item.image_id: item.words for item in found.differences} == {
        kept: "kept, then discarded: overlay on the brain",
        also_kept: "crop IoU 0.38",
        discarded: "discarded: poor quality, then kept",
    }
    crops = next((item.first_crop, item.second_crop) for item in found.differences if item.first_crop)
    assert crops == (CROP, Crop(0, 0, 100, 80))
    assert found.mean_iou == pytest.approx((13 + 3000 / 8000) / 14)
    assert (found.crops, found.same_crops) == (14, 13)
    words = found.words()
    assert "A random sample of 20 images out of 20" in words
    assert "Of 20 images decided twice, 18 agree (90 %, 95 % interval 70 to 97 %)." in words
    assert "Cohen's kappa is 0.73 (substantial by Landis and Koch, 1977)." in words
    assert "14 images kept both times have a mean IoU of 0.96; 13 (93 %) reach 0.95." in words


def test_what_is_mended_afterwards_does_not_make_it_better(project: Project) -> None:
    one = project.ids[0]
    with begin(project, seed=2, share=1) as second:
        repeat_all(project, second)
        decide_again(second, second.id_of(project.state(one).file_name) or -1, "discard", "quality")
        before = agreement(project, second)
        project.apply(edits.decide([project.state(one)], "discard", "quality"))
        assert agreement(project, second) == before
        assert before.agreed == 19


def test_a_file_that_changed_in_between_counts_for_nothing(project: Project) -> None:
    with begin(project, seed=2, share=1) as second:
        repeat_all(project, second)
        project.add_records([record(0, sha256="f" * 64)])
        found = agreement(project, second)
    assert (found.sampled, found.reviewed, found.changed) == (20, 19, 1)
    assert "1 image changed on the disk" in found.words()


def test_one_and_the_same_decision_has_no_kappa(root: Path) -> None:
    with Project.open(root) as project:
        filled(project, 6, 0)
        with begin(project, seed=2, share=1) as second:
            repeat_all(project, second)
            found = agreement(project, second)
    assert found.kappa is None
    assert "kappa is undefined, as every image got one and the same decision" in found.words()


@pytest.mark.parametrize("classes", [2, 3, 5])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), same=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_kappa_equals_scikit_learns(classes: int, seed: int, n: int, same: float) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, classes, n)
    second = np.where(rng.random(n) < same, first, rng.integers(0, classes, n))
    found = cohen_kappa(first, second, classes)
    if len(set(first) | set(second)) == 1:
        # scikit-learn divides nothing by nothing here.
        assert found is None
    else:
        expected = cohen_kappa_score(first, second, labels=list(range(classes)))
        assert found == pytest.approx(expected)
        assert found == pytest.approx(cohen_kappa(second, first, classes))


def test_kappa_of_nothing_is_none() -> None:
    nothing = np.zeros(0, np.int64)
    assert cohen_kappa(nothing, nothing, 2) is None


rectangles = st.builds(Crop, *[st.integers(0, 12)] * 2, *[st.integers(1, 12)] * 2)


@given(first=rectangles, second=rectangles)
@settings(deadline=None)
def test_iou_equals_counted_pixels(first: Crop, second: Crop) -> None:
    painted = np.zeros((2, 24, 24), bool)
    for plane, crop in zip(painted, (first, second), strict=True):
        plane[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = True
    assert crop_iou(first, second) == pytest.approx((painted[0] & painted[1]).sum() / painted.any(0).sum())
    assert crop_iou(first, second) == crop_iou(second, first)
    assert crop_iou(first, first) == 1


@pytest.mark.parametrize(
    ("kappa", "words"),
    [(-0.1, "poor"), (0, "slight"), (0.2, "slight"), (0.21, "fair"), (0.6, "moderate"), (0.61, "substantial"),
     (0.81, "almost perfect"), (1, "almost perfect")],
)  # fmt: skip
def test_kappa_in_the_words_of_landis_and_koch(kappa: float, words: str) -> None:
    assert landis_koch(kappa) == words
