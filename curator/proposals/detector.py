"""Where something small was drawn on the brain: a second network, at the page's own resolution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from curator.paths import models_dir
from curator.proposals.maps import Floats, network_of, probability, unshuffled
from curator.proposals.page import Area, Page

# As in `models/marks/detector.py`: pixels of the square whose mean and deviation grey is measured against, grey
# levels added to the deviation, and the unit of chroma.
_NEAR, _SPREAD, _CHROMA = 17, 12.0, 64.0
_MULTIPLE = 8
_MARGIN = 12  # pixels round the brain that the network sees too


def detector_file() -> Path:
    """The shipped detector."""
    return models_dir() / "marks" / "detector.onnx"


def drawn_map(page: Page, brain: Area) -> Floats:
    """Probability 0..1 that a pixel was drawn, float32 (h, w) of the page; 0 far from the brain (an area, 0 or 1).

    Deterministic, and the same in every thread. Raises `WeightsError` if the detector cannot be read.
    """
    from curator.imaging._cv2 import cv2

    drawn = np.zeros(page.grey.shape, np.float32)
    x, y, w, h = cv2.boundingRect(brain)
    if not w:
        return drawn
    rows, columns = page.grey.shape
    top, left, bottom, right = max(0, y - _MARGIN), max(0, x - _MARGIN), y + h + _MARGIN, x + w + _MARGIN
    window = np.s_[top : min(rows, bottom), left : min(columns, right)]
    planes = _planes(page.rgb[window], page.colour[window])
    high, wide = planes.shape[1:]
    more = ((0, 0), (0, -high % _MULTIPLE), (0, -wide % _MULTIPLE))
    network = network_of(detector_file(), "detector of marks")
    network.setInput(unshuffled(np.pad(planes, more)[None]))
    logits = np.asarray(network.forward())[0]
    shares = probability(logits).reshape(2, 2, *logits.shape[1:]).transpose(2, 0, 3, 1)
    drawn[window] = shares.reshape(2 * logits.shape[1], 2 * logits.shape[2])[:high, :wide]
    return drawn


def _planes(rgb: npt.NDArray[np.uint8], colour: npt.NDArray[np.uint8]) -> Floats:
    """The input (3, h, w): grey from -1 to 1, grey against what lies round it in its deviations, and chroma."""
    from curator.imaging._cv2 import cv2

    grey = np.round(rgb.mean(2, dtype=np.float32))
    mean = cv2.blur(grey, (_NEAR, _NEAR))
    square = cv2.sqrBoxFilter(grey, cv2.CV_32F, (_NEAR, _NEAR))
    spread = np.sqrt(np.maximum(0, square - mean * mean))
    return np.stack(
        [grey / 127.5 - 1, (grey - mean) / (spread + _SPREAD), colour / np.float32(_CHROMA)]
    ).astype(np.float32)
