"""Pictures of other machines and parts: ultrasound, X-ray, mammography, vessels, the eye, skin, cells, tracers."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from body import Body, eroded
from tissue import Floats, Rng, smooth


def draw_scan(rng: Rng, height: int, width: int) -> Floats:
    """Levels 0..255, float32 (height, width) or (height, width, 3)."""
    kinds: tuple[tuple[Callable[[Body], Floats], float], ...] = (
        (_ultrasound, 0.26),
        (_skull_film, 0.12),
        (_chest_film, 0.12),
        (_limb_film, 0.1),
        (_mammogram, 0.1),
        (_vessels, 0.1),
        (_retina, 0.06),
        (_skin, 0.04),
        (_cells, 0.05),
        (_tracer, 0.05),
    )
    shares = np.array([share for _, share in kinds])
    body = Body(rng, height, width)
    body.x, body.y = width * rng.uniform(0.45, 0.55), height * rng.uniform(0.45, 0.55)
    image = kinds[rng.choice(len(kinds), p=shares / shares.sum())][0](body)
    if image.ndim == 3 and rng.random() < 0.5:
        image = image.mean(2)
    noise = rng.uniform(0, 6) * rng.standard_normal((height, width), np.float32)
    return np.asarray(image + (noise if image.ndim == 2 else noise[..., None]), np.float32)


def _ultrasound(body: Body) -> Floats:
    """Speckle in polar or straight coordinates: layers, cavities, shadows, the head of a child before birth."""
    rng, deep, across = body.rng, 256, 256
    tissue = np.full((deep, across), rng.uniform(0.2, 0.6), np.float32)
    tissue = tissue * np.exp(rng.uniform(0.1, 0.7) * smooth(rng, deep, across, int(rng.integers(4, 12))))
    rows, columns = np.mgrid[:deep, :across].astype(np.float32)
    for _ in range(rng.integers(0, 7)):  # layers
        y = deep * rng.uniform(0, 0.9) + 10 * smooth(rng, 1, across, int(rng.integers(3, 8)))
        line = np.exp(-(((rows - y) / rng.uniform(1, 9)) ** 2))
        tissue = tissue * (1 - line) + line * rng.uniform(0, 1.4)
    for _ in range(rng.integers(0, 5)):  # cavities, vessels, the skull of a child before birth
        x, y = across * rng.uniform(0.15, 0.85), deep * rng.uniform(0.2, 0.85)
        a, b = across * rng.uniform(0.04, 0.3), deep * rng.uniform(0.04, 0.24)
        away = np.hypot((columns - x) / a, (rows - y) / b) + 0.05 * smooth(rng, deep, across, 9)
        core = np.clip((1 - away) * 12, 0, 1)
        tissue = tissue * (1 - core) + core * rng.choice([0.02, 0.05, rng.uniform(0.1, 1)])
        behind = (rows > y + b * 0.8) * np.exp(-(((columns - x) / (a * 0.8)) ** 2))
        tissue = tissue * (1 + behind * rng.uniform(-0.6, 0.8))
        if rng.random() < 0.4:
            tissue = tissue + rng.uniform(0.5, 1.5) * np.exp(-(((away - 1) / rng.uniform(0.03, 0.1)) ** 2))
    if rng.random() < 0.4:  # shadows of ribs and gas
        shade = cv2.GaussianBlur((smooth(rng, 1, across, 9) > 1).astype(np.float32), (0, 0), 3)
        tissue = tissue * (1 - shade * np.clip((rows - deep * rng.uniform(0.05, 0.6)) / 20, 0, 1))
    wave = rng.standard_normal((2, deep, across)).astype(np.float32)
    fine = (rng.uniform(0.8, 2.5), rng.uniform(0.5, 1.2))
    speckle = np.hypot(*(cv2.GaussianBlur(each, (0, 0), fine[0], sigmaY=fine[1]) for each in wave))
    echo = np.clip(tissue, 0.005, None) * speckle / speckle.mean()
    echo = 1 + np.log10(np.clip(echo, 1e-3, 10)) / rng.uniform(1.2, 2.2)  # compressed, as screens show it
    echo = echo * np.clip(1.1 - rows / deep * rng.uniform(0, 0.7), 0, 1)
    height, width = body.height, body.width
    v, u = np.mgrid[:height, :width].astype(np.float32)
    if rng.random() < 0.3:  # a straight probe
        left, top = width * rng.uniform(0, 0.2), height * rng.uniform(0, 0.15)
        at = (u - left) / (width - 2 * left) * across, (v - top) / (height - top * 1.5) * deep
    else:
        head, spread = height * rng.uniform(0.02, 0.5), rng.uniform(0.45, 1.0)
        y = v + head - height * rng.uniform(0, 0.1)
        far = np.hypot(u - width / 2, y) - head
        at = (np.arctan2(u - width / 2, y) / spread + 1) / 2 * across, far / (height * 0.93) * deep
    seen = (at[0] >= 0) & (at[0] < across) & (at[1] >= 0) & (at[1] < deep)
    image = cv2.remap(
        np.asarray(echo, np.float32), *(each.astype(np.float32) for each in at), cv2.INTER_LINEAR
    )
    image = np.where(seen, 255 * np.clip(image, 0, 1) ** rng.uniform(0.8, 2), rng.uniform(0, 8))
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2)), np.float32)


def _film(body: Body, thick: Floats) -> Floats:
    """What X-rays leave of a beam: bone white and air black, or the other way round."""
    rng = body.rng
    thick = cv2.GaussianBlur(thick.astype(np.float32), (0, 0), rng.uniform(0.8, 2.5))
    thick = thick + 0.04 * smooth(rng, body.height, body.width, 60) * (thick > 0.1)
    grey = 255 * (1 - np.exp(-rng.uniform(0.8, 1.8) * np.clip(thick, 0, None))) ** rng.uniform(0.8, 1.6)
    if rng.random() < 0.3:
        grey = grey + 0.8 * (grey - cv2.GaussianBlur(grey, (0, 0), 6))
    return np.asarray(255 - grey if rng.random() < 0.12 else grey, np.float32)


def _skull_film(body: Body) -> Floats:
    """A skull in X-ray from the side or the front, with teeth, sockets and neck."""
    rng = body.rng
    front = rng.random() < 0.35
    a, b = (0.58, 0.62) if front else (0.72, 0.58)
    y = -0.25
    vault, face = body.shape(0, y, a, b, 0.03), body.shape(0 if front else -0.4, 0.4, 0.4, 0.42, 0.06)
    flesh = np.maximum(
        body.shape(0, y, a * 1.07, b * 1.07, 0.03), body.shape(0 if front else -0.35, 0.45, 0.5, 0.5, 0.08)
    )
    thick = 0.25 * np.maximum(flesh, body.shape(0.15, 1.0, 0.36, 0.7, 0.05))
    rim = vault - eroded(vault, body.across * rng.uniform(0.03, 0.07))
    thick += rng.uniform(0.35, 0.6) * vault + rng.uniform(0.5, 1.2) * rim + rng.uniform(0.3, 0.7) * face
    thick += rng.uniform(0.5, 1.3) * body.shape(0.05, 0.12, 0.3, 0.12, 0.15)  # the dense base
    for side in (-1, 1) if front else (1,):
        x = side * 0.24 if front else -0.5
        thick -= rng.uniform(0.2, 0.6) * body.shape(x, 0.08, 0.16, 0.14, 0.06)
    thick -= 0.3 * body.shape(0 if front else -0.62, 0.3, 0.1, 0.16, 0.1)
    for index in range(16):  # teeth
        x = -0.2 + 0.4 * index / 15 if front else -0.72 + 0.3 * index / 15
        for top in (0.52, 0.66):
            thick += rng.uniform(0.3, 0.9) * body.shape(x, top, 0.02, 0.06, 0.04)
    jaw = body.shape(0 if front else -0.4, 0.78, 0.36, 0.1, 0.08, 0 if front else -0.25)
    thick += rng.uniform(0.3, 0.8) * jaw
    for index in range(5):
        thick += rng.uniform(0.3, 0.7) * body.shape(
            0 if front else 0.2, 0.55 + 0.16 * index, 0.14, 0.06, 0.06
        )
    for _ in range(rng.integers(0, 8)):  # sutures and grooves of vessels
        turn = rng.uniform(0, 3)
        thick -= (
            0.12
            * body.shape(rng.uniform(-0.4, 0.5), y + rng.uniform(-0.3, 0.2), 0.3, 0.006, 0.05, turn)
            * vault
        )
    return _film(body, thick)


def _chest_film(body: Body) -> Floats:
    """A chest in X-ray: lungs with vessels, ribs over them, heart, diaphragm, spine, collar bones."""
    rng = body.rng
    thick = np.full((body.height, body.width), 0.0, np.float32)
    thick += rng.uniform(0.6, 1.1) * body.shape(0, 0.2, 1.05, 1.25, 0.03)
    thick += rng.uniform(0.3, 0.7) * body.shape(0, -0.9, 0.28, 0.4, 0.04)
    depth = rng.uniform(0.4, 0.8)
    lungs = np.zeros_like(thick)
    for side in (-1, 1):
        lung = body.shape(side * 0.45, -0.05, 0.36, rng.uniform(0.6, 0.75), 0.05, side * 0.12)
        lung = lung * (1 - body.shape(side * 0.45, 0.85, 0.55, 0.42, 0.03))
        lungs = np.maximum(lungs, lung)
    thick -= depth * lungs
    vessels = np.clip(smooth(rng, body.height, body.width, 40) - 0.6, 0, 1) + np.clip(
        smooth(rng, body.height, body.width, 16) - 0.8, 0, 1
    )
    thick += rng.uniform(0.05, 0.25) * vessels * lungs
    thick += rng.uniform(0.3, 0.8) * body.shape(0.14, 0.3, rng.uniform(0.25, 0.42), 0.36, 0.05, 0.6)
    thick += rng.uniform(0.2, 0.5) * body.shape(0, 0, 0.11, 1.2, 0.03)
    for index in range(9):
        y = -0.75 + 0.16 * index
        for side in (-1, 1):
            rib = body.shape(side * 0.4, y + 0.1, 0.5, 0.24, 0.02, side * 0.35)
            inner = body.shape(side * 0.4, y + 0.16, 0.5, 0.24, 0.02, side * 0.35)
            thick += rng.uniform(0.08, 0.2) * np.clip(rib - inner, 0, 1)
    for side in (-1, 1):
        thick += rng.uniform(0.15, 0.4) * body.shape(side * 0.4, -0.78, 0.4, 0.035, 0.05, -side * 0.15)
    if rng.random() < 0.4:
        thick += rng.uniform(0.1, 0.5) * body.shape(
            rng.uniform(-0.6, 0.6), rng.uniform(-0.4, 0.4), 0.15, 0.15, 0.2
        )
    return _film(body, thick)


def _limb_film(body: Body) -> Floats:
    """Long bones of a limb, with or without a joint; or a row of teeth."""
    rng = body.rng
    thick = np.zeros((body.height, body.width), np.float32)
    if rng.random() < 0.3:
        thick += rng.uniform(0.2, 0.5)
        for index in range(rng.integers(5, 18)):
            x = -0.95 + 1.9 * index / 12
            for side in (-1, 1):
                y, long = side * 0.3 + 0.12 * x * x * rng.choice([-1, 1]), rng.uniform(0.2, 0.34)
                thick += rng.uniform(0.4, 0.9) * body.shape(x, y, 0.07, long, 0.06, rng.normal(0, 0.1))
                thick -= 0.3 * body.shape(x, y + side * 0.1, 0.015, long * 0.7, 0.05)
                thick += 0.5 * body.shape(x, y - side * 0.2, 0.065, 0.1, 0.08)
        return _film(body, thick)
    thick += rng.uniform(0.15, 0.5) * body.shape(0, 0, rng.uniform(0.35, 0.7), 1.6, 0.06)
    joint = rng.uniform(-0.3, 0.3)
    for x in (0.0,) if rng.random() < 0.5 else (-0.16, 0.18):
        for side in (-1, 1):
            wide = rng.uniform(0.09, 0.16)
            shaft = np.maximum(
                body.shape(x, joint + side * 0.8, wide, 0.78, 0.04),
                body.shape(x, joint + side * 0.13, wide * 1.8, 0.12, 0.08),
            )
            hollow = eroded(shaft, wide * body.across * 0.35)
            thick += rng.uniform(0.6, 1.2) * (shaft - rng.uniform(0.2, 0.6) * hollow)
    if rng.random() < 0.3:  # a plate with screws
        thick += 3 * body.shape(0.1, joint + 0.4, 0.025, 0.3, 0.01)
        for index in range(4):
            thick += 3 * body.shape(0.02, joint + 0.2 + 0.13 * index, 0.12, 0.012, 0.01)
    return _film(body, thick)


def _mammogram(body: Body) -> Floats:
    """Half a round of soft tissue at one edge, with glands that run to one point."""
    rng = body.rng
    side = rng.choice([-1, 1])
    reach, tall = rng.uniform(0.9, 1.5), rng.uniform(0.6, 0.95)
    breast = body.shape(side * 1.0, rng.uniform(-0.1, 0.15), reach, tall, 0.03)
    inner = cv2.GaussianBlur(eroded(breast, body.across * 0.06), (0, 0), body.across * 0.04)
    image = breast * rng.uniform(20, 60) + inner * rng.uniform(10, 50)
    glands = np.zeros_like(image)
    for _ in range(rng.integers(15, 90)):
        x, y = side * (1.0 - reach * rng.uniform(0.15, 0.8)), rng.normal(0.05, tall * 0.3)
        r = rng.uniform(0.01, 0.09)
        blob = body.shape(
            x, y, r * rng.uniform(1, 5), r, 0.15, np.arctan2(y * 0.7, side) + rng.normal(0, 0.3)
        )
        glands = np.maximum(glands, blob * rng.uniform(0.2, 1))
    glands = cv2.GaussianBlur(glands, (0, 0), body.across * rng.uniform(0.005, 0.04))
    texture = (
        1 + 0.3 * smooth(rng, body.height, body.width, 30) + 0.2 * smooth(rng, body.height, body.width, 90)
    )
    image = image + glands * inner * texture * rng.uniform(60, 190)
    if rng.random() < 0.6:  # the chest's muscle
        muscle = body.shape(side * 1.0, -1.0, 0.5, 0.9, 0.03, side * 0.35)
        image = np.maximum(image, muscle * breast * rng.uniform(110, 220))
    return np.asarray(image, np.float32)


def _vessels(body: Body) -> Floats:
    """A tree of vessels that branch and taper: dark on grey as after subtraction, or bright on black."""
    rng = body.rng
    layer = np.zeros((body.height, body.width), np.float32)
    stack = [(float(body.x), body.height * 1.02, -np.pi / 2, body.across * rng.uniform(0.03, 0.1), 0)]
    while stack:
        x, y, way, thick, age = stack.pop()
        for _ in range(int(rng.integers(5, 20))):
            way += rng.normal(0, 0.25)
            step = body.across * 0.05
            nx, ny = x + step * np.cos(way), y + step * np.sin(way)
            cv2.line(
                layer,
                (int(x), int(y)),
                (int(nx), int(ny)),
                0.4 + thick / body.across * 8,
                max(1, int(thick)),
                cv2.LINE_AA,
            )
            x, y, thick = nx, ny, thick * 0.985
        if age < 5 and thick > 0.7:
            for side in (-1, 1):
                turn = way + side * rng.uniform(0.2, 0.8)
                stack += [(x, y, turn, thick * rng.uniform(0.55, 0.8), age + 1)]
    layer = cv2.GaussianBlur(np.clip(layer, 0, 1.2), (0, 0), rng.uniform(0.6, 1.8))
    ground = 1 + rng.uniform(0, 0.15) * smooth(rng, body.height, body.width, int(rng.integers(3, 12)))
    if rng.random() < 0.6:
        return np.asarray(rng.uniform(110, 210) * ground - layer * rng.uniform(60, 160), np.float32)
    return np.asarray(rng.uniform(0, 60) * ground + layer * rng.uniform(100, 220), np.float32)


def _retina(body: Body) -> Floats:
    """The back of an eye: a round orange field, the bright disc, vessels from it, the dark macula."""
    rng = body.rng
    round_ = min(body.across, body.down)
    body.across = body.down = round_
    field = body.shape(0, 0, 0.98, 0.98, 0.002) if rng.random() < 0.7 else np.ones_like(body.image)
    level = rng.uniform(70, 170) * (1 + 0.15 * smooth(rng, body.height, body.width, 5))
    side = rng.choice([-1, 1])
    dark = cv2.GaussianBlur(body.shape(-side * 0.1, 0.05, 0.18, 0.18), (0, 0), round_ * 0.06)
    disc = cv2.GaussianBlur(body.shape(side * 0.5, 0, 0.13, 0.14), (0, 0), 1.5)
    tree = np.zeros_like(body.image)
    for _ in range(rng.integers(6, 18)):
        x, y, way = body.x + side * 0.5 * round_, body.y, rng.uniform(0, 2 * np.pi)
        thick = rng.uniform(1, 4)
        for _ in range(int(rng.integers(8, 30))):
            way += rng.normal(0, 0.18) + 0.05 * np.sin(way)
            nx, ny = x + 0.06 * round_ * np.cos(way), y + 0.06 * round_ * np.sin(way)
            cv2.line(tree, (int(x), int(y)), (int(nx), int(ny)), 1.0, max(1, int(thick)), cv2.LINE_AA)
            x, y, thick = nx, ny, thick * 0.95
    tree = cv2.GaussianBlur(tree, (0, 0), 0.8)
    level = (level * (1 - 0.45 * dark) + 120 * disc) * (1 - rng.uniform(0.2, 0.6) * tree)
    tint = np.array([1.15, rng.uniform(0.45, 0.7), rng.uniform(0.15, 0.4)], np.float32)
    return np.asarray((level * field)[..., None] * tint, np.float32)


def _skin(body: Body) -> Floats:
    """A mole on skin through a lens."""
    rng = body.rng
    skin = rng.uniform(150, 225) * (1 + 0.05 * smooth(rng, body.height, body.width, 40))
    mole = cv2.GaussianBlur(
        body.shape(0, 0, rng.uniform(0.2, 0.7), rng.uniform(0.2, 0.7), 0.12), (0, 0), rng.uniform(2, 12)
    )
    net = 1 + 0.2 * smooth(rng, body.height, body.width, 30) + 0.1 * smooth(rng, body.height, body.width, 80)
    level = skin * (1 - mole * rng.uniform(0.4, 0.8) * net)
    for _ in range(rng.integers(0, 20)):  # hairs
        turn, at = rng.uniform(0, 3), rng.uniform(-1, 1, 2)
        level = level * (1 - 0.7 * body.shape(*at, rng.uniform(0.2, 0.8), 0.004, 0.01, turn))
    if rng.random() < 0.4:
        v, u = np.ogrid[: body.height, : body.width]
        away = np.hypot(u - body.width / 2, v - body.height / 2) / (0.5 * max(body.height, body.width))
        level = level * np.clip((1.05 - away) * 9, 0, 1)
    return np.asarray(level[..., None] * np.array([1.05, 0.8, 0.68], np.float32), np.float32)


def _cells(body: Body) -> Floats:
    """Stained tissue under a microscope, or cells that glow on black."""
    rng = body.rng
    fine = smooth(rng, body.height, body.width, int(rng.integers(12, 60)))
    glow = rng.random() < 0.35
    ground = np.array([225, 160, 195] if not glow else [6, 10, 12], np.float32) + rng.normal(0, 12, 3)
    image = np.ones((body.height, body.width, 1), np.float32) * ground.astype(np.float32)
    image = np.ascontiguousarray(image + (0 if glow else 18) * fine[..., None], np.float32)
    size, count = rng.uniform(0.008, 0.06), int(rng.integers(30, 400))
    colour = np.array([95, 60, 140] if not glow else rng.uniform(0, 255, 3), np.float32)
    for _ in range(count if size < 0.03 else count // 4):
        at = (int(rng.integers(body.width)), int(rng.integers(body.height)))
        axes = tuple(max(1, int(size * body.across * rng.uniform(0.6, 1.6))) for _ in range(2))
        tint = tuple(float(level) for level in colour * rng.uniform(0.6, 1.3))
        cv2.ellipse(image, at, axes, rng.uniform(0, 180), 0, 360, tint, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.5)), np.float32)


def _tracer(body: Body) -> Floats:
    """A whole body that took up a tracer, seen from the front; dark on white or bright on black, or in colours."""
    rng = body.rng
    level = rng.uniform(0.1, 0.3) * np.maximum(
        body.shape(0, 0.15, 0.4, 0.75, 0.06), body.shape(0, -0.78, 0.18, 0.2, 0.05)
    )
    for side in (-1, 1):
        level = np.maximum(level, 0.15 * body.shape(side * 0.5, 0.1, 0.1, 0.6, 0.06, -side * 0.15))
        level = level + 0.7 * body.shape(side * 0.17, 0.2, 0.07, 0.11, 0.1)
    level = level + rng.uniform(0.3, 1) * body.shape(0, -0.8, 0.14, 0.16, 0.06)
    level = level + rng.uniform(0.1, 0.5) * body.shape(-0.18, 0.02, 0.2, 0.14, 0.1)
    level = level + rng.uniform(0.3, 1.2) * body.shape(0, 0.65, 0.09, 0.08, 0.1)
    for _ in range(rng.integers(0, 12)):
        r = rng.uniform(0.015, 0.06)
        level = level + rng.uniform(0.2, 1) * body.shape(
            rng.uniform(-0.3, 0.3), rng.uniform(-0.5, 0.8), r, r, 0.1
        )
    level = cv2.GaussianBlur(level.astype(np.float32), (0, 0), body.across * rng.uniform(0.01, 0.04))
    grey = 255 * np.clip(level * (1 + 0.2 * smooth(rng, body.height, body.width, 70)), 0, 1)
    if rng.random() < 0.25:
        return np.asarray(cv2.applyColorMap(grey.astype(np.uint8), cv2.COLORMAP_HOT)[..., ::-1], np.float32)
    return np.asarray(255 - grey if rng.random() < 0.6 else grey, np.float32)
