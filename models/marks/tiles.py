"""Draws the tiles that the detector of marks learns from: `python tiles.py OUT --parts 40`.

Each part `NNN.npz` holds `image` uint8 (n, 192, 192, 2), grey level and chroma; `truth` uint8 of (n, 192, 192) with
0 for none, 1 for a mark, 2 for what is of no account (its faint rim, and marks that no one would see), 4 added
where it lies inside the skull; `marked` bool (n,). Half the tiles have no mark. The heads are those of Colin27 and,
with `--scans`, of scans. The same seed gives the same tiles on the same fonts and versions.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proposals"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from heads import calm_head
from ink import Tile, draw_marks
from lookalikes import add_lookalikes, ringing, sharpened, stepped
from pages import close_up, framed, shows_brain
from scans import add_slices_options, read_slices, slices_file
from tissue import Bools, Floats, Rng
from visible import MARK, furthest, told_apart

SIDE = 192
INSIDE = 4  # added to what `visible.py` calls each pixel
_PART, _A_PAGE = 400, 4
_SPARE = 8  # pixels round a tile that are cut off at the end
_CALM = 0.75  # share of the pages with little noise and an ordinary contrast
U8 = npt.NDArray[np.uint8]
Page = tuple[Floats, Bools, float]
"""Grey levels 0..255, the inside of the skull, and the size of the scan's finest detail in pixels."""


def draw_tile(rng: Rng, page: Page, marked: bool) -> tuple[U8, U8, bool]:
    """One tile of a page: image, truth, and whether it has marks that a person would see."""
    grey, inside, fine = page
    later = 1.0 if rng.random() < 0.5 else float(np.exp(rng.uniform(np.log(0.65), np.log(2.1))))
    side = int(np.ceil(SIDE / later)) + 2 * _SPARE
    rows, columns = np.nonzero(inside)
    at = rng.integers(len(rows)) if len(rows) else 0
    y, x = (int(rows[at]), int(columns[at])) if len(rows) else (grey.shape[0] // 2, grey.shape[1] // 2)
    y, x = y + int(rng.integers(-side // 4, side // 4 + 1)), x + int(rng.integers(-side // 4, side // 4 + 1))
    part, within = (_window(plane, y, x, side) for plane in (grey, inside.astype(np.float32)))
    part = add_lookalikes(rng, part, within > 0.5, float(rng.choice([0, 0.5, 1.5, 3])), fine)
    for change, share in ((sharpened, 0.15), (ringing, 0.07), (stepped, 0.12)):
        if rng.random() < share:
            part = change(rng, part)
    rgb = np.repeat(np.clip(part, 0, 255)[..., None], 3, 2).astype(np.float32)
    if rng.random() < 0.1:
        rgb = rgb * rng.uniform(0.85, 1.1, 3).astype(np.float32) + rng.uniform(-5, 8, 3).astype(np.float32)
    out, drawn = round(side * later), _drawn_at(rng)
    size = round(side * drawn)
    up = int(rng.choice([cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_LANCZOS4]))
    clean = rgb if size == side else np.clip(cv2.resize(rgb, (size, size), interpolation=up), 0, 255)
    clean = np.ascontiguousarray(clean, np.float32)
    here = cv2.resize(within, (size, size), interpolation=cv2.INTER_LINEAR) > 0.5
    method = _method(rng, out, size)
    cut = np.s_[_SPARE : _SPARE + SIDE, _SPARE : _SPARE + SIDE]
    plain = _to(clean, out, method)[cut]
    fate = int(rng.integers(2**31))
    before = image = _passed_on(np.random.default_rng(fate), plain)
    truth = np.zeros((SIDE, SIDE), np.uint8)
    if marked and here.any():
        for _ in range(4):
            tile = Tile(rng, clean.copy(), here, max(grey.shape) * drawn, drawn / later)
            draw_marks(tile)
            made = _to(np.clip(tile.rgb, 0, 255), out, method)[cut]
            after = _passed_on(np.random.default_rng(fate), made)
            told = told_apart(furthest(np.abs(made - plain)), before, after)
            if (told == MARK).any():
                image, truth = after, told
                break
    deep = cv2.resize(within, (out, out), interpolation=cv2.INTER_LINEAR)[cut] > 0.5
    chroma = furthest(image) - (255 - furthest(255 - image))
    level = cv2.transform(image.astype(np.float32), np.full((1, 3), 1 / 3, np.float32))
    stacked = np.stack([level.round().astype(np.uint8), chroma], 2)
    return stacked, truth + INSIDE * deep.astype(np.uint8), bool((truth == MARK).any())


def _window(plane: Floats, y: int, x: int, side: int) -> Floats:
    """A square round a place, moved to lie on the page where it can, zero beside it."""
    ends = [max(0, (size - side)) for size in plane.shape]
    top, left = (int(np.clip(at - side // 2, 0, end)) for at, end in zip((y, x), ends, strict=True))
    cut = plane[top : top + side, left : left + side]
    down, across = side - cut.shape[0], side - cut.shape[1]
    return np.asarray(
        cv2.copyMakeBorder(cut, down // 2, down - down // 2, across // 2, across - across // 2, 0)
    )


def _drawn_at(rng: Rng) -> float:
    """Size at which marks are drawn, to that of the page: files are resized after and before."""
    kind = rng.random()
    if kind < 0.45:
        return 1.0
    return float(rng.uniform(1.2, 3.5) if kind < 0.82 else rng.uniform(0.45, 0.95))


def _method(rng: Rng, out: int, size: int) -> int:
    if out < size:
        return int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC], p=[0.6, 0.2, 0.2]))
    return int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST], p=[0.4, 0.5, 0.1]))


def _to(image: Floats, out: int, method: int) -> Floats:
    return (
        image if len(image) == out else np.clip(cv2.resize(image, (out, out), interpolation=method), 0, 255)
    )


def _passed_on(rng: Rng, rgb: Floats) -> U8:
    """Blurred, sharpened, compressed once or twice, brightened: what files go through."""
    kind = rng.random()
    if kind < 0.35:
        rgb = cv2.GaussianBlur(rgb, (0, 0), float(rng.uniform(0.25, 1.0)))
    elif kind < 0.45:
        rgb = sharpened(rng, np.ascontiguousarray(rgb))
    if rng.random() < 0.15:
        rgb = rgb + rng.uniform(0, 6) * rng.standard_normal((*rgb.shape[:2], 1)).astype(np.float32)
    image = np.clip(rgb, 0, 255).round().astype(np.uint8)
    for share in (0.8, 0.2):
        if rng.random() < share:
            coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(30, 97))])[1]
            image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    if rng.random() < 0.5:
        image = (255 * (np.arange(256) / 255) ** rng.uniform(0.65, 1.5)).astype(np.uint8)[image]
    return np.asarray(image, np.uint8)


