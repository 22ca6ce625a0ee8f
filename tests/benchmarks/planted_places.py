"""Clean images of heads, where brain, scalp and background are in them, and marks planted there.

A real head's outline comes from its hand-drawn box and Otsu's threshold, a synthetic one's from its masks.
"""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image
from planted_marks import F32, KINDS, Dice, crosshair, mark

from curator.imaging._cv2 import cv2
from curator.imaging.decode import load
from curator.synthetic.dataset import scene_of
from curator.synthetic.plan import make_plan
from curator.synthetic.scene import encoded

Bool: TypeAlias = npt.NDArray[np.bool_]
U8: TypeAlias = npt.NDArray[np.uint8]
Box: TypeAlias = tuple[int, int, int, int]
Place: TypeAlias = Literal["brain", "scalp", "background"]
Source: TypeAlias = Literal["real", "synthetic"]

PLACES: Final[tuple[Place, ...]] = ("brain", "scalp", "background")
_SYNTHETIC, _SEED = 200, 771  # images planned for the synthetic heads, and their seed
_VISIBLE = 40  # grey levels from which an overlay counts as visible in the real truth
_STANDS_OUT = 45  # grey levels by which most of a mark differs from what is round it, in any colour
_FAINT = 18  # grey levels that a faint mark changes on average
_ANY_COVER, _MUCH_COVER = 0.1, 0.35  # cover from which a pixel counts as touched, and as the mark's own


@dataclass(frozen=True)
class Head:
    """One clean image, RGB uint8 (height, width, 3), and masks (height, width) of what is where in it.

    `centres` are points in the very brain, `brain` is all that may be brain, `inner` what is so for sure,
    `head` the head with its scalp, `air` what is background for sure.
    """

    name: str
    rgb: U8
    box: Box
    centres: Bool
    inner: Bool
    brain: Bool
    head: Bool
    air: Bool

    @property
    def side(self) -> int:
        """The head's longer side in px."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


@dataclass(frozen=True)
class Planted:
    """An image with one mark. `ink` is where it is, bool (height, width)."""

    head: Head
    rgb: U8
    ink: Bool


def dice_for(*what: object) -> Dice:
    """Random numbers that hang on nothing but the words given."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, what)).encode()))


def plant(source: Source, folder: Path | None, kind: str, place: Place, turn: int) -> Planted | None:
    """The image of that number with one such mark in that place, None where none of many tries fits."""
    dice = dice_for(source, kind, place, turn)
    names = clean_heads(source, folder)
    for _ in range(10):
        head = clean_head(source, folder, names[int(dice.integers(len(names)))])
        spots = np.argwhere(
            {"brain": head.centres, "scalp": head.head & ~head.brain, "background": head.air}[place]
        )
        for _ in range(25 if len(spots) else 0):
            y, x = spots[int(dice.integers(len(spots)))].tolist()
            image, cover = _draw(head, kind, dice, x, y)
            ink = cover > _ANY_COVER
            if image is None or not _lies(head, ink, kind, place):
                continue
            shown = _passed_on(image, dice)
            if (
                kind.startswith("crosshair") or _changed(head.rgb, image, ink)
                if KINDS[kind].faint
                else _seen(shown, ink, cover > _MUCH_COVER)
            ):
                return Planted(head, shown, ink)
    return None


@lru_cache(maxsize=4)
def clean_heads(source: Source, folder: Path | None) -> tuple[str, ...]:
    """The names of the images that have a head, no visible overlay and no reason to be discarded."""
    if source == "synthetic":
        return tuple(one.file for one in make_plan(_SYNTHETIC, _SEED) if one.category == "clean")
    return tuple(_real_truth(folder))


@lru_cache(maxsize=128)
def clean_head(source: Source, folder: Path | None, name: str) -> Head:
    """One of `clean_heads` with its masks."""
    if source == "synthetic":
        return _synthetic_head(name)
    if folder is None:
        raise ValueError("real heads need a folder")
    return _real_head(name, load(folder / "images" / name), _real_truth(folder)[name])


@lru_cache(maxsize=2)
def _real_truth(folder: Path | None) -> dict[str, Box]:
    if folder is None:
        return {}
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines() if line.strip()
    ]
    return {
        row["file"]: tuple(row["head_box"])
        for row in rows
        if row["discard"] is None
        and row["head_box"]
        and all(overlay["contrast"] < _VISIBLE for overlay in row["overlays"])
    }


def _synthetic_head(name: str) -> Head:
    image = next(one for one in make_plan(_SYNTHETIC, _SEED) if one.file == name)
    scene = scene_of(image, _SEED)
    with Image.open(io.BytesIO(encoded(scene, image))) as file:
        rgb = np.array(file.convert("RGB"))
    if scene.head_box is None:
        raise ValueError(f"{name} has no head")
    side = max(scene.head_box[2] - scene.head_box[0], scene.head_box[3] - scene.head_box[1])
    return Head(
        name,
        rgb,
        scene.head_box,
        centres=_shrunk(scene.inside, round(0.1 * side)),
        inner=scene.inside,
        brain=_grown(scene.inside, 2),
        head=scene.head,
        air=~_grown(scene.head, 4),
    )


