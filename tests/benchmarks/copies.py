"""How many copies are found under transforms, how many different slices are joined, and how long it takes.

    python tests/benchmarks/copies.py [--real FOLDER] [--demo N] [--many N] [--transforms NAME...]

Of every different image of a folder with `images` and `truth.jsonl` (`--real`, default: the environment variable
CURATOR_REAL_DATA; `--demo`: the demo dataset of N files) each of the transforms below is made, in a temporary
folder, and the program proposes on all of it. "Found" are the transformed images in one group with the image that
they were made of, with Wilson's 95 % interval; "even" and "odd" are the halves by the number of the `copy_group`
in the truth, of which the limits were chosen on the even one. "False joins" are pairs of images of the truth that
are in one group and have different numbers there, of all pairs with different numbers: first among the files as
they are, then with all transformed ones added. `--many` times the search among so many fingerprints.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from curator.dataset.scan import Found, scan
from curator.imaging._cv2 import cv2
from curator.imaging.decode import RGB, load
from curator.metrics import wilson
from curator.records import Progress
from curator.workflow.propose import CopiesFound, Item, propose

Transform: TypeAlias = Callable[[RGB, np.random.Generator], RGB]


def _resized(image: RGB, _: np.random.Generator) -> RGB:
    size = [max(1, round(0.4 * side)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _jpeg(image: RGB, _: np.random.Generator) -> RGB:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=40)
    return np.array(Image.open(buffer).convert("RGB"))


def _gamma(exponent: float) -> Transform:
    return lambda image, _: np.rint(255 * (image / 255) ** exponent).astype(np.uint8)


def _cropped(image: RGB, dice: np.random.Generator) -> RGB:
    """A tenth of the width and of the height cut away, shared between the sides at random."""
    high, wide = (round(0.9 * side) for side in image.shape[:2])
    y, x = (
        int(dice.integers(0, side - kept + 1)) for side, kept in zip(image.shape, (high, wide), strict=False)
    )
    return np.ascontiguousarray(image[y : y + high, x : x + wide])


def _with_text(image: RGB, dice: np.random.Generator) -> RGB:
    """Two lines in one corner and a word somewhere on the picture, each 1/14 of its height."""
    drawing = Image.fromarray(image)
    pen = ImageDraw.Draw(drawing)
    size = max(8, image.shape[0] // 14)
    corner = (
        image.shape[1] * float(dice.choice([0.02, 0.6])),
        image.shape[0] * float(dice.choice([0.02, 0.85])),
    )
    pen.text(corner, "CASE 104\nR 12/07", fill=(255, 255, 255), font_size=size)
    pen.text(dice.uniform(0.2, 0.6, 2) * image.shape[1::-1], "COPY", fill=(255, 255, 255), font_size=size)
    return np.array(drawing)


def _rotated(image: RGB, _: np.random.Generator) -> RGB:
    high, wide = image.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), 5, 1)
    return cv2.warpAffine(image, turn, (wide, high), flags=cv2.INTER_LINEAR)


TRANSFORMS: dict[str, Transform] = {
    "resized to 40 %": _resized,
    "JPEG quality 40": _jpeg,
    "gamma 0.7": _gamma(0.7),
    "gamma 1.4": _gamma(1.4),
    "cropped by 10 %": _cropped,
    "text added": _with_text,
    "mirrored": lambda image, _: np.ascontiguousarray(image[:, ::-1]),
    "rotated by 5 degrees": _rotated,
}


@dataclass
class _Source:
    """What is known of a file: the number of its group in the truth, its transform, None for the truth's own."""

    number: int
    original: str
    transform: str | None = None


@dataclass
class _Outcome:
    """The group of each file that is in one, and what the search took, in seconds."""

    group_of: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    all_seconds: float = 0.0

    def joined(self, first: str, second: str) -> bool:
        return first in self.group_of and self.group_of[first] == self.group_of.get(second, -1)


