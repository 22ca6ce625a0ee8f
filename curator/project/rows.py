"""Between the layers in memory and the rows of the database: loads all of them, builds the statements."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curator.imaging.sketch import is_current
from curator.project.codec import (
    dumps,
    field_from_json,
    field_to_json,
    proposal_from_json,
    proposal_to_json,
)
from curator.project.journal import Entry, Journal
from curator.project.schema import connect, damaged
from curator.project.store import Statement
from curator.project.view import FileFacts, Layers
from curator.records import UNSET, CopyEdit, FieldEdit, ImageRecord, Proposal


@dataclass(slots=True)
class Loaded:
    """All that a project holds, as read when it is opened."""

    layers: Layers
    journal: Journal
    meta: dict[str, Any]
    settings: dict[str, Any]
    seen: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)


def load(path: Path) -> Loaded:
    """Reads the whole database. Raises `ProjectError` where a row is not what it should be."""
    try:
        with contextlib.closing(connect(path)) as database:
            return _load(database)
    except (sqlite3.Error, ValueError, KeyError, TypeError, IndexError) as error:
        raise damaged(path, str(error)) from error


def _load(database: sqlite3.Connection) -> Loaded:
    layers = Layers()
    for row in database.execute(
        "SELECT id, file_name, label, sha256, width, height, size_bytes, error, missing, earlier_sha256"
        " FROM images"
    ):
        layers.files[row[0]] = FileFacts(ImageRecord(*row[1:8]), bool(row[8]), row[9])
    for image_id, text in database.execute("SELECT image_id, value FROM proposals"):
        layers.proposals[image_id] = proposal_from_json(text)
    for image_id, whole, head in database.execute("SELECT image_id, whole, head FROM fingerprints"):
        layers.fingerprints[image_id] = (int(whole, 16), int(head, 16))
    for image_id, value, compared in database.execute("SELECT image_id, value, compared FROM sketches"):
        # One of a former version is as good as none: it is made anew by the next pass.
        if is_current(value):
            layers.sketches[image_id] = value
            if compared:
                layers.compared.add(image_id)
    for first, second, strength in database.execute("SELECT first_id, second_id, strength FROM links"):
        if first in layers.sketches and second in layers.sketches:
            layers.links[first, second] = strength
    for image_id, name, text in database.execute("SELECT image_id, field, value FROM person"):
        layers.person.setdefault(image_id, {})[name] = field_from_json(name, json.loads(text))
    for first, second, same in database.execute("SELECT first_id, second_id, same FROM constraints"):
        layers.constraints[first, second] = bool(same)
    for image_id, copy_group, leak_group in database.execute(
        "SELECT image_id, copy_group, leak_group FROM leaks"
    ):
        layers.leak_group[image_id] = leak_group
        if copy_group is not None:
            layers.copy_group[image_id] = copy_group
    if layers.files.keys() != layers.leak_group.keys():
        raise ValueError("its images and their groups do not fit together")
    layers.splits.update(database.execute("SELECT leak_group, split FROM splits"))
    meta = {key: json.loads(text) for key, text in database.execute("SELECT key, value FROM meta")}
    entries = [
        Entry(*row)
        for row in database.execute("SELECT words, forward, inverse, at, focus_id FROM steps ORDER BY number")
    ]
    return Loaded(
        layers,
        Journal(entries, meta.get("cursor", 0)),
        meta,
        {key: json.loads(text) for key, text in database.execute("SELECT key, value FROM settings")},
        {row[0] for row in database.execute("SELECT image_id FROM seen")},
        {row[0] for row in database.execute("SELECT image_id FROM touched")},
    )


def put_meta(**values: Any) -> Statement:
    """Facts of the project itself: profile, shares, seed, cursor."""
    return ("REPLACE INTO meta VALUES (?, ?)", [(key, dumps(value)) for key, value in values.items()])


def put_setting(key: str, text: str) -> Statement:
    """One setting, its value as JSON text."""
    return ("REPLACE INTO settings VALUES (?, ?)", [(key, text)])


def put_files(files: Mapping[int, FileFacts]) -> Statement:
    """Inserts files, or updates those that are there."""
    return (
        "REPLACE INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                image_id,
                facts.record.file_name,
                facts.record.label,
                facts.record.sha256,
                facts.record.width,
                facts.record.height,
                facts.record.size_bytes,
                facts.record.error,
                int(facts.missing),
                facts.earlier_sha256,
            )
            for image_id, facts in files.items()
        ],
    )


def put_proposals(proposals: Mapping[int, Proposal]) -> Statement:
    """Proposals by image id; the mapping must not change any more."""
    return (
        "REPLACE INTO proposals VALUES (?, ?)",
        lambda: [(image_id, proposal_to_json(proposal)) for image_id, proposal in proposals.items()],
    )


def put_fingerprints(fingerprints: Mapping[int, tuple[int, int]]) -> Statement:
    """Hashes of the whole image and of its head crop; as text, since SQLite's integers are signed."""
    return (
        "REPLACE INTO fingerprints VALUES (?, ?, ?)",
        [(image_id, f"{whole:016x}", f"{head:016x}") for image_id, (whole, head) in fingerprints.items()],
    )


