"""How sure a proposal is in the light of what a person corrected in this very dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.records import Proposal

LEAST: Final = 12
"""Fewer decided images than this say too little."""

# What may go wrong more or less often in a dataset than where the trees were fitted; each is 0 or 1 of a proposal.
_KINDS: Final = ("text", "ruler", "arrow", "marker", "border", "watermark", "other")
# Standard deviations of the prior: of the offset, of the slope round 1, and of what each sign adds. What all images
# have in common is moved least: of 20 images with a ruler, corrected, and 20 plain ones, left alone, the next ruler
# is 0.12 sure and the next plain one 0.95 where both were 0.9.
_OFFSET, _SLOPE, _SIGN = 0.6, 0.25, 1.2
_STEPS, _ENOUGH = 30, 1e-9
_LEAST, _MOST = 0.02, 0.995


def learned_confidences(
    seen: Sequence[Proposal], unchanged: Sequence[bool], others: Sequence[Proposal]
) -> npt.NDArray[np.float64]:
    """Probability 0..1 for each of `others` that it is right as it is, float64 (len(others),).

    `seen` are proposals that a person has decided on, `unchanged` says which were right as they were. A logistic
    regression on the logit of the confidence and the kinds of what was found, at its most probable weights under a
    normal prior round "as the trees say" (MacKay, "Information theory, inference and learning algorithms", 2003,
    chapter 41). With fewer than `LEAST` seen it is what the trees say. Deterministic.
    """
    said = np.array([proposal.confidence for proposal in others], np.float64)
    if len(seen) < LEAST or not len(others):
        return said
    known, right = _signs(seen), np.asarray(unchanged, np.float64)
    prior = np.zeros(known.shape[1])
    prior[1] = 1.0
    spread = np.full(known.shape[1], _SIGN)
    spread[0], spread[1] = _OFFSET, _SLOPE
    weights = prior.copy()
    for _ in range(_STEPS):
        sure = _logistic(known @ weights)
        slope = known.T @ (right - sure) - (weights - prior) / spread**2
        bend = (known * (sure * (1 - sure))[:, None]).T @ known + np.diag(1 / spread**2)
        step = np.linalg.solve(bend, slope)
        weights += step
        if float(np.abs(step).max()) < _ENOUGH:
            break
    return np.clip(_logistic(_signs(others) @ weights), _LEAST, _MOST)


def _signs(proposals: Sequence[Proposal]) -> npt.NDArray[np.float64]:
    rows = []
    for proposal in proposals:
        sure = min(_MOST, max(_LEAST, proposal.confidence))
        kinds = {mask.kind for mask in proposal.masks}
        rows.append(
            [
                1.0,
                float(np.log(sure / (1 - sure))),
                float(proposal.decision == "keep" and not kinds),
                float(proposal.discard_reason == "overlay_on_brain"),
                float(proposal.discard_reason == "not_brain_mri"),
                *(float(kind in kinds) for kind in _KINDS),
            ]
        )
    return np.array(rows, np.float64).reshape(len(rows), 5 + len(_KINDS))


def _logistic(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float64)
