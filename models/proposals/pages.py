"""A whole image as it is found on the web: head, background, bars, frames, marks, and what files do to them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from marks import add_hard_marks, add_marks
from odd import odd_window, with_mass
from others import draw_other
from rough import faded, ghosts, tight
from sheet import Sheet
from tissue import Bools, Floats, Rng, draw_head, smooth

U8 = npt.NDArray[np.uint8]

# Grey levels by which a mark changes a pixel that counts as marked.
_MARKED = 14
# Of hard pages: share of heads with faded bars, of those with ghosts beside them, of large ones in a frame that
# touches them, and of pages that were larger when they were marked; their longest side then.
_FADED, _GHOSTS, _TIGHT, _SHRUNK, _LARGEST = 0.3, 0.15, 0.12, 0.6, 1100
_NOT_SMALL = 90  # pixels across
# Shares of heads with a mass of up to half of the brain, and of those in a window that suits them ill.
_MASSES, _ODD = 0.04, 0.08
# Of a close-up: the most of the head's height or width that is cut off, the least that its skull must hold of the
# head, of pixels along each side and of grey levels. What shows less can't be told from any grey thing, and taught
# the network to take those.
_MOST_CUT, _LEAST_INSIDE, _LEAST_SIDE, _LEAST_SPREAD = 0.54, 0.3, 110, 26.0
# Grey levels that a whole head must differ by, noise left out: heads that show less are drawn anew, and most of
# those with hardly any brain.
_LEAST_SEEN, _LEAST_BRAIN, _BARE = 18.0, 0.08, 0.3


@dataclass
class Page:
    """`rgb` uint8 (h, w, 3); masks of the same height and width; `is_head` False for anything but a head's MRI."""

    rgb: U8
    head: Bools
    mark: Bools
    border: Bools
    inside: Bools
    is_head: bool


def draw_page(
    rng: Rng,
    slices: dict[str, npt.NDArray[np.uint8]],
    *,
    others: float = 0.13,
    upon: bool = False,
    close: bool = False,
    hard: bool = False,
    pictures: str | None = None,
) -> Page:
    """One page. `others` is the share that shows no head, `upon` puts marks on most heads, `close` shows parts of
    heads and brains without a skull that fill the page, `hard` has more of what the first network got wrong,
    `pictures` is a file that `pictures.py` wrote."""
    long = int(
        rng.choice(
            [rng.integers(170, 260), rng.integers(260, 380), rng.integers(380, 560)], p=[0.4, 0.35, 0.25]
        )
    )
    aspect = np.exp(rng.normal(0.1, 0.14)) if rng.random() > 0.07 else rng.uniform(0.5, 0.8)
    height, width = (long, int(long / aspect)) if aspect > 1 else (int(long * aspect), long)
    if rng.random() < others:
        rgb = draw_other(rng, slices, height, width, pictures=pictures)
        none = np.zeros((height, width), bool)
        sheet = Sheet(rng, rgb, none, none.copy())
        add_marks(sheet, on_head=0.0)
        return Page(_degraded(rng, sheet.rgb), none, none, none, none, False)
    for _ in range(4):
        grey, head, inside, border = framed(rng, slices, height, width, hard)
        bare = inside.sum() < _LEAST_BRAIN * head.sum()
        if _spread(grey, head) >= _LEAST_SEEN and (not bare or rng.random() < _BARE):
            break
    if hard and rng.random() < _FADED:
        grey = faded(rng, grey, border)
    if hard and rng.random() < _GHOSTS:
        grey = ghosts(rng, grey, head)
    if hard and not close and head.any(0).sum() > _NOT_SMALL and rng.random() < _TIGHT:
        grey, head, inside, border = tight(rng, grey, head, inside)
        height, width = grey.shape
    if close and shows_brain(head, inside):
        part = close_up(rng, grey, head, inside)
        if _spread(part[0], part[2]) > _LEAST_SPREAD:
            grey, head, inside, border = part
            height, width = grey.shape
    rgb = np.repeat(np.clip(grey, 0, 255)[..., None], 3, 2).astype(np.float32)
    if rng.random() < 0.1:  # tinted
        rgb = rgb * rng.uniform(0.8, 1.1, 3).astype(np.float32) + rng.uniform(-6, 10, 3).astype(np.float32)
    if hard:
        rgb, mark = _marked_large(rng, rgb, head, inside, upon)
        rgb = _degraded(rng, _resampled(rng, rgb) if rng.random() < 0.5 else rgb)
        return Page(rgb, head, mark, border & ~mark, inside, True)
    late = rng.random() < 0.4  # marks that were drawn on the finished file
    mark = np.zeros((height, width), bool)
    for now in (False, True):
        if now == late:
            before = np.clip(rgb, 0, 255).copy()
            sheet = Sheet(rng, rgb.astype(np.float32), head, inside, either=upon)
            add_marks(sheet, on_head=0.85 if upon else 0.42)
            rgb = sheet.rgb
            mark = np.abs(np.clip(rgb, 0, 255) - before).max(2) > _MARKED
        if not now:
            rgb = _resampled(rng, np.clip(rgb, 0, 255))
    rgb = _degraded(rng, rgb)
    return Page(rgb, head, mark, border & ~mark, inside, True)


