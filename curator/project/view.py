"""The effective state of each image, composed field by field from the layers; all in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from curator.imaging.sketch import is_detailed
from curator.project.copies import Candidate, duplicate_proposals
from curator.project.counts import Tally
from curator.records import (
    DEFAULT_FILL,
    UNSET,
    DecidedBy,
    Decision,
    DiscardReason,
    Edit,
    Field,
    FieldEdit,
    ImageRecord,
    ImageState,
    Proposal,
    Split,
)


@dataclass(slots=True)
class FileFacts:
    """What is known of one file; a `missing` one was there once.

    `earlier_sha256` is the hash before the file last changed, None if it never did.
    """

    record: ImageRecord
    missing: bool = False
    earlier_sha256: str | None = None


@dataclass(slots=True)
class Layers:
    """Everything that the database holds of the images. `proposals` are those made from pixels alone;
    `learned` is how sure they are in the light of what a person corrected, which is not kept but found anew.
    """

    files: dict[int, FileFacts] = field(default_factory=dict)
    person: dict[int, dict[Field, Any]] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)
    learned: dict[int, float] = field(default_factory=dict)
    fingerprints: dict[int, tuple[int, int]] = field(default_factory=dict)
    sketches: dict[int, bytes] = field(default_factory=dict)
    compared: set[int] = field(default_factory=set)
    links: dict[tuple[int, int], int] = field(default_factory=dict)
    constraints: dict[tuple[int, int], bool] = field(default_factory=dict)
    copy_group: dict[int, str] = field(default_factory=dict)
    leak_group: dict[int, str] = field(default_factory=dict)
    splits: dict[str, Split] = field(default_factory=dict)

    def forget_sketch(self, image_id: int) -> None:
        """Drops the sketch of an image and what it was found alike with."""
        self.sketches.pop(image_id, None)
        self.compared.discard(image_id)
        for pair in [pair for pair in self.links if image_id in pair]:
            del self.links[pair]

    def hashes(self, ids: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Fingerprints of those of these images that have no detail; of others the links say which are copies."""
        return {
            one: self.fingerprints[one]
            for one in ids
            if one in self.fingerprints and not is_detailed(self.sketches.get(one, b""))
        }


