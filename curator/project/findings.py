"""What machines found out, as it enters a project: files, proposals, copies, splits. Never the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from curator.dataset.copies import Link
from curator.dataset.split import Shares
from curator.project import grouping, intake, rows
from curator.project.core import Core
from curator.project.splits import draw
from curator.project.store import Statement
from curator.records import Change, ImageRecord, Profile, Proposal

DEFAULT_SEED: Final = 0


class Findings(Core):
    """The machine's side of a project; what a person set stays untouched by all of it."""

    def add_records(
        self,
        records: Sequence[ImageRecord],
        *,
        renamed: Mapping[str, str] | None = None,
    ) -> Change:
        """Takes in files by name: new ones are inserted, known ones updated and no longer missing.

        `renamed` gives the former name of files that only moved. A file whose bytes changed keeps the
        person's layer, loses its proposal (made from other pixels) and is named in the words.
        """
        taken = intake.take_in(self._layers, self._id_of, records, renamed or {})
        self._index_names(taken.new, reorder=bool(renamed))
        statements: list[Statement] = [
            rows.put_files({one: self._layers.files[one] for one in taken.ids}),
            rows.put_groups(taken.new, self._layers),
            *rows.drop_proposals(taken.stale),
            *(self._mark_copies_stale(True) if taken.new or taken.stale else ()),
        ]
        return self._changed(self._view.refresh(taken.ids), taken.words, "records", statements)

    def mark_missing(self, file_names: Iterable[str]) -> Change:
        """Notes that these files are no longer in the folder; everything else about them is kept."""
        ids = [one for one in map(self._id_of.get, file_names) if one is not None]
        for image_id in ids:
            self._layers.files[image_id].missing = True
        statements = [rows.put_files({one: self._layers.files[one] for one in ids})]
        words = f"{len(ids)} files are no longer in the folder"
        return self._changed(self._view.refresh(ids), words, "records", statements)

    def mark_unreadable(self, image_id: int, why: str) -> Change:
        """Notes that the pixels of a file cannot be decoded; holds until its bytes change."""
        facts = self._layers.files[image_id]
        facts.record = replace(facts.record, error=why)
        statements = [rows.put_files({image_id: facts})]
        return self._changed(self._view.refresh([image_id]), why, "records", statements)

    def set_proposals(
        self,
        proposals: Mapping[int, Proposal],
        *,
        fingerprints: Mapping[int, tuple[int, int]] | None = None,
        sketches: Mapping[int, bytes] | None = None,
    ) -> Change:
        """Replaces the machine's proposals of these images, and what their copies are told by; what a person
        set stays untouched.
        """
        known = {one: proposal for one, proposal in proposals.items() if one in self._layers.files}
        hashes = {one: pair for one, pair in (fingerprints or {}).items() if one in self._layers.files}
        self._layers.proposals.update(known)
        for image_id in known:
            self._layers.learned.pop(image_id, None)
        self._layers.fingerprints.update(hashes)
        drawn = {one: value for one, value in (sketches or {}).items() if one in self._layers.files}
        anew = [one for one in drawn if one in self._layers.sketches]
        for image_id in anew:
            self._layers.forget_sketch(image_id)
        self._layers.sketches.update(drawn)
        statements = [
            rows.put_proposals(known),
            rows.put_fingerprints(hashes),
            *rows.drop_links(anew),
            rows.put_sketches(drawn),
            *(self._mark_copies_stale(True) if hashes or drawn else ()),
        ]
        words = f"{len(known)} new proposals"
        return self._changed(self._view.refresh(known), words, "proposals", statements)

    def set_confidences(self, confidences: Mapping[int, float]) -> Change:
        """Says anew how sure these images' proposals are; the proposals stay as they are, and nothing is kept."""
        known = {one: sure for one, sure in confidences.items() if one in self._layers.proposals}
        self._layers.learned.update(known)
        return self._changed(self._view.refresh(known), "Confidence learnt", "proposals", [])

    def set_copy_groups(
        self,
        groups: Sequence[frozenset[int]],
        *,
        links: Iterable[Link] = (),
        compared: Iterable[int] = (),
    ) -> Change:
        """Replaces all copy groups, and with them the leak groups; splits stay, test wins over a border.

        `links` are kept with those found before, and `compared` are the images that need not be compared with
        each other any more.
        """
        sketches = self._layers.sketches
        now = {one for one in compared if one in sketches} - self._layers.compared
        found = {(a, b): strength for a, b, strength in links if a in sketches and b in sketches}
        self._layers.compared |= now
        self._layers.links.update(found)
        known = [group & self._layers.files.keys() for group in groups]
        known = [group for group in known if len(group) > 1]
        done = grouping.group_all(self._layers, self._view, known)
        statements = [*rows.put_links(found, now), *done.statements, *self._mark_copies_stale(False)]
        return self._changed(done.ids, f"{len(known)} groups of copies{done.said}", "copies", statements)

    def set_profile(self, profile: Profile) -> Change:
        """Changes the profile; proposals of the former one are dropped, what a person set stays."""
        if profile == self.profile:
            return self._changed((), f"Profile {profile}", "proposals", [])
        self.profile = profile
        ids = tuple(self._layers.proposals)
        self._layers.proposals.clear()
        self._layers.learned.clear()
        self._layers.fingerprints.clear()
        self._layers.sketches.clear()
        self._layers.compared.clear()
        self._layers.links.clear()
        statements = [rows.put_meta(profile=profile), *rows.drop_proposals(self._ids)]
        return self._changed(self._view.refresh(ids), f"Profile {profile}", "proposals", statements)

    def ensure_splits(self, shares: Shares, seed: int) -> Change:
        """Gives every leak group a split; those that have one keep it. `shares` and `seed` are stored."""
        labels = {one: self._view[one].label for one in self._ids}
        kept = frozenset(one for one in self._ids if self._view[one].decision != "discard")
        before = self._layers.splits
        after = draw(self._layers.leak_group, labels, kept, before, shares, seed)
        self._layers.splits = {**before, **after}
        self._meta.update(shares=[shares.train, shares.val, shares.test], seed=seed)
        statements = [
            rows.put_meta(shares=self._meta["shares"], seed=seed),
            *rows.put_splits(before, self._layers.splits),
        ]
        new = {name for name in after if name not in before}
        ids = self._view.refresh(one for one, name in self._layers.leak_group.items() if name in new)
        return self._changed(ids, f"{len(ids)} images got a split", "splits", statements)

    @property
    def shares(self) -> Shares:
        """The shares that splits were last drawn with, else the default ones."""
        stored = self._meta.get("shares")
        return Shares() if stored is None else Shares(*stored)

    @property
    def seed(self) -> int:
        """The seed that splits were last drawn with."""
        return int(self._meta.get("seed", DEFAULT_SEED))

    def _mark_copies_stale(self, stale: bool) -> list[Statement]:
        if stale == self.copies_are_stale:
            return []
        self._meta["copies_are_stale"] = stale
        return [rows.put_meta(copies_are_stale=stale)]
