"""What is no MRI of a head: noise, gradients, drawings, plots, pages of text, photographs, CT, other organs.

The limits lie outside what 136 real slices showed (given in brackets), so that no real slice is lost to them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curator.proposals.background import inner
from curator.proposals.head import Head
from curator.proposals.maps import Maps
from curator.proposals.page import Grey, Page

# Longest side in pixels at which texture is measured, so that an enlarged slice does not look smooth.
_TEXTURE_SIDE = 224
# Entropy of the grey levels in bits [6.0 to 7.8]; correlation of neighbouring pixels [0.64 to 0.99]; share of
# steepest tenth of the slopes, a pixel, as a share of the range of levels [0.057 to 0.23]; median colourfulness
# [8 at most].
_FEW_LEVELS, _UNCORRELATED, _SMOOTH, _COLOURFUL = 4.0, 0.35, 0.025, 45.0
# Width over height of the head's box [0.72 to 1.08], share of the page [0.28 to 0.82].
_NARROW, _WIDE, _TINY = 0.3, 2.5, 0.02
# Median grey level of a page that is printed rather than scanned; asked only where no head stands out.
_PAPER = 200
# The network's verdict [0.98 and more]: where the fewest drawn pages are judged wrongly
# (`models/proposals/choose_verdict.py`).
_VERDICT = 0.66


def not_a_head(page: Page, head: Head, maps: Maps) -> str | None:
    """Why the image shows no head, in words for the user; None where it may."""
    if maps.verdict < _VERDICT:
        return "It does not look like an MRI of a head."
    return _measured(page, head)


def _measured(page: Page, head: Head) -> str | None:
    found = head.box is not None
    if found:
        where = head.mask > 0
    else:
        where = np.zeros(page.grey.shape, bool)
        inner(where, head.margins)[...] = True
    if float(np.median(page.colour[where])) > _COLOURFUL:
        return "It is coloured, not a grey scan."
    grey, inside = _at_texture_size(page.grey, where)
    levels = np.bincount(grey[inside], minlength=256) / inside.sum()
    levels = levels[levels > 0]
    if float(-(levels * np.log2(levels)).sum()) < _FEW_LEVELS:
        return "It has only a few flat grey levels, like a drawing or a blank page."
    if _correlation(grey, inside) < _UNCORRELATED:
        return "It is noise or fine print without larger structure."
    if min(grey.shape) < 2:
        return "It is a line, not an image of a head."
    slope = np.hypot(*np.gradient(grey.astype(np.float32)))
    low, high = np.percentile(grey[inside], (1, 99))
    if float(np.percentile(slope[inside], 90)) < _SMOOTH * (high - low + 1):
        return "It is smooth all over, without the texture of tissue."
    if head.box is None:
        return "It is a light page without a head on it." if float(np.median(page.grey)) >= _PAPER else None
    x0, y0, x1, y1 = head.box
    ratio = (x1 - x0) / (y1 - y0)
    if not _NARROW < ratio < _WIDE:
        return "What stands out does not have the shape of a head."
    if float(head.mask.mean()) < _TINY:
        return "What stands out is too small for a head."
    return None


def _at_texture_size(grey: Grey, where: npt.NDArray[np.bool_]) -> tuple[Grey, npt.NDArray[np.bool_]]:
    """The part of the page that holds `where`, shrunk to the size at which texture is measured."""
    from curator.imaging._cv2 import cv2

    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    part, inside = np.ascontiguousarray(grey[window]), where[window]
    factor = _TEXTURE_SIDE / max(part.shape)
    if factor < 1:
        size = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        small = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        inside = small if small.any() else np.ones(part.shape, bool)
    return part, inside


def _correlation(grey: Grey, inside: npt.NDArray[np.bool_]) -> float:
    """Correlation of horizontally neighbouring pixels; 1 where there is nothing to correlate."""
    both = inside[:, 1:] & inside[:, :-1]
    left, right = grey[:, :-1][both].astype(np.float64), grey[:, 1:][both].astype(np.float64)
    if left.size < 2 or left.std() < 1e-6 or right.std() < 1e-6:
        return 1.0
    return float(np.corrcoef(left, right)[0, 1])
