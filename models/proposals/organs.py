"""Cuts through trunks, limbs and joints in CT, MR and X-ray: what a head's network must not take for a head.

Drawn from ellipses with uneven outlines, in random proportions and levels; no image of anybody is used.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from body import Body
from ct import Ct
from tissue import Bools, Floats, Rng


def draw_organ(rng: Rng, height: int, width: int, *, ct: bool = False) -> Floats:
    """Levels 0..255, float32 (height, width)."""
    kinds: tuple[tuple[Callable[[Body], None], float], ...] = (
        (_abdomen, 0.2),
        (_upper_abdomen, 0.22),
        (_chest, 0.1),
        (_heart, 0.06),
        (_breasts, 0.04),
        (_pelvis, 0.1),
        (_neck, 0.06),
        (_limb_across, 0.1),
        (_spine_along, 0.1),
        (_knee_along, 0.1),
        (_trunk_along, 0.07),
        (_film, 0.05),
    )
    if ct:
        kinds = kinds[:-1]
    shares = np.array([share for _, share in kinds])
    body = Ct(rng, height, width) if ct else Body(rng, height, width)
    kinds[rng.choice(len(kinds), p=shares / shares.sum())][0](body)
    return body.done()


def _abdomen(body: Body) -> None:
    rng = body.rng
    outer, lean, cavity = body.wall(rng.uniform(0.03, 0.2), rng.uniform(0.04, 0.1))
    body.put(cavity, body.level("fat"))
    if rng.random() < 0.7:
        body.ribs(outer, cavity, int(rng.integers(4, 16)))
    if rng.random() < 0.8:  # liver, and the spleen on the other side
        liver = body.shape(-0.45, rng.uniform(-0.35, 0.0), rng.uniform(0.3, 0.5), rng.uniform(0.4, 0.7), 0.12)
        body.put(liver, body.level("organ"), cavity)
        for _ in range(rng.integers(0, 7)):
            x, y = rng.uniform(-0.8, -0.1), rng.uniform(-0.5, 0.4)
            body.put(
                body.shape(x, y, 0.03, rng.uniform(0.02, 0.09), 0.1, rng.uniform(0, 3)),
                body.level("blood"),
                cavity * liver,
            )
        body.put(
            body.shape(rng.uniform(0.55, 0.75), rng.uniform(-0.1, 0.3), 0.18, 0.3, 0.08, -0.4),
            body.level("organ"),
            cavity,
        )
    if rng.random() < 0.6:
        x, y = rng.uniform(0.15, 0.45), rng.uniform(-0.55, -0.2)
        stomach = body.shape(x, y, rng.uniform(0.18, 0.32), rng.uniform(0.15, 0.3), 0.1, -0.5)
        body.ringed(
            stomach, body.level(rng.choice(["water", "air", "organ"])), body.level("organ"), 0.02, cavity
        )
        if rng.random() < 0.6:
            rows = np.arange(body.height)[:, None] < body.y + y * body.down
            body.put(np.where(rows, stomach, 0) * 0.97, body.level("air"), cavity)
    body.gut(cavity, -0.7, 0.3, int(rng.integers(0, 16)))
    spine = rng.uniform(0.35, 0.5)
    if rng.random() < 0.75:
        for side in (-1, 1):
            kidney = body.shape(
                side * rng.uniform(0.4, 0.55), rng.uniform(0.2, 0.45), 0.13, 0.2, 0.08, side * 0.4
            )
            body.put(kidney, body.level("kidney"), cavity)
            body.put(
                body.shape(side * 0.42, 0.33, 0.05, 0.08, 0.1),
                body.level(rng.choice(["fat", "water"])),
                kidney,
            )
    for side in (-1, 1):
        body.put(body.shape(side * 0.2, spine + 0.03, 0.09, 0.13, 0.06), body.level("muscle"))
        body.put(body.shape(side * 0.22, spine + 0.38, 0.18, 0.17, 0.06), body.level("muscle"), lean)
    body.vertebra(0, spine, rng.uniform(0.11, 0.17))
    body.put(
        body.shape(0.05, spine - 0.24, 0.055, 0.055 * body.across / body.down, 0.03), body.level("blood")
    )
    body.put(
        body.shape(-0.09, spine - 0.23, 0.06, 0.045 * body.across / body.down, 0.05), body.level("blood")
    )
    body.table()


def _upper_abdomen(body: Body) -> None:
    """A cut through liver, spleen and stomach, which fill the trunk nearly to its thin wall."""
    rng = body.rng
    outer, lean, cavity = body.wall(rng.uniform(0.02, 0.1), rng.uniform(0.03, 0.06))
    body.put(cavity, body.level("fat"))
    spine, round_ = rng.uniform(0.4, 0.52), body.across / body.down
    liver = body.shape(
        -0.4, rng.uniform(-0.15, 0.05), rng.uniform(0.5, 0.62), rng.uniform(0.65, 0.85), 0.06, 0.2
    )
    left = body.shape(0.1, -0.5, rng.uniform(0.2, 0.45), rng.uniform(0.2, 0.3), 0.1, 0.2)
    liver = np.maximum(liver, left * (rng.random() < 0.7))
    body.put(liver, body.level("organ"), cavity)
    for _ in range(rng.integers(0, 12)):
        x, y, r = rng.uniform(-0.8, 0.0), rng.uniform(-0.6, 0.5), rng.uniform(0.01, 0.035)
        vessel = body.shape(x, y, r, r * rng.uniform(1, 6), 0.1, rng.uniform(0, 3))
        body.put(vessel * rng.uniform(0.2, 0.9), body.level("blood"), cavity * liver)
    for _ in range(int(rng.choice([0, 0, 0, 1, 3]))):
        x, y, r = rng.uniform(-0.8, -0.1), rng.uniform(-0.5, 0.4), rng.uniform(0.02, 0.12)
        body.put(body.shape(x, y, r, r, 0.1), body.level("water", 0.5), cavity * liver)
    spleen = body.shape(
        rng.uniform(0.6, 0.75), rng.uniform(0.05, 0.3), 0.24, rng.uniform(0.3, 0.5), 0.06, -0.3
    )
    body.put(spleen, body.level("organ"), cavity)
    x, y = rng.uniform(0.25, 0.5), rng.uniform(-0.5, -0.2)
    stomach = body.shape(x, y, rng.uniform(0.18, 0.32), rng.uniform(0.2, 0.4), 0.1, -0.4)
    content = body.level(rng.choice(["water", "organ", "air", "muscle"]))
    body.ringed(stomach, content, body.level("organ"), 0.025, cavity)
    if rng.random() < 0.5:
        rows = np.arange(body.height)[:, None] < body.y + (y - rng.uniform(0, 0.2)) * body.down
        body.put(np.where(rows, stomach, 0) * 0.97, body.level("air"), cavity)
    body.gut(cavity, -0.5, 0.1, int(rng.integers(0, 5)))
    for side in (-1, 1) if rng.random() < 0.5 else ():
        kidney = body.shape(side * 0.42, spine - 0.08, 0.13, 0.2, 0.06, side * 0.4)
        body.put(kidney, body.level("kidney"), cavity)
        body.put(body.shape(side * 0.36, spine - 0.1, 0.05, 0.08, 0.1), body.level("fat"), kidney)
    for side in (-1, 1):
        legs = body.shape(side * 0.11, spine - 0.12, 0.05, 0.14, 0.1, side * 0.5)
        body.put(legs, body.level("muscle"), cavity)
        body.put(body.shape(side * 0.24, spine + 0.35, 0.2, 0.17, 0.06), body.level("muscle"), lean)
    body.ribs(outer, cavity, int(rng.integers(4, 14)))
    body.vertebra(0, spine, rng.uniform(0.1, 0.15))
    body.put(body.shape(0.06, spine - 0.25, 0.065, 0.065 * round_, 0.02), body.level("blood"))
    body.put(body.shape(-0.14, spine - 0.3, 0.07, 0.05 * round_, 0.05), body.level("blood"))
    body.table()


def _heart(body: Body) -> None:
    """A heart that fills the picture: bright or dark blood, its muscle round it, lung beside it."""
    rng = body.rng
    body.put(np.ones_like(body.image), body.level("lung"))
    body.put(body.shape(0, -1.25, 1.6, rng.uniform(0.4, 0.7), 0.04), body.level("muscle"))
    body.put(body.shape(0, -1.35, 1.6, rng.uniform(0.3, 0.5), 0.04), body.level("fat"))
    body.put(body.shape(rng.uniform(-1, 0), 1.0, 0.8, rng.uniform(0.3, 0.7), 0.08), body.level("organ"))
    at, turn = (rng.uniform(-0.15, 0.15), rng.uniform(-0.2, 0.1)), rng.uniform(0, 3)
    body.put(body.shape(*at, 0.72, 0.6, 0.08, turn), body.level("fat"))
    wall, blood = body.level("muscle"), body.level("blood")
    for x, y, size in ((0.25, 0.1, 0.36), (-0.28, -0.1, 0.36), (0.0, 0.35, 0.28), (-0.05, -0.4, 0.2)):
        if rng.random() < 0.8:
            mask = body.shape(at[0] + x, at[1] + y, size, size * rng.uniform(0.7, 1.3), 0.08, turn)
            body.ringed(mask, blood * rng.normal(1, 0.08), wall, rng.uniform(0.02, 0.1))
    for _ in range(rng.integers(0, 30)):
        x, y, r = rng.choice([-1, 1]) * rng.uniform(0.6, 1), rng.uniform(-0.6, 0.8), rng.uniform(0.006, 0.03)
        body.put(body.shape(x, y, r, r * rng.uniform(1, 4), 0.1, rng.uniform(0, 3)), body.level("organ"))


def _breasts(body: Body) -> None:
    """Two breasts that hang side by side, glands in fat, the chest behind them."""
    rng = body.rng
    top, wide = rng.uniform(-0.9, -0.5), rng.uniform(0.36, 0.48)
    fat = body.level("fat")
    for side in (-1, 1):
        breast = body.shape(side * 0.48, 0.0, wide, -top, 0.03)
        body.ringed(breast, fat, body.level("muscle"), 0.012)
        for _ in range(rng.integers(5, 40)):
            x, y = side * 0.48 + rng.normal(0, 0.15), rng.uniform(top * 0.7, 0.1)
            r = rng.uniform(0.01, 0.08)
            gland = body.shape(x, y, r, r * rng.uniform(0.6, 3), 0.2, rng.normal(0, 0.5))
            body.put(gland, body.level("organ"), breast)
    body.put(body.shape(0, 0.75, 1.0, 0.8, 0.03), fat)
    body.put(body.shape(0, 0.8, 0.95, 0.75, 0.04), body.level("muscle"))
    for side in (-1, 1):
        body.put(body.shape(side * 0.45, 0.85, 0.38, 0.5, 0.06), body.level("lung"))
    body.put(body.shape(0.15, 0.55, 0.3, 0.28, 0.08), body.level("blood"))


def _chest(body: Body) -> None:
    rng = body.rng
    outer, _, cavity = body.wall(rng.uniform(0.02, 0.12), rng.uniform(0.05, 0.12))
    body.ribs(outer, cavity, int(rng.integers(6, 18)))
    lung = body.level("lung")
    for side in (-1, 1):
        mask = body.shape(side * 0.47, 0.0, 0.34, rng.uniform(0.55, 0.75), 0.06, side * 0.15)
        body.put(mask, lung, cavity)
        for _ in range(rng.integers(5, 30)):
            x, y, r = side * rng.uniform(0.2, 0.75), rng.uniform(-0.5, 0.5), rng.uniform(0.006, 0.025)
            vessel = body.shape(x, y, r, r * rng.uniform(1, 5), 0.05, rng.uniform(0, 3))
            body.put(vessel, body.level("organ"), mask * cavity)
    heart = body.shape(rng.uniform(0.05, 0.2), rng.uniform(-0.35, 0), rng.uniform(0.25, 0.4), 0.38, 0.06, 0.5)
    body.put(heart, body.level("organ"), cavity)
    for _ in range(rng.integers(0, 5)):
        x, y = rng.uniform(-0.1, 0.35), rng.uniform(-0.45, 0.1)
        body.put(body.shape(x, y, rng.uniform(0.06, 0.15), 0.12, 0.1), body.level("blood"), heart)
    body.put(body.shape(0.1, 0.3, 0.07, 0.07 * body.across / body.down), body.level("blood"))
    body.vertebra(0, rng.uniform(0.42, 0.55), rng.uniform(0.1, 0.15))
    body.table()


def _pelvis(body: Body) -> None:
    rng = body.rng
    _, lean, _ = body.wall(rng.uniform(0.06, 0.2), rng.uniform(0.05, 0.1))
    hollow = body.shape(0, -0.05, 0.42, 0.5, 0.06)
    body.put(hollow, body.level("fat"), lean)
    for side in (-1, 1):
        for _ in range(rng.integers(4, 9)):
            x, y = side * rng.uniform(0.35, 0.85), rng.uniform(-0.5, 0.6)
            body.put(body.shape(x, y, 0.13, 0.14, 0.12, rng.uniform(0, 3)), body.level("muscle", 0.2), lean)
        hip = body.shape(side * rng.uniform(0.48, 0.6), rng.uniform(-0.1, 0.1), 0.13, 0.16, 0.05)
        body.ringed(hip, body.level("bone"), body.level("cortex", 0.05), 0.02)
        wing = body.shape(side * 0.42, 0.1, 0.06, rng.uniform(0.2, 0.4), 0.1, side * rng.uniform(-0.6, 0.6))
        body.ringed(wing, body.level("bone"), body.level("cortex", 0.05), 0.012)
    body.put(body.shape(0, rng.uniform(-0.35, -0.1), rng.uniform(0.15, 0.3), 0.22, 0.05), body.level("water"))
    body.ringed(body.shape(0, 0.25, 0.12, 0.12, 0.08), body.level("organ"), body.level("muscle"), 0.03)
    body.gut(hollow, -0.4, 0.3, int(rng.integers(0, 7)))
    body.put(body.shape(0, 0.62, rng.uniform(0.08, 0.2), 0.12, 0.1), body.level("bone"))
    body.table()


def _neck(body: Body) -> None:
    rng = body.rng
    _, lean, _ = body.wall(rng.uniform(0.03, 0.12), 0.05)
    for _ in range(rng.integers(8, 18)):
        turn, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 0.8)
        mask = body.shape(far * np.cos(turn), far * np.sin(turn), 0.16, 0.13, 0.12, rng.uniform(0, 3))
        body.ringed(mask, body.level("muscle", 0.15), body.level("fat"), 0.012, lean)
    body.ringed(body.shape(0, -0.4, 0.15, 0.14, 0.06), body.level("air"), body.level("muscle"), 0.03)
    for side in (-1, 1):
        body.put(body.shape(side * 0.38, -0.2, 0.07, 0.07), body.level("blood"))
    body.vertebra(0, rng.uniform(0.0, 0.15), rng.uniform(0.14, 0.22))


def _limb_across(body: Body) -> None:
    """One or two thighs, calves or arms: fat, groups of muscle, bones with marrow."""
    rng = body.rng
    both = body.width > 1.1 * body.height and rng.random() < 0.8
    middle, reach, flat = body.x, body.across, rng.uniform(0.85, 1.15)
    seam = body.level("muscle") + rng.uniform(0, 1) ** 2 * (body.level("fat") - body.level("muscle"))
    bones, thick, groups = rng.integers(1, 3), rng.uniform(0.04, 0.25), int(rng.integers(6, 14))
    for side in (-1, 1) if both else (0,):
        body.across = reach * (0.48 if both else 1)
        body.across = min(body.across, body.down * flat)
        body.down = min(body.down, body.across * flat)
        body.x = middle + side * reach * 0.52
        outer = body.shape(0, 0, 0.96, 0.96, 0.03)
        body.ringed(outer, body.level("fat", 0.02), body.level("muscle"), 0.01)
        lean = body.shape(0, 0, 0.94 - thick, 0.94 - thick, 0.05)
        body.put(lean, body.level("muscle", 0.05))
        for index in range(groups):
            turn = 2 * np.pi * index / groups
            mask = body.shape(0.5 * np.cos(turn), 0.5 * np.sin(turn), 0.24, 0.2, 0.1, turn)
            body.ringed(mask, body.level("muscle", 0.12), seam, 0.012, lean)
        for index in range(bones):
            x, y = rng.uniform(-0.25, 0.25), rng.uniform(-0.25, 0.25)
            size = rng.uniform(0.12, 0.22) * (1 if index == 0 else 0.5)
            body.ringed(
                body.shape(x, y, size, size, 0.05), body.level("bone"), body.level("cortex", 0.05), 0.05
            )
    body.x = middle


def _spine_along(body: Body) -> None:
    """A spine from the side: vertebrae and discs along a curve, canal with the cord, fat behind."""
    rng = body.rng
    body.across, body.down = body.width / 2, body.height / 2
    body.put(np.ones_like(body.image), body.level("muscle", 0.3))
    body.gut(np.ones_like(body.image), -0.9, 0.9, int(rng.integers(0, 8)))
    count, bend, phase = int(rng.integers(5, 14)), rng.uniform(0.03, 0.2), rng.uniform(0, 6)
    size, disc, bone = rng.uniform(0.12, 0.24), body.level("water", 0.3), body.level("bone")
    rows = np.linspace(-1.05, 1.05, 40)
    along = rng.uniform(-0.2, 0.1) + bend * np.sin(rows * rng.uniform(1, 2.5) + phase)
    for low, high, name in ((0.5, 1.4, "fat"), (1.08, 1.6, "water"), (1.22, 1.42, "organ")):
        if name == "fat":
            edge = along + rng.uniform(0.5, 0.7)
            body.put(
                body.filled(np.concatenate([np.stack([edge, rows], 1), [[1.2, 1.2], [1.2, -1.2]]])),
                body.level("fat"),
            )
            continue
        sides = np.concatenate(
            [np.stack([along + low * size, rows], 1), np.stack([along + high * size, rows], 1)[::-1]]
        )
        body.put(body.filled(sides), body.level(name))
    pitch = 2.1 / count
    for index in range(count):
        y = -1.05 + pitch * (index + 0.5)
        x, slope = float(np.interp(y, rows, along)), float(np.interp(y, rows, np.gradient(along, rows)))
        corner = np.array([(-1, -0.38), (1, -0.38), (0.93, 0), (1, 0.38), (-1, 0.38), (-0.93, 0)])
        at = corner * (size, pitch) + (x, y)
        at[:, 0] += corner[:, 1] * pitch * slope
        body.ringed(body.filled(at), bone * rng.normal(1, 0.04), body.level("cortex", 0.1), 0.012)
        body.put(
            body.shape(x + slope * pitch / 2, y + pitch / 2, size * 0.95, pitch * 0.11, 0.03),
            disc * rng.normal(1, 0.1),
        )
        body.put(
            body.shape(x + size * 2.4, y + pitch * 0.3, size * 0.8, pitch * 0.2, 0.08, 0.5),
            body.level("bone", 0.15),
        )


def _knee_along(body: Body) -> None:
    """A knee, elbow or ankle: two rounded bones with a gap, cartilage, a kneecap or heel, fat and muscle."""
    rng = body.rng
    tilt = rng.normal(0, 0.12)
    edge = np.linspace(-1.1, 1.1, 30)
    left = -rng.uniform(0.6, 0.95) + 0.08 * np.sin(edge * 3 + rng.uniform(0, 6)) + tilt * edge
    right = rng.uniform(0.6, 0.95) + 0.08 * np.sin(edge * 3 + rng.uniform(0, 6)) + tilt * edge
    outline = np.concatenate([np.stack([left, edge], 1), np.stack([right, edge], 1)[::-1]])
    limb = body.filled(outline)
    body.ringed(limb, body.level("fat"), body.level("muscle"), 0.015)
    body.put(body.filled(outline * (0.85, 1)), body.level("muscle"))
    for _ in range(rng.integers(3, 10)):
        x, y = rng.uniform(-0.7, 0.7), rng.choice([-1, 1]) * rng.uniform(0.3, 1)
        body.put(body.shape(x, y, 0.15, 0.5, 0.1, rng.normal(0, 0.2)), body.level("muscle", 0.25), limb)
    bone, rim, gap = body.level("bone"), body.level("cortex", 0.1), rng.uniform(-0.2, 0.2)
    wide, high = rng.uniform(0.35, 0.55), rng.uniform(0.22, 0.35)
    for side in (-1, 1):
        shaft = [(-0.5, 0), (-0.42, 0.5), (-0.45, 1.3), (0.45, 1.3), (0.42, 0.5), (0.5, 0)]
        at = np.array(shaft) * (wide, 1) * (rng.uniform(0.7, 1.1), side) + (tilt, gap + side * high * 0.8)
        joined = np.maximum(
            body.filled(at), body.shape(rng.normal(0, 0.05), gap + side * high, wide, high * 0.95, 0.06)
        )
        body.ringed(joined, bone, rim, 0.015, limb)
        body.put(body.shape(0, gap + side * 0.03, wide * 0.9, 0.025, 0.05), body.level("water"), limb)
    if rng.random() < 0.7:
        body.ringed(
            body.shape(-wide - 0.15, gap - rng.uniform(0, 0.3), 0.09, 0.2, 0.08, 0.15), bone, rim, 0.015, limb
        )
        body.put(body.shape(-wide - 0.1, gap + 0.25, 0.14, 0.18, 0.1), body.level("fat"), limb)


def _trunk_along(body: Body) -> None:
    """A trunk from the front: lungs, liver, kidneys, spine, hips."""
    rng = body.rng
    side = np.array([(0.7, -1.2), (0.85, -0.5), (0.75, 0.1), (0.9, 0.7), (0.8, 1.2)])
    trunk = body.filled(np.concatenate([side, side[::-1] * (-1, 1)]))
    body.ringed(trunk, body.level("fat"), body.level("muscle"), 0.03)
    within = cv2.erode(trunk, np.ones((2 * round(0.08 * body.across) + 1,) * 2, np.uint8))
    body.put(within, body.level("muscle"))
    for side in (-1, 1):
        body.put(body.shape(side * 0.4, -0.7, 0.28, 0.42, 0.05), body.level("lung"), within)
        body.put(body.shape(side * 0.36, 0.2, 0.12, 0.22, 0.06, side * 0.2), body.level("kidney"), within)
        body.ringed(
            body.shape(side * 0.5, 0.95, 0.2, 0.2, 0.06),
            body.level("bone"),
            body.level("cortex"),
            0.03,
            within,
        )
    body.put(body.shape(0.1, -0.55, 0.24, 0.28, 0.06), body.level("blood"), within)
    body.put(body.shape(-0.35, -0.15, 0.42, 0.28, 0.08, 0.2), body.level("organ"), within)
    body.gut(within, 0.0, 0.8, int(rng.integers(4, 16)))
    for index in range(12):
        y = -0.9 + index * 0.15
        body.put(body.shape(0.02 * np.sin(index), y, 0.1, 0.06, 0.03), body.level("bone"), within)


def _film(body: Body) -> None:
    """A hand or foot in X-ray: rays of bones, bright on dark or the other way round."""
    rng = body.rng
    body.levels |= {"muscle": rng.uniform(40, 110), "bone": rng.uniform(150, 230), "cortex": 250.0}
    count = int(rng.integers(3, 6))
    for index in range(count):
        turn = (index - (count - 1) / 2) * rng.uniform(0.12, 0.25)
        for width, name in ((0.13, "muscle"), (0.06, "bone")):
            for low, high in ((0.15, 0.5), (0.53, 0.78), (0.8, 0.95)):
                far, long = (low + high) / 2 * 1.7, (high - low) / 2 * 1.6
                mask = body.shape(far * np.sin(turn), 0.8 - far * np.cos(turn), width, long, 0.06, turn)
                body.image = np.maximum(body.image, mask * body.level(name, 0.05))
    palm: Bools = body.shape(0, 0.75, 0.4, 0.35, 0.08) > 0.5
    body.image[palm] = np.maximum(body.image[palm], body.levels["muscle"])
    for _ in range(8):
        mask = body.shape(rng.uniform(-0.25, 0.25), rng.uniform(0.5, 0.9), 0.09, 0.09, 0.1)
        body.ringed(mask, body.level("bone"), body.level("cortex"), 0.012)
    if rng.random() < 0.3:
        body.image = 255 - body.image