def _marked_large(rng: Rng, rgb: Floats, head: Bools, inside: Bools, upon: bool) -> tuple[Floats, Bools]:
    """The page with marks, and where they changed it: they are drawn on a page up to four times its size, which is
    then shrunk, as files are before they are passed on; so they are soft, and thin ones dim."""
    height, width = head.shape
    factor = min(rng.uniform(1.4, 4), _LARGEST / max(height, width)) if rng.random() < _SHRUNK else 1.0
    size = (round(width * factor), round(height * factor))
    before = np.clip(rgb, 0, 255)
    if factor > 1:
        before = np.clip(cv2.resize(before, size, interpolation=cv2.INTER_CUBIC), 0, 255)
        head, inside = (
            cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
            for mask in (head, inside)
        )
    sheet = Sheet(rng, before.copy(), head, inside, either=upon)
    sheet.finest = 3 if factor == 1.0 else 1
    add_hard_marks(sheet, on_head=0.85 if upon else 0.42)
    after = np.clip(sheet.rgb, 0, 255)
    if factor > 1:
        before, after = (
            cv2.resize(each, (width, height), interpolation=cv2.INTER_AREA) for each in (before, after)
        )
    return after, np.abs(after - before).max(2) > _MARKED


def framed(
    rng: Rng, slices: dict[str, npt.NDArray[np.uint8]], height: int, width: int, hard: bool
) -> tuple[Floats, Bools, Bools, Bools]:
    """Grey levels, and the masks of head, skull's inside and border."""
    margins = [0, 0, 0, 0]  # top, right, bottom, left
    if rng.random() < (0.5 if hard else 0.33):
        for side in range(4):
            if rng.random() < 0.4:
                deep = (
                    rng.uniform(1, 14) if rng.random() < 0.75 else rng.uniform(10, 0.24 * max(height, width))
                )
                margins[side] = int(deep)
    h, w = height - margins[0] - margins[2], width - margins[1] - margins[3]
    if min(h, w) < 90:
        margins, h, w = [0] * 4, height, width
    panel, head, inside = _panel(rng, slices, h, w)
    border = np.zeros((height, width), bool)
    if not any(margins):
        grey = panel
    else:
        ground = float(rng.choice([0, 255, 255, rng.uniform(0, 80), rng.uniform(80, 255)]))
        grey = np.full((height, width), ground, np.float32)
        if rng.random() < (0.45 if hard else 0.2):
            grey = _neighbours(rng, slices, height, width, margins)
        border[:] = True
        window = np.s_[margins[0] : margins[0] + h, margins[3] : margins[3] + w]
        edge = float(np.median(panel[0]))
        grey[window], border[window] = panel, False
        border &= np.abs(grey - edge) > 12
        head, inside = (_placed_in(mask, (height, width), window) for mask in (head, inside))
    return _framed_by_lines(rng, grey, head, inside, border)


def shows_brain(head: Bools, inside: Bools) -> bool:
    """Whether a part of the head would show enough of the brain to be known for one."""
    if inside.sum() < max(1, _LEAST_INSIDE * head.sum()):
        return False
    return bool(min(head.any(1).sum(), head.any(0).sum()) >= _LEAST_SIDE)


def _spread(grey: Floats, inside: Bools) -> float:
    """Grey levels between dark and bright parts of a brain or head, noise left out."""
    small = cv2.blur(cv2.resize(np.clip(grey, 0, 255), (40, 40), interpolation=cv2.INTER_AREA), (3, 3))
    within = cv2.resize(inside.astype(np.float32), (40, 40), interpolation=cv2.INTER_AREA) > 0.9
    return float(np.ptp(np.percentile(small[within], (4, 96)))) if within.sum() > 40 else 0.0


