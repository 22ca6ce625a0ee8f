"""The project's database: its tables, how it is opened, checked and backed up.

`project.sqlite` holds layers that never mix: `images` (what the scan found), `proposals` (the machine's),
`person` and `constraints` (a person's, written only through the journal `steps`), `leaks` and `splits`
(derived, but sticky), `seen` and `touched` (the lock of the test split). Values are JSON.
"""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from pathlib import Path
from typing import Final

from curator.errors import ProjectError

SCHEMA: Final = 2
FILE_NAME: Final = "project.sqlite"
BACKUPS: Final = "backups"
# One a day that the project was opened; a week of them.
_KEPT_BACKUPS: Final = 7
# "Cura" in ASCII, so that `file` and we ourselves know whose database it is.
_APPLICATION: Final = 0x43757261

# Since schema 2: of each image what copies are told by, whether it was compared, and which were found alike.
_SINCE_2 = """
CREATE TABLE sketches (image_id INTEGER PRIMARY KEY, value BLOB NOT NULL, compared INTEGER NOT NULL);
CREATE TABLE links (first_id INTEGER NOT NULL, second_id INTEGER NOT NULL, strength INTEGER NOT NULL,
    PRIMARY KEY (first_id, second_id)) WITHOUT ROWID;
"""
_TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE images (
    id INTEGER PRIMARY KEY, file_name TEXT NOT NULL UNIQUE, label TEXT NOT NULL, sha256 TEXT, width INTEGER,
    height INTEGER, size_bytes INTEGER NOT NULL, error TEXT, missing INTEGER NOT NULL, earlier_sha256 TEXT);
CREATE TABLE proposals (image_id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE fingerprints (image_id INTEGER PRIMARY KEY, whole TEXT NOT NULL, head TEXT NOT NULL);
CREATE TABLE person (image_id INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (image_id, field)) WITHOUT ROWID;
CREATE TABLE constraints (first_id INTEGER NOT NULL, second_id INTEGER NOT NULL, same INTEGER NOT NULL,
    PRIMARY KEY (first_id, second_id)) WITHOUT ROWID;
CREATE TABLE leaks (image_id INTEGER PRIMARY KEY, copy_group TEXT, leak_group TEXT NOT NULL);
CREATE TABLE splits (leak_group TEXT PRIMARY KEY, split TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE steps (
    number INTEGER PRIMARY KEY, words TEXT NOT NULL, forward TEXT NOT NULL, inverse TEXT NOT NULL,
    at REAL NOT NULL, focus_id INTEGER);
CREATE TABLE seen (image_id INTEGER PRIMARY KEY);
CREATE TABLE touched (image_id INTEGER PRIMARY KEY);
{_SINCE_2}"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection with explicit transactions; commits are on disk when they return."""
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def prepare(folder: Path) -> Path:
    """Creates the database or checks the one that is there; returns its path.

    Raises `ProjectError` where it is damaged, made by a newer Curator, or cannot be written.
    """
    path = folder / FILE_NAME
    try:
        with contextlib.closing(connect(path)) as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
            if version > SCHEMA:
                raise ProjectError(
                    f"{path} was made by a newer Curator (schema {version}, this one reads up to {SCHEMA}): "
                    "update Curator to open it."
                )
            if version == 0 and empty:
                connection.executescript(
                    f"BEGIN; PRAGMA application_id={_APPLICATION}; PRAGMA user_version={SCHEMA};"
                    f"{_TABLES} COMMIT;"
                )
            elif version < 1 or connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
                raise ProjectError(f"{path} is not a project of Curator: move that file away to start anew.")
            elif (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise damaged(path, str(found))
            elif version == 1:
                connection.executescript(f"BEGIN; PRAGMA user_version={SCHEMA}; {_SINCE_2} COMMIT;")
    except sqlite3.OperationalError as error:
        raise ProjectError(
            f"{path} cannot be opened ({error}): check its permissions and the free space."
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error
    return path


def damaged(path: Path, reason: str) -> ProjectError:
    """The error for a broken database, with the newest backup as the cure."""
    backups = sorted((path.parent / BACKUPS).glob("project-*.sqlite"))
    reason = reason.strip().splitlines()[-1].rstrip(".") if reason.strip() else "unreadable"
    if backups:
        # A log (-wal) that stays behind would be played into the backup and spoil it.
        cure = (
            f"move it and the {path.name}-wal beside it away and copy the backup {backups[-1]} to its place."
        )
    else:
        cure = "there is no backup yet; move it away to start anew (the images are untouched)."
    return ProjectError(f"{path} is damaged ({reason}): {cure}")


def back_up(connection: sqlite3.Connection, folder: Path) -> None:
    """Copies the database to `backups/project-<date>.sqlite` unless today's is there; keeps seven."""
    backups = folder / BACKUPS
    target = backups / f"project-{datetime.date.today().isoformat()}.sqlite"
    if target.exists() or connection.execute("SELECT count(*) FROM images").fetchone()[0] == 0:
        return
    backups.mkdir(exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(partial)) as copy:
        connection.backup(copy)
    partial.replace(target)
    for old in sorted(backups.glob("project-*.sqlite"))[:-_KEPT_BACKUPS]:
        old.unlink(missing_ok=True)
