"""Proposals for a whole folder: each image is decoded once for its proposal and its fingerprints, then
copies are found among all of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from curator.dataset.copies import Link, group_copies
from curator.dataset.near_copies import candidates, compare
from curator.errors import ImageError
from curator.imaging.decode import RGB, decode, grey, read_bytes, sha256
from curator.imaging.fingerprint import phash
from curator.imaging.sketch import is_detailed, sketch
from curator.records import CopyEdit, Event, Profile, Progress, Proposal, Warned
from curator.workflow.nearest import Focus, NearestFirst

if TYPE_CHECKING:
    from curator.manifest.schema import ManifestRow
    from curator.project import Project

__all__ = [
    "CopiesFound",
    "Focus",
    "Item",
    "Known",
    "Proposed",
    "RowsProposed",
    "Unreadable",
    "Work",
    "propose",
    "propose_folder",
    "propose_work",
    "work_of",
]

log = logging.getLogger(__name__)

Target: TypeAlias = Literal["head", "brain"]
TARGETS: Final[tuple[Target, ...]] = get_args(Target)
Item: TypeAlias = tuple[int, str, "str | None", "str | None"]
"""Image id, file name below the root, SHA-256, error of the scan."""

# Grey values that differ less than this (standard deviation of 0..255) are an empty image, and all empty
# images have one and the same hash.
_EMPTY_BELOW: Final = 2.0
# Pairs that one thread compares before it is asked whether to go on: half a second.
_COMPARED_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier pass found out of an image: hashes of the whole and of the head crop, 0 for none; its
    sketch, if it has one, and whether that was compared with the others.
    """

    sha256: str | None
    whole: int
    head: int
    sketch: bytes | None = None
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Proposed(Event):
    """New proposals by image id, with them `fingerprints`: hash of the whole, hash of the head crop; and
    `sketches`, also of images that only lacked one.
    """

    proposals: Mapping[int, Proposal]
    fingerprints: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    sketches: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unreadable(Event):
    """A file whose header is right, but whose pixels cannot be decoded; `why` is a sentence with the cure."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class CopiesFound(Event):
    """All groups of copies among the images `ids`; groups have two images or more. `links` are those that were
    found by detail and not known before.
    """

    groups: tuple[frozenset[int], ...]
    ids: frozenset[int]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsProposed(Event):
    """The manifest lines of a folder, sorted by file name."""

    rows: tuple[ManifestRow, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be proposed, as it stood when `work_of` was called."""

    items: tuple[Item, ...]
    root: Path
    profile: Profile
    target: Target
    constraints: tuple[CopyEdit, ...]
    known: Mapping[int, Known]
    copies_are_stale: bool = True
    only_sketch: frozenset[int] = frozenset()
    links: tuple[Link, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.items) or self.copies_are_stale


def work_of(project: Project, *, target: Target | None = None, again: bool = False) -> Work:
    """What a project still needs: proposals of images that have none (`again`: of all), and copies anew.

    Proposals of an older method are made again for images that nobody has edited: what a person has seen and left
    as it is does not change under their hands.
    Images of a project that was made before there were sketches only get those (`only_sketch`). `target` is the
    project's setting "target" where None. Called on the project's thread.
    """
    from curator.proposals import METHOD

    pixels, hashes = project.pixel_proposals(), project.fingerprints()
    sketches, compared = project.sketches(), project.compared()
    items: list[Item] = []
    known: dict[int, Known] = {}
    for state in project.states():
        one = state.id
        older = one in pixels and pixels[one].method != METHOD and not state.edited
        done = not again and not older and one in pixels and one in hashes
        if state.error is not None or done:
            known[one] = Known(
                state.sha256, *hashes.get(one, (0, 0)), sketches.get(one), one in compared and one in sketches
            )
        if state.error is None and not (done and one in sketches):
            items.append((state.id, state.file_name, state.sha256, state.error))
    chosen: Target = target or project.setting("target", "head")
    return Work(
        tuple(items),
        project.root,
        project.profile,
        chosen,
        project.copy_constraints(),
        known,
        project.copies_are_stale,
        frozenset(item[0] for item in items if item[0] in known),
        project.links(),
    )