def _real_head(name: str, rgb: U8, box: Box) -> Head:
    grey = cv2.GaussianBlur(rgb.mean(axis=2).astype(np.uint8), (0, 0), 1)
    boxed = np.zeros(grey.shape, np.bool_)
    boxed[box[1] : box[3], box[0] : box[2]] = True
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = (bright > 0) & boxed
    side = max(box[2] - box[0], box[3] - box[1])
    # Parts that stay apart once thin bridges are gone: the brain's lie in the middle, the scalp's do not.
    thin = max(1, round(0.012 * side))
    count, parts = cv2.connectedComponents(_shrunk(bright, thin).astype(np.uint8))
    middle = _ellipse(grey.shape, box, 0.8)
    inside = [
        part for part in range(1, count) if (middle & (parts == part)).sum() > 0.3 * (parts == part).sum()
    ]
    brain = _hull(np.isin(parts, inside)) if inside else boxed
    inner = _ellipse(grey.shape, box, 0.8)
    upper = np.zeros_like(boxed)  # below lie face and neck where the head is seen from the side or in front
    upper[: box[1] + round(0.68 * (box[3] - box[1]))] = True
    head = _hull(bright) & boxed
    return Head(
        name,
        rgb,
        box,
        centres=_ellipse(grey.shape, box, 0.55) & upper & brain,
        inner=inner,
        brain=_grown(brain, thin + 2) | inner,
        head=head,
        air=~_grown(head | _ellipse(grey.shape, box, 1.02), 4),
    )


def _draw(head: Head, kind: str, dice: Dice, x: int, y: int) -> tuple[F32 | None, F32]:
    """The image with the mark round x, y, and its cover of 0..1; no image where it would leave the page."""
    image, cover = head.rgb.astype(np.float32), np.zeros(head.rgb.shape[:2], np.float32)
    if kind.startswith("crosshair"):
        added, patch = crosshair(kind, dice, (cover.shape[0], cover.shape[1]), (x, y))
        image += np.where(image.max(axis=2, keepdims=True) + added > 255, -added, added)
        at = (slice(None), slice(None))
        cover = np.sign(added[..., 0]) + patch[..., 3]
    else:
        patch = mark(kind, dice, head.side)
        rows, columns = patch.shape[:2]
        top, left = y - rows // 2, x - columns // 2
        if top < 0 or left < 0 or top + rows > cover.shape[0] or left + columns > cover.shape[1]:
            return None, cover
        at = (slice(top, top + rows), slice(left, left + columns))
        cover[at] = patch[..., 3]
    image[at] = image[at] * (1 - patch[..., 3:]) + 255 * patch[..., :3]
    return image, cover


def _lies(head: Head, ink: Bool, kind: str, place: Place) -> bool:
    touched = np.count_nonzero(ink)
    if place == "brain":
        return kind.startswith("crosshair") or bool(np.count_nonzero(ink & head.inner) >= 0.6 * touched)
    if place == "background":
        return bool(head.air[ink].all())
    return bool(not (ink & head.brain).any() and np.count_nonzero(ink & head.head) >= 0.5 * touched)


def _changed(before: U8, image: F32, ink: Bool) -> bool:
    """Whether a faint mark changes what it lies on: white on white does not."""
    return float(abs(image[ink] - before[ink]).max(axis=1).mean()) >= _FAINT


def _seen(image: U8, ink: Bool, core: Bool) -> bool:
    """Whether a person would see it: most of the mark differs from what is round just there, in any colour."""
    beside = (~_grown(ink, 1)).astype(np.float32)
    weight = cv2.GaussianBlur(beside, (0, 0), 3)[..., None]
    around = cv2.GaussianBlur(image * beside[..., None], (0, 0), 3) / np.maximum(weight, 1e-3)
    differs = abs(image[core] - around[core]).max(axis=1) >= _STANDS_OUT
    return bool(core.any()) and float(differs.mean()) >= 0.6


def _passed_on(image: F32, dice: Dice) -> U8:
    """The image as others find it: at times a little blurred, most times compressed once more."""
    if dice.random() < 0.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(dice.uniform(0.25, 0.6))), np.float32)
    levels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if dice.random() < 0.3:
        return levels
    picture = Image.fromarray(levels)
    if (levels == levels[..., :1]).all():
        picture = picture.convert("L")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=int(dice.integers(60, 91)))
    with Image.open(out) as file:
        return np.array(file.convert("RGB"))


def _ellipse(shape: tuple[int, ...], box: Box, share: float) -> Bool:
    y, x = np.mgrid[: shape[0], : shape[1]]
    across, down = (box[2] - box[0]) / 2 * share, (box[3] - box[1]) / 2 * share
    u, v = (x - (box[0] + box[2] - 1) / 2) / across, (y - (box[1] + box[3] - 1) / 2) / down
    return np.asarray(u * u + v * v <= 1, np.bool_)


def _hull(mask: Bool) -> Bool:
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    filled = np.zeros(mask.shape, np.uint8)
    if len(points):
        cv2.fillConvexPoly(filled, cv2.convexHull(points), 1)
    return np.asarray(filled > 0, np.bool_)


def _disc(by: int) -> U8:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1)), np.uint8)


def _grown(mask: Bool, by: int) -> Bool:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(by)) > 0, np.bool_)


def _shrunk(mask: Bool, by: int) -> Bool:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(by)) > 0, np.bool_)