class View:
    """The composed states. After a layer was changed, `refresh` must be told which images it concerns."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._states: dict[int, ImageState] = {}
        self._members: dict[str, set[int]] = {}
        self._duplicates: dict[int, Proposal] = {}
        self.tally = Tally()
        for image_id, name in layers.copy_group.items():
            self._members.setdefault(name, set()).add(image_id)
        for name in self._members:
            self._judge_copies(name)
        for image_id in layers.files:
            self._put(image_id)

    def __getitem__(self, image_id: int) -> ImageState:
        return self._states[image_id]

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._states

    def members(self, copy_group: str) -> frozenset[int]:
        """The images of one copy group."""
        return frozenset(self._members.get(copy_group, ()))

    def set_copy_groups(self, image_ids: Iterable[int], names: Mapping[int, str]) -> None:
        """Replaces the copy group of `image_ids` (None for those without a name) in the layers."""
        groups = self._layers.copy_group
        for image_id in image_ids:
            old = groups.pop(image_id, None)
            if old is not None:
                self._members[old].discard(image_id)
                self._duplicates.pop(image_id, None)
                if not self._members[old]:
                    del self._members[old]
            if image_id in names:
                groups[image_id] = names[image_id]
                self._members.setdefault(names[image_id], set()).add(image_id)

    def refresh(self, image_ids: Iterable[int]) -> tuple[int, ...]:
        """Composes these images and their copies again; returns the ids whose state differs, sorted."""
        concerned = set(image_ids)
        names = {self._layers.copy_group[one] for one in concerned if one in self._layers.copy_group}
        for name in names:
            concerned |= self._members[name]
            self._judge_copies(name)
        return tuple(sorted(image_id for image_id in concerned if self._put(image_id)))

    def preview(self, edit: Edit) -> dict[int, ImageState]:
        """What the states of the edited images would be; nothing is changed. Copies are not looked at."""
        layers: dict[int, dict[Field, Any]] = {}
        for item in edit.fields:
            own = layers.setdefault(item.image_id, dict(self._layers.person.get(item.image_id, {})))
            _set(own, item)
        return {image_id: self._compose(image_id, own) for image_id, own in layers.items()}

    def set_field(self, item: FieldEdit) -> None:
        """Sets or clears one field of the person's layer."""
        own = self._layers.person.setdefault(item.image_id, {})
        _set(own, item)
        if not own:
            del self._layers.person[item.image_id]

    def _put(self, image_id: int) -> bool:
        new = self._compose(image_id, self._layers.person.get(image_id, {}))
        old = self._states.get(image_id)
        if old == new:
            return False
        if old is not None:
            self.tally.add(old, -1)
        self.tally.add(new)
        self._states[image_id] = new
        return True

    def _judge_copies(self, name: str) -> None:
        candidates = [self._candidate(image_id) for image_id in sorted(self._members[name])]
        for item in candidates:
            self._duplicates.pop(item.id, None)
        self._duplicates.update(duplicate_proposals(candidates))

    def _candidate(self, image_id: int) -> Candidate:
        facts = self._layers.files[image_id]
        record = facts.record
        own = self._layers.person.get(image_id, {})
        decided: Decision = own["decision"][0] if "decision" in own else "undecided"
        return Candidate(
            image_id,
            record.file_name,
            own.get("label", record.label),
            record.sha256,
            (record.width or 0) * (record.height or 0),
            record.size_bytes,
            facts.missing or record.error is not None,
            self._layers.proposals.get(image_id),
            decided if decided != "undecided" else None,
        )

    def _compose(self, image_id: int, person: Mapping[Field, Any]) -> ImageState:
        layers = self._layers
        facts = layers.files[image_id]
        record = facts.record
        error = record.error
        if facts.missing:
            error = f"{record.file_name} is no longer in the folder: put it back, or leave it out."
        proposal = self._duplicates.get(image_id) or layers.proposals.get(image_id)
        if error is not None:
            proposal = None
        decision: Decision = "undecided"
        reason: DiscardReason | None = None
        decided_by: DecidedBy | None = None
        if "decision" in person:
            decision, reason = person["decision"]
            decided_by = "person" if decision != "undecided" else None
        elif error is not None:
            decision, reason, decided_by = "discard", "unreadable", "proposal"
        elif proposal is not None and proposal.decision != "undecided":
            decision, reason, decided_by = proposal.decision, proposal.discard_reason, "proposal"
        group = layers.leak_group[image_id]
        return ImageState(
            id=image_id,
            file_name=record.file_name,
            sha256=None if facts.missing else record.sha256,
            width=None if facts.missing else record.width,
            height=None if facts.missing else record.height,
            size_bytes=record.size_bytes,
            label=person.get("label", record.label),
            decision=decision,
            discard_reason=reason,
            crop=person.get("crop", proposal.crop if proposal else None),
            masks=person.get("masks", proposal.masks if proposal else ()),
            fill=person.get("fill", DEFAULT_FILL),
            note=person.get("note", ""),
            copy_group=layers.copy_group.get(image_id),
            group=group,
            split=layers.splits.get(group),
            decided_by=decided_by,
            confidence=self._sure(image_id, proposal),
            error=error,
            proposal=proposal,
            edited=frozenset(person),
        )

    def _sure(self, image_id: int, proposal: Proposal | None) -> float | None:
        if proposal is None:
            return None
        if image_id in self._duplicates:
            return proposal.confidence
        return self._layers.learned.get(image_id, proposal.confidence)


def _set(own: dict[Field, Any], item: FieldEdit) -> None:
    if item.value is UNSET:
        own.pop(item.field, None)
    else:
        own[item.field] = item.value