def _page(rng: Rng, slices: dict[str, npt.NDArray[Any]]) -> Page:
    long = int(
        rng.choice(
            [rng.integers(165, 260), rng.integers(260, 400), rng.integers(400, 640)], p=[0.4, 0.4, 0.2]
        )
    )
    aspect = np.exp(rng.normal(0.1, 0.14))
    height, width = (long, int(long / aspect)) if aspect > 1 else (int(long * aspect), long)
    fine = float(np.clip(long / rng.uniform(200, 420), 0.8, 2.6))
    calm = rng.random() < _CALM
    if calm:
        grey, inside = calm_head(rng, slices, height, width, fine)
        head, calm = inside, bool(inside.any())
    if not calm:
        grey, head, inside, _ = framed(rng, slices, height, width, hard=False)
    if rng.random() < 0.08 and shows_brain(head, inside):
        grey, head, inside, _ = close_up(rng, grey, head, inside)
    return np.clip(grey, 0, 255).astype(np.float32), inside if inside.any() else head, fine


def _draw_part(job: tuple[Path, Path, int, int]) -> int:
    folder, slices_file, number, seed = job
    cv2.setNumThreads(1)
    file = folder / f"{number:03d}.npz"
    if file.is_file():
        return number
    slices = read_slices(slices_file)
    images, truths, marks = [], [], []
    while len(images) < _PART:
        rng = np.random.default_rng([seed, number, len(images)])
        page = _page(rng, slices)
        for index in range(_A_PAGE):
            image, truth, marked = draw_tile(rng, page, index % 2 == 0)
            images.append(image)
            truths.append(truth)
            marks.append(marked)
    beside = file.with_suffix(".part")
    with beside.open("wb") as out:
        np.savez(out, image=np.stack(images), truth=np.stack(truths), marked=np.array(marks))
    beside.rename(file)
    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", type=int, default=40)
    add_slices_options(parser)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    slices = slices_file(options)
    begun = time.monotonic()
    with multiprocessing.Pool(options.workers) as pool:
        jobs = [(options.out, slices, number, options.seed) for number in range(options.parts)]
        for done, number in enumerate(pool.imap(_draw_part, jobs), 1):
            print(f"part {number}: {done * _PART / (time.monotonic() - begun):.1f} tiles/s", flush=True)


if __name__ == "__main__":
    main()
