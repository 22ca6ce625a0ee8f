"""Which of the marks on a tile a person would see: the others are neither to be learnt nor to be held against."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

NONE, MARK, RIM = 0, 1, 2
U8 = npt.NDArray[np.uint8]
_FLOOR, _BUSTLE = 15.0, 1.7  # grey levels of contrast asked for, and how many more a level of bustle round it
_FINE, _ROUND = 9, 21  # pixels: what is larger than this is no bustle, and how far round a mark it counts
_JOINED = 5  # pixels between letters of a word
_USUAL, _LEAST = 24, 5  # pixels of a mark of usual size, and of the smallest


def told_apart(away: npt.NDArray[np.float32], before: U8, after: U8) -> U8:
    """`MARK`, `RIM` (of no account) or `NONE` for each pixel (h, w), from how far a mark was drawn from what lay
    there (h, w), and from the finished file without and with it (h, w, 3)."""
    inked = away[away > 4]
    if not len(inked):
        return np.zeros(away.shape, np.uint8)
    least = float(np.clip(0.35 * np.percentile(inked, 90), 6, 45))
    core = away >= least
    truth = np.where(core, MARK, np.where(away > 3, RIM, NONE)).astype(np.uint8)
    joined = cv2.dilate(core.astype(np.uint8), np.ones((_JOINED, _JOINED), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    labels = np.where(core, labels, 0).ravel()
    strength = visibility(labels, count, before, after)
    hidden = strength < 1
    hidden[0] = False
    truth[hidden[labels].reshape(away.shape)] = RIM
    return truth


def furthest(rgb: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The largest of three channels (h, w, 3); NumPy's own maximum along so short an axis is slow."""
    return np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])


def visibility(labels: npt.NDArray[np.int32], count: int, before: U8, after: U8) -> npt.NDArray[np.float64]:
    """How well each of `count` marks is seen, 1 or more for those that are: their contrast against the bustle round
    them, more for large ones (Rose, 1948). `labels` (h * w,) gives the mark of each pixel, 0 for none."""
    grey = cv2.transform(before.astype(np.float32), np.full((1, 3), 1 / 3, np.float32))
    fine = grey - cv2.blur(grey, (_FINE, _FINE))
    bustle = np.sqrt(np.maximum(0, cv2.blur(fine * fine, (_ROUND, _ROUND)))).ravel()
    change = furthest(cv2.absdiff(after, before)).ravel()
    pixels = np.bincount(labels, minlength=count)
    contrast, round_it = (
        np.bincount(labels, of, minlength=count) / np.maximum(pixels, 1) for of in (change, bustle)
    )
    gain = np.clip((pixels / _USUAL) ** 0.3, 0.4, 1.35)
    return np.where(pixels < _LEAST, 0.0, contrast * gain / (_FLOOR + _BUSTLE * round_it))
