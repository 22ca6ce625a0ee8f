"""What can be reviewed: a run's own images, another manifest, new images, a cross-validation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from training_data import CONFIG, make_manifest

from curator.errors import CuratorError, ManifestError, TrainingError
from curator.evaluation import elsewhere, results
from curator.evaluation.cross_validated import (
    CrossValidation,
    FoldResult,
    OutOfFold,
    write_cross_validation,
)
from curator.evaluation.elsewhere import NewImagesCleaned
from curator.evaluation.evaluate import evaluate
from curator.evaluation.figures import read_figures
from curator.evaluation.results import ResultsReady, Source, read_looked, read_results, write_looked
from curator.manifest.files import Manifest, read_manifest
from curator.records import Event, Prediction, Warned
from curator.training.loop import fit
from curator.training.predictions import read_predictions, write_predictions
from curator.training.runs import BEST, PREDICTIONS, copy_manifest


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Manifest, Path]:
    """A run of one epoch and its manifest."""
    folder = tmp_path_factory.mktemp("blobs")
    manifest = make_manifest(folder, {"train": 8, "val": 3, "test": 3})
    for _ in fit(manifest, replace(CONFIG, epochs=1, batch_size=8), folder / "run"):
        pass
    return manifest, folder / "run"


@pytest.fixture
def run_dir(made: tuple[Manifest, Path], tmp_path: Path) -> Path:
    """A copy of the run without predictions, so that each test may write into it."""
    run_dir = tmp_path / "run"
    shutil.copytree(made[1], run_dir, ignore=shutil.ignore_patterns(PREDICTIONS, "figures.json"))
    config = (run_dir / "config.json").read_text()
    assert str(made[0].root) in config
    return run_dir


def results_of(events: Iterator[Event]) -> tuple[ResultsReady, list[Event]]:
    """The results at the end, and what came before."""
    *before, last = events
    assert isinstance(last, ResultsReady)
    return last, before


def computed(before: list[Event]) -> bool:
    """Whether a network was asked."""
    return any(type(event).__name__ == "Predicted" for event in before)


def test_all_kept_images_of_a_run_are_predicted_once(run_dir: Path) -> None:
    first, before = results_of(read_results(Source(run_dir, None)))
    assert not computed(before) or len(first.predictions) == 28
    assert [one.file_name for one in first.predictions] == sorted(first.rows)
    assert first.summary.n_images == 28
    assert first.split is None
    assert first.folds == {}
    assert first.run_dir_of(first.predictions[0].file_name) == run_dir
    again, before = results_of(read_results(Source(run_dir, None)))
    assert before == []
    assert again.predictions == first.predictions
    only, before = results_of(read_results(Source(run_dir, "val")))
    assert before == []
    assert {one.split for one in only.predictions} == {"val"}
    assert results_of(read_results(run_dir, "val"))[0].predictions == only.predictions


def test_predicting_can_be_cut_off_and_leaves_nothing_half_done(run_dir: Path) -> None:
    events = read_results(Source(run_dir, "train"))
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert not (run_dir / PREDICTIONS).exists()


def test_another_manifest_is_predicted_kept_and_made_anew_when_it_changes(
    run_dir: Path, tmp_path: Path
) -> None:
    other = make_manifest(tmp_path / "other", {"train": 2, "test": 2})
    source = Source(run_dir, None, manifest=other.folder)
    first, before = results_of(read_results(source))
    assert computed(before)
    assert len(first.predictions) == 8
    assert first.root == other.root
    assert first.folder.parent == run_dir / elsewhere.FOLDER
    assert read_predictions(first.folder / PREDICTIONS) == first.predictions
    assert not (run_dir / PREDICTIONS).exists()
    # The split is chosen from what is kept, and what was looked at is kept apart from the run's own.
    test, before = results_of(read_results(replace(source, split="test")))
    assert not computed(before)
    assert {one.split for one in test.predictions} == {"test"}
    write_looked(first.folder, frozenset(["left/test00.png"]))
    assert results_of(read_results(source))[0].looked == {"left/test00.png"}
    assert read_looked(run_dir) == frozenset()
    make_manifest(tmp_path / "other", {"train": 1, "test": 2})
    changed, before = results_of(read_results(source))
    assert computed(before)
    assert len(changed.predictions) == 6
    (run_dir / BEST).touch()
    assert computed(results_of(read_results(source))[1])


def test_images_that_the_run_has_learnt_from_are_counted(run_dir: Path, made: tuple[Manifest, Path]) -> None:
    _, before = results_of(read_results(Source(run_dir, None, manifest=made[0].folder)))
    warned = [event.message for event in before if isinstance(event, Warned)]
    assert any("of these 28 images took part in the run's training" in message for message in warned)


def test_a_manifest_of_other_classes_is_refused(run_dir: Path, tmp_path: Path) -> None:
    other = make_manifest(tmp_path / "other", {"test": 1}, ("up", "down"))
    with pytest.raises(ManifestError, match="choose a manifest of the same classes"):
        list(read_results(Source(run_dir, None, manifest=other.folder)))


def test_new_images_are_cleaned_first_and_only_what_is_new_the_next_time(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / "new"
    (images / "left").mkdir(parents=True)
    (images / "somewhere").mkdir()
    for number, name in enumerate(("left/a.png", "somewhere/b.png", "c.png")):
        picture = Image.new("L", (40, 30), 40 * number + 20)
        picture.paste(220, (4, 10, 12, 22))
        picture.save(images / name)
    (images / "broken.png").write_bytes(b"no image")
    source = Source(run_dir, "test", images=images)
    first, before = results_of(read_results(source))
    assert computed(before)
    assert [one.file_name for one in first.predictions] == ["c.png", "left/a.png", "somewhere/b.png"]
    assert first.split is None
    words = next(event.words for event in before if isinstance(event, NewImagesCleaned))
    assert words.startswith("3 new images, cleaned first as the run's dataset was")
    assert any("broken.png" in event.message for event in before if isinstance(event, Warned))
    # Only a label that the run knows counts for the figures.
    assert first.summary.n_images == 1
    assert [one.loss is None for one in first.predictions] == [True, False, True]
    seen = []
    before_cleaning = elsewhere.proposed_edits
    monkeypatch.setattr(
        elsewhere, "proposed_edits", lambda *given: seen.append(given) or before_cleaning(*given)
    )
    again, before = results_of(read_results(source))
    assert again.predictions == first.predictions
    assert not computed(before)
    assert seen == []
    assert any(isinstance(event, NewImagesCleaned) for event in before)
    Image.new("L", (30, 30), 90).save(images / "d.png")
    grown, _ = results_of(read_results(source))
    assert len(grown.predictions) == 4
    assert len(seen) == 1
    assert [line.name for line in images.glob("*")].count(PREDICTIONS) == 0


def test_a_folder_without_images_says_so(run_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CuratorError, match="holds no image"):
        list(read_results(Source(run_dir, images=tmp_path / "empty")))


def test_a_cross_validation_gives_each_image_by_the_network_that_did_not_learn_from_it(
    made: tuple[Manifest, Path], tmp_path: Path
) -> None:
    manifest, run_dir = made
    folder = tmp_path / "crossval"
    folder.mkdir()
    for fold in (1, 2):
        shutil.copytree(run_dir, folder / f"fold-{fold}")
    copy_manifest(manifest, folder)
    # The relative root of the copied manifest is of no use here: the cross-validation's own is.
    rows = read_manifest(folder).rows
    predictions = [
        OutOfFold(
            1 + number % 2,
            Prediction(row.file_name, row.sha256, row.label, row.split, row.group, "left", (0.75, 0.25), 0.3),
        )
        for number, row in enumerate(rows)
    ]
    done = [FoldResult(fold, f"fold-{fold}", 1, 1, 14, 14, 1, 1, 1.0, {}, 0.5) for fold in (1, 2)]
    result = CrossValidation(
        folder, CONFIG, 3, True, ("left", "right"), manifest.root, 28, 28, 6, 1.0, tuple(done)
    )
    write_cross_validation(result, predictions)
    found, before = results_of(read_results(Source(folder)))
    assert before == []
    assert found.split is None
    assert found.source.split is None
    assert len(found.predictions) == 28
    assert found.root == manifest.root
    assert found.run_dir_of(rows[0].file_name) == folder / "fold-1"
    assert found.run_dir_of(rows[1].file_name) == folder / "fold-2"
    assert found.summary.metrics["accuracy"] is not None
    with pytest.raises(TrainingError, match="no single network"):
        list(read_results(Source(folder, images=tmp_path)))
    shutil.rmtree(folder / "fold-1")
    assert results_of(read_results(Source(folder)))[0].predictions == found.predictions
    shutil.rmtree(folder / "fold-2")
    with pytest.raises(TrainingError, match="fold-2 is not a run"):
        list(read_results(Source(folder)))
    write_cross_validation(replace(result, done=()), [])
    with pytest.raises(TrainingError, match="No fold of"):
        list(read_results(Source(folder)))


def test_figures_are_kept_by_what_they_are_of(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = results_of(read_results(run_dir))
    *kept, last = read_predictions(run_dir / PREDICTIONS)
    write_predictions(run_dir / PREDICTIONS, [*kept, replace(last, label="a class that it does not know")])
    fewer, _ = results_of(read_results(run_dir))
    assert fewer.summary.n_images == whole.summary.n_images - 1
    monkeypatch.setattr(results, "summarise", lambda *given: pytest.fail("the figures are kept"))
    again, _ = results_of(read_results(run_dir))
    assert again.summary.to_json() == fewer.summary.to_json()


def test_images_that_are_gone_keep_their_predictions_and_are_predicted_once_they_are_back(
    run_dir: Path, made: tuple[Manifest, Path], tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(made[0].root, moved)
    source = Source(run_dir, root=moved)
    name = "left/test00.png"
    (moved / name).rename(tmp_path / "away.png")
    first, before = results_of(read_results(source))
    assert computed(before)
    assert first.root == moved
    assert name not in {one.file_name for one in first.predictions}
    # Asked again, nothing is worked out for what still can't be read.
    again, before = results_of(read_results(source))
    assert before == []
    assert again.predictions == first.predictions
    shutil.move(tmp_path / "away.png", moved / name)
    whole, before = results_of(read_results(source))
    assert computed(before)
    assert len(whole.predictions) == 6
    figures = read_figures(run_dir)
    assert figures is not None
    # Evaluating where the images are not must not cost what is known already.
    shutil.rmtree(moved)
    list(evaluate(run_dir, root=moved))
    assert read_predictions(run_dir / PREDICTIONS) == whole.predictions
    assert read_figures(run_dir).to_json() == figures.to_json()  # type: ignore[union-attr]
    kept, before = results_of(read_results(source))
    assert before == []
    assert kept.predictions == whole.predictions


def test_other_images_are_predicted_again_where_some_were_gone_or_the_file_was_deleted(
    run_dir: Path, tmp_path: Path
) -> None:
    other = make_manifest(tmp_path / "other", {"test": 2})
    source = Source(run_dir, None, manifest=other.folder)
    away = other.root / "left/test00.png"
    away.rename(tmp_path / "away.png")
    first, _ = results_of(read_results(source))
    assert len(first.predictions) == 3
    assert not computed(results_of(read_results(source))[1])
    shutil.move(tmp_path / "away.png", away)
    whole, _ = results_of(read_results(source))
    assert len(whole.predictions) == 4
    # A damaged file is to be deleted, as the message says.
    (whole.folder / PREDICTIONS).write_text("{}\n")
    with pytest.raises(TrainingError, match="delete the file"):
        list(read_results(source))
    (whole.folder / PREDICTIONS).unlink()
    assert results_of(read_results(source))[0].predictions == whole.predictions


def test_evaluating_another_manifest_says_what_the_run_has_learnt_from(
    run_dir: Path, made: tuple[Manifest, Path]
) -> None:
    warned = [one.message for one in evaluate(run_dir, made[0], splits=("train",)) if isinstance(one, Warned)]
    assert warned == [
        "16 of these 16 images took part in the run's training or validation: figures on them are too good to be "
        "true."
    ]
    assert not any(isinstance(one, Warned) for one in evaluate(run_dir, made[0]))


def test_where_predictions_can_not_be_written_they_are_shown_all_the_same(run_dir: Path) -> None:
    (run_dir / PREDICTIONS).mkdir()
    found, before = results_of(read_results(run_dir))
    assert len(found.predictions) == 6
    assert [event.message for event in before if isinstance(event, Warned)] == [
        f"The predictions can't be kept in {run_dir} (Is a directory): check the disk."
    ]
