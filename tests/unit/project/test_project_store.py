"""What must hold when things go wrong: two windows, a crash, a full disk, a broken or newer file."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from curator.errors import ProjectError
from curator.project import Project, edits
from curator.records import ImageRecord

PACKAGE_ROOT = Path(__file__).resolve().parents[3]


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PACKAGE_ROOT,
    )


def database_of(root: Path) -> Path:
    return root.with_name(root.name + ".curator") / "project.sqlite"


def test_a_second_process_is_refused(project: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from curator.project import Project\n"
        "from curator.errors import ProjectError\n"
        "try:\n    Project.open(Path(sys.argv[1]))\n"
        "except ProjectError as error:\n    print(error)\n"
    )
    said, errors = python(code, str(project.root)).communicate(timeout=60)
    assert not errors
    assert "already open" in said
    assert str(os.getpid()) in said
    with pytest.raises(ProjectError, match="already open"):
        Project.open(project.root)


def test_closing_lets_the_next_one_in(root: Path) -> None:
    Project.open(root).close()
    Project.open(root).close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system knows no SIGKILL")
def test_a_killed_process_loses_nothing_that_was_acknowledged(root: Path) -> None:
    code = """
import sys
from pathlib import Path
from curator.project import Project, edits
from curator.records import ImageRecord
project = Project.open(Path(sys.argv[1]))
project.add_records([ImageRecord(f"a/{n}.png", "a", f"{n:064x}", 9, 9, 9) for n in range(50)])
for n, image_id in enumerate(project.ids):
    project.apply(edits.decide([project.state(image_id)], "keep"))
project.undo()
assert project.flush()
print("saved", flush=True)
while True:
    for image_id in project.ids:
        project.apply(edits.set_note(project.state(image_id), str(project.sequence)))
