"""Marks that people and programs burn into images, as they occur together."""

from __future__ import annotations

from collections.abc import Callable

import beside
import numpy as np
import rough
import small
import upon
from sheet import Sheet


def add_marks(sheet: Sheet, *, on_head: float = 0.42) -> None:
    """Marks as they occur together: none to four beside the head, and on it with that probability."""
    rng = sheet.rng
    size = max(5.0, sheet.long * rng.choice([0.025, 0.033, 0.045, 0.06]) * rng.uniform(0.8, 1.2))
    names = list(_BESIDE)
    shares = np.array([_BESIDE[name][1] for name in names])
    on_it = rng.random() < on_head
    for name in rng.choice(names, rng.choice(5, p=[0.28, 0.25, 0.24, 0.14, 0.09]), p=shares / shares.sum()):
        _BESIDE[name][0](sheet, size, not on_it and rng.random() < 0.8)
    if on_it:
        names = list(_UPON)
        shares = np.array([_UPON[name][1] for name in names])
        for name in rng.choice(names, rng.integers(1, 4), p=shares / shares.sum()):
            _UPON[name][0](sheet, size)


def add_hard_marks(sheet: Sheet, *, on_head: float) -> None:
    """The same, more often with what the first network missed: small, thin and dim marks on the head, and things
    that touch the scalp or are cut."""
    rng = sheet.rng
    size = max(5.0, sheet.long * rng.choice([0.025, 0.033, 0.045, 0.06]) * rng.uniform(0.8, 1.2))
    long, on_it = sheet.long, rng.random() < on_head
    for _ in range(rng.choice(5, p=[0.25, 0.28, 0.24, 0.14, 0.09])):
        sheet.dim = rng.uniform(0.15, 0.6) if rng.random() < 0.15 else 1.0
        _some(sheet, {**_BESIDE, **_ROUGH}, 1, size, not on_it and rng.random() < 0.8)
    sheet.dim = 1.0
    if rng.random() < 0.3:
        _some(sheet, _TOUCHING, int(rng.integers(1, 3)), size)
    if on_it:
        sheet.long = long * (rng.uniform(0.35, 1) if rng.random() < 0.5 else 1.0)
        sheet.dim = rng.uniform(0.35, 0.95) if rng.random() < 0.3 else 1.0
        _some(sheet, {**_UPON, **_SMALL}, int(rng.integers(1, 4)), size * sheet.long / long)
        sheet.long, sheet.dim = long, 1.0


def _some(
    sheet: Sheet, kinds: dict[str, tuple[Callable[..., None], float]], count: int, *how: object
) -> None:
    shares = np.array([share for _, share in kinds.values()])
    for name in sheet.rng.choice(list(kinds), count, p=shares / shares.sum()):
        kinds[name][0](sheet, *how)


def _close_ruler(sheet: Sheet, size: float) -> None:
    beside.ruler(sheet, size, False, near=True)


_BESIDE: dict[str, tuple[Callable[[Sheet, float, bool], None], float]] = {
    "corners": (beside.corners, 0.28),
    "letters": (beside.letters, 0.24),
    "ruler": (beside.ruler, 0.15),
    "tile": (beside.tile, 0.07),
    "credit": (beside.credit, 0.1),
    "scattered": (beside.scattered, 0.12),
    "watermark": (beside.watermark, 0.02),
    "crosshair": (beside.crosshair, 0.02),
}
_UPON: dict[str, tuple[Callable[[Sheet, float], None], float]] = {
    "arrows": (upon.arrows, 0.34),
    "labels": (upon.labels, 0.14),
    "watermark": (beside.watermark, 0.06),
    "crosshair": (beside.crosshair, 0.1),
    "outlines": (upon.outlines, 0.11),
    "pointer": (upon.pointer, 0.08),
    "measure": (upon.measure, 0.06),
    "skull": (upon.skull_letters, 0.07),
    "ruler": (_close_ruler, 0.05),
}
_SMALL: dict[str, tuple[Callable[[Sheet, float], None], float]] = {
    "hollow": (small.hollow_arrows, 0.16),
    "needles": (small.needles, 0.18),
    "specks": (small.specks, 0.14),
}
_ROUGH: dict[str, tuple[Callable[[Sheet, float, bool], None], float]] = {
    "cut": (rough.cut_text, 0.12),
    "clipped": (rough.clipped, 0.25),
    "ticks": (rough.ticks, 0.08),
    "bar": (rough.bar, 0.12),
    "logo": (rough.logo, 0.06),
}
_TOUCHING: dict[str, tuple[Callable[[Sheet, float], None], float]] = {
    "skull": (upon.skull_letters, 0.15),
    "letter": (rough.scalp_letter, 0.25),
    "ruler": (_close_ruler, 0.12),
    "scale": (rough.scale, 0.15),
    "crossing": (rough.crossing, 0.15),
    "peg": (rough.peg, 0.15),
    "marker": (rough.marker, 0.1),
}
