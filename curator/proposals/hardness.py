"""Flat white or black spots with hard outlines: marks are drawn so, tissue seldom is."""

from __future__ import annotations

import numpy as np

from curator.proposals.maps import Floats
from curator.proposals.page import Area, Grey

# The widest stroke as a share of the shorter side, and what a spot must reach: pixels, grey levels of contrast,
# slope a pixel at its outline as a share of the contrast (its median), and spread of its flat middle as a share
# of the contrast, at most. Loose: 62 of 121 clean slices have such a spot, and 84 % of those with a white mark.
_STROKE = 0.03
_PIXELS, _CONTRAST, _STEEP, _SPREAD = 10, 60.0, 0.28, 0.17


def hard_spots(grey: Grey, slope: Floats, within: Area) -> Area:
    """The pixels of such spots, 0 or 1 (h, w), where `within` is not 0; `slope` in grey levels a pixel."""
    from curator.imaging._cv2 import cv2

    spots = np.zeros_like(within)
    size = max(5, int(_STROKE * min(grey.shape)) | 1)
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        stands = np.asarray(cv2.morphologyEx(grey, operation, np.ones((size, size), np.uint8)), np.uint8)
        seen = ((stands > _CONTRAST / 2) & (within > 0)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(seen, connectivity=8)
        for index in range(1, count):
            x, y, w, h, area = (int(value) for value in stats[index])
            if area < _PIXELS:
                continue
            window = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 2) : x + w + 2]
            own = labels[window] == index
            body = _body(stands[window], own)
            if body is not None and _is_hard(grey[window], stands[window], slope[window], body):
                spots[window] |= body
    return spots


def _body(stands: Grey, own: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Area | None:
    peak = float(np.percentile(stands[own], 90))
    if peak < _CONTRAST:
        return None
    body = (own & (stands > peak / 2)).astype(np.uint8)
    return body if int(body.sum()) >= _PIXELS else None


def _is_hard(grey: Grey, stands: Grey, slope: Floats, body: Area) -> bool:
    from curator.imaging._cv2 import cv2

    peak = float(np.percentile(stands[body > 0], 80))
    flat = grey[(body > 0) & (stands > 0.75 * peak)]
    if not flat.size or float(flat.std()) > _SPREAD * peak:
        return False
    square = np.ones((3, 3), np.uint8)
    inner = cv2.erode(body, square, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return float(np.median(slope[cv2.dilate(body, square) > inner])) >= _STEEP * peak
