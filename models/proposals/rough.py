"""Things with which edges are hard to tell: bars that fade, text that is cut, markers that touch the scalp, and
ghosts that are no marks."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from sheet import BLACK, WHITE, Colour, Draw, Sheet, Type, opacity, phrase
from tissue import Bools, Floats, Rng

Points = npt.NDArray[np.float64]


def faded(rng: Rng, grey: Floats, border: Bools) -> Floats:
    """The page with the edges of its bars and frames blurred, as often as not a part of them only."""
    if not border.any():
        return grey
    deep = int(rng.integers(2, 12))
    edge = cv2.dilate(border.astype(np.uint8), np.ones((deep, deep), np.uint8)).astype(np.float32)
    if rng.random() < 0.5:
        at = int(rng.uniform(0.2, 0.8) * grey.shape[rng.integers(2)])
        edge[at:] *= rng.integers(2)
    edge = cv2.GaussianBlur(edge, (0, 0), 1.0)
    blurred = cv2.GaussianBlur(grey, (0, 0), rng.uniform(1, 4))
    return np.asarray(grey * (1 - edge) + blurred * edge, np.float32)


def tight(rng: Rng, grey: Floats, head: Bools, inside: Bools) -> tuple[Floats, Bools, Bools, Bools]:
    """The head alone in a frame that touches it, its scalp as bright as the frame as often as not: grey levels and
    the masks of head, skull's inside and border."""
    rows, columns = np.flatnonzero(head.any(1)), np.flatnonzero(head.any(0))
    more = rng.integers(-3, 8, 4) if rng.random() < 0.7 else np.zeros(4, int)
    y0, y1 = max(0, int(rows[0] - more[0])), int(rows[-1] + 1 + more[1])
    x0, x1 = max(0, int(columns[0] - more[2])), int(columns[-1] + 1 + more[3])
    window = np.s_[y0:y1, x0:x1]
    shown = np.minimum(grey[window] * (rng.uniform(1, 1.8) if rng.random() < 0.6 else 1.0), 255)
    sides = rng.integers(0, 7, 4) * (rng.random(4) < 0.8)
    level = 255.0 if rng.random() < 0.6 else float(rng.uniform(40, 255))
    pads = ((int(sides[0]), int(sides[1])), (int(sides[2]), int(sides[3])))
    framed = np.pad(shown, pads, constant_values=level).astype(np.float32)
    border = ~np.pad(np.ones(shown.shape, bool), pads)
    return framed, np.pad(head[window], pads), np.pad(inside[window], pads), border


def cut_text(sheet: Sheet, size: float, off_head: bool) -> None:
    """A line of text of which a straight edge leaves a part, at the rim of the image or anywhere."""
    rng = sheet.rng
    font, text = Type(rng, size * rng.uniform(0.8, 1.8)), phrase(rng)
    x, part = rng.uniform(-0.1, 0.7) * sheet.width, rng.uniform(0.3, 0.8) * font.size
    top = rng.random() < 0.5
    y = rng.choice([-part, sheet.height - font.size + part, rng.uniform(0, 0.95) * sheet.height])

    def draw(d: Draw, s: float) -> None:
        d.text((x * s, y * s), text, fill=255, font=font.at(s))
        low, high = (0.0, y + part) if top else (y + part, float(sheet.height))
        d.rectangle([0, low * s, sheet.width * s, max(low, high) * s], fill=0)

    sheet.stamp(draw, sheet.colour(), opacity(rng), off_head=off_head)