def propose_work(work: Work, *, workers: int = 0, focus: Focus | None = None) -> Iterator[Event]:
    """`propose` for what `work_of` found."""
    return propose(
        work.items,
        work.root,
        profile=work.profile,
        target=work.target,
        workers=workers,
        focus=focus,
        constraints=work.constraints,
        known=work.known,
        only_sketch=work.only_sketch,
        links=work.links,
    )


def propose(
    items: Sequence[Item],
    root: Path,
    *,
    profile: Profile = "brain-mri",
    target: Target = "head",
    workers: int = 0,
    focus: Focus | None = None,
    constraints: Sequence[CopyEdit] = (),
    known: Mapping[int, Known] | None = None,
    only_sketch: AbstractSet[int] = frozenset(),
    links: Sequence[Link] = (),
) -> Iterator[Event]:
    """Proposes for `items`, nearest the focus first, then finds copies among them and the `known` ones.

    Yields `Proposed`, `Unreadable`, `Warned`, `Progress` and, last, `CopiesFound`. What is found does not
    depend on `workers` (0: one a core) or the focus, only the order does. May be closed at any moment; the
    threads have ended when `close` returns. Only reads. Of `only_sketch`, which are known, no proposal is made;
    `links` were found before among the known ones that are compared.
    """
    readable = [item for item in items if item[3] is None]
    found = dict(known or {})
    # Byte-for-byte copies need no pixels: an image that cannot be decoded still has its hash.
    found.update({one[0]: Known(one[2], 0, 0) for one in items if one[0] not in only_sketch})
    total = len(readable)
    done = 0
    yield Progress(0, total, "Proposing")
    for event in _look_at_all(readable, root, profile, target, workers, focus, only_sketch):
        if isinstance(event, Proposed):
            for image_id, drawn in event.sketches.items():
                former = found[image_id]
                whole, head = event.fingerprints.get(image_id, (former.whole, former.head))
                found[image_id] = Known(former.sha256, whole, head, drawn)
            done += len(event.sketches)
        else:
            done += 1
        yield event
        yield Progress(done, total, "Proposing")
    ids = sorted(found)
    new_links: list[Link] = []
    for some in _compare(found, workers):
        new_links += some
        yield Progress(total, total, "Comparing copies")
    told = {one for one in ids if is_detailed(found[one].sketch or b"")}
    groups = group_copies(
        ids,
        [found[one].sha256 for one in ids],
        [
            np.array([0 if one in told else found[one].whole for one in ids], np.uint64),
            np.array([0 if one in told else found[one].head for one in ids], np.uint64),
        ],
        same=[(item.first_id, item.second_id) for item in constraints if item.same is True],
        different=[(item.first_id, item.second_id) for item in constraints if item.same is False],
        links=(*links, *new_links),
    )
    yield CopiesFound(tuple(groups), frozenset(ids), tuple(new_links))


def _compare(found: Mapping[int, Known], workers: int) -> Iterator[list[Link]]:
    """The links among sketches that were not compared yet, or with those; nothing but an empty list at first."""
    yield []
    sketches = {one: known.sketch for one, known in found.items() if known.sketch is not None}
    compared = [one for one in sketches if found[one].compared]
    if len(compared) == len(sketches):
        return
    pairs = candidates(sketches, compared)
    parts = [pairs[start : start + _COMPARED_AT_ONCE] for start in range(0, len(pairs), _COMPARED_AT_ONCE)]
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="compare")
    try:
        yield from pool.map(lambda part: compare(part, sketches), parts)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def propose_folder(
    root: Path, *, profile: Profile = "brain-mri", target: Target = "head", workers: int = 0
) -> Iterator[Event]:
    """Fresh proposals for a folder as manifest lines: `Progress`, `Warned` and at the end `RowsProposed`.

    Only reads: it neither needs nor touches a project.
    """
    from curator.workflow.draft import draft
    from curator.workflow.export import snapshot_rows

    project = yield from draft(root, profile=profile, target=target, workers=workers)
    yield RowsProposed(snapshot_rows(project, accept_proposals=True))