"""
    process = python(code, str(root))
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "saved\n"
    process.kill()
    process.wait(timeout=30)
    process.stdout.close()
    process.stderr.close()
    with Project.open(root) as project:
        assert project.counts().decided == 49
        done = [step for step in project.history(10**6) if not step.undone]
        assert len(done) >= 49
        # The cursor fits the person's layer: undoing everything leaves nothing.
        while project.undo():
            pass
        assert all(not state.edited for state in project.states())


def test_a_failed_commit_is_said_and_tried_again_in_order(project: Project) -> None:
    assert project.flush()
    saved = project.saved_sequence
    with contextlib.closing(sqlite3.connect(project.folder / "project.sqlite")) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON person BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        other.commit()
        one = project.ids[0]
        project.apply(edits.set_note(project.state(one), "first"))
        project.apply(edits.set_note(project.state(one), "second"))
        assert not project.flush(timeout=0.3)
        assert project.save_error is not None
        assert "disk is full" in project.save_error
        assert project.saved_sequence == saved
        assert project.state(one).note == "second"
        project.apply(edits.set_note(project.state(project.ids[1]), "third"))
        other.execute("DROP TRIGGER full")
        other.commit()
        assert project.flush(timeout=20)
        assert project.save_error is None
        assert project.saved_sequence == project.sequence
        rows = other.execute("SELECT image_id, value FROM person ORDER BY image_id").fetchall()
    assert sorted(rows) == sorted([(one, '"second"'), (project.ids[1], '"third"')])


def test_closing_with_unsaved_edits_says_so(root: Path, make_record: Callable[..., ImageRecord]) -> None:
    project = Project.open(root)
    project.add_records([make_record(0)])
    assert project.flush()
    with contextlib.closing(sqlite3.connect(database_of(root))) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON person BEGIN SELECT RAISE(ABORT, 'full'); END")
        other.commit()
    project.apply(edits.set_note(project.state(1), "lost"))
    assert not project.flush(timeout=0.2)
    with pytest.raises(ProjectError, match="full"):
        project.close()
    Project.open(root).close()


def test_each_change_is_acknowledged(project: Project) -> None:
    change = project.apply(edits.set_note(project.state(project.ids[0]), "x"))
    assert change.sequence == project.sequence
    assert project.flush()
    assert project.saved_sequence == change.sequence
    assert project.saved_at is not None


def test_a_newer_schema_is_refused(root: Path) -> None:
    Project.open(root).close()
    with contextlib.closing(sqlite3.connect(database_of(root))) as database:
        database.execute("PRAGMA user_version = 7")
    with pytest.raises(ProjectError, match=r"newer Curator \(schema 7"):
        Project.open(root)


def test_a_foreign_database_is_refused(root: Path) -> None:
    Project.open(root).close()
    path = database_of(root)
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE other (x)")
        database.commit()
    with pytest.raises(ProjectError, match="not a project of Curator"):
        Project.open(root)


def filled(root: Path, records: list[ImageRecord]) -> None:
    with Project.open(root) as project:
        project.add_records(records)


def test_a_damaged_file_names_itself_and_the_backup(
    root: Path, make_record: Callable[..., ImageRecord]
) -> None:
    filled(root, [make_record(n) for n in range(300)])
    path = database_of(root)
    path.write_bytes(b"this is no database, but long enough to be read as one" * 40)
    with pytest.raises(ProjectError, match="no backup yet") as raised:
        Project.open(root)
    assert str(path) in str(raised.value)

    path.unlink()
    filled(root, [make_record(n) for n in range(300)])
    Project.open(root).close()  # makes the day's backup
    backups = list((path.parent / "backups").glob("project-*.sqlite"))
    assert len(backups) == 1
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ProjectError, match="is damaged") as raised:
        Project.open(root)
    assert str(backups[0]) in str(raised.value)

    path.write_bytes(backups[0].read_bytes())
    with Project.open(root) as project:
        assert len(project) == 300


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO person VALUES (1, 'crop', '[1, 2')",
        "INSERT INTO proposals VALUES (1, '{}')",
        "INSERT INTO leaks VALUES (9, 'c000009', 'g000009')",
        "DELETE FROM leaks",
        "DROP TABLE steps",
    ],
)
def test_content_that_makes_no_sense_is_damage_too(
    root: Path, make_record: Callable[..., ImageRecord], sql: str
) -> None:
    filled(root, [make_record(0)])
    with contextlib.closing(sqlite3.connect(database_of(root))) as database:
        database.execute(sql)
        database.commit()
    with pytest.raises(ProjectError, match="is damaged"):
        Project.open(root)


def test_no_folder_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is not a folder"):
        Project.open(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []


def test_profile_and_settings_are_kept(root: Path) -> None:
    with Project.open(root, profile="general") as project:
        project.set_setting("current", {"file_name": "a/ü.png"})
    with Project.open(root, profile="brain-mri") as project:
        assert project.profile == "general"
        assert project.setting("current") == {"file_name": "a/ü.png"}
        assert project.setting("other", 5) == 5


def test_a_new_profile_drops_proposals_only(project: Project, make_proposal: Callable[..., object]) -> None:
    one = project.ids[0]
    project.set_proposals({one: make_proposal()})  # type: ignore[dict-item]
    project.apply(edits.set_note(project.state(one), "mine"))
    project.set_profile("general")
    assert project.state(one).proposal is None
    assert project.state(one).note == "mine"
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert again.profile == "general"
        assert again.pixel_proposals() == {}


def test_no_thread_is_left(root: Path) -> None:
    before = set(threading.enumerate())
    Project.open(root).close()
    assert set(threading.enumerate()) == before


def test_a_project_in_memory_touches_no_disk(root: Path, make_record: Callable[..., ImageRecord]) -> None:
    with Project.in_memory(root) as project:
        project.add_records([make_record(0)])
        project.apply(edits.set_note(project.state(1), "x"))
        assert project.flush()
        assert project.saved_sequence == project.sequence
    assert [path.name for path in root.parent.iterdir()] == [root.name]
