"""Writes a whole demo dataset with its truth, or draws one image of it in memory."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from curator.errors import CuratorError
from curator.records import Event, Progress
from curator.synthetic.dice import Dice
from curator.synthetic.plan import PlannedImage, make_plan
from curator.synthetic.scene import Scene, draw_scene, encoded, resized, truth_of

COUNT: Final = 200
SEED: Final = 20240
_WHAT: Final = "Drawing the demo images"


def generate(out: Path, *, count: int = COUNT, seed: int = SEED) -> Iterator[Event]:
    """Writes `count` files to `out/images/{yes,no}/` and their truth to `out/truth.jsonl`.

    The truth is a pure function of `count` and `seed`; the files are the same bytes for the same versions of
    numpy, OpenCV and Pillow. Files are written whole or not at all, the truth last. Yields `Progress`.

    Raises `CuratorError` if the folder holds images that are not of this dataset, or if the shipped anatomy
    is missing; OSError if a file cannot be written.
    """
    plan = make_plan(count, seed)
    images = out / "images"
    _refuse_strangers(images, plan)
    for label in ("yes", "no"):
        (images / label).mkdir(parents=True, exist_ok=True)
    partial = out / ".partial"
    lines = []
    done = 0
    try:
        yield Progress(0, count, _WHAT)
        for image in plan:
            scene = scene_of(image, seed)
            data = encoded(scene, image)
            for name in (image.file, *image.copies):
                _write(images / name, data, partial)
                done += 1
            lines.append(json.dumps(truth_of(scene, image)) + "\n")
            yield Progress(done, count, _WHAT)
        _write(out / "truth.jsonl", "".join(lines).encode("utf-8"), partial)
    finally:
        partial.unlink(missing_ok=True)


def render_one(
    index: int, *, count: int = COUNT, seed: int = SEED
) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """The image of line `index` of the truth (0 <= index < number of distinct images), in memory.

    Returns what the file decodes to, RGB uint8 (height, width, 3), and its line of `truth.jsonl`.
    """
    image = make_plan(count, seed)[index]
    scene = scene_of(image, seed)
    with Image.open(io.BytesIO(encoded(scene, image))) as file:
        return np.array(file.convert("RGB")), truth_of(scene, image)


def scene_of(image: PlannedImage, seed: int) -> Scene:
    """The scene of a planned image, resized if it is a resized copy."""
    scene = draw_scene(image, seed)
    return scene if image.resized_of is None else resized(scene, Dice(seed, "resized", image.key))


def _refuse_strangers(images: Path, plan: tuple[PlannedImage, ...]) -> None:
    expected = {name for image in plan for name in (image.file, *image.copies)}
    for path in sorted(images.glob("*/*")):
        name = path.relative_to(images).as_posix()
        if path.suffix.lower() in (".jpg", ".jpeg", ".png") and name not in expected:
            raise CuratorError(
                f"{images} already holds {name}, which is not of this dataset: choose an empty folder."
            )


def _write(path: Path, data: bytes, partial: Path) -> None:
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
