"""Takes what a scan found into the layers: new files, changed ones, moved ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from curator.project.splits import leak_group_name
from curator.project.view import FileFacts, Layers
from curator.records import ImageRecord


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`ids` are all images concerned, `new` those inserted, `stale` those whose proposals were dropped."""

    ids: tuple[int, ...]
    new: tuple[int, ...]
    stale: tuple[int, ...]
    words: str


def take_in(
    layers: Layers,
    id_of: Mapping[str, int],
    records: Sequence[ImageRecord],
    renamed: Mapping[str, str],
) -> TakenIn:
    """Inserts or updates by file name (by its former name for what was renamed); see `add_records`."""
    ids: dict[int, None] = {}
    new: list[int] = []
    changed: list[str] = []
    stale: list[int] = []
    next_id = max(layers.files, default=0) + 1
    index = dict(id_of)
    for record in records:
        name = record.file_name
        image_id = index.get(name)
        if image_id is None and name in renamed:
            image_id = index.pop(renamed[name], None)
        if image_id is None:
            image_id = next_id
            next_id += 1
            layers.files[image_id] = FileFacts(record)
            layers.leak_group[image_id] = leak_group_name(image_id)
            new.append(image_id)
        elif _update(layers.files[image_id], record):
            changed.append(name)
            stale.append(image_id)
            layers.proposals.pop(image_id, None)
            layers.learned.pop(image_id, None)
            layers.fingerprints.pop(image_id, None)
            layers.forget_sketch(image_id)
        index[name] = image_id
        ids[image_id] = None
    return TakenIn(tuple(ids), tuple(new), tuple(stale), _words(len(new), len(ids) - len(new), changed))


def _update(facts: FileFacts, record: ImageRecord) -> bool:
    """Updates what is known of a file; whether its bytes are others than before."""
    old = facts.record
    former = old.sha256 or facts.earlier_sha256
    if record.error is None and old.error is not None and record.sha256 == old.sha256:
        # The scan reads headers only: that the pixels of these same bytes are damaged is still true.
        record = replace(record, error=old.error)
    if record.sha256 != old.sha256 and old.sha256 is not None:
        facts.earlier_sha256 = old.sha256
    facts.record = record
    facts.missing = False
    return record.sha256 is not None and former is not None and record.sha256 != former


def _words(new: int, known: int, changed: Sequence[str]) -> str:
    words = f"{new} new images" if new or not known else f"{known} images read again"
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        words += f"; changed since last time: {', '.join(changed[:3])}{more}"
    return words
