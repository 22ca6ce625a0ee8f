"""Faint scalp: found by following it round the head.

In T2 and fat-suppressed slices the scalp is a thin ring hardly brighter than the background and cut off from
the brain by dark bone, so that no threshold keeps it without keeping noise too. But it is coherent round the
head: unrolled into polar coordinates and averaged along the angle, its outer edge stands out of the noise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curator.proposals.page import Area, Grey

Floats = npt.NDArray[np.float32]

# Directions looked at, and how far along them, in radii of the ellipse that fits the core's box: the scalp of
# a head whose brain alone was found lies at 1.1 to 1.25 of it.
_DIRECTIONS, _NEAREST, _FARTHEST = 360, 0.9, 1.32
# Averaging along the angle, degrees (standard deviation).
_ALONG = 4.0
# Width of the two windows across the edge whose means are compared, as a share of the radius.
_ACROSS = 0.025
# The drop across the outer edge in grey levels: at least this, and this many times the drops seen in the
# outermost tenth, where only background lies.
_DROP, _DROP_NOISE = 2.5, 6.0
# A ring also rises out of the dark bone inside it: by this share of its outer drop, this far inward at most
# (share of the radius). The edge of a noisy field of view does not.
_RISE, _BONE = 0.5, 0.12
# An edge is believed where, within this many degrees to both sides, this share of directions sees it within
# this share of the radius.
_WINDOW, _SUPPORT, _SPREAD = 12, 0.6, 0.035
# What lies farther out than the core by `_NEWS` of the radius must be seen in `_ROUND` of all directions.
_NEWS = 0.02
_ROUND = 0.25


def with_scalp(away: Grey, core: Area, invalid: Area) -> Area:
    """The core grown to the outer edge of a scalp around it, or the core itself where none is seen.

    `away` (h, w) holds the grey levels above the background, without margins; `core` and `invalid` (letters,
    rulers: pixels that say nothing) are 0 or 1.
    """
    from curator.imaging._cv2 import cv2

    rows, columns = np.flatnonzero(core.any(axis=1)), np.flatnonzero(core.any(axis=0))
    if len(rows) < 8 or len(columns) < 8:
        return core
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    radii = ((x1 - x0) / 2, (y1 - y0) / 2)
    step = 1.0 / max(radii)
    rho = np.arange(_NEAREST, _FARTHEST + 0.15, step, dtype=np.float32)
    angle = np.deg2rad(np.arange(_DIRECTIONS, dtype=np.float32))
    xs = (centre[0] + radii[0] * np.cos(angle)[:, None] * rho).astype(np.float32) - 0.5
    ys = (centre[1] + radii[1] * np.sin(angle)[:, None] * rho).astype(np.float32) - 0.5
    values = np.asarray(
        cv2.remap(away.astype(np.float32), xs, ys, cv2.INTER_LINEAR, borderValue=0), np.float32
    )
    known = np.asarray(cv2.remap(1 - invalid, xs, ys, cv2.INTER_NEAREST, borderValue=0), np.float32)
    inside = cv2.remap(core, xs, ys, cv2.INTER_NEAREST, borderValue=0)
    mean, weight = _averaged(values, known)
    width = max(2, round(_ACROSS * max(radii)))
    drop = _drops(mean, weight, width)
    edge = _outer_edges(drop, rho, max(1, round(_BONE * max(radii))))
    own = _farthest(inside > 0, rho, _NEAREST)
    trusted = _supported(edge, rho[-1])
    news = trusted > np.maximum(own, _NEAREST) + _NEWS
    if news.mean() < _ROUND:
        return core
    radius = np.where(news, trusted, 0.0)
    outline = np.stack(
        [centre[0] + radii[0] * np.cos(angle) * radius, centre[1] + radii[1] * np.sin(angle) * radius], 1
    )
    grown: Area = core.copy()
    cv2.fillPoly(grown, [np.rint(outline - 0.5).astype(np.int32)], 1)
    return grown


def _averaged(values: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Means along the angle, over known pixels only, and the share of them that is known."""
    from curator.imaging._cv2 import cv2

    pad = int(4 * _ALONG)
    wrap = [(pad, pad), (0, 0)]
    top = cv2.GaussianBlur(np.pad(values * known, wrap, mode="wrap"), (1, 0), 0.01, sigmaY=_ALONG)
    under = cv2.GaussianBlur(np.pad(known, wrap, mode="wrap"), (1, 0), 0.01, sigmaY=_ALONG)
    weight = under[pad:-pad]
    return (top[pad:-pad] / np.maximum(weight, 1e-6)).astype(np.float32), weight.astype(np.float32)


def _drops(mean: Floats, weight: Floats, width: int) -> Floats:
    """How much brighter the window just inside a radius is than the one just outside; 0 where unknown."""
    total = np.cumsum(np.pad(mean, [(0, 0), (1, 0)]), axis=1)
    drop = np.zeros_like(mean)
    window = (total[:, width:] - total[:, :-width]) / width
    drop[:, width : mean.shape[1] - width + 1] = (window[:, :-width] - window[:, width:])[
        :, : mean.shape[1] - 2 * width + 1
    ]
    drop[weight < 0.5] = 0
    return drop


def _outer_edges(drop: Floats, rho: Floats, bone: int) -> Floats:
    """Radius of the outermost clear drop in each direction, 0 where there is none."""
    outside = drop[:, rho > _FARTHEST]
    noise = 1.48 * float(np.median(np.abs(outside))) if outside.size else 0.0
    clear = drop >= max(_DROP, _DROP_NOISE * noise)
    clear[:, rho > _FARTHEST] = False
    rise = np.maximum(0, -drop)
    before = np.zeros_like(drop)
    for shift in range(1, bone + 1):
        np.maximum(before[:, shift:], rise[:, :-shift], out=before[:, shift:])
    clear &= before >= _RISE * drop
    left = np.pad(drop, [(0, 0), (1, 0)])[:, :-1]
    right = np.pad(drop, [(0, 0), (0, 1)])[:, 1:]
    return _farthest(clear & (drop >= left) & (drop >= right), rho, 0.0)


def _farthest(seen: npt.NDArray[np.bool_], rho: Floats, otherwise: float) -> Floats:
    last = seen.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.where(seen.any(axis=1), rho[last], otherwise).astype(np.float32)


def _supported(edge: Floats, limit: float) -> Floats:
    """Edges smoothed by a median over neighbouring directions; 0 where the neighbours disagree."""
    offsets = np.arange(-_WINDOW, _WINDOW + 1)
    around = edge[(np.arange(len(edge))[:, None] + offsets) % len(edge)]
    middle = np.median(around, axis=1)
    agree = (np.abs(around - middle[:, None]) <= _SPREAD).mean(axis=1)
    return np.where((agree >= _SUPPORT) & (middle > 0) & (middle < limit), middle, 0.0).astype(np.float32)
