"""Burnt-in text from the shipped letters, scaled by area in double precision.

No font library is asked, so that the ink and its box are the same everywhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curator.synthetic.anatomy import glyphs

F64 = npt.NDArray[np.float64]
_CAPITALS = 29  # rows of the shipped letters from the top of a capital to the base line
INK = 0.23  # cover above which a pixel counts as ink; no cover of scaled letters falls on it exactly


def letters(text: str, height: float, *, width: float = 1.0, bold: bool = False) -> F64:
    """Cover 0..1 (rows, columns) of a line of printable ASCII, trimmed to its ink.

    `height` is that of capitals in px, `width` a factor on the letters' own width. The brightest pixel is 1.
    """
    atlas, edges = glyphs()
    strip = np.concatenate([atlas[:, edges[ord(c) - 32] : edges[ord(c) - 31]] for c in text], axis=1)
    strip = np.pad(strip, ((0, 0), (1, 1))).astype(np.float64)
    if bold:
        strip[:, 1:] = np.maximum(strip[:, 1:], strip[:, :-1])
        strip[:, 2:] = np.maximum(strip[:, 2:], strip[:, 1:-1])
    scale = height / _CAPITALS
    rows = max(1, round(strip.shape[0] * scale))
    columns = max(1, round(strip.shape[1] * scale * width))
    small = _area(strip.shape[0], rows) @ strip @ _area(strip.shape[1], columns).T
    return trimmed(np.minimum(small / max(float(small.max()), 1e-9), 1.0))


def trimmed(cover: F64) -> F64:
    """The part of a cover that holds ink."""
    rows = np.flatnonzero((cover > INK).any(axis=1))
    columns = np.flatnonzero((cover > INK).any(axis=0))
    if not len(rows):
        return cover[:1, :1]
    return cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def stacked(lines: list[F64], gap: int, *, right: bool = False) -> F64:
    """Lines of text one below the other, flush left or right."""
    width = max(line.shape[1] for line in lines)
    parts: list[F64] = []
    for line in lines:
        free = width - line.shape[1]
        parts += [np.pad(line, ((0, 0), (free, 0) if right else (0, free))), np.zeros((gap, width))]
    return np.concatenate(parts[:-1])


def _area(size: int, new: int) -> F64:
    """Weights (new, size) of averaging by area."""
    borders = np.arange(new + 1, dtype=np.float64) * size / new
    low, high = borders[:-1, None], borders[1:, None]
    cells = np.arange(size, dtype=np.float64)[None, :]
    weights = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)
