"""What clinics, journals and web sites burn into images, placed beside the head, on the scalp or on the brain."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from curator.synthetic import shapes
from curator.synthetic.dice import Dice
from curator.synthetic.lettering import F64, letters, stacked
from curator.synthetic.page import Ink, Page

_WORDS: Final = (
    "TR {tr}",
    "TE {te}",
    "SL {sl}.0 mm",
    "FOV {fov}",
    "Se: {n}",
    "Im: {n}/{m}",
    "W {w} : L {l}",
    "W: {w} L: {l}",
    "AX {s}",
    "Ex: {ex}",
    "{fov}x{fov}",
    "{s} TSE",
    "Anonymous",
    "Study {ex}",
    "HEAD",
    "1.5T",
    "3.0T",
    "Zoom {n}%",
)
_CREDITS: Final = (
    "(c) Example Clinic",
    "www.example.org",
    "Demo Radiology Archive",
    "Courtesy of Example Hospital",
    "Case {ex}",
    "Synthetic Imaging Journal",
)
_STAMPS: Final = ("SAMPLE SCAN LIBRARY", "DEMO IMAGES", "example.org", "PREVIEW", "NOT FOR DIAGNOSIS")
_BRIGHT: Final = Ink((255, 255, 255))


def add_background(page: Page, dice: Dice) -> None:
    """One to three kinds of overlays beside the head; at least one is always found room for."""
    kinds: list[Callable[[Page, Dice], bool]] = []
    weights = {
        _corner_text: 0.3,
        _sides: 0.22,
        _ruler: 0.16,
        _frame: 0.1,
        _bar: 0.09,
        _credit: 0.16,
        _pointer: 0.03,
    }
    for _ in range(dice.weighted({1: 0.5, 2: 0.35, 3: 0.15})):
        kind = dice.weighted({k: w for k, w in weights.items() if k not in kinds})
        kinds.append(kind)
    # Frames and bars go first: text must not lie under them.
    kinds.sort(key=lambda k: (k is not _frame, k is not _bar))
    done = [kind(page, dice) for kind in kinds]
    if not any(done):
        footer(page, dice)


def add_on_brain(page: Page, dice: Dice, target: tuple[float, float] | None) -> None:
    """One overlay on the brain; arrows point at `target` (x, y) if there is one."""
    kinds = {_arrow: 0.36, _label: 0.18, _watermark: 0.2, _crosshair: 0.12, _measure: 0.14}
    kind = dice.weighted(kinds)
    if not kind(page, dice, target):
        _watermark(page, dice, target)


def add_on_scalp(page: Page, dice: Dice) -> bool:
    """One overlay on scalp or neck alone; False if none fits."""
    order = dice.shuffled((_scalp_letter, _scalp_ruler, _scalp_arrow))
    return any(kind(page, dice) for kind in order)


def footer(page: Page, dice: Dice) -> None:
    """A strip below the image with a credit, as journals add it."""
    size = dice.whole(7, 10)
    cover = letters(_filled(dice, dice.pick(_CREDITS)), size)
    if cover.shape[1] > page.width - 6:
        cover = letters("Case", size)
    top = page.height
    page.extend(0, 0, cover.shape[0] + 10, page.background)
    x = dice.pick((3, page.width - cover.shape[1] - 3, (page.width - cover.shape[1]) // 2))
    page.burn(cover, x, top + 6, "text", _BRIGHT, "background")


def _size(page: Page, dice: Dice) -> float:
    return max(6.0, min(page.width, page.height) * dice.between(0.026, 0.048))


def _filled(dice: Dice, words: str) -> str:
    return words.format(
        tr=dice.whole(400, 9000),
        te=dice.whole(8, 120),
        sl=dice.whole(2, 6),
        fov=dice.pick((220, 230, 240, 256, 512)),
        n=dice.whole(1, 24),
        m=dice.whole(24, 40),
        w=dice.whole(300, 4000),
        l=dice.whole(100, 2000),
        s=dice.pick(("T1", "T2", "FLAIR", "PD")),
        ex=dice.whole(1000, 99999),
    )


def _text(dice: Dice, size: float, words: tuple[str, ...], lines: int, *, right: bool = False) -> F64:
    width, bold = dice.between(0.75, 1.0), dice.chance(0.25)
    rows = [letters(_filled(dice, w), size, width=width, bold=bold) for w in dice.shuffled(words)[:lines]]
    return stacked(rows, max(2, round(0.45 * size)), right=right)


def _corner_text(page: Page, dice: Dice) -> bool:
    found = False
    size, gap = _size(page, dice), dice.whole(2, 6)
    grey = dice.pick((255, 255, 255, 230, 200, 150))
    ink = Ink((255, 240, 60)) if dice.chance(0.06) else Ink((grey, grey, grey))
    for corner in dice.shuffled(("tl", "tr", "bl", "br"))[: dice.whole(1, 4)]:
        for lines in range(dice.whole(1, 4), 0, -1):
            cover = _text(dice, size, _WORDS, lines, right=corner[1] == "r")
            x = gap if corner[1] == "l" else page.width - cover.shape[1] - gap
            y = gap if corner[0] == "t" else page.height - cover.shape[0] - gap
            if page.put(cover, _around(x, y), "text", ink, "background"):
                found = True
                break
    return found


def _sides(page: Page, dice: Dice) -> bool:
    """R and L beside the head, or one boxed letter."""
    size = _size(page, dice) * dice.between(1.0, 1.6)
    y = int(page.height * dice.between(0.4, 0.6))
    gap = dice.whole(2, 5)
    letter = [letters(c, size, bold=dice.chance(0.4)) for c in dice.pick(("RL", "RL", "LR"))]
    left = page.put(letter[0], _near(gap, y), "text", _BRIGHT, "background")
    if left and dice.chance(0.35):
        return True
    x = page.width - letter[1].shape[1] - gap
    return page.put(letter[1], _near(x, y), "text", _BRIGHT, "background") or left


def _ruler(page: Page, dice: Dice) -> bool:
    upright = dice.chance(0.5)
    side = page.height if upright else page.width
    ticks = dice.pick((5, 10, 10, 20))
    depth = dice.whole(4, 8)
    grey = dice.pick((255, 255, 220, 180))
    for share in (dice.between(0.3, 0.6), 0.25, 0.15):
        length = int(side * share)
        cover = shapes.ruler(length, ticks, depth, upright=upright, closed=dice.chance(0.2))
        middle = (side - length) // 2
        if upright:
            places = [
                (page.width - depth - 3, middle),
                (3, middle),
                (page.width - depth - 3, side - length - 4),
            ]
        else:
            places = [(middle, page.height - depth - 3), (middle, 3), (4, page.height - depth - 3)]
        if page.put(cover, places, "ruler", Ink((grey, grey, grey)), "background"):
            return True
    return False


def _frame(page: Page, dice: Dice) -> bool:
    """A frame line along all four edges; each edge is an overlay of its own."""
    width = dice.weighted({1: 0.45, 2: 0.3, 3: 0.15, 5: 0.1})
    grey = dice.pick((255, 255, 200, 120, 70))
    across, down = np.ones((width, page.width)), np.ones((page.height - 2 * width, width))
    edges = [
        (across, 0, 0),
        (across, 0, page.height - width),
        (down, 0, width),
        (down, page.width - width, width),
    ]
    if any(page.lies_on(cover, x, y) != "background" for cover, x, y in edges):
        return False
    for cover, x, y in edges:
        page.burn(cover, x, y, "border", Ink((grey, grey, grey)), "background")
    return True


def _bar(page: Page, dice: Dice) -> bool:
    """A white bar beside the image, as from a film's margin or a screenshot."""
    width = dice.whole(2, 9)
    gap = dice.whole(0, 8)
    left = dice.chance(0.5)
    strip = width + gap
    page.extend(strip if left else 0, 0 if left else strip, 0, page.background)
    cover = np.ones((page.height, width))
    x = 0 if left else page.width - width
    grey = dice.pick((255, 245, 225))
    page.burn(cover, x, 0, "border", Ink((grey, grey, grey)), "background")
    return True