def main() -> None:
    """Makes the transformed images, lets the program find copies, prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--real", type=str, default=os.environ.get("CURATOR_REAL_DATA"), help="empty for none"
    )
    parser.add_argument("--demo", type=int, default=200, help="images of the demo, 0 for none")
    parser.add_argument("--many", type=int, default=10_000, help="fingerprints to search among, 0 for none")
    parser.add_argument("--transforms", nargs="*", default=list(TRANSFORMS), choices=list(TRANSFORMS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("CACHE", "DATA", "CONFIG"):
            os.environ[f"CURATOR_{name}"] = str(Path(temporary) / name.lower())
        if options.real:
            _measure("real", Path(options.real), Path(temporary) / "real", options.transforms)
        if options.demo:
            from curator.synthetic import generate

            demo = Path(temporary) / "demo"
            for _ in generate(demo, count=options.demo):
                pass
            _measure("demo", demo, Path(temporary) / "of-demo", options.transforms)
            _neighbours()
    if options.many:
        _time_many(options.many)


def _measure(name: str, folder: Path, work: Path, transforms: list[str]) -> None:
    sources: dict[str, _Source] = {}
    (work / "a").mkdir(parents=True)
    for number, line in enumerate((folder / "truth.jsonl").read_text("utf-8").splitlines()):
        truth = json.loads(line)
        path = folder / "images" / truth["file"]
        original = f"a/{number:04d}{path.suffix}"
        (work / original).write_bytes(path.read_bytes())
        sources[original] = _Source(truth["copy_group"], original)
    alone = _groups(work)
    originals = dict(sources)
    for number, original in enumerate(originals):
        image = load(work / original)
        for kind, transform in enumerate(transforms):
            made = f"a/{number:04d}-{kind}.png"
            Image.fromarray(TRANSFORMS[transform](image, np.random.default_rng((number, kind)))).save(
                work / made
            )
            sources[made] = _Source(originals[original].number, original, transform)
    together = _groups(work)

    _write(f"\n{name}: {len(originals)} different images\n")
    _write(f"{'':30}{'n':>6}{'found':>9}{'95 %':>17}{'even':>9}{'odd':>9}\n")
    everything: list[tuple[int, bool]] = []
    for transform in transforms:
        outcome = [
            (one.number, together.joined(made, one.original))
            for made, one in sources.items()
            if one.transform == transform
        ]
        everything += outcome
        _row(transform, outcome)
    _row("all", everything)
    pairs = [(a, b) for a in originals for b in originals if a < b]
    same = [(a, b) for a, b in pairs if originals[a].number == originals[b].number]
    _row("copies in the data, pairs", [(originals[a].number, alone.joined(a, b)) for a, b in same])
    for words, outcome, known in (
        ("the files alone", alone, originals),
        ("with transformed ones", together, sources),
    ):
        numbers = np.array([one.number for one in known.values()])
        groups = np.array([outcome.group_of.get(one, -1 - place) for place, one in enumerate(known)])
        different = np.triu(numbers[:, None] != numbers[None], 1)
        false = int((different & (groups[:, None] == groups[None])).sum())
        _write(
            f"false joins, {words}: {false} of {int(different.sum())} pairs;"
            f" compared in {outcome.seconds:.1f} s of {outcome.all_seconds:.0f} s\n"
        )


def _groups(root: Path) -> _Outcome:
    """What the program finds in a folder."""
    records = [event.record for event in scan(root) if isinstance(event, Found)]
    items: list[Item] = [(place, one.file_name, one.sha256, one.error) for place, one in enumerate(records)]
    outcome = _Outcome()
    start = compared = time.perf_counter()
    for event in propose(items, root):
        if isinstance(event, Progress) and event.what == "Comparing copies" and compared == start:
            compared = time.perf_counter()
        elif isinstance(event, CopiesFound):
            for place, group in enumerate(event.groups):
                outcome.group_of.update({records[one].file_name: place for one in group})
    outcome.seconds, outcome.all_seconds = time.perf_counter() - compared, time.perf_counter() - start
    return outcome


def _neighbours() -> None:
    """Slices of the demo's head some steps apart, with the same frame, warp and brightness, but their own noise."""
    import curator.synthetic.scene as scene
    from curator.dataset.near_copies import ALIKE
    from curator.imaging.likeness import likeness
    from curator.imaging.sketch import Sketch, sketch
    from curator.synthetic.anatomy import load_slice, slice_count
    from curator.synthetic.plan import PlannedImage, make_plan

    acquire = scene.acquire

    def drawn(image: PlannedImage, step: int) -> Sketch:
        scene.load_slice = lambda plane, at: load_slice(
            plane, at + step if at + step < slice_count(plane) else at - step
        )
        scene.acquire = lambda *known: acquire(*known[:-1], np.random.default_rng((image.key, step)))
        return sketch(scene.draw_scene(image, 20240).rgb)

    plain = [one for one in make_plan(200, 20240) if one.category in ("clean", "background")][:60]
    try:
        first = [drawn(image, 0) for image in plain]
        for step in (1, 2, 3, 4):
            alike = [likeness(one, drawn(image, step)) for one, image in zip(first, plain, strict=True)]
            _write(
                f"slices {step} apart: likeness median {np.median(alike):.3f}, highest {max(alike):.3f},"
                f" joined {sum(one >= ALIKE for one in alike)} of {len(alike)}\n"
            )
    finally:
        scene.load_slice, scene.acquire = load_slice, acquire


def _row(name: str, outcome: list[tuple[int, bool]]) -> None:
    found = [right for _, right in outcome]
    low, high = wilson(sum(found), len(found)) if found else (0.0, 1.0)
    halves = [[right for number, right in outcome if number % 2 == half] for half in (0, 1)]
    shares = "".join(f"{100 * sum(half) / max(1, len(half)):8.1f}%" for half in halves)
    _write(
        f"{name:30}{len(found):6d}{100 * sum(found) / max(1, len(found)):8.1f}%"
        f"{100 * low:8.1f} to {100 * high:5.1f}{shares}\n"
    )


def _time_many(many: int) -> None:
    """Of sketches with points like those of the demo's images, no two of them copies; one thread."""
    from curator.dataset.near_copies import candidates, compare
    from curator.imaging.sketch import Sketch, sketch
    from curator.synthetic import render_one

    dice = np.random.default_rng(0)
    drawn = [sketch(render_one(index)[0]) for index in range(60)]
    pool = np.concatenate([one.codes for one in drawn])
    sketches = {}
    for number in range(many):
        like = drawn[number % len(drawn)]
        flipped = np.packbits(dice.random((120, 128)) < 0.08, axis=1).view(np.uint64)
        codes = pool[dice.integers(0, len(pool), 120)] ^ flipped
        points = dice.uniform(0, like.picture.shape[1::-1], (120, 2)).astype(np.float32)
        sketches[number] = Sketch(like.picture, points, codes).encoded()
    start = time.perf_counter()
    pairs = candidates(sketches)
    found = time.perf_counter()
    some = pairs[:: max(1, len(pairs) // 500)]
    compare(some, sketches)
    each = (time.perf_counter() - found) / max(1, len(some))
    _write(
        f"\n{many} sketches of {sum(map(len, sketches.values())) / many / 1000:.1f} KB:"
        f" {len(pairs)} pairs to look at found in {found - start:.1f} s,"
        f" compared in {each * len(pairs):.0f} s ({1000 * each:.1f} ms each)\n"
    )


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
