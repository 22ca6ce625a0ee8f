"""Exports: what is undecided and what is not, sticky splits, from a project and without one."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from curator.dataset.split import Shares
from curator.errors import ManifestError
from curator.manifest.files import read_manifest
from curator.manifest.schema import ManifestRow
from curator.project import Project, edits
from curator.records import Event
from curator.workflow.draft import bring_up_to_date
from curator.workflow.export import Exported, export, export_folder, snapshot_rows


def finished(events: Iterable[Event]) -> Exported:
    return next(event for event in events if isinstance(event, Exported))


def rows_of(done: Exported) -> dict[str, ManifestRow]:
    return {row.file_name: row for row in done.manifest.rows}


@pytest.fixture
def project(root: Path) -> Any:
    with Project.open(root) as opened:
        list(bring_up_to_date(opened, workers=2))
        yield opened


def test_only_a_persons_decisions_count_unless_proposals_are_accepted(
    project: Project, tmp_path: Path
) -> None:
    one = project.id_of("no/4.png")
    assert one is not None
    project.apply(edits.decide([project.state(one)], "discard", "quality"))
    rows = rows_of(finished(export(project, tmp_path / "out")))
    assert (rows["no/4.png"].decision, rows["no/4.png"].decided_by) == ("discard", "person")
    assert (rows["no/6.png"].decision, rows["no/6.png"].decided_by) == ("undecided", None)
    assert (rows["yes/1.png"].decision, rows["yes/1.png"].discard_reason) == ("undecided", None)
    assert (rows["no/damaged.png"].discard_reason, rows["no/damaged.png"].decided_by) == (
        "unreadable",
        "proposal",
    )
    rows = rows_of(finished(export(project, tmp_path / "out", accept_proposals=True)))
    assert (rows["no/4.png"].decision, rows["no/4.png"].decided_by) == ("discard", "person")
    assert (rows["no/6.png"].decision, rows["no/6.png"].decided_by) == ("keep", "proposal")
    assert rows["yes/1.png"].discard_reason == "duplicate"


def test_what_is_written_is_what_is_read(project: Project, tmp_path: Path) -> None:
    done = finished(export(project, tmp_path / "out", accept_proposals=True, formats=("jsonl", "csv")))
    again = read_manifest(tmp_path / "out")
    assert again.rows == done.manifest.rows == snapshot_rows(project, accept_proposals=True)
    assert again.root == project.root
    assert (again.info.profile, again.info.classes) == ("brain-mri", ["no", "yes"])
    assert [path.name for path in done.files] == ["manifest.jsonl", "manifest.json", "manifest.csv"]
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        assert [line["file_name"] for line in csv.DictReader(file)] == [row.file_name for row in again.rows]


def test_splits_are_drawn_once(project: Project, tmp_path: Path) -> None:
    first = rows_of(finished(export(project, tmp_path / "a", seed=1)))
    second = rows_of(finished(export(project, tmp_path / "b", seed=2, shares=Shares(20, 40, 40))))
    assert {name: row.split for name, row in first.items()} == {
        name: row.split for name, row in second.items()
    }
    assert all(row.split is not None for row in first.values())
    assert first["yes/1.png"].split == first["yes/large 1.png"].split


def test_fill_replaces_that_of_all(project: Project, tmp_path: Path) -> None:
    rows = rows_of(finished(export(project, tmp_path / "out", fill="inpaint")))
    assert {row.fill for row in rows.values()} == {"inpaint"}


def test_a_touched_test_set_is_said(project: Project, tmp_path: Path) -> None:
    project.ensure_splits(Shares(40, 20, 40), 0)
    test = next(state for state in project.states() if state.split == "test")
    project.mark_seen(project.ids)
    project.apply(edits.relabel([test], "other"))
    assert finished(export(project, tmp_path / "out")).manifest.info.test_touched == 1


@pytest.mark.parametrize("inside", ["", "out", "yes/deep"])
def test_nothing_is_written_into_the_dataset(project: Project, inside: str) -> None:
    before = sorted(project.root.rglob("*"))
    with pytest.raises(ManifestError, match="inside the dataset"):
        export(project, project.root / inside)
    assert sorted(project.root.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_one_sentence(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ManifestError, match="cannot be written"):
        finished(export(project, tmp_path / "file"))


def test_edits_made_after_the_call_are_not_in_it(project: Project, tmp_path: Path) -> None:
    events = export(project, tmp_path / "out")
    project.apply(edits.decide(project.states(), "keep"))
    assert "keep" not in {row.decision for row in finished(events).manifest.rows}


def test_a_folder_without_project_is_exported_and_left_alone(root: Path, tmp_path: Path) -> None:
    undecided = rows_of(finished(export_folder(root, tmp_path / "a", workers=1)))
    assert {row.decision for row in undecided.values()} == {"undecided", "discard"}
    assert [name for name, row in undecided.items() if row.decision == "discard"] == ["no/damaged.png"]
    accepted = rows_of(finished(export_folder(root, tmp_path / "b", workers=2, accept_proposals=True)))
    assert accepted["no/6.png"].decision == "keep"
    assert accepted["no/6.png"].split is not None
    assert not (root.parent / "dataset.curator").exists()
    again = finished(export_folder(root, tmp_path / "c", workers=1, accept_proposals=True))
    assert rows_of(again) == accepted


def test_a_folder_with_project_is_exported_from_it(project: Project, tmp_path: Path) -> None:
    project.apply(edits.decide(project.states()[:2], "discard", "other"))
    root = project.root
    project.close()
    rows = rows_of(finished(export_folder(root, tmp_path / "out", seed=5)))
    assert sum(row.decided_by == "person" for row in rows.values()) == 2
    with Project.open(root) as again:
        assert {state.file_name: state.split for state in again.states()} == {
            name: row.split for name, row in rows.items()
        }
        assert again.seed == 5


def test_kept_images_are_materialised(project: Project, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = finished(export(project, out, accept_proposals=True, materialise=True))
    kept = [row for row in done.manifest.rows if row.decision == "keep"]
    assert len(list((out / "images").rglob("*.png"))) == len(kept) > 0