def close_up(rng: Rng, grey: Floats, head: Bools, inside: Bools) -> tuple[Floats, Bools, Bools, Bools]:
    """A window on the head that may leave out scalp and skull; as often as not of the brain alone."""
    if rng.random() < 0.5:
        rim = int(rng.integers(1, 6))
        brain = cv2.erode(inside.astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)) > 0
        ground = float(rng.choice([0, 0, 0, rng.uniform(0, 25), 255]))
        grey = np.where(brain, grey, ground + rng.normal(0, rng.uniform(0, 2), grey.shape)).astype(np.float32)
        head = inside = brain if brain.any() else inside
    rows, columns = np.flatnonzero(head.any(1)), np.flatnonzero(head.any(0))
    ends, alike = [], rng.uniform(-0.3, -0.08) if rng.random() < 0.4 else None
    for at in (rows, columns):
        more = rng.uniform(-0.32, 0.06, 2) if alike is None else rng.normal(alike, 0.02, 2)
        more = more * min(1.0, _MOST_CUT / max(0.01, -more.sum())) * len(at)
        size = len(grey) if at is rows else grey.shape[1]
        ends.append((max(0, int(at[0] - more[0])), min(size, int(at[-1] + 1 + more[1]))))
    window = np.s_[ends[0][0] : ends[0][1], ends[1][0] : ends[1][1]]
    parts = [grey[window], head[window].astype(np.float32), inside[window].astype(np.float32)]
    scale = max(1.0, rng.uniform(170, 420) / max(parts[0].shape))
    grey, shown, within = (
        cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) for part in parts
    )
    return grey, shown > 0.5, within > 0.5, np.zeros(grey.shape, bool)


def _placed_in(mask: Bools, shape: tuple[int, int], window: tuple[slice, slice]) -> Bools:
    whole = np.zeros(shape, bool)
    whole[window] = mask
    return whole


def _neighbours(
    rng: Rng, slices: dict[str, npt.NDArray[np.uint8]], height: int, width: int, margins: list[int]
) -> Floats:
    """Slivers of the panels beside this one, often with a rule between."""
    grey = draw_head(rng, slices, height, width).grey * rng.uniform(120, 255)
    top, right, bottom, left = margins
    for side, depth in enumerate(margins):
        if depth > 2 and rng.random() < 0.8:
            rule, level = int(rng.uniform(1, max(2, depth * 0.6))), float(rng.choice([255, 0, 200]))
            if side == 0:
                grey[top - rule : top] = level
            elif side == 1:
                grey[:, width - right : width - right + rule] = level
            elif side == 2:
                grey[height - bottom : height - bottom + rule] = level
            else:
                grey[:, left - rule : left] = level
    return grey.astype(np.float32)


def _panel(
    rng: Rng, slices: dict[str, npt.NDArray[np.uint8]], height: int, width: int
) -> tuple[Floats, Bools, Bools]:
    drawn = draw_head(rng, slices, height, width)
    head, inside = drawn.head, drawn.inside
    level = with_mass(rng, drawn.grey, inside) if rng.random() < _MASSES else drawn.grey
    white = rng.uniform(90, 255) if rng.random() < 0.25 else rng.uniform(180, 265)
    grey = 255 * np.clip(level * white / 255, 0, None) ** rng.uniform(0.75, 1.35)
    if rng.random() < _ODD:
        grey = odd_window(rng, grey)
    kind, ground = rng.random(), np.zeros((height, width), np.float32)
    if kind < 0.62:
        ground += rng.uniform(1, 25) * (kind > 0.4)
    elif kind < 0.78:
        ground += rng.uniform(2, 45) * np.clip(1 + smooth(rng, height, width, 3) * 0.5, 0, 2.2)
    elif kind < 0.86:
        ground += rng.uniform(20, 75)
    elif kind < 0.89:
        ground += rng.uniform(120, 255)
    else:
        ground += rng.uniform(3, 20)
    noise = rng.uniform(0, 1) ** 2 * 14
    head = _visible(head, grey - np.median(ground) * 0.5, max(4.5, 1.2 * noise))
    soft = cv2.GaussianBlur(head.astype(np.float32), (0, 0), rng.uniform(0.4, 1.2))
    if kind < 0.86:
        grey = (
            np.maximum(grey, ground) if rng.random() < 0.5 else grey + ground * (1 - soft * rng.uniform(0, 1))
        )
    elif kind < 0.89:
        grey = grey * soft + ground * (1 - soft)
    else:
        grey = np.maximum(grey, ground * 0.9)
    if rng.random() < 0.2:  # a ghost
        shift = (int(rng.normal(0, height * 0.25)), int(rng.normal(0, width * 0.25)))
        grey = np.maximum(grey, np.where(head, 0, np.roll(grey, shift, (0, 1)) * rng.uniform(0.02, 0.13)))
    if rng.random() < 0.12:
        grey = _smudges(rng, grey, head)
    grain = smooth(rng, height, width, max(height, width) // 2)
    grey = grey + noise * 0.6 * grain + noise * 0.8 * rng.standard_normal((height, width))
    if rng.random() < 0.5:
        grey = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 1.3))
    elif rng.random() < 0.3:
        blurred = cv2.GaussianBlur(grey, (0, 0), 0.6)
        grey = blurred + rng.uniform(0.3, 1.5) * (blurred - cv2.GaussianBlur(blurred, (0, 0), 1.5))
    return grey.astype(np.float32), head, inside


