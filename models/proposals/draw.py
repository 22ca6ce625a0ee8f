"""Draws the training images: `python draw.py OUT --count 14000 --templates FOLDER --workers 2`.

Writes `images.npy` uint8 (n, 384, 384, 2): grey level and chroma (largest less smallest channel), letterboxed,
`labels.npy` uint8 (n, 384, 384) with the bits below, and `heads.npy` bool (n,). The same seed gives the same
images on the same fonts and versions.
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

sys.path.insert(0, str(Path(__file__).parent))
from pages import Page, draw_page
from scans import add_slices_options, read_slices, slices_file

SIDE = 384
HEAD, MARK, BORDER, INSIDE, VALID = 1, 2, 4, 8, 16


def letterboxed(image: npt.NDArray[np.uint8], side: int = SIDE) -> npt.NDArray[np.uint8]:
    """The image scaled to `side` and centred on zeros."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    h, w = max(1, round(height * scale)), max(1, round(width * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((side, side, *image.shape[2:]), np.uint8)
    y, x = (side - h) // 2, (side - w) // 2
    canvas[y : y + h, x : x + w] = cv2.resize(image, (w, h), interpolation=method)
    return canvas


def packed(page: Page) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Grey and chroma, and the label's bits, letterboxed."""
    rgb = page.rgb.astype(np.float32)
    grey, chroma = rgb.mean(2), rgb.max(2) - rgb.min(2)
    image = letterboxed(np.stack([grey, chroma], 2).round().astype(np.uint8))
    label = np.zeros((SIDE, SIDE), np.uint8)
    whole = np.ones(page.head.shape, bool)
    thresholds = (
        (page.head, HEAD, 127),
        (page.mark, MARK, 70),
        (page.border, BORDER, 80),
        (page.inside, INSIDE, 127),
    )
    for mask, bit, level in (*thresholds, (whole, VALID, 127)):
        label |= np.where(letterboxed(mask.astype(np.uint8) * 255) > level, bit, 0).astype(np.uint8)
    return image, label


def _draw_part(job: tuple[Path, Path, int, int, int, dict[str, Any]]) -> int:
    folder, file, start, stop, seed, how = job
    cv2.setNumThreads(1)
    slices = read_slices(file)
    images, labels, heads = (
        np.load(folder / f"{name}.npy", mmap_mode="r+") for name in ("images", "labels", "heads")
    )
    for index in range(start, stop):
        page = draw_page(np.random.default_rng([seed, index]), slices, **how)
        images[index], labels[index] = packed(page)
        heads[index] = page.is_head
    return stop - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=14000)
    add_slices_options(parser)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--upon", action="store_true", help="most heads with marks on them")
    parser.add_argument("--close", action="store_true", help="parts of heads, and brains without a skull")
    parser.add_argument("--hard", action="store_true", help="more of what the first network got wrong")
    parser.add_argument("--others", type=float, default=0.13, help="share of pages without a head")
    parser.add_argument("--bodies", help="file of pictures without a head, as pictures.py writes it")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    slices = slices_file(options)
    print(f"slices: {time.monotonic() - begun:.0f} s", flush=True)
    count = options.count
    new = np.lib.format.open_memmap
    new(options.out / "images.npy", "w+", np.uint8, (count, SIDE, SIDE, 2))
    new(options.out / "labels.npy", "w+", np.uint8, (count, SIDE, SIDE))
    new(options.out / "heads.npy", "w+", bool, (count,))
    step = 100
    how = {name: getattr(options, name) for name in ("others", "upon", "close", "hard")}
    how["pictures"] = options.bodies
    jobs = [
        (options.out, slices, at, min(at + step, count), options.seed, how) for at in range(0, count, step)
    ]
    done = 0
    with multiprocessing.Pool(options.workers) as pool:
        for part in pool.imap_unordered(_draw_part, jobs):
            done += part
            if done % 1000 < step:
                print(f"{done} of {count}, {done / (time.monotonic() - begun):.1f} images/s", flush=True)


if __name__ == "__main__":
    main()