def _credit(page: Page, dice: Dice) -> bool:
    size = max(6.0, 0.85 * _size(page, dice))
    cover = _text(dice, size, _CREDITS, 1)
    faint = dice.chance(0.4)
    ink = Ink(opacity=dice.between(0.35, 0.7)) if faint else _BRIGHT
    y = page.height - cover.shape[0] - 3
    places = [(page.width - cover.shape[1] - 3, y), (3, y), ((page.width - cover.shape[1]) // 2, y)]
    if page.put(cover, places, "watermark" if faint else "text", ink, "background"):
        return True
    footer(page, dice)
    return True


def _pointer(page: Page, dice: Dice) -> bool:
    cover = shapes.pointer(dice.between(11, 15))
    places = [(dice.below(page.width), dice.below(page.height)) for _ in range(60)]
    return page.put(cover, places, "other", _BRIGHT, "background")


def _arrow(page: Page, dice: Dice, target: tuple[float, float] | None) -> bool:
    side = min(page.width, page.height)
    colour = dice.pick(((255, 255, 255), (255, 255, 255), (255, 230, 0), (0, 0, 0), (255, 40, 40)))
    length, thick, block = side * dice.between(0.08, 0.14), max(1.6, side / 120), dice.chance(0.35)
    for _ in range(40):
        angle = dice.between(0, 2 * math.pi)
        cover = shapes.arrow(length, angle, thick, block=block)
        x, y = target or _somewhere(page, dice)
        away = dice.between(2, 8) + length / 2
        at = (x - away * math.cos(angle), y - away * math.sin(angle))
        if page.put(cover, [_centred(cover, at)], "arrow", Ink(colour), "brain"):
            return True
    return False


def _label(page: Page, dice: Dice, target: tuple[float, float] | None) -> bool:
    size = _size(page, dice) * dice.between(1.0, 1.7)
    cover = letters(dice.pick(("A", "a", "*", "T", "B", "1", "M", "a.")), size, bold=dice.chance(0.5))
    colour = dice.pick(((255, 255, 255), (255, 255, 255), (255, 230, 0), (0, 0, 0)))
    places = [_centred(cover, _somewhere(page, dice)) for _ in range(40)]
    return page.put(cover, places, "text", Ink(colour), "brain")


def _watermark(page: Page, dice: Dice, target: tuple[float, float] | None) -> bool:
    """Faint words across the middle; whatever the page, this one always fits."""
    words = dice.pick(_STAMPS)
    cover = letters(words, 20, bold=True)
    size = 20 * dice.between(0.7, 0.92) * page.width / cover.shape[1]
    cover = letters(words, min(size, 34.0), bold=True)
    rows = np.flatnonzero(page.inside.any(axis=1))
    y = int(rows[0] + (rows[-1] - rows[0]) * dice.between(0.3, 0.7)) - cover.shape[0] // 2
    x = (page.width - cover.shape[1]) // 2
    ink = Ink(opacity=dice.between(0.35, 0.6))
    y = min(max(y, 0), page.height - cover.shape[0])
    page.burn(cover, x, y, "watermark", ink, "brain")
    return True


def _crosshair(page: Page, dice: Dice, target: tuple[float, float] | None) -> bool:
    x, y = target or _somewhere(page, dice)
    if not page.inside[int(y), int(x)]:
        return False
    colour = dice.pick(((80, 140, 255), (255, 60, 60), (90, 255, 90), (255, 255, 255)))
    ink = Ink(colour, dice.between(0.6, 1.0))
    page.burn(np.ones((1, page.width)), 0, int(y), "other", ink, "brain")
    page.burn(np.ones((page.height, 1)), int(x), 0, "other", ink, "brain")
    return True


def _measure(page: Page, dice: Dice, target: tuple[float, float] | None) -> bool:
    side = min(page.width, page.height)
    for _ in range(40):
        angle, length = dice.between(0, math.pi), side * dice.between(0.08, 0.2)
        cover = shapes.caliper(length * math.cos(angle), length * math.sin(angle), 1.3, 7)
        at = target or _somewhere(page, dice)
        ink = Ink(dice.pick(((255, 255, 255), (255, 230, 0), (90, 255, 90))))
        if page.put(cover, [_centred(cover, at)], "other", ink, "brain"):
            words = letters(f"{length / 2.1:.1f} mm", _size(page, dice))
            beside = [(int(at[0]) + 12, int(at[1]) + 8 + 5 * i) for i in range(8)]
            page.put(words, beside, "text", ink, "brain")
            return True
    return False


def _scalp_letter(page: Page, dice: Dice) -> bool:
    for size in (_size(page, dice), 7.0, 6.0):
        cover = letters(dice.pick(("R", "L", "P", "A", "AHF", "H")), size, bold=dice.chance(0.5))
        if page.put(cover, _rim(page, dice, cover), "text", _on_scalp(dice), "head"):
            return True
    return False


def _scalp_ruler(page: Page, dice: Dice) -> bool:
    for share in (dice.between(0.25, 0.5), 0.2, 0.12):
        upright = dice.chance(0.3)
        side = page.height if upright else page.width
        cover = shapes.ruler(
            int(side * share), 10, dice.whole(4, 6), upright=upright, closed=dice.chance(0.4)
        )
        if page.put(cover, _rim(page, dice, cover), "ruler", _BRIGHT, "head"):
            return True
    return False


def _scalp_arrow(page: Page, dice: Dice) -> bool:
    for _ in range(30):
        cover = shapes.arrow(dice.between(9, 16), dice.between(0, 2 * math.pi), 1.8, block=dice.chance(0.3))
        if page.put(cover, _rim(page, dice, cover)[:20], "arrow", _on_scalp(dice), "head"):
            return True
    return False


def _on_scalp(dice: Dice) -> Ink:
    # No black: bone is dark, and an overlay that nobody sees is none.
    return Ink(dice.pick(((255, 255, 255), (255, 230, 0), (255, 50, 50))))


def _rim(page: Page, dice: Dice, cover: F64) -> list[tuple[int, int]]:
    """Places on scalp, skull or neck in random order."""
    rows, columns = np.nonzero(page.head & ~page.inside)
    picks = [dice.below(len(rows)) for _ in range(240)]
    return [_centred(cover, (float(columns[i]), float(rows[i]))) for i in picks]


def _somewhere(page: Page, dice: Dice) -> tuple[float, float]:
    """A point well inside the skull."""
    rows, columns = np.nonzero(page.inside)
    for _ in range(20):
        i = dice.below(len(rows))
        x, y = int(columns[i]), int(rows[i])
        reach = max(3, min(page.width, page.height) // 12)
        x0, y0 = max(0, x - reach), max(0, y - reach)
        if page.inside[y0 : y + reach + 1, x0 : x + reach + 1].all():
            return float(x), float(y)
    return float(columns[len(columns) // 2]), float(rows[len(rows) // 2])


def _centred(cover: F64, at: tuple[float, float]) -> tuple[int, int]:
    return round(at[0] - cover.shape[1] / 2), round(at[1] - cover.shape[0] / 2)


def _near(x: int, y: int) -> list[tuple[int, int]]:
    return [(x, y + dy) for step in range(0, 80, 8) for dy in (step, -step)]


def _around(x: int, y: int) -> list[tuple[int, int]]:
    return [(x, y), (x, y - 2), (x, y + 2)]
