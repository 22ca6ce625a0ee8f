"""What filters and orders ask of all images, as numpy arrays over positions in `project.ids`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from curator.app.image_filter import WHICH, Filter, Order, Which
from curator.imaging.fingerprint import distances
from curator.project import is_to_do, is_unsure
from curator.records import DISCARD_REASONS, MASK_KINDS, SPLITS, ImageState

Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

_REASON: Final = {reason: number for number, reason in enumerate(DISCARD_REASONS, 1)}
_SPLIT: Final = {split: number for number, split in enumerate(SPLITS, 1)}
_KIND: Final = {kind: 1 << number for number, kind in enumerate(MASK_KINDS)}
# Farther than any two 64-bit hashes can be: images without a hash come last.
_UNLIKE: Final = 65


class Images(Protocol):
    """What a list needs of a project."""

    @property
    def ids(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def state(self, image_id: int) -> ImageState: ...

    def fingerprints(self) -> dict[int, tuple[int, int]]: ...


class Preview:
    """Images as they would be after an edit that is not made."""

    def __init__(self, states: Mapping[int, ImageState]) -> None:
        self._states = dict(states)
        self.ids = tuple(self._states)

    def __len__(self) -> int:
        return len(self.ids)

    def state(self, image_id: int) -> ImageState:
        """The state it would have."""
        return self._states[image_id]

    def fingerprints(self) -> dict[int, tuple[int, int]]:
        """None: an edit says nothing of likeness."""
        return {}


class ImageFacts:
    """Read once for all images, then only for those that changed: filters at 10,000 images cost no wait."""

    def __init__(self, project: Images | None = None) -> None:
        self._project = project
        ids = project.ids if project is not None else ()
        count = len(ids)
        self.ids = np.asarray(ids, np.int64)
        self.position = {image_id: position for position, image_id in enumerate(ids)}
        self.flags: dict[Which, Flags] = {name: np.zeros(count, np.bool_) for name in WHICH}
        self.flags["all"][:] = True
        self._confidence = np.full(count, np.nan)
        self._area = np.zeros(count, np.int64)
        self._label = np.zeros(count, np.int32)
        self._label_codes: dict[str, int] = {}
        self._reason = np.zeros(count, np.int8)
        self._split = np.zeros(count, np.int8)
        self._kinds = np.zeros(count, np.int16)
        self._texts = [""] * count
        self._text = ""
        # Which texts hold what is searched for; kept, because rows are chosen anew at every move.
        self._found = np.ones(count, np.bool_)
        self._group: list[str | None] = [None] * count
        # Made when it is asked for; None after a group changed.
        self._members: dict[str, list[int]] | None = None
        self._conflicts_known = True
        self.read(ids)

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, image_ids: Iterable[int]) -> None:
        """Takes over the present states of these images."""
        if self._project is None:
            return
        for image_id in image_ids:
            self._read_one(self.position[image_id], self._project.state(image_id))

    def flag(self, which: Which) -> Flags:
        """For which images `which` holds, (n,)."""
        if which == "conflicts" and not self._conflicts_known:
            self._find_conflicts()
        return self.flags[which]

    def chosen(self, wanted: Filter) -> Flags:
        """Which images a filter lets through, (n,); a new array."""
        if wanted.text.casefold() != self._text:
            self._text = wanted.text.casefold()
            self._found = np.fromiter((self._text in one for one in self._texts), np.bool_, len(self))
        let = self.flag(wanted.which) & self._found
        # Comparing with NaN (no proposal) is false, as it should be.
        if wanted.least_confidence is not None:
            let &= self._confidence >= wanted.least_confidence
        if wanted.most_confidence is not None:
            let &= self._confidence <= wanted.most_confidence
        if wanted.labels:
            let &= np.isin(self._label, [self._label_codes.get(one, -1) for one in wanted.labels])
        if wanted.reasons:
            let &= np.isin(self._reason, [_REASON[one] for one in wanted.reasons])
        if wanted.splits:
            let &= np.isin(self._split, [_SPLIT[one] for one in wanted.splits])
        if wanted.kinds:
            let &= (self._kinds & sum(_KIND[one] for one in wanted.kinds)) > 0
        if wanted.only is not None:
            let &= np.isin(self.ids, list(wanted.only))
        return let

    def with_kind(self, kind: str) -> Flags:
        """Which images have an overlay or a mask of this kind, (n,)."""
        return (self._kinds & _KIND[kind]) > 0  # type: ignore[index]

    def ordered(self, order: Order, near: int) -> Positions:
        """All positions in an order; `near` is the image that likeness is to."""
        if order == "unsure-first":
            return np.argsort(self._confidence, kind="stable")
        if order == "size":
            return np.argsort(self._area, kind="stable")
        if order == "likeness":
            return np.argsort(self._unlikeness(near), kind="stable")
        return np.arange(len(self))

    def copies_of(self, image_id: int) -> list[int]:
        """All images of the same copy group, itself included; none where it is in no group."""
        position = self.position.get(image_id)
        name = self._group[position] if position is not None else None
        return [] if name is None else list(self._groups()[name])

    def _read_one(self, position: int, state: ImageState) -> None:
        flags, proposal = self.flags, state.proposal
        overlays = proposal.overlays if proposal is not None else ()
        flags["to-do"][position] = is_to_do(state)
        flags["unsure"][position] = is_unsure(state)
        flags["copies"][position] = state.copy_group is not None
        flags["discarded"][position] = state.decision == "discard"
        flags["kept"][position] = state.decision == "keep"
        flags["overlays"][position] = bool(overlays or state.masks)
        flags["on-brain"][position] = any(one.on == "brain" for one in overlays)
        self._confidence[position] = np.nan if state.confidence is None else state.confidence
        self._area[position] = (state.width or 0) * (state.height or 0)
        self._reason[position] = _REASON.get(state.discard_reason, 0) if state.discard_reason else 0
        self._split[position] = _SPLIT[state.split] if state.split else 0
        kinds = {one.kind for one in overlays} | {mask.kind for mask in state.masks}
        self._kinds[position] = sum(_KIND[kind] for kind in kinds)
        label = self._label_codes.setdefault(state.label, len(self._label_codes))
        if self._label[position] != label or self._group[position] != state.copy_group:
            self._label[position] = label
            self._conflicts_known = False
        if self._group[position] != state.copy_group:
            self._group[position] = state.copy_group
            self._members = None
        self._texts[position] = f"{state.file_name}\n{state.note}".casefold()
        self._found[position] = self._text in self._texts[position]

    def _groups(self) -> dict[str, list[int]]:
        if self._members is None:
            self._members = {}
            for one, group in zip(self.ids.tolist(), self._group, strict=True):
                if group is not None:
                    self._members.setdefault(group, []).append(one)
        return self._members

    def _find_conflicts(self) -> None:
        """Copies that carry different labels: one of the labels is wrong."""
        found = self.flags["conflicts"]
        found[:] = False
        for members in self._groups().values():
            places = [self.position[one] for one in members]
            if len(set(self._label[places].tolist())) > 1:
                found[places] = True
        self._conflicts_known = True

    def _unlikeness(self, near: int) -> npt.NDArray[np.int64]:
        """How many bits of the perceptual hashes differ from those of the image `near`, the lesser of two."""
        apart = np.full(len(self), _UNLIKE, np.int64)
        hashes = self._project.fingerprints() if self._project is not None else {}
        if near in hashes:
            known = np.array([hashes.get(one, (0, 0)) for one in self.ids.tolist()], np.uint64).reshape(-1, 2)
            for part, own in enumerate(hashes[near]):
                bits = distances(known[:, part], np.uint64(own)).astype(np.int64)
                apart = np.minimum(apart, np.where((known[:, part] != 0) & (own != 0), bits, _UNLIKE))
        if near in self.position:
            apart[self.position[near]] = -1
        return apart