def marker(sheet: Sheet, size: float) -> None:
    """A capsule, a dot or a tile on the skin, or so close that the two run into each other."""
    rng = sheet.rng
    outline, _ = cv2.findContours(sheet.head.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outline:
        return
    points = max(outline, key=len)[:, 0]
    middle = points.mean(0)
    for _ in range(rng.integers(1, 3)):
        at = points[rng.integers(len(points))].astype(float)
        a, b = size * rng.uniform(0.3, 0.9), size * rng.uniform(0.3, 0.9)
        away = (at - middle) / max(1.0, float(np.hypot(*(at - middle))))
        x, y = at + away * max(a, b) * rng.uniform(0.3, 1.3)
        solid = rng.random() < 0.6

        def draw(d: Draw, s: float, x: float = x, y: float = y, a: float = a, b: float = b) -> None:
            box = [(x - a) * s, (y - b) * s, (x + a) * s, (y + b) * s]
            (d.ellipse if solid else d.rectangle)(box, fill=255)

        sheet.stamp(draw, WHITE if rng.random() < 0.9 else BLACK, float(rng.uniform(0.5, 1)))


def clipped(sheet: Sheet, size: float, off_head: bool) -> None:
    """Lines of text of which the image's side leaves the first or last letters, or a sliver of one: what a window
    on a larger screen shows."""
    rng = sheet.rng
    font, alpha, colour = Type(rng, size * rng.uniform(0.8, 1.5)), opacity(rng), sheet.colour()
    lines = [phrase(rng) for _ in range(rng.integers(1, 5))]
    left, ragged = rng.random() < 0.5, rng.random() < 0.25
    shown = rng.uniform(1, 4) if rng.random() < 0.3 else rng.uniform(0.3, 5) * font.size
    top = rng.choice([rng.uniform(-0.6, 0.5) * font.size, sheet.height - rng.uniform(0.4, 5) * font.size])
    if rng.random() < 0.35:
        top = rng.uniform(0, 0.95) * sheet.height

    def draw(d: Draw, s: float) -> None:
        face = font.at(s)
        longest = max(d.textlength(line, font=face) for line in lines)
        for index, line in enumerate(lines):
            wide = d.textlength(line, font=face)
            slack = longest - wide if ragged else 0.0
            x = shown * s - wide - slack if left else (sheet.width - shown) * s + slack
            d.text((x, (top + index * font.size * 1.15) * s), line, fill=255, font=face)

    sheet.stamp(draw, colour, alpha, off_head=off_head)


def crossing(sheet: Sheet, size: float) -> None:
    """A line of text that runs across the scalp with one of its ends."""
    rng = sheet.rng
    row = int(rng.uniform(0.02, 0.98) * (sheet.height - 1))
    columns = np.flatnonzero(sheet.head[row])
    if not len(columns):
        return
    font, text = Type(rng, size * rng.uniform(0.7, 1.3)), phrase(rng)
    left, over = rng.random() < 0.5, rng.uniform(-0.3, 2.5) * font.size
    alpha, colour = opacity(rng), sheet.colour()

    def draw(d: Draw, s: float) -> None:
        wide = d.textlength(text, font=font.at(s))
        x = (columns[0] + over) * s - wide if left else (columns[-1] - over) * s
        d.text((x, (row - font.size / 2) * s), text, fill=255, font=font.at(s))

    sheet.stamp(draw, colour, alpha)


def scalp_letter(sheet: Sheet, size: float) -> None:
    """A letter on scalp or skull: grey or translucent, black with a white rim, or in a box of its own."""
    rng = sheet.rng
    rows, columns = np.flatnonzero(sheet.head.any(1)), np.flatnonzero(sheet.head.any(0))
    if not len(rows):
        return
    font, text = Type(rng, size * rng.uniform(0.7, 1.5)), str(rng.choice([*"RLAPHFSI", "AH", "RP", "FL"]))
    turn = (
        rng.choice(4) * np.pi / 2 + rng.normal(0, 0.12) if rng.random() < 0.7 else rng.uniform(0, 2 * np.pi)
    )
    share = rng.uniform(0.86, 1.05)
    x = (columns[0] + columns[-1]) / 2 + np.ptp(columns) / 2 * share * np.cos(turn)
    y = (rows[0] + rows[-1]) / 2 + np.ptp(rows) / 2 * share * np.sin(turn)
    half, kind = font.size * 0.6, rng.random()
    ink: Colour = sheet.contrary(x, y)
    outline: Colour | None = None
    if kind < 0.3:
        ink = (float(rng.uniform(40, 220)),) * 3
    elif kind < 0.5:
        ink, outline = BLACK, WHITE
    elif kind < 0.7:
        ground = BLACK if sum(ink) > 380 else WHITE
        box = [x - half, y - half, x + half, y + half]
        sheet.stamp(lambda d, s: d.rectangle([at * s for at in box], fill=255), ground)
    sheet.stamp(
        lambda d, s: d.text((x * s, y * s), text, fill=255, font=font.at(s), anchor="mm"),
        ink,
        float(rng.uniform(0.4, 1)) if kind < 0.3 else 1.0,
        outline=outline,
    )


def ticks(sheet: Sheet, size: float, off_head: bool) -> None:
    """A scale at the very edge, of which only the ends of the ticks are left, close to the scalp or on it."""
    rng = sheet.rng
    side, thick = int(rng.integers(4)), 1 if rng.random() < 0.8 else 2
    along, across = (sheet.width, sheet.height) if side % 2 == 0 else (sheet.height, sheet.width)
    pitch, shown = rng.uniform(0.02, 0.1) * along, rng.uniform(1.5, 7)
    low, high = sorted(rng.uniform(0, along, 2))
    axis, every = rng.random() < 0.25, int(rng.choice([1, 2, 5]))

    def draw(d: Draw, s: float) -> None:
        def line(a: float, b: float, c: float, e: float) -> None:
            if side in (1, 2):
                b, e = across - 1 - b, across - 1 - e
            ends = [a, b, c, e] if side % 2 == 0 else [b, a, e, c]
            d.line([at * s for at in ends], fill=255, width=max(1, round(thick * s)))

        for index, at in enumerate(np.arange(low, high, pitch)):
            line(at, -2, at, shown * (1.0 if index % every == 0 else 0.5))
        if axis:
            line(low, 0, high, 0)

    sheet.stamp(draw, sheet.colour(), opacity(rng), off_head=off_head)


def scale(sheet: Sheet, size: float) -> None:
    """A scale of a few long ticks on a line below, above or beside the head, on the scalp as often as not."""
    rng = sheet.rng
    upright, far = rng.random() < 0.35, rng.random() < 0.75
    shape = np.flatnonzero(sheet.head.any(0) if upright else sheet.head.any(1))
    other = np.flatnonzero(sheet.head.any(1) if upright else sheet.head.any(0))
    if not len(shape):
        return
    way = -1.0 if far else 1.0
    base = (shape[-1] if far else shape[0]) - way * rng.uniform(-0.07, 0.03) * sheet.long
    long, middle = rng.uniform(0.12, 0.6) * sheet.long, float(other.mean()) + rng.normal(0, 0.04) * sheet.long
    parts, tall = int(rng.integers(1, 11)), rng.uniform(0.012, 0.05) * sheet.long
    heights = np.full(parts + 1, rng.uniform(0.4, 1) * tall)
    heights[[0, -1]] = tall
    if rng.random() < 0.5:
        heights[parts // 2] = tall * rng.uniform(1, 2.5)
    thick, axis = 1 if rng.random() < 0.75 else 2, rng.random() < 0.85

    def draw(d: Draw, s: float) -> None:
        def line(a: float, b: float, c: float, e: float) -> None:
            ends = [b, a, e, c] if upright else [a, b, c, e]
            d.line([value * s for value in ends], fill=255, width=max(1, round(thick * s)))

        if axis:
            line(middle - long / 2, base, middle + long / 2, base)
        for index, height in enumerate(heights):
            at = middle - long / 2 + long * index / parts
            line(at, base, at, base + way * height)

    sheet.stamp(draw, sheet.colour(), opacity(rng))


def peg(sheet: Sheet, size: float) -> None:
    """A short line with or without bars across it, from the edge or from nowhere to the scalp or over it."""
    rng = sheet.rng
    upright = rng.random() < 0.4
    shape = sheet.head.any(0) if upright else sheet.head.any(1)
    if not shape.any():
        return
    at = int(rng.choice(np.flatnonzero(shape)))
    hit = np.flatnonzero(sheet.head[:, at] if upright else sheet.head[at])
    far = rng.random() < 0.5
    edge = float(hit[-1] if far else hit[0])
    way = 1.0 if far else -1.0
    start = edge - way * rng.uniform(-2, 0.05 * sheet.long)
    end = start + way * rng.uniform(0.02, 0.09) * sheet.long
    bars = [start + (end - start) * share for share in rng.uniform(0, 1, rng.integers(0, 4))]
    wide, thick = rng.uniform(1.5, 5), 1 if rng.random() < 0.7 else 2

    def draw(d: Draw, s: float) -> None:
        def line(a: float, b: float, c: float, e: float) -> None:
            ends = [b, a, e, c] if upright else [a, b, c, e]
            d.line([value * s for value in ends], fill=255, width=max(1, round(thick * s)))

        line(start, at, end, at)
        for bar in bars:
            line(bar, at - wide, bar, at + wide)

    sheet.stamp(draw, sheet.colour(), opacity(rng))


def bar(sheet: Sheet, size: float, off_head: bool) -> None:
    """A bar along an edge, hard or fading to all sides, cut by it or not, grey, coloured or a ramp; with text in
    it, or none. Films have them, and maps of colours."""
    rng = sheet.rng
    side, soft = int(rng.integers(4)), rng.random() < 0.6
    along, across = (sheet.width, sheet.height) if side % 2 == 0 else (sheet.height, sheet.width)
    long, deep = rng.uniform(0.03, 0.5) * along, rng.uniform(0.012, 0.07) * across
    start, out = rng.uniform(-0.3 * long, along - 0.6 * long), rng.uniform(-0.6, 0.6) * deep
    fade = rng.uniform(0.15, 0.5) * deep if soft else 0.0
    steps = max(1, round(fade * 3))
    ramp = not soft and rng.random() < 0.35
    colour = sheet.colour() if not soft and rng.random() < 0.5 else (float(rng.uniform(45, 220)),) * 3

    def box(a: float, b: float, c: float, e: float, s: float) -> list[float]:
        if side in (1, 2):
            b, e = across - e, across - b
        ends = [a, b, c, e] if side % 2 == 0 else [b, a, e, c]
        return [value * s for value in ends]

    def draw(d: Draw, s: float) -> None:
        if ramp:
            parts = 24
            for index in range(parts):
                ends = [start + long * (index + more) / parts for more in (0, 1)]
                d.rectangle(box(ends[0], out, ends[1], out + deep, s), fill=int(255 * index / parts))
            return
        for index in range(steps):
            less = fade * index / steps
            edges = box(start + less, out + less, start + long - less, out + deep - less, s)
            if edges[2] > edges[0] and edges[3] > edges[1]:
                round_off = min(edges[2] - edges[0], edges[3] - edges[1]) / 3 if soft else 0
                d.rounded_rectangle(edges, round_off, fill=round(255 * (index + 1) / steps))

    sheet.stamp(draw, colour, off_head=off_head)
    if rng.random() < 0.4:
        font, text = Type(rng, max(6.0, deep * rng.uniform(0.4, 0.9))), phrase(rng)
        x, y = box(start + long * rng.uniform(0, 0.5), out + deep * 0.1, 0, out + deep * 0.9, 1.0)[:2]
        ink = WHITE if sum(colour) < 450 else BLACK
        sheet.stamp(
            lambda d, s: d.text((x * s, y * s), text, fill=255, font=font.at(s)), ink, off_head=off_head
        )


def logo(sheet: Sheet, size: float, off_head: bool) -> None:
    """A sign of a few shapes in a corner, as often as not with a name beside it."""
    rng = sheet.rng
    r = size * rng.uniform(0.6, 1.6)
    x = rng.choice([rng.uniform(0, 0.2), rng.uniform(0.75, 1)]) * sheet.width
    y = rng.choice([rng.uniform(0, 0.08), rng.uniform(0.92, 1)]) * sheet.height
    alpha = opacity(rng)
    for _ in range(rng.integers(1, 4)):
        (a, b), turn = r * rng.uniform(0.2, 0.6, 2), rng.uniform(0, 2 * np.pi, 3)
        cx, cy, kind = x + rng.normal(0, r / 3), y + rng.normal(0, r / 3), rng.random()
        corners = np.stack([cx + r / 2 * np.cos(turn), cy + r / 2 * np.sin(turn)], 1)
        box = np.array([cx - a, cy - b, cx + a, cy + b])

        def draw(d: Draw, s: float, box: Points = box, corners: Points = corners, kind: float = kind) -> None:
            edges = list(box * s)
            if kind < 0.35:
                d.ellipse(edges, fill=255)
            elif kind < 0.55:
                d.ellipse(edges, outline=255, width=max(1, round(1.5 * s)))
            elif kind < 0.75:
                d.rectangle(edges, fill=255)
            else:
                d.polygon([(float(px), float(py)) for px, py in corners * s], fill=255)

        sheet.stamp(draw, sheet.colour(), alpha, off_head=off_head)
    if rng.random() < 0.6:
        font, text = Type(rng, size * rng.uniform(0.8, 1.4)), phrase(rng)
        sheet.stamp(
            lambda d, s: d.text(
                ((x + r * 0.8) * s, (y - font.size / 2) * s), text, fill=255, font=font.at(s)
            ),
            sheet.colour(),
            alpha,
            off_head=off_head,
        )


def ghosts(rng: Rng, grey: Floats, head: Bools) -> Floats:
    """What the scanner or the file leaves beside the head and no one drew: grids of dim specks where two ghosts
    cross, broken lines at the rim of the field of view, crumbs in the corners, noise in one band."""
    height, width = grey.shape
    layer = np.zeros((height, width), np.float32)
    kind = rng.random()
    if kind < 0.4:
        for _ in range(rng.integers(1, 4)):
            h, w = (max(6, int(size * rng.uniform(0.05, 0.4))) for size in (height, width))
            y, x = _corner(rng, height - h), _corner(rng, width - w)
            down, across = (_beats(rng, size) for size in (h, w))
            layer[y : y + h, x : x + w] += np.outer(down, across)
    elif kind < 0.7:
        for _ in range(rng.integers(1, 3)):
            turned = rng.random() < 0.3
            canvas = layer.T if turned else layer
            size, wide = canvas.shape[0], max(1, int(rng.uniform(1, 5)))
            length = int(rng.uniform(0.15, 1) * size)
            start, x = int(rng.integers(0, size - length + 1)), _corner(rng, canvas.shape[1] - wide)
            canvas[start : start + length, x : x + wide] += _beats(rng, length)[:, None]
    elif kind < 0.85:
        spots = rng.random((height, width)) < rng.uniform(0.02, 0.2)
        h, w = int(rng.uniform(0.04, 0.15) * height), int(rng.uniform(0.05, 0.3) * width)
        y, x = _corner(rng, height - h), _corner(rng, width - w)
        layer[y : y + h, x : x + w] = spots[y : y + h, x : x + w] * rng.uniform(0.3, 1, (h, w))
    else:
        deep, turned = int(rng.uniform(0.03, 0.15) * height), rng.random() < 0.5
        canvas = layer.T if turned else layer
        at = _corner(rng, max(1, canvas.shape[0] - deep))
        canvas[at : at + deep] = np.abs(rng.standard_normal(canvas[at : at + deep].shape)) * 0.4
    layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.4, 1.1))
    strongest = max(1e-3, float(np.percentile(layer[layer > 0], 99)) if (layer > 0).any() else 1.0)
    layer *= rng.uniform(12, 75) / strongest
    return np.asarray(np.where(head, grey, grey + layer), np.float32)


def _corner(rng: Rng, room: int) -> int:
    """A place from 0 to `room`, mostly close to an end."""
    share = min(1.0, abs(rng.normal(0, 0.15))) if rng.random() < 0.8 else rng.random()
    return int(max(0, room) * (share if rng.random() < 0.5 else 1 - share))


def _beats(rng: Rng, size: int) -> Floats:
    """Uneven pulses along a line, 0..1 or a little more, that swell and fade."""
    fine = cv2.GaussianBlur(np.maximum(0, rng.standard_normal((size, 1))), (0, 0), rng.uniform(0.5, 2.0))
    swell = cv2.GaussianBlur(rng.random((size, 1)), (0, 0), max(2.0, size / rng.uniform(4, 12)))
    swell = (swell - swell.min()) / max(1e-6, float(np.ptp(swell)))
    return np.asarray((fine / max(1e-6, float(fine.max())) * swell)[:, 0], np.float32)
