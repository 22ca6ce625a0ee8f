"""Cross-validation and ablation on small images: what is left on disk, cut off and gone on with."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training_data import CONFIG, make_manifest

from curator.dataset.split import Shares
from curator.errors import TrainingError
from curator.evaluation.cross_validated import (
    list_cross_validations,
    read_cross_validation,
    read_out_of_fold,
)
from curator.manifest.files import Manifest, read_manifest, write_manifest
from curator.records import Event, Progress, Warned
from curator.training.events import BatchDone, EpochDone, Finished
from curator.training.runs import list_runs, load_run
from curator.workflow.ablated import list_ablations, read_ablation
from curator.workflow.ablation import Ablated, VariantDone, ablate, resume_ablation
from curator.workflow.cross_validation import (
    CrossValidated,
    CrossValidationStarted,
    FoldDone,
    cross_validate,
    resume_cross_validation,
)
from curator.workflow.fold_manifests import write_fold
from curator.workflow.trainings import PartStarted

FOLDS = 3
PLAN = replace(CONFIG, epochs=2)
QUICK = replace(CONFIG, epochs=1, precision="float32")


def grouped(manifest: Manifest) -> Manifest:
    """The same with the first two training images of each class in one group, and one image discarded."""
    rows = []
    for row in manifest.rows:
        if row.split == "train" and row.file_name.endswith(("00.png", "01.png")):
            row = row.model_copy(update={"group": f"{row.label}-both"})
        if row.file_name == "left/train08.png":
            row = row.model_copy(update={"decision": "discard", "discard_reason": "quality"})
        rows.append(row)
    return write_manifest(
        manifest.folder,
        rows,
        root=manifest.root,
        profile="general",
        classes=manifest.info.classes,
        seed=0,
        shares=Shares(),
    )


def small(folder: Path) -> Manifest:
    return grouped(make_manifest(folder, {"train": 9, "val": 3, "test": 3}))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return small(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def done(manifest: Manifest) -> tuple[Path, list[Event]]:
    """A finished cross-validation of three folds, and its events."""
    folder = manifest.folder / "runs" / "whole"
    return folder, list(cross_validate(manifest, PLAN, folder, folds=FOLDS))


def test_every_kept_image_is_predicted_once_by_a_network_that_did_not_see_it(
    manifest: Manifest, done: tuple[Path, list[Event]]
) -> None:
    folder, _ = done
    kept = {row.file_name: row for row in manifest.rows if row.decision == "keep"}
    found = read_out_of_fold(folder)
    assert sorted(one.prediction.file_name for one in found) == sorted(kept)
    assert {one.fold for one in found} == {1, 2, 3}
    for one in found:
        run = load_run(folder / f"fold-{one.fold}")
        rows = {row.file_name: row for row in run.manifest().rows}
        row = rows[one.prediction.file_name]
        assert row.split == "test"
        assert {other.split for other in rows.values() if other.group == row.group} == {"test"}
        # What is kept of it is the split that the whole manifest gives it.
        assert one.prediction.split == kept[row.file_name].split
        assert one.prediction.label == row.label


def test_each_fold_is_a_run_that_validates_on_others_than_it_tests(done: tuple[Path, list[Event]]) -> None:
    folder, _ = done
    for fold in range(1, FOLDS + 1):
        run = load_run(folder / f"fold-{fold}")
        assert run.finished
        assert replace(run.config, precision="auto") == PLAN
        counted = Counter((row.split, row.label) for row in run.manifest().rows)
        for label in ("left", "right"):
            assert counted["train", label] >= 5
            assert counted["val", label] >= 1
            assert counted["test", label] >= 4
        assert counted[None, "left"] == 1
        assert run.manifest().root == (folder.parents[2] / "images").resolve()


def test_the_result_is_on_disk_and_true(manifest: Manifest, done: tuple[Path, list[Event]]) -> None:
    folder, events = done
    result = read_cross_validation(folder)
    last = events[-1]
    assert isinstance(last, CrossValidated)
    assert result.to_json() == last.result.to_json()
    assert result.finished
    # What the first fold has found holds for all.
    assert {load_run(folder / one.folder).config.precision for one in result.done} == {
        result.config.precision
    }
    assert result.config.precision != "auto"
    assert (result.images, result.folds, result.test_images) == (29, FOLDS, 6)
    assert result.groups == 27
    assert "the 6 of the locked test split included" in result.about_test()
    assert [one.images for one in result.done] == [len_of(folder, fold) for fold in (1, 2, 3)]
    accuracies = [one.metrics["accuracy"] for one in result.done]
    assert result.mean is not None
    assert result.mean["accuracy"] is not None
    assert result.mean["accuracy"].value == pytest.approx(sum(a for a in accuracies if a is not None) / 3)
    right = [one.prediction.predicted == one.prediction.label for one in read_out_of_fold(folder)]
    assert result.pooled is not None
    assert result.pooled.n_images == 29
    assert result.pooled.metrics["accuracy"] is not None
    assert result.pooled.metrics["accuracy"].value == pytest.approx(sum(right) / 29)
    assert result.pooled.majority == pytest.approx(15 / 29)
    assert read_manifest(folder).info.sha256 == manifest.info.sha256


def len_of(folder: Path, fold: int) -> int:
    return sum(one.fold == fold for one in read_out_of_fold(folder))


def test_progress_runs_once_over_all_folds(done: tuple[Path, list[Event]]) -> None:
    _, events = done
    shares = [event.done / event.total for event in events if isinstance(event, Progress)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    words = {event.what for event in events if isinstance(event, Progress)}
    assert {"Fold 1 of 3: loading images", "Fold 2 of 3, epoch 2 of 2", "Fold 3 of 3: predicting"} <= words
    parts = [event for event in events if isinstance(event, PartStarted)]
    assert [(one.part, one.parts, one.words) for one in parts] == [
        (fold, 3, f"Fold {fold} of 3") for fold in (1, 2, 3)
    ]
    kinds = [
        type(event) for event in events if isinstance(event, (Finished, FoldDone, CrossValidationStarted))
    ]
    assert kinds == [CrossValidationStarted, *[Finished, FoldDone] * 3]
    left = [event.seconds_left for event in events if isinstance(event, BatchDone)]
    assert left[0] > 2 * left[-1]


def test_it_is_one_entry_apart_from_the_runs(manifest: Manifest, done: tuple[Path, list[Event]]) -> None:
    folder, _ = done
    assert [one.folder for one in list_cross_validations(manifest.folder)] == [folder]
    assert all(run.folder.parent != folder for run in list_runs(manifest.folder))
    (manifest.folder / "runs" / "torn").mkdir()
    (manifest.folder / "runs" / "torn" / "cross_validation.json").write_text('{"schema"')
    assert [one.folder for one in list_cross_validations(manifest.folder)] == [folder]
    with pytest.raises(TrainingError, match="damaged"):
        read_cross_validation(manifest.folder / "runs" / "torn")


def until(events: Iterator[Event], last: Any) -> None:
    """Asks for events up to the first for which `last` is true, then closes."""
    for event in events:
        if last(event):
            break
    events.close()  # type: ignore[attr-defined]


def test_cut_off_in_the_second_fold_it_ends_in_the_same_numbers(
    tmp_path: Path, done: tuple[Path, list[Event]]
) -> None:
    manifest = small(tmp_path / "data")
    folder = tmp_path / "cut"
    epochs: list[int] = []

    def second_fold_is_half_done(event: Event) -> bool:
        if isinstance(event, EpochDone):
            epochs.append(event.metrics.epoch)
        return len(epochs) == 3

    until(cross_validate(manifest, PLAN, folder, folds=FOLDS), second_fold_is_half_done)
    part = read_cross_validation(folder)
    assert [one.fold for one in part.done] == [1]
    assert not part.finished
    assert {one.fold for one in read_out_of_fold(folder)} == {1}
    first = (folder / "fold-1" / "best.pt").stat().st_mtime_ns
    events = list(resume_cross_validation(folder))
    trained = [event.metrics.epoch for event in events if isinstance(event, EpochDone)]
    assert trained == [2, 1, 2]
    assert (folder / "fold-1" / "best.pt").stat().st_mtime_ns == first
    whole = read_out_of_fold(done[0])
    assert [(one.fold, one.prediction.probabilities) for one in read_out_of_fold(folder)] == [
        (one.fold, one.prediction.probabilities) for one in whole
    ]
    assert read_cross_validation(folder).finished
    # Once more, there is nothing left to do.
    again = list(resume_cross_validation(folder))
    assert [type(event) for event in again] == [CrossValidationStarted, CrossValidated]


def test_cut_off_before_the_predictions_a_fold_is_not_trained_again(tmp_path: Path) -> None:
    manifest = small(tmp_path / "data")
    folder = tmp_path / "cut"
    until(
        cross_validate(manifest, QUICK, folder, folds=2),
        lambda event: isinstance(event, Finished),
    )
    assert read_cross_validation(folder).done == ()
    events = resume_cross_validation(folder)
    seen: list[Event] = []
    for event in events:
        seen.append(event)
        if isinstance(event, FoldDone):
            break
    assert not any(isinstance(event, EpochDone) for event in seen)
    events.close()  # type: ignore[attr-defined]


def test_predictions_that_are_gone_are_made_anew(tmp_path: Path, done: tuple[Path, list[Event]]) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(done[0], folder)
    (folder / "predictions.jsonl").unlink()
    events = list(resume_cross_validation(folder))
    assert not any(isinstance(event, EpochDone) for event in events)
    assert read_out_of_fold(folder) == read_out_of_fold(done[0])
    anew, first = read_cross_validation(folder).pooled, read_cross_validation(done[0]).pooled
    assert anew is not None
    assert first is not None
    assert anew.to_json() == first.to_json()


def test_the_test_split_can_be_left_out(tmp_path: Path) -> None:
    manifest = small(tmp_path / "data")
    folder = tmp_path / "without"
    events = cross_validate(manifest, QUICK, folder, folds=2, include_test=False)
    until(events, lambda event: isinstance(event, FoldDone))
    result = read_cross_validation(folder)
    assert (result.images, result.test_images) == (23, 6)
    assert "6 images of the locked test split are left out" in result.about_test()
    seen = {row.file_name for row in load_run(folder / "fold-1").manifest().rows if row.split is not None}
    locked = {row.file_name for row in manifest.rows if row.split == "test"}
    assert seen.isdisjoint(locked)
    assert len(seen) == 23


def test_an_image_that_is_gone_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    manifest = small(tmp_path / "data")
    (manifest.root / "right" / "test01.png").unlink()
    folder = tmp_path / "lacking"
    events = list(cross_validate(manifest, QUICK, folder, folds=2))
    assert read_cross_validation(folder).missing == ("right/test01.png",)
    assert len(read_out_of_fold(folder)) == 28
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert "1 of 29 images" in warned[-1]


@pytest.mark.parametrize(
    ("counts", "folds", "message"),
    [
        ({"train": 9, "val": 3}, 25, "choose a number from 2 to 24"),
        ({"train": 1}, 2, "too few groups"),
    ],
)
def test_what_cannot_be_divided_is_refused_before_anything_is_trained(
    tmp_path: Path, counts: dict[Any, int], folds: int, message: str
) -> None:
    manifest = make_manifest(tmp_path / "data", counts)
    folder = tmp_path / "none"
    with pytest.raises(TrainingError, match=message):
        list(cross_validate(manifest, PLAN, folder, folds=folds))
    assert not folder.exists()


def test_a_class_without_a_kept_image_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    manifest = small(tmp_path / "data")
    kept = [
        row.model_copy(update={"decision": "discard", "discard_reason": "other"})
        if row.label == "left"
        else row
        for row in manifest.rows
    ]
    manifest = write_fold(manifest, kept, tmp_path / "less", manifest.root)
    folder = tmp_path / "none"
    for events in (
        cross_validate(manifest, PLAN, folder, folds=2),
        ablate(manifest, PLAN, folder),
        ablate(manifest, PLAN, folder, folds=2),
    ):
        with pytest.raises(TrainingError, match="class left"):
            list(events)
        assert not folder.exists()


def test_a_folder_that_is_taken_is_refused(manifest: Manifest, done: tuple[Path, list[Event]]) -> None:
    with pytest.raises(TrainingError, match="holds results already"):
        list(cross_validate(manifest, PLAN, done[0], folds=FOLDS))
    with pytest.raises(TrainingError, match="is no cross-validation"):
        list(resume_cross_validation(manifest.folder))


def test_an_ablation_trains_the_same_on_three_cleanings(tmp_path: Path) -> None:
    manifest = small(tmp_path / "data")
    folder = manifest.folder / "runs" / "ablation"
    events = list(ablate(manifest, QUICK, folder))
    last = events[-1]
    assert isinstance(last, Ablated)
    result = read_ablation(folder)
    assert result.to_json() == last.result.to_json()
    assert [one.cleaning for one in result.variants] == ["raw", "cropped", "masked"]
    assert [load_run(folder / one.folder).config.cleaning for one in result.variants] == [
        "raw",
        "cropped",
        "masked",
    ]
    assert {load_run(folder / one.folder).manifest().info.sha256 for one in result.variants} == {
        manifest.info.sha256
    }
    assert all(one.summary.n_images == 6 for one in result.variants)
    assert [(one.more, one.less) for one in result.differences] == [
        ("cropped", "raw"),
        ("masked", "raw"),
        ("masked", "cropped"),
    ]
    # No image has a crop or a mask: nothing that differs can come out.
    assert all(one.value == 0 for one in result.differences[0].metrics.values() if one)
    assert "no clear difference" in result.differences[0].words()
    assert "Judged on the 6 images" in result.about_test()
    assert [one.folder for one in list_ablations(manifest.folder)] == [folder]
    shares = [event.done / event.total for event in events if isinstance(event, Progress)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_an_ablation_by_cross_validation_is_cut_off_and_goes_on(tmp_path: Path) -> None:
    manifest = small(tmp_path / "data")
    folder = tmp_path / "ablation"

    finished = 0

    def in_the_second_variant(event: Event) -> bool:
        nonlocal finished
        finished += isinstance(event, FoldDone)
        return finished == 3

    until(ablate(manifest, QUICK, folder, folds=2), in_the_second_variant)
    part = read_ablation(folder)
    assert [one.cleaning for one in part.variants] == ["raw"]
    events = list(resume_ablation(folder))
    assert [event.variant.cleaning for event in events if isinstance(event, VariantDone)] == [
        "cropped",
        "masked",
    ]
    assert sum(isinstance(event, EpochDone) for event in events) == 3
    result = read_ablation(folder)
    assert result.finished
    assert {one.summary.n_images for one in result.variants} == {29}
    folds = [
        {one.prediction.file_name: one.fold for one in read_out_of_fold(folder / name)}
        for name in ("raw", "cropped", "masked")
    ]
    assert folds[0] == folds[1] == folds[2]
    words = [event.words for event in events if isinstance(event, PartStarted)]
    assert words == ["Cropped, fold 2 of 2", *[f"Cropped and masked, fold {n} of 2" for n in (1, 2)]]
    values = json.loads((folder / "ablation.json").read_text(encoding="utf-8"))
    assert values["differences"][0]["words"].startswith("Cropped against raw: balanced accuracy")
