"""The queues of a cross-validation and of a single run: who judges whom, what is kept, what makes it stale."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from training_data import CONFIG, make_manifest

from curator.cli.main import run
from curator.dataset.split import Shares
from curator.evaluation.heat import FILE, read_heat
from curator.evaluation.queues import QUEUES, Queue, QueuesReady, find_queues, kept_queues
from curator.evaluation.results import ResultsReady, read_results
from curator.evaluation.swings import SWINGS, read_swings
from curator.manifest.files import Manifest, write_manifest
from curator.manifest.schema import ManifestMask
from curator.records import Event, Progress, Warned
from curator.training.loop import fit
from curator.training.runs import BEST
from curator.workflow.cross_validation import cross_validate

PLAN = replace(CONFIG, epochs=1, batch_size=8)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other take ten times as long where other tests run beside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """28 images, of which one has a mask and a crop, and one is a copy of another under another label."""
    made = make_manifest(tmp_path_factory.mktemp("data"), {"train": 8, "val": 3, "test": 3})
    mask = ManifestMask(kind="text", polygon=[(0, 0), (39, 0), (39, 39), (0, 39)])
    rows = []
    for row in made.rows:
        if row.file_name == "left/test00.png":
            row = row.model_copy(update={"crop": (0, 0, 20, 40), "masks": [mask]})
        if row.file_name in ("left/val01.png", "right/val01.png"):
            row = row.model_copy(update={"copy_group": "c", "group": "c"})
        rows.append(row)
    return write_manifest(
        made.folder,
        rows,
        root=made.root,
        profile="general",
        classes=["left", "right"],
        seed=0,
        shares=Shares(),
    )


@pytest.fixture(scope="module")
def crossed(manifest: Manifest) -> Path:
    """A cross-validation of two folds; its predictions are sure and right but of the two planted errors."""
    folder = manifest.folder / "runs" / "crossed"
    for _ in cross_validate(manifest, PLAN, folder, folds=2):
        pass
    path = folder / "predictions.jsonl"
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        left = one["label"] == "left"
        if one["file_name"] in ("left/train02.png", "right/test01.png"):
            left = not left
        one["probabilities"] = [0.9, 0.1] if left else [0.1, 0.9]
        one["predicted"] = "left" if left else "right"
        lines.append(json.dumps(one) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def found(crossed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """The cross-validation with its queues, and the events on the way to them."""
    folder = Path(shutil.copytree(crossed, tmp_path_factory.mktemp("found") / "crossed"))
    return folder, list(find_queues(results_of(folder), device="cpu"))


@pytest.fixture
def kept(found: tuple[Path, list[Event]], tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(found[0], tmp_path / "kept"))


@pytest.fixture
def copied(crossed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crossed, tmp_path / "crossed"))


def results_of(folder: Path) -> ResultsReady:
    return next(event for event in read_results(folder) if isinstance(event, ResultsReady))


def queues_in(events: Iterator[Event]) -> dict[str, Queue]:
    found = [event for event in events if isinstance(event, QueuesReady)]
    assert len(found) == 1
    return {queue.name: queue for queue in found[0].queues}


def test_a_cross_validation_judges_every_image_and_finds_what_was_planted(
    found: tuple[Path, list[Event]],
) -> None:
    folder, events = found
    results = results_of(folder)
    queues = queues_in(iter(events))
    assert [flag.file_name for flag in queues["label_errors"].flags] == [
        "left/train02.png",
        "right/test01.png",
    ]
    assert "all 28 images" in queues["label_errors"].note
    assert "agrees with 93 % of the labels" in queues["label_errors"].note
    copies = {flag.file_name: flag.reason for flag in queues["near_labels"].flags[:2]}
    assert copies["left/val01.png"].startswith("Labelled left, but right/val01.png (right) is a copy")
    assert set(read_swings(results)) == set(results.rows)
    assert read_swings(results)["left/test00.png"] > 0
    assert read_swings(results)["left/test01.png"] == 0
    outside = {one.file_name: one.outside for one in read_heat(folder) if one.outside is not None}
    assert {flag.file_name: flag.score for flag in queues["heat_outside"].flags} == {
        name: share for name, share in outside.items() if share >= 0.33
    }
    assert set(outside) <= set(results.rows)
    for event in events:
        if isinstance(event, Progress):
            assert 0 <= event.done <= event.total


def test_what_was_found_is_read_again_until_something_changes(
    crossed: Path, kept: Path, found: tuple[Path, list[Event]]
) -> None:
    assert list(kept_queues(results_of(crossed))) == []
    results = results_of(kept)
    assert list(find_queues(results)) == list(kept_queues(results)) == found[1][-1:]
    assert isinstance(next(find_queues(results, device="cpu", anew=True)), Progress)
    other = results.predictions[0]
    turned = replace(other, probabilities=other.probabilities[::-1])
    changed: list[dict[str, Any]] = [
        {"predictions": (turned, *results.predictions[1:])},
        {
            "rows": {
                **results.rows,
                other.file_name: results.rows[other.file_name].model_copy(update={"note": "x"}),
            }
        },
    ]
    for fields in changed:
        assert list(kept_queues(replace(results, **fields))) == []
    (kept / "fold-1" / BEST).touch()
    assert len(list(kept_queues(results))) == len(list(find_queues(results))) == 1
    shutil.copy(kept / "fold-2" / BEST, kept / "fold-1" / BEST)
    assert list(kept_queues(results)) == []
    assert set(read_swings(results)) == {name for name, fold in results.folds.items() if fold == 2}
    (kept / QUEUES).write_text("{", encoding="utf-8")
    assert list(kept_queues(results)) == []


def test_it_can_be_cancelled_in_each_step_and_leaves_nothing_half_made(copied: Path) -> None:
    results = results_of(copied)
    for step in ("Placing images in feature space", "Toggling masks and crops", "Measuring heat"):
        events = find_queues(results, device="cpu")
        for event in events:
            if isinstance(event, Progress) and event.what == step and event.done:
                break
        events.close()  # type: ignore[attr-defined]
        assert not (copied / QUEUES).exists()
        assert (copied / SWINGS).exists() == (step == "Measuring heat")


def test_a_network_that_is_gone_leaves_the_other_queues_with_the_reason(copied: Path) -> None:
    (copied / "fold-2" / BEST).unlink()
    queues = queues_in(find_queues(results_of(copied), device="cpu"))
    assert len(queues["label_errors"].flags) == 2
    assert queues["swings"].flags == ()
    assert "Not measured: " in queues["swings"].note
    assert "best.pt" in queues["outliers"].note


def test_an_image_that_is_gone_is_said_once(copied: Path, manifest: Manifest, tmp_path: Path) -> None:
    root = Path(shutil.copytree(manifest.root, tmp_path / "images"))
    (root / "left/test00.png").unlink()
    events = list(find_queues(replace(results_of(copied), root=root), device="cpu"))
    said = [event.message for event in events if isinstance(event, Warned)]
    assert len(said) == 1
    assert "left/test00.png" in said[0]


def test_where_nothing_can_be_written_they_are_found_all_the_same(copied: Path) -> None:
    """Folders of the files' names, as a test may run as a user who can write anywhere else."""
    for name in (QUEUES, SWINGS, FILE):
        (copied / name).mkdir()
    events = list(find_queues(results_of(copied), device="cpu"))
    assert [event.message for event in events if isinstance(event, Warned)] == [
        f"What was found can't be kept in {copied} (Is a directory): check the disk."
    ]
    queues = queues_in(iter(events))
    assert len(queues["label_errors"].flags) == 2
    assert "Not measured" not in queues["heat_outside"].note


