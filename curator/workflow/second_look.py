"""The second look: a part of what a person decided is decided once more, blind, and the two are compared.

A second look is a small project of its own in `<project folder>/second-look/<n>/`, over the same root. It holds
the drawn images with the machine's proposals and nothing that the person decided. What was decided first is
kept in the setting `second_looks` of the main project as it was when the sample was drawn: an image that is
mended later does not make the agreement better. Beyond that setting the main project is never changed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from curator.errors import ProjectError
from curator.metrics import cohen_kappa
from curator.project import Project
from curator.project.edits import REASON_WORDS
from curator.records import Crop, Decision, DiscardReason, ImageState
from curator.workflow.agreement import SAME_CROP, Agreement, Difference, crop_from_json, crop_iou

SHARE: Final = 0.10
# Fewer say nothing of the rest, whatever share of it they are.
LEAST_IMAGES: Final = 5
# Crops that overlap less count as decided otherwise.
_DIFFERENT_CROP: Final = 0.9
_SETTING: Final = "second_looks"
_FOLDER: Final = "second-look"
_DATABASE: Final = "project.sqlite"


@dataclass(frozen=True, slots=True)
class First:
    """What a person had decided of one image when it was drawn."""

    image_id: int
    file_name: str
    sha256: str | None
    decision: Decision
    reason: DiscardReason | None
    crop: Crop | None


@dataclass(frozen=True, slots=True)
class SecondLook:
    """One second look as the main project remembers it; times in epoch seconds.

    `finished` is None until it is, `results` until there are any: one that was dropped has none.
    """

    folder: str
    seed: int
    share: float
    population: int
    began: float
    finished: float | None = None
    results: Agreement | None = None
    first: tuple[First, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the setting."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SecondLook:
        """The reverse of `to_json`."""
        first = tuple(First(**{**item, "crop": crop_from_json(item["crop"])}) for item in values["first"])
        results = values["results"]
        return cls(**{**values, "first": first, "results": Agreement.from_json(results) if results else None})


def eligible(project: Project) -> tuple[int, ...]:
    """The images that may be drawn: a person decided them and they can be read.

    Those discarded as copies are not: one image by itself does not show that it is a copy of another.
    """
    return tuple(
        state.id
        for state in project.states()
        if state.decided_by == "person" and state.error is None and state.discard_reason != "duplicate"
    )


def sample_size(population: int, share: float = SHARE) -> int:
    """How many of `population` images are drawn: the share, rounded up, and `LEAST_IMAGES` where there are."""
    # 0.07 * 100 is a little above 7: rounding up must not make an image of that.
    return min(population, max(LEAST_IMAGES, math.ceil(round(share * population, 6))))


def draw(project: Project, *, share: float = SHARE, seed: int) -> tuple[int, ...]:
    """Draws a random sample of what a person decided, in the order of `project.ids`.

    Keeps and discards are drawn in proportion, at least one of each where there are any. The same seed draws
    the same images from the same decisions. Raises `ValueError` for a share that is not in 0..1.
    """
    if not 0 < share <= 1:
        raise ValueError("the share of images to look at again must be above 0 and at most 1")
    known = eligible(project)
    keeps = [one for one in known if project.state(one).decision == "keep"]
    discards = [one for one in known if project.state(one).decision == "discard"]
    size = sample_size(len(known), share)
    if not size:
        return ()
    wanted = round(size * len(discards) / len(known))
    if keeps and discards:
        wanted = min(max(wanted, 1), size - 1)
    rng = np.random.default_rng(seed)
    drawn = {
        int(one)
        for group, number in ((keeps, size - wanted), (discards, wanted))
        for one in rng.choice(group, number, replace=False)
        if group
    }
    return tuple(one for one in known if one in drawn)


def begin(project: Project, seed: int, *, share: float = SHARE) -> Project:
    """Draws a sample and makes the small project of its second look; the caller closes it.

    Raises `ProjectError` where nothing was decided yet, where one is not finished, or where it cannot be
    written.
    """
    if unfinished(project) is not None:
        raise ProjectError("A second look is not finished yet: go on with it, or drop it.")
    states = [project.state(one) for one in draw(project, share=share, seed=seed)]
    if not states:
        raise ProjectError("No image is decided yet: decide some in Curate, then look a second time.")
    folder = _new_folder(project)
    records, proposals = project.records(), project.pixel_proposals()
    second = Project.open(project.root, profile=project.profile, folder=folder)
    try:
        second.add_records([records[state.file_name] for state in states])
        ids = {state.id: second.id_of(state.file_name) for state in states}
        second.set_proposals({new: proposals[old] for old, new in ids.items() if new and old in proposals})
        _flush(second)
        first = tuple(
            First(state.id, state.file_name, state.sha256, state.decision, state.discard_reason, state.crop)
            for state in states
        )
        look = SecondLook(folder.name, seed, share, len(eligible(project)), time.time(), first=first)
        # Last, so that one that was interrupted before is as if it had never begun.
        _store(project, [*looks(project), look])
    except BaseException:
        second.close()
        raise
    return second


def looks(project: Project) -> tuple[SecondLook, ...]:
    """All second looks of a project, oldest first."""
    return tuple(SecondLook.from_json(values) for values in project.setting(_SETTING, []))


def unfinished(project: Project) -> SecondLook | None:
    """The one that was begun and neither finished nor dropped, if its folder is still there."""
    for look in looks(project):
        if look.finished is None and (_home(project) / look.folder / _DATABASE).is_file():
            return look
    return None


def resume(project: Project) -> Project | None:
    """Opens the unfinished one, None where there is none; the caller closes it. Raises `ProjectError`."""
    look = unfinished(project)
    if look is None:
        return None
    return Project.open(project.root, profile=project.profile, folder=_home(project) / look.folder)


def drop(project: Project) -> None:
    """Ends the unfinished one without results; its folder stays on the disk."""
    look = unfinished(project)
    if look is not None:
        _replace(project, replace(look, finished=time.time()))


def finish(project: Project, second: Project) -> Agreement:
    """Stores how far the decisions agree and ends this second look. `second` stays open."""
    results = agreement(project, second)
    _replace(project, replace(_look_of(project, second), finished=time.time(), results=results))
    return results


def agreement(first: Project, second: Project) -> Agreement:
    """Compares what was decided when the sample was drawn from `first` with what `second` says by now."""
    look = _look_of(first, second)
    decided: list[tuple[First, ImageState]] = []
    changed = 0
    for item in look.first:
        again = second.id_of(item.file_name)
        if again is None or second.state(again).decided_by != "person":
            continue
        if first.state(item.image_id).sha256 != item.sha256:
            changed += 1
            continue
        decided.append((item, second.state(again)))
    before = np.array([item.decision == "discard" for item, _ in decided], np.int64)
    after = np.array([state.decision == "discard" for _, state in decided], np.int64)
    kept = {
        item.image_id: crop_iou(_area(item.crop, state), _area(state.crop, state))
        for item, state in decided
        if item.decision == state.decision == "keep"
    }
    differences = (_difference(item, state, kept.get(item.image_id)) for item, state in decided)
    return Agreement(
        population=look.population,
        seed=look.seed,
        sampled=len(look.first),
        reviewed=len(decided),
        agreed=int((before == after).sum()),
        kappa=cohen_kappa(before, after, 2),
        mean_iou=float(np.mean(list(kept.values()))) if kept else None,
        crops=len(kept),
        same_crops=sum(iou >= SAME_CROP for iou in kept.values()),
        changed=changed,
        differences=tuple(item for item in differences if item is not None),
    )


def _difference(item: First, state: ImageState, iou: float | None) -> Difference | None:
    if iou is None:
        if item.decision == state.decision:
            return None
        words = (
            f"{_decided(item.decision, item.reason)}, then {_decided(state.decision, state.discard_reason)}"
        )
        return Difference(item.image_id, item.file_name, words)
    if iou >= _DIFFERENT_CROP:
        return None
    return Difference(
        item.image_id,
        item.file_name,
        f"crop IoU {iou:.2f}",
        _area(item.crop, state),
        _area(state.crop, state),
    )


def _decided(decision: Decision, reason: DiscardReason | None) -> str:
    if decision == "keep":
        return "kept"
    return f"discarded: {REASON_WORDS[reason]}" if reason is not None else "discarded"


def _area(crop: Crop | None, state: ImageState) -> Crop:
    return crop or Crop(0, 0, max(state.width or 1, 1), max(state.height or 1, 1))


def _home(project: Project) -> Path:
    return project.folder / _FOLDER


def _new_folder(project: Project) -> Path:
    home = _home(project)
    taken = [int(path.name) for path in home.glob("*") if path.name.isdecimal()]
    return home / str(max(taken, default=0) + 1)


def _look_of(project: Project, second: Project) -> SecondLook:
    return next(look for look in looks(project) if look.folder == second.folder.name)


def _replace(project: Project, look: SecondLook) -> None:
    _store(project, [look if other.folder == look.folder else other for other in looks(project)])


def _store(project: Project, all_looks: list[SecondLook]) -> None:
    project.set_setting(_SETTING, [look.to_json() for look in all_looks])
    _flush(project)


def _flush(project: Project) -> None:
    if not project.flush():
        raise ProjectError(project.save_error or f"{project.folder} could not be saved in time.")
