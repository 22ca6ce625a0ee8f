"""What copies are told by, as a project keeps it: stored, versioned, dropped with the pixels it was made of."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from curator.imaging.sketch import VERSION
from curator.project import Project, edits
from curator.project.schema import FILE_NAME, SCHEMA


def drawn(*, detailed: bool = True, version: int = VERSION) -> bytes:
    """The head of a sketch: all that a project itself looks at."""
    return bytes((version, detailed, 0, 7))


def database_of(project: Project) -> Path:
    return project.folder / FILE_NAME


def test_sketches_and_links_are_there_after_a_restart(project: Project) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({}, sketches={a: drawn(), b: drawn(), c: drawn()})
    assert project.copies_are_stale
    project.set_copy_groups([frozenset({a, b})], links=[(a, b, 12)], compared=[a, b])
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert again.sketches() == {a: drawn(), b: drawn(), c: drawn()}
        assert again.compared() == {a, b}
        assert again.links() == ((a, b, 12),)


def test_a_new_sketch_drops_what_the_former_was_found_alike_with(project: Project) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({}, sketches={a: drawn(), b: drawn(), c: drawn()})
    project.set_copy_groups([frozenset({a, b, c})], links=[(a, b, 1), (b, c, 2)], compared=[a, b, c])
    project.set_proposals({}, sketches={a: drawn(detailed=False)})
    assert project.links() == ((b, c, 2),)
    assert project.compared() == {b, c}
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert again.links() == ((b, c, 2),)
        assert again.compared() == {b, c}


def test_hashes_tell_only_of_images_without_detail(project: Project) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({}, fingerprints=dict.fromkeys((a, b, c), (5, 5)))
    assert project.hashes() == project.fingerprints()
    project.set_proposals({}, sketches={a: drawn(), b: drawn(detailed=False)})
    assert project.hashes() == {b: (5, 5), c: (5, 5)}


def test_links_part_and_join_with_a_persons_word(project: Project) -> None:
    a, b, c = project.ids[:3]
    project.set_proposals({}, sketches=dict.fromkeys((a, b, c), drawn()))
    project.set_copy_groups([frozenset({a, b, c})], links=[(a, b, 1), (b, c, 2)], compared=[a, b, c])
    project.apply(edits.mark_copies(project.state(a), project.state(b), False))
    assert project.state(a).copy_group is None
    assert project.state(b).copy_group == project.state(c).copy_group is not None
    project.undo()
    assert len({project.state(one).copy_group for one in (a, b, c)}) == 1


def test_a_project_of_the_former_schema_is_brought_up_and_keeps_everything(project: Project) -> None:
    a, b = project.ids[:2]
    project.set_proposals({}, fingerprints={a: (3, 4)})
    project.apply(edits.mark_copies(project.state(a), project.state(b), True))
    root, path = project.root, database_of(project)
    project.close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript("DROP TABLE sketches; DROP TABLE links; PRAGMA user_version = 1;")
    with Project.open(root) as again:
        assert again.fingerprints() == {a: (3, 4)}
        assert again.state(a).copy_group == again.state(b).copy_group is not None
        assert again.sketches() == {}
        again.set_proposals({}, sketches={a: drawn()})
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == SCHEMA
        assert database.execute("SELECT count(*) FROM sketches").fetchone()[0] == 1


def test_sketches_of_another_version_are_as_good_as_none(project: Project) -> None:
    a, b = project.ids[:2]
    project.set_proposals({}, sketches={a: drawn(version=VERSION + 1), b: drawn()})
    project.set_copy_groups([], links=[(a, b, 1)], compared=[a, b])
    root = project.root
    project.close()
    with Project.open(root) as again:
        assert again.sketches() == {b: drawn()}
        assert again.compared() == {b}
        assert again.links() == ()
