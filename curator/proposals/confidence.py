"""How sure it is that a person would change nothing: trees over signs that go with corrections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.paths import models_dir
from curator.proposals.fuse import agreement
from curator.proposals.head import Head
from curator.proposals.maps import Maps
from curator.proposals.marks import OnHead
from curator.proposals.overlays import Mark, meet
from curator.proposals.page import Page
from curator.proposals.trees import load_trees

SIGNS: Final = (
    "disagreement",  # 1 less the intersection over union of the outline's box and the network's
    "cut_edges",  # sides at which the image's edge cuts the head
    "uneven",  # 1 less the agreement of the corners on the background
    "unseen",  # 1 where the corners show no background
    "ground",  # level of the background, in hundreds of grey levels
    "fill",  # share of its box that the head fills
    "ratio",  # width over height of the box
    "blur",  # unsure pixels of the head's map over the length of its outline
    "marks",  # number of marks beside the head
    "weakest",  # score of the weakest of them, 1 without any
    "in_crop",  # how many of them reach into the box
    "leftover",  # log1p of the sum of what the map of marks shows beside head and marks
    "left_border",  # the same of the map of borders
    "doubt",  # how sure the trees are of the likeliest mark on the brain where none was called so
    "call",  # how sure they are of the surest one that was called so, 1 without any
    "on_brain",  # number of marks on the brain that were called so
    "on_scalp",  # number of those on scalp and neck
    "no_head",  # 1 less the network's verdict
    "size",  # log of the longer side in pixels
)
"""Names of the columns of `signs_of`."""

_UNSURE = (0.2, 0.8)
_LEAST, _MOST = 0.02, 0.995


def confidence_file() -> Path:
    """The shipped trees for confidence."""
    return models_dir() / "proposals" / "confidence.json"


def confidence_of(signs: npt.NDArray[np.float64]) -> float:
    """Probability 0..1 that crop, masks and decision are right as they are, from `signs_of`.

    Calibrated on images that the trees did not see (`models/proposals/fit_confidence.py`). Raises `WeightsError`
    if the trees cannot be read.
    """
    sure = float(load_trees(confidence_file(), SIGNS).probability(signs[None])[0])
    return min(_MOST, max(_LEAST, sure))


def signs_of(
    page: Page, outline: Head, head: Head, maps: Maps, beside: Sequence[Mark], upon: OnHead
) -> npt.NDArray[np.float64]:
    """The signs, float64 (len(SIGNS),), for a head that was found."""
    assert head.box is not None
    x0, y0, x1, y1 = head.box
    height, width = page.grey.shape
    marks = [mark for mark in beside if mark.kind != "border"]
    on_brain = [mark for mark in upon.marks if mark.on == "brain"]
    unsure = (maps.head > _UNSURE[0]) & (maps.head < _UNSURE[1])
    unit = (256 / max(height, width)) ** 2
    return np.array(
        [
            1 - agreement(outline, maps),
            (x0 <= 1) + (y0 <= 1) + (x1 >= width - 1) + (y1 >= height - 1),
            1 - head.background.agreement,
            not head.background.seen,
            head.background.level / 100,
            head.mask[y0:y1, x0:x1].mean(),
            (x1 - x0) / (y1 - y0),
            unsure.sum() / (2 * (x1 - x0 + y1 - y0)),
            len(marks),
            min((mark.score for mark in marks), default=1.0),
            sum(meet(mark.box, head.box) for mark in marks),
            _leftover(maps.mark, head, marks, unit),
            _leftover(maps.border, head, beside, unit),
            0.0 if on_brain else upon.surest,
            max((mark.score for mark in on_brain), default=1.0),
            len(on_brain),
            len(upon.marks) - len(on_brain),
            1 - maps.verdict,
            np.log(max(page.width, page.height)),
        ],
        np.float64,
    )


def _leftover(share: npt.NDArray[np.float32], head: Head, marks: Sequence[Mark], unit: float) -> float:
    left = share * (head.mask == 0)
    for mark in marks:
        x0, y0, x1, y1 = mark.box
        left[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 0
    return float(np.log1p(left[left > 0.1].sum() * unit))