@pytest.fixture(scope="module")
def single(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "single"
    for _ in fit(manifest, PLAN, folder):
        pass
    return folder


def test_a_single_run_judges_nothing_it_learned_from(single: Path) -> None:
    results = results_of(single)
    assert {one.split for one in results.predictions} == {"test"}
    # Validation images have to be predicted first.
    assert list(kept_queues(results)) == []
    queues = queues_in(find_queues(results, device="cpu"))
    assert "12 validation and test images of a single run" in queues["label_errors"].note
    assert queues_in(kept_queues(results)) == queues
    names = {name for name, row in results.rows.items() if row.split == "train"}
    for queue in queues.values():
        assert not names & {flag.file_name for flag in queue.flags}
    assert set(read_swings(results)) == set(results.rows) - names
    # Whichever split is shown, the queues are the same.
    assert queues_in(
        kept_queues(next(e for e in read_results(single, "val") if isinstance(e, ResultsReady)))
    ) == (queues)


def test_the_command_line_lists_them(kept: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["evaluate", str(kept), "--queues", "--out", str(tmp_path / "queues.json")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Probable label errors: 2 images\n")
    assert "left/train02.png" in shown
    assert "Labelled left, but a network that did not learn from it says right (0.90; left 0.10)" in shown
    assert run(["evaluate", str(kept), "--queues", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == json.loads((tmp_path / "queues.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in answer["queues"]] == [
        "label_errors", "outliers", "near_labels", "swings", "heat_outside"
    ]  # fmt: skip
    assert run(["evaluate", str(tmp_path), "--queues"]) == 1
    assert run(["evaluate", str(kept), "--queues", "--report", "x.html"]) == 2
