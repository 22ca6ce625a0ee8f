"""Draws one planned image: anatomy, lesion, scanner, overlays, file, and the truth about it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from curator.synthetic.anatomy import Bool, Plane, load_slice, slice_count
from curator.synthetic.dice import Dice
from curator.synthetic.framing import MAX_SIDE, box_of, draw_frame
from curator.synthetic.geometry import draw_warp
from curator.synthetic.lesion import draw_lesion
from curator.synthetic.nonbrains import draw_non_brain
from curator.synthetic.overlays import add_background, add_on_brain, add_on_scalp
from curator.synthetic.page import Page
from curator.synthetic.plan import PlannedImage
from curator.synthetic.scanner import acquire, draw_look

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """A drawn image before it becomes a file: RGB uint8 (height, width, 3), masks, and truth so far."""

    rgb: U8
    head: Bool
    inside: Bool
    head_box: tuple[int, int, int, int] | None
    discard: str | None
    overlays: tuple[dict[str, Any], ...]
    note: str


def draw_scene(image: PlannedImage, seed: int) -> Scene:
    """The scene of an original (of `resized_of` for a resized copy: same key, same scene)."""
    if image.category == "non_brain":
        dice = Dice(seed, "image", image.key)
        levels, what = draw_non_brain(dice, image.turn)
        nothing = np.zeros(levels.shape[:2], np.bool_)
        return Scene(_rounded(levels), nothing, nothing, None, "not_brain_mri", (), what)
    for attempt in range(12):
        scene = _brain(Dice(seed, "image", _source(image), attempt), image)
        if scene is not None:
            return scene
    raise AssertionError(f"no place found for the overlays of {image.file}")


def resized(scene: Scene, dice: Dice) -> Scene:
    """The same image at another size, a clean one now and then with less margin; boxes follow exactly."""
    rgb, head, inside = scene.rgb, scene.head, scene.inside
    height, width = head.shape
    x0 = y0 = 0
    x1, y1 = width, height
    if not scene.overlays and scene.head_box is not None and dice.chance(0.5):
        a, b, c, d = scene.head_box
        x0, y0 = int(a * dice.between(0.3, 0.9)), int(b * dice.between(0.3, 0.9))
        x1, y1 = (
            width - int((width - c) * dice.between(0.3, 0.9)),
            height - int((height - d) * dice.between(0.3, 0.9)),
        )
    share = dice.between(0.6, 0.92)
    if dice.chance(0.25):
        share = min(dice.between(1.05, 1.3), MAX_SIDE / max(x1 - x0, y1 - y0))
    new_width, new_height = round((x1 - x0) * share), round((y1 - y0) * share)

    def moved(box: tuple[int, ...] | list[int]) -> tuple[int, int, int, int]:
        left, right = (box[0] - x0) * new_width, (box[2] - x0) * new_width
        top, bottom = (box[1] - y0) * new_height, (box[3] - y0) * new_height
        w, h = x1 - x0, y1 - y0
        return left // w, top // h, -(-right // w), -(-bottom // h)

    def scaled(values: U8, how: Image.Resampling) -> U8:
        return np.asarray(Image.fromarray(values[y0:y1, x0:x1]).resize((new_width, new_height), how))

    return Scene(
        rgb=scaled(rgb, Image.Resampling.LANCZOS),
        head=scaled(head.astype(np.uint8), Image.Resampling.NEAREST) > 0,
        inside=scaled(inside.astype(np.uint8), Image.Resampling.NEAREST) > 0,
        head_box=None if scene.head_box is None else moved(scene.head_box),
        discard=scene.discard,
        overlays=tuple({**overlay, "box": list(moved(overlay["box"]))} for overlay in scene.overlays),
        note=f"{scene.note}; another size",
    )


def encoded(scene: Scene, image: PlannedImage) -> bytes:
    """The file's bytes: JPEG or PNG, grey where there is no colour (most of the time), no metadata."""
    picture = Image.fromarray(scene.rgb)
    grey = bool((scene.rgb == scene.rgb[..., :1]).all())
    if grey and image.key % 4:
        picture = picture.convert("L")
    out = io.BytesIO()
    if image.quality is None:
        picture.save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=image.quality)
    return out.getvalue()


def truth_of(scene: Scene, image: PlannedImage) -> dict[str, Any]:
    """One line of `truth.jsonl`."""
    height, width = scene.head.shape
    return {
        "file": image.file,
        "copies": list(image.copies),
        "label": image.label,
        "copy_group": image.copy_group,
        "size": [width, height],
        "head_box": None if scene.head_box is None else list(scene.head_box),
        "discard": scene.discard,
        "overlays": [dict(overlay) for overlay in scene.overlays],
        "note": scene.note,
    }


def _source(image: PlannedImage) -> int:
    return image.key if image.resized_of is None else image.resized_of


def _brain(dice: Dice, image: PlannedImage) -> Scene | None:
    """A brain image of the planned category, None where its overlay found no place."""
    plane: Plane = dice.weighted({"axial": 0.82, "coronal": 0.1, "sagittal": 0.08})
    anatomy = load_slice(plane, dice.below(slice_count(plane)))
    warp = draw_warp(dice, anatomy)
    frame = draw_frame(dice, anatomy, warp, roomy=image.category == "background")
    lesion = draw_lesion(dice, anatomy) if image.label == "yes" else None
    look = draw_look(dice, lesion=lesion is not None)
    page = Page(
        image=acquire(anatomy, frame, look, lesion, dice.noise()),
        head=frame.head,
        inside=frame.inside,
        background=look.background,
    )
    target = None
    if lesion is not None:
        x, y = frame.warp.to_image(np.array([[lesion.x, lesion.y]]))[0].tolist()
        if not (0 <= x < page.width and 0 <= y < page.height):
            return None
        target = (x, y)
    if image.category == "background":
        add_background(page, dice)
    elif image.category == "brain":
        add_on_brain(page, dice, target)
        if dice.chance(0.3):
            add_background(page, dice)
    elif image.category == "scalp" and not add_on_scalp(page, dice):
        return None
    if max(page.width, page.height) > MAX_SIDE:
        return None
    places = {overlay["on"] for overlay in page.overlays}
    discard = "overlay_on_brain" if "brain" in places else "either" if "head" in places else None
    what = f"{plane} {look.sequence}"
    return Scene(
        rgb=_rounded(page.image),
        head=page.head,
        inside=page.inside,
        head_box=box_of(page.head),
        discard=discard,
        overlays=tuple(page.overlays),
        note=what if lesion is None else f"{what}, {lesion.kind}",
    )


def _rounded(levels: npt.NDArray[np.float32]) -> U8:
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)
