"""Which of several copies is the best, and what is proposed for the others. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from curator.records import Decision, Proposal

METHOD: Final = "copies/1"
# Byte-for-byte copies leave no doubt but which of them stays; near-copies had no false
# pair among those measured, but a person may prefer another one of them.
_SURE_EXACT: Final = 0.97
_SURE_NEAR: Final = 0.85
# Copies under different labels mean that one of the labels is wrong, which only a person can settle.
_SURE_OTHER_LABEL: Final = 0.4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several copies. `decided` is what a person said of it, None where nobody did.

    `area` is in pixels, 0 where unknown; `proposal` is the one made from its pixels alone.
    """

    id: int
    file_name: str
    label: str
    sha256: str | None
    area: int
    size_bytes: int
    unreadable: bool
    proposal: Proposal | None
    decided: Decision | None = None


def best_of(candidates: Iterable[Candidate]) -> Candidate:
    """The copy to keep: one that a person kept, else one not to be discarded for a reason of its own, then
    the largest area, the fewest overlays, the larger file, the first name.
    """
    return min(candidates, key=_rank)


def duplicate_proposals(candidates: Sequence[Candidate]) -> dict[int, Proposal]:
    """What is proposed for all copies but the best, by image id.

    A copy that its own pixels already condemn keeps that reason; unreadable files are left alone.
    """
    best = best_of(candidates)
    return {
        item.id: _duplicate(item, best) for item in candidates if item.id != best.id and not item.unreadable
    }


def _rank(item: Candidate) -> tuple[bool, bool, bool, int, int, int, str]:
    proposal = item.proposal
    return (
        item.decided != "keep",
        item.unreadable or item.decided == "discard",
        proposal is not None and proposal.decision == "discard" and item.decided is None,
        -item.area,
        len(proposal.overlays) if proposal else 0,
        -item.size_bytes,
        item.file_name,
    )


def _duplicate(item: Candidate, best: Candidate) -> Proposal:
    exact = item.sha256 is not None and item.sha256 == best.sha256
    what = "A byte-for-byte copy" if exact else "A near-copy"
    why = f"{what} of {best.file_name}, which is the better one to keep."
    sure = _SURE_EXACT if exact else _SURE_NEAR
    if item.label != best.label:
        why = f"{why} The two are labelled differently ({item.label} and {best.label})."
        sure = _SURE_OTHER_LABEL
    own = item.proposal
    if own is None:
        return Proposal("discard", "duplicate", None, (), sure, why, METHOD)
    if own.decision == "discard":
        return replace(own, why=f"{own.why} {why}".strip())
    return replace(own, decision="discard", discard_reason="duplicate", confidence=sure, why=why)
