"""A look at a random part of what was accepted unseen, and what it says of all of it."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from curator.metrics import clopper_pearson_upper
from curator.project import Project
from curator.records import ImageState

SHARE: Final = 0.05
# Fewer than this say next to nothing: none wrong of 10 still allows 26 %.
LEAST: Final = 10
CONFIDENCE: Final = 0.95
_SETTING: Final = "audits"


@dataclass(frozen=True, slots=True)
class Audit:
    """`sample` holds, by file name, a digest of what was accepted; `seen` whom a person has looked at since.

    `begun` is in epoch seconds; `accepted` is how many images were accepted together.
    """

    begun: float
    accepted: int
    sample: Mapping[str, str]
    seen: frozenset[str] = frozenset()
    done: bool = False

    def with_seen(self, file_name: str) -> Audit:
        """With one more image looked at; the same where that is none of the sample."""
        return replace(self, seen=self.seen | {file_name}) if file_name in self.sample else self


@dataclass(frozen=True, slots=True)
class AuditResult:
    """`wrong` of the `looked_at` images of the `sample` were changed. `upper` is the share of the `accepted`
    that is wrong at most, with 95 % confidence.
    """

    sample: int
    looked_at: int
    wrong: int
    accepted: int
    upper: float

    def words(self) -> str:
        """One or two sentences for a person."""
        if not self.looked_at:
            return f"A random {self.sample} of the {self.accepted} images just accepted, to look at."
        found = (
            "none was wrong"
            if not self.wrong
            else f"{self.wrong} {'was' if self.wrong == 1 else 'were'} wrong"
        )
        return (
            f"Of {self.looked_at} looked at, {found}: with 95 % confidence at most "
            f"{_percent(self.upper)} of the {self.accepted} accepted ones are."
        )


def draw(states: Sequence[ImageState], seed: int) -> Audit:
    """An audit of images that were just accepted: a twentieth of them, but 10 at least, drawn with `seed`.

    Raises `ValueError` where there are none.
    """
    if not states:
        raise ValueError("nothing was accepted")
    number = min(len(states), max(LEAST, math.ceil(SHARE * len(states))))
    chosen = np.random.default_rng(seed).choice(len(states), number, replace=False)
    sample = {states[index].file_name: _digest(states[index]) for index in sorted(chosen.tolist())}
    return Audit(time.time(), len(states), sample)


def result(project: Project, audit: Audit) -> AuditResult:
    """What the looks so far say; an image is wrong where it no longer is as it was accepted."""
    wrong = 0
    for name in audit.seen:
        image_id = project.id_of(name)
        if image_id is not None and _digest(project.state(image_id)) != audit.sample[name]:
            wrong += 1
    upper = clopper_pearson_upper(wrong, len(audit.seen), CONFIDENCE)
    return AuditResult(len(audit.sample), len(audit.seen), wrong, audit.accepted, upper)


def ids(project: Project, audit: Audit) -> list[int]:
    """The images of the sample, in order of their names, those that are still there."""
    found = (project.id_of(name) for name in sorted(audit.sample))
    return [one for one in found if one is not None]


def store(project: Project, audit: Audit) -> None:
    """Keeps an audit with the project, in the place of an earlier state of it."""
    others = [one for one in _stored(project) if one.get("begun") != audit.begun]
    data = {
        "begun": audit.begun,
        "accepted": audit.accepted,
        "sample": dict(audit.sample),
        "seen": sorted(audit.seen),
        "done": audit.done,
    }
    project.set_setting(_SETTING, [*others, data])


def open_audit(project: Project) -> Audit | None:
    """The newest audit if it was not ended; None where there is none."""
    stored = _stored(project)
    if not stored or stored[-1].get("done"):
        return None
    last = stored[-1]
    sample = {str(name): str(digest) for name, digest in last["sample"].items()}
    return Audit(last["begun"], last["accepted"], sample, frozenset(last["seen"]) & sample.keys())


def _stored(project: Project) -> list[dict[str, Any]]:
    found = project.setting(_SETTING, [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _digest(state: ImageState) -> str:
    """Of all that accepting made the person's own, and that decides what is trained on."""
    masks = tuple((mask.kind, mask.polygon) for mask in state.masks)
    said = (state.decision, state.discard_reason, state.label, state.crop, masks, state.fill)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
