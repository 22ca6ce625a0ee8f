"""How sure it is that a person would change nothing: a logistic model of signs that go with corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from curator.paths import models_dir
from curator.proposals.fitted import Told, read_fitted
from curator.proposals.fuse import agreement
from curator.proposals.head import Head
from curator.proposals.maps import Floats, Maps
from curator.proposals.marks import OnHead
from curator.proposals.overlays import Mark
from curator.proposals.page import Page
from curator.proposals.words import LOOK

SIGNS: Final = (
    "disagreement",  # log of 1 less the intersection over union of the outline's box and the network's
    "blur",  # log of the unsure pixels of the head's map over the length of its outline
    "haze",  # the same of the map of the skull's inside
    "masked",  # log of the share of the crop that is masked
    "left",  # log odds of the surest pixel that the map of marks shows beside head and marks
    "no_head",  # decimal log of 1 less the network's verdict
    "cut_edges",  # sides at which the image's edge cuts the head
    "uneven",  # 1 less the agreement of the corners on the background
    "unseen",  # 1 where the corners show no background
    "doubt",  # log odds of the likeliest mark on the brain where none was called so
    "second",  # probability of the likeliest other one that was not called so
    "call",  # log odds of the surest mark on the brain that was called so, that of certainty without any
)
"""Names of the columns of `signs_of`."""

_UNSURE = (0.2, 0.8)
_LEAST, _MOST = 0.02, 0.998
_ASKED = 0.94  # just under what counts as confident
_TINY, _LITTLE, _FEW = 0.01, 0.001, 1e-6  # keep logs finite, and small things small


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A logistic model: signs less `usual` over `spread`, times `weights`, plus `start`, are log odds."""

    usual: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    start: float

    def odds(self, table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Log odds (n,) of the rows of `table`, float64 (n, len(SIGNS))."""
        return np.asarray((table - self.usual) / self.spread @ self.weights + self.start)

    def probability(self, table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Probability 0..1 (n,) of the rows of `table`, float64 (n, len(SIGNS)).

        Never quite certain, as one in five hundred is wrong without any sign of it, and never among the confident
        where a spot on the brain is to be looked at.
        """
        sure = np.maximum(_LEAST, _MOST / (1 + np.exp(-self.odds(table))))
        asked = table[:, SIGNS.index("doubt")] >= _odds(LOOK)
        return np.asarray(np.where(asked, np.minimum(sure, _ASKED), sure))


def confidence_file() -> Path:
    """The shipped scale."""
    return models_dir() / "proposals" / "confidence.json"


@lru_cache(maxsize=2)
def load_scale(path: Path) -> Scale:
    """Reads a scale over `SIGNS`. Raises `WeightsError` if it cannot be read or is over others."""
    return read_fitted(path, "signs", SIGNS, _scale)


def _scale(told: Told) -> Scale:
    usual, spread, weights = (np.array(told[key], np.float64) for key in ("usual", "spread", "weights"))
    if {part.shape for part in (usual, spread, weights)} != {(len(told["signs"]),)} or (spread <= 0).any():
        raise ValueError("numbers and signs do not fit")
    return Scale(usual, spread, weights, float(told["start"]))


def confidence_of(signs: npt.NDArray[np.float64]) -> float:
    """Probability 0..1 that crop, masks and decision are right as they are, from `signs_of`.

    Calibrated on images that the scale was not fitted to (`models/proposals/fit_confidence.py`). Raises
    `WeightsError` if it cannot be read.
    """
    return float(load_scale(confidence_file()).probability(signs[None])[0])


def signs_of(
    page: Page, outline: Head, head: Head, maps: Maps, beside: Sequence[Mark], upon: OnHead
) -> npt.NDArray[np.float64]:
    """The signs, float64 (len(SIGNS),), for a head that was found."""
    assert head.box is not None
    x0, y0, x1, y1 = head.box
    height, width = page.grey.shape
    around = 2 * (x1 - x0 + y1 - y0)
    called = [mark.score for mark in upon.marks if mark.on == "brain"]
    return np.array(
        [
            np.log(1 - agreement(outline, maps) + _TINY),
            np.log(_unsure(maps.head) / around + _TINY),
            np.log(_unsure(maps.inside) / around + _TINY),
            _masked(head.box, [*beside, *(mark for mark in upon.marks if mark.on != "brain")]),
            _odds(_left(maps.mark, head, beside)),
            np.log10(max(_FEW, 1 - maps.verdict)),
            (x0 <= 1) + (y0 <= 1) + (x1 >= width - 1) + (y1 >= height - 1),
            1 - head.background.agreement,
            not head.background.seen,
            _odds(0.0 if called else upon.surest),
            upon.second,
            _odds(max(called, default=1.0)),
        ],
        np.float64,
    )


def _odds(share: float) -> float:
    bounded = min(1 - _TINY, max(_TINY, share))
    return float(np.log(bounded / (1 - bounded)))


def _unsure(share: Floats) -> int:
    return int(np.count_nonzero((share > _UNSURE[0]) & (share < _UNSURE[1])))


def _masked(box: tuple[int, int, int, int], marks: Sequence[Mark]) -> float:
    from curator.imaging._cv2 import cv2

    x0, y0, x1, y1 = box
    area = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for mark in marks:
        cv2.fillPoly(area, [mark.points - np.array([x0, y0], np.int32)], 1)
    return float(np.log(area.mean() + _LITTLE))


def _left(share: Floats, head: Head, marks: Sequence[Mark]) -> float:
    """The largest probability of a mark beside the head and what is masked."""
    left = share * (head.mask == 0)
    for mark in marks:
        x0, y0, x1, y1 = mark.box
        left[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 0
    return float(left.max(initial=0.0))