def _visible(head: Bools, above: Floats, least: float) -> Bools:
    """The head's mask trimmed to what stands out of the background, filled."""
    if not head.any():
        return head
    seen = (cv2.GaussianBlur(np.minimum(above, 255).astype(np.float32), (0, 0), 1.2) > least) & head
    size = max(5, int(0.05 * max(head.shape)) | 1)
    wide = cv2.copyMakeBorder(seen.astype(np.uint8), size, size, size, size, cv2.BORDER_REPLICATE)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc)[size:-size, size:-size]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(closed))
    if count < 2:
        return head
    largest = (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    outlines, _ = cv2.findContours(largest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(largest, outlines, -1, 1, -1)
    return head & (largest > 0)


def _smudges(rng: Rng, grey: Floats, head: Bools) -> Floats:
    """Soft spots on the background that are no marks: ear pads, ghosts of vessels, fibres."""
    height, width = grey.shape
    for _ in range(rng.integers(1, 4)):
        layer = np.zeros((height, width), np.float32)
        at = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (max(1, int(rng.uniform(1, width * 0.035))), max(1, int(rng.uniform(1, height * 0.035))))
        cv2.ellipse(layer, at, axes, rng.uniform(0, 180), 0, 360, 1.0, -1 if rng.random() < 0.8 else 1)
        layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.8, 2.5)) * rng.uniform(10, 150)
        grey = np.where(head, grey, np.maximum(grey, layer))
    return np.asarray(grey, np.float32)


def _framed_by_lines(
    rng: Rng, grey: Floats, head: Bools, inside: Bools, border: Bools
) -> tuple[Floats, Bools, Bools, Bools]:
    if rng.random() > 0.22:
        return grey, head, inside, border
    height, width = grey.shape
    level = float(rng.choice([255, rng.uniform(15, 60), rng.uniform(60, 255), 255]))
    thick, off = (
        (1 if rng.random() < 0.7 else int(rng.integers(2, 6))),
        (0 if rng.random() < 0.6 else int(rng.integers(10))),
    )
    sides = range(4) if rng.random() < 0.45 else rng.choice(4, rng.integers(1, 3), replace=False)
    low, high = sorted(rng.uniform(0, 1, 2)) if rng.random() < 0.25 else (0.0, 1.0)
    lines = np.zeros((height, width), bool)
    for side in sides:
        length = width if side % 2 == 0 else height
        along = slice(int(low * length), int(high * length) + 1)
        if side == 0:
            lines[off : off + thick, along] = True
        elif side == 1:
            lines[along, off : off + thick] = True
        elif side == 2:
            lines[height - off - thick : height - off, along] = True
        else:
            lines[along, width - off - thick : width - off] = True
    border = border | (lines & (np.abs(grey - level) > 8))
    grey = grey.copy()
    grey[lines] = level
    return grey, head & ~lines if off < 2 else head, inside, border


def _resampled(rng: Rng, rgb: Floats) -> Floats:
    """Made smaller and larger again, by a method that may leave blocks, then perhaps compressed."""
    height, width = rgb.shape[:2]
    kind = rng.random()
    if kind < 0.3:
        scale = rng.uniform(0.45, 1)
        size = (max(8, int(width * scale)), max(8, int(height * scale)))
        up = int(
            rng.choice(
                [cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_NEAREST],
                p=[0.4, 0.35, 0.2, 0.05],
            )
        )
        rgb = cv2.resize(
            cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), (width, height), interpolation=up
        )
    return np.asarray(np.clip(rgb, 0, 255), np.float32)


def _degraded(rng: Rng, rgb: Floats) -> U8:
    image = np.clip(rgb, 0, 255).astype(np.uint8)
    if rng.random() < 0.12:
        scale = rng.uniform(0.6, 1)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.8:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(35, 97))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    if rng.random() < 0.5:
        table = (255 * (np.arange(256) / 255) ** rng.uniform(0.7, 1.4)).astype(np.uint8)
        image = table[image]
    return np.asarray(image, np.uint8)