def drop_proposals(image_ids: Iterable[int]) -> list[Statement]:
    """Forgets what was computed from pixels that are no longer those of the file."""
    image_ids = tuple(image_ids)
    rows = [(image_id,) for image_id in image_ids]
    return [
        ("DELETE FROM proposals WHERE image_id = ?", rows),
        ("DELETE FROM fingerprints WHERE image_id = ?", rows),
        ("DELETE FROM sketches WHERE image_id = ?", rows),
        *drop_links(image_ids),
    ]


def put_sketches(sketches: Mapping[int, bytes]) -> Statement:
    """New sketches of images, not compared with others yet; the mapping must not change any more."""
    return (
        "REPLACE INTO sketches VALUES (?, ?, 0)",
        lambda: [(image_id, value) for image_id, value in sketches.items()],
    )


def put_links(links: Mapping[tuple[int, int], int], compared: Iterable[int]) -> list[Statement]:
    """Links that were found, and the images that are compared with all others by now."""
    return [
        ("REPLACE INTO links VALUES (?, ?, ?)", [(*pair, strength) for pair, strength in links.items()]),
        ("UPDATE sketches SET compared = 1 WHERE image_id = ?", [(one,) for one in compared]),
    ]


def drop_links(image_ids: Iterable[int]) -> list[Statement]:
    """Forgets what images were found alike with."""
    return [
        ("DELETE FROM links WHERE first_id = ? OR second_id = ?", [(one, one) for one in image_ids]),
    ]


def put_fields(fields: Iterable[FieldEdit]) -> list[Statement]:
    """The person's layer: sets and clears, of which no two are for the same field."""
    fields = tuple(fields)
    return [
        (
            "DELETE FROM person WHERE image_id = ? AND field = ?",
            [(item.image_id, item.field) for item in fields if item.value is UNSET],
        ),
        (
            "REPLACE INTO person VALUES (?, ?, ?)",
            lambda: [
                (item.image_id, item.field, dumps(field_to_json(item.field, item.value)))
                for item in fields
                if item.value is not UNSET
            ],
        ),
    ]


def put_constraints(copies: Iterable[CopyEdit]) -> list[Statement]:
    """The person's words on copies, first id the lower one."""
    copies = tuple(copies)
    return [
        (
            "DELETE FROM constraints WHERE first_id = ? AND second_id = ?",
            [(item.first_id, item.second_id) for item in copies if item.same is None],
        ),
        (
            "REPLACE INTO constraints VALUES (?, ?, ?)",
            [(item.first_id, item.second_id, int(item.same)) for item in copies if item.same is not None],
        ),
    ]


def put_groups(image_ids: Iterable[int], layers: Layers) -> Statement:
    """The copy and leak groups of these images as they now are in memory."""
    return (
        "REPLACE INTO leaks VALUES (?, ?, ?)",
        [(image_id, layers.copy_group.get(image_id), layers.leak_group[image_id]) for image_id in image_ids],
    )


def put_splits(before: Mapping[str, str], after: Mapping[str, str]) -> list[Statement]:
    """From the splits in the database to those in memory."""
    return [
        ("DELETE FROM splits WHERE leak_group = ?", [(name,) for name in before if name not in after]),
        (
            "REPLACE INTO splits VALUES (?, ?)",
            [(name, split) for name, split in after.items() if before.get(name) != split],
        ),
    ]


def put_step(number: int, entry: Entry, cursor: int) -> list[Statement]:
    """A new step in the place of whatever was undone."""
    return [
        ("DELETE FROM steps WHERE number >= ?", [(number,)]),
        (
            "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?)",
            lambda: [
                (
                    number,
                    entry.words,
                    entry.as_json(inverse=False),
                    entry.as_json(inverse=True),
                    entry.at,
                    entry.focus_id,
                )
            ],
        ),
        put_meta(cursor=cursor),
    ]


def put_ids(table: str, image_ids: Iterable[int]) -> Statement:
    """Adds to `seen` or `touched`."""
    return (f"INSERT OR IGNORE INTO {table} VALUES (?)", [(image_id,) for image_id in image_ids])