@dataclass(frozen=True, slots=True)
class _Looked:
    sketch: bytes
    proposal: Proposal | None = None
    whole: int = 0
    head: int = 0


def _look_at_all(
    items: Sequence[Item],
    root: Path,
    profile: Profile,
    target: Target,
    workers: int,
    focus: Focus | None,
    only_sketch: AbstractSet[int],
) -> Iterator[Proposed | Unreadable | Warned]:
    workers = workers or os.cpu_count() or 1
    order = NearestFirst([item[0] for item in items], focus)
    # Of byte-for-byte copies one is looked at, and what it shows holds for all of them.
    running: dict[Future[_Looked], list[Item]] = {}
    looked: dict[tuple[str, bool], Future[_Looked]] = {}
    pool = ThreadPoolExecutor(workers, thread_name_prefix="propose")
    try:
        while order or running:
            # No more than the workers can begin at once: what waits in the pool ignores the focus.
            while order and len(running) < workers + 1:
                item = items[order.take()]
                key = None if item[2] is None else (item[2], item[0] in only_sketch)
                found = None if key is None else looked.get(key)
                # What fails says which file it is, so each of those is looked at by itself.
                if found is None or not found.done() or found.exception() is not None:
                    found = pool.submit(_look, root, item, profile, target, item[0] in only_sketch)
                    if key is not None:
                        looked[key] = found
                running.setdefault(found, []).append(item)
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            # In the order in which they were begun, so that what is nearest the focus comes first.
            yield from _events([(one, running.pop(one)) for one in list(running) if one in finished])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _events(
    finished: Sequence[tuple[Future[_Looked], list[Item]]],
) -> Iterator[Proposed | Unreadable | Warned]:
    proposals: dict[int, Proposal] = {}
    fingerprints: dict[int, tuple[int, int]] = {}
    sketches: dict[int, bytes] = {}
    for future, (image_id, file_name, _, _) in ((one, item) for one, items in finished for item in items):
        error = future.exception()
        if error is None:
            looked = future.result()
            sketches[image_id] = looked.sketch
            if looked.proposal is not None:
                proposals[image_id] = looked.proposal
                fingerprints[image_id] = (looked.whole, looked.head)
        elif isinstance(error, _ChangedError):
            yield Warned(str(error), {"file_name": file_name})
        elif isinstance(error, ImageError):
            yield Unreadable(image_id, str(error))
        else:
            log.error("Nothing could be proposed for %s", file_name, exc_info=error)
            yield Warned(
                f"Nothing could be proposed for {file_name} ({type(error).__name__}): decide on it by hand.",
                {"file_name": file_name},
            )
    if sketches:
        yield Proposed(proposals, fingerprints, sketches)


class _ChangedError(ImageError):
    """The file is not the one that the scan read."""


def _look(root: Path, item: Item, profile: Profile, target: Target, only_sketch: bool) -> _Looked:
    from curator.proposals import propose_image

    _, file_name, digest, _ = item
    data = read_bytes(root / file_name)
    if digest is not None and sha256(data) != digest:
        raise _ChangedError(f"{file_name} has changed since the folder was read: read the folder again.")
    image = decode(data, file_name)
    drawn = sketch(image).encoded()
    if only_sketch:
        return _Looked(drawn)
    proposal = propose_image(image, profile=profile, target=target)
    whole = _fingerprint(image)
    crop = proposal.crop
    if crop is None:
        return _Looked(drawn, proposal, whole, whole)
    head = image[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    return _Looked(drawn, proposal, whole, _fingerprint(np.ascontiguousarray(head)))


def _fingerprint(image: RGB) -> int:
    """The perceptual hash, 0 (no hash) for an empty image."""
    return 0 if float(grey(image).std()) < _EMPTY_BELOW else phash(image)
